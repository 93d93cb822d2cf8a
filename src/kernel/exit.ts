/**
 * The end of a task: exit, reparenting, the zombie, and its release. Stands for kernel/exit.c. The stages are
 * in stages.ts.
 *
 *   exit ──► threads end ──► PID 1? the whole namespace ends first ──► children find a new parent
 *        ──► zombie ──► parent is told ──► released at once (autoreap), or when the parent waits
 */

import { NONE, type TaskId } from './ids.js';
import type { PidNamespace } from './namespaces.js';
import { namespaceIn, originIn } from './pids.js';
import { SIGNALS, TASK, THREADS } from './processes.js';
import {
  HAS_SUBREAPER,
  IS_SUBREAPER,
  isHandler,
  type KERNEL,
  PENDING_DEATH,
  PENDING_SIGCHLD,
  SIGCHLD,
  SIGCHLD_IGNORE,
  SIGCHLD_NOCLDWAIT,
  STATUS_KILLED,
  sigchldIn,
  withSigchld,
} from './signals.js';
import { isKilled, isMainThreadDead, stageOf } from './stages.js';
import type { KernelState } from './state.js';
import {
  ENDING_NAMESPACE,
  GROUP,
  LABEL,
  LEADER_DEAD,
  LIVE,
  PARENT,
  PID,
  PROCESS,
  SESSION,
  STATE,
  STATUS,
  USER,
  ZOMBIE,
} from './tasks.js';
import { dropThreads, dropYoungest, isSingleThreaded } from './threads.js';

/** exit_group: the process and all its threads end. `status` as a shell shows it: 128 + signal if killed. */
export function exit(kernel: KernelState, task: TaskId, status: number): void {
  const { rows } = kernel.tasks;
  const state = rows[task + STATE];
  if (state !== LIVE && state !== LEADER_DEAD) return;
  rows[task + STATUS] = status;
  if (kernel.watcher !== null) kernel.watcher.exits(task, status);
  const namespace = kernel.namespaceOf(task);
  if (namespace.init === task) endNamespace(kernel, task, namespace);
  else becomeZombie(kernel, task, namespace);
  finishEmptiedNamespaces(kernel);
}

/** A signal ends the target: `killed` until it runs, if its owner will run it (`complete_signal`). */
export function endBySignal(
  kernel: KernelState,
  sender: TaskId | typeof KERNEL,
  target: TaskId,
  status: number,
): void {
  if (!kernel.hooks.killed(sender, target)) {
    exit(kernel, target, status);
    return;
  }
  kernel.processes.rows[kernel.processOf(target) | SIGNALS] |= PENDING_DEATH;
  kernel.tasks.rows[target + STATUS] = status;
}

/**
 * exit_group of a process with several threads: the calling thread ends, and the others are sent SIGKILL.
 * Until they run they hold what they held, and nobody can reap the process (K9, K19). True: it is
 * `leader-dead-killed`, and its owner has to run it again (`dieOfSignal`). False: it has one thread only, and
 * nothing has happened.
 */
export function exitAhead(kernel: KernelState, task: TaskId, status: number): boolean {
  if (isSingleThreaded(kernel, task)) return false;
  if (kernel.tasks.rows[task + STATE] === LIVE) exitMainThread(kernel, task);
  else dropYoungest(kernel, task, 1);
  kernel.tasks.rows[task + STATUS] = status;
  kernel.processes.rows[kernel.processOf(task) | SIGNALS] |= PENDING_DEATH;
  return true;
}

/**
 * pthread_exit of the main thread: with other threads alive the process is `leader-dead`, a zombie that
 * nobody can reap (K19). True: that is so. False: it had no others, and has ended, or its main thread had
 * ended before.
 */
export function exitMainThread(kernel: KernelState, task: TaskId): boolean {
  if (kernel.processes.rows[kernel.tasks.rows[task + PROCESS] | THREADS] === 0) {
    exit(kernel, task, 0);
    return false;
  }
  if (kernel.tasks.rows[task + STATE] === LEADER_DEAD) return false;
  kernel.tasks.rows[task + STATE] = LEADER_DEAD;
  countZombie(kernel, task, 1);
  return true;
}

/** Ends with its last thread, after the main one: with the status that a signal or exit_group set, or 0. */
function exitAfterMainThread(kernel: KernelState, task: TaskId): void {
  exit(kernel, task, isKilled(kernel, task) ? kernel.tasks.rows[task + STATUS] : 0);
}

/**
 * So many extra threads end, the youngest first; if the main thread was waiting for the last of them, the
 * process ends with it (K19).
 */
export function endThreads(kernel: KernelState, task: TaskId, count: number): void {
  const areAll = kernel.processes.rows[kernel.tasks.rows[task + PROCESS] | THREADS] === count;
  if (areAll && kernel.tasks.rows[task + STATE] === LEADER_DEAD) exitAfterMainThread(kernel, task);
  else dropYoungest(kernel, task, count);
}

