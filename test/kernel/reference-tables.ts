/**
 * What the reference kernel knows, and everything that can be read from it.
 *
 * Nothing is kept that can be worked out. Which PIDs are taken, what a cgroup is charged, how many tasks
 * there are: all of it is found by looking at every task, each time it is asked for. So there is no counter
 * here that can be forgotten, no list that can be left broken and no index that can be stale.
 */
import type { KernelRules } from '../../src/kernel/rules.js';
import type { PlainRow } from './plain.js';

/** `struct pid_namespace`. */
export interface PidNamespace {
  id: number;
  level: number;
  parent: PidNamespace | null;
  pidMax: number;
  /** The next PID to try (`idr_next`). */
  cursor: number;
  /** `child_reaper`; null before the first process. */
  init: Process | null;
  /** PIDNS_ADDING: cleared when init dies, or when a cgroup refuses the first process. */
  open: boolean;
}

/** `struct pid`: one PID for each namespace level, the host's first. */
export interface Pid {
  numbers: { ns: PidNamespace; nr: number }[];
  origin: number;
}

/** `struct cgroup` with its pids controller. */
export interface Cgroup {
  id: number;
  parent: Cgroup | null;
  max: number;
  removed: boolean;
  events: number;
}

/** One `task_struct`: a thread, the main one included. */
export interface Thread {
  pid: Pid;
  cgroup: Cgroup;
  alive: boolean;
}

/**
 * running   some thread is alive (the main one may be dead: `main.alive`)
 * exiting   in the middle of do_exit
 * zapping   a namespace's init that waits for its namespace to empty (zap_pid_ns_processes)
 * zombie    waits to be reaped
 */
type Life = 'running' | 'exiting' | 'zapping' | 'zombie';

export type Signal = 9 | 15 | 17;
export type SigchldAction = 'default' | 'ignore' | 'nocldwait' | 'reap-all' | 'reap-one';
export type SigtermAction = 'default' | 'ignore' | 'exit';

/** A thread group: `struct signal_struct` and its tasks. */
export interface Process {
  id: number;
  life: Life;
  comm: string;
  uid: number;
  nprocMax: number;
  main: Thread;
  /** Every thread but the main one, the oldest first. */
  others: Thread[];
  group: Pid;
  session: Pid;
  sessionLeader: boolean;
  parent: Process | null;
  children: Process[];
  /** Where its children are born (`pid_ns_for_children`). */
  childNs: PidNamespace;
  sigchld: SigchldAction;
  sigterm: SigtermAction;
  pending: Set<Signal>;
  /** The status with which it will end when it runs, if a signal has killed it. */
  dying: number | null;
  isSubreaper: boolean;
  hasSubreaper: boolean;
  status: number;
}

/** A PID in one namespace, 0 if there is none: `pid_nr_ns`. */
export function numberIn(pid: Pid, ns: PidNamespace): number {
  return pid.numbers.find((number) => number.ns === ns)?.nr ?? 0;
}

/** `task_active_pid_ns`: the namespace of the innermost PID. */
export function activeNs(p: Process): PidNamespace {
  return p.main.pid.numbers.at(-1)!.ns;
}

/**
 * Every `task_struct` that has not been released: each is a PID, a charge and a unit of nr_threads (K9, K41).
 */
export function tasksOf(p: Process): Thread[] {
  return [p.main, ...p.others];
}

/** Is its main thread there, be it on its way out? */
function isAlive(p: Process): boolean {
  return p.main.alive || (p.life === 'zapping' && p.others.length === 0);
}

export abstract class ReferenceTables {
  readonly processes = new Map<number, Process>();
  readonly namespaces: PidNamespace[] = [];
  readonly cgroups: Cgroup[] = [];
  protected abstract readonly rules: KernelRules;
  /**
   * Tasks by origin since boot, made and released; the only counters, because the past cannot be looked at.
   */
  private readonly created = new Map<number, number>();
  private readonly releasedTasks = new Map<number, number>();

  /** The oldest first. */
  get unreleased(): Process[] {
    return [...this.processes.values()];
  }

  get nrThreads(): number {
    return this.unreleased.flatMap(tasksOf).length;
  }

  /** Every `struct pid` that some task is attached to as PID, PGID or SID: all that keeps a PID (K9, K10). */
  heldPids(): Set<Pid> {
    const held = new Set<Pid>();
    for (const p of this.unreleased) {
      for (const thread of tasksOf(p)) held.add(thread.pid);
      held.add(p.group);
      held.add(p.session);
    }
    return held;
  }

  takenPids(ns: PidNamespace): Set<number> {
    return new Set([...this.heldPids()].map((pid) => numberIn(pid, ns)).filter((nr) => nr !== 0));
  }

