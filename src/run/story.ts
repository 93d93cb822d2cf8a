/**
 * What a run amounts to: which of a few stories it tells, with readings of the node at the moments that
 * matter. Derived from the result alone, and without words: those are in report/message.ts.
 */
import { harmsOf } from './harm.js';
import type { BlameRow, Exhaustion, FinalState, Harm, Projection, RunResult, Timeline } from './result.js';

/** The node at one moment: a row of the timeline. */
export interface Reading extends FinalState {
  timeSeconds: number;
  free: number;
  pidAvailable: number;
}

/**
 * PIDs had piled up and were given back: the reading with the most, and one below half of it. For a full
 * node: the last reading without room and the first with it, whether PIDs were given back or the limit was
 * raised.
 */
interface Relief {
  before: Reading;
  after: Reading;
}

/** Each run tells exactly one of these. */
export type Story =
  /** The node was full; `again` if it was full once more after the relief. */
  | { kind: 'full'; atSeconds: number; reading: Reading; relief: Relief | null; again: Exhaustion | null }
  /** A workload was harmed, and not by the node's own table: that was never full. */
  | { kind: 'harmed'; atSeconds: number; harm: Harm; end: Reading }
  /** Never full, and what had piled up was given back for good. */
  | { kind: 'recovered'; relief: Relief; end: Reading }
  | { kind: 'would-fill'; atSeconds: number; end: Reading; relief: Relief | null; projection: Exhausts }
  | { kind: 'never'; end: Reading; projection: Never }
  /** Censored, and too short or too uneven to extrapolate. */
  | { kind: 'open'; end: Reading };

type Exhausts = Extract<Projection, { kind: 'exhausts' }>;
type Never = Extract<Projection, { kind: 'never' }>;

/** Timeline rows are written with a resolution of a microsecond. */
const SAME_INSTANT_SECONDS = 1e-6;

/** The last row at or before a moment; the first one if there is none. */
export function rowAt(timeline: Timeline, seconds: number): number {
  const times = timeline.time_s;
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle] <= seconds + SAME_INSTANT_SECONDS) low = middle;
    else high = middle - 1;
  }
  return low;
}

function readingOf(timeline: Timeline, row: number): Reading {
  return {
    timeSeconds: timeline.time_s[row],
    tasks: timeline.tasks[row],
    zombies: timeline.zombies[row],
    pinned: timeline.pinned[row],
    allocated: timeline.allocated[row],
    pidMax: timeline.pid_max[row],
    free: timeline.free[row],
    loadavgTasks: timeline.loadavg_tasks[row],
    pidAvailable: timeline.kubelet_pid_available[row],
  };
}

export function readingAt(result: RunResult, seconds: number): Reading {
  return readingOf(result.timeline, rowAt(result.timeline, seconds));
}

export function lastReading(result: RunResult): Reading {
  return readingOf(result.timeline, result.timeline.time_s.length - 1);
}

/**
 * The first time that more than half of the PIDs held were given back. Most of them must have been leaked
 * (zombies and pinned PIDs), and enough to be seen in a chart: the end of a burst of live tasks is no relief.
 */
function reliefAfter(result: RunResult, seconds: number): Relief | null {
  const { time_s: times, allocated } = result.timeline;
  let most = rowAt(result.timeline, seconds);
  for (let row = most + 1; row < times.length; row++) {
    if (allocated[row] > allocated[most]) most = row;
    if (allocated[row] * 2 >= allocated[most]) continue;
    const before = readingOf(result.timeline, most);
    const leaked = before.zombies + before.pinned;
    if (leaked * 2 > before.allocated && leaked > WORTH_TELLING * before.pidMax) {
      return { before, after: readingOf(result.timeline, settledRow(result.timeline, row)) };
    }
  }
  return null;
}

function endOf({ timeline }: RunResult, { untilSeconds }: Exhaustion): Relief | null {
  if (untilSeconds === null) return null;
  const row = rowAt(timeline, untilSeconds);
  const after = readingOf(timeline, settledRow(timeline, row));
  return {
    before: readingOf(timeline, Math.max(0, row - 1)),
    after: { ...after, timeSeconds: untilSeconds },
  };
}

/** Pods are deleted one after another: the row after which no more PIDs are given back. */
function settledRow({ allocated }: Timeline, row: number): number {
  let settled = row;
  while (settled + 1 < allocated.length && allocated[settled + 1] < allocated[settled]) settled++;
  return settled;
}

/** Of the limits on all pods: the one that refuses first, or else has the least room at the end. */
export type Binding = 'pid_max' | 'threads-max' | 'all-pods';

