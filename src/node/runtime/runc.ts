/**
 * One call of runc: how a process gets into a container.
 *
 *     shim ── fork ──► runc ── threads, nsexec stages ──► fork into the namespace ──► setsid, cgroup, threads of `runc init`
 *                       │                                                                  │
 *                       └── setupUs later: exits; the child is the shim's (R4) ◄───────────┴── execs the command
 *
 * The container's cgroup is joined whatever its limit says (K35); the Go threads of `runc init` are charged
 * to it, and need room, unless they were cloned before (R40, R41).
 *
 * A runtime that enters the namespace by itself (`bare`) forks the command and that is all.
 */
import {
  type CgroupId,
  type CommId,
  HOST_NS,
  KERNEL,
  type Kernel,
  NONE,
  type OriginId,
  type PidNsId,
  pidNsId,
  SIGKILL,
  type TaskId,
} from '../../kernel/kernel.js';
import type { Worker } from '../../program/context.js';
import type { EventKind } from '../../sim/simulation.js';
import type { NodeContext } from '../context.js';
import type { RuncRules } from '../versions/runtime.js';

export const HOST_NAMESPACE = HOST_NS;
/** The child is to be PID 1 of a namespace of its own. */
export const NEW_NAMESPACE = pidNsId(-2);

/** Where a process is to be brought, and by which of runc's commands. */
export interface RuncTarget {
  command: 'exec' | 'create';
  /** An existing namespace, HOST_NAMESPACE or NEW_NAMESPACE. */
  namespace: PidNsId;
  /** Of a new namespace; null: the kernel's default. */
  pidMax: number | null;
  cgroup: CgroupId;
  /** Have the threads of `runc init` been cloned by the time it is moved into the cgroup? */
  joinsLate: boolean;
}

/** A program that the runtime runs on the host: runc for another purpose, or a network plugin. */
interface Tool {
  comm: CommId;
  origin: OriginId;
  taskCount: number;
  lastsUs: number;
}

export type RuncCallKind = number;
/**
 * Called when the set-up is over. `task` is the new process, single-threaded and a child of the shim, in
 * namespace `ns`; NONE if it was killed before it got so far.
 */
export type RuncReady = (owner: number, task: TaskId, ns: PidNsId) => void;

/** A call under way, or one that is over and will be used again: an exec allocates none. */
class RuncCall implements Worker {
  kind: RuncCallKind = 0;
  owner = 0;
  parent: TaskId = NONE;
  /** runc's own process; NONE for a bare runtime. */
  runc: TaskId = NONE;
  /** What is to be brought into the namespace. */
  child: TaskId = NONE;
  namespace: PidNsId = HOST_NAMESPACE;
  /** The namespace was made for this call. */
  isNew = false;
  /** Has the runc process, or the child, been killed on the way? */
  runcDied = false;
  childDied = false;

  constructor(readonly index: number) {}

  begin(kind: RuncCallKind, owner: number, parent: TaskId): void {
    this.kind = kind;
    this.owner = owner;
    this.parent = parent;
    this.runc = NONE;
    this.child = NONE;
    this.namespace = HOST_NAMESPACE;
    this.isNew = false;
    this.runcDied = false;
    this.childDied = false;
  }

  /** runc waits for its child at its own end, and for nothing before. */
  wake(): void {}

  /** Killed, by any process that could name its PID. */
  ended(task: TaskId): void {
    if (task === this.runc) this.runcDied = true;
    if (task === this.child) this.childDied = true;
  }
}

const HANGS: Worker = { wake() {}, ended() {} };

export class RuncCalls {
  private readonly kernel: Kernel;
  private readonly rules: RuncRules | null;
  private readonly setsid: boolean;
  private readonly comm: CommId;
  private readonly ready: RuncReady[] = [];
  private readonly done: EventKind;
  private readonly calls: RuncCall[] = [];
  /** Calls that are over. */
  private readonly free: RuncCall[] = [];

  constructor(private readonly context: NodeContext) {
    this.kernel = context.kernel;
    this.rules = context.runtimeRules.runc;
    this.setsid = context.runtimeRules.setsid;
    this.comm = context.kernel.comm('runc');
    this.done = context.sim.register((index) => this.finish(this.calls[index]));
  }

  register(ready: RuncReady): RuncCallKind {
    return this.ready.push(ready) - 1;
  }

  /**
   * Starts a process in a namespace and a cgroup.
   *
   * @returns false if a fork was refused: then nothing is left of the call, and `kernel.refusal` says why.
   */
  start(kind: RuncCallKind, owner: number, parent: TaskId, origin: OriginId, target: RuncTarget): boolean {
    const call = this.begin(kind, owner, parent);
    if (!this.forkAll(call, origin, target)) return this.abandon(call);
    this.finishLater(call, this.rules?.setupUs ?? 0);
    return true;
  }

  /** `runc kill`: no child. A bare runtime needs nothing of the kind. */
  startKill(kind: RuncCallKind, owner: number, parent: TaskId): boolean {
    if (this.rules === null) {
      this.finishLater(this.begin(kind, owner, parent), 0);
      return true;
    }
    const { taskCount, setupUs } = this.rules;
    const origin = this.kernel.originOf(parent);
    return this.startTool(kind, owner, parent, {
      comm: this.comm,
      origin,
      taskCount: taskCount.other,
      lastsUs: setupUs,
    });
  }

