/**
 * Lifecycle hooks (pkg/kubelet/kuberuntime/kuberuntime_container.go, `startContainer` and `killContainer`):
 * commands that the kubelet execs once, right after a container's start or before SIGTERM. They have no
 * timeout of their own.
 */
import type { OriginId, TaskId } from '../../kernel/kernel.js';
import type { Program } from '../../program/code.js';
import type { RandomStream } from '../../sim/random.js';
import type { EventKind } from '../../sim/simulation.js';
import { failureText, type NodeContext } from '../context.js';
import type { Container } from '../runtime/container.js';
import type { ExecClient, Execs } from '../runtime/exec.js';
import type { HookAction } from '../spec.js';

/** `detail`: why it has failed; null: it has not. */
type HookEnd = (detail: string | null) => void;

/** One run of one hook. */
class HookRun implements ExecClient {
  private task: TaskId | null = null;

  constructor(
    readonly container: Container,
    readonly origin: OriginId,
    readonly stream: RandomStream,
    private readonly program: Program,
    private readonly end: HookEnd,
  ) {}

  execProgram(): Program {
    return this.program;
  }

  execStarted(task: TaskId): void {
    this.task = task;
  }

  execEnded(task: TaskId, status: number): void {
    if (task === this.task) this.end(status === 0 ? null : `exit status ${status}`);
  }

  /** The kubelet waits with it: a hook has no timeout. */
  execDraining(): void {}

  execLost(why = 'the container ended'): void {
    this.end(why);
  }
}

export class Hooks {
  private readonly waits: HookEnd[] = [];
  private readonly waited: EventKind;

  constructor(
    private readonly context: NodeContext,
    private readonly execs: Execs,
  ) {
    this.waited = context.sim.register((index) => {
      const end = this.waits[index];
      delete this.waits[index];
      end?.(null);
    });
  }

  /** Begins to run it; `end` is told once, in an event of its own. */
  run(action: HookAction, container: Container, account: string, end: HookEnd): void {
    const { sim, origins, streams } = this.context;
    if (action.kind === 'wait') {
      sim.after(action.us, this.waited, this.waits.push(end) - 1, 0);
      return;
    }
    const { program } = action;
    const origin = origins.of('hook', program.comm, account, container.name);
    const stream = streams.stream(`${account}/${container.name}`, 'hook');
    const index = this.execs.add(new HookRun(container, origin, stream, program, end));
    if (this.execs.start(index)) return;
    const why = `cannot start the command: ${failureText(this.context)}`;
    sim.soon(this.waited, this.waits.push(() => end(why)) - 1, 0);
  }
}
