/**
 * An exec, as a probe or a health check makes it: runc brings the command into the container's namespace and
 * cgroup (runc.ts), and its parent is the shim, which always reaps it (R4). What it leaves behind is the
 * namespace's affair (R5).
 *
 * runc starts `runc init` and only then moves it into the cgroup. If the Go threads of `runc init` are there
 * by then, a full cgroup does not matter; if not, they need room in it (R41). Which of the two comes first is
 * a race between CPUs: its measured odds are an input.
 */
import {
  KERNEL,
  type Kernel,
  NONE,
  type OriginId,
  ROOT_CGROUP,
  SIGKILL,
  type TaskId,
} from '../../kernel/kernel.js';
import type { Program } from '../../program/code.js';
import { Output, UNTOLD } from '../../program/output.js';
import type { RandomStream } from '../../sim/random.js';
import type { EventKind } from '../../sim/simulation.js';
import { US_PER_MINUTE } from '../../sim/time.js';
import { failureText, type NodeContext } from '../context.js';
import type { ChildKind } from '../host/child-watch.js';
import type { Container } from './container.js';
import type { RuncCallKind, RuncCalls, RuncTarget } from './runc.js';

/** What starts execs, one at a time, again and again. */
export interface ExecClient {
  readonly container: Container;
  readonly origin: OriginId;
  readonly stream: RandomStream;
  execProgram(): Program;
  /** The command runs. */
  execStarted(task: TaskId): void;
  /** It has ended and been reaped: `status` as a shell shows it, 128 + signal if it was killed. */
  execEnded(task: TaskId, status: number): void;
  /**
   * It has ended, and something that it started still holds its stdout: `execEnded` comes when that is over.
   */
  execDraining(task: TaskId): void;
  /** The container went away during the set-up, or it could not be entered: `why`. */
  execLost(why?: string): void;
}

/** The kubelet's `--runtime-request-timeout`, on top of a probe's own; then it gives an exec up. */
export const REQUEST_TIMEOUT_US = 2 * US_PER_MINUTE;

export class Execs {
  private readonly kernel: Kernel;
  private readonly clients: ExecClient[] = [];
  /** The container's generation that the exec under way was started in. */
  private readonly generation: number[] = [];
  private readonly call: RuncCallKind;
  private readonly child: ChildKind;
  private readonly outputClosed: EventKind;
  private readonly readsToEnd: boolean;
  /** By client, of the exec under way: its stdout, its process and status. */
  private readonly outputOf: Output[] = [];
  private readonly mainOf: { task: TaskId; status: number }[] = [];
  /** Counts the execs of each client: a stdout that an earlier one left open is nobody's affair any more. */
  private readonly numberOf: number[] = [];
  private readonly monitored: boolean;
  private readonly race: RandomStream;
  private readonly threadsFirst: number;
  private readonly luck: RandomStream;
  private readonly stuckExec: number;
  private readonly givesUp: EventKind;
  /** One for all execs: it is used up before the next begins. */
  private readonly target: RuncTarget = {
    command: 'exec',
    namespace: NONE,
    pidMax: null,
    cgroup: NONE,
    joinsLate: false,
  };

  constructor(
    private readonly context: NodeContext,
    private readonly runc: RuncCalls,
  ) {
    this.kernel = context.kernel;
    this.monitored = context.runtimeRules.monitorPerExec;
    this.race = context.streams.stream('runtime', 'exec-into-full-cgroup');
    this.threadsFirst = context.spec.runtime.execIntoFullCgroup;
    this.luck = context.streams.stream('runtime', 'stuck-execs');
    this.stuckExec = context.spec.runtime.leaks?.stuckExec ?? 0;
    this.givesUp = context.sim.register((index, number) => {
      if (number === this.numberOf[index]) this.clients[index].execLost('the runtime does not answer');
    });
    this.call = runc.register((client, task) => this.ready(client, task));
    this.child = context.children.register((client, task, status) => this.mainEnded(client, task, status));
    this.readsToEnd = context.runtimeRules.readsOutputToItsEnd;
    this.outputClosed = context.sim.register((index, number) => {
      const { task, status } = this.mainOf[index];
      if (number === this.numberOf[index]) this.clients[index].execEnded(task, status);
    });
  }

