/** The vertical axis of charts that count: up to the limit that binds, or lower if that is far away. */
import type { RunResult, TimelineColumn } from '../../run/result.js';
import { bindingOf, rowAt, threadsMaxOf } from '../../run/story.js';
import { formatCount } from '../../text/figures.js';
import { limitWords } from '../harm-words.js';
import { limitOutOfSight, reservedLabel } from '../titles.js';
import { type ChartSpec, COLOURS, once, quantity } from './theme.js';
import { axisTime, LABEL_ADVANCE, PLOT_WIDTH, type TimeFrame } from './time.js';

/** Below this part of the limit, drawing to scale would leave nothing to see. */
const SCALE_TO_LIMIT_FROM = 0.08;
/** From this part of the table on, the PIDs that are not handed out again get a line of their own. */
const RESERVED_WORTH_DRAWING = 0.08;
/** A limit of which so much is used is within reach. */
export const REACH = 0.5;

/** A limit, and how it is called with its value. */
export interface Bound {
  /** null: it does not change, and this is its value. */
  column: TimelineColumn | null;
  value?: number;
  words: (value: number) => string;
}

export const PID_MAX: Bound = { column: 'pid_max', words: (value) => limitWords({ name: 'pid_max', value }) };

export interface Level {
  /** Upper end of the axis. */
  top: number;
  bound: Bound;
  /** The limit at the start of the picture. */
  limit: number;
  /** The most PIDs that can be taken at its end: without the low ones that are not handed out again (K3). */
  usable: number;
  /** Where a label has room: each value of the limit, and when it is set, in the unit of the axis. */
  limits: { t: number; value: number }[];
  /** The limit lies within the axis, at some time at least. */
  limitInSight: boolean;
  /** Limits on a part of what is drawn. */
  also: { value: number; text: string }[];
}

/** @param columns the columns of the timeline that are drawn. */
export function levelOf(
  result: RunResult,
  frame: TimeFrame,
  columns: readonly TimelineColumn[],
  bound: Bound = PID_MAX,
): Level {
  const { timeline } = result;
  const last = rowAt(timeline, frame.endSeconds);
  const peak = peakOf(result, frame, columns);
  const limitAt = (row: number): number =>
    bound.column === null ? bound.value! : timeline[bound.column][row];
  // One step out of all proportion does not take the others out of the picture.
  let limitMax = 0;
  for (let row = 0; row <= last; row++) {
    if (peak >= SCALE_TO_LIMIT_FROM * limitAt(row)) limitMax = Math.max(limitMax, limitAt(row));
  }
  const also = bound === PID_MAX ? partLimits(result, frame) : [];
  const limitInSight = limitMax > 0;
  const alsoMax = Math.max(0, ...also.map(({ value }) => value));
  return {
    top: Math.max((limitInSight ? limitMax : alsoMax) * 1.1, peak * (limitInSight ? 1.05 : 1.3), 10),
    bound,
    limit: limitAt(0),
    usable: timeline.allocated[last] + timeline.free[last],
    limits: labelledLimits(result, frame, limitAt, bound),
    limitInSight,
    also,
  };
}

/** The most there is of any of these within the picture. */
function peakOf({ timeline }: RunResult, frame: TimeFrame, columns: readonly TimelineColumn[]): number {
  const rows = rowAt(timeline, frame.endSeconds) + 1;
  return columns.reduce(
    (most, column) => timeline[column].slice(0, rows).reduce((a, b) => Math.max(a, b), most),
    0,
  );
}

/** threads-max, and that of all pods: they count tasks and zombies, not what is pinned (K12, K33). */
function partLimits(result: RunResult, frame: TimeFrame): Level['also'] {
  const threadsMax = threadsMaxOf(result);
  const limits: Level['also'] = [];
  if (peakOf(result, frame, ['loadavg_tasks']) >= REACH * threadsMax)
    limits.push({ value: threadsMax, text: `threads-max ${formatCount(threadsMax)} (tasks and zombies)` });
  const ofAllPods = result.timeline.all_pods_pids_max[0];
  if (bindingOf(result) === 'all-pods')
    limits.push({
      value: ofAllPods,
      text: `pids.max ${formatCount(ofAllPods)} (tasks and zombies of all pods)`,
    });
  return limits;
}

