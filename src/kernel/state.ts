/**
 * The state of the simulated kernel: tables, namespaces, cgroups and counters, and the few helpers that every
 * system call needs. The system calls themselves are in fork.ts, threads.ts, exit.ts, wait.ts, kill.ts and
 * session.ts.
 *
 * No time and no chance: everything here happens in the instant in which it is called.
 */

import { Cgroup, PIDS_UNLIMITED } from './cgroups.js';
import { Children } from './children.js';
import { type CgroupId, type CommId, HOST_NS, NONE, type PidNsId, ROOT_CGROUP, type TaskId } from './ids.js';
import type { Refuser } from './limits.js';
import { PidNamespace } from './namespaces.js';
import { OriginCounts } from './origin-counts.js';
import { HOST_PID, LABELS_MAX, Pids, REFS } from './pids.js';
import { Processes } from './processes.js';
import type { KernelRules } from './rules.js';
import { PID, PROCESS, Tasks } from './tasks.js';
import type { KernelWatcher } from './watcher.js';

/** Why a fork was refused. `at` is the namespace, the cgroup or the uid; -1 for the machine. */
export interface ForkRefusal {
  errno: 'EAGAIN' | 'ENOMEM';
  refusedBy: Refuser;
  at: number;
}

/** What the kernel tells the machine around it, in the middle of a system call: do not call back. */
export interface KernelHooks {
  forked(parent: TaskId, child: TaskId, hostPid: number): void;
  /**
   * A signal is to end the process. It runs for that, and what it is blocked in looks at the world once more,
   * before it looks at signals. True: its owner will run it, and call `dieOfSignal`. False: it ends at once,
   * and its owner has called `wait` for it, if at all, and nothing else.
   */
  killed(sender: TaskId | typeof NONE, task: TaskId): boolean;
  /** A namespace's PID 1 is about to end, and before it everything that is in there. */
  namespaceEnds(init: TaskId): void;
  /** It will not run again: it is a zombie, is gone, or is a PID 1 that waits for its namespace to empty. */
  ended(task: TaskId, hostPid: number, status: number): void;
  /** A zombie has been released; its table row is still readable, for the last time. */
  released(task: TaskId, hostPid: number): void;
  /** A signal with a handler became pending, or something changed that a blocked wait may be waiting for. */
  wake(task: TaskId): void;
  refused(parent: TaskId, refusal: ForkRefusal): void;
}

/** Of `uids`. */
export const ROOT = 0;

export const NO_HOOKS: KernelHooks = {
  forked() {},
  killed: () => false,
  namespaceEnds() {},
  ended() {},
  released() {},
  wake() {},
  refused() {},
};

export interface KernelOptions {
  rules: KernelRules;
  /** Of the host's namespace. */
  pidMax: number;
  threadsMax: number;
  hooks?: KernelHooks;
  watcher?: KernelWatcher;
  /** Name of the host's PID 1. */
  initComm?: string;
}

export class KernelState {
  readonly rules: KernelRules;
  readonly hooks: KernelHooks;
  readonly watcher: KernelWatcher | null;
  threadsMax: number;

  readonly tasks = new Tasks();
  readonly processes = new Processes();
  readonly pids = new Pids();
  readonly children = new Children(this.tasks, this.processes);
  readonly namespaces: PidNamespace[] = [];
  readonly cgroups: Cgroup[] = [];
  /** Ids that can be given out again: those of groups, once nothing is charged to them. */
  readonly forgottenCgroups: CgroupId[] = [];
  /** The same for namespaces, once no PID is taken in them. */
  readonly forgottenNamespaces: PidNsId[] = [];
  readonly origins = new OriginCounts();

  /** Live threads and zombies of the whole machine: `nr_threads`, the total in /proc/loadavg (K41). */
  nrThreads = 0;
  /** Zombies and pinned PIDs of the whole machine. */
  nrZombies = 0;
  nrPinned = 0;
  /** Tasks by user, for RLIMIT_NPROC (K39). Root's are not counted: it may have any number. */
  userTasks = new Int32Array(256);
  readonly uids: number[] = [0];

  /** Of the last refused fork or clone. */
  refusal: ForkRefusal = { errno: 'EAGAIN', refusedBy: 'pid-max', at: 0 };
  forkRefusals = 0;

  /** The child that was reaped last. Its row is free, but still as it was until the next fork. */
  waited: TaskId = NONE;

  /** Dying namespaces in which only PID 1 is left: their end is to be finished (exit.ts). */
  readonly emptied: PidNamespace[] = [];
  /** Namespaces whose processes are being killed right now; until that is over, no PID 1 may finish. */
  endings = 0;

  private readonly commIds = new Map<string, CommId>();
  readonly comms: string[] = [];

