/**
 * The task table: of every process, what outlives its death.
 *
 * The split between this table and processes.ts is the difference between a live process and a zombie (K42):
 * a zombie keeps its PIDs, its group and session, its place under its parent, its charges and its exit
 * status; memory, handlers, threads and children are gone with the row in `Processes`. It also keeps a table
 * of two million zombies small.
 *
 * A row is fourteen 32-bit numbers, and a task is named by the index of its first: its parent is `rows[task +
 * PARENT]`. One array for all of it, because every further array that a system call touches costs it five or
 * six loads before the first number is there (docs/performance.md).
 */
import { lengthened } from './arena.js';
import { type CgroupId, type CommId, NONE, type OriginId, type PidNsId, type TaskId } from './ids.js';
import { namespaceIn, originIn } from './pids.js';

/** What STATE can be; what that means for the end of a process is drawn in stages.ts. */
export const FREE = 0;
export const LIVE = 1;
export const ZOMBIE = 2;
/** The main thread has ended, others go on (K19). */
export const LEADER_DEAD = 3;
/** PID 1 of a namespace, dying, waits until it is the last one there (K32). */
export const ENDING_NAMESPACE = 4;

/** Its own `struct pid`, its process group's, its session's: rows of `Pids`. */
export const PID = 0;
export const GROUP = 1;
export const SESSION = 2;
export const PARENT = 3;
/** Its row in `Processes`; NONE for a zombie. */
export const PROCESS = 4;
/** Siblings among the parent's live children or its zombies (children.ts). In a free row, the next one. */
export const NEXT = 5;
export const PREVIOUS = 6;
export const FIRST_BELOW = 7;
/** Place in the parent's list of children: later is larger, modulo 2^32. */
export const PLACE = 8;
/** The namespace it is in, and its origin: 16 bits each, as its `struct pid` has them, to be at hand. */
export const LABEL = 9;
/** Its cgroup and its name: 16 bits each. */
export const CGROUP_AND_COMM = 10;
export const USER = 11;
/** Exit status, 128 + signal if killed. */
export const STATUS = 12;
export const STATE = 13;
const ROW_LENGTH = 14;

/** Tasks counted from 0 without gaps, for tables of others about tasks. */
export function taskIndex(task: TaskId): number {
  return (task / ROW_LENGTH) | 0;
}

export class Tasks {
  rows = new Int32Array(64 * ROW_LENGTH);
  private firstFree: TaskId = NONE;
  private end = 0;

  allocate(): TaskId {
    const task = this.firstFree;
    if (task !== NONE) {
      this.firstFree = this.rows[task + NEXT] as TaskId;
      return task;
    }
    const fresh = this.end;
    if (fresh === this.rows.length) this.rows = lengthened(this.rows, ROW_LENGTH);
    this.end = fresh + ROW_LENGTH;
    return fresh as TaskId;
  }

  release(task: TaskId): void {
    this.rows[task + STATE] = FREE;
    this.rows[task + NEXT] = this.firstFree;
    this.firstFree = task;
  }

  namespaceId(task: TaskId): PidNsId {
    return namespaceIn(this.rows[task + LABEL]);
  }

  origin(task: TaskId): OriginId {
    return originIn(this.rows[task + LABEL]);
  }

  cgroup(task: TaskId): CgroupId {
    return (this.rows[task + CGROUP_AND_COMM] & 0xffff) as CgroupId;
  }

  comm(task: TaskId): CommId {
    return (this.rows[task + CGROUP_AND_COMM] >>> 16) as CommId;
  }

  setCgroup(task: TaskId, cgroup: CgroupId): void {
    this.rows[task + CGROUP_AND_COMM] = (this.comm(task) << 16) | cgroup;
  }

  setComm(task: TaskId, comm: CommId): void {
    this.rows[task + CGROUP_AND_COMM] = (comm << 16) | this.cgroup(task);
  }

  /** Every task there is, dead or alive, in no order that means anything. */
  *[Symbol.iterator](): Generator<TaskId> {
    for (let task = 0; task < this.end; task += ROW_LENGTH) {
      if (this.rows[task + STATE] !== FREE) yield task as TaskId;
    }
  }
}
