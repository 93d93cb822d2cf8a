/**
 * Of every process, what ends with its life: children, threads, signal handling. Stands for `struct
 * signal_struct`.
 *
 * A row is sixteen 32-bit numbers and is named by the index of its first, as tasks are (tasks.ts).
 */
import { asFree, lengthened } from './arena.js';
import { NONE } from './ids.js';
import type { ThreadPids } from './thread-pids.js';

/** The task. In a free row the next one, as `asFree` has it. */
export const TASK = 0;
/** The namespace that its children are born in (`pid_ns_for_children`). */
export const CHILD_NAMESPACE = 1;
/** Live children in order, and zombies (children.ts). A free row has none. */
export const FIRST_CHILD = 2;
export const LAST_CHILD = 3;
export const ZOMBIES = 4;
/** Extra threads, the leader not counted. A free row has none. */
export const THREADS = 5;
/** RLIMIT_NPROC (K39). */
export const NPROC_MAX = 6;
/** Pending signals, what is done about them, subreaper flags: see signals.ts. */
export const SIGNALS = 7;
/** Its first place in a list of children (tasks.ts, PLACE): later is larger, modulo 2^32. */
export const BIRTH = 8;
/**
 * The first burst of threads (threads.ts): its length, and where its PIDs start on each level, the host's
 * first.
 */
export const RUN_LENGTH = 9;
export const RUN_STARTS = 10;
const ROW_LENGTH = 16;
/** So many levels have room in the row. */
export const RUN_LEVELS_MAX = ROW_LENGTH - RUN_STARTS;

/** Rows counted from 0 without gaps, for tables of others about live processes. */
export function processIndex(process: number): number {
  return process >> 4;
}

export class Processes {
  rows = new Int32Array(16 * ROW_LENGTH);
  /** By `processIndex`, the bursts of threads that are not in the row; null if it never had one. */
  readonly furtherThreads: (ThreadPids | null)[] = [];
  private firstFree: number = NONE;
  private end = 0;

  allocate(): number {
    const process = this.firstFree;
    if (process !== NONE) {
      this.firstFree = asFree(this.rows[process | TASK]);
      return process;
    }
    const fresh = this.end;
    if (fresh === this.rows.length) this.rows = lengthened(this.rows, ROW_LENGTH);
    this.rows[fresh | FIRST_CHILD] = NONE;
    this.rows[fresh | LAST_CHILD] = NONE;
    this.rows[fresh | ZOMBIES] = NONE;
    this.furtherThreads.push(null);
    this.end = fresh + ROW_LENGTH;
    return fresh;
  }

  release(process: number): void {
    this.rows[process | TASK] = asFree(this.firstFree);
    this.firstFree = process;
  }

  /** Every live process, in no order that means anything. */
  *[Symbol.iterator](): Generator<number> {
    for (let process = 0; process < this.end; process += ROW_LENGTH) {
      if (this.rows[process | TASK] >= 0) yield process;
    }
  }
}