/** A step of the line gets no label if it is shorter than that, or if the same label follows. */
function labelledLimits(
  { timeline }: RunResult,
  frame: TimeFrame,
  limitAt: (row: number) => number,
  { words }: Bound,
): Level['limits'] {
  const steps: { fromSeconds: number; value: number }[] = [];
  for (let row = 0; row <= rowAt(timeline, frame.endSeconds); row++) {
    if (limitAt(row) !== steps.at(-1)?.value)
      steps.push({ fromSeconds: timeline.time_s[row], value: limitAt(row) });
  }
  return steps
    .filter(({ fromSeconds, value }, index) => {
      const toSeconds = steps[index + 1]?.fromSeconds ?? frame.endSeconds;
      return index === 0 || toSeconds - fromSeconds > frame.endSeconds * shareOfPlot(words(value));
    })
    .filter(
      ({ value }, index, all) => index + 1 === all.length || words(value) !== words(all[index + 1].value),
    )
    .map(({ fromSeconds, value }) => ({ t: axisTime(fromSeconds, frame), value }));
}

/** How wide a label is. */
function shareOfPlot(text: string): number {
  return (text.length * LABEL_ADVANCE + 12) / PLOT_WIDTH;
}

export function levelScale({ top }: Pick<Level, 'top'>): ChartSpec {
  return { domain: [0, Math.round(top)], nice: false };
}

/**
 * The limit as it was at each moment, if it is in sight, and the limits on a part.
 *
 * @param x the time encoding of the chart. A layer that draws one mark must not get it.
 */
export function limitLayers(level: Level, x: ChartSpec): ChartSpec[] {
  const { bound, also, usable } = level;
  const style = { color: COLOURS.ink, strokeWidth: 1.5 };
  const parts = also.map(({ value }) => once({ type: 'rule', ...style, strokeDash: [8, 3] }, height(value)));
  if (!level.limitInSight) return parts;
  if (bound.column === null) return [...parts, once({ type: 'rule', ...style }, height(bound.value!))];
  const line = {
    mark: { type: 'line', interpolate: 'step-after', ...style, clip: true, aria: false },
    encoding: { x, y: quantity(bound.column) },
  };
  if (!showsReserved(level)) return [...parts, line];
  const reserved = once({ type: 'rule', color: COLOURS.faint, strokeDash: [5, 4] }, height(usable));
  return [...parts, line, reserved];
}

/** What the lines are, or how far away the limit is: on top of all other layers, and legible there. */
export function limitLabels(level: Level): ChartSpec[] {
  const { also, bound, limits, limitInSight, top, usable } = level;
  const label = { type: 'text', align: 'left', baseline: 'bottom', dx: 6, dy: -4 };
  const bold = { ...label, fontWeight: 'bold' };
  // On the right: two limits may have one value.
  const right = { ...bold, align: 'right', dx: -6, x: 'width' };
  const parts = also.flatMap(({ value, text }) => withHalo({ ...right, text }, height(value)));
  if (!limitInSight) {
    const text = limitOutOfSight(bound.words(limits[0].value), limits[0].value / top);
    return [...parts, ...withHalo({ ...bold, baseline: 'top', dy: 0, text, x: 0, y: 4 }, {})];
  }
  const labels = limits.flatMap(({ t, value }) => {
    const isInSight = value <= top;
    const where = { x: { datum: t, type: 'quantitative' }, ...height(isInSight ? value : Math.round(top)) };
    const above = isInSight ? {} : { baseline: 'top', dy: 4 };
    return withHalo({ ...bold, ...above, text: `${isInSight ? '' : '↑ '}${bound.words(value)}` }, where);
  });
  if (!showsReserved(level)) return [...parts, ...labels];
  const reserved = { ...label, text: reservedLabel(), color: COLOURS.faint, x: 0 };
  return [...parts, ...labels, once(reserved, height(usable))];
}

/** A text over whatever is behind it. */
export function withHalo(mark: ChartSpec, where: ChartSpec): ChartSpec[] {
  const halo = { color: COLOURS.paper, stroke: COLOURS.paper, strokeWidth: 7, strokeJoin: 'round' };
  return [once({ ...mark, ...halo }, where), once(mark, where)];
}

function height(value: number): ChartSpec {
  return { y: { datum: value, type: 'quantitative' } };
}

function showsReserved({ bound, limit, limits, usable }: Level): boolean {
  return bound === PID_MAX && limits.length === 1 && limit - usable >= RESERVED_WORTH_DRAWING * limit;
}
