/** What can be read of the kernel: nothing here changes anything. */
import { cells, type Holder, holderOf } from './cells.js';
import { checkInvariants } from './check.js';
import {
  type CgroupId,
  type CommId,
  HOST_NS,
  NONE,
  type OriginId,
  type PidNsId,
  type TaskId,
} from './ids.js';
import { RESERVED_PIDS } from './limits.js';
import { processWithPid, taskWithPid } from './lookup.js';
import {
  type Census,
  census,
  listCrowds,
  listTasks,
  liveTasksIn,
  pinnedPids,
  type TaskCrowd,
  type TaskRow,
  taskRow,
} from './observe.js';
import type { OriginCount } from './origin-counts.js';
import { NPROC_MAX, processIndex, THREADS } from './processes.js';
import type { KernelRules } from './rules.js';
import { canRun, isMainThreadDead, type StageName, stageOf } from './stages.js';
import type { ForkRefusal, KernelState } from './state.js';
import { FREE, PARENT, PID, STATE, STATUS, ZOMBIE } from './tasks.js';
import { isSingleThreaded } from './threads.js';

export class KernelReaders {
  constructor(protected readonly state: KernelState) {}

  // ---- the machine

  /** RLIMIT_NPROC of the task (K39). */
  nprocMax(task: TaskId): number {
    return this.state.processes.rows[this.state.processOf(task) | NPROC_MAX];
  }

  /** Live threads and zombies of a user. Those of root are not counted: 0. */
  tasksOfUser(uid: number): number {
    return this.state.userTasks[this.state.uids.indexOf(uid)] ?? 0;
  }

  get rules(): KernelRules {
    return this.state.rules;
  }

  get threadsMax(): number {
    return this.state.threadsMax;
  }

  /** Live threads and zombies of the whole machine: `nr_threads`, the total in /proc/loadavg (K41). */
  get nrThreads(): number {
    return this.state.nrThreads;
  }

  /** Of the last refused fork or clone. */
  get refusal(): ForkRefusal {
    return this.state.refusal;
  }

  /** Forks and clones refused so far. */
  get forkRefusals(): number {
    return this.state.forkRefusals;
  }

  /** The id of a name for processes: the same name has the same id. */
  comm(name: string): CommId {
    return this.state.comm(name);
  }

  // ---- tasks

  parentOf(task: TaskId): TaskId {
    return this.state.tasks.rows[task + PARENT] as TaskId;
  }

  /** Live ones and zombies, in the order in which `wait` finds them. */
  childrenOf(task: TaskId): TaskId[] {
    return this.state.children.inOrder(task);
  }

  hasChildren(task: TaskId): boolean {
    return this.state.children.hasAny(this.state.processOf(task));
  }

  hasZombies(task: TaskId): boolean {
    return this.state.children.firstZombie(this.state.processOf(task)) !== NONE;
  }

  /** Has the parent a PID in the task's namespace? Otherwise getppid() is 0 there (K23). */
  seesParent(task: TaskId): boolean {
    return (
      this.state.pidIn(this.state.tasks.rows[this.parentOf(task) + PID], this.state.namespaceOf(task)) !== 0
    );
  }

  /** The task's PID in a namespace; 0 if it has none there. */
  pidOf(task: TaskId, namespace: PidNsId = HOST_NS): number {
    return this.state.pidIn(this.state.tasks.rows[task + PID], this.state.namespaces[namespace]);
  }

  hostPid(task: TaskId): number {
    return this.state.hostPid(task);
  }

  /** getpid(): its PID in its own namespace. */
  ownPid(task: TaskId): number {
    return this.state.pids.pidAt(this.state.tasks.rows[task + PID], this.state.namespaceOf(task).level);
  }

  /**
   * The process that has this PID in the namespace of `reader`, or NONE. With `orThread` also the process of
   * an extra thread with this PID: kill() finds a process by any of its threads, waitpid() does not. `guess`
   * is the task that had the PID when the reader took note of it.
   */
  taskWithPid(pid: number, reader: TaskId, guess: TaskId, orThread: boolean): TaskId {
    const namespace = this.state.namespaceOf(reader);
    const { rows } = this.state.tasks;
    if (rows[guess + STATE] !== FREE && this.state.pidIn(rows[guess + PID], namespace) === pid) return guess;
    return orThread ? taskWithPid(this.state, namespace, pid) : processWithPid(this.state, namespace, pid);
  }

  stageOf(task: TaskId): StageName {
    return stageOf(this.state, task);
  }

  /** Has died and has not been released. */
  isZombie(task: TaskId): boolean {
    return this.state.tasks.rows[task + STATE] === ZOMBIE;
  }

  /** Can still run: not free, not a zombie, not a PID 1 on its way out. */
  canRun(task: TaskId): boolean {
    return canRun(this.state, task);
  }

  /** What waitpid returned last: the child's PID in its parent's namespace. Until the next fork. */
  get waitedPid(): number {
    const { waited, pids } = this.state;
    return pids.pidAt(
      this.state.tasks.rows[waited + PID],
      this.state.namespaceOf(this.parentOf(waited)).level,
    );
  }

  /** Its exit status, 128 + signal if it was killed. Until the next fork. */
  get waitedStatus(): number {
    return this.statusOf(this.state.waited);
  }

  /** The exit status of a task that has ended. */
  statusOf(task: TaskId): number {
    return this.state.tasks.rows[task + STATUS];
  }

  threadCount(task: TaskId): number {
    return this.state.processes.rows[this.state.processOf(task) | THREADS];
  }

