/**
 * The simulated kernel: its system calls, and what can be read from it.
 *
 * A task is an index (`TaskId`). A call returns an int, so that millions a second cost no allocation; what belongs to
 * a failure is in `refusal`. Rules K1 to K46 of the kernel are cited where they are implemented.
 */
import { NONE } from './arena.js';
import { CGROUPS_MAX, Cgroup } from './cgroups.js';
import { checkInvariants } from './check.js';
import {
  concernsOnlyParent,
  endThread,
  exit,
  exitAhead,
  exitAwaited,
  exitMainThread,
  finishEmptiedNamespaces,
  isMainThreadDead,
} from './exit.js';
import { boot, fork } from './fork.js';
import { dieOfSignal, kill, killChildren, killGroup } from './kill.js';
import { NPROC_UNLIMITED, PID_MAX_LIMIT } from './limits.js';
import { processWithPid, taskWithPid } from './lookup.js';
import { listTasks, liveTasksIn, pinnedPids, type TaskRow } from './observe.js';
import { NPROC_MAX, SIGNALS, THREADS } from './processes.js';
import { attach, exec, setns, setpgid, setSubreaper, setsid, unsharePidNamespace } from './session.js';
import {
  isHandler,
  type KERNEL,
  PENDING_ANY,
  PENDING_SIGCHLD,
  PENDING_SIGTERM,
  SIGCHLD_ACTIONS,
  SIGTERM_ACTIONS,
  type SigchldAction,
  type Signal,
  type SigtermAction,
  sigchldIn,
  sigtermIn,
  withSigchld,
  withSigterm,
} from './signals.js';
import { type CgroupId, type KernelOptions, KernelState, type PidNsId, type TaskId } from './state.js';
import {
  FREE,
  LIVE,
  PARENT,
  PID,
  STATE,
  STATUS,
  TASK_STATES,
  type TaskState,
  USER,
  ZOMBIE,
} from './tasks.js';
import { cloneThreads, dropOtherThreads, isSingleThreaded } from './threads.js';
import { type ANY, wait } from './wait.js';

export { NONE } from './arena.js';
export { processIndex } from './processes.js';
export type { KernelRules } from './rules.js';
export { KERNEL, SIGCHLD, SIGKILL, SIGTERM } from './signals.js';
export type {
  CgroupId,
  ForkRefusal,
  KernelHooks,
  KernelOptions,
  PidNsId,
  Refuser,
  TaskId,
} from './state.js';
export { taskIndex } from './tasks.js';
export { ANY, NO_CHILD, WOULD_BLOCK } from './wait.js';
export type { TaskRow };

export class Kernel extends KernelState {
  /** The host's PID 1. */
  readonly init: TaskId;

  constructor(options: KernelOptions) {
    super(options);
    this.init = boot(this, options.initComm ?? 'init');
  }

  // ---- birth and death

  /** The new child, or NONE: see `refusal`. */
  fork(parent: TaskId): TaskId {
    return fork(this, parent, this.tasks.comm(parent), this.tasks.origin(parent), 0);
  }

  /**
   * The new child with a name (of `comm`), on the account of `origin`, which its children inherit, and with so many extra
   * threads, or with fewer, or NONE: see `refusal`.
   */
  forkAs(parent: TaskId, comm: number, origin: number, threads: number): TaskId {
    const state = this.tasks.rows[parent + STATE];
    if (state !== LIVE) throw new Error(`a bug: a ${TASK_STATES[state] ?? 'missing'} task forks`);
    this.origins.reserve(origin);
    return fork(this, parent, comm, origin, threads);
  }

  /** How many extra threads were made; fewer than `count`: see `refusal`. */
  cloneThreads(task: TaskId, count: number): number {
    return cloneThreads(this, task, count);
  }

  endOneThread(task: TaskId): void {
    endThread(this, task);
  }

  /** All threads end but the one that calls: the main one as long as that lives. */
  endOtherThreads(task: TaskId): void {
    dropOtherThreads(this, task);
    finishEmptiedNamespaces(this);
  }

  exec(task: TaskId, comm: string): void {
    exec(this, task, this.comm(comm));
  }

