/**
 * The time axis: how much of the run a picture shows, in which unit, with which ticks; the rows of
 * timeline.csv it needs; and the moments it marks.
 */
import type { RunResult } from '../../run/result.js';
import { lastReading, rowAt, tellingMoments, tellStory } from '../../run/story.js';
import { roundMicro } from '../../text/figures.js';
import { headlineMoments, type Moment } from '../moments.js';
import { restOfRun } from '../titles.js';
import { CHART_WIDTH, type ChartSpec, COLOURS, type Json, once } from './theme.js';

interface TimeUnit {
  name: string;
  seconds: number;
  /** Distances between ticks that people count in. */
  steps: number[];
}

const DECIMAL_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const CLOCK_STEPS = [0.5, 1, 2, 5, 10, 15, 30, 60, 120];

const UNITS: TimeUnit[] = [
  { name: 'days', seconds: 86_400, steps: [0.5, 1, 2, 5, 7, 10, 14, 30, 60, 90, 180, 365, 730, 1825, 3650] },
  { name: 'hours', seconds: 3_600, steps: [0.5, 1, 2, 3, 6, 12, 24] },
  { name: 'minutes', seconds: 60, steps: CLOCK_STEPS },
  { name: 'seconds', seconds: 1, steps: CLOCK_STEPS },
  { name: 'milliseconds', seconds: 0.001, steps: DECIMAL_STEPS },
];

/**
 * A unit is used from so many of it on. Moments are told in days from 2 days on, and the picture is 1.4 times
 * as long: so the labels and the axis have one unit.
 */
const UNIT_FROM = 2.8;
const TICKS_MAX = 10;
/** A pixel or two each. More only makes the SVG larger. */
const ROWS_DRAWN_MAX = 350;
/** A change of this part of the largest value from one row to the next is drawn exactly as it happened. */
const JUMP_SHARE = 0.01;

export const PLOT_WIDTH = CHART_WIDTH - 24 - 88;

export interface TimeFrame {
  endSeconds: number;
  /** The run goes on after the picture ends. */
  cut: boolean;
  /** The picture goes on after the run ends, to the projected moment. */
  projected: boolean;
  unit: TimeUnit;
  ticks: number[];
}

/** A projection further away than so many times the horizon would squeeze the run itself to nothing. */
const PROJECTION_REACH = 8;

/**
 * A run goes on to its horizon even if everything has happened on the first day. The picture ends a little
 * after the last moment that matters, unless the node still changes after it. With `projection` it goes on to
 * the moment at which a censored run would be full, if that is not too far away.
 */
export function timeFrame(result: RunResult, options: { projection?: boolean } = {}): TimeFrame {
  const horizon = result.endSeconds;
  const { projection } = result;
  const projectedSeconds = projection?.kind === 'exhausts' ? projection.atSeconds : 0;
  const projected =
    options.projection === true &&
    projectedSeconds > horizon &&
    projectedSeconds <= PROJECTION_REACH * horizon;
  const last = tellingMoments(result).at(-1) ?? 0;
  const settled = last > 0 && settledAfter(result, last * 1.15);
  const wanted = projected ? projectedSeconds * 1.1 : settled ? Math.min(horizon, last * 1.4) : horizon;
  const unit = UNITS.find(({ seconds }) => wanted >= UNIT_FROM * seconds) ?? UNITS.at(-1)!;
  const step =
    unit.steps.find((candidate) => wanted / (candidate * unit.seconds) <= TICKS_MAX) ?? unit.steps.at(-1)!;
  // A picture that does not end with the run ends on a tick.
  const onTick = Math.ceil(wanted / (step * unit.seconds)) * step * unit.seconds;
  const end = projected ? onTick : wanted < horizon * 0.9 ? Math.min(onTick, horizon) : horizon;
  const ticks: number[] = [];
  for (let tick = 0; tick * unit.seconds <= end; tick += step) ticks.push(tick);
  return { endSeconds: roundMicro(end), cut: end < horizon, projected, unit, ticks };
}

function settledAfter(result: RunResult, seconds: number): boolean {
  const { timeline } = result;
  const story = tellStory(result);
  // Full is full: what follows is containers dying and filling the gap again, unless the node is freed.
  if (story.kind === 'full' && story.relief === null) return true;
  const end = lastReading(result);
  for (let row = rowAt(timeline, seconds); row < timeline.time_s.length; row++) {
    if (Math.abs(timeline.allocated[row] - end.allocated) > 0.02 * end.pidMax) return false;
  }
  return true;
}

/** In the unit of the axis. */
export function axisTime(seconds: number, frame: TimeFrame): number {
  return roundMicro(seconds / frame.unit.seconds);
}

export function timeEncoding(result: RunResult, frame: TimeFrame, show = { axis: true }): ChartSpec {
  const rest = frame.cut ? `; ${restOfRun(result.endSeconds)}` : '';
  return {
    field: 't',
    type: 'quantitative',
    scale: { domain: [0, axisTime(frame.endSeconds, frame)], nice: false },
    axis: show.axis
      ? {
          title: `Simulated time (${frame.unit.name}${rest})`,
          values: frame.ticks,
          format: ',~r',
          grid: false,
        }
      : { title: null, values: frame.ticks, labels: false, grid: false },
  };
}

