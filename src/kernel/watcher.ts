/**
 * Watches every transition, for a lecture, a trace or a test: the kernel tells it what its hooks do not.
 *
 * It is called in the middle of a system call: it may read anything, and change nothing. Without a watcher
 * each of these calls costs a comparison with null.
 */
import type { PidNsId, TaskId } from './ids.js';
import type { KERNEL, Signal } from './signals.js';

/** What became of a signal. `dropped`: there is no handler for it, or PID 1 is protected from it (K33). */
export type SignalEffect = 'ends' | 'handler' | 'dropped' | 'ignored';

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
   * The process that had these PIDs, from the host's inwards, is gone: they are free, or pinned. If they are
   * pinned, this is called once more when they are free.
   */
  left(pids: number[], innermost: PidNsId, isPinned: boolean): void;
}