export function bindingOf(result: RunResult): Binding {
  const first = harmsOf(result).find(
    ({ kind, scope }) => kind === 'refused' && (scope === 'node' || scope === 'all-pods'),
  );
  if (first?.scope === 'all-pods') return 'all-pods';
  if (first !== undefined) return first.limit?.name === 'threads-max' ? 'threads-max' : 'pid_max';
  const { free, loadavgTasks } = lastReading(result);
  return threadsMaxOf(result) - loadavgTasks < free ? 'threads-max' : 'pid_max';
}

/** It stays as it was when the run began. */
export function threadsMaxOf({ node }: RunResult): number {
  return node.limits.find(({ limit }) => limit.name === 'threads-max')?.limit.value ?? Infinity;
}

/** How long the node was full, all times together. */
export function fullForSeconds(result: RunResult): number {
  return result.exhaustions.reduce(
    (sum, { atSeconds, untilSeconds }) => sum + (untilSeconds ?? result.endSeconds) - atSeconds,
    0,
  );
}

/** A leak below this share of the table is no story. */
const WORTH_TELLING = 0.02;

export function tellStory(result: RunResult): Story {
  const { exhaustions, projection } = result;
  const [first, again = null] = exhaustions;
  if (first !== undefined) {
    const { atSeconds } = first;
    return {
      kind: 'full',
      atSeconds,
      reading: readingAt(result, atSeconds),
      relief: endOf(result, first),
      again,
    };
  }
  const end = lastReading(result);
  const [harm] = harmsOf(result);
  if (harm !== undefined) return { kind: 'harmed', atSeconds: harm.atSeconds, harm, end };
  const relief = reliefAfter(result, 0);
  if (projection?.kind === 'exhausts') {
    return { kind: 'would-fill', atSeconds: projection.atSeconds, end, relief, projection };
  }
  if (relief !== null) return { kind: 'recovered', relief, end };
  return projection === null ? { kind: 'open', end } : { kind: 'never', end, projection };
}

/** The moments that a picture of the run has to show, in order, from the start of the run. */
export function tellingMoments(result: RunResult): number[] {
  const { symptoms } = result;
  const story = tellStory(result);
  const moments = [
    symptoms.firstForkRefusedSeconds,
    symptoms.firstProbeFailureSeconds,
    symptoms.firstSshRefusedSeconds,
    symptoms.firstPodCreateFailedSeconds,
    ...harmsOf(result).map(({ atSeconds }) => atSeconds),
    'relief' in story ? (story.relief?.after.timeSeconds ?? null) : null,
    ...result.exhaustions.slice(1).map(({ atSeconds }) => atSeconds),
    ...result.events.filter((event) => event.kind === 'intervention').map((event) => event.timeSeconds),
  ];
  return moments.filter((seconds) => seconds !== null).sort((a, b) => a - b);
}

/** The share of the PIDs that one pod holds, or all copies of it together. */
export interface Culprit {
  origin: string;
  pods: string[];
  containers: string[];
  programs: string[];
  pids: number;
  /** Of all PIDs held at that moment, 0 to 1. */
  share: number;
}

/** The holders of PIDs at one moment. */
export interface BlameAt {
  rows: readonly BlameRow[];
  atSeconds: number;
  /** At the first fork that the node refused; otherwise at the end of the run. */
  whenFull: boolean;
}

/** The blame at the end of the run; if a full node has room again by then, the blame as it became full. */
export function blameToTell(result: RunResult): BlameAt {
  const { exhaustions, blame, blameWhenFull } = result;
  const hasRoomAgain = exhaustions.length > 0 && exhaustions[exhaustions.length - 1].untilSeconds !== null;
  return hasRoomAgain && blameWhenFull !== null
    ? { rows: blameWhenFull, atSeconds: exhaustions[0].atSeconds, whenFull: true }
    : { rows: blame, atSeconds: lastReading(result).timeSeconds, whenFull: false };
}

/** The largest holders first. The copies of a pod are taken together: `rabbitmq-0`, `rabbitmq-1` are one. */
export function culprits({ rows }: BlameAt): Culprit[] {
  const groups = new Map<string, Culprit>();
  let total = 0;
  for (const row of rows) {
    if (row.pids === 0) continue;
    total += row.pids;
    const key = JSON.stringify([row.origin, row.container, row.pod === 'node']);
    const group = groups.get(key) ?? {
      origin: row.origin,
      pods: [],
      containers: [],
      programs: [],
      pids: 0,
      share: 0,
    };
    groups.set(key, group);
    group.pids += row.pids;
    addOnce(group.pods, row.pod);
    addOnce(group.containers, row.container);
    addOnce(group.programs, row.program);
  }
  const sorted = [...groups.values()].sort((a, b) => b.pids - a.pids);
  for (const group of sorted) group.share = total === 0 ? 0 : group.pids / total;
  return sorted;
}

function addOnce(list: string[], item: string): void {
  if (item !== '' && !list.includes(item)) list.push(item);
}
