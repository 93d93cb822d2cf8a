/**
 * The simulated kernel: its system calls. What can be read from it is in readers.ts; its tables are its own.
 *
 * A task is an index (`TaskId`). A call returns an integer, so that millions a second allocate nothing; what
 * belongs to a failure is in `refusal`. Rules K1 to K46 of the kernel are cited where they are implemented.
 */

import { type Aftermath, comeAndGo, leave, type Place, passPids } from './aftermath.js';
import { CGROUPS_MAX, Cgroup, PIDS_UNLIMITED } from './cgroups.js';
import { endThreads, exit, exitAhead, exitMainThread } from './exit.js';
import { concernsOnlyParent, exitAwaited } from './exit-awaited.js';
import { boot, fork } from './fork.js';
import { type CgroupId, type CommId, NONE, type OriginId, type PidNsId, type TaskId } from './ids.js';
import { dieOfSignal, kill, killChildren, killGroup } from './kill.js';
import { NPROC_UNLIMITED, PID_MAX_LIMIT } from './limits.js';
import type { TaskRow } from './observe.js';
import { NPROC_MAX, SIGNALS } from './processes.js';
import { KernelReaders } from './readers.js';
import { attach, exec, setns, setpgid, setSubreaper, setsid, unsharePidNamespace } from './session.js';
import {
  isHandler,
  type KERNEL,
  PENDING_ANY,
  PENDING_SIGCHLD,
  PENDING_SIGTERM,
  SIGCHLD_DISPOSITIONS,
  SIGTERM_DISPOSITIONS,
  type SigchldDisposition,
  type Signal,
  type SigtermDisposition,
  sigchldIn,
  sigtermIn,
  withSigchld,
  withSigterm,
} from './signals.js';
import { type StageName, stageOf } from './stages.js';
import { type KernelOptions, KernelState } from './state.js';
import { LEADER_DEAD, LIVE, STATE, USER } from './tasks.js';
import { cloneThreads, dropOtherThreads } from './threads.js';
import { type ANY, wait } from './wait.js';

export type { Aftermath, Remnant } from './aftermath.js';
export { CELLS, type Holder } from './cells.js';
export * from './ids.js';
export type { Refuser } from './limits.js';
export type { OriginCount } from './origin-counts.js';
export type { KernelRules } from './rules.js';
export { KERNEL, SIGCHLD, SIGKILL, SIGTERM } from './signals.js';
export { STAGES, type StageName } from './stages.js';
export type { ForkRefusal, KernelHooks, KernelOptions } from './state.js';
export { taskIndex } from './tasks.js';
export { ANY, NO_CHILD, WOULD_BLOCK } from './wait.js';
export type * from './watcher.js';
export type { TaskRow };

export class Kernel extends KernelReaders {
  /** How often a cgroup has got a limit: no more of them can have one. */
  limitsSet = 0;

  /** The host's PID 1. */
  readonly init: TaskId;

  constructor(options: KernelOptions) {
    super(new KernelState(options));
    this.init = boot(this.state, options.initComm ?? 'init');
  }

  // ---- birth and death

  /** The new child, with a name of `comm` or with its parent's, or NONE: see `refusal`. */
  fork(parent: TaskId, comm = this.state.tasks.comm(parent)): TaskId {
    return fork(this.state, parent, comm, this.state.tasks.origin(parent), 0);
  }

  /**
   * The new child with a name (of `comm`), on the account of `origin`, which its children inherit, and with
   * so many extra threads, or with fewer, or NONE: see `refusal`.
   */
  forkAs(parent: TaskId, comm: CommId, origin: OriginId, threads: number): TaskId {
    const state = this.state.tasks.rows[parent + STATE];
    if (state !== LIVE && state !== LEADER_DEAD) throw forkOfTheDead(stageOf(this.state, parent));
    this.state.origins.reserve(origin);
    return fork(this.state, parent, comm, origin, threads);
  }

  /** How many extra threads were made; fewer than `count`: see `refusal`. */
  cloneThreads(task: TaskId, count: number): number {
    return cloneThreads(this.state, task, count);
  }

  /** So many of its extra threads, at least one, the youngest first. */
  endThreads(task: TaskId, count: number): void {
    endThreads(this.state, task, count);
  }

  /** All threads end but the one that calls: the main one as long as that lives. */
  endOtherThreads(task: TaskId): void {
    dropOtherThreads(this.state, task);
  }

  exec(task: TaskId, comm: string): void {
    exec(this.state, task, this.comm(comm));
  }

  /** The same, with a name of `comm`. */
  execAs(task: TaskId, comm: CommId): void {
    exec(this.state, task, comm);
  }

  setComm(task: TaskId, comm: CommId): void {
    this.state.tasks.setComm(task, comm);
  }

  /** The process with all its threads, at once. */
  exit(task: TaskId, status: number): void {
    exit(this.state, task, status & 0xff);
  }

  /** The same, and its parent, which is waiting for it, reaps it and is not woken (exit-awaited.ts). */
  exitAwaited(task: TaskId, status: number): void {
    exitAwaited(this.state, task, status & 0xff);
  }

