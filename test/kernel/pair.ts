/**
 * The fast kernel and the reference, side by side: every system call is made on both, and after it all that
 * can be seen of them is compared.
 *
 * A process is named by its id in the reference, which is never used twice; `fastId` translates.
 */
import {
  ANY,
  type ForkRefusal,
  Kernel,
  type KernelHooks,
  type KernelOptions,
  originId,
  pidNsId,
  ROOT_CGROUP,
  type TaskId,
  taskId,
} from '../../src/kernel/kernel.js';
import { ReferenceKernel } from './reference.js';
import { activeNs } from './reference-tables.js';

/** What the hooks were told in one call. */
interface Told {
  /** Of every child, its PID on the host. */
  forked: number[];
  refused: ForkRefusal[];
  ended: Map<number, { number: number; status: number }>;
  namespaceEnds: number[];
  /** The sender, and the process that it killed. */
  killed: number[][];
  /** Their PIDs on the host. */
  released: Map<number, number>;
  woken: Set<number>;
}

/**
 * Of the processes that are killed one dies when it runs, the next at once in waitpid, and the next at once.
 */
function listener(wait: (task: number) => void): { told: Told; hooks: KernelHooks } {
  let count = 0;
  const told: Told = {
    forked: [],
    refused: [],
    ended: new Map(),
    namespaceEnds: [],
    killed: [],
    released: new Map(),
    woken: new Set(),
  };
  const hooks: KernelHooks = {
    forked: (_parent, _child, number) => told.forked.push(number),
    refused: (_parent, refusal) => told.refused.push({ ...refusal }),
    killed: (sender, task) => {
      told.killed.push([sender, task]);
      count++;
      if (count % 3 === 1) wait(task);
      return count % 3 === 0;
    },
    ended: (task, number, status) => told.ended.set(task, { number, status }),
    released: (task, number) => told.released.set(task, number),
    namespaceEnds: (init) => told.namespaceEnds.push(init),
    wake: (task) => told.woken.add(task),
  };
  return { told, hooks };
}

const ORIGINS = 4;

export class Pair {
  readonly reference: ReferenceKernel;
  readonly fast: Kernel;
  /** The calls so far, as text: printed when the two disagree. */
  readonly calls: string[] = [];
  private readonly fastIds = new Map<number, TaskId>();
  private readonly referenceIds = new Map<number, number>();
  private readonly fastTold: Told;
  private readonly referenceTold: Told;

  constructor(options: KernelOptions) {
    const fast = listener((task) => this.fast.wait(taskId(task), ANY));
    const reference = listener((task) => this.reference.wait(task, ANY));
    this.fastTold = fast.told;
    this.referenceTold = reference.told;
    this.fast = new Kernel({ ...options, hooks: fast.hooks });
    this.reference = new ReferenceKernel({ ...options, hooks: reference.hooks });
    this.pair(this.reference.init, this.fast.init);
    this.calls.push(JSON.stringify(options));
    this.compare();
  }

  private pair(reference: number, fast: number): void {
    this.fastIds.set(reference, taskId(fast));
    this.referenceIds.set(fast, reference);
  }

  private fastId(reference: number): TaskId {
    return reference < 0 ? taskId(reference) : (this.fastIds.get(reference) ?? taskId(-9));
  }

  private translated(refusal: ForkRefusal): ForkRefusal {
    if (refusal.refusedBy !== 'pids-cgroup') return refusal;
    return { ...refusal, at: this.referenceCgroups.get(refusal.at)! };
  }

  private referenceId(fast: number): number {
    return fast < 0 ? fast : (this.referenceIds.get(fast) ?? -9);
  }

  /** Processes that can make a system call, the oldest first. */
  get runnable(): number[] {
    return this.reference.unreleased.filter((p) => p.life === 'running').map((p) => p.id);
  }

  /** A removed cgroup's id may be given to a new one by the fast kernel, once nothing is charged to it. */
  private readonly fastCgroups = new Map([[0, ROOT_CGROUP]]);
  private readonly referenceCgroups = new Map<number, number>([[ROOT_CGROUP, 0]]);

  private call<T>(text: string, onReference: () => T, onFast: () => T): T {
    for (const told of [this.referenceTold, this.fastTold]) {
      told.forked = [];
      told.refused = [];
      told.ended.clear();
      told.namespaceEnds = [];
      told.killed = [];
      told.released.clear();
      told.woken.clear();
    }
    this.calls.push(text);
    const expected = onReference();
    this.calls.push(`${this.calls.pop()} = ${expected}`);
    const actual = onFast();
    this.equal(text, actual, expected);
    return expected;
  }

  private equal(what: string, actual: unknown, expected: unknown): void {
    const is = JSON.stringify(actual);
    const shouldBe = JSON.stringify(expected);
    if (is === shouldBe) return;
    throw new Error(`${what}: the fast kernel says\n  ${is}\nthe reference\n  ${shouldBe}`);
  }

  // ---- comparison

