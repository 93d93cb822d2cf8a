/**
 * The kernel model a second time: slow, and obvious.
 *
 * Every call is written from the kernel's own sources and from what was observed, not from `src/kernel`, and
 * holds its answer in plain objects that are searched from end to end. The fast kernel is held to it call by
 * call (reference.property.test.ts). Each function is named for the system call, and says which kernel
 * function it stands for. What it knows, and what can be read from it, is in reference-tables.ts.
 */
import type { ForkRefusal, KernelOptions, Refuser } from '../../src/kernel/kernel.js';
import type { KernelRules } from '../../src/kernel/rules.js';
import type { PlainHooks } from './plain.js';
import {
  activeNs,
  type Cgroup,
  numberIn,
  type Pid,
  type PidNamespace,
  type Process,
  ReferenceTables,
  type SigchldAction,
  type Signal,
  type SigtermAction,
  type Thread,
  tasksOf,
} from './reference-tables.js';

/**
 * Written down again on purpose: the two models share no number (include/linux/pid.h, threads.h, signal.h).
 */
const RESERVED_PIDS = 300;
const PID_MAX_LIMIT = 4_194_304;
const SIGKILL = 9;
const SIGTERM = 15;
const SIGCHLD = 17;

export const NONE = -1;
export const KERNEL = -1;
export const ANY = -1;
export const WOULD_BLOCK = -2;
export const NO_CHILD = -3;

export class ReferenceKernel extends ReferenceTables {
  readonly init: number;
  refusal: ForkRefusal = { errno: 'EAGAIN', refusedBy: 'pid-max', at: 0 };
  waitedPid = 0;
  waitedStatus = 0;
  threadsMax: number;
  protected readonly rules: KernelRules;
  private readonly hooks: PlainHooks | undefined;
  private nextId = 0;

  constructor(options: KernelOptions) {
    super();
    this.rules = options.rules;
    this.threadsMax = options.threadsMax;
    this.hooks = options.hooks as unknown as PlainHooks | undefined;
    const ns = this.newNamespace(null, options.pidMax);
    this.cgroups.push({ id: 0, parent: null, max: Number.POSITIVE_INFINITY, removed: false, events: 0 });
    const main = { pid: this.allocPid(ns, 0)!, cgroup: this.cgroups[0], alive: true };
    this.countCreated(0, 1);
    ns.init = this.newProcess(main, null, options.initComm ?? 'init');
    ns.init.sessionLeader = true;
    this.init = ns.init.id;
  }

  // ---- fork

  /** `idr_alloc_cyclic`: the next free PID at or after the cursor, else from the start; 0: none. */
  private nextPid(ns: PidNamespace): number {
    const end = this.limitOf(ns);
    const low = ns.cursor > RESERVED_PIDS ? RESERVED_PIDS : 1;
    const start = Math.max(ns.cursor, low);
    const taken = this.takenPids(ns);
    for (let nr = start; nr < end; nr++) if (!taken.has(nr)) return nr;
    for (let nr = low; nr < Math.min(start, end); nr++) if (!taken.has(nr)) return nr;
    return 0;
  }

  /**
   * `alloc_pid`: one PID for each level, innermost first. A cursor that has moved stays moved whatever
   * happens further out, but for one case: in a namespace that has no process yet, a refusal starts it over
   * (K8).
   */
  private allocPid(ns: PidNamespace, origin: number): Pid | null {
    const pid: Pid = { numbers: [], origin };
    for (let level: PidNamespace | null = ns; level !== null; level = level.parent) {
      const nr = this.nextPid(level);
      if (nr === 0) {
        if (ns.init === null && ns.open) ns.cursor = 1;
        return this.refuse(this.rules.exhaustionErrno, 'pid-max', level.id);
      }
      level.cursor = nr + 1;
      pid.numbers.unshift({ ns: level, nr });
    }
    if (!ns.open) return this.refuse('ENOMEM', 'namespace-dead', ns.id);
    return pid;
  }