  /** Does the end of a live process concern nobody but its parent, which has no handler to run for it? */
  concernsOnlyParent(task: TaskId): boolean {
    return concernsOnlyParent(this.state, task);
  }

  /** exit_group with extra threads, which die when they run: call `dieOfSignal` next. False: it has none. */
  exitAhead(task: TaskId, status: number): boolean {
    return exitAhead(this.state, task, status & 0xff);
  }

  /** True: an extra thread goes on. False: there is none, and the process has ended; or no main thread. */
  exitMainThread(task: TaskId): boolean {
    return exitMainThread(this.state, task);
  }

  /** The reaped child (its row is free from now on; see `waitedStatus`), WOULD_BLOCK or NO_CHILD. */
  wait(task: TaskId, child: TaskId | typeof ANY): TaskId {
    return wait(this.state, task, child);
  }

  // ---- what has come and gone since, in one stroke (aftermath.ts)

  /** As if so many tasks had been made and released; their PIDs: `passPids`. */
  comeAndGo(origin: OriginId, tasks: number): void {
    comeAndGo(this.state, origin, tasks);
  }

  /** As if so many PIDs of a namespace had been taken and given back. */
  passPids(namespace: PidNsId, pids: number): void {
    passPids(this.state, namespace, pids);
  }

  /** As if processes had been there of which this is left. */
  leave(place: Place, aftermath: Aftermath): TaskId[] {
    return leave(this.state, place, aftermath);
  }

  // ---- signals

  /** False: no such process. */
  kill(sender: TaskId | typeof KERNEL, target: TaskId, signal: Signal): boolean {
    return kill(this.state, sender, target, signal);
  }

  killGroup(sender: TaskId, signal: Signal): void {
    killGroup(this.state, sender, signal);
  }

  killChildren(sender: TaskId, signal: Signal): void {
    killChildren(this.state, sender, signal);
  }

  /** A change to a disposition without a handler drops what was pending, as `do_sigaction` does. */
  setSigchld(task: TaskId, action: SigchldDisposition): void {
    const { rows } = this.state.processes;
    const process = this.state.processOf(task);
    let signals = withSigchld(rows[process | SIGNALS], SIGCHLD_DISPOSITIONS.indexOf(action));
    if (!isHandler(sigchldIn(signals))) signals &= ~PENDING_SIGCHLD;
    rows[process | SIGNALS] = signals;
  }

  setSigterm(task: TaskId, action: SigtermDisposition): void {
    const { rows } = this.state.processes;
    const process = this.state.processOf(task);
    const signals = withSigterm(rows[process | SIGNALS], SIGTERM_DISPOSITIONS.indexOf(action));
    rows[process | SIGNALS] = action === 'ignore' ? signals & ~PENDING_SIGTERM : signals;
  }

  /** True if it was killed, by a signal or by its own exit_group, and has ended now. */
  dieOfSignal(task: TaskId): boolean {
    return dieOfSignal(this.state, task);
  }

  /** Bits PENDING_SIGCHLD, PENDING_SIGTERM and PENDING_DEATH. */
  pendingSignals(task: TaskId): number {
    return this.state.processes.rows[this.state.processOf(task) | SIGNALS] & PENDING_ANY;
  }

  /** Takes a pending signal out of its slot, to act on it. True if there was one. */
  takeSignal(task: TaskId, pending: number): boolean {
    const { rows } = this.state.processes;
    const process = this.state.processOf(task);
    if ((rows[process | SIGNALS] & pending) === 0) return false;
    rows[process | SIGNALS] &= ~pending;
    return true;
  }

  sigchldOf(task: TaskId): SigchldDisposition {
    return SIGCHLD_DISPOSITIONS[sigchldIn(this.state.processes.rows[this.state.processOf(task) | SIGNALS])];
  }

  /** PID 1 of its namespace: a signal that it has no handler for does not kill it (K33). */
  isNamespaceInit(task: TaskId): boolean {
    return this.state.namespaceOf(task).init === task;
  }

  sigtermOf(task: TaskId): SigtermDisposition {
    return SIGTERM_DISPOSITIONS[sigtermIn(this.state.processes.rows[this.state.processOf(task) | SIGNALS])];
  }

  // ---- sessions, subreapers, namespaces, cgroups, users

  setsid(task: TaskId): boolean {
    return setsid(this.state, task);
  }

  setpgid(task: TaskId): boolean {
    return setpgid(this.state, task);
  }

  setSubreaper(task: TaskId, on: boolean): void {
    setSubreaper(this.state, task, on);
  }

  /** The next child is PID 1 of the namespace returned (K7: with a limit of its own, or the machine's). */
  unsharePidNamespace(task: TaskId, pidMax = PID_MAX_LIMIT): PidNsId {
    const own = this.state.rules.perNamespacePidMax ? pidMax : this.state.namespaces[0].pidMax;
    return unsharePidNamespace(this.state, task, own).id;
  }

