/**
 * What a run amounts to: which of a few stories it tells, and the readings of the node at the moments that matter.
 * Derived from the result alone; the words are in message.ts.
 */
import type { BlameRow, Exhaustion, PodRefusal, Projection, RunResult, Timeline } from './result.js';

/** The node at one moment: a row of the timeline. */
export interface Reading {
  timeSeconds: number;
  tasks: number;
  zombies: number;
  pinned: number;
  allocated: number;
  pidMax: number;
  free: number;
  loadavgTasks: number;
  pidAvailable: number;
}

/**
 * Numbers that had piled up and were given back: the most that were held, and the first reading below half of it. Of a full
 * node: the last reading without room, and the first with it, be it that pids were given back or that the limit was raised.
 */
export interface Relief {
  before: Reading;
  after: Reading;
}

/** Every run tells exactly one of these. */
export type Story =
  /** The node refused a fork; `again` if it did so once more after the relief. */
  | { kind: 'full'; atSeconds: number; reading: Reading; relief: Relief | null; again: Exhaustion | null }
  /** A limit of a pod's own (its cgroup, its namespace) refused a fork; the node never did, and would not in time either. */
  | { kind: 'pod-full'; atSeconds: number; first: PodRefusal; reading: Reading; end: Reading }
  /** Never full, and what had piled up has been given back for good. */
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

export function readingOf(timeline: Timeline, row: number): Reading {
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
 * The first time that more than half of the pids held went away. What went must have been a leak (zombies and
 * pinned pids) and large enough to be seen: a burst of live tasks that ends is nothing to tell.
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

/** Pods go one after another: the row from which on no more is given back. */
function settledRow({ allocated }: Timeline, row: number): number {
  let settled = row;
  while (settled + 1 < allocated.length && allocated[settled + 1] < allocated[settled]) settled++;
  return settled;
}

/** When the run ended: at its horizon, or where it was stopped. */
export function endSeconds({ timeline }: RunResult): number {
  return timeline.time_s[timeline.time_s.length - 1];
}

/** How long the node was full, in all. */
export function fullForSeconds(result: RunResult): number {
  return result.exhaustions.reduce(
    (sum, { atSeconds, untilSeconds }) => sum + (untilSeconds ?? endSeconds(result)) - atSeconds,
    0,
  );
}

/** A leak below this part of the table is no story. */
const WORTH_TELLING = 0.02;

export function tellStory(result: RunResult): Story {
  const { exhaustions, projection, symptoms } = result;
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
  const [refusal] = symptoms.podRefusals;
  if (refusal !== undefined && projection?.kind !== 'exhausts') {
    const { atSeconds } = refusal;
    return { kind: 'pod-full', atSeconds, first: refusal, reading: readingAt(result, atSeconds), end };
  }
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
    story.kind === 'full' ? story.atSeconds : null,
    'relief' in story ? (story.relief?.after.timeSeconds ?? null) : null,
    ...result.exhaustions.slice(1).map(({ atSeconds }) => atSeconds),
    ...result.events.filter((event) => event.kind === 'intervention').map((event) => event.timeSeconds),
  ];
  return moments.filter((seconds) => seconds !== null).sort((a, b) => a - b);
}

/** One pod's or one kind of pod's share of the pids. */
export interface Culprit {
  origin: string;
  pods: string[];
  containers: string[];
  programs: string[];
  pids: number;
  /** Of all pids held at that moment, 0 to 1. */
  share: number;
}

/** Who holds the pids, and when that was. */
export interface BlameAt {
  rows: readonly BlameRow[];
  atSeconds: number;
  /** As the node refused its first fork; not: at the end of the run. */
  whenFull: boolean;
}

/** At the end of the run. But if a node that was full has room again by then, it is too late to ask: as it became full. */
export function blameToTell(result: RunResult): BlameAt {
  const { exhaustions, blame, blameWhenFull } = result;
  const hasRoomAgain = exhaustions.length > 0 && exhaustions[exhaustions.length - 1].untilSeconds !== null;
  return hasRoomAgain && blameWhenFull !== null
    ? { rows: blameWhenFull, atSeconds: exhaustions[0].atSeconds, whenFull: true }
    : { rows: blame, atSeconds: lastReading(result).timeSeconds, whenFull: false };
}

/** Who holds the most, with the copies of a pod taken together: `rabbitmq-0`, `rabbitmq-1` are one culprit. */
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
