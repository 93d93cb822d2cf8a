/**
 * Somebody who looks at every transition: a teacher, a trace, a test. The kernel tells it what its hooks do not.
 *
 * Told in the middle of a system call: it may read anything, and change nothing. A kernel that nobody watches
 * compares with null where these are called, once in an awaited exit, and in a fork not at all.
 */
import type { PidNsId, TaskId } from './ids.js';
import type { KERNEL, Signal } from './signals.js';

/** What became of a signal. `dropped`: there is no handler for it, or PID 1 is protected from it (K33). */
export const SIGNAL_EFFECTS = ['ends', 'handler', 'dropped', 'ignored'] as const;
export type SignalEffect = (typeof SIGNAL_EFFECTS)[number];

export interface KernelWatcher {
  execed(task: TaskId): void;
  /** By setsid, or by setpgid. */
  leads(task: TaskId, what: 'session' | 'group'): void;
  /** `count` extra threads more, or fewer. */
  threads(task: TaskId, count: number): void;
  exits(task: TaskId, status: number): void;
  becameZombie(task: TaskId): void;
  reparented(orphan: TaskId, from: TaskId, to: TaskId): void;
  signalled(from: TaskId | typeof KERNEL, to: TaskId, signal: Signal, effect: SignalEffect): void;
  /** A wait of its parent has found it; its release comes next. */
  reaped(child: TaskId, by: TaskId): void;
  /**
   * Nobody has these PIDs any more, from the host's inwards: they are free, or pinned. What was pinned is told of once
   * more when it is free.
   */
  left(pids: number[], innermost: PidNsId, isPinned: boolean): void;
}