  /** The same, with a name of `comm`. */
  execAs(task: TaskId, comm: number): void {
    exec(this, task, comm);
  }

  /** `comm`: of `kernel.comm`. */
  setComm(task: TaskId, comm: number): void {
    this.tasks.setComm(task, comm);
  }

  /** The process with all its threads, at once. */
  exit(task: TaskId, status: number): void {
    exit(this, task, status & 0xff);
  }

  /** The same, and the parent, which has been waiting for just this, reaps it and is not woken. */
  exitAwaited(task: TaskId, status: number): void {
    exitAwaited(this, task, status & 0xff);
  }

  /** Would the end of a live process concern nobody but its parent, which has no handler to run for it? */
  concernsOnlyParent(task: TaskId): boolean {
    return concernsOnlyParent(this, task);
  }

  /** exit_group of a process with extra threads, which die when they run: `dieOfSignal` is to follow. False: it has none. */
  exitAhead(task: TaskId, status: number): boolean {
    return exitAhead(this, task, status & 0xff);
  }

  /** True: an extra thread goes on. False: there was none, and the process has ended, or no main thread any more. */
  exitMainThread(task: TaskId): boolean {
    return exitMainThread(this, task);
  }

  /** The reaped child (its row is free from now on; see `waitedStatus`), WOULD_BLOCK or NO_CHILD. */
  wait(task: TaskId, child: TaskId | typeof ANY): TaskId {
    return wait(this, task, child);
  }

  // ---- signals

  /** False: no such process. */
  kill(sender: TaskId | typeof KERNEL, target: TaskId, signal: Signal): boolean {
    return kill(this, sender, target, signal);
  }

  killGroup(sender: TaskId, signal: Signal): void {
    killGroup(this, sender, signal);
  }

  killChildren(sender: TaskId, signal: Signal): void {
    killChildren(this, sender, signal);
  }

  /** A change to a disposition without a handler drops what was pending, as `do_sigaction` does. */
  setSigchld(task: TaskId, action: SigchldAction): void {
    const { rows } = this.processes;
    const process = this.processOf(task);
    let signals = withSigchld(rows[process | SIGNALS], SIGCHLD_ACTIONS.indexOf(action));
    if (!isHandler(sigchldIn(signals))) signals &= ~PENDING_SIGCHLD;
    rows[process | SIGNALS] = signals;
  }

  setSigterm(task: TaskId, action: SigtermAction): void {
    const { rows } = this.processes;
    const process = this.processOf(task);
    const signals = withSigterm(rows[process | SIGNALS], SIGTERM_ACTIONS.indexOf(action));
    rows[process | SIGNALS] = action === 'ignore' ? signals & ~PENDING_SIGTERM : signals;
  }

  /** True if a signal, or its own exit, had killed it: now it is dead. */
  dieOfSignal(task: TaskId): boolean {
    return dieOfSignal(this, task);
  }

  /** Bits PENDING_SIGCHLD, PENDING_SIGTERM and PENDING_DEATH. */
  pendingSignals(task: TaskId): number {
    return this.processes.rows[this.processOf(task) | SIGNALS] & PENDING_ANY;
  }

  /** Takes a pending signal out of its slot, to act on it. True if there was one. */
  takeSignal(task: TaskId, pending: number): boolean {
    const { rows } = this.processes;
    const process = this.processOf(task);
    if ((rows[process | SIGNALS] & pending) === 0) return false;
    rows[process | SIGNALS] &= ~pending;
    return true;
  }

  sigchldOf(task: TaskId): SigchldAction {
    return SIGCHLD_ACTIONS[sigchldIn(this.processes.rows[this.processOf(task) | SIGNALS])];
  }

  /** PID 1 of its namespace: a signal that it has no handler for does not kill it (K33). */
  isNamespaceInit(task: TaskId): boolean {
    return this.namespaceOf(task).init === task;
  }

  sigtermOf(task: TaskId): SigtermAction {
    return SIGTERM_ACTIONS[sigtermIn(this.processes.rows[this.processOf(task) | SIGNALS])];
  }