/**
 * PID 1 of a namespace dies (K30): nothing is born there any more, everything in it and below is killed and
 * dies when it runs, its zombies are released, and PID 1 itself ends when no PID but its own is left. A
 * zombie whose parent is outside keeps it waiting (K32). With several threads it is the last one that waits,
 * and the main thread is a zombie by then: two PIDs. Stands for `zap_pid_ns_processes`.
 */
function endNamespace(kernel: KernelState, init: TaskId, namespace: PidNamespace): void {
  const { tasks, processes, children } = kernel;
  const process = tasks.rows[init + PROCESS];
  const others = processes.rows[process | THREADS] - 1;
  if (others > 0) dropYoungest(kernel, init, others);
  const threads = processes.rows[process | THREADS];
  if (threads === 1 && tasks.rows[init + STATE] === LIVE) countZombie(kernel, init, 1);
  namespace.initPids = 1 + threads;
  namespace.dead = true;
  kernel.endings++;
  processes.rows[process | SIGNALS] = withSigchld(processes.rows[process | SIGNALS], SIGCHLD_IGNORE);
  kernel.hooks.namespaceEnds(init);
  kernel.hooks.ended(init, kernel.hostPid(init), tasks.rows[init + STATUS]);
  tasks.rows[init + STATE] = ENDING_NAMESPACE;
  for (const victim of victimsIn(kernel, namespace)) {
    if (canBeKilled(kernel, victim)) endBySignal(kernel, init, victim, STATUS_KILLED);
  }
  for (let zombie = children.firstZombie(process); zombie !== NONE; zombie = children.firstZombie(process)) {
    release(kernel, zombie);
  }
  kernel.endings--;
  kernel.hasShrunk(namespace);
}

/** Not on its way out already (stages.ts). */
function canBeKilled(kernel: KernelState, victim: TaskId): boolean {
  const stage = stageOf(kernel, victim);
  return stage === 'live' || stage === 'leader-dead';
}

/**
 * The live processes of a namespace and of those nested in it, its PID 1 too, in the order of their PIDs.
 * A scan of all live processes: namespaces die seldom, and no fork has to keep a list for it.
 */
function victimsIn(kernel: KernelState, namespace: PidNamespace): TaskId[] {
  const { pids, processes } = kernel;
  const found: TaskId[] = [];
  for (const process of processes) {
    const task = processes.rows[process | TASK] as TaskId;
    if (namespace.contains(kernel.namespaceOf(task))) found.push(task);
  }
  const pidOf = (task: TaskId): number => pids.pidAt(kernel.tasks.rows[task + PID], namespace.level);
  return found.sort((a, b) => pidOf(a) - pidOf(b));
}

/** PID 1 of each dying namespace that has just become empty goes the rest of its way. */
export function finishEmptiedNamespaces(kernel: KernelState): void {
  const { emptied } = kernel;
  while (emptied.length > 0 && kernel.endings === 0) {
    const namespace = emptied.pop() as PidNamespace;
    const { init } = namespace;
    if (init !== NONE) becomeZombie(kernel, init, namespace);
  }
}

/** The process has ended: its children go to another parent, and its own parent is told. */
function becomeZombie(kernel: KernelState, task: TaskId, namespace: PidNamespace): void {
  const { rows } = kernel.tasks;
  const parent = rows[task + PARENT] as TaskId;
  const parents = rows[parent + PROCESS];
  const isCounted = isMainThreadDead(kernel, task);
  endProcess(kernel, task, namespace);
  kernel.children.becomeZombie(parents, task);
  rows[task + STATE] = ZOMBIE;
  if (!isCounted) countZombie(kernel, task, 1);
  if (kernel.watcher !== null) kernel.watcher.becameZombie(task);
  if (tellParent(kernel, task, parent, parents)) release(kernel, task);
}

/** What ends with its life: threads, children, the row in `Processes`. */
export function endProcess(kernel: KernelState, task: TaskId, namespace: PidNamespace): void {
  const { processes, children } = kernel;
  const { rows } = kernel.tasks;
  const process = rows[task + PROCESS];
  if (processes.rows[process | THREADS] > 0) dropThreads(kernel, task);
  if (children.hasAny(process)) reparentChildren(kernel, task);
  if (namespace.init === task) namespace.init = NONE;
  else kernel.hooks.ended(task, kernel.hostPid(task), rows[task + STATUS]);
  rows[task + PROCESS] = NONE;
  processes.release(process);
}

/**
 * SIGCHLD for a parent, whose `process` this is, of a child that has died. True if the child is not to stay:
 * the parent ignores SIGCHLD or has set SA_NOCLDWAIT (K15); the default disposition is not that (K17). Stands
 * for `do_notify_parent`.
 */