  /** A program of the runtime's that does something and ends. False: as for `start`. */
  startTool(kind: RuncCallKind, owner: number, parent: TaskId, tool: Tool): boolean {
    const call = this.begin(kind, owner, parent);
    if (!this.forkTool(call, tool.comm, tool.taskCount, tool.origin)) return this.abandon(call);
    this.finishLater(call, tool.lastsUs);
    return true;
  }

  /** A runc with its threads that has not got anywhere and never will (R63). False: as for `start`. */
  hang(parent: TaskId, origin: OriginId): boolean {
    const threads = (this.rules?.taskCount.exec ?? 1) - 1;
    const runc = this.kernel.forkAs(parent, this.comm, origin, threads);
    if (runc === NONE) return false;
    this.context.machine.worker(runc, HANGS);
    return true;
  }

  private begin(kind: RuncCallKind, owner: number, parent: TaskId): RuncCall {
    let call = this.free.pop();
    if (call === undefined) {
      call = new RuncCall(this.calls.length);
      this.calls.push(call);
    }
    call.begin(kind, owner, parent);
    return call;
  }

  private finishLater(call: RuncCall, lastsUs: number): void {
    if (lastsUs === 0) this.context.sim.soon(this.done, call.index, 0);
    else this.context.sim.after(lastsUs, this.done, call.index, 0);
  }

  private forkAll(call: RuncCall, origin: OriginId, target: RuncTarget): boolean {
    const kernel = this.kernel;
    const rules = this.rules;
    let forker = call.parent;
    if (rules !== null) {
      const { exec, create } = rules.taskCount;
      const taskCount = (target.command === 'exec' ? exec : create) + rules.stageCount;
      if (!this.forkTool(call, this.comm, taskCount, origin)) return false;
      forker = call.runc;
    }
    if (target.namespace === NEW_NAMESPACE) {
      call.namespace = this.unshare(forker, target.pidMax);
      call.isNew = true;
    } else {
      kernel.setns(forker, target.namespace);
      call.namespace = target.namespace;
    }
    const child = kernel.forkAs(forker, kernel.commOf(forker), origin, 0);
    // A bare parent goes on to serve other namespaces; a runc never forks again.
    if (rules === null) kernel.setns(forker, HOST_NAMESPACE);
    if (child === NONE) return false;
    call.child = child;
    this.context.machine.worker(child, call);
    if (this.setsid) kernel.setsid(child);
    if (rules === null) kernel.attach(child, target.cgroup);
    return rules === null || this.becomeInit(call, rules, target);
  }

  /**
   * The stages before it end; it starts its threads, and joins the cgroup before them or after (R40, R41).
   */
  private becomeInit({ runc, child }: RuncCall, rules: RuncRules, target: RuncTarget): boolean {
    const { kernel } = this;
    kernel.endThreads(runc, rules.stageCount);
    const threads = rules.initTaskCount - 1;
    if (target.joinsLate && kernel.cloneThreads(child, threads) < threads) return false;
    kernel.attach(child, target.cgroup);
    return target.joinsLate || kernel.cloneThreads(child, threads) === threads;
  }

  private unshare(task: TaskId, pidMax: number | null): PidNsId {
    return pidMax === null
      ? this.kernel.unsharePidNamespace(task)
      : this.kernel.unsharePidNamespace(task, pidMax);
  }

  private forkTool(call: RuncCall, comm: CommId, taskCount: number, origin: OriginId): boolean {
    const kernel = this.kernel;
    const threads = taskCount - 1;
    const runc = kernel.forkAs(call.parent, comm, origin, threads);
    if (runc === NONE) return false;
    call.runc = runc;
    this.context.machine.worker(runc, call);
    return kernel.threadCount(runc) === threads;
  }

  /** A fork was refused: runc says so and exits, and its half-made child with it. */
  private abandon(call: RuncCall): false {
    const kernel = this.kernel;
    const { runc, child, parent } = call;
    if (child !== NONE) {
      kernel.exit(child, 1);
      kernel.wait(runc === NONE ? parent : runc, child);
    }
    if (runc !== NONE) {
      kernel.exit(runc, 1);
      kernel.wait(parent, runc);
    }
    if (call.isNew) kernel.forgetNamespace(call.namespace);
    this.free.push(call);
    return false;
  }

  private finish(call: RuncCall): void {
    const { kernel } = this;
    const { kind, owner, namespace } = call;
    const runc = call.runcDied ? NONE : call.runc;
    // A runc that is not its parent's child any more has lost it, and has no process to report to.
    if (call.runcDied || (runc !== NONE && kernel.parentOf(runc) !== call.parent)) this.giveUp(call);
    const child = call.childDied ? NONE : call.child;
    if (runc !== NONE && child !== NONE) kernel.exitAwaited(runc, 0);
    else if (runc !== NONE) {
      if (call.child !== NONE) kernel.wait(runc, call.child);
      // Nothing has come of it, and the parent may have no other reason to stay: it has to look.
      const parent = kernel.parentOf(runc);
      kernel.exit(runc, 0);
      kernel.wait(parent, runc);
    }
    if (child === NONE && call.isNew) kernel.forgetNamespace(namespace);
    this.free.push(call);
    this.ready[kind](owner, child, namespace);
  }

  /** `runc init` ends when the pipe from its runc breaks. */
  private giveUp(call: RuncCall): void {
    if (call.child !== NONE && !call.childDied) this.kernel.kill(KERNEL, call.child, SIGKILL);
  }
}
