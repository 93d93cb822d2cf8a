/** Of every process, what ends with its life: children, threads, signal handling. Stands for `struct signal_struct`. */
import { lengthened, NONE, nextCapacity } from './arena.js';
import type { PidBitmap } from './bitmap.js';

/** PR_SET_CHILD_SUBREAPER is set. Not inherited (K21). */
export const IS_SUBREAPER = 1;
/** Some ancestor is or was a subreaper: worth looking for one (K20, K21). Inherited. */
export const HAS_SUBREAPER = 2;

export class Processes {
  task = new Int32Array(16);
  /** The namespace it is in, and the one that its children are born in (`pid_ns_for_children`). */
  namespace = new Int32Array(16);
  childNamespace = new Int32Array(16);
  /** Live children in order, and zombies (children.ts). */
  firstChild = new Int32Array(16);
  lastChild = new Int32Array(16);
  zombies = new Int32Array(16);
  /** Extra threads, the leader not counted; their numbers are in `threadNumbers`. */
  threads = new Int32Array(16);
  threadNumbers: (ThreadNumbers | null)[] = [];
  /** RLIMIT_NPROC (K39). */
  nprocMax = new Int32Array(16);
  sigchld = new Uint8Array(16);
  sigterm = new Uint8Array(16);
  /** Signals that are pending: one bit each, a second one of a kind is lost (K25). */
  pending = new Uint8Array(16);
  flags = new Uint8Array(16);
  nextInNamespace = new Int32Array(16);
  previousInNamespace = new Int32Array(16);
  private firstFree = NONE;
  private end = 0;

  allocate(): number {
    const process = this.firstFree;
    if (process !== NONE) {
      this.firstFree = this.task[process];
      return process;
    }
    if (this.end === this.task.length) this.grow();
    this.threadNumbers.push(null);
    return this.end++;
  }

  release(process: number): void {
    this.task[process] = this.firstFree;
    this.firstFree = process;
  }

  private grow(): void {
    const capacity = nextCapacity(this.task.length);
    this.task = lengthened(this.task, capacity);
    this.namespace = lengthened(this.namespace, capacity);
    this.childNamespace = lengthened(this.childNamespace, capacity);
    this.firstChild = lengthened(this.firstChild, capacity);
    this.lastChild = lengthened(this.lastChild, capacity);
    this.zombies = lengthened(this.zombies, capacity);
    this.threads = lengthened(this.threads, capacity);
    this.nprocMax = lengthened(this.nprocMax, capacity);
    this.sigchld = lengthened(this.sigchld, capacity);
    this.sigterm = lengthened(this.sigterm, capacity);
    this.pending = lengthened(this.pending, capacity);
    this.flags = lengthened(this.flags, capacity);
    this.nextInNamespace = lengthened(this.nextInNamespace, capacity);
    this.previousInNamespace = lengthened(this.previousInNamespace, capacity);
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
