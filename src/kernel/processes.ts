/**
 * Of every process, what ends with its life: children, threads, signal handling. Stands for `struct signal_struct`.
 *
 * A row is sixteen 32-bit numbers and is named by the index of its first, as tasks are (tasks.ts).
 */
import { lengthened, NONE, nextCapacity } from './arena.js';
import type { PidBitmap } from './bitmap.js';

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
/** Extra threads, the leader not counted; their numbers are in `threadNumbers`. */
export const THREADS = 5;
/** RLIMIT_NPROC (K39). */
export const NPROC_MAX = 6;
export const SIGCHLD_ACTION = 7;
export const SIGTERM_ACTION = 8;
/** Signals that are pending: one bit each, a second one of a kind is lost (K25). */
export const PENDING = 9;
/** IS_SUBREAPER, HAS_SUBREAPER. */
export const FLAGS = 10;
/** Live processes of its namespace. */
export const NEXT_IN_NAMESPACE = 11;
export const PREVIOUS_IN_NAMESPACE = 12;
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
    if (fresh === this.rows.length) this.rows = lengthened(this.rows, nextCapacity(fresh, ROW_LENGTH));
    this.threadNumbers.push(null);
    this.end = fresh + ROW_LENGTH;
    return fresh;
  }

  release(process: number): void {
    this.rows[process | TASK] = this.firstFree;
    this.firstFree = process;
  }
}

/**
 * The numbers of a process's extra threads: for each namespace level a stack of runs (start, length). Threads are
 * made in bursts and end together, so a burst of fourteen is one run, taken and given back with one mask.
 */
export class ThreadNumbers {
  private readonly levels: RunStack[] = [];

  push(level: number, start: number, length: number): void {
    while (this.levels.length <= level) this.levels.push(new RunStack());
    this.levels[level].push(start, length);
  }

  /** Gives all numbers of a level back to its table. */
  drain(level: number, table: PidBitmap): void {
    const stack = this.levels[level];
    for (let i = 0; i < stack.count; i++) table.freeRun(stack.starts[i], stack.lengths[i]);
    stack.count = 0;
  }

  /** Takes out the number of the youngest thread at a level. */
  pop(level: number): number {
    const stack = this.levels[level];
    const top = stack.count - 1;
    if (--stack.lengths[top] === 0) stack.count--;
    return stack.starts[top] + stack.lengths[top];
  }

  numbersAt(level: number): number[] {
    const { starts, lengths, count } = this.levels[level] ?? new RunStack();
    return Array.from({ length: count }, (_, i) =>
      Array.from({ length: lengths[i] }, (__, offset) => starts[i] + offset),
    ).flat();
  }
}

class RunStack {
  starts = new Int32Array(2);
  lengths = new Int32Array(2);
  count = 0;

  push(start: number, length: number): void {
    if (this.count === this.starts.length) {
      this.starts = lengthened(this.starts, this.count * 2);
      this.lengths = lengthened(this.lengths, this.count * 2);
    }
    this.starts[this.count] = start;
    this.lengths[this.count++] = length;
  }
}