  // ---- sessions, subreapers, namespaces, cgroups, users

  setsid(task: TaskId): boolean {
    return setsid(this, task);
  }

  setpgid(task: TaskId): boolean {
    return setpgid(this, task);
  }

  setSubreaper(task: TaskId, on: boolean): void {
    setSubreaper(this, task, on);
  }

  /** The next child of `task` is PID 1 of the namespace returned (K7: with a limit of its own, or the machine's). */
  unsharePidNamespace(task: TaskId, pidMax = PID_MAX_LIMIT): PidNsId {
    const own = this.rules.perNamespacePidMax ? pidMax : this.namespaces[0].pidMax;
    return unsharePidNamespace(this, task, own).id;
  }

  /** Nobody will use the id of this namespace again: once it is empty, a later one may get it. */
  forgetNamespace(namespace: PidNsId): void {
    if (!this.forgottenNamespaces.includes(namespace)) this.forgottenNamespaces.push(namespace);
  }

  setns(task: TaskId, namespace: PidNsId): boolean {
    return setns(this, task, this.namespaces[namespace]);
  }

  /** `kernel.pid_max`: of one namespace, or of all where the rules say so (K7). It ends no process. */
  setPidMax(namespace: PidNsId, pidMax: number): void {
    if (this.rules.perNamespacePidMax) this.namespaces[namespace].pidMax = pidMax;
    else for (const each of this.namespaces) each.pidMax = pidMax;
  }

  createCgroup(parent: CgroupId, pidsMax: number): CgroupId {
    const id = this.unusedCgroup();
    this.cgroups[id] = new Cgroup(id, this.cgroups[parent], pidsMax);
    return id;
  }

  private unusedCgroup(): CgroupId {
    const { forgottenCgroups } = this;
    for (let i = forgottenCgroups.length - 1; i >= 0; i--) {
      const id = forgottenCgroups[i];
      if (this.cgroups[id].current > 0) continue;
      forgottenCgroups.splice(i, 1);
      this.cgroups[id].leaveParent();
      return id;
    }
    if (this.cgroups.length === CGROUPS_MAX) throw new RangeError(`more than ${CGROUPS_MAX} cgroups`);
    return this.cgroups.length;
  }

  setPidsMax(cgroup: CgroupId, pidsMax: number): void {
    this.cgroups[cgroup].setMax(pidsMax);
  }

  /**
   * rmdir: zombies do not hinder it, nor a PID 1 on its way out; they stay charged to the groups above (K36). False
   * (EBUSY) with live tasks in it.
   */
  removeCgroup(cgroup: CgroupId): boolean {
    if (this.cgroups.some((other) => other.parent?.id === cgroup && !other.removed)) return false;
    if (this.cgroups[cgroup].current > 0 && this.liveTasksIn(cgroup).length > 0) return false;
    this.cgroups[cgroup].removed = true;
    return true;
  }

  /** Nobody will use the id of this removed group again: once nothing is charged to it, a later one may get it. */
  forgetCgroup(cgroup: CgroupId): void {
    const isKnown = this.forgottenCgroups.includes(cgroup);
    if (this.cgroups[cgroup].removed && !isKnown) this.forgottenCgroups.push(cgroup);
  }

  attach(task: TaskId, cgroup: CgroupId): void {
    attach(this, task, this.cgroups[cgroup]);
  }

  pidsCurrent(cgroup: CgroupId): number {
    return this.cgroups[cgroup].current;
  }

  pidsEvents(cgroup: CgroupId): number {
    return this.cgroups[cgroup].events;
  }

  /** setuid and RLIMIT_NPROC, inherited by children (K39). At most 256 users. */
  setUser(task: TaskId, uid: number): void {
    let user = this.uids.indexOf(uid);
    if (user === NONE) user = this.uids.push(uid) - 1;
    const { rows } = this.tasks;
    const count = 1 + this.threadCount(task);
    this.countUser(rows[task + USER], -count);
    this.countUser(user, count);
    rows[task + USER] = user;
  }

  setNprocMax(task: TaskId, nprocMax: number): void {
    this.processes.rows[this.processOf(task) | NPROC_MAX] = Math.min(nprocMax, NPROC_UNLIMITED);
  }