  private refuse(errno: ForkRefusal['errno'], refusedBy: Refuser, at: number): null {
    this.refusal = { errno, refusedBy, at };
    return null;
  }

  private copyProcess(parent: Process, ns: PidNamespace): Thread | null {
    const thread = this.tryCopyProcess(parent, ns);
    if (thread === null) this.hooks?.refused(parent.id, this.refusal);
    else this.countCreated(thread.pid.origin, 1);
    return thread;
  }

  /** The order of refusals in `copy_process` (K38). */
  private tryCopyProcess(parent: Process, ns: PidNamespace): Thread | null {
    const count = this.unreleased.filter((p) => p.uid === parent.uid).flatMap(tasksOf).length;
    if (parent.uid !== 0 && count >= parent.nprocMax)
      return this.refuse('EAGAIN', 'rlimit-nproc', parent.uid);
    if (this.nrThreads >= this.threadsMax) return this.refuse('EAGAIN', 'threads-max', NONE);
    const pid = this.allocPid(ns, parent.main.pid.origin);
    if (pid === null) return null;
    const { cgroup } = tasksOf(parent).find((thread) => thread.alive)!;
    for (let limiter: Cgroup | null = cgroup; limiter !== null; limiter = limiter.parent) {
      if (this.pidsCurrent(limiter.id) + 1 <= limiter.max) continue;
      this.countEvent(cgroup, limiter);
      // free_pid: "handle a fork failure of the first process". The namespace takes nobody after that.
      if (ns.init === null) ns.open = false;
      return this.refuse('EAGAIN', 'pids-cgroup', limiter.id);
    }
    return { pid, cgroup, alive: true };
  }

  /** `pids_event` (K37). */
  private countEvent(forker: Cgroup, limiter: Cgroup): void {
    if (this.rules.pidsEventsOn === 'forker') {
      forker.events += 1;
      return;
    }
    for (let cgroup = limiter; cgroup.parent !== null; cgroup = cgroup.parent) cgroup.events += 1;
  }

  fork(parentId: number): number {
    const parent = this.running(parentId);
    const ns = parent.childNs;
    const main = this.copyProcess(parent, ns);
    if (main === null) return NONE;
    const child = this.newProcess(main, parent, parent.comm);
    ns.init ??= child;
    this.hooks?.forked(parentId, child.id, main.pid.numbers[0].nr);
    return child.id;
  }

  /** What `copy_process` gives a child: dispositions, group and session, but no pending signal (K18). */
  private newProcess(main: Thread, parent: Process | null, comm: string): Process {
    const child: Process = {
      id: this.nextId++,
      life: 'running',
      comm,
      uid: parent?.uid ?? 0,
      nprocMax: parent?.nprocMax ?? Number.POSITIVE_INFINITY,
      main,
      others: [],
      group: parent?.group ?? main.pid,
      session: parent?.session ?? main.pid,
      sessionLeader: false,
      parent,
      children: [],
      childNs: main.pid.numbers.at(-1)!.ns,
      sigchld: parent?.sigchld ?? 'default',
      sigterm: parent?.sigterm ?? 'default',
      pending: new Set(),
      dying: null,
      isSubreaper: false,
      hasSubreaper: parent !== null && (parent.hasSubreaper || parent.isSubreaper),
      status: 0,
    };
    this.processes.set(child.id, child);
    parent?.children.push(child);
    return child;
  }

  /** pthread_create, `count` times; stops at the first refusal. */
  cloneThreads(id: number, count: number): number {
    const p = this.running(id);
    for (let made = 0; made < count; made++) {
      const thread = this.copyProcess(p, activeNs(p));
      if (thread === null) return made;
      p.others.push(thread);
    }
    return count;
  }

  /** Threads release themselves: no zombie, nothing to join (`exit_notify`, K9). The youngest go. */
  private releaseThreads(p: Process, keep: number): void {
    for (const thread of p.others.splice(keep)) this.countReleased(thread.pid.origin, 1);
    this.afterRelease();
  }

