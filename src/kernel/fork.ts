/** fork: a new process. Stands for `copy_process` and `alloc_pid`; memory is not modelled, so ENOMEM has one cause. */
import { NONE } from './arena.js';
import { type Cgroup, charge, firstFull } from './cgroups.js';
import type { PidNamespace } from './namespaces.js';
import { HAS_SUBREAPER, IS_SUBREAPER } from './processes.js';
import type { KernelState, TaskId } from './state.js';
import { LIVE } from './tasks.js';

/**
 * Makes a child of `parent`, or returns NONE with the reason in `kernel.refusal`. The limits are asked in the
 * kernel's order: RLIMIT_NPROC, threads-max, the numbers from the innermost namespace outwards, the pids cgroup (K38).
 */
export function fork(kernel: KernelState, parent: TaskId): TaskId {
  const { processes, tasks } = kernel;
  if (!hasRoom(kernel, parent)) return NONE;
  const namespace = kernel.namespaces[processes.childNamespace[tasks.process[parent]]];
  if (!reserveNumbers(kernel, parent, namespace)) return NONE;
  if (namespace.dead) {
    kernel.refuse(parent, 'namespace-dead', namespace.id);
    return NONE;
  }
  if (!chargeOne(kernel, parent)) {
    // A namespace whose first process fails this late gets no second attempt (`free_pid`).
    if (namespace.allocated === 0) namespace.dead = true;
    return NONE;
  }
  const child = createTask(kernel, parent, takeNumbers(kernel, namespace));
  createProcess(kernel, parent, child, namespace);
  countNewTask(kernel, child, namespace);
  kernel.hooks.forked(parent, child);
  return child;
}

/** RLIMIT_NPROC and threads-max: a refusal here moves no cursor (K8, K38). */
export function hasRoom(kernel: KernelState, parent: TaskId): boolean {
  const user = kernel.tasks.user[parent];
  if (user !== 0 && kernel.userTasks[user] >= kernel.processes.nprocMax[kernel.tasks.process[parent]]) {
    kernel.refuse(parent, 'rlimit-nproc', kernel.uids[user]);
    return false;
  }
  if (kernel.nrThreads >= kernel.threadsMax) {
    kernel.refuse(parent, 'threads-max', NONE);
    return false;
  }
  return true;
}

/**
 * Finds the next number on every level and moves the cursors past them, without taking them yet. The first full level
 * refuses; the cursors further in stay where they are now, as the kernel's do (K1, K8).
 */
export function reserveNumbers(kernel: KernelState, parent: TaskId, namespace: PidNamespace): boolean {
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    const number = level.nextNumber();
    if (number === NONE) {
      // The first process of a namespace is PID 1, however many attempts it takes.
      if (namespace.allocated === 0) namespace.cursor = 0;
      kernel.refuse(parent, 'pid-max', level.id);
      return false;
    }
    level.cursor = number + 1;
    kernel.reserved[level.level] = number;
  }
  return true;
}

/** Charges one task to the parent's cgroup and all above, or says which of them is full (K34, K37). */
export function chargeOne(kernel: KernelState, parent: TaskId): boolean {
  const own = kernel.cgroups[kernel.tasks.cgroup[parent]];
  const full = firstFull(own);
  if (full === null) {
    charge(own, 1);
    return true;
  }
  if (kernel.rules.pidsEventsOn === 'forker') own.events++;
  else for (let at: Cgroup = full; at.parent !== null; at = at.parent) at.events++;
  kernel.refuse(parent, 'pids-cgroup', full.id);
  return false;
}

/** A new `struct pid` with the reserved numbers. */
function takeNumbers(kernel: KernelState, namespace: PidNamespace): number {
  const { pids, reserved } = kernel;
  const pid = pids.allocate();
  pids.namespace[pid] = namespace.id;
  pids.refs[pid] = 1;
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    const number = reserved[level.level];
    level.taken.take(number);
    level.allocated++;
    pids.numbers[level.level][pid] = number;
  }
  return pid;
}

function createTask(kernel: KernelState, parent: TaskId, pid: number): TaskId {
  const { tasks, pids } = kernel;
  const child = tasks.allocate();
  const group = tasks.group[parent];
  const session = tasks.session[parent];
  pids.refs[group]++;
  pids.refs[session]++;
  pids.origin[pid] = pids.origin[tasks.pid[parent]];
  tasks.state[child] = LIVE;
  tasks.pid[child] = pid;
  tasks.group[child] = group;
  tasks.session[child] = session;
  tasks.cgroup[child] = tasks.cgroup[parent];
  tasks.comm[child] = tasks.comm[parent];
  tasks.user[child] = tasks.user[parent];
  tasks.status[child] = 0;
  return child;
}

/** What the child has while it lives: handlers are inherited, pending signals and the subreaper flag are not. */
function createProcess(kernel: KernelState, parent: TaskId, child: TaskId, namespace: PidNamespace): void {
  const { tasks, processes } = kernel;
  const process = processes.allocate();
  const own = tasks.process[parent];
  const isOrHasSubreaper = (processes.flags[own] & (IS_SUBREAPER | HAS_SUBREAPER)) !== 0;
  processes.task[process] = child;
  processes.namespace[process] = namespace.id;
  processes.childNamespace[process] = namespace.id;
  processes.firstChild[process] = NONE;
  processes.lastChild[process] = NONE;
  processes.zombies[process] = NONE;
  processes.threads[process] = 0;
  processes.nprocMax[process] = processes.nprocMax[own];
  processes.sigchld[process] = processes.sigchld[own];
  processes.sigterm[process] = processes.sigterm[own];
  processes.pending[process] = 0;
  processes.flags[process] = isOrHasSubreaper ? HAS_SUBREAPER : 0;
  tasks.process[child] = process;
  kernel.children.append(parent, child);
  kernel.enterNamespace(process, namespace);
  if (namespace.init === NONE) namespace.init = child;
}

function countNewTask(kernel: KernelState, child: TaskId, namespace: PidNamespace): void {
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) level.tasks++;
  kernel.nrThreads++;
  kernel.userTasks[kernel.tasks.user[child]]++;
  const origin = kernel.pids.origin[kernel.tasks.pid[child]];
  kernel.origins.tasks[origin]++;
  kernel.origins.numbers[origin]++;
  kernel.origins.created[origin]++;
}

/** The host's PID 1, which nobody forks. */
export function boot(kernel: KernelState, comm: string): TaskId {
  const host = kernel.namespaces[0];
  const { tasks, processes, pids } = kernel;
  host.cursor = 2;
  kernel.reserved[0] = 1;
  const pid = takeNumbers(kernel, host);
  const init = tasks.allocate();
  const process = processes.allocate();
  pids.refs[pid] = 3;
  pids.origin[pid] = 0;
  tasks.state[init] = LIVE;
  tasks.pid[init] = tasks.group[init] = tasks.session[init] = pid;
  tasks.parent[init] = NONE;
  tasks.process[init] = process;
  tasks.comm[init] = kernel.comm(comm);
  processes.task[process] = init;
  processes.namespace[process] = processes.childNamespace[process] = host.id;
  processes.firstChild[process] = processes.lastChild[process] = processes.zombies[process] = NONE;
  processes.nprocMax[process] = 2 ** 31 - 1;
  kernel.enterNamespace(process, host);
  host.init = init;
  charge(kernel.cgroups[0], 1);
  countNewTask(kernel, init, host);
  return init;
}
