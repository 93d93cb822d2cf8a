/**
 * The time axis: how much of the run a picture shows, in which unit, with which ticks; the rows of
 * timeline.csv it needs; and the moments it marks.
 */
import { harmsOf } from '../../run/harm.js';
import type { RunResult } from '../../run/result.js';
import { lastReading, rowAt, tellingMoments, tellStory } from '../../run/story.js';
import { listOf, roundMicro } from '../../text/figures.js';
import { clockSeconds, DAY_S, zoneOf } from '../../text/wall-clock.js';
import { headlineMoments, MOMENTS_MAX, type Moment } from '../moments.js';
import { restOfRun } from '../titles.js';
import { CHART_WIDTH, type ChartSpec, COLOURS, type Json, once, quantity } from './theme.js';

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
  /** Of the run. With one, the axis shows dates and times. */
  start?: string;
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
  const last = Math.max(0, ...tellingMoments(result), ...repeats(result));
  const settled = changesTheNode(result) && settledAfter(result, last * 1.15);
  const wanted = projected ? projectedSeconds * 1.1 : settled ? Math.min(horizon, last * 1.4) : horizon;
  const unit = UNITS.find(({ seconds }) => wanted >= UNIT_FROM * seconds) ?? UNITS.at(-1)!;
  const step =
    unit.steps.find((candidate) => wanted / (candidate * unit.seconds) <= TICKS_MAX) ?? unit.steps.at(-1)!;
  // A picture that does not end with the run ends on a tick.
  const onTick = Math.ceil(wanted / (step * unit.seconds)) * step * unit.seconds;
  const end = projected ? onTick : wanted < horizon * 0.9 ? Math.min(onTick, horizon) : horizon;
  const { start } = result;
  const ticks: number[] = [];
  for (let tick = firstTick(step, unit, start); tick * unit.seconds <= end; tick += step) ticks.push(tick);
  return { endSeconds: roundMicro(end), cut: end < horizon, projected, unit, ticks, start };
}

/** A probe that fails for a reason of its own does not: the whole run is the picture. */
function changesTheNode(result: RunResult): boolean {
  return harmsOf(result).length > 0 || result.events.some(({ kind }) => kind === 'intervention');
}

/** So many repeated refusals are marked, so that one sees that they repeat. */
const REPEATS_SHOWN = 8;

function repeats({ symptoms }: RunResult): number[] {
  return symptoms.podRefusals.map(({ atSeconds, lastAtSeconds, times }) => {
    const share = Math.min(1, REPEATS_SHOWN / Math.max(1, times - 1));
    return atSeconds + share * (lastAtSeconds - atSeconds);
  });
}

