/** The vertical axis of charts that count numbers: up to pid_max, or as high as needed if that is far away. */
import type { RunResult } from '../../experiment/result.js';
import { limitLabel, limitOutOfSight, reservedLabel } from '../message.js';
import { rowAt } from '../story.js';
import { type ChartSpec, COLOURS, once } from './theme.js';
import type { TimeFrame } from './time.js';

/** Below this part of the limit, drawing to scale would leave nothing to see. */
const SCALE_TO_LIMIT_FROM = 0.08;
/** From this part of the table on, the numbers that are not handed out again get a line of their own. */
const RESERVED_WORTH_DRAWING = 0.04;
const RESERVED_PIDS = 300;

export interface Level {
  /** Upper end of the axis. */
  top: number;
  /** pid_max at the start of the run. */
  limit: number;
  /** The limit lies within the axis. */
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
  let limitMax = 0;
  for (let row = 0; row <= last; row++) {
    for (const column of columns) peak = Math.max(peak, timeline[column][row]);
    limitMax = Math.max(limitMax, timeline.pid_max[row]);
  }
  const limit = timeline.pid_max[0];
  const limitInSight = peak >= SCALE_TO_LIMIT_FROM * limitMax;
  return { top: limitInSight ? limitMax * 1.1 : Math.max(10, peak * 1.3), limit, limitInSight };
}

export function levelScale(level: Level): ChartSpec {
  return { domain: [0, Math.round(level.top)], nice: false };
}

/**
 * The pid_max line as it was at each moment, with its label; a note instead when it is out of sight.
 *
 * @param x the time encoding of the chart. It is not shared among layers: a layer that draws one mark must not get it.
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
  const label = {
    type: 'text',
    text: limitLabel(level.limit),
    align: 'left',
    baseline: 'bottom',
    x: 6,
    dy: -4,
  };
  const y = (value: number): ChartSpec => ({ y: { datum: value, type: 'quantitative' } });
  const layers: ChartSpec[] = [line, once({ ...label, fontWeight: 'bold' }, y(level.limit))];
  if (RESERVED_PIDS < RESERVED_WORTH_DRAWING * level.limit) return layers;
  const reserved = level.limit - RESERVED_PIDS;
  return [
    ...layers,
    once({ type: 'rule', color: COLOURS.faint, strokeDash: [5, 4] }, y(reserved)),
    once({ ...label, text: reservedLabel(), color: COLOURS.faint }, y(reserved)),
  ];
}