  constructor(options: KernelOptions) {
    this.rules = options.rules;
    this.hooks = options.hooks ?? NO_HOOKS;
    this.watcher = options.watcher ?? null;
    this.threadsMax = options.threadsMax;
    this.namespaces.push(new PidNamespace(HOST_NS, null, options.pidMax));
    this.cgroups.push(new Cgroup(ROOT_CGROUP, null, PIDS_UNLIMITED));
  }

  /** Its row in `processes`; NONE for a zombie. */
  processOf(task: TaskId): number {
    return this.tasks.rows[task + PROCESS];
  }

  namespaceOf(task: TaskId): PidNamespace {
    return this.namespaces[this.tasks.namespaceId(task)];
  }

  /** The task's PID on the host, which every task has. */
  hostPid(task: TaskId): number {
    return this.pids.rows[this.tasks.rows[task + PID] | HOST_PID];
  }

  /** The PID of a `struct pid` in a namespace, or 0 if it has none there. */
  pidIn(pidRow: number, namespace: PidNamespace): number {
    const own = this.namespaces[this.pids.namespaceId(pidRow)];
    return namespace.contains(own) ? this.pids.pidAt(pidRow, namespace.level) : 0;
  }

  /** From the host's inwards: the PIDs of a `struct pid`, also of one that has just been freed. */
  pidsOf(pidRow: number): number[] {
    const { level } = this.namespaces[this.pids.namespaceId(pidRow)];
    return Array.from({ length: level + 1 }, (_, at) => this.pids.pidAt(pidRow, at));
  }

  /** The id of a name. */
  comm(name: string): CommId {
    let id = this.commIds.get(name);
    if (id === undefined) {
      id = this.comms.length as CommId;
      if (id === LABELS_MAX) throw new RangeError(`more than ${LABELS_MAX} names of processes`);
      this.comms.push(name);
      this.commIds.set(name, id);
    }
    return id;
  }

  /** Records a refusal and passes it on. */
  refuse(parent: TaskId, refusedBy: Refuser, at: number): void {
    const ranOut = refusedBy === 'pid-max' ? this.rules.exhaustionErrno : 'EAGAIN';
    this.refusal = { errno: refusedBy === 'namespace-dead' ? 'ENOMEM' : ranOut, refusedBy, at };
    this.forkRefusals++;
    this.hooks.refused(parent, this.refusal);
  }

  /** A user has so many tasks more. Root's are not counted. */
  countUser(user: number, tasks: number): void {
    if (user !== ROOT) this.userTasks[user] += tasks;
  }

  /** A group and a session, often the same, have a member less. */
  detachFromBoth(group: number, session: number): void {
    if (group === session) this.detach(group, 2);
    else {
      this.detach(session, 1);
      this.detach(group, 1);
    }
  }

  /**
   * A group or a session, or both, have a member less. With the last one of a leader that has been reaped,
   * its PIDs are free.
   */
  detach(pidRow: number, attachments: 1 | 2): void {
    if ((this.pids.rows[pidRow | REFS] -= attachments) > 0) return;
    this.countPinned(pidRow, -1);
    this.freePid(pidRow);
    if (this.watcher !== null) this.tellLeft(this.watcher, pidRow, false);
  }

  /** A task is gone; its PIDs are free, or pinned if its group or session has another member (K10, K14). */
  detachOwn(pidRow: number): void {
    const isPinned = --this.pids.rows[pidRow | REFS] > 0;
    if (isPinned) this.countPinned(pidRow, 1);
    else this.freePid(pidRow);
    if (this.watcher !== null) this.tellLeft(this.watcher, pidRow, isPinned);
  }

  private tellLeft(watcher: KernelWatcher, pidRow: number, isPinned: boolean): void {
    watcher.left(this.pidsOf(pidRow), this.pids.namespaceId(pidRow), isPinned);
  }

  private countPinned(pidRow: number, change: 1 | -1): void {
    this.namespaces[this.pids.namespaceId(pidRow)].ownPinned += change;
    this.nrPinned += change;
    this.origins.countPinned(this.pids.origin(pidRow), change);
  }

  /** Stands for `free_pid`. */
  private freePid(pidRow: number): void {
    const { pids } = this;
    const own = this.namespaces[pids.namespaceId(pidRow)];
    for (let level: PidNamespace | null = own; level !== null; level = level.parent) {
      level.taken.free(pids.pidAt(pidRow, level.level));
      if (level.dead) this.hasShrunk(level);
    }
    pids.release(pidRow);
  }

  /** PIDs of a dying or dead namespace have been freed. */
  hasShrunk(namespace: PidNamespace): void {
    const left = namespace.allocated;
    if (left === namespace.initPids) this.emptied.push(namespace);
    if (left === 0) namespace.leaveParent();
  }
}
