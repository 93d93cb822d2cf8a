/**
 * What a run amounts to: which of a few stories it tells, and the readings of the node at the moments that matter.
 * Derived from the result alone; the words are in message.ts.
 */
import type { Projection, RunResult, Timeline } from '../experiment/result.js';

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

/** Every run tells exactly one of these. */
export type Story =
  /** The node refused a fork. `freeAgain`: later on it held less than half of the numbers it held then. */
  | { kind: 'full'; atSeconds: number; reading: Reading; freeAgain: Reading | null }
  /** Never full, and the numbers that piled up have been given back. */
  | { kind: 'recovered'; peak: Reading; freeAgain: Reading; end: Reading }
  | {
      kind: 'would-fill';
      atSeconds: number;
      end: Reading;
      projection: Extract<Projection, { kind: 'exhausts' }>;
    }
  | { kind: 'never'; end: Reading; projection: Extract<Projection, { kind: 'never' }> }
  /** Censored, and too short or too uneven to extrapolate. */
  | { kind: 'open'; end: Reading };

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

/** The row with the most numbers allocated, the first of equals. */
export function peakReading(result: RunResult): Reading {
  const { allocated } = result.timeline;
  let peak = 0;
  for (let row = 1; row < allocated.length; row++) if (allocated[row] > allocated[peak]) peak = row;
  return readingOf(result.timeline, peak);
}

/** The first row after a reading at which less than half of its numbers are still allocated. */
function halvedAfter(result: RunResult, reading: Reading): Reading | null {
  const { time_s: times, allocated } = result.timeline;
  for (let row = rowAt(result.timeline, reading.timeSeconds) + 1; row < times.length; row++) {
    if (allocated[row] * 2 < reading.allocated) return readingOf(result.timeline, row);
  }
  return null;
}

export function tellStory(result: RunResult): Story {
  const { outcome, projection } = result;
  if (outcome.kind === 'exhausted') {
    const reading = readingAt(result, outcome.atSeconds);
    return { kind: 'full', atSeconds: outcome.atSeconds, reading, freeAgain: halvedAfter(result, reading) };
  }
  const end = lastReading(result);
  const peak = peakReading(result);
  // Dead weight, not a burst of live tasks: only a leak that has ended is a recovery.
  if (peak.allocated > 2 * end.allocated && 2 * (peak.zombies + peak.pinned) > peak.allocated) {
    return { kind: 'recovered', peak, freeAgain: halvedAfter(result, peak) ?? end, end };
  }
  if (projection === null) return { kind: 'open', end };
  if (projection.kind === 'never') return { kind: 'never', end, projection };
  return { kind: 'would-fill', atSeconds: projection.atSeconds, end, projection };
}

/** Forks refused inside a pod only (its cgroup or namespace), while the node itself never refused one. */
export function refusedInPodSeconds(result: RunResult): number | null {
  return result.outcome.kind === 'censored' ? result.symptoms.firstForkRefusedSeconds : null;
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
    story.kind === 'full' || story.kind === 'recovered' ? (story.freeAgain?.timeSeconds ?? null) : null,
    ...result.events.filter((event) => event.kind === 'intervention').map((event) => event.timeSeconds),
  ];
  return moments.filter((seconds) => seconds !== null).sort((a, b) => a - b);
}

/** One pod's or one kind of pod's share of the numbers. */
export interface Culprit {
  origin: string;
  pods: string[];
  containers: string[];
  programs: string[];
  numbers: number;
  /** Of all numbers held at the end of the run, 0 to 1. */
  share: number;
}

/** Who holds the most, with the copies of a pod taken together: `rabbitmq-0`, `rabbitmq-1` are one culprit. */
export function culprits(result: RunResult): Culprit[] {
  const groups = new Map<string, Culprit>();
  let total = 0;
  for (const row of result.blame) {
    total += row.numbers;
    const key = JSON.stringify([row.origin, row.container, row.pod === 'node']);
    const group = groups.get(key) ?? {
      origin: row.origin,
      pods: [],
      containers: [],
      programs: [],
      numbers: 0,
      share: 0,
    };
    groups.set(key, group);
    group.numbers += row.numbers;
    addOnce(group.pods, row.pod);
    addOnce(group.containers, row.container);
    addOnce(group.programs, row.program);
  }
  const sorted = [...groups.values()].sort((a, b) => b.numbers - a.numbers);
  for (const group of sorted) group.share = total === 0 ? 0 : group.numbers / total;
  return sorted;
}

function addOnce(list: string[], item: string): void {
  if (item !== '' && !list.includes(item)) list.push(item);
}
