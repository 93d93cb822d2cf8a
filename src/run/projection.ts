/** When a node that did not fill up would have, had the run gone on. */
import { Columns } from './columns.js';
import type { RunObserver } from './observer.js';
import type { NodeLimit, Projection, RunEvent, RunEventKind, TimelineRow } from './result.js';

/** With fewer rows than this a straight line says nothing. */
const ROWS_MIN = 8;
/** A slope counts if it is this many of its own standard errors above zero. */
const SIGNIFICANCE = 4;
/** It must also add at least this many PIDs over the rows that it was fitted to. */
const GROWTH_MIN = 2;

/** A trend must not reach across one of these. */
const CHANGES: ReadonlySet<RunEventKind> = new Set([
  'intervention',
  'pod-created',
  'pod-deleted',
  'evicted',
  'pod-create-failed',
]);

/** What a projection is made from. A run without a recording keeps it too. */
export class GrowthLog implements RunObserver {
  lastChangeSeconds = 0;
  readonly #rows = new Columns(['time_s', 'allocated', 'loadavg_tasks']);

  moment({ kind, timeSeconds }: RunEvent): void {
    if (CHANGES.has(kind)) this.lastChangeSeconds = timeSeconds;
  }

  row(row: TimelineRow): void {
    this.#rows.add(row);
  }

  /** A copy as it would be with this row. */
  with(row: TimelineRow) {
    return this.#rows.with(row);
  }
}

interface Limits {
  /** The most PIDs that can be taken at once (`usablePids`), less what an exec needs for a moment (R29). */
  usablePids: number;
  threadsMax: number;
  /** However long the run, the PIDs taken stay below this (`mostPids`); Infinity: there is no such bound. */
  mostPids: number;
}

/**
 * Fits straight lines to PIDs allocated and tasks, over the last half of the run, or over what is left of it
 * after the last change (a pod came or went, an intervention), and goes on along them to the first limit.
 *
 * All rows weigh the same: the regular samples and the few rows for news between them.
 */
export function project(
  timeline: ReturnType<GrowthLog['with']>,
  lastChangeSeconds: number,
  limits: Limits,
): Projection {
  const end = timeline.time_s.at(-1) ?? 0;
  const half = end / 2;
  const later = timeline.time_s.filter((time) => time >= lastChangeSeconds).length;
  const isSteady = lastChangeSeconds <= half || later < ROWS_MIN;
  const from = timeline.time_s.findIndex((time) => time >= (isSteady ? half : lastChangeSeconds));
  const method = isSteady
    ? 'least squares over the last half of the run'
    : 'least squares over the time since the last change';
  const times = timeline.time_s.slice(from);
  const pids = trend(times, timeline.allocated.slice(from));
  const tasks = trend(times, timeline.loadavg_tasks.slice(from));
  const candidates = [
    { limit: 'pid-max' as NodeLimit, of: limits.usablePids, line: pids },
    { limit: 'threads-max' as NodeLimit, of: limits.threadsMax, line: tasks },
  ]
    .filter(({ of, line }) => line.grows && of <= limits.mostPids)
    .map(({ limit, of, line }) => ({ limit, atSeconds: reach(line, end, of) }));
  const pidsPerHour = pids.grows ? pids.slope * 3600 : 0;
  if (candidates.length === 0) return { kind: 'never', pidsPerHour, method };
  const first = candidates.reduce((a, b) => (b.atSeconds < a.atSeconds ? b : a));
  return { kind: 'exhausts', ...first, pidsPerHour, method };
}

interface Line {
  slope: number;
  /** On the line, at the last row. */
  last: number;
  grows: boolean;
}

/** The line through all rows. It grows only if the line through the later half of them grows too. */
function trend(x: readonly number[], y: readonly number[]): Line {
  const half = Math.floor(x.length / 2);
  const later = lineThrough(x.slice(half), y.slice(half));
  const whole = lineThrough(x, y);
  return { ...whole, grows: whole.grows && later.grows };
}

function lineThrough(x: readonly number[], y: readonly number[]): Line {
  const n = x.length;
  if (n < ROWS_MIN) return { slope: 0, last: y.at(-1) ?? 0, grows: false };
  const meanX = mean(x);
  const meanY = mean(y);
  let sxx = 0;
  let sxy = 0;
  for (let i = 0; i < n; i++) {
    sxx += (x[i] - meanX) ** 2;
    sxy += (x[i] - meanX) * (y[i] - meanY);
  }
  const slope = sxx === 0 ? 0 : sxy / sxx;
  let residuals = 0;
  for (let i = 0; i < n; i++) residuals += (y[i] - meanY - slope * (x[i] - meanX)) ** 2;
  const error = Math.sqrt(residuals / (n - 2) / sxx);
  const growth = slope * (x[n - 1] - x[0]);
  const grows = slope > SIGNIFICANCE * error && growth >= GROWTH_MIN;
  return { slope, last: meanY + slope * (x[n - 1] - meanX), grows };
}

/** When a growing line reaches the limit. */
function reach(line: Line, end: number, limit: number): number {
  return end + Math.max(0, limit - line.last) / line.slope;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
