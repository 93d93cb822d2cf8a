/** waitpid. Stands for `do_wait`; never blocks: a process that is to block is woken through `hooks.wake`. */

import { finishEmptiedNamespaces, release } from './exit.js';
import { NONE, type TaskId } from './ids.js';
import type { KernelState } from './state.js';
import { FREE, PARENT, STATE, ZOMBIE } from './tasks.js';

/** Which child: any. */
export const ANY = -1;
/** Results that are not a child. */
export const WOULD_BLOCK = -2 as TaskId;
export const NO_CHILD = -3 as TaskId;

/**
 * Reaps the first zombie among the children (K29), or one child. Returns the released task, whose row is free
 * from now on (see `kernel.waitedStatus`), WOULD_BLOCK while there is something to wait for, or NO_CHILD
 * (ECHILD).
 */
export function wait(kernel: KernelState, task: TaskId, child: TaskId | typeof ANY): TaskId {
  if (child === ANY) {
    const process = kernel.processOf(task);
    const zombie = kernel.children.firstZombie(process);
    if (zombie !== NONE) return reap(kernel, zombie);
    return kernel.children.hasLive(process) ? WOULD_BLOCK : NO_CHILD;
  }
  const { rows } = kernel.tasks;
  if (rows[child + STATE] === FREE || rows[child + PARENT] !== task) return NO_CHILD;
  return rows[child + STATE] === ZOMBIE ? reap(kernel, child) : WOULD_BLOCK;
}

function reap(kernel: KernelState, zombie: TaskId): TaskId {
  kernel.waited = zombie;
  if (kernel.watcher !== null) kernel.watcher.reaped(zombie, kernel.tasks.rows[zombie + PARENT] as TaskId);
  release(kernel, zombie);
  finishEmptiedNamespaces(kernel);
  return zombie;
}