  endOtherThreads(id: number): void {
    const p = this.running(id);
    this.releaseThreads(p, p.main.alive ? 0 : 1);
  }

  endThreads(id: number, count: number): void {
    const p = this.running(id);
    if (!p.main.alive && p.others.length === count) this.doExit(p, p.dying ?? p.status);
    else this.releaseThreads(p, p.others.length - count);
  }

  /**
   * `de_thread` frees the other threads; whichever of them called takes the main thread's place and PID
   * (K46). `flush_signal_handlers` leaves only SIG_IGN, and clears SA_NOCLDWAIT.
   */
  exec(id: number, comm: string): void {
    const p = this.running(id);
    p.main.alive = true;
    this.releaseThreads(p, 0);
    p.comm = comm;
    if (p.sigchld !== 'ignore') this.setSigchld(id, 'default');
    if (p.sigterm !== 'ignore') p.sigterm = 'default';
  }

  // ---- exit

  /** `do_group_exit`. */
  exit(id: number, status: number): void {
    this.doExit(this.running(id), status);
  }

  /**
   * `do_group_exit` up to where the calling thread is gone and `zap_other_threads` has sent the others
   * SIGKILL: `dieOfSignal` is theirs. False: there are no others.
   */
  exitAhead(id: number, status: number): boolean {
    const p = this.running(id);
    const callers = p.main.alive ? [p.main, ...p.others] : p.others;
    if (callers.length === 1) return false;
    if (p.main.alive) p.main.alive = false;
    else this.releaseThreads(p, p.others.length - 1);
    p.status = status;
    p.dying = status;
    return true;
  }

  /**
   * The main thread ends. If others go on it is a zombie that cannot be reaped yet (`delay_group_leader`,
   * K19).
   */
  exitMainThread(id: number): boolean {
    const p = this.running(id);
    const goesOn = p.main.alive && p.others.length > 0;
    p.main.alive = false;
    p.status = 0;
    if (p.others.length === 0) this.doExit(p, 0);
    return goesOn;
  }

  /**
   * `do_exit` of all threads, one after the other. Of a namespace's PID 1 the last thread is stopped on its
   * way out; in the kernel that may be any, here it is the oldest but the main one (`thread_group_leader(me)
   * ? 1 : 2`).
   */
  private doExit(p: Process, status: number): void {
    const ns = activeNs(p);
    p.life = 'exiting';
    p.status = status;
    p.main.alive = false;
    p.pending.clear();
    this.releaseThreads(p, ns.init === p ? 1 : 0);
    if (ns.init === p) this.hooks?.namespaceEnds(p.id);
    this.hooks?.ended(p.id, p.main.pid.numbers[0].nr, status);
    if (ns.init === p) this.zapPidNsProcesses(ns);
    else this.exitNotify(p);
  }

  /**
   * `zap_pid_ns_processes` (K30): no forks, all killed, all children reaped, then wait for the rest (K32).
   */
  private zapPidNsProcesses(ns: PidNamespace): void {
    const init = ns.init!;
    ns.open = false;
    init.sigchld = 'ignore';
    const inPidOrder = this.unreleased
      .filter((p) => p !== init && numberIn(p.main.pid, ns) !== 0)
      .sort((a, b) => numberIn(a.main.pid, ns) - numberIn(b.main.pid, ns));
    for (const p of inPidOrder) if (p.life === 'running') this.endBySignal(init.id, p, SIGKILL);
    const nextZombie = (): Process | undefined => init.children.find((child) => child.life === 'zombie');
    for (let child = nextZombie(); child !== undefined; child = nextZombie()) this.releaseTask(child);
    init.life = 'zapping';
    this.afterRelease();
  }

