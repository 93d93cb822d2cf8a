/**
 * The simulated kernel: its system calls, and what can be read from it.
 *
 * A task is an index (`TaskId`). A call returns an int, so that millions a second cost no allocation; what belongs to
 * a failure is in `refusal`. Rules K1 to K46 of the kernel are cited where they are implemented.
 */
import { NONE } from './arena.js';
import { CGROUPS_MAX, Cgroup } from './cgroups.js';
import { checkInvariants } from './check.js';
import { endThread, exit, exitMainThread, finishEmptiedNamespaces } from './exit.js';
import { boot, fork } from './fork.js';
import { kill, killChildren, killGroup } from './kill.js';
import { PID_MAX_LIMIT } from './limits.js';
import { processWithNumber, taskWithNumber } from './lookup.js';
import { listTasks, pinnedNumbers, type TaskRow } from './observe.js';
import { attach, exec, setns, setpgid, setSubreaper, setsid, unsharePidNamespace } from './session.js';
import {
  isHandler,
  type KERNEL,
  PENDING_SIGCHLD,
  PENDING_SIGTERM,
  SIGCHLD_ACTIONS,
  SIGTERM_ACTIONS,
  type SigchldAction,
  type Signal,
  type SigtermAction,
} from './signals.js';
import { type CgroupId, type KernelOptions, KernelState, type PidNsId, type TaskId } from './state.js';
import { ENDING_NAMESPACE, FREE, TASK_STATES, type TaskState, ZOMBIE } from './tasks.js';
import { cloneThreads, dropThreads } from './threads.js';
import { type ANY, wait } from './wait.js';

export { NONE } from './arena.js';
export { type KernelRules, kernelRules } from './rules.js';
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
export { ANY, NO_CHILD, WOULD_BLOCK } from './wait.js';
export type { TaskRow };

/** RLIM_INFINITY, as far as the table can hold it. */
const NPROC_UNLIMITED = 2 ** 31 - 1;

export class Kernel extends KernelState {
  /** The host's PID 1. */
  readonly init: TaskId;
  /** Of the child that was reaped last: its number in the waiter's namespace, and its exit status. */
  readonly waited = { number: 0, status: 0 };

  constructor(options: KernelOptions) {
    super(options);
    this.init = boot(this, options.initComm ?? 'init');
  }

  // ---- birth and death

  /** The new child, or NONE: see `refusal`. */
  fork(parent: TaskId): TaskId {
    return fork(this, parent);
  }

  /** How many extra threads were made; fewer than `count`: see `refusal`. */
  cloneThreads(task: TaskId, count: number): number {
    return cloneThreads(this, task, count);
  }

  endOneThread(task: TaskId): void {
    endThread(this, task);
  }

  /** All extra threads end. */
  endThreads(task: TaskId): void {
    if (this.stateOf(task) === 'leader-dead') exit(this, task, 0);
    else dropThreads(this, task);
    finishEmptiedNamespaces(this);
  }

  exec(task: TaskId, comm: string): void {
    exec(this, task, comm);
  }

  setComm(task: TaskId, comm: string): void {
    this.tasks.comm[task] = this.comm(comm);
  }

  exit(task: TaskId, status: number): void {
    exit(this, task, status & 0xff);
  }

  exitMainThread(task: TaskId): void {
    exitMainThread(this, task);
  }

  /** The reaped child (its index is free from now on; see `waited`), WOULD_BLOCK or NO_CHILD. */
  wait(task: TaskId, child: TaskId | typeof ANY): TaskId {
    const { tasks, waited } = this;
    const zombie = child >= 0 ? child : this.children.firstZombie(task);
    if (zombie >= 0 && tasks.state[zombie] === ZOMBIE) {
      waited.number = this.pids.numbers[this.namespaceOf(task).level][tasks.pid[zombie]];
      waited.status = tasks.status[zombie];
    }
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
    const process = this.tasks.process[task];
    this.processes.sigchld[process] = SIGCHLD_ACTIONS.indexOf(action);
    if (!isHandler(this.processes.sigchld[process])) this.processes.pending[process] &= ~PENDING_SIGCHLD;
  }

  setSigterm(task: TaskId, action: SigtermAction): void {
    const process = this.tasks.process[task];
    this.processes.sigterm[process] = SIGTERM_ACTIONS.indexOf(action);
    if (action === 'ignore') this.processes.pending[process] &= ~PENDING_SIGTERM;
  }

  /** Bits PENDING_SIGCHLD and PENDING_SIGTERM. */
  pendingSignals(task: TaskId): number {
    return this.processes.pending[this.tasks.process[task]];
  }

  /** Takes a pending signal out of its slot, to act on it. True if there was one. */
  takeSignal(task: TaskId, pending: number): boolean {
    const { processes } = this;
    const process = this.tasks.process[task];
    if ((processes.pending[process] & pending) === 0) return false;
    processes.pending[process] &= ~pending;
    return true;
  }

  sigchldOf(task: TaskId): SigchldAction {
    return SIGCHLD_ACTIONS[this.processes.sigchld[this.tasks.process[task]]];
  }

  sigtermOf(task: TaskId): SigtermAction {
    return SIGTERM_ACTIONS[this.processes.sigterm[this.tasks.process[task]]];
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
    const { init, allocated, parent } = this.namespaces[namespace];
    if (init !== NONE || allocated > 0 || parent === null) return;
    const place = parent.children.indexOf(this.namespaces[namespace]);
    if (place >= 0) parent.children.splice(place, 1);
    this.forgottenNamespaces.push(namespace);
  }