  compare(): void {
    this.fast.checkInvariants();
    this.compareTold();
    for (const ns of this.reference.namespaces) if (ns.init !== null) this.compareNamespace(ns.id);
    this.equal('nr_threads', this.fast.nrThreads, this.reference.nrThreads);
    for (const { id } of this.reference.cgroups) {
      const fast = this.fastCgroups.get(id)!;
      if (id === 0 || this.referenceCgroups.get(fast) !== id) continue;
      this.equal(`pids.current of ${id}`, this.fast.pidsCurrent(fast), this.reference.pidsCurrent(id));
      this.equal(`pids.events of ${id}`, this.fast.pidsEvents(fast), this.reference.pidsEvents(id));
    }
    for (let origin = 0; origin < ORIGINS; origin++) {
      const { tasks, zombies, pids, created, released } = this.fast.originCount(originId(origin));
      const fast = { tasks, zombies, pids, created, released };
      this.equal(`account ${origin}`, fast, this.reference.originCounts(origin));
    }
    for (const id of this.runnable) {
      const [fast, reference] = [
        this.fast.pendingSignals(this.fastId(id)),
        this.reference.pendingSignals(id),
      ];
      this.equal(`pending signals of ${id}`, fast, reference);
    }
  }

  private compareNamespace(id: number): void {
    const { fast, reference } = this;
    const rows = fast.listTasks(pidNsId(id)).map((row) => ({
      ...row,
      task: this.referenceId(row.task),
      cgroup: this.referenceCgroups.get(row.cgroup)!,
    }));
    const expected = reference.listTasks(id);
    for (const [index, row] of rows.entries()) this.equal(`ps in namespace ${id}`, row, expected[index]);
    this.equal(`length of ps in namespace ${id}`, rows.length, expected.length);
    this.equal(`pinned PIDs in ${id}`, fast.pinnedPids(pidNsId(id)), reference.pinnedPids(id));
    const counts = (of: Kernel | ReferenceKernel): number[] =>
      [of.allocated, of.taskCount, of.zombies, of.pinned].map((count) =>
        count.call(of as never, pidNsId(id)),
      );
    this.equal(`allocated, tasks, zombies, pinned in ${id}`, counts(fast), counts(reference));
    for (const { task } of expected) {
      this.equal(
        `parent of ${task}`,
        this.referenceId(fast.parentOf(this.fastId(task))),
        reference.parentOf(task),
      );
    }
  }

  /**
   * The processes that a call has woken are compared as far as it matters: every one with something to do has
   * been.
   */
  private compareTold(): void {
    const { fastTold: fast, referenceTold: reference } = this;
    this.equal('forks told', fast.forked, reference.forked);
    this.equal(
      'refusals told',
      fast.refused.map((refusal) => this.translated(refusal)),
      reference.refused,
    );
    const ended = [...fast.ended].map(([task, end]): [number, unknown] => [this.referenceId(task), end]);
    this.equal('ends told', ended.sort(byNumber), [...reference.ended].sort(byNumber));
    const namespaceEnds = fast.namespaceEnds.map((init) => this.referenceId(init));
    this.equal('ends of namespaces told', namespaceEnds, reference.namespaceEnds);
    const killed = fast.killed.map((pair) => pair.map((task) => this.referenceId(task)));
    this.equal('who killed whom', killed, reference.killed);
    const released = [...fast.released].map(([task, number]): [number, unknown] => [
      this.referenceId(task),
      number,
    ]);
    this.equal('releases told', released.sort(byNumber), [...reference.released].sort(byNumber));
    const canRun = (id: number): boolean => this.reference.canRun(id);
    const woken = [...fast.woken].map((task) => this.referenceId(task)).filter(canRun);
    this.equal(
      'woken',
      woken.sort((a, b) => a - b),
      [...reference.woken].filter(canRun).sort((a, b) => a - b),
    );
  }

  // ---- calls

  fork(parent: number): number {
    const child = this.call(
      `fork(${parent})`,
      () => this.reference.fork(parent),
      () => {
        const fast = this.fast.fork(this.fastId(parent));
        if (fast < 0) return fast;
        const newest = Math.max(...this.reference.processes.keys());
        this.pair(newest, fast);
        return newest;
      },
    );
    if (child < 0) this.equal('refusal', this.translated(this.fast.refusal), this.reference.refusal);
    return child;
  }

  /** To the reference these are several calls. */
  forkAs(parent: number, comm: string, origin: number, threads: number): void {
    const { reference } = this;
    const made = this.call(
      `forkAs(${parent}, ${comm}, ${origin}, ${threads})`,
      () => {
        const child = reference.fork(parent);
        if (child < 0) return child;
        reference.rename(child, comm, origin);
        return reference.cloneThreads(child, threads);
      },
      () => {
        const fast = this.fast.forkAs(this.fastId(parent), this.fast.comm(comm), originId(origin), threads);
        if (fast < 0) return fast;
        this.pair(Math.max(...reference.processes.keys()), fast);
        return this.fast.threadCount(fast);
      },
    );
    if (made < threads) this.equal('refusal', this.translated(this.fast.refusal), reference.refusal);
  }

