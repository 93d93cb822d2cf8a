/** The process table as `ps` shows it, from any PID namespace. */

import { type CgroupId, NONE, type TaskId } from './ids.js';
import type { PidNamespace } from './namespaces.js';
import { TASK, THREADS } from './processes.js';
import { canRun, STAGES, stageOf } from './stages.js';
import type { KernelState } from './state.js';
import { CGROUP_AND_COMM, GROUP, LABEL, PARENT, PID, SESSION, STATE, USER, ZOMBIE } from './tasks.js';

/** One process, seen from a namespace; an id that is not visible there is 0. */
export interface TaskRow {
  task: TaskId;
  pid: number;
  ppid: number;
  pgid: number;
  sid: number;
  /** State letter, `s` for a session leader, `l` for more than one thread: `S`, `Ssl`, `Z`, `Zl`. */
  stat: string;
  comm: string;
  /** The PIDs from the reader's namespace inwards, as NSpid in /proc/PID/status. */
  nspid: number[];
  /** Live threads, a dead leader counted. */
  threads: number;
  origin: number;
  cgroup: CgroupId;
  uid: number;
}

/** Every process that has a PID in `namespace`, in the order of these PIDs. */
export function listTasks(kernel: KernelState, namespace: PidNamespace): TaskRow[] {
  const rows: TaskRow[] = [];
  for (const task of kernel.tasks) {
    if (namespace.contains(kernel.namespaceOf(task))) rows.push(taskRow(kernel, task, namespace));
  }
  return rows.sort((a, b) => a.pid - b.pid);
}

/** One process; or `count` zombies that differ only in PID, group and session, shown by the lowest PID. */
export interface TaskCrowd extends TaskRow {
  count: number;
}

/**
 * The same with one row for each crowd of zombies: children of one parent with the same name, cgroup and
 * origin, of which all lead a session or none does. A list of 17,000 zombies then has few rows, and takes a
 * hundredth of the time.
 */
export function listCrowds(kernel: KernelState, namespace: PidNamespace): TaskCrowd[] {
  const { tasks, pids } = kernel;
  const { rows } = tasks;
  const alone: TaskId[] = [];
  const crowds = new Map<string, { first: TaskId; count: number }>();
  const pidOf = (task: TaskId): number => pids.pidAt(rows[task + PID], namespace.level);
  // Most zombies are like the one before: then no key has to be built.
  let before: { task: TaskId; crowd: { first: TaskId; count: number } } | null = null;
  for (const task of tasks) {
    if (!namespace.contains(kernel.namespaceOf(task))) continue;
    if (rows[task + STATE] !== ZOMBIE) {
      alone.push(task);
      continue;
    }
    if (before === null || !isAlike(rows, task, before.task)) {
      const isLeader = rows[task + SESSION] === rows[task + PID];
      const key = [rows[task + PARENT], rows[task + LABEL], rows[task + CGROUP_AND_COMM], isLeader].join();
      let crowd = crowds.get(key);
      if (crowd === undefined) crowds.set(key, (crowd = { first: task, count: 0 }));
      before = { task, crowd };
    }
    const { crowd } = before;
    crowd.count++;
    if (pidOf(task) < pidOf(crowd.first)) crowd.first = task;
  }
  const listed = [...alone.map((first) => ({ first, count: 1 })), ...crowds.values()];
  return listed
    .map(({ first, count }) => ({ ...taskRow(kernel, first, namespace), count }))
    .sort((a, b) => a.pid - b.pid);
}

function isAlike(rows: Int32Array, a: TaskId, b: TaskId): boolean {
  const isLeader = rows[a + SESSION] === rows[a + PID];
  return (
    rows[a + PARENT] === rows[b + PARENT] &&
    rows[a + LABEL] === rows[b + LABEL] &&
    rows[a + CGROUP_AND_COMM] === rows[b + CGROUP_AND_COMM] &&
    isLeader === (rows[b + SESSION] === rows[b + PID])
  );
}

export function taskRow(kernel: KernelState, task: TaskId, namespace: PidNamespace): TaskRow {
  const { pids, processes } = kernel;
  const { rows } = kernel.tasks;
  const pid = rows[task + PID];
  const parent = rows[task + PARENT];
  const process = kernel.processOf(task);
  const threads = process === NONE ? 1 : 1 + processes.rows[process | THREADS];
  return {
    task,
    pid: pids.pidAt(pid, namespace.level),
    ppid: parent === NONE ? 0 : kernel.pidIn(rows[parent + PID], namespace),
    pgid: kernel.pidIn(rows[task + GROUP], namespace),
    sid: kernel.pidIn(rows[task + SESSION], namespace),
    stat: statOf(kernel, task, threads),
    comm: kernel.comms[kernel.tasks.comm(task)],
    nspid: kernel.pidsOf(pid).slice(namespace.level),
    threads,
    origin: pids.origin(pid),
    cgroup: kernel.tasks.cgroup(task),
    uid: kernel.uids[rows[task + USER]],
  };
}

function statOf(kernel: KernelState, task: TaskId, threads: number): string {
  const { rows } = kernel.tasks;
  const leader = rows[task + SESSION] === rows[task + PID];
  return STAGES[stageOf(kernel, task)].ps + (leader ? 's' : '') + (threads > 1 ? 'l' : '');
}

/** What `cgroup.procs` lists: live processes (K36), in the order of their PIDs. Zombies are not looked at. */
export function liveTasksIn(kernel: KernelState, cgroup: CgroupId): TaskId[] {
  const { tasks, processes } = kernel;
  const found: TaskId[] = [];
  for (const process of processes) {
    const task = processes.rows[process | TASK] as TaskId;
    if (tasks.cgroup(task) === cgroup && canRun(kernel, task)) found.push(task);
  }
  return found.sort((a, b) => kernel.hostPid(a) - kernel.hostPid(b));
}

export interface Census {
  processes: number;
  /** Those that `ps` calls defunct. */
  defunct: number;
  /** Processes that `cgroup.procs` lists (K36), by cgroup. */
  live: ReadonlyMap<CgroupId, number>;
}

/** What monitoring counts, in one pass and without a list of rows. */
export function census(kernel: KernelState): Census {
  const { tasks } = kernel;
  const live = new Map<CgroupId, number>();
  let processes = 0;
  let defunct = 0;
  for (const task of tasks) {
    processes++;
    const { ps, mayRun } = STAGES[stageOf(kernel, task)];
    if (ps === 'Z') defunct++;
    if (mayRun !== 'no') live.set(tasks.cgroup(task), (live.get(tasks.cgroup(task)) ?? 0) + 1);
  }
  return { processes, defunct, live };
}

/** PIDs of a namespace that are taken and belong to no task: what `ps` cannot show (K10, K12). In order. */
export function pinnedPids(kernel: KernelState, namespace: PidNamespace): number[] {
  const { tasks, pids } = kernel;
  const owned = new Set<number>();
  for (const task of tasks) owned.add(tasks.rows[task + PID]);
  const pinned: number[] = [];
  for (const pid of pids) {
    if (owned.has(pid) || !namespace.contains(kernel.namespaces[pids.namespaceId(pid)])) continue;
    pinned.push(pids.pidAt(pid, namespace.level));
  }
  return pinned.sort((a, b) => a - b);
}