  /** The caller will not use the id of this namespace again: once it is empty, a later one may get it. */
  forgetNamespace(namespace: PidNsId): void {
    if (!this.state.forgottenNamespaces.includes(namespace)) this.state.forgottenNamespaces.push(namespace);
  }

  setns(task: TaskId, namespace: PidNsId): boolean {
    return setns(this.state, task, this.state.namespaces[namespace]);
  }

  /** `kernel.pid_max`: of one namespace, or of all where the rules say so (K7). It ends no process. */
  setPidMax(namespace: PidNsId, pidMax: number): void {
    if (this.state.rules.perNamespacePidMax) this.state.namespaces[namespace].pidMax = pidMax;
    else for (const each of this.state.namespaces) each.pidMax = pidMax;
  }

  /** `kernel.threads-max` (K40). It ends no thread. */
  setThreadsMax(threadsMax: number): void {
    this.state.threadsMax = threadsMax;
  }

  createCgroup(parent: CgroupId, pidsMax: number): CgroupId {
    const id = this.unusedCgroup();
    this.state.cgroups[id] = new Cgroup(id, this.state.cgroups[parent], PIDS_UNLIMITED);
    this.setPidsMax(id, pidsMax);
    return id;
  }

  private unusedCgroup(): CgroupId {
    const { cgroups, forgottenCgroups } = this.state;
    const at = forgottenCgroups.findLastIndex((id) => cgroups[id].current === 0);
    if (at >= 0) {
      const [id] = forgottenCgroups.splice(at, 1);
      cgroups[id].leaveParent();
      return id;
    }
    if (cgroups.length === CGROUPS_MAX) throw new RangeError(`more than ${CGROUPS_MAX} cgroups`);
    return cgroups.length as CgroupId;
  }

  setPidsMax(cgroup: CgroupId, pidsMax: number): void {
    this.state.cgroups[cgroup].setMax(pidsMax);
    if (this.pidsMax(cgroup) < PIDS_UNLIMITED) this.limitsSet++;
  }

  /**
   * rmdir: zombies do not hinder it, nor a PID 1 on its way out; they stay charged to the groups above (K36).
   * False (EBUSY) with live tasks in it.
   */
  removeCgroup(cgroup: CgroupId): boolean {
    if (this.state.cgroups.some((other) => other.parent?.id === cgroup && !other.removed)) return false;
    if (this.state.cgroups[cgroup].current > 0 && this.liveTasksIn(cgroup).length > 0) return false;
    this.state.cgroups[cgroup].removed = true;
    return true;
  }

  /** The caller will not use the id of this removed group again: when it is empty, a later one may get it. */
  forgetCgroup(cgroup: CgroupId): void {
    const isKnown = this.state.forgottenCgroups.includes(cgroup);
    if (this.state.cgroups[cgroup].removed && !isKnown) this.state.forgottenCgroups.push(cgroup);
  }

  attach(task: TaskId, cgroup: CgroupId): void {
    attach(this.state, task, this.state.cgroups[cgroup]);
  }

  pidsCurrent(cgroup: CgroupId): number {
    return this.state.cgroups[cgroup].current;
  }

  pidsMax(cgroup: CgroupId): number {
    return this.state.cgroups[cgroup].max;
  }

  pidsEvents(cgroup: CgroupId): number {
    return this.state.cgroups[cgroup].events;
  }

  /** setuid and RLIMIT_NPROC, inherited by children (K39). */
  setUser(task: TaskId, uid: number): void {
    let user = this.state.uids.indexOf(uid);
    if (user === NONE) user = this.state.uids.push(uid) - 1;
    if (user === this.state.userTasks.length) {
      const { userTasks } = this.state;
      this.state.userTasks = new Int32Array(2 * user);
      this.state.userTasks.set(userTasks);
    }
    const { rows } = this.state.tasks;
    const count = 1 + this.threadCount(task);
    this.state.countUser(rows[task + USER], -count);
    this.state.countUser(user, count);
    rows[task + USER] = user;
  }

  setNprocMax(task: TaskId, nprocMax: number): void {
    this.state.processes.rows[this.state.processOf(task) | NPROC_MAX] = Math.min(nprocMax, NPROC_UNLIMITED);
  }

  /**
   * setuid and RLIMIT_NPROC of a process that is about to exec. False: execve fails with EAGAIN, as the user
   * had too many tasks before (R62; `set_user`, `do_execveat_common`). Its other threads do not count: the
   * system call is of one thread, and execve ends the others.
   */
  becomeUser(task: TaskId, uid: number, nprocMax: number): boolean {
    this.setUser(task, uid);
    this.setNprocMax(task, nprocMax);
    const had = this.state.userTasks[this.state.tasks.rows[task + USER]] - 1 - this.threadCount(task);
    const isAbove = this.state.rules.execRefusedIf === 'at-limit' ? had >= nprocMax : had > nprocMax;
    if (uid === 0 || !isAbove) return true;
    this.state.refuse(task, 'rlimit-nproc', uid);
    return false;
  }
}

/** By itself: V8 would make the text before it knows that it is needed. */
function forkOfTheDead(stage: StageName): Error {
  return new Error(`a bug: a ${stage} task forks`);
}