  cloneThreads(task: number, count: number): number {
    const made = this.call(
      `cloneThreads(${task}, ${count})`,
      () => this.reference.cloneThreads(task, count),
      () => this.fast.cloneThreads(this.fastId(task), count),
    );
    if (made < count) this.equal('refusal', this.translated(this.fast.refusal), this.reference.refusal);
    return made;
  }

  wait(task: number, child: number): number {
    const reaped = this.call(
      `wait(${task}, ${child})`,
      () => this.reference.wait(task, child),
      () => this.referenceId(this.fast.wait(this.fastId(task), this.fastId(child))),
    );
    if (reaped >= 0) {
      this.equal('waitedPid', this.fast.waitedPid, this.reference.waitedPid);
      this.equal('waitedStatus', this.fast.waitedStatus, this.reference.waitedStatus);
    }
    return reaped;
  }

  /**
   * To the reference these are two system calls, and the parent is woken in between: whether it has to be is
   * another test's.
   */
  exitAwaited(task: number, status: number): void {
    const parent = this.reference.parentOf(task);
    this.call(
      `exitAwaited(${task}, ${status})`,
      () => {
        this.reference.exit(task, status);
        this.reference.wait(parent, task);
        this.referenceTold.woken.delete(parent);
      },
      () => {
        this.fast.exitAwaited(this.fastId(task), status);
        this.fastTold.woken.delete(this.fastId(parent));
      },
    );
  }

  /** A call whose first argument is the caller, and whose others are the same on both sides. */
  on<K extends PlainCall>(name: K, task: number, ...rest: PlainArguments<K>): ReturnType<ReferenceKernel[K]> {
    type Callee = Record<string, (task: number, ...rest: unknown[]) => ReturnType<ReferenceKernel[K]>>;
    return this.call(
      `${name}(${[task, ...rest].join(', ')})`,
      () => (this.reference as unknown as Callee)[name](task, ...rest),
      () => (this.fast as unknown as Callee)[name](this.fastId(task), ...rest),
    );
  }

  setPidMax(ns: number, value: number): void {
    this.call(
      `setPidMax(${ns}, ${value})`,
      () => this.reference.setPidMax(ns, value),
      () => this.fast.setPidMax(pidNsId(ns), value),
    );
  }

  createCgroup(parent: number, pidsMax: number): void {
    this.call(
      `createCgroup(${parent}, ${pidsMax})`,
      () => this.reference.createCgroup(parent, pidsMax),
      () => {
        const fast = this.fast.createCgroup(this.fastCgroups.get(parent)!, pidsMax);
        const reference = this.reference.cgroups.length - 1;
        this.fastCgroups.set(reference, fast);
        this.referenceCgroups.set(fast, reference);
        return reference;
      },
    );
  }

  setPidsMax(cgroup: number, pidsMax: number): void {
    this.call(
      `setPidsMax(${cgroup}, ${pidsMax})`,
      () => this.reference.setPidsMax(cgroup, pidsMax),
      () => this.fast.setPidsMax(this.fastCgroups.get(cgroup)!, pidsMax),
    );
  }

  removeCgroup(cgroup: number): void {
    this.call(
      `removeCgroup(${cgroup})`,
      () => this.reference.removeCgroup(cgroup),
      () => this.fast.removeCgroup(this.fastCgroups.get(cgroup)!),
    );
  }

  attach(task: number, cgroup: number): void {
    this.call(
      `attach(${task}, ${cgroup})`,
      () => this.reference.attach(task, cgroup),
      () => this.fast.attach(this.fastId(task), this.fastCgroups.get(cgroup)!),
    );
  }

  kill(sender: number, target: number, signal: 9 | 15 | 17): void {
    this.call(
      `kill(${sender}, ${target}, ${signal})`,
      () => this.reference.kill(sender, target, signal),
      () => void this.fast.kill(this.fastId(sender), this.fastId(target), signal),
    );
  }

  /**
   * Is a thread possible? Not between unshare or setns and the fork that follows (EINVAL in copy_process).
   */
  mayCloneThreads(id: number): boolean {
    const p = this.reference.processes.get(id)!;
    return p.childNs === activeNs(p);
  }
}

type PlainCall =
  | 'dieOfSignal'
  | 'endOtherThreads'
  | 'endThreads'
  | 'exec'
  | 'exit'
  | 'exitAhead'
  | 'exitMainThread'
  | 'killGroup'
  | 'killChildren'
  | 'setsid'
  | 'setpgid'
  | 'setSubreaper'
  | 'setSigchld'
  | 'setSigterm'
  | 'takeSignal'
  | 'unsharePidNamespace'
  | 'setns'
  | 'setUser'
  | 'setNprocMax';
type PlainArguments<K extends PlainCall> =
  Parameters<ReferenceKernel[K]> extends [number, ...infer Rest] ? Rest : never;

function byNumber(a: readonly [number, unknown], b: readonly [number, unknown]): number {
  return a[0] - b[0];
}
