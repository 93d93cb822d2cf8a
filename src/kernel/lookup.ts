/** From a number to whoever has it: what a system call does first that is given a PID. */

import type { TaskId } from './ids.js';
import { NONE } from './ids.js';
import type { PidNamespace } from './namespaces.js';
import { TASK } from './processes.js';
import type { KernelState } from './state.js';
import { PID } from './tasks.js';
import { threadPidsIn } from './threads.js';

/**
 * The process, zombies included, whose number in `namespace` this is, or NONE: free, pinned, or that of an extra
 * thread. Stands for `pid_task(…, PIDTYPE_TGID)`.
 *
 * The model keeps no table from numbers to tasks: programs know their children by index, and nearly always it is still
 * the child that has the number. So this walks the task table, once it is sure that somebody has the number.
 */
export function processWithPid(kernel: KernelState, namespace: PidNamespace, number: number): TaskId {
  if (!namespace.taken.has(number)) return NONE;
  for (const task of kernel.tasks) {
    if (kernel.pidIn(kernel.tasks.rows[task + PID], namespace) === number) return task;
  }
  return NONE;
}

/** The same, or else the process that has an extra thread with this number: `pid_task(…, PIDTYPE_PID)`, for kill. */
export function taskWithPid(kernel: KernelState, namespace: PidNamespace, number: number): TaskId {
  const found = processWithPid(kernel, namespace, number);
  if (found !== NONE || !namespace.taken.has(number)) return found;
  const { processes } = kernel;
  for (const process of processes) {
    const task = processes.rows[process | TASK] as TaskId;
    const own = kernel.namespaceOf(task);
    if (!namespace.contains(own)) continue;
    if (threadPidsIn(kernel, process, own, namespace).includes(number)) return task;
  }
  return NONE;
}
