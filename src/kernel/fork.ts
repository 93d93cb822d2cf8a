/** fork. Stands for `copy_process` and `alloc_pid`; memory is not modelled, so ENOMEM has one cause. */
import { admitInSteps, takeAtOnce } from './admission.js';
import { type CommId, HOST_ORIGIN, NONE, type OriginId, type TaskId } from './ids.js';
import { NPROC_UNLIMITED } from './limits.js';
import type { PidNamespace } from './namespaces.js';
import { HOST_PID, labelOf, REFS } from './pids.js';
import { BIRTH, CHILD_NAMESPACE, NPROC_MAX, SIGNALS, TASK, THREADS } from './processes.js';
import { inherited } from './signals.js';
import type { KernelState } from './state.js';
import {
  CGROUP_AND_COMM,
  GROUP,
  LABEL,
  LIVE,
  PARENT,
  PID,
  PLACE,
  PROCESS,
  SESSION,
  STATE,
  USER,
} from './tasks.js';
import { cloneThreads, setFirstRun } from './threads.js';

/**
 * Makes a child of `parent` with a name, an account and so many extra threads, all at once: a program such as
 * runc does nothing of interest before it has them. NONE, with the reason in `kernel.refusal`, if the child
 * is refused; if some of its threads are refused, it has fewer.
 */
export function fork(
  kernel: KernelState,
  parent: TaskId,
  comm: CommId,
  origin: OriginId,
  threads: number,
): TaskId {
  const namespace = namespaceOfChildren(kernel, parent);
  const atOnce = admitAtOnce(kernel, parent, namespace, 1 + threads);
  if (atOnce !== NONE) return createChild(kernel, parent, atOnce, namespace, comm, origin, threads);
  const pidRow = admitInSteps(kernel, parent, namespace);
  if (pidRow === NONE) return NONE;
  const child = createChild(kernel, parent, pidRow, namespace, comm, origin, 0);
  cloneThreads(kernel, child, threads);
  return child;
}

/**
 * `takeAtOnce` for a process with its threads: the `struct pid` of the process, or NONE. If a check fails,
 * `admitInSteps` repeats them in the kernel's order to name the limit.
 */
function admitAtOnce(kernel: KernelState, parent: TaskId, namespace: PidNamespace, count: number): number {
  if (!takeAtOnce(kernel, parent, namespace, count)) return NONE;
  const pidRow = kernel.pids.allocate();
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent)
    kernel.pids.setPid(pidRow, level.level, level.burstStart);
  return pidRow;
}

function namespaceOfChildren(kernel: KernelState, parent: TaskId): PidNamespace {
  return kernel.namespaces[kernel.processes.rows[kernel.processOf(parent) | CHILD_NAMESPACE]];
}

/**
 * The child itself: what it inherits, and every count and list that it is in from now on. A free row of
 * `Processes` has no children. The PIDs of its threads follow its own.
 */
function createChild(
  kernel: KernelState,
  parent: TaskId,
  pidRow: number,
  namespace: PidNamespace,
  comm: CommId,
  origin: OriginId,
  threads: number,
): TaskId {
  const child = kernel.tasks.allocate();
  const process = kernel.processes.allocate();
  const { rows } = kernel.tasks;
  const { rows: lives } = kernel.processes;
  const { rows: pidRows } = kernel.pids;
  const own = rows[parent + PROCESS];
  const group = rows[parent + GROUP];
  const session = rows[parent + SESSION];
  const user = rows[parent + USER];
  const label = labelOf(namespace.id, origin);
  const place = kernel.children.append(own, child);
  rows[child + PID] = pidRow;
  rows[child + GROUP] = group;
  rows[child + SESSION] = session;
  rows[child + PARENT] = parent;
  rows[child + PROCESS] = process;
  rows[child + PLACE] = place;
  rows[child + LABEL] = label;
  rows[child + CGROUP_AND_COMM] = (comm << 16) | kernel.tasks.cgroup(parent);
  rows[child + USER] = user;
  rows[child + STATE] = LIVE;
  lives[process | TASK] = child;
  lives[process | CHILD_NAMESPACE] = namespace.id;
  lives[process | NPROC_MAX] = lives[own | NPROC_MAX];
  lives[process | SIGNALS] = inherited(lives[own | SIGNALS]);
  lives[process | BIRTH] = place;
  lives[process | THREADS] = threads;
  if (threads > 0) setFirstRun(kernel, process, namespace, threads, 1);
  pidRows[pidRow | REFS] = 1;
  pidRows[group | REFS]++;
  pidRows[session | REFS]++;
  kernel.pids.setLabel(pidRow, label);
  const count = 1 + threads;
  namespace.ownTasks += count;
  kernel.nrThreads += count;
  kernel.countUser(user, count);
  kernel.origins.countBorn(origin, count);
  if (namespace.init === NONE) namespace.init = child;
  kernel.hooks.forked(parent, child, pidRows[pidRow | HOST_PID]);
  return child;
}

/** The host's PID 1, which nobody forks. */
export function boot(kernel: KernelState, comm: string): TaskId {
  const { tasks, processes, pids } = kernel;
  const [host] = kernel.namespaces;
  const pidRow = pids.allocate();
  pids.rows[pidRow | REFS] = 3;
  pids.rows[pidRow | HOST_PID] = 1;
  host.taken.take(1);
  host.cursor = 2;
  host.ownTasks = 1;
  const init = tasks.allocate();
  const process = processes.allocate();
  tasks.rows[init + PID] = tasks.rows[init + GROUP] = tasks.rows[init + SESSION] = pidRow;
  tasks.rows[init + PARENT] = NONE;
  tasks.rows[init + PROCESS] = process;
  tasks.setComm(init, kernel.comm(comm));
  tasks.rows[init + STATE] = LIVE;
  processes.rows[process | TASK] = init;
  processes.rows[process | NPROC_MAX] = NPROC_UNLIMITED;
  host.init = init;
  kernel.cgroups[0].charge(1);
  kernel.nrThreads = 1;
  kernel.origins.countBorn(HOST_ORIGIN, 1);
  return init;
}
