/**
 * Execs that are no probes (R60): `kubectl exec` or `docker exec` of people, scripts, agents. Each time one
 * is started in the container if it runs then, whatever has become of those before, and nobody ends it.
 */
import type { OriginId, TaskId } from '../../kernel/kernel.js';
import type { Program } from '../../program/code.js';
import type { RandomStream } from '../../sim/random.js';
import { failureText, type NodeContext } from '../context.js';
import type { Container } from '../runtime/container.js';
import type { ExecClient, Execs } from '../runtime/exec.js';
import type { ExecSpec } from '../spec.js';
import type { Kubelet, PodSlot } from './kubelet.js';

/** One exec at a time: those that are over are used again. */
class HandExec implements ExecClient {
  index = 0;

  constructor(
    public container: Container,
    readonly origin: OriginId,
    readonly stream: RandomStream,
    private readonly program: Program,
    private readonly over: (exec: HandExec) => void,
  ) {}

  execProgram(): Program {
    return this.program;
  }

  execStarted(): void {}

  execEnded(_task: TaskId, _status: number): void {
    this.over(this);
  }

  execDraining(): void {}

  execLost(): void {
    this.over(this);
  }
}

export function startHandExecs(context: NodeContext, kubelet: Kubelet, execs: Execs): void {
  for (const slot of kubelet.slots)
    for (const container of slot.spec.containers)
      for (const [number, exec] of (container.execs ?? []).entries())
        execRepeatedly(context, { kubelet, execs, slot, container: container.name, number }, exec);
}

interface Target {
  kubelet: Kubelet;
  execs: Execs;
  slot: PodSlot;
  container: string;
  /** Of the container's execs. */
  number: number;
}

function execRepeatedly(
  context: NodeContext,
  target: Target,
  { everyUs, startAtUs, program }: ExecSpec,
): void {
  const { sim, origins, streams, observer } = context;
  const { execs, slot, container, number } = target;
  const path = `${slot.name}/${container}`;
  const origin = origins.of('exec', program.comm, slot.name, container);
  const stream = streams.stream(path, `exec-${number}`);
  const free: HandExec[] = [];
  let wasRefused = false;
  const add = (runtime: Container): HandExec => {
    const exec = new HandExec(runtime, origin, stream, program, (over) => free.push(over));
    exec.index = execs.add(exec);
    return exec;
  };
  const run = sim.register(() => {
    sim.after(everyUs, run, 0, 0);
    const runtime = runningContainer(context, target);
    if (runtime === null) return;
    const exec = free.pop() ?? add(runtime);
    exec.container = runtime;
    const isRefused = !execs.start(exec.index);
    if (isRefused) free.push(exec);
    if (isRefused && !wasRefused) observer.moment('fork-refused', path, `an exec: ${failureText(context)}`);
    wasRefused = isRefused;
  });
  sim.at(startAtUs, run, 0, 0);
}

/** `kubectl exec` goes through the kubelet. Null: nobody can get in now. */
function runningContainer({ host }: NodeContext, { slot, container }: Target): Container | null {
  if (!slot.spec.sandboxless && host.kubelet?.isUp === false) return null;
  const found = slot.current?.containers.find(({ spec }) => spec.name === container)?.runtime;
  return found?.running ? found : null;
}
