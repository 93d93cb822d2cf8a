/**
 * One call of runc: how a process gets into a container.
 *
 *     shim ── fork ──► runc ── threads, nsexec stages ──► fork into the namespace ──► setsid, threads of `runc init`
 *                       │                                                                  │
 *                       └── setupUs later: exits; the child is the shim's (R4) ◄───────────┴── execs the command
 *
 * A runtime that enters the namespace by itself (`bare`) forks the command and that is all.
 */
import { type Kernel, NONE, type PidNsId, type TaskId } from '../kernel/kernel.js';
import type { EventKind } from '../sim/simulation.js';
import type { NodeContext } from './context.js';
import type { RuncRules } from './rules.js';

export const HOST_NAMESPACE: PidNsId = 0;
/** The child is to be PID 1 of a namespace of its own. */
export const NEW_NAMESPACE: PidNsId = -2;

export type RuncCallKind = number;
/**
 * Called when the set-up is over. `task` is the new process, single-threaded and a child of the shim, in namespace
 * `ns`; NONE if it was killed before it got so far.
 */
export type RuncReady = (owner: number, task: TaskId, ns: PidNsId) => void;

export class RuncCalls {
  readonly #kernel: Kernel;
  readonly #rules: RuncRules | null;
  readonly #ready: RuncReady[] = [];
  readonly #done: EventKind;
  /** The pool of calls under way, and the places in it that are free. */
  readonly #kind: number[] = [];
  readonly #owner: number[] = [];
  readonly #parent: TaskId[] = [];
  readonly #runc: TaskId[] = [];
  readonly #child: TaskId[] = [];
  readonly #namespace: PidNsId[] = [];
  /** The namespace was made for this call. */
  readonly #isNew: boolean[] = [];
  readonly #free: number[] = [];

  constructor(private readonly context: NodeContext) {
    this.#kernel = context.kernel;
    this.#rules = context.runtimeRules.runc;
    this.#done = context.sim.register((call) => this.#finish(call));
  }

  register(ready: RuncReady): RuncCallKind {
    return this.#ready.push(ready) - 1;
  }

  /**
   * Starts a process in a namespace: an existing one, HOST_NAMESPACE, or NEW_NAMESPACE with a `pid_max` of its own
   * (null: the kernel's default).
   *
   * @returns false if one of the forks was refused; then nothing is left of the call, and `kernel.refusal` says why.
   */
  start(
    kind: RuncCallKind,
    owner: number,
    parent: TaskId,
    origin: number,
    into: PidNsId,
    pidMax: number | null,
  ): boolean {
    const call = this.#free.length > 0 ? this.#free[this.#free.length - 1] : this.#kind.length;
    this.#runc[call] = NONE;
    this.#child[call] = NONE;
    this.#isNew[call] = false;
    if (!this.#forkAll(call, parent, origin, into, pidMax)) {
      this.#abandon(call, parent);
      return false;
    }
    this.#take(call, kind, owner, parent);
    return true;
  }

  /** `runc kill`: as many numbers on the host, and no child. A bare runtime needs nothing of the kind. */
  startKill(kind: RuncCallKind, owner: number, parent: TaskId): boolean {
    const call = this.#free.length > 0 ? this.#free[this.#free.length - 1] : this.#kind.length;
    this.#runc[call] = NONE;
    this.#child[call] = NONE;
    this.#isNew[call] = false;
    this.#namespace[call] = HOST_NAMESPACE;
    if (this.#rules !== null && !this.#forkRunc(call, parent, this.#rules)) {
      this.#abandon(call, parent);
      return false;
    }
    this.#take(call, kind, owner, parent);
    return true;
  }

  #take(call: number, kind: RuncCallKind, owner: number, parent: TaskId): void {
    if (this.#free.length > 0) this.#free.pop();
    this.#kind[call] = kind;
    this.#owner[call] = owner;
    this.#parent[call] = parent;
    if (this.#rules === null) this.context.sim.soon(this.#done, call, 0);
    else this.context.sim.after(this.#rules.setupUs, this.#done, call, 0);
  }

  #forkAll(call: number, parent: TaskId, origin: number, into: PidNsId, pidMax: number | null): boolean {
    const kernel = this.#kernel;
    let forker = parent;
    if (this.#rules !== null) {
      if (!this.#forkRunc(call, parent, this.#rules)) return false;
      forker = this.#runc[call];
      kernel.setOrigin(forker, origin);
    }
    let namespace = into;
    if (into === NEW_NAMESPACE) namespace = this.#unshare(forker, pidMax);
    else kernel.setns(forker, into);
    this.#namespace[call] = namespace;
    this.#isNew[call] = into === NEW_NAMESPACE;
    const child = kernel.fork(forker);
    // A bare parent goes on to serve other namespaces; a runc never forks again.
    if (this.#rules === null) kernel.setns(forker, HOST_NAMESPACE);
    if (child === NONE) return false;
    this.#child[call] = child;
    if (this.#rules === null) kernel.setOrigin(child, origin);
    if (this.context.runtimeRules.setsid) kernel.setsid(child);
    const threads = this.#rules === null ? 0 : this.#rules.initTaskCount - 1;
    return threads === 0 || kernel.cloneThreads(child, threads) === threads;
  }

  #unshare(task: TaskId, pidMax: number | null): PidNsId {
    return pidMax === null
      ? this.#kernel.unsharePidNamespace(task)
      : this.#kernel.unsharePidNamespace(task, pidMax);
  }

  #forkRunc(call: number, parent: TaskId, rules: RuncRules): boolean {
    const kernel = this.#kernel;
    const runc = kernel.fork(parent);
    if (runc === NONE) return false;
    this.#runc[call] = runc;
    kernel.setComm(runc, 'runc');
    const threads = rules.hostTaskCount - 1;
    return kernel.cloneThreads(runc, threads) === threads;
  }

  /** A fork was refused: runc says so and exits, and its half-made child with it. */
  #abandon(call: number, parent: TaskId): void {
    const kernel = this.#kernel;
    const runc = this.#runc[call];
    const child = this.#child[call];
    if (child !== NONE) {
      kernel.exit(child, 1);
      kernel.wait(runc === NONE ? parent : runc, child);
    }
    if (runc !== NONE) {
      kernel.exit(runc, 1);
      kernel.wait(parent, runc);
    }
    if (this.#isNew[call]) kernel.forgetNamespace(this.#namespace[call]);
  }

  #finish(call: number): void {
    const kernel = this.#kernel;
    const parent = this.#parent[call];
    const runc = this.#runc[call];
    let child = this.#child[call];
    if (child !== NONE && kernel.isZombie(child)) {
      kernel.wait(runc === NONE ? parent : runc, child);
      child = NONE;
    }
    if (runc !== NONE) {
      kernel.exit(runc, 0);
      kernel.wait(parent, runc);
    }
    if (child === NONE && this.#isNew[call]) kernel.forgetNamespace(this.#namespace[call]);
    this.#free.push(call);
    this.#ready[this.#kind[call]](this.#owner[call], child, this.#namespace[call]);
  }
}
