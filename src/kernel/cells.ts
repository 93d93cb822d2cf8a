/** The PID table of a namespace, one cell a PID, and the holder of one of them, for a picture of it. */
import type { TaskId } from './ids.js';
import { RESERVED_PIDS } from './limits.js';
import type { PidNamespace } from './namespaces.js';
import { type TaskRow, taskRow } from './observe.js';
import { STAGES, stageOf } from './stages.js';
import type { KernelState } from './state.js';
import { GROUP, PID, PROCESS, SESSION } from './tasks.js';
import { threadPidsIn } from './threads.js';

/** What a PID can be, and the number that stands for it in a table of cells. */
export const CELLS = ['free', 'reserved', 'live', 'thread', 'zombie', 'pinned'] as const;
const [, RESERVED, LIVE, THREAD, ZOMBIE, PINNED] = CELLS.keys();

/**
 * The cells of the PIDs 0 to pid_max - 1 of a namespace: into the array that is given, which is overwritten.
 * One pass over the table, so that no fork and no exit pays for it: half a millisecond with 32,768 PIDs.
 */
export function cells(kernel: KernelState, namespace: PidNamespace, into: Uint8Array): Uint8Array {
  const { tasks, pids } = kernel;
  into.fill(0);
  into.fill(RESERVED, 0, lowest(namespace));
  for (const row of pids) {
    if (namespace.contains(kernel.namespaces[pids.namespaceId(row)]))
      into[pids.pidAt(row, namespace.level)] = PINNED;
  }
  for (const task of tasks) {
    const own = kernel.namespaceOf(task);
    if (!namespace.contains(own)) continue;
    const process = tasks.rows[task + PROCESS];
    if (process >= 0) for (const pid of threadPidsIn(kernel, process, own, namespace)) into[pid] = THREAD;
    const isDead = STAGES[stageOf(kernel, task)].ps === 'Z';
    into[pids.pidAt(tasks.rows[task + PID], namespace.level)] = isDead ? ZOMBIE : LIVE;
  }
  return into;
}

/** The lowest PID that can still be handed out (K3); 0 is none. */
function lowest({ cursor }: PidNamespace): number {
  return cursor > RESERVED_PIDS ? RESERVED_PIDS : 1;
}

/** Who has a PID, and why it cannot be reused. */
export type Holder =
  | { cell: 'free' | 'reserved' }
  | { cell: 'live' | 'zombie' | 'thread'; row: TaskRow }
  /** No process has it; these belong to the session or the group that it is the ID of. */
  | { cell: 'pinned'; members: { row: TaskRow; of: 'session' | 'group' | 'both' }[] };

export function holderOf(kernel: KernelState, namespace: PidNamespace, pid: number): Holder {
  const { tasks, pids } = kernel;
  const pidOf = (row: number): number => pids.pidAt(row, namespace.level);
  const members: Extract<Holder, { cell: 'pinned' }>['members'] = [];
  for (const task of tasks) {
    const own = kernel.namespaceOf(task);
    if (!namespace.contains(own)) continue;
    const row = (): TaskRow => taskRow(kernel, task, namespace);
    if (pidOf(tasks.rows[task + PID]) === pid)
      return { cell: STAGES[stageOf(kernel, task)].ps === 'Z' ? 'zombie' : 'live', row: row() };
    const process = tasks.rows[task + PROCESS];
    if (process >= 0 && threadPidsIn(kernel, process, own, namespace).includes(pid))
      return { cell: 'thread', row: row() };
    const of = membership(kernel, namespace, task, pid);
    if (of !== null) members.push({ row: row(), of });
  }
  // Seen from inside, a group or session from outside is 0.
  if (pid > 0 && members.length > 0) return { cell: 'pinned', members };
  return { cell: pid < lowest(namespace) ? 'reserved' : 'free' };
}

function membership(kernel: KernelState, namespace: PidNamespace, task: TaskId, pid: number) {
  const { rows } = kernel.tasks;
  const isOfSession = kernel.pidIn(rows[task + SESSION], namespace) === pid;
  const isOfGroup = kernel.pidIn(rows[task + GROUP], namespace) === pid;
  if (isOfSession) return isOfGroup ? 'both' : 'session';
  return isOfGroup ? 'group' : null;
}
