/** A process of the kernel model as a row. */
import type { TaskRow } from '../kernel/kernel.js';
import type { ProcessRow } from './process-row.js';

/** Leaves out what no tool would show: the task itself, its cgroup, its origin. */
export function processRow({ pid, ppid, pgid, sid, stat, comm, threads, nspid }: TaskRow): ProcessRow {
  return { pid, ppid, pgid, sid, stat, comm, threads, nspid };
}
