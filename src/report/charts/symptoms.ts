/** What people notice: how often each kind of request works and fails, a strip each; and restarts. */
import type { RunResult, TimelineColumn } from '../../run/result.js';
import { rowAt } from '../../run/story.js';
import { formatCompact } from '../../text/figures.js';
import { symptomsHeadline, symptomsSubtitle } from '../titles.js';
import { interruptionLayers, interruptionWords } from './marks.js';
import data from './symptoms.json' with { type: 'json' };
import { type ChartSpec, COLOURS, chart, type Json, once } from './theme.js';
import {
  clockExpression,
  momentLayers,
  PLOT_WIDTH,
  placeMoments,
  type TimeFrame,
  timeEncoding,
  timeFrame,
  timelineRows,
} from './time.js';

interface Strip {
  title: string;
  worked: { label: string; columns: TimelineColumn[] };
  failed: { label: string; column: TimelineColumn };
}

const STRIPS = data.strips as Strip[];
/** Over which attempts are counted together, in seconds, and how that is called. */
const BINS = data.bins as [seconds: number, name: string][];

const STRIP_HEIGHT = 70;
const MARKS_HEIGHT = 18;
const AXIS_EXTENT = 58;
/** On the right, for the totals. */
const LABEL_ROOM = 110;
const STRIP_WIDTH = PLOT_WIDTH - LABEL_ROOM + 16;

const BINS_MAX = 80;
/** A failure among many attempts is drawn this high at least, as a part of the strip. */
const SEEN_FROM = 0.05;

export function symptomsChart(result: RunResult): ChartSpec {
  const frame = timeFrame(result);
  const moments = placeMoments(result, frame, STRIP_WIDTH);
  const strips = STRIPS.filter((strip) => anyTried(result, strip));
  const shown = strips.length === 0 ? [STRIPS[0]] : strips;
  const interruptions = interruptionWords(result, frame);
  const columns = shown.flatMap(({ worked, failed }) => [...worked.columns, failed.column]);
  const panes = shown.map((strip, index) => ({
    width: STRIP_WIDTH,
    height: STRIP_HEIGHT,
    layer: [
      ...stripLayers(result, frame, strip, index === shown.length - 1),
      ...momentLayers(moments, frame, { labels: index === 0 }),
    ],
  }));
  const marks = {
    width: STRIP_WIDTH,
    height: MARKS_HEIGHT,
    layer: [
      ...interruptionLayers(result, frame, timeEncoding(result, frame, { axis: false })),
      ...interruptions.map((text, index, { length }) =>
        total(text, MARKS_HEIGHT / 2 + (index - (length - 1) / 2) * 14, COLOURS.ink),
      ),
    ],
  };
  return chart(symptomsHeadline(result), symptomsSubtitle(result, frame.cut ? frame.endSeconds : null), {
    ...timelineRows(result, frame, [...new Set([...columns, 'restarts', 'evictions'])]),
    spacing: 18,
    bounds: 'flush',
    vconcat: interruptions.length === 0 ? panes : [...panes.slice(0, -1), marks, ...panes.slice(-1)],
  });
}

function anyTried(result: RunResult, { worked, failed }: Strip): boolean {
  const { timeline } = result;
  return [...worked.columns, failed.column].some((column) => (timeline[column].at(-1) ?? 0) > 0);
}

/** Fine enough to show a moment, and no finer than the rows of the timeline. */
function binOf({ timeline }: RunResult, { endSeconds }: TimeFrame): (typeof BINS)[number] {
  const finest = endSeconds / Math.min(BINS_MAX, rowAt(timeline, endSeconds) + 1);
  return BINS.find(([seconds]) => seconds >= finest) ?? BINS.at(-1)!;
}

