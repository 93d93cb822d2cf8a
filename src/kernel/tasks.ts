/**
 * The task table: of every process, what outlives its death.
 *
 * The split between this table and processes.ts is the difference between a live process and a zombie (K42): a
 * zombie keeps its numbers, its group and session, its place under its parent, its charges and its exit status;
 * memory, handlers, threads and children are gone with the row in `Processes`. It also keeps a table of two million
 * zombies small.
 */
import { lengthened, NONE, nextCapacity } from './arena.js';

export const TASK_STATES = ['free', 'live', 'zombie', 'leader-dead', 'ending-namespace'] as const;
export type TaskState = (typeof TASK_STATES)[number];
export const FREE = 0;
export const LIVE = 1;
export const ZOMBIE = 2;
/** The main thread has ended, others go on: `Zl`, and nobody can wait for it yet (K19). */
export const LEADER_DEAD = 3;
/** PID 1 of a namespace, dying, waits until it is the last one there (K32). */
export const ENDING_NAMESPACE = 4;

export class Tasks {
  state = new Uint8Array(64);
  /** Its own pid, its process group, its session: indices into `Pids`. */
  pid = new Int32Array(64);
  group = new Int32Array(64);
  session = new Int32Array(64);
  parent = new Int32Array(64);
  /** Row in `Processes`; NONE for a zombie. */
  process = new Int32Array(64);
  /** Siblings among the live children, or among the zombies of the parent (children.ts). */
  next = new Int32Array(64);
  previous = new Int32Array(64);
  firstBelow = new Int32Array(64);
  /** Place in the parent's list of children: later is larger, modulo 2^32. */
  place = new Uint32Array(64);
  cgroup = new Uint16Array(64);
  comm = new Uint16Array(64);
  user = new Uint8Array(64);
  /** Exit status, 128 + signal if killed. */
  status = new Uint8Array(64);
  private firstFree = NONE;
  end = 0;

  allocate(): number {
    const task = this.firstFree;
    if (task !== NONE) {
      this.firstFree = this.next[task];
      return task;
    }
    if (this.end === this.state.length) this.grow();
    return this.end++;
  }

  release(task: number): void {
    this.state[task] = FREE;
    this.next[task] = this.firstFree;
    this.firstFree = task;
  }

  private grow(): void {
    const capacity = nextCapacity(this.state.length);
    this.state = lengthened(this.state, capacity);
    this.pid = lengthened(this.pid, capacity);
    this.group = lengthened(this.group, capacity);
    this.session = lengthened(this.session, capacity);
    this.parent = lengthened(this.parent, capacity);
    this.process = lengthened(this.process, capacity);
    this.next = lengthened(this.next, capacity);
    this.previous = lengthened(this.previous, capacity);
    this.firstBelow = lengthened(this.firstBelow, capacity);
    this.place = lengthened(this.place, capacity);
    this.cgroup = lengthened(this.cgroup, capacity);
    this.comm = lengthened(this.comm, capacity);
    this.user = lengthened(this.user, capacity);
    this.status = lengthened(this.status, capacity);
  }
}