  /** The PID that becomes free may be the one that a namespace's init waits for (`free_pid`). */
  private afterRelease(): void {
    for (const ns of this.namespaces) {
      const init = ns.init;
      if (init === null || init.life !== 'zapping' || this.takenPids(ns).size > tasksOf(init).length)
        continue;
      init.life = 'exiting';
      this.releaseThreads(init, 0);
      this.exitNotify(init);
      this.afterRelease();
      return;
    }
  }

  /** `exit_notify`: first the children get a new parent, then the parent is told. */
  private exitNotify(p: Process): void {
    const dead = this.forgetOriginalParent(p);
    p.life = 'zombie';
    const autoreap = this.doNotifyParent(p);
    for (const child of dead) this.releaseTask(child);
    if (autoreap) this.releaseTask(p);
  }

  /** `forget_original_parent`, `reparent_leader`: returns zombies whose new parent ignores SIGCHLD. */
  private forgetOriginalParent(father: Process): Process[] {
    const { children } = father;
    father.children = [];
    if (children.length === 0) return [];
    const reaper = this.findNewReaper(father);
    const dead: Process[] = [];
    for (const child of children) {
      child.parent = reaper;
      reaper.children.push(child);
      if (child.life === 'zombie' && this.doNotifyParent(child)) dead.push(child);
    }
    return dead;
  }

  /** `find_new_reaper` (K20, K24). */
  private findNewReaper(father: Process): Process {
    const childReaper = activeNs(father).init!;
    if (!father.hasSubreaper) return childReaper;
    for (let reaper = father.parent; reaper !== null; reaper = reaper.parent) {
      if (this.rules.orphansLeaveNamespace) {
        if (reaper === childReaper) break;
      } else if (activeNs(reaper).level !== activeNs(father).level) break;
      if (reaper.isSubreaper && reaper.life === 'running') return reaper;
    }
    return childReaper;
  }

  /** `do_notify_parent` (K15, K17, K25): true if nobody will wait and the task is to be released. */
  private doNotifyParent(p: Process): boolean {
    const parent = p.parent!;
    if (isHandler(parent.sigchld)) parent.pending.add(SIGCHLD);
    this.hooks?.wake(parent.id);
    return parent.sigchld === 'ignore' || parent.sigchld === 'nocldwait';
  }

  /** `release_task`: everything that a zombie holds goes in this instant (K14). */
  private releaseTask(p: Process): void {
    this.hooks?.released(p.id, p.main.pid.numbers[0].nr);
    this.processes.delete(p.id);
    this.countReleased(p.main.pid.origin, 1);
    p.parent!.children = p.parent!.children.filter((child) => child !== p);
    this.afterRelease();
  }

  /** `do_wait` without blocking: the first zombie in the order of the list of children (K29). */
  wait(id: number, childId: number): number {
    const p = this.running(id);
    const eligible = p.children.filter((child) => childId === ANY || child.id === childId);
    if (eligible.length === 0) return NO_CHILD;
    const zombie = eligible.find((child) => child.life === 'zombie');
    if (zombie === undefined) return WOULD_BLOCK;
    this.waitedPid = numberIn(zombie.main.pid, activeNs(p));
    this.waitedStatus = zombie.status;
    this.releaseTask(zombie);
    return zombie.id;
  }

  // ---- signals

  /** `send_signal`, `sig_task_ignored`, `complete_signal`. */
  kill(senderId: number, targetId: number, signal: Signal): void {
    const target = this.processes.get(targetId);
    if (target?.life === 'running')
      this.deliver(senderId, target, signal, this.isFromAncestor(senderId, target));
  }

  private isFromAncestor(senderId: number, target: Process): boolean {
    const sender = senderId === KERNEL ? null : this.processes.get(senderId)!;
    return sender === null || numberIn(sender.main.pid, activeNs(target)) === 0;
  }

  /** One that is dying gets no more signals (`prepare_signal`). */
  private deliver(senderId: number, target: Process, signal: Signal, fromAncestor: boolean): void {
    if (target.life !== 'running' || target.dying !== null) return;
    if (this.isIgnored(target, signal, fromAncestor)) return;
    if (this.hasHandler(target, signal)) {
      target.pending.add(signal);
      this.hooks?.wake(target.id);
    } else this.endBySignal(senderId, target, signal);
  }