/** Totals become attempts per bin: `ok` and `bad`, from `t` to `to`. `seen`: how high failures are drawn. */
function perBin(result: RunResult, frame: TimeFrame, { worked, failed }: Strip): Json[] {
  const [seconds] = binOf(result, frame);
  const [plus, minus] = worked.columns;
  const width = seconds / frame.unit.seconds;
  const end = frame.endSeconds / frame.unit.seconds;
  const words = [counted('ok', worked.label), counted('bad', failed.label)].join(" + ', ' + ");
  return [
    { calculate: `floor(datum.time_s / ${seconds})`, as: 'bin' },
    { calculate: `datum.${plus}${minus === undefined ? '' : ` - datum.${minus}`}`, as: 'good' },
    {
      aggregate: [
        { op: 'max', field: 'good', as: 'goodSoFar' },
        { op: 'max', field: failed.column, as: 'badSoFar' },
      ],
      groupby: ['bin'],
    },
    {
      window: ['goodSoFar', 'badSoFar', 'bin'].map((field) => ({ op: 'lag', field, as: `${field}Before` })),
      sort: [{ field: 'bin' }],
    },
    { calculate: 'datum.binBefore === null ? 0 : datum.binBefore + 1', as: 'first' },
    { calculate: `datum.first * ${width}`, as: 't' },
    { calculate: `min(${end}, (datum.bin + 1) * ${width})`, as: 'to' },
    { filter: `datum.t < ${end}` },
    ...(['good', 'bad'] as const).map((kind) => ({
      calculate: `(datum.${kind}SoFar - (datum.${kind}SoFarBefore || 0)) / (datum.bin + 1 - datum.first)`,
      as: kind === 'good' ? 'ok' : 'bad',
    })),
    {
      joinaggregate: [
        { op: 'max', field: 'ok', as: 'okMax' },
        { op: 'max', field: 'bad', as: 'badMax' },
      ],
    },
    {
      calculate: `datum.bad > 0 ? max(datum.bad, ${SEEN_FROM} * max(datum.okMax, datum.badMax)) : 0`,
      as: 'seen',
    },
    { calculate: 'datum.seen + datum.ok', as: 'all' },
    { calculate: `${clockExpression(frame)} + ': ' + ${words}`, as: 'value' },
  ];
}

function counted(field: string, what: string): string {
  return `format(datum.${field}, ',.3~r') + ' ${what}'`;
}

function stripLayers(result: RunResult, frame: TimeFrame, strip: Strip, last: boolean): ChartSpec[] {
  const x = timeEncoding(result, frame, { axis: last });
  const [, per] = binOf(result, frame);
  const axis = {
    title: [strip.title, `per ${per}`],
    ...{ format: ',~r', tickCount: 3, tickMinStep: 1, minExtent: AXIS_EXTENT, maxExtent: AXIS_EXTENT },
  };
  const bars = (field: string, to: ChartSpec, color: string): ChartSpec => ({
    mark: { type: 'rect', color, clip: true },
    encoding: {
      x,
      x2: { field: 'to' },
      y: { field, type: 'quantitative', axis },
      y2: to,
      description: { field: 'value', type: 'nominal' },
    },
  });
  const row = rowAt(result.timeline, frame.endSeconds);
  const [good, but] = strip.worked.columns.map((column) => result.timeline[column][row]);
  const bad = result.timeline[strip.failed.column][row];
  return [
    {
      transform: perBin(result, frame, strip),
      layer: [bars('all', { field: 'seen' }, COLOURS.worked), bars('seen', { datum: 0 }, COLOURS.failed)],
    },
    total(`${formatCompact(good - (but ?? 0))} ${strip.worked.label}`, STRIP_HEIGHT / 2 - 9, COLOURS.faint),
    total(`${formatCompact(bad)} ${strip.failed.label}`, STRIP_HEIGHT / 2 + 9, COLOURS.failed),
  ];
}

/** Beside a strip: how often in the whole picture. */
function total(text: string, y: number, color: string): ChartSpec {
  const mark = { type: 'text', text, x: STRIP_WIDTH, y, dx: 8, align: 'left', baseline: 'middle' };
  return once({ ...mark, color, fontWeight: 'bold' }, {});
}
