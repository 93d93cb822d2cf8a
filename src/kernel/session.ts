/** System calls by which a process changes: exec, sessions and groups, subreaper, namespaces, cgroup. */

import type { Cgroup } from './cgroups.js';
import { countZombie } from './exit.js';
import { type CommId, NONE, type PidNsId, type TaskId } from './ids.js';
import { PidNamespace } from './namespaces.js';
import { LABELS_MAX, REFS } from './pids.js';
import { CHILD_NAMESPACE, FIRST_CHILD, SIGNALS, THREADS } from './processes.js';
import { afterExec, HAS_SUBREAPER, IS_SUBREAPER } from './signals.js';
import type { KernelState } from './state.js';
import { GROUP, LEADER_DEAD, LIVE, NEXT, PID, SESSION, STATE } from './tasks.js';
import { dropThreads } from './threads.js';

/** Another image: other threads end (K46), handlers go, an ignored signal stays ignored (K18). */
export function exec(kernel: KernelState, task: TaskId, comm: CommId): void {
  const { tasks, processes } = kernel;
  const process = kernel.processOf(task);
  if (processes.rows[process | THREADS] > 0) dropThreads(kernel, task);
  if (tasks.rows[task + STATE] === LEADER_DEAD) becomeLeader(kernel, task);
  tasks.setComm(task, comm);
  const { rows } = processes;
  rows[process | SIGNALS] = afterExec(rows[process | SIGNALS]);
  if (kernel.watcher !== null) kernel.watcher.execed(task);
}

/** exec by another thread than the dead leader: it takes the leader's place and PID (`de_thread`). */
function becomeLeader(kernel: KernelState, task: TaskId): void {
  countZombie(kernel, task, -1);
  kernel.tasks.rows[task + STATE] = LIVE;
}

/** New session and group. False (EPERM) for a process that leads a group already. */
export function setsid(kernel: KernelState, task: TaskId): boolean {
  const { rows } = kernel.tasks;
  const pidRow = rows[task + PID];
  const group = rows[task + GROUP];
  const session = rows[task + SESSION];
  if (group === pidRow) return false;
  kernel.pids.rows[pidRow | REFS] += 2;
  rows[task + GROUP] = pidRow;
  rows[task + SESSION] = pidRow;
  if (kernel.watcher !== null) kernel.watcher.leads(task, 'session');
  kernel.detachFromBoth(group, session);
  return true;
}

/** setpgid(0, 0): leader of a new group in the same session. False (EPERM) for a session leader. */
export function setpgid(kernel: KernelState, task: TaskId): boolean {
  const { rows } = kernel.tasks;
  const pidRow = rows[task + PID];
  const group = rows[task + GROUP];
  if (rows[task + SESSION] === pidRow) return false;
  if (group === pidRow) return true;
  kernel.pids.rows[pidRow | REFS]++;
  rows[task + GROUP] = pidRow;
  if (kernel.watcher !== null) kernel.watcher.leads(task, 'group');
  kernel.detach(group, 1);
  return true;
}

/** PR_SET_CHILD_SUBREAPER. Setting it marks all present descendants; clearing it unmarks none (K21). */
export function setSubreaper(kernel: KernelState, task: TaskId, on: boolean): void {
  const { rows } = kernel.processes;
  const process = kernel.processOf(task);
  if (!on) {
    rows[process | SIGNALS] &= ~IS_SUBREAPER;
    return;
  }
  rows[process | SIGNALS] |= IS_SUBREAPER;
  if (kernel.rules.subreaperCoversExisting) markDescendants(kernel, process);
}

/**
 * Stands for `propagate_has_child_subreaper`. It stops at what is marked already, only to save time. Linux
 * stops at a namespace's PID 1 too; but from below it no search for a reaper goes further up (`findReaper`).
 */
function markDescendants(kernel: KernelState, process: number): void {
  const { rows } = kernel.processes;
  const { rows: tasks } = kernel.tasks;
  for (let at = rows[process | FIRST_CHILD]; at !== NONE; at = tasks[at + NEXT]) {
    const below = kernel.processOf(at as TaskId);
    if (rows[below | SIGNALS] & HAS_SUBREAPER) continue;
    rows[below | SIGNALS] |= HAS_SUBREAPER;
    markDescendants(kernel, below);
  }
}

/** unshare(CLONE_NEWPID): the next child is PID 1 of a new namespace inside the caller's own. */
export function unsharePidNamespace(kernel: KernelState, task: TaskId, pidMax: number): PidNamespace {
  const outer = kernel.namespaceOf(task);
  const id = unusedNamespace(kernel);
  const inner = new PidNamespace(id, outer, pidMax);
  kernel.namespaces[inner.id] = inner;
  outer.children.push(inner);
  kernel.pids.addLevel(inner.level);
  kernel.processes.rows[kernel.processOf(task) | CHILD_NAMESPACE] = inner.id;
  return inner;
}

function unusedNamespace({ namespaces, forgottenNamespaces }: KernelState): PidNsId {
  const at = forgottenNamespaces.findLastIndex((id) => namespaces[id].allocated === 0);
  if (at >= 0) {
    const [id] = forgottenNamespaces.splice(at, 1);
    namespaces[id].leaveParent();
    return id;
  }
  if (namespaces.length === LABELS_MAX) throw new RangeError(`more than ${LABELS_MAX} PID namespaces`);
  return namespaces.length as PidNsId;
}

/** setns: the caller stays, its children are born in `namespace`. False (EINVAL) if that is not below. */
export function setns(kernel: KernelState, task: TaskId, namespace: PidNamespace): boolean {
  if (!kernel.namespaceOf(task).contains(namespace)) return false;
  kernel.processes.rows[kernel.processOf(task) | CHILD_NAMESPACE] = namespace.id;
  return true;
}

/** Moves a live process with all its threads to a cgroup; no limit is asked (K35). A zombie stays (K36). */
export function attach(kernel: KernelState, task: TaskId, cgroup: Cgroup): void {
  const process = kernel.processOf(task);
  if (process === NONE) return;
  const charges = 1 + kernel.processes.rows[process | THREADS];
  kernel.cgroups[kernel.tasks.cgroup(task)].charge(-charges);
  cgroup.charge(charges);
  kernel.tasks.setCgroup(task, cgroup.id);
}
