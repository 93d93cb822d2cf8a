/** fork: a new process. Stands for `copy_process` and `alloc_pid`; memory is not modelled, so ENOMEM has one cause. */
import { chargeOne, hasRoom } from './admission.js';
import { NONE } from './arena.js';
import { NPROC_UNLIMITED } from './limits.js';
import type { PidNamespace } from './namespaces.js';
import { HOST_NUMBER, labelOf, REFS } from './pids.js';
import { BIRTH, CHILD_NAMESPACE, LEVELS_IN_ROW, NPROC_MAX, SIGNALS, TASK, THREADS } from './processes.js';
import { inherited } from './signals.js';
import type { KernelState, TaskId } from './state.js';
import { CGROUP_AND_COMM, GROUP, LABEL, LIVE, PARENT, PID, PROCESS, SESSION, STATE, USER } from './tasks.js';
import { burstLength, cloneThreads, setFirstRun } from './threads.js';

/**
 * Makes a child of `parent`, or returns NONE with the reason in `kernel.refusal`. The limits are asked in the
 * kernel's order: RLIMIT_NPROC, threads-max, the numbers from the innermost namespace outwards, the pids cgroup (K38).
 */
export function fork(kernel: KernelState, parent: TaskId): TaskId {
  if (!hasRoom(kernel, parent)) return NONE;
  const namespace = namespaceOfChildren(kernel, parent);
  const pid = allocatePid(kernel, parent, namespace);
  if (pid === NONE || !isAdmitted(kernel, parent, pid, namespace)) return NONE;
  const child = createTask(kernel, parent, pid, namespace, 1);
  createProcess(kernel, parent, child);
  return enter(kernel, parent, child, pid, namespace);
}

/**
 * The same, and the child makes `threads` more at once: a program such as runc, of which nothing is of interest before it
 * has all its threads. If nothing is in the way, all of them are made in one stroke; else one after the other, and then
 * the child may have fewer: the reason is in `kernel.refusal`.
 */
export function forkWithThreads(kernel: KernelState, parent: TaskId, threads: number): TaskId {
  const namespace = namespaceOfChildren(kernel, parent);
  const tasks = 1 + threads;
  const mayBeBornAtOnce = !namespace.dead && namespace.level < LEVELS_IN_ROW;
  if (!mayBeBornAtOnce || burstLength(kernel, parent, namespace, tasks) < tasks) {
    const child = fork(kernel, parent);
    if (child !== NONE) cloneThreads(kernel, child, threads);
    return child;
  }
  const pid = kernel.pids.allocate();
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    kernel.pids.setNumber(pid, level.level, level.burstStart);
    level.takeBurst(tasks);
  }
  kernel.cgroups[kernel.tasks.cgroup(parent)].charge(tasks);
  const child = createTask(kernel, parent, pid, namespace, tasks);
  const process = createProcess(kernel, parent, child);
  setFirstRun(kernel, process, namespace, threads, 1);
  kernel.processes.rows[process | THREADS] = threads;
  return enter(kernel, parent, child, pid, namespace);
}

function namespaceOfChildren(kernel: KernelState, parent: TaskId): PidNamespace {
  return kernel.namespaces[kernel.processes.rows[kernel.processOf(parent) | CHILD_NAMESPACE]];
}

/** The last that can go wrong: a namespace that takes nobody any more, and the cgroups. */
function isAdmitted(kernel: KernelState, parent: TaskId, pid: number, namespace: PidNamespace): boolean {
  if (namespace.dead) kernel.refuse(parent, 'namespace-dead', namespace.id);
  else if (chargeOne(kernel, parent)) return true;
  giveBack(kernel, pid, namespace, null);
  // A namespace whose first process fails this late gets no second attempt (`free_pid`).
  if (namespace.isUnused) namespace.dead = true;
  return false;
}

/** The child is there for others to see. */
function enter(
  kernel: KernelState,
  parent: TaskId,
  child: TaskId,
  pid: number,
  namespace: PidNamespace,
): TaskId {
  kernel.children.appendLive(parent, child);
  if (namespace.init === NONE) namespace.init = child;
  kernel.hooks.forked(parent, child, kernel.pids.rows[pid | HOST_NUMBER]);
  return child;
}

/**
 * A new `struct pid` with the next number of every level, from the innermost outwards, or NONE. The first full level
 * refuses: the numbers taken further in are given back, but the cursors stay where they are now (K1, K8).
 */
function allocatePid(kernel: KernelState, parent: TaskId, namespace: PidNamespace): number {
  const { pids } = kernel;
  const pid = pids.allocate();
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    const number = level.takeNumber();
    if (number === NONE) {
      giveBack(kernel, pid, namespace, level);
      // The first process of a namespace is PID 1, however many attempts it takes.
      if (namespace.isUnused) namespace.cursor = 0;
      kernel.refuse(parent, 'pid-max', level.id);
      return NONE;
    }
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

/** The child's row: what it inherits, and what it is counted in, with its threads as `count` tasks. */
function createTask(
  kernel: KernelState,
  parent: TaskId,
  pid: number,
  namespace: PidNamespace,
  count: number,
): TaskId {
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
  rows[child + CGROUP_AND_COMM] = rows[parent + CGROUP_AND_COMM];
  rows[child + USER] = user;
  rows[child + STATE] = LIVE;
  pids.rows[pid | REFS] = 1;
  pids.rows[group | REFS]++;
  pids.rows[session | REFS]++;
  pids.setLabel(pid, label);
  namespace.ownTasks += count;
  kernel.nrThreads += count;
  kernel.countUser(user, count);
  kernel.origins.countBorn(origin, count);
  return child;
}

/** What the child has while it lives. It has no children and no threads, as nobody has who had the row before. */
function createProcess(kernel: KernelState, parent: TaskId, child: TaskId): number {
  const { tasks, processes } = kernel;
  const process = processes.allocate();
  const { rows } = processes;
  const own = tasks.rows[parent + PROCESS];
  processes.birth = (processes.birth + 1) | 0;
  rows[process | TASK] = child;
  rows[process | BIRTH] = processes.birth;
  rows[process | CHILD_NAMESPACE] = tasks.namespaceId(child);
  rows[process | NPROC_MAX] = rows[own | NPROC_MAX];
  rows[process | SIGNALS] = inherited(rows[own | SIGNALS]);
  tasks.rows[child + PROCESS] = process;
  return process;
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
