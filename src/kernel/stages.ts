/**
 * The end of a process, drawn once: every stage from the signal to the free row.
 *
 *   live ── a signal ends it (endBySignal) ──────────────► killed ──────────── it runs (dieOfSignal) ──┐
 *    ├── its only thread exits (exit) ───────────────────────────────────────────────────────────────┤
 *    └── the main thread of several exits (exitMainThread) ──► leader-dead ──── the last thread ends ──┤
 *         └── exit_group (exitAhead), or a signal ──► leader-dead-killed ────── they run (dieOfSignal) ┤
 *                                                                                                     ▼
 *   free ◄── reaped (wait), or its parent ignores SIGCHLD (tellParent) ◄── zombie ◄──────── becomeZombie
 *
 * PID 1 of a namespace is `ending-namespace` before it is a zombie, until no PID but its own is left there.
 *
 * A free row may leave its PID behind: taken, and of no task, as long as its process group or its session has
 * a member. That is a pinned PID (pids.ts); no column here says so.
 */

import type { TaskId } from './ids.js';
import { SIGNALS, THREADS } from './processes.js';
import { PENDING_DEATH } from './signals.js';
import type { KernelState } from './state.js';
import { ENDING_NAMESPACE, LEADER_DEAD, LIVE, PROCESS, STATE, ZOMBIE } from './tasks.js';

interface Stage {
  /** `to die`: it gets its turn, and ends in it before it does anything else. */
  mayRun: 'yes' | 'to die' | 'no';
  holdsPid: boolean;
  /** The letter in STAT; null: `ps` does not show it. */
  ps: 'S' | 'Z' | null;
  /** Does `wait` return it? */
  canBeReaped: boolean;
}

export const STAGES = {
  live: { mayRun: 'yes', holdsPid: true, ps: 'S', canBeReaped: false },
  /** A signal is to end it, and it has not run since (K9): it looks and holds what it did. */
  killed: { mayRun: 'to die', holdsPid: true, ps: 'S', canBeReaped: false },
  /** The main thread has ended, others go on: `Zl` (K19). */
  'leader-dead': { mayRun: 'yes', holdsPid: true, ps: 'Z', canBeReaped: false },
  /** An exit_group or a signal has killed its other threads, and they have not run since (K9, K19). */
  'leader-dead-killed': { mayRun: 'to die', holdsPid: true, ps: 'Z', canBeReaped: false },
  /** PID 1 of a namespace waits until its own PIDs are the last ones there (K32). */
  'ending-namespace': { mayRun: 'no', holdsPid: true, ps: 'S', canBeReaped: false },
  /** The same by another thread than the main one, which is a zombie by then: `Zl`. */
  'ending-namespace-leader-dead': { mayRun: 'no', holdsPid: true, ps: 'Z', canBeReaped: false },
  zombie: { mayRun: 'no', holdsPid: true, ps: 'Z', canBeReaped: true },
  free: { mayRun: 'no', holdsPid: false, ps: null, canBeReaped: false },
} as const satisfies Record<string, Stage>;

export type StageName = keyof typeof STAGES;

export function stageOf(kernel: KernelState, task: TaskId): StageName {
  switch (kernel.tasks.rows[task + STATE]) {
    case LIVE:
      return isKilled(kernel, task) ? 'killed' : 'live';
    case LEADER_DEAD:
      return isKilled(kernel, task) ? 'leader-dead-killed' : 'leader-dead';
    case ENDING_NAMESPACE:
      return isMainThreadDead(kernel, task) ? 'ending-namespace-leader-dead' : 'ending-namespace';
    default:
      return kernel.tasks.rows[task + STATE] === ZOMBIE ? 'zombie' : 'free';
  }
}

/** Does it get another turn, if only to die? */
export function canRun(kernel: KernelState, task: TaskId): boolean {
  return STAGES[stageOf(kernel, task)].mayRun !== 'no';
}

/** Has a signal, or its own exit_group, killed it, and it has not run since? It has a row in `Processes`. */
export function isKilled(kernel: KernelState, task: TaskId): boolean {
  return (kernel.processes.rows[kernel.processOf(task) | SIGNALS] & PENDING_DEATH) !== 0;
}

/** Is the main thread a zombie already, though some other thread of the process goes on (K19)? */
export function isMainThreadDead(kernel: KernelState, task: TaskId): boolean {
  const { rows } = kernel.tasks;
  const state = rows[task + STATE];
  if (state === ENDING_NAMESPACE) return kernel.processes.rows[rows[task + PROCESS] | THREADS] > 0;
  return state === LEADER_DEAD;
}
