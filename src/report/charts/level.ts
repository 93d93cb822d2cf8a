/** The vertical axis of charts that count pids: up to pid_max, or as high as needed if that is far away. */
import type { RunResult, Timeline } from '../../run/result.js';
import { rowAt } from '../../run/story.js';
import { limitLabel, limitOutOfSight, reservedLabel } from '../titles.js';
import { type ChartSpec, COLOURS, once } from './theme.js';
import { axisTime, LABEL_ADVANCE, PLOT_WIDTH, type TimeFrame } from './time.js';

/** Below this part of the limit, drawing to scale would leave nothing to see. */
const SCALE_TO_LIMIT_FROM = 0.08;
/** From this part of the table on, the PIDs that are not handed out again get a line of their own. */
const RESERVED_WORTH_DRAWING = 0.08;

export interface Level {
  /** Upper end of the axis. */
  top: number;
  /** pid_max at the start of the picture. */
  limit: number;
  /** The most PIDs that can be taken at its end: without the low ones that are not handed out again (K3). */
  usable: number;
  /** Where a label has room: each pid_max of the picture, and when it is set, in the unit of the axis. */
  limits: { t: number; pidMax: number }[];
  /** The limit lies within the axis, at some time at least. */
  limitInSight: boolean;
}

/** @param columns the columns of the timeline that are drawn. */
export function levelOf(
  result: RunResult,
  frame: TimeFrame,
  columns: readonly ('allocated' | 'free')[],
): Level {
  const { timeline } = result;
  const last = rowAt(timeline, frame.endSeconds);
  let peak = 0;
  for (let row = 0; row <= last; row++)
    for (const column of columns) peak = Math.max(peak, timeline[column][row]);
  // One step out of all proportion does not take the others out of the picture.
  let limitMax = 0;
  for (let row = 0; row <= last; row++) {
    const limit = timeline.pid_max[row];
    if (peak >= SCALE_TO_LIMIT_FROM * limit) limitMax = Math.max(limitMax, limit);
  }
  const limitInSight = limitMax > 0;
  return {
    top: limitInSight ? Math.max(limitMax * 1.1, peak * 1.05) : Math.max(10, peak * 1.3),
    limit: timeline.pid_max[0],
    usable: timeline.allocated[last] + timeline.free[last],
    limits: labelledLimits(timeline, frame, last),
    limitInSight,
  };
}

/** A step of the line that is shorter than its label goes without. */
function labelledLimits(
  { time_s: times, pid_max: limits }: Timeline,
  frame: TimeFrame,
  last: number,
): Level['limits'] {
  const steps: { fromSeconds: number; pidMax: number }[] = [];
  for (let row = 0; row <= last; row++) {
    if (limits[row] !== steps.at(-1)?.pidMax) steps.push({ fromSeconds: times[row], pidMax: limits[row] });
  }
  return steps
    .filter(({ fromSeconds, pidMax }, index) => {
      const toSeconds = steps[index + 1]?.fromSeconds ?? frame.endSeconds;
      return index === 0 || toSeconds - fromSeconds > frame.endSeconds * shareOfPlot(limitLabel(pidMax));
    })
    .map(({ fromSeconds, pidMax }) => ({ t: axisTime(fromSeconds, frame), pidMax }));
}

/** How wide a label is. */
function shareOfPlot(text: string): number {
  return (text.length * LABEL_ADVANCE + 12) / PLOT_WIDTH;
}

export function levelScale(level: Level): ChartSpec {
  return { domain: [0, Math.round(level.top)], nice: false };
}

/**
 * The pid_max line as it was at each moment; a note instead when it is out of sight.
 *
 * @param x the time encoding of the chart. A layer that draws one mark must not get it.
 */
export function limitLayers(level: Level, x: ChartSpec): ChartSpec[] {
  if (!level.limitInSight) {
    const note = {
      type: 'text',
      text: limitOutOfSight(level.limit, level.top),
      align: 'left',
      baseline: 'top',
      dx: 6,
    };
    return [once({ ...note, x: 0, y: 4, fontWeight: 'bold' }, {})];
  }
  const line = {
    mark: {
      type: 'line',
      interpolate: 'step-after',
      color: COLOURS.ink,
      strokeWidth: 1.5,
      clip: true,
      aria: false,
    },
    encoding: { x, y: { field: 'pid_max', type: 'quantitative' } },
  };
  if (!showsReserved(level)) return [line];
  return [line, once({ type: 'rule', color: COLOURS.faint, strokeDash: [5, 4] }, height(level.usable))];
}

/** What the lines are; above all that is drawn over them, and kept clear of it. */
export function limitLabels(level: Level): ChartSpec[] {
  if (!level.limitInSight) return [];
  const label = { type: 'text', align: 'left', baseline: 'bottom', dx: 6, dy: -4 };
  const halo = { color: COLOURS.paper, stroke: COLOURS.paper, strokeWidth: 5 };
  const limits = level.limits.flatMap(({ t, pidMax }) => {
    const isInSight = pidMax <= level.top;
    const where = {
      x: { datum: t, type: 'quantitative' },
      ...height(isInSight ? pidMax : Math.round(level.top)),
    };
    const above = isInSight ? {} : { baseline: 'top', dy: 4 };
    const mark = {
      ...label,
      ...above,
      text: `${isInSight ? '' : '↑ '}${limitLabel(pidMax)}`,
      fontWeight: 'bold',
    };
    return [once({ ...mark, ...halo }, where), once(mark, where)];
  });
  if (!showsReserved(level)) return limits;
  const reserved = { ...label, text: reservedLabel(), color: COLOURS.faint, x: 0 };
  return [...limits, once(reserved, height(level.usable))];
}

function height(value: number): ChartSpec {
  return { y: { datum: value, type: 'quantitative' } };
}

function showsReserved({ limit, limits, usable }: Level): boolean {
  return limits.length === 1 && limit - usable >= RESERVED_WORTH_DRAWING * limit;
}
