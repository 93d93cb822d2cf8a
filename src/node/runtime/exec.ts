/**
 * An exec, as a probe or a health check makes it: runc brings the command into the container's namespace (runc.ts),
 * it joins the container's cgroup once it is there, whatever the limit says (R23, K35), and its parent is the shim,
 * which always reaps it (R4). What it leaves behind is the namespace's affair (R5).
 */
import { KERNEL, type Kernel, NONE, SIGKILL, type TaskId } from '../../kernel/kernel.js';
import type { Program } from '../../program/code.js';
import type { RandomStream } from '../../sim/random.js';
import type { NodeContext } from '../context.js';
import type { ChildKind } from '../host/child-watch.js';
import type { RuncCallKind, RuncCalls } from './runc.js';
import type { Container } from './sandbox.js';

/** Who execs, again and again, one command at a time. */
export interface ExecClient {
  readonly container: Container;
  readonly origin: number;
  readonly stream: RandomStream;
  execProgram(): Program;
  /** The command runs. */
  execStarted(task: TaskId): void;
  /** It has ended and been reaped: `status` as a shell shows it, 128 + signal if it was killed. */
  execEnded(task: TaskId, status: number): void;
  /** The container went away during the set-up. */
  execLost(): void;
}

export class Execs {
  private readonly kernel: Kernel;
  private readonly clients: ExecClient[] = [];
  /** The container's generation that the exec under way was started in. */
  private readonly generation: number[] = [];
  private readonly call: RuncCallKind;
  private readonly child: ChildKind;
  private readonly monitored: boolean;

  constructor(
    private readonly context: NodeContext,
    private readonly runc: RuncCalls,
    private readonly daemon: TaskId,
  ) {
    this.kernel = context.kernel;
    this.monitored = context.runtimeRules.monitorPerExec;
    this.call = runc.register((client, task) => this.ready(client, task));
    this.child = context.children.register((client, task, status) =>
      this.clients[client].execEnded(task, status),
    );
  }

  /** A number for `start`. */
  add(client: ExecClient): number {
    this.generation.push(0);
    return this.clients.push(client) - 1;
  }

  /** False: one of the forks was refused (`kernel.refusal`), and nothing is left of the attempt. */
  start(index: number): boolean {
    const client = this.clients[index];
    const { container } = client;
    let parent = container.shim === NONE ? this.daemon : container.shim;
    if (this.monitored) {
      parent = this.forkMonitor(client.origin);
      if (parent === NONE) return false;
    }
    this.generation[index] = container.generation;
    const ok = this.runc.start(this.call, index, parent, client.origin, container.namespace, null);
    // It ends with its last child: with the command, or at once.
    if (this.monitored) this.context.children.retire(parent);
    return ok;
  }

  /** CRI-O: a conmon of its own for every exec, which reaps the command and exits. */
  private forkMonitor(origin: number): TaskId {
    const { kernel, machine, children, runtimeRules } = this.context;
    const monitor = kernel.forkAs(this.daemon, kernel.commOf(this.daemon), origin, 0);
    if (monitor === NONE) return NONE;
    kernel.exec(monitor, runtimeRules.shimComm);
    kernel.setSubreaper(monitor, true);
    machine.worker(monitor, children);
    return monitor;
  }

  private ready(index: number, task: TaskId): void {
    const client = this.clients[index];
    const { container } = client;
    const kernel = this.kernel;
    const isThere = container.running && container.generation === this.generation[index];
    if (task === NONE || !isThere) {
      // In a namespace that outlives the container the command is in nobody's cgroup yet: runc itself ends it.
      if (task !== NONE) kernel.kill(KERNEL, task, SIGKILL);
      client.execLost();
      return;
    }
    kernel.attach(task, container.cgroup);
    this.context.machine.load(task, client.execProgram(), client.stream);
    this.context.children.expect(task, this.child, index);
    client.execStarted(task);
  }
}