  // ---- what can be read

  parentOf(task: TaskId): TaskId {
    return this.tasks.rows[task + PARENT];
  }

  /** Live ones or zombies. */
  hasChildren(task: TaskId): boolean {
    return this.children.hasAny(this.processOf(task));
  }

  /** Has the parent a number in the task's namespace? Otherwise getppid() is 0 there (K23). */
  seesParent(task: TaskId): boolean {
    return this.numberIn(this.tasks.rows[this.tasks.rows[task + PARENT] + PID], this.namespaceOf(task)) !== 0;
  }

  /** The task's number in a namespace; 0 if it has none there. */
  pidOf(task: TaskId, namespace: PidNsId = 0): number {
    return this.numberIn(this.tasks.rows[task + PID], this.namespaces[namespace]);
  }

  /** getpid(): its number in its own namespace. */
  ownPid(task: TaskId): number {
    return this.pids.numberAt(this.tasks.rows[task + PID], this.namespaceOf(task).level);
  }

  /**
   * Whose number this is where `reader` lives: a process, or NONE. With `orThread` also the process of an extra thread
   * with that number, as kill has it and wait has not. `guess` is the task that had it when it was read.
   */
  whoHas(number: number, reader: TaskId, guess: TaskId, orThread: boolean): TaskId {
    const namespace = this.namespaceOf(reader);
    const { rows } = this.tasks;
    if (rows[guess + STATE] !== FREE && this.numberIn(rows[guess + PID], namespace) === number) return guess;
    return orThread ? taskWithPid(this, namespace, number) : processWithPid(this, namespace, number);
  }

  stateOf(task: TaskId): TaskState {
    return TASK_STATES[this.tasks.rows[task + STATE]];
  }

  /** Has died and has not been released. */
  isZombie(task: TaskId): boolean {
    return this.tasks.rows[task + STATE] === ZOMBIE;
  }

  statusOf(task: TaskId): number {
    return this.tasks.rows[task + STATUS];
  }

  threadCount(task: TaskId): number {
    return this.processes.rows[this.processOf(task) | THREADS];
  }

  /** Has it ended, and others go on (K19)? */
  isMainThreadDead(task: TaskId): boolean {
    return isMainThreadDead(this, task);
  }

  /** Besides the one that calls, which is the main one as long as that lives: what an exec has to end first (K46). */
  hasOtherThreads(task: TaskId): boolean {
    return !isSingleThreaded(this, task);
  }

  pidMax(namespace: PidNsId = 0): number {
    return this.namespaces[namespace].pidMax;
  }

  /** Numbers in use: live threads + zombies + pinned. */
  allocated(namespace: PidNsId = 0): number {
    return this.namespaces[namespace].allocated;
  }

  /** Live threads and zombies with a number in a namespace. */
  taskCount(namespace: PidNsId = 0): number {
    return this.namespaces[namespace].tasks;
  }

  zombies(namespace: PidNsId = 0): number {
    return this.namespaces[namespace].zombies;
  }

  /** Numbers taken that belong to no task: invisible to ps, loadavg, pids.current and the kubelet (K12). */
  pinned(namespace: PidNsId = 0): number {
    return this.allocated(namespace) - this.taskCount(namespace);
  }

  pinnedPids(namespace: PidNsId = 0): number[] {
    return pinnedPids(this, this.namespaces[namespace]);
  }

  /** Live processes of a cgroup, not of those below it: `cgroup.procs`. */
  liveTasksIn(cgroup: CgroupId): TaskId[] {
    return liveTasksIn(this, cgroup);
  }

  /** The number of its name. */
  commOf(task: TaskId): number {
    return this.tasks.comm(task);
  }

  originOf(task: TaskId): number {
    return this.tasks.origin(task);
  }

  listTasks(namespace: PidNsId = 0): TaskRow[] {
    return listTasks(this, this.namespaces[namespace]);
  }

  /** Throws when a count, a list or the accounting identity is wrong: a bug of ours. */
  checkInvariants(): void {
    checkInvariants(this);
  }
}
