/**
 * Of every process, what ends with its life: children, threads, signal handling. Stands for `struct signal_struct`.
 *
 * A row is sixteen 32-bit numbers and is named by the index of its first, as tasks are (tasks.ts).
 */
import { lengthened, NONE } from './arena.js';
import type { PidNamespace } from './namespaces.js';

/** PR_SET_CHILD_SUBREAPER is set. Not inherited (K21). */
export const IS_SUBREAPER = 1;
/** Some ancestor is or was a subreaper: worth looking for one (K20, K21). Inherited. */
export const HAS_SUBREAPER = 2;

/** The task. In a free row, the next free one. */
export const TASK = 0;
/** The namespace that its children are born in (`pid_ns_for_children`). */
export const CHILD_NAMESPACE = 1;
/** Live children in order, and zombies (children.ts). */
export const FIRST_CHILD = 2;
export const LAST_CHILD = 3;
export const ZOMBIES = 4;
/** Extra threads, the leader not counted; their numbers are in `threadNumbers`. -1 in a free row. */
export const THREADS = 5;
/** RLIMIT_NPROC (K39). */
export const NPROC_MAX = 6;
export const SIGCHLD_ACTION = 7;
export const SIGTERM_ACTION = 8;
/** Signals that are pending: one bit each, a second one of a kind is lost (K25). */
export const PENDING = 9;
/** IS_SUBREAPER, HAS_SUBREAPER. */
export const FLAGS = 10;
const ROW_LENGTH = 16;

/** Rows counted from 0 without gaps, for tables of others about live processes. */
export function processIndex(process: number): number {
  return process >> 4;
}

export class Processes {
  rows = new Int32Array(16 * ROW_LENGTH);
  /** By `processIndex`; null for who never had a thread. */
  readonly threadNumbers: (ThreadNumbers | null)[] = [];
  private firstFree = NONE;
  private end = 0;

  allocate(): number {
    const process = this.firstFree;
    if (process !== NONE) {
      this.firstFree = this.rows[process | TASK];
      return process;
    }
    const fresh = this.end;
    if (fresh === this.rows.length) this.rows = lengthened(this.rows, ROW_LENGTH);
    this.threadNumbers.push(null);
    this.end = fresh + ROW_LENGTH;
    return fresh;
  }

  release(process: number): void {
    this.rows[process | TASK] = this.firstFree;
    this.rows[process | THREADS] = -1;
    this.firstFree = process;
  }

  /** Every live process, in no order that means anything. */
  *[Symbol.iterator](): Generator<number> {
    for (let process = 0; process < this.end; process += ROW_LENGTH) {
      if (this.rows[process | THREADS] >= 0) yield process;
    }
  }
}

/**
 * The numbers of a process's extra threads. Threads are made in bursts and end together, so what is kept is bursts: a
 * length, and for each namespace level, from the innermost outwards, where the run of numbers starts.
 */
export class ThreadNumbers {
  private bursts = new Int32Array(8);
  private end = 0;

  /** Takes `length` numbers on every level, from `burstStart` on, where so many must be free. */
  take(namespace: PidNamespace, length: number): void {
    const size = namespace.level + 2;
    while (this.end + size > this.bursts.length) this.bursts = lengthened(this.bursts, size);
    const { bursts } = this;
    bursts[this.end++] = length;
    for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
      const start = level.burstStart;
      level.taken.takeRun(start, length);
      level.cursor = start + length;
      bursts[this.end++] = start;
    }
  }

  /** Gives all numbers back. */
  drain(namespace: PidNamespace): void {
    const { bursts } = this;
    for (let at = 0; at < this.end; ) {
      const length = bursts[at++];
      for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
        level.taken.freeRun(bursts[at++], length);
      }
    }
    this.end = 0;
  }

  /** Gives the numbers of the youngest thread back. */
  drop(namespace: PidNamespace): void {
    const { bursts } = this;
    const last = this.end - (namespace.level + 2);
    const length = --bursts[last];
    let at = last + 1;
    for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
      level.taken.free(bursts[at++] + length);
    }
    if (length === 0) this.end = last;
  }

  /** The numbers on the level of `of`, which `namespace` is in or is. */
  numbersIn(of: PidNamespace, namespace: PidNamespace): number[] {
    const numbers: number[] = [];
    for (let at = 0; at < this.end; at += namespace.level + 2) {
      const start = this.bursts[at + 1 + namespace.level - of.level];
      for (let offset = 0; offset < this.bursts[at]; offset++) numbers.push(start + offset);
    }
    return numbers;
  }
}