const NUMERIC_COLUMNS = (columns: readonly string[]): ChartSpec =>
  Object.fromEntries(['time_s', 'allocated', ...columns].map((column) => [column, 'number']));

export function timelineData(columns: readonly string[]): ChartSpec {
  return { url: 'timeline.csv', format: { type: 'csv', parse: NUMERIC_COLUMNS(columns) } };
}

/**
 * The rows of the frame, thinned where nothing happens: every n-th row, the ends, and both sides of every
 * jump. Adds `t`, the time in the unit of the axis.
 */
export function timelineTransforms(result: RunResult, frame: TimeFrame): Json[] {
  const { timeline } = result;
  const rows = rowAt(timeline, frame.endSeconds) + 1;
  const stride = Math.ceil(rows / ROWS_DRAWN_MAX);
  const jump = Math.max(1, Math.round(JUMP_SHARE * timeline.allocated.reduce((a, b) => Math.max(a, b), 0)));
  const moments = tellingMoments(result).map(roundMicro).slice(0, 12);
  const keep = [
    `datum.row % ${stride} === 1`,
    'datum.after === null',
    `abs(datum.allocated - datum.before) > ${jump}`,
    `abs(datum.after - datum.allocated) > ${jump}`,
    `indexof(${JSON.stringify(moments)}, datum.time_s) >= 0`,
  ];
  return [
    {
      window: [
        { op: 'row_number', as: 'row' },
        { op: 'lag', field: 'time_s', as: 'before_s' },
        { op: 'lag', field: 'allocated', as: 'before' },
        { op: 'lead', field: 'allocated', as: 'after' },
      ],
      sort: [{ field: 'time_s' }],
    },
    ...(frame.cut ? [{ filter: `datum.before_s === null || datum.before_s < ${frame.endSeconds}` }] : []),
    ...(stride > 1 ? [{ filter: keep.join(' || ') }] : []),
    { calculate: `datum.time_s / ${frame.unit.seconds}`, as: 't' },
  ];
}

// ------------------------------------------------------------ marked moments

interface PlacedMoment extends Moment {
  /** 0: the line just above the plot; 1: the next one up. */
  line: number;
  align: 'left' | 'center' | 'right';
}

/** Of a character of a label, on average, in pixels. */
export const LABEL_ADVANCE = 7.2;
const MOMENT_LINE_HEIGHT = 16;

/** Gives each label a line of its own where two would touch. */
export function placeMoments(result: RunResult, frame: TimeFrame, plotWidth = PLOT_WIDTH): PlacedMoment[] {
  const taken: { from: number; to: number }[][] = [];
  return headlineMoments(result, { projection: frame.projected })
    .filter(({ seconds }) => seconds <= frame.endSeconds)
    .map((moment) => {
      const x = (moment.seconds / frame.endSeconds) * plotWidth;
      const width = moment.label.length * LABEL_ADVANCE + 8;
      const align = x < width / 2 ? 'left' : x > plotWidth - width / 2 ? 'right' : 'center';
      const from = align === 'left' ? x : align === 'right' ? x - width : x - width / 2;
      let line = 0;
      while (taken[line]?.some((other) => from < other.to && from + width > other.from)) line++;
      (taken[line] ??= []).push({ from, to: from + width });
      return { ...moment, line, align };
    });
}

/** How far the labels reach above the plot, in pixels. */
export function momentsHeight(moments: readonly PlacedMoment[]): number {
  return moments.length === 0
    ? 0
    : (Math.max(...moments.map(({ line }) => line)) + 1) * MOMENT_LINE_HEIGHT + 4;
}

/** A rule through the plot for each moment, its label above; a label keeps the rules of others off. */
export function momentLayers(
  moments: readonly PlacedMoment[],
  frame: TimeFrame,
  show = { labels: true },
): ChartSpec[] {
  const at = (moment: PlacedMoment): ChartSpec => ({
    x: { datum: axisTime(moment.seconds, frame), type: 'quantitative' },
  });
  const topOf = ({ line }: PlacedMoment): number => (show.labels ? -(line * MOMENT_LINE_HEIGHT) - 3 : 0);
  const rules = moments.map((moment) => {
    const rule = {
      type: 'rule',
      y: topOf(moment),
      y2: 'height',
      color: COLOURS.ink,
      strokeWidth: moment.main ? 1.5 : 1,
      ...(moment.main ? {} : { strokeDash: [3, 3] }),
    };
    return once(rule, at(moment));
  });
  if (!show.labels) return rules;
  const labels = moments.flatMap((moment) => {
    const label = {
      type: 'text',
      text: moment.label,
      y: topOf(moment) - 2,
      align: moment.align,
      baseline: 'bottom',
      fontWeight: moment.main ? 'bold' : 'normal',
    };
    const halo = { ...label, color: COLOURS.paper, stroke: COLOURS.paper, strokeWidth: 5, aria: false };
    return [once(halo, at(moment)), once(label, at(moment))];
  });
  return [...rules, ...labels];
}