  private endBySignal(senderId: number, target: Process, signal: number): void {
    if (target.dying !== null) return;
    if (this.hooks?.killed(senderId, target.id)) target.dying = 128 + signal;
    else this.doExit(target, 128 + signal);
  }

  /** `get_signal`: the first thing that it does when it runs. */
  dieOfSignal(id: number): boolean {
    const p = this.running(id);
    if (p.dying === null) return false;
    this.doExit(p, p.dying);
    return true;
  }

  private hasHandler(p: Process, signal: Signal): boolean {
    return (signal === SIGCHLD && isHandler(p.sigchld)) || (signal === SIGTERM && p.sigterm === 'exit');
  }

  /**
   * PID 1 gets only what it has a handler for, and SIGKILL from an ancestor namespace; the host's not even
   * that (K33).
   */
  private isIgnored(target: Process, signal: Signal, fromAncestor: boolean): boolean {
    if (this.hasHandler(target, signal)) return false;
    if (signal === SIGCHLD) return true;
    if (signal === SIGTERM && target.sigterm === 'ignore') return true;
    if (activeNs(target).init !== target) return false;
    return target.id === this.init || signal !== SIGKILL || !fromAncestor;
  }

  /**
   * kill(0, signal), in the order in which the members are signalled and woken: `attach_pid` puts a new one
   * in front. A sender with one thread is the one that runs, and needs not be woken.
   */
  killGroup(senderId: number, signal: Signal): void {
    const sender = this.processes.get(senderId)!;
    const members = this.unreleased.filter((p) => p.group === sender.group).reverse();
    const isAlone = (sender.main.alive ? 1 : 0) + sender.others.length === 1;
    if (isAlone) members.sort((a, b) => Number(b === sender) - Number(a === sender));
    const fromAncestor = members.map((p) => p.life === 'running' && this.isFromAncestor(senderId, p));
    for (const [index, p] of members.entries()) this.deliver(senderId, p, signal, fromAncestor[index]);
  }

  killChildren(senderId: number, signal: Signal): void {
    const sender = this.processes.get(senderId)!;
    const pidOf = (p: Process): number => p.main.pid.numbers.find(({ ns }) => ns === activeNs(sender))!.nr;
    const children = [...sender.children].sort((a, b) => pidOf(a) - pidOf(b));
    for (const child of children) this.kill(senderId, child.id, signal);
  }

  /** `do_sigaction`: a pending signal that is ignored from now on is forgotten. */
  setSigchld(id: number, disposition: SigchldAction): void {
    const p = this.running(id);
    p.sigchld = disposition;
    if (!isHandler(disposition)) p.pending.delete(SIGCHLD);
  }

  /** `dequeue_signal`: it is about to be acted on, and the slot is free again. */
  takeSignal(id: number, bit: number): boolean {
    return this.running(id).pending.delete(bit === 1 ? SIGCHLD : SIGTERM);
  }

  setSigterm(id: number, disposition: SigtermAction): void {
    const p = this.running(id);
    p.sigterm = disposition;
    if (disposition === 'ignore') p.pending.delete(SIGTERM);
  }

  // ---- sessions, subreapers,
  // namespaces

  /** `ksys_setsid`: not for a session leader, nor while anybody has the caller's PID as process group. */
  setsid(id: number): boolean {
    const p = this.running(id);
    if (p.sessionLeader || this.unreleased.some((other) => other.group === p.main.pid)) return false;
    p.session = p.main.pid;
    p.group = p.main.pid;
    p.sessionLeader = true;
    this.afterRelease();
    return true;
  }

  /** setpgid(0, 0). */
  setpgid(id: number): boolean {
    const p = this.running(id);
    if (p.sessionLeader) return false;
    p.group = p.main.pid;
    this.afterRelease();
    return true;
  }