  /** A number for `start`. */
  add(client: ExecClient): number {
    this.generation.push(0);
    this.outputOf.push(new Output(this.clients.length));
    this.mainOf.push({ task: NONE, status: 0 });
    this.numberOf.push(0);
    return this.clients.push(client) - 1;
  }

  /**
   * False: the runtime is down, or one of the forks was refused, and nothing is left of the attempt
   * (`failureText`).
   */
  start(index: number): boolean {
    const { runtime } = this.context.host;
    if (!runtime.isUp) return false;
    const client = this.clients[index];
    const { container } = client;
    if (this.stuckExec > 0 && this.luck.uniform() < this.stuckExec) return this.startStuck(index);
    let parent = container.shim === NONE ? runtime.task : container.shim;
    if (this.monitored) {
      parent = this.forkMonitor(runtime.task, client.origin);
      if (parent === NONE) return false;
    }
    this.generation[index] = container.generation;
    this.numberOf[index]++;
    const ok = this.runc.start(this.call, index, parent, client.origin, this.targetIn(container));
    // It ends with its last child: with the command, or at once.
    if (this.monitored) this.context.children.retire(parent);
    return ok;
  }

  /** R63: runc hangs, a child of the daemon’s, which outlives the pod. */
  private startStuck(index: number): boolean {
    const { context } = this;
    const number = ++this.numberOf[index];
    if (!this.runc.hang(context.host.runtime.task, this.clients[index].origin)) return false;
    context.sim.after(REQUEST_TIMEOUT_US, this.givesUp, index, number);
    return true;
  }

  private targetIn({ namespace, cgroup }: Container): RuncTarget {
    this.target.namespace = namespace;
    this.target.cgroup = cgroup;
    this.target.joinsLate = this.drawRace();
    return this.target;
  }

  /** Every exec draws once, whether it matters or not (R41). */
  drawRace(): boolean {
    return this.race.uniform() < this.threadsFirst;
  }

  /** CRI-O: a conmon of its own for every exec, which reaps the command and exits. */
  private forkMonitor(daemon: TaskId, origin: OriginId): TaskId {
    const { kernel, machine, children, runtimeRules } = this.context;
    const monitor = kernel.forkAs(daemon, kernel.commOf(daemon), origin, 0);
    if (monitor === NONE) return NONE;
    if (!runtimeRules.shimInService) kernel.attach(monitor, ROOT_CGROUP);
    kernel.exec(monitor, runtimeRules.shimComm);
    kernel.setSubreaper(monitor, true);
    machine.worker(monitor, children);
    return monitor;
  }

  private ready(index: number, task: TaskId): void {
    const client = this.clients[index];
    const { container } = client;
    const { kernel } = this;
    const isThere = container.running && container.generation === this.generation[index];
    if (task === NONE || !isThere) {
      // The command may outlive the container in a namespace that does: runc itself ends it.
      if (task !== NONE) kernel.kill(KERNEL, task, SIGKILL);
      client.execLost();
      return;
    }
    const { user } = container;
    if (user !== null && !kernel.becomeUser(task, user.uid, user.nprocMax)) {
      kernel.kill(KERNEL, task, SIGKILL);
      client.execLost(`cannot start the command: ${failureText(this.context)}`);
      return;
    }
    this.context.machine.load(task, client.execProgram(), client.stream);
    if (this.readsToEnd) this.context.machine.holdOutput(task, this.openOutput(index));
    this.context.children.expect(task, this.child, index);
    client.execStarted(task);
  }

  /** A new one if something that an earlier exec has started still holds the last. */
  private openOutput(index: number): Output {
    if (this.outputOf[index].holders > 0) this.outputOf[index] = new Output(index);
    this.outputOf[index].whenClosed = UNTOLD;
    return this.outputOf[index];
  }

  /** R19, R42. */
  private mainEnded(index: number, task: TaskId, status: number): void {
    const output = this.outputOf[index];
    if (output.holders === 0) {
      this.clients[index].execEnded(task, status);
      return;
    }
    this.mainOf[index] = { task, status };
    output.whenClosed = this.outputClosed;
    output.number = this.numberOf[index];
    this.clients[index].execDraining(task);
  }
}
