/** From a number to whoever has it: what a system call does first that is given a PID. */
import { NONE } from './arena.js';
import type { PidNamespace } from './namespaces.js';
import type { KernelState, TaskId } from './state.js';
import { FREE } from './tasks.js';

/**
 * The process, zombies included, whose number in `namespace` this is, or NONE: free, pinned, or that of an extra
 * thread. Stands for `pid_task(…, PIDTYPE_TGID)`.
 *
 * The model keeps no table from numbers to tasks: programs know their children by index, and nearly always it is still
 * the child that has the number. So this walks the task table, once it is sure that somebody has the number.
 */
export function processWithNumber(kernel: KernelState, namespace: PidNamespace, number: number): TaskId {
  if (!namespace.taken.has(number)) return NONE;
  const { tasks, pids } = kernel;
  const numbers = pids.numbers[namespace.level];
  for (let task = 0; task < tasks.end; task++) {
    if (tasks.state[task] === FREE || numbers[tasks.pid[task]] !== number) continue;
    if (namespace.contains(kernel.namespaceOf(task))) return task;
  }
  return NONE;
}

/** The same, or else the process that has an extra thread with this number: `pid_task(…, PIDTYPE_PID)`, for kill. */
export function taskWithNumber(kernel: KernelState, namespace: PidNamespace, number: number): TaskId {
  const found = processWithNumber(kernel, namespace, number);
  if (found !== NONE || !namespace.taken.has(number)) return found;
  const { tasks, processes } = kernel;
  for (let task = 0; task < tasks.end; task++) {
    if (tasks.state[task] === FREE || tasks.process[task] === NONE) continue;
    if (!namespace.contains(kernel.namespaceOf(task))) continue;
    if (processes.threadNumbers[tasks.process[task]]?.numbersAt(namespace.level).includes(number))
      return task;
  }
  return NONE;
}