  /** Before 6.14 there is one value for the machine (K7). */
  limitOf(ns: PidNamespace): number {
    return this.rules.perNamespacePidMax ? ns.pidMax : this.namespaces[0].pidMax;
  }

  private tasksIn(ns: PidNamespace): Thread[] {
    return this.unreleased.flatMap(tasksOf).filter((thread) => numberIn(thread.pid, ns) !== 0);
  }

  // ---- counts

  allocated(ns = 0): number {
    return this.takenPids(this.namespaces[ns]).size;
  }

  taskCount(ns = 0): number {
    return this.tasksIn(this.namespaces[ns]).length;
  }

  /** Main threads that have died: in state Z, waitable or not yet (K19). */
  zombies(ns = 0): number {
    return this.unreleased.filter((p) => !isAlive(p) && numberIn(p.main.pid, this.namespaces[ns]) !== 0)
      .length;
  }

  pinnedPids(ns = 0): number[] {
    const numbers = this.takenPids(this.namespaces[ns]);
    for (const thread of this.tasksIn(this.namespaces[ns]))
      numbers.delete(numberIn(thread.pid, this.namespaces[ns]));
    return [...numbers].sort((a, b) => a - b);
  }

  pinned(ns = 0): number {
    return this.pinnedPids(ns).length;
  }

  pidMax(ns = 0): number {
    return this.limitOf(this.namespaces[ns]);
  }

  /** Threads and zombies of the subtree, those in removed cgroups too (K34, K36). */
  pidsCurrent(id: number): number {
    const isWithin = (cgroup: Cgroup | null): boolean =>
      cgroup !== null && (cgroup.id === id || isWithin(cgroup.parent));
    return this.unreleased.flatMap(tasksOf).filter((thread) => isWithin(thread.cgroup)).length;
  }

  pidsEvents(id: number): number {
    return this.cgroups[id].events;
  }

  protected countCreated(origin: number, tasks: number): void {
    this.created.set(origin, (this.created.get(origin) ?? 0) + tasks);
  }

  protected countReleased(origin: number, tasks: number): void {
    this.releasedTasks.set(origin, (this.releasedTasks.get(origin) ?? 0) + tasks);
  }

  originCounts(origin: number): Record<string, number> {
    const tasks = this.unreleased.flatMap(tasksOf).filter((thread) => thread.pid.origin === origin);
    return {
      tasks: tasks.length,
      zombies: this.unreleased.filter((p) => !isAlive(p) && p.main.pid.origin === origin).length,
      pids: [...this.heldPids()].filter((pid) => pid.origin === origin).length,
      created: this.created.get(origin) ?? 0,
      released: this.releasedTasks.get(origin) ?? 0,
    };
  }

  // ---- one task

  parentOf(id: number): number {
    return this.processes.get(id)!.parent?.id ?? -1;
  }

  pidOf(id: number, ns = 0): number {
    return numberIn(this.processes.get(id)!.main.pid, this.namespaces[ns]);
  }

  isZombie(id: number): boolean {
    return this.processes.get(id)?.life === 'zombie';
  }

  canRun(id: number): boolean {
    return this.processes.get(id)?.life === 'running';
  }

  statusOf(id: number): number {
    return this.processes.get(id)!.status;
  }

  threadCount(id: number): number {
    return this.processes.get(id)!.others.length;
  }

  /** Bit 0 is SIGCHLD, bit 1 SIGTERM, bit 2 one that has killed it. */
  pendingSignals(id: number): number {
    const { pending, dying } = this.processes.get(id)!;
    return (pending.has(17) ? 1 : 0) + (pending.has(15) ? 2 : 0) + (dying !== null ? 4 : 0);
  }

  /** As `ps` run in a namespace shows it. */
  listTasks(id = 0): PlainRow[] {
    const ns = this.namespaces[id];
    const rows = this.unreleased
      .filter((p) => numberIn(p.main.pid, ns) !== 0)
      .map((p) => {
        const threads = tasksOf(p).length;
        return {
          task: p.id,
          pid: numberIn(p.main.pid, ns),
          ppid: p.parent === null ? 0 : numberIn(p.parent.main.pid, ns),
          pgid: numberIn(p.group, ns),
          sid: numberIn(p.session, ns),
          stat: (isAlive(p) ? 'S' : 'Z') + (p.sessionLeader ? 's' : '') + (threads > 1 ? 'l' : ''),
          comm: p.comm,
          nspid: p.main.pid.numbers.slice(ns.level).map(({ nr }) => nr),
          threads,
          origin: p.main.pid.origin,
          cgroup: p.main.cgroup.id,
          uid: p.uid,
        };
      });
    return rows.sort((a, b) => a.pid - b.pid);
  }
}
