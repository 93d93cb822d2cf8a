/** fork: a new process. Stands for `copy_process` and `alloc_pid`; memory is not modelled, so ENOMEM has one cause. */
import { NONE } from './arena.js';
import type { Cgroup } from './cgroups.js';
import { NPROC_UNLIMITED } from './limits.js';
import type { PidNamespace } from './namespaces.js';
import { HOST_NUMBER, labelOf, REFS } from './pids.js';
import { CHILD_NAMESPACE, NPROC_MAX, SIGNALS, TASK } from './processes.js';
import { inherited } from './signals.js';
import { type KernelState, ROOT, type TaskId } from './state.js';
import { GROUP, LABEL, LIVE, PARENT, PID, PROCESS, SESSION, STATE, USER } from './tasks.js';

/**
 * Makes a child of `parent`, or returns NONE with the reason in `kernel.refusal`. The limits are asked in the
 * kernel's order: RLIMIT_NPROC, threads-max, the numbers from the innermost namespace outwards, the pids cgroup (K38).
 */
export function fork(kernel: KernelState, parent: TaskId): TaskId {
  const { tasks, processes } = kernel;
  if (!hasRoom(kernel, parent)) return NONE;
  const own = tasks.rows[parent + PROCESS];
  const namespace = kernel.namespaces[processes.rows[own | CHILD_NAMESPACE]];
  const pid = allocatePid(kernel, parent, namespace);
  if (pid === NONE) return NONE;
  if (namespace.dead) {
    giveBack(kernel, pid, namespace, null);
    kernel.refuse(parent, 'namespace-dead', namespace.id);
    return NONE;
  }
  if (!chargeOne(kernel, parent)) {
    giveBack(kernel, pid, namespace, null);
    // A namespace whose first process fails this late gets no second attempt (`free_pid`).
    if (namespace.isUnused) namespace.dead = true;
    return NONE;
  }
  const child = createTask(kernel, parent, pid, namespace);
  createProcess(kernel, own, child);
  kernel.children.append(parent, child);
  if (namespace.init === NONE) namespace.init = child;
  kernel.hooks.forked(parent, child, kernel.pids.rows[pid | HOST_NUMBER]);
  return child;
}

/** RLIMIT_NPROC and threads-max: a refusal here moves no cursor (K8, K38). */
export function hasRoom(kernel: KernelState, parent: TaskId): boolean {
  const { rows } = kernel.tasks;
  const user = rows[parent + USER];
  if (user !== ROOT && kernel.userTasks[user] >= kernel.processes.rows[rows[parent + PROCESS] | NPROC_MAX]) {
    kernel.refuse(parent, 'rlimit-nproc', kernel.uids[user]);
    return false;
  }
  if (kernel.nrThreads >= kernel.threadsMax) {
    kernel.refuse(parent, 'threads-max', NONE);
    return false;
  }
  return true;
}

/** Charges one task to the parent's cgroup and all above, or says which of them is full (K34, K37). */
export function chargeOne(kernel: KernelState, parent: TaskId): boolean {
  const own = kernel.cgroups[kernel.tasks.cgroup(parent)];
  const full = own.tryCharge();
  if (full === null) return true;
  if (kernel.rules.pidsEventsOn === 'forker') own.events++;
  else for (let at: Cgroup = full; at.parent !== null; at = at.parent) at.events++;
  kernel.refuse(parent, 'pids-cgroup', full.id);
  return false;
}

/**
 * A new `struct pid` with the next number of every level, from the innermost outwards, or NONE. The first full level
 * refuses: the numbers taken further in are given back, but the cursors stay where they are now (K1, K8).
 */
function allocatePid(kernel: KernelState, parent: TaskId, namespace: PidNamespace): number {
  const { pids } = kernel;
  const pid = pids.allocate();
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    const number = level.nextNumber();
    if (number === NONE) {
      giveBack(kernel, pid, namespace, level);
      // The first process of a namespace is PID 1, however many attempts it takes.
      if (namespace.isUnused) namespace.cursor = 0;
      kernel.refuse(parent, 'pid-max', level.id);
      return NONE;
    }
    level.cursor = number + 1;
    level.taken.take(number);
    pids.setNumber(pid, level.level, number);
  }
  return pid;
}

/** Undoes an allocation that got as far as the level that is full; null: through all of them. */
function giveBack(
  kernel: KernelState,
  pid: number,
  namespace: PidNamespace,
  full: PidNamespace | null,
): void {
  const { pids } = kernel;
  for (let level: PidNamespace | null = namespace; level !== full && level !== null; level = level.parent) {
    level.taken.free(pids.numberAt(pid, level.level));
  }
  pids.release(pid);
}

/** The child's row: what it inherits, what it is counted in. */
function createTask(kernel: KernelState, parent: TaskId, pid: number, namespace: PidNamespace): TaskId {
  const { tasks, pids } = kernel;
  const child = tasks.allocate();
  const { rows } = tasks;
  const group = rows[parent + GROUP];
  const session = rows[parent + SESSION];
  const user = rows[parent + USER];
  const origin = tasks.origin(parent);
  const label = labelOf(namespace.id, origin);
  rows[child + PID] = pid;
  rows[child + GROUP] = group;
  rows[child + SESSION] = session;
  rows[child + LABEL] = label;
  tasks.inheritCgroupAndComm(child, parent);
  rows[child + USER] = user;
  rows[child + STATE] = LIVE;
  pids.rows[pid | REFS] = 1;
  pids.rows[group | REFS]++;
  pids.rows[session | REFS]++;
  pids.setLabel(pid, label);
  namespace.ownTasks++;
  kernel.nrThreads++;
  kernel.countUser(user, 1);
  kernel.origins.countBorn(origin, 1);
  return child;
}

/** What the child has while it lives. It has no children and no threads, as nobody has who had the row before. */
function createProcess(kernel: KernelState, own: number, child: TaskId): void {
  const { tasks, processes } = kernel;
  const process = processes.allocate();
  const { rows } = processes;
  rows[process | TASK] = child;
  rows[process | CHILD_NAMESPACE] = tasks.namespaceId(child);
  rows[process | NPROC_MAX] = rows[own | NPROC_MAX];
  rows[process | SIGNALS] = inherited(rows[own | SIGNALS]);
  tasks.rows[child + PROCESS] = process;
}

/** The host's PID 1, which nobody forks. */
export function boot(kernel: KernelState, comm: string): TaskId {
  const { tasks, processes, pids } = kernel;
  const [host] = kernel.namespaces;
  const pid = pids.allocate();
  pids.rows[pid | REFS] = 3;
  pids.rows[pid | HOST_NUMBER] = 1;
  host.taken.take(1);
  host.cursor = 2;
  host.ownTasks = 1;
  const init = tasks.allocate();
  const process = processes.allocate();
  tasks.rows[init + PID] = tasks.rows[init + GROUP] = tasks.rows[init + SESSION] = pid;
  tasks.rows[init + PARENT] = NONE;
  tasks.rows[init + PROCESS] = process;
  tasks.setComm(init, kernel.comm(comm));
  tasks.rows[init + STATE] = LIVE;
  processes.rows[process | TASK] = init;
  processes.rows[process | NPROC_MAX] = NPROC_UNLIMITED;
  host.init = init;
  kernel.cgroups[0].charge(1);
  kernel.nrThreads = 1;
  kernel.origins.countBorn(0, 1);
  return init;
}
