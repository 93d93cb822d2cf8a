/** System calls by which a process changes what it is: exec, sessions and groups, subreaper, namespaces, cgroup. */
import { NONE } from './arena.js';
import { type Cgroup, charge } from './cgroups.js';
import { countZombie } from './exit.js';
import { PidNamespace } from './namespaces.js';
import { HAS_SUBREAPER, IS_SUBREAPER } from './processes.js';
import {
  PENDING_SIGCHLD,
  SIGCHLD_DEFAULT,
  SIGCHLD_IGNORE,
  SIGTERM_DEFAULT,
  SIGTERM_IGNORE,
} from './signals.js';
import type { KernelState, TaskId } from './state.js';
import { LEADER_DEAD, LIVE } from './tasks.js';
import { dropThreads } from './threads.js';

/** The same process, another image: other threads end (K46), handlers go, an ignored signal stays ignored (K18). */
export function exec(kernel: KernelState, task: TaskId, comm: string): void {
  const { tasks, processes } = kernel;
  const process = tasks.process[task];
  dropThreads(kernel, task);
  if (tasks.state[task] === LEADER_DEAD) becomeLeader(kernel, task);
  tasks.comm[task] = kernel.comm(comm);
  if (processes.sigchld[process] !== SIGCHLD_IGNORE) processes.sigchld[process] = SIGCHLD_DEFAULT;
  if (processes.sigterm[process] !== SIGTERM_IGNORE) processes.sigterm[process] = SIGTERM_DEFAULT;
  // A pending SIGCHLD without a handler is discarded.
  processes.pending[process] &= ~PENDING_SIGCHLD;
}

/** exec by another thread than the dead leader: that thread takes the leader's place and number (`de_thread`). */
function becomeLeader(kernel: KernelState, task: TaskId): void {
  countZombie(kernel, task, -1);
  kernel.tasks.state[task] = LIVE;
}

/** New session and group. False (EPERM) for a process that leads a group already. */
export function setsid(kernel: KernelState, task: TaskId): boolean {
  const { tasks, pids } = kernel;
  const pid = tasks.pid[task];
  if (tasks.group[task] === pid) return false;
  pids.refs[pid] += 2;
  const { group, session } = { group: tasks.group[task], session: tasks.session[task] };
  tasks.group[task] = pid;
  tasks.session[task] = pid;
  kernel.detach(group);
  kernel.detach(session);
  return true;
}

/** setpgid(0, 0): leader of a new group in the same session. False (EPERM) for a session leader. */
export function setpgid(kernel: KernelState, task: TaskId): boolean {
  const { tasks, pids } = kernel;
  const pid = tasks.pid[task];
  if (tasks.session[task] === pid) return false;
  if (tasks.group[task] === pid) return true;
  pids.refs[pid]++;
  const group = tasks.group[task];
  tasks.group[task] = pid;
  kernel.detach(group);
  return true;
}

/** PR_SET_CHILD_SUBREAPER. Setting it marks all descendants that there are; clearing it unmarks none (K21). */
export function setSubreaper(kernel: KernelState, task: TaskId, on: boolean): void {
  const { tasks, processes } = kernel;
  const process = tasks.process[task];
  if (!on) {
    processes.flags[process] &= ~IS_SUBREAPER;
    return;
  }
  processes.flags[process] |= IS_SUBREAPER;
  if (kernel.rules.subreaperCoversExisting) markDescendants(kernel, process);
}

/** Stands for `propagate_has_child_subreaper`: stops at what is marked already and at a namespace's PID 1. */
function markDescendants(kernel: KernelState, process: number): void {
  const { tasks, processes } = kernel;
  for (let child = processes.firstChild[process]; child !== NONE; child = tasks.next[child]) {
    const below = tasks.process[child];
    if (processes.flags[below] & HAS_SUBREAPER || kernel.namespaceOf(child).init === child) continue;
    processes.flags[below] |= HAS_SUBREAPER;
    markDescendants(kernel, below);
  }
}

/** unshare(CLONE_NEWPID): the next child is PID 1 of a new namespace inside the caller's own. */
export function unsharePidNamespace(kernel: KernelState, task: TaskId, pidMax: number): PidNamespace {
  const outer = kernel.namespaceOf(task);
  const inner = new PidNamespace(kernel.forgottenNamespaces.pop() ?? kernel.namespaces.length, outer, pidMax);
  kernel.namespaces[inner.id] = inner;
  outer.children.push(inner);
  kernel.pids.addLevel(inner.level);
  kernel.processes.childNamespace[kernel.tasks.process[task]] = inner.id;
  return inner;
}

/** setns: the caller stays where it is, its children are born in `namespace`. False (EINVAL) if that is not below. */
export function setns(kernel: KernelState, task: TaskId, namespace: PidNamespace): boolean {
  if (!kernel.namespaceOf(task).contains(namespace)) return false;
  kernel.processes.childNamespace[kernel.tasks.process[task]] = namespace.id;
  return true;
}

/** Moves a live process with all its threads to a cgroup; no limit is asked (K35). A zombie stays (K36). */
export function attach(kernel: KernelState, task: TaskId, cgroup: Cgroup): void {
  if (kernel.tasks.process[task] === NONE) return;
  const charges = 1 + kernel.processes.threads[kernel.tasks.process[task]];
  charge(kernel.cgroups[kernel.tasks.cgroup[task]], -charges);
  charge(cgroup, charges);
  kernel.tasks.cgroup[task] = cgroup.id;
}