/** When the clock first shows a whole number of steps since midnight; of days, the first midnight. */
function firstTick(step: number, unit: TimeUnit, start: string | undefined): number {
  if (start === undefined) return 0;
  const stepSeconds = Math.min(step * unit.seconds, DAY_S);
  const sinceMidnight = clockSeconds(start) % DAY_S;
  return ((stepSeconds - (sinceMidnight % stepSeconds)) % stepSeconds) / unit.seconds;
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

/** A row's time as a person says it, as a Vega expression. */
export function clockExpression(frame: TimeFrame): string {
  if (frame.start !== undefined) return clockFormat(frame, 'datum.t', `%-d %b ${clockOf(frame)}`);
  return `format(datum.t, ',.4~r') + ' ${frame.unit.name}'`;
}

function clockFormat({ start, unit }: TimeFrame, time: string, format: string): string {
  return `utcFormat(round(${clockSeconds(start!) * 1000} + ${time} * ${unit.seconds * 1000}), '${format}')`;
}

/** As fine as the unit of the axis. */
function clockOf({ unit }: TimeFrame): string {
  return unit.seconds < 1 ? '%H:%M:%S.%L' : unit.seconds < 60 ? '%H:%M:%S' : '%H:%M';
}

/** The labels of an axis with a clock: dates; or times, with the date below the first one of each day. */
function clockLabels(frame: TimeFrame): ChartSpec {
  const { ticks, unit } = frame;
  const of = (format: string): string => clockFormat(frame, 'datum.value', format);
  if ((ticks[1] - ticks[0]) * unit.seconds >= DAY_S)
    return { labelExpr: frame.endSeconds > 365 * DAY_S ? of('%-d %b %Y') : of('%-d %b') };
  const isNewDay = `datum.value === ${ticks[0]} || ${of('%H:%M:%S.%L')} === '00:00:00.000'`;
  return { labelExpr: `[${of(clockOf(frame))}, ${isNewDay} ? ${of('%-d %b')} : '']` };
}

/** In the unit of the axis. */
export function axisTime(seconds: number, frame: TimeFrame): number {
  return roundMicro(seconds / frame.unit.seconds);
}

/** @param show `note`: what else is said under the axis. */
export function timeEncoding(
  result: RunResult,
  frame: TimeFrame,
  show: { axis: boolean; note?: readonly string[] } = { axis: true },
): ChartSpec {
  const { start } = frame;
  const unit = start === undefined ? frame.unit.name : zoneOf(start);
  const said = [unit, ...(frame.cut ? [restOfRun(result)] : [])].join('; ');
  const labels = start === undefined ? { format: ',~r' } : clockLabels(frame);
  const note = show.note?.length ? `; marks at the bottom: ${listOf(show.note)}` : '';
  return quantity('t', {
    scale: { domain: [0, axisTime(frame.endSeconds, frame)], nice: false },
    axis: show.axis
      ? { title: `Simulated time (${said})${note}`, values: frame.ticks, ...labels, grid: false }
      : { title: null, values: frame.ticks, labels: false, grid: false },
  });
}

/** Data of a chart: these columns of the rows of its frame, and what more is made of them. */
export function timelineRows(
  result: RunResult,
  frame: TimeFrame,
  columns: readonly string[],
  more: readonly Json[] = [],
): ChartSpec {
  const parse = Object.fromEntries(['time_s', 'allocated', ...columns].map((column) => [column, 'number']));
  const data = { url: 'timeline.csv', format: { type: 'csv', parse } };
  return { data, transform: [...timelineTransforms(result, frame), ...more] };
}

/**
 * The rows of the frame, thinned where nothing happens: every n-th row, the ends, and both sides of every
 * jump. Adds `t`, the time in the unit of the axis.
 */
function timelineTransforms(result: RunResult, frame: TimeFrame): Json[] {
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
  /** The label stands on this side of its rule, like a flag. */
  side: 'left' | 'right';
}

/** Of a character of a label, on average, in pixels. */
export const LABEL_ADVANCE = 7.2;
const MOMENT_LINE_HEIGHT = 16;
const LABEL_GAP = 8;
/** Right of the plot there is room for so much of a label. */
const MARGIN = 10;
/** On the left a label may reach over the axis, if it has to. */
const AXIS_WIDTH = 85;

interface Flag {
  x: number;
  from: number;
  to: number;
}

/**
 * Labels that neither touch nor are struck through by the rule of another: those of the first moments stand
 * right of their rules, those of the last, which would not fit there, left of them.
 */
export function placeMoments(result: RunResult, frame: TimeFrame, plotWidth = PLOT_WIDTH): PlacedMoment[] {
  // The moment of the title is marked, whatever else has no place.
  for (let most = MOMENTS_MAX; ; most--) {
    const all = headlineMoments(result, { projection: frame.projected, most });
    const moments = all.filter(({ seconds }) => seconds <= frame.endSeconds);
    const found = placed(moments, frame, plotWidth, most === 1);
    if (found !== null || most === 1) return found ?? [];
  }
}

/** Null: some label has a rule through it, or is partly outside, on either side of its own rule. */
function placed(
  moments: readonly Moment[],
  frame: TimeFrame,
  plotWidth: number,
  mayLeave: boolean,
): PlacedMoment[] | null {
  for (let rights = moments.length; rights >= 0; rights--) {
    const flags = moments.map(({ seconds, label }, index): Flag => {
      const x = (seconds / frame.endSeconds) * plotWidth;
      const width = label.length * LABEL_ADVANCE + LABEL_GAP;
      return index < rights ? { x, from: x, to: x + width } : { x, from: x - width, to: x };
    });
    const fits = flags.every(({ from, to }) => from >= -MARGIN * 4 && to <= plotWidth + MARGIN);
    const isLast = rights === 0 && (mayLeave || flags.every(({ from }) => from >= -AXIS_WIDTH));
    const lines = fits || isLast ? linesOf(flags) : null;
    if (lines === null) continue;
    return moments.map((moment, index) => ({
      ...moment,
      line: lines[index],
      side: index < rights ? 'right' : 'left',
    }));
  }
  return null;
}

/** The line of each label; null: the rules of two would each go through the label of the other. */
function linesOf(flags: readonly Flag[]): number[] | null {
  const lines = flags.map(() => 0);
  const covers = ({ from, to }: Flag, { x }: Flag): boolean => from - LABEL_GAP < x && x < to + LABEL_GAP;
  // A longest path through all of them has as many steps; more than that is a circle.
  for (let round = 0; round <= flags.length; round++) {
    let isSettled = true;
    for (const [index, flag] of flags.entries()) {
      for (const [other, under] of flags.entries()) {
        // A rule ends at the line of its label: what it would strike through has to stand above that.
        const isOnePole = Math.abs(flag.x - under.x) <= LABEL_GAP;
        // Of two rules side by side the outer one has the higher label: so neither crosses a label.
        const isOuter = flag.to === flag.x ? index > other : index < other;
        const isAbove = covers(flag, under) && (!isOnePole || isOuter);
        // Two labels may meet between their rules, without reaching them.
        const meets = flag.from < under.to + LABEL_GAP && under.from < flag.to + LABEL_GAP;
        const isNextAbove = meets && !covers(flag, under) && !covers(under, flag) && index < other;
        if (other === index || !(isAbove || isNextAbove) || lines[index] > lines[other]) continue;
        lines[index] = lines[other] + 1;
        isSettled = false;
      }
    }
    if (isSettled) return lines;
  }
  return null;
}

/** How far the labels reach above the plot, in pixels. */
export function momentsHeight(moments: readonly PlacedMoment[]): number {
  return moments.length === 0
    ? 0
    : (Math.max(...moments.map(({ line }) => line)) + 1) * MOMENT_LINE_HEIGHT + 4;
}

/** A rule through the plot for each moment, as a pole with its label as a flag above. */
export function momentLayers(
  moments: readonly PlacedMoment[],
  frame: TimeFrame,
  show = { labels: true },
): ChartSpec[] {
  return moments.flatMap(({ seconds, label, main, line, side }) => {
    const at = { x: { datum: axisTime(seconds, frame), type: 'quantitative' } };
    const top = -(line * MOMENT_LINE_HEIGHT) - 3;
    const rule = {
      type: 'rule',
      y: show.labels ? top - MOMENT_LINE_HEIGHT + 2 : 0,
      y2: 'height',
      color: COLOURS.ink,
      strokeWidth: main ? 1.5 : 1,
      ...(main ? {} : { strokeDash: [3, 3] }),
    };
    const text = {
      ...{ type: 'text', text: label, y: top - 2, baseline: 'bottom' },
      ...{ align: side === 'right' ? 'left' : 'right', dx: side === 'right' ? 4 : -4 },
      fontWeight: main ? 'bold' : 'normal',
    };
    return show.labels ? [once(rule, at), once(text, at)] : [once(rule, at)];
  });
}