export function tellParent(kernel: KernelState, child: TaskId, parent: TaskId, process: number): boolean {
  const { rows } = kernel.processes;
  const disposition = sigchldIn(rows[process | SIGNALS]);
  if (isHandler(disposition)) rows[process | SIGNALS] |= PENDING_SIGCHLD;
  if (kernel.watcher !== null) {
    const effect = isHandler(disposition)
      ? 'handler'
      : disposition === SIGCHLD_IGNORE
        ? 'ignored'
        : 'dropped';
    kernel.watcher.signalled(child, parent, SIGCHLD, effect);
  }
  kernel.hooks.wake(parent);
  return disposition === SIGCHLD_IGNORE || disposition === SIGCHLD_NOCLDWAIT;
}

/**
 * The children of a dying process go to its reaper: all to the same one, in order, to the end of its list of
 * children. The new parent is told of a zombie among them (K22).
 */
function reparentChildren(kernel: KernelState, father: TaskId): void {
  const { children } = kernel;
  const reaper = findReaper(kernel, father);
  // Most processes that leave children leave one, alive: no list is made for it.
  const only = children.onlyOneAlive(father);
  const orphans = only === NONE ? children.inOrder(father) : null;
  children.clear(father);
  if (orphans === null) {
    children.adopt(reaper, only, false);
    if (kernel.watcher !== null) kernel.watcher.reparented(only, father, reaper);
  } else for (const orphan of orphans) adopt(kernel, father, reaper, orphan);
}

function adopt(kernel: KernelState, father: TaskId, reaper: TaskId, orphan: TaskId): void {
  const { rows } = kernel.tasks;
  const isZombie = rows[orphan + STATE] === ZOMBIE;
  kernel.children.adopt(reaper, orphan, isZombie);
  if (kernel.watcher !== null) kernel.watcher.reparented(orphan, father, reaper);
  if (isZombie && tellParent(kernel, orphan, reaper, rows[reaper + PROCESS])) release(kernel, orphan);
}

/**
 * The process that adopts the orphans (K20, K24): the nearest subreaper among the ancestors, as long as they
 * are on the same namespace level; else PID 1 of the dying parent's namespace. Stands for `find_new_reaper`.
 */
function findReaper(kernel: KernelState, father: TaskId): TaskId {
  const { tasks, processes } = kernel;
  const namespace = kernel.namespaceOf(father);
  if (processes.rows[tasks.rows[father + PROCESS] | SIGNALS] & HAS_SUBREAPER) {
    let ancestor = tasks.rows[father + PARENT] as TaskId;
    for (
      ;
      ancestor !== NONE && ancestor !== namespace.init;
      ancestor = tasks.rows[ancestor + PARENT] as TaskId
    ) {
      if (!kernel.rules.orphansLeaveNamespace && kernel.namespaceOf(ancestor).level !== namespace.level)
        break;
      const alive = tasks.rows[ancestor + STATE] !== ENDING_NAMESPACE;
      if (alive && processes.rows[tasks.rows[ancestor + PROCESS] | SIGNALS] & IS_SUBREAPER) return ancestor;
    }
  }
  return namespace.init;
}

/**
 * A zombie is gone for good: its row, charges and attachments are given back, and its PIDs with them unless
 * its process group or session has another member (K10, K14). Stands for `release_task`.
 */
export function release(kernel: KernelState, task: TaskId): void {
  const label = kernel.tasks.rows[task + LABEL];
  const namespace = kernel.namespaces[namespaceIn(label)];
  kernel.hooks.released(task, kernel.hostPid(task));
  kernel.children.removeZombie(task);
  kernel.origins.countReaped(originIn(label));
  namespace.ownZombies--;
  kernel.nrZombies--;
  giveBack(kernel, task, namespace);
}

/** Gives back what a task was charged for, its attachments and its row. */
export function giveBack(kernel: KernelState, task: TaskId, namespace: PidNamespace): void {
  const { rows } = kernel.tasks;
  const group = rows[task + GROUP];
  const session = rows[task + SESSION];
  namespace.ownTasks--;
  kernel.nrThreads--;
  kernel.countUser(rows[task + USER], -1);
  kernel.cgroups[kernel.tasks.cgroup(task)].charge(-1);
  kernel.detachFromBoth(group, session);
  kernel.tasks.release(task);
  kernel.detachOwn(rows[task + PID]);
}

export function countZombie(kernel: KernelState, task: TaskId, change: 1 | -1): void {
  const label = kernel.tasks.rows[task + LABEL];
  kernel.origins.countZombies(originIn(label), change);
  kernel.namespaces[namespaceIn(label)].ownZombies += change;
  kernel.nrZombies += change;
}
