/** What one run of a recorded command did. */

import type { StatRow } from '../../procfs/stat.js';
import type { TraceEvent } from '../../program/catalogue/trace.js';

/** Where the program comes from, the best first. */
export const RECORD_SOURCES = ['tracefs', 'strace', 'snapshots'] as const;
export type RecordSource = (typeof RECORD_SOURCES)[number];

export interface RecordedRun {
  status: number | null;
  signal: string | null;
  timedOut: boolean;
  /** From its exec to its being reaped. */
  durationUs: number;
  outputBytes: number;
  /** Left behind by this run, at rest. */
  zombies: number;
  pinned: number;
  live: number;
  /** The command's own PID, and what it left behind: zombies and live processes. */
  pid: number;
  left: StatRow[];
  /** How far the namespace's cursor has moved: processes and threads, the command's own included. */
  pidsUsed: number;
  /** The most of its tasks that were alive at once. */
  widest: number;
  /** What was still alive had not come to rest when the next run began. */
  restless: boolean;
  /** null: not traced. */
  events: TraceEvent[] | null;
}

/** As a probe: it ended by itself, with status 0. */
export function hasSucceeded({ status, timedOut }: RecordedRun): boolean {
  return status === 0 && !timedOut;
}
