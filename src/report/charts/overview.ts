/** All scenarios of a run, a dot each on one logarithmic time axis: when it comes to harm, or would. */
import { harmsOf } from '../../run/harm.js';
import type { Harm, RunResult } from '../../run/result.js';
import { formatSeconds } from '../../text/duration.js';
import { cutInTheMiddle } from '../../text/figures.js';
import { byUrgency } from '../harm-words.js';
import { overviewHeadline, overviewLabel, overviewSubtitle } from '../titles.js';
import { CHART_WIDTH, type ChartSpec, COLOURS, chart, type Json } from './theme.js';

const DAY = 86_400;
const YEAR = 365.25 * DAY;
/** Where a tick can stand: durations that people have a feeling for. */
const TICKS = [
  ...[0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600],
  ...[1, 3, 7, 14, 30, 90].map((days) => days * DAY),
  ...[1, 3, 10, 30, 100, 1000, 10_000, 100_000].map((years) => years * YEAR),
];

const STEP = 24;
/** Of the names on the left, in pixels and characters. */
const NAME_WIDTH = 190;
const NAME_MAX = 26;
const WIDTH = CHART_WIDTH - 24 - NAME_WIDTH;
const TICK_ROOM = 52;
/** From this part of the plot on, a label stands on the left of its mark. */
const LEFT_FROM = 0.5;

/** How an answer looks: shape and filling tell the same without colour, and the label says it. */
const LOOKS = {
  'node full': { colour: COLOURS.failed, shape: 'circle', filled: true },
  'a limit below is full': { colour: COLOURS.failed, shape: 'square', filled: true },
  evicted: { colour: COLOURS.failed, shape: 'diamond', filled: true },
  'cannot start': { colour: COLOURS.failed, shape: 'cross', filled: true },
  'full at this rate': { colour: COLOURS.pinned, shape: 'circle', filled: false },
  'not full in the run': { colour: COLOURS.live, shape: 'triangle-right', filled: false },
} as const;
type Look = keyof typeof LOOKS;

/** How a scenario is drawn, and where its mark stands. */
function markOf(result: RunResult): { look: Look; seconds: number } {
  const [first] = harmsOf(result);
  if (first !== undefined) return { look: lookOf(first), seconds: first.atSeconds };
  const { projection } = result;
  if (projection?.kind === 'exhausts') return { look: 'full at this rate', seconds: projection.atSeconds };
  return { look: 'not full in the run', seconds: result.endSeconds };
}

function lookOf({ kind, scope }: Harm): Look {
  if (kind === 'evicted') return 'evicted';
  if (kind === 'not-started') return 'cannot start';
  return scope === 'node' ? 'node full' : 'a limit below is full';
}

export function overviewChart(results: readonly RunResult[]): ChartSpec {
  const ordered = byUrgency(results);
  const marks = ordered.map(markOf);
  const axis = logAxis(marks.map(({ seconds }) => seconds));
  const y = { field: 'place', type: 'ordinal' };
  const names = ordered.map(({ scenario }) => cutInTheMiddle(scenario.name, NAME_MAX));
  const x = {
    field: 'at',
    type: 'quantitative',
    scale: { type: 'log', domain: [axis.from, axis.to], nice: false },
    title: 'Simulated time (logarithmic)',
    axis: {
      values: axis.ticks,
      labelExpr: `${JSON.stringify(axis.labels)}[datum.index * ${axis.ticks.length - 1}]`,
    },
  };
  const looks = (Object.keys(LOOKS) as Look[]).filter((look) => marks.some((mark) => mark.look === look));
  const by = (range: string[]) => ({
    field: 'look',
    type: 'nominal',
    scale: { domain: looks, range },
    legend: {
      title: null,
      orient: 'top',
      direction: 'horizontal',
      columns: 3,
      labelLimit: 0,
      symbolOpacity: 1,
    },
  });
  const colours = looks.map((look) => LOOKS[look].colour);
  const label = (onTheLeft: boolean, halo: ChartSpec): ChartSpec => ({
    transform: [{ filter: `${onTheLeft ? '' : '!'}(datum.at > ${axis.middle})` }],
    mark: {
      type: 'text',
      baseline: 'middle',
      align: onTheLeft ? 'right' : 'left',
      dx: onTheLeft ? -10 : 10,
      aria: false,
      ...halo,
    },
    encoding: { y, x, text: { field: 'label', type: 'nominal' } },
  });
  const halo = { color: COLOURS.paper, stroke: COLOURS.paper, strokeWidth: 5 };
  return chart(overviewHeadline(results), overviewSubtitle(), {
    width: WIDTH,
    height: { step: STEP },
    data: { url: 'summary.json', format: { type: 'json', property: 'items' } },
    transform: itemTransforms(ordered, marks),
    layer: [
      {
        mark: { type: 'point', size: 90, strokeWidth: 2, opacity: 1, aria: false },
        encoding: {
          y: {
            ...y,
            axis: {
              title: null,
              labelExpr: `${JSON.stringify(names)}[datum.value]`,
              labelLimit: NAME_WIDTH,
              labelColor: COLOURS.ink,
              grid: true,
            },
          },
          x,
          shape: by(looks.map((look) => LOOKS[look].shape)),
          stroke: by(colours),
          fill: by(looks.map((look, index) => (LOOKS[look].filled ? colours[index] : COLOURS.paper))),
        },
      },
      ...[halo, {}].flatMap((style) => [label(false, style), label(true, style)]),
    ],
  });
}

/** Times and looks are looked up by name, as order and words are: summary.json has them in other words. */
function itemTransforms(ordered: readonly RunResult[], marks: readonly ReturnType<typeof markOf>[]): Json[] {
  const byName = (values: readonly Json[]): string =>
    `${JSON.stringify(Object.fromEntries(ordered.map(({ scenario }, index) => [scenario.name, values[index]])))}[datum.metadata.name]`;
  return [
    { calculate: byName(ordered.map((_, index) => index)), as: 'place' },
    { calculate: byName(ordered.map(overviewLabel)), as: 'label' },
    { calculate: byName(marks.map(({ look }) => look)), as: 'look' },
    { calculate: byName(marks.map(({ seconds }) => seconds)), as: 'at' },
  ];
}

export interface LogAxis {
  from: number;
  to: number;
  ticks: number[];
  labels: string[];
  /** Where the left part ends. */
  middle: number;
}

/** From a tick below the earliest moment to just beyond the latest; ticks where their labels have room. */
export function logAxis(seconds: readonly number[]): LogAxis {
  const positive = seconds.filter((value) => value > 0);
  const earliest = Math.min(...positive) / 1.5;
  const to = Math.max(...positive, earliest * 10) * 1.25;
  const from = TICKS.filter((tick) => tick <= earliest).at(-1) ?? earliest;
  const pixels = (value: number): number => (Math.log(value / from) / Math.log(to / from)) * WIDTH;
  const ticks: number[] = [];
  for (const tick of TICKS) {
    if (tick < from || tick > to) continue;
    if (ticks.length === 0 || pixels(tick) - pixels(ticks.at(-1)!) >= TICK_ROOM) ticks.push(tick);
  }
  return { from, to, ticks, labels: ticks.map(tickLabel), middle: from * (to / from) ** LEFT_FROM };
}

function tickLabel(seconds: number): string {
  if (seconds === 3600) return '1 h';
  if (seconds === DAY) return '1 d';
  if (seconds === YEAR) return '1 year';
  return formatSeconds(seconds);
}