  /** PR_SET_CHILD_SUBREAPER; `propagate_has_child_subreaper` (K21). */
  setSubreaper(id: number, on: boolean): void {
    const p = this.running(id);
    p.isSubreaper = on;
    if (!on || !this.rules.subreaperCoversExisting) return;
    for (const child of p.children) this.propagateHasSubreaper(child);
  }

  private propagateHasSubreaper(p: Process): void {
    if (p.hasSubreaper || activeNs(p).init === p) return;
    p.hasSubreaper = true;
    for (const child of p.children) this.propagateHasSubreaper(child);
  }

  unsharePidNamespace(id: number, pidMax = PID_MAX_LIMIT): number {
    const p = this.running(id);
    const ns = this.newNamespace(activeNs(p), pidMax);
    p.childNs = ns;
    return ns.id;
  }

  private newNamespace(parent: PidNamespace | null, pidMax: number): PidNamespace {
    const { length: id } = this.namespaces;
    const level = parent === null ? 0 : parent.level + 1;
    const ns: PidNamespace = { id, level, parent, pidMax, cursor: 1, init: null, open: true };
    this.namespaces.push(ns);
    return ns;
  }

  /**
   * `pidns_install`: into a namespace below the caller's own, or its own; its children are born there from
   * now on.
   */
  setns(id: number, ns: number): boolean {
    const p = this.running(id);
    const target = this.namespaces[ns];
    let above: PidNamespace | null = target;
    while (above !== null && above !== activeNs(p)) above = above.parent;
    if (above === null) return false;
    p.childNs = target;
    return true;
  }

  /** Before 6.14 there is one value for the machine (K7). */
  setPidMax(ns: number, value: number): void {
    this.namespaces[this.rules.perNamespacePidMax ? ns : 0].pidMax = value;
  }

  // ---- cgroups

  createCgroup(parent: number, max: number): number {
    const id = this.cgroups.length;
    this.cgroups.push({ id, parent: this.cgroups[parent], max, removed: false, events: 0 });
    return id;
  }

  setPidsMax(cgroup: number, max: number): void {
    this.cgroups[cgroup].max = max;
  }

  /**
   * rmdir: refused while a live task or a cgroup is in it; zombies are no obstacle, and stay charged (K36).
   */
  removeCgroup(id: number): boolean {
    const cgroup = this.cgroups[id];
    const populated = this.unreleased.some((p) => tasksOf(p).some((t) => t.alive && t.cgroup === cgroup));
    if (populated || this.cgroups.some((child) => child.parent === cgroup && !child.removed)) return false;
    cgroup.removed = true;
    return true;
  }

  /** `cgroup_attach_task`: never refused (K35); what is dead already stays where it is (K36). */
  attach(id: number, cgroup: number): void {
    for (const t of tasksOf(this.processes.get(id)!)) if (t.alive) t.cgroup = this.cgroups[cgroup];
  }

  // ---- users and
  // accounts

  /** setuid (K39). */
  setUser(id: number, uid: number): void {
    this.running(id).uid = uid;
  }

  /** RLIMIT_NPROC. */
  setNprocMax(id: number, max: number): void {
    this.running(id).nprocMax = max;
  }

  /** What a new process is called, and on whose account it is. */
  rename(id: number, comm: string, origin: number): void {
    const p = this.running(id);
    p.comm = comm;
    for (const thread of tasksOf(p)) {
      this.countCreated(thread.pid.origin, -1);
      this.countCreated(origin, 1);
      thread.pid.origin = origin;
    }
  }

  private running(id: number): Process {
    const p = this.processes.get(id);
    if (p?.life !== 'running') throw new Error(`task ${id} makes a system call and is ${p?.life ?? 'gone'}`);
    return p;
  }
}

function isHandler(action: SigchldAction): boolean {
  return action === 'reap-all' || action === 'reap-one';
}
