/** From a PID to the process that has it: the first thing that a system call with a PID does. */

import { NONE, type TaskId } from './ids.js';
import type { PidNamespace } from './namespaces.js';
import { TASK } from './processes.js';
import type { KernelState } from './state.js';
import { PID } from './tasks.js';
import { threadPidsIn } from './threads.js';

/**
 * The process, alive or zombie, that has this PID in `namespace`; NONE if it is free, pinned, or that of an
 * extra thread. Stands for `pid_task(…, PIDTYPE_TGID)`.
 *
 * The model keeps no table from PIDs to tasks: programs know their children by index, and nearly always the
 * child still has its PID. So this walks the task table, if the PID is taken at all.
 */
export function processWithPid(kernel: KernelState, namespace: PidNamespace, pid: number): TaskId {
  if (!namespace.taken.has(pid)) return NONE;
  for (const task of kernel.tasks) {
    if (kernel.pidIn(kernel.tasks.rows[task + PID], namespace) === pid) return task;
  }
  return NONE;
}

/** The same, or else the process of an extra thread with this PID: `pid_task(…, PIDTYPE_PID)`, for kill. */
export function taskWithPid(kernel: KernelState, namespace: PidNamespace, pid: number): TaskId {
  const found = processWithPid(kernel, namespace, pid);
  if (found !== NONE || !namespace.taken.has(pid)) return found;
  const { processes } = kernel;
  for (const process of processes) {
    const task = processes.rows[process | TASK] as TaskId;
    const own = kernel.namespaceOf(task);
    if (!namespace.contains(own)) continue;
    if (threadPidsIn(kernel, process, own, namespace).includes(pid)) return task;
  }
  return NONE;
}
