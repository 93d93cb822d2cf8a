/** The process table as `ps` shows it, from any PID namespace. */
import { NONE } from './arena.js';
import { isMainThreadDead } from './exit.js';
import type { PidNamespace } from './namespaces.js';
import type { CgroupId, KernelState, TaskId } from './state.js';
import { FREE, ZOMBIE } from './tasks.js';

/** One process, seen from a namespace: outside is 0. */
export interface TaskRow {
  task: TaskId;
  pid: number;
  ppid: number;
  pgid: number;
  sid: number;
  /** State letter, `s` for a session leader, `l` for more than one thread: `S`, `Ssl`, `Z`, `Zl`. */
  stat: string;
  comm: string;
  /** The numbers from the reader's namespace inwards, as NSpid in /proc/PID/status. */
  nspid: number[];
  /** Live threads, a dead leader counted. */
  threads: number;
  origin: number;
  cgroup: CgroupId;
}

/** Every process that has a number in `namespace`, in the order of these numbers. */
export function listTasks(kernel: KernelState, namespace: PidNamespace): TaskRow[] {
  const rows: TaskRow[] = [];
  const { tasks } = kernel;
  for (let task = 0; task < tasks.end; task++) {
    if (tasks.state[task] === FREE) continue;
    if (namespace.contains(kernel.namespaceOf(task))) rows.push(taskRow(kernel, task, namespace));
  }
  return rows.sort((a, b) => a.pid - b.pid);
}

function taskRow(kernel: KernelState, task: TaskId, namespace: PidNamespace): TaskRow {
  const { tasks, pids, processes } = kernel;
  const pid = tasks.pid[task];
  const parent = tasks.parent[task];
  const process = tasks.process[task];
  const threads = process === NONE ? 1 : 1 + processes.threads[process];
  return {
    task,
    pid: pids.numbers[namespace.level][pid],
    ppid: parent === NONE ? 0 : kernel.numberIn(tasks.pid[parent], namespace),
    pgid: kernel.numberIn(tasks.group[task], namespace),
    sid: kernel.numberIn(tasks.session[task], namespace),
    stat: statOf(kernel, task, threads),
    comm: kernel.comms[tasks.comm[task]],
    nspid: nspidOf(kernel, pid, namespace),
    threads,
    origin: pids.origin[pid],
    cgroup: tasks.cgroup[task],
  };
}

function statOf(kernel: KernelState, task: TaskId, threads: number): string {
  const { tasks } = kernel;
  const dead = tasks.state[task] === ZOMBIE || isMainThreadDead(kernel, task);
  const leader = tasks.session[task] === tasks.pid[task];
  return (dead ? 'Z' : 'S') + (leader ? 's' : '') + (threads > 1 ? 'l' : '');
}

function nspidOf(kernel: KernelState, pid: number, from: PidNamespace): number[] {
  const own = kernel.namespaces[kernel.pids.namespace[pid]];
  const numbers: number[] = [];
  for (let level = from.level; level <= own.level; level++) numbers.push(kernel.pids.numbers[level][pid]);
  return numbers;
}

/** Numbers of a namespace that are taken and belong to no task: what `ps` cannot show (K10, K12). In order. */
export function pinnedNumbers(kernel: KernelState, namespace: PidNamespace): number[] {
  const { tasks, pids } = kernel;
  const owned = new Uint8Array(pids.refs.length);
  for (let task = 0; task < tasks.end; task++) if (tasks.state[task] !== FREE) owned[tasks.pid[task]] = 1;
  const pinned: number[] = [];
  for (const pid of pids) {
    if (owned[pid] === 1 || !namespace.contains(kernel.namespaces[pids.namespace[pid]])) continue;
    pinned.push(pids.numbers[namespace.level][pid]);
  }
  return pinned.sort((a, b) => a - b);
}