  setns(task: TaskId, namespace: PidNsId): boolean {
    return setns(this, task, this.namespaces[namespace]);
  }

  /** `kernel.pid_max`: of one namespace since 6.14, of all before (K7). Nobody dies of it. */
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
      return id;
    }
    if (this.cgroups.length === CGROUPS_MAX) throw new RangeError(`more than ${CGROUPS_MAX} cgroups`);
    return this.cgroups.length;
  }

  setPidsMax(cgroup: CgroupId, pidsMax: number): void {
    this.cgroups[cgroup].max = pidsMax;
  }

  /**
   * rmdir: zombies do not hinder it, nor a PID 1 on its way out; they stay charged to the groups above (K36). False
   * (EBUSY) with live tasks in it.
   */
  removeCgroup(cgroup: CgroupId): boolean {
    const { tasks } = this;
    if (this.cgroups.some((other) => other.parent?.id === cgroup && !other.removed)) return false;
    if (this.cgroups[cgroup].current > 0) {
      for (let task = 0; task < tasks.end; task++) {
        if (tasks.cgroup[task] === cgroup && this.canRun(task)) return false;
      }
    }
    this.cgroups[cgroup].removed = true;
    return true;
  }

  /** Nobody will use the id of this removed group again: once nothing is charged to it, a later one may get it. */
  forgetCgroup(cgroup: CgroupId): void {
    if (this.cgroups[cgroup].removed) this.forgottenCgroups.push(cgroup);
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
    const count = 1 + this.processes.threads[this.tasks.process[task]];
    this.userTasks[this.tasks.user[task]] -= count;
    this.userTasks[user] += count;
    this.tasks.user[task] = user;
  }

  setNprocMax(task: TaskId, nprocMax: number): void {
    this.processes.nprocMax[this.tasks.process[task]] = Math.min(nprocMax, NPROC_UNLIMITED);
  }

  /** Files a live process under an accounting label, which its children inherit. */
  setOrigin(task: TaskId, origin: number): void {
    const { pids, origins, tasks } = this;
    const pid = tasks.pid[task];
    const before = pids.origin[pid];
    const count = 1 + this.processes.threads[tasks.process[task]];
    const zombies = this.stateOf(task) === 'leader-dead' ? 1 : 0;
    origins.reserve(origin);
    origins.tasks[before] -= count;
    origins.numbers[before] -= count;
    origins.created[before] -= count;
    origins.zombies[before] -= zombies;
    pids.origin[pid] = origin;
    origins.tasks[origin] += count;
    origins.numbers[origin] += count;
    origins.created[origin] += count;
    origins.zombies[origin] += zombies;
  }

  // ---- what can be read

  parentOf(task: TaskId): TaskId {
    return this.tasks.parent[task];
  }

  /** Live ones or zombies. */
  hasChildren(task: TaskId): boolean {
    return this.children.hasLive(task) || this.children.firstZombie(task) !== NONE;
  }

  /** Has the parent a number in the task's namespace? Otherwise getppid() is 0 there (K23). */
  seesParent(task: TaskId): boolean {
    return this.numberIn(this.tasks.pid[this.tasks.parent[task]], this.namespaceOf(task)) !== 0;
  }

  /** The task's number on the host, which every task has. */
  hostNumber(task: TaskId): number {
    return this.pids.numbers[0][this.tasks.pid[task]];
  }

  /** The task's number in a namespace; 0 if it has none there. */
  numberOf(task: TaskId, namespace: PidNsId = 0): number {
    return this.numberIn(this.tasks.pid[task], this.namespaces[namespace]);
  }

  /** getpid(): its number in its own namespace. */
  ownNumber(task: TaskId): number {
    return this.pids.numbers[this.namespaceOf(task).level][this.tasks.pid[task]];
  }

  /**
   * Whose number this is where `reader` lives: a process, or NONE. With `orThread` also the process of an extra thread
   * with that number, as kill has it and wait has not. `guess` is the task that had it when it was read.
   */
  whoHas(number: number, reader: TaskId, guess: TaskId, orThread: boolean): TaskId {
    const namespace = this.namespaceOf(reader);
    const isStill =
      this.tasks.state[guess] !== FREE && this.numberIn(this.tasks.pid[guess], namespace) === number;
    if (isStill) return guess;
    return orThread ? taskWithNumber(this, namespace, number) : processWithNumber(this, namespace, number);
  }

  stateOf(task: TaskId): TaskState {
    return TASK_STATES[this.tasks.state[task]];
  }

  /** Has died and has not been released. */
  isZombie(task: TaskId): boolean {
    return this.tasks.state[task] === ZOMBIE;
  }

  statusOf(task: TaskId): number {
    return this.tasks.status[task];
  }

  threadCount(task: TaskId): number {
    return this.processes.threads[this.tasks.process[task]];
  }

  /** Can still run: not free, not a zombie, not a PID 1 on its way out. */
  canRun(task: TaskId): boolean {
    const state = this.tasks.state[task];
    return state !== FREE && state !== ZOMBIE && state !== ENDING_NAMESPACE;
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
    return this.namespaces[namespace].allocated - this.namespaces[namespace].tasks;
  }

  pinnedNumbers(namespace: PidNsId = 0): number[] {
    return pinnedNumbers(this, this.namespaces[namespace]);
  }

  listTasks(namespace: PidNsId = 0): TaskRow[] {
    return listTasks(this, this.namespaces[namespace]);
  }

  /** Throws when a count, a list or the accounting identity is wrong: a bug of ours. */
  checkInvariants(): void {
    checkInvariants(this);
  }
}