  /** Has it ended, and others go on (K19)? */
  isMainThreadDead(task: TaskId): boolean {
    return isMainThreadDead(this.state, task);
  }

  /** Besides the one that calls, the main one as long as it lives: what an exec has to end first (K46). */
  hasOtherThreads(task: TaskId): boolean {
    return !isSingleThreaded(this.state, task);
  }

  /** A small index for every live process, for tables of others; when it ends, the next one gets it. */
  processIndex(task: TaskId): number {
    return processIndex(this.state.processOf(task));
  }

  commOf(task: TaskId): CommId {
    return this.state.tasks.comm(task);
  }

  nameOf(task: TaskId): string {
    return this.state.comms[this.state.tasks.comm(task)];
  }

  originOf(task: TaskId): OriginId {
    return this.state.tasks.origin(task);
  }

  // ---- PID namespaces, cgroups, accounts

  pidMax(namespace: PidNsId = HOST_NS): number {
    return this.state.namespaces[namespace].pidMax;
  }

  /** The PID to try next; 0 before the first one (K2). */
  cursor(namespace: PidNsId = HOST_NS): number {
    return this.state.namespaces[namespace].cursor;
  }

  /** Its PID 1; NONE before there is one, and after. */
  initOf(namespace: PidNsId): TaskId {
    return this.state.namespaces[namespace].init;
  }

  /** How many of the PIDs are taken that are never handed out again after the first pass (K3). */
  lowPidsHeld(namespace: PidNsId = HOST_NS): number {
    return this.state.namespaces[namespace].taken.countBelow(RESERVED_PIDS);
  }

  /** How many PIDs are taken beyond a `pid_max` that was lowered (K7). */
  pidsBeyondMax(namespace: PidNsId = HOST_NS): number {
    const { taken, pidMax } = this.state.namespaces[namespace];
    return taken.count(pidMax);
  }

  /** PIDs of processes that have no PID further in: of this namespace, and of none that is nested in it. */
  ownPids(namespace: PidNsId = HOST_NS): number {
    const { ownTasks, ownPinned } = this.state.namespaces[namespace];
    return ownTasks + ownPinned;
  }

  /** PIDs in use: live threads + zombies + pinned. */
  allocated(namespace: PidNsId = HOST_NS): number {
    const { nrThreads, nrPinned, namespaces } = this.state;
    return namespace === HOST_NS ? nrThreads + nrPinned : namespaces[namespace].allocated;
  }

  /** Live threads and zombies with a PID in a namespace. */
  taskCount(namespace: PidNsId = HOST_NS): number {
    const { nrThreads, namespaces } = this.state;
    return namespace === HOST_NS ? nrThreads : namespaces[namespace].tasks;
  }

  zombies(namespace: PidNsId = HOST_NS): number {
    const { nrZombies, namespaces } = this.state;
    return namespace === HOST_NS ? nrZombies : namespaces[namespace].zombies;
  }

  /** PIDs taken that belong to no task: invisible to ps, loadavg, pids.current and the kubelet (K12). */
  pinned(namespace: PidNsId = HOST_NS): number {
    return this.allocated(namespace) - this.taskCount(namespace);
  }

  pinnedPids(namespace: PidNsId = HOST_NS): number[] {
    return pinnedPids(this.state, this.state.namespaces[namespace]);
  }

  /** Each PID of a namespace as an index into CELLS; an array that is given, and as long, is overwritten. */
  cells(namespace: PidNsId = HOST_NS, into = new Uint8Array(this.pidMax(namespace))): Uint8Array {
    return cells(this.state, this.state.namespaces[namespace], into);
  }

  /** Who has a PID, or for whose sake it is pinned. */
  holderOf(pid: number, namespace: PidNsId = HOST_NS): Holder {
    return holderOf(this.state, this.state.namespaces[namespace], pid);
  }

  /** The PIDs of a task from the host's namespace inwards. */
  pidsOf(task: TaskId): number[] {
    return this.state.pidsOf(this.state.tasks.rows[task + PID]);
  }

  /** How deep a namespace is in others; 0: the host's. */
  levelOf(namespace: PidNsId): number {
    return this.state.namespaces[namespace].level;
  }

  namespaceOf(task: TaskId): PidNsId {
    return this.state.tasks.namespaceId(task);
  }

  /** How many more tasks the limits of a cgroup, and of those above it, allow. */
  roomIn(cgroup: CgroupId): number {
    return this.state.cgroups[cgroup].room;
  }

  /** Live processes of a cgroup, not of those below it: `cgroup.procs`. */
  liveTasksIn(cgroup: CgroupId): TaskId[] {
    return liveTasksIn(this.state, cgroup);
  }

  /** What is on an account. */
  originCount(origin: OriginId): OriginCount {
    return this.state.origins.countOf(origin);
  }

  /** As `listTasks` has it. */
  rowOf(task: TaskId, namespace: PidNsId = HOST_NS): TaskRow {
    return taskRow(this.state, task, this.state.namespaces[namespace]);
  }

  listTasks(namespace: PidNsId = HOST_NS): TaskRow[] {
    return listTasks(this.state, this.state.namespaces[namespace]);
  }

  /** The same with one row for each crowd of zombies. */
  listCrowds(namespace: PidNsId = HOST_NS): TaskCrowd[] {
    return listCrowds(this.state, this.state.namespaces[namespace]);
  }

  census(): Census {
    return census(this.state);
  }

  /** Throws when a count, a list or the accounting identity is wrong: a bug of ours. */
  checkInvariants(): void {
    checkInvariants(this.state);
  }
}
