/** The node model as it is driven beside a box: the same baseline, the same cursor, one action after another. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import {
  type CgroupId,
  KERNEL,
  type Kernel,
  NONE,
  type OriginId,
  ROOT_CGROUP,
  SIGKILL,
  SIGTERM,
  type TaskId,
} from '../../../src/kernel/kernel.js';
import { RESERVED_PIDS } from '../../../src/kernel/limits.js';
import type { NodeContext, NodeCounters } from '../../../src/node/context.js';
import { bootHost } from '../../../src/node/host/boot.js';
import { ChildWatch } from '../../../src/node/host/child-watch.js';
import { startCronJob } from '../../../src/node/host/cron.js';
import { startSshLogins } from '../../../src/node/host/logins.js';
import { OriginNames } from '../../../src/node/origins.js';
import { nodePrograms } from '../../../src/node/programs.js';
import type { Container, Sandbox, SandboxOwner } from '../../../src/node/runtime/container.js';
import { type ExecClient, Execs } from '../../../src/node/runtime/exec.js';
import { RuncCalls } from '../../../src/node/runtime/runc.js';
import { SandboxRuntime } from '../../../src/node/runtime/sandbox.js';
import { kernelRules } from '../../../src/node/versions/kernel.js';
import { kubeletRules } from '../../../src/node/versions/kubelet.js';
import { runtimeRules } from '../../../src/node/versions/runtime.js';
import { catalogue } from '../../../src/program/catalogue/index.js';
import type { Program } from '../../../src/program/code.js';
import { compileProgram } from '../../../src/program/compile.js';
import { Machine } from '../../../src/program/machine.js';
import type { Step } from '../../../src/program/step.js';
import { Run } from '../../../src/run/run.js';
import { parseScenario } from '../../../src/scenario/parse.js';
import type { Scenario } from '../../../src/scenario/scenario.js';
import { RandomStreams } from '../../../src/sim/random.js';
import { Simulation } from '../../../src/sim/simulation.js';
import { US_PER_MINUTE, US_PER_MS, US_PER_SECOND } from '../../../src/sim/time.js';
import type { PauseVersion, PodOptions } from './containers.js';
import { compiled, cronProgram, type ProgramName } from './programs.js';

/** What of the box the model starts from. */
export interface Start {
  pidMax: number;
  threadsMax: number;
  /** Tasks outside of pods, and the PID handed out last, before the first pod was made. */
  tasks: number;
  lastPid: number;
  /** Those of the tasks whose PID is from 300 to pidMax: what the others hold is not free. */
  high: number;
}

const path = join(import.meta.dirname, 'node.yaml');

/** What the box takes from the scenario file: its pod, and the commands of its container and of the probe. */
export function podForBox(): { options: PodOptions; app: string[]; probe: string[] } {
  const { spec } = parse(readFileSync(path, 'utf8')) as ScenarioForBox;
  const [{ shareProcessNamespace, containers }] = spec.pods;
  const [{ command, readinessProbe }] = containers;
  const options: PodOptions = {
    pidMode: shareProcessNamespace ? 'pod' : 'container',
    pause: spec.node.pause,
  };
  return { options, app: command, probe: readinessProbe.exec.command };
}

interface ScenarioForBox {
  spec: {
    node: { pause: PauseVersion };
    pods: {
      shareProcessNamespace: boolean;
      containers: { command: string[]; readinessProbe: { exec: { command: string[] } } }[];
    }[];
  };
}

export function scenarioOf(start: Start): Scenario {
  const parsed = parseScenario(readFileSync(path, 'utf8'), { path });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  const [scenario] = parsed.value;
  const kernel = { ...scenario.node.kernel, pidMax: start.pidMax, threadsMax: start.threadsMax };
  return { ...scenario, node: { ...scenario.node, kernel, baselineTaskCount: start.tasks - start.high } };
}

/** Forks that come and go, until the same PID has been handed out last, and some that stay: as many as in the box. */
function moveCursor(kernel: Kernel, { lastPid, high }: Start): void {
  // A pid_max that was lowered below the cursor: the next one wraps there as here.
  const last = Math.min(lastPid, kernel.pidMax() - 1);
  while (kernel.cursor() <= last) {
    const task = kernel.fork(kernel.init);
    if (task === NONE) throw new Error('the model is full before it has begun');
    kernel.exit(task, 0);
    kernel.wait(kernel.init, task);
  }
  for (let made = 0; made < high; made++) kernel.fork(kernel.init);
}

export interface FirstRefusal {
  /** 1-based. */
  exec: number;
  zombies: number;
  pinned: number;
  /** Free PIDs when it was asked for. */
  free: number;
}

/** The scenario as `pidsim run` runs it, to the first exec of the probe that could not be started. */
export function firstRefusedExec(start: Start): FirstRefusal {
  const run = new Run(scenarioOf(start));
  const { kernel } = run.machine;
  const second = (seconds: number): void => {
    while (!run.advance(seconds * US_PER_SECOND));
  };
  second(5);
  moveCursor(kernel, start);
  second(19);
  const [{ totals }] = run.node.kubelet.probes;
  for (let at = 20; totals.firstFailedRun === 0; at++) {
    if (run.isOver) throw new Error('the model never refuses an exec');
    second(at);
  }
  return {
    exec: totals.firstFailedRun,
    zombies: kernel.zombies(),
    pinned: kernel.pinned(),
    free: freePids(kernel),
  };
}

/** PIDs that can still be handed out, once those below 300 are lost. */
function freePids(kernel: Kernel): number {
  const taken = kernel.allocated() - kernel.lowPidsHeld() - kernel.pidsBeyondMax();
  return kernel.pidMax() - RESERVED_PIDS - taken;
}

/** What is held in the node's table; the kernel's and the daemons' own tasks are in it. */
export interface Held {
  tasks: number;
  zombies: number;
  pinned: number;
}

export interface ModelPod {
  name: string;
  sandbox: Sandbox;
  containers: Map<string, Container>;
}

/** For actions in any order: the runtime of the model without a kubelet that acts by itself. */
export class ModelNode {
  readonly sim = new Simulation();
  readonly kernel: Kernel;
  readonly counters: NodeCounters = {
    podsRunning: 0,
    podsCreated: 0,
    podsCreateFailed: 0,
    podsNeverCreated: 0,
    podsDeleted: 0,
    podsDeleteStuck: 0,
    probeRuns: 0,
    probeFailures: 0,
    sshOk: 0,
    sshRefused: 0,
  };
  readonly runtime: SandboxRuntime;
  private readonly context: NodeContext;
  private readonly execs: Execs;
  private readonly held: TaskId[] = [];
  readonly kubepods: CgroupId;

  constructor(start: Start) {
    const { node } = scenarioOf(start);
    const rules = kernelRules(node.kernel.version, 'v2')!;
    const { pidMax, threadsMax } = node.kernel;
    const machine = new Machine({ sim: this.sim, rules, pidMax, threadsMax, initComm: 'systemd' });
    this.kernel = machine.kernel;
    const kubelet = kubeletRules(node.kubelet, node.runtime);
    const base = {
      sim: this.sim,
      machine,
      streams: new RandomStreams(1),
      programs: nodePrograms(catalogue()),
      observer: { moment: () => {} },
      spec: node,
      kernel: machine.kernel,
      kubeletRules: kubelet,
      runtimeRules: runtimeRules(node.runtime, node.kubelet),
      origins: new OriginNames(),
      children: new ChildWatch(machine.kernel),
      counters: this.counters,
    };
    this.context = { ...base, host: bootHost(base, node.baselineTaskCount) };
    moveCursor(this.kernel, start);
    this.kubepods = this.kernel.createCgroup(ROOT_CGROUP, Number.POSITIVE_INFINITY);
    const runc = new RuncCalls(this.context);
    this.runtime = new SandboxRuntime(this.context, runc, this.kubepods);
    this.execs = new Execs(this.context, runc);
  }

  /** Lets time pass. */
  pass(ms: number): void {
    this.sim.run(this.sim.nowUs + ms * US_PER_MS);
  }

  counts(): Held {
    const { kernel } = this;
    return { tasks: kernel.nrThreads, zombies: kernel.zombies(), pinned: kernel.pinned() };
  }

  free(): number {
    return freePids(this.kernel);
  }

  /** A pod with its sandbox and one container, or null where a fork was refused; then nothing of it is left. */
  createPod(
    name: string,
    options: { pidMode?: 'pod' | 'container'; pause?: string; podPidsMax?: number } = {},
  ): ModelPod | null {
    const { pidMode = 'container', pause = '3.0', podPidsMax = Number.POSITIVE_INFINITY } = options;
    const owner = new Owner();
    const { origins, streams, programs } = this.context;
    const sandbox = this.runtime.addSandbox({
      owner,
      pidMode,
      sandboxless: false,
      hostNetwork: false,
      pidMax: null,
      podPidsMax,
      infraProgram: programs.pause(pause),
      shimOrigin: origins.of('shim', 'shim', name, null),
      infraOrigin: origins.of('infra', 'pause', name, null),
      infraStream: streams.stream(name, 'infra'),
    });
    const begun = this.runtime.create(sandbox);
    this.pass(1000);
    if (!begun) return null;
    const pod: ModelPod = { name, sandbox, containers: new Map() };
    if (owner.isReady && this.startContainer(pod, 'app', 'sleeper')) return pod;
    if (owner.isReady) this.runtime.stop(sandbox);
    this.pass(1000);
    this.runtime.remove(sandbox);
    this.pass(100);
    return null;
  }

  startContainer(pod: ModelPod, name: string, program: ProgramName): Container | null {
    const { origins, streams } = this.context;
    const container = this.runtime.addContainer(
      pod.sandbox,
      name,
      compiled(program),
      streams.stream(`${pod.name}/${name}`, 'program'),
      origins.of('main', program, pod.name, name),
    );
    const begun = this.runtime.start(container);
    this.pass(1000);
    if (!begun) return null;
    pod.containers.set(name, container);
    return container;
  }

  /** Null: it could not be started. At `timeoutMs` its main process is killed, if it still runs. */
  exec(container: Container, program: ProgramName, timeoutMs: number | null = null): Client | null {
    const client = new Client(this.context, container, compiled(program), program);
    const begun = this.execs.start(this.execs.add(client));
    this.pass(500);
    if (!begun) return null;
    if (timeoutMs !== null) {
      this.pass(timeoutMs);
      if (client.task !== NONE) this.kernel.kill(KERNEL, client.task, SIGKILL);
    }
    this.pass(500);
    return client;
  }

  /** `runc kill`, of a signal that PID 1 takes no notice of where it has no handler. False: a fork was refused. */
  signal(container: Container): boolean {
    const works = this.runtime.signal(container, SIGTERM);
    this.pass(1000);
    return works;
  }

  /** Kills the container's main process as `runc kill` does, and lets what follows happen. False: refused. */
  killContainer(pod: ModelPod, name: string): boolean {
    const works = this.runtime.signal(pod.containers.get(name)!, SIGKILL);
    this.pass(1000);
    if (works) pod.containers.delete(name);
    return works;
  }

  /** False: a fork was refused, and what was left then stays. */
  deletePod(pod: ModelPod): boolean {
    for (const name of [...pod.containers.keys()]) if (!this.killContainer(pod, name)) return false;
    if (!this.runtime.stop(pod.sandbox)) return false;
    this.pass(1000);
    this.runtime.remove(pod.sandbox);
    this.pass(100);
    return true;
  }

  /** A program of the catalogue in a cgroup with room for so many tasks beside it: its exit status. */
  statusWithRoom(name: string, room: number): number {
    const { kernel, context } = this;
    const program = compileProgram(name, catalogue());
    if (!program.ok) throw new Error(JSON.stringify(program.problems));
    const task = kernel.fork(kernel.init);
    kernel.attach(task, kernel.createCgroup(ROOT_CGROUP, 1 + room));
    let status = -1;
    const child = context.children.register((_owner, _task, ended) => {
      status = ended;
    });
    context.children.expect(task, child, 0);
    context.machine.load(task, program.program, context.streams.stream(name, 'program'));
    this.pass(5000);
    return status;
  }

  /**
   * One of the model's own logins, which come at random moments once they have begun; as root, as in the box.
   */
  login(): boolean {
    startSshLogins(this.context, { everyUs: US_PER_MINUTE, lastsUs: US_PER_SECOND, user: ROOT });
    while (this.counters.sshOk + this.counters.sshRefused === 0) this.pass(100);
    return this.counters.sshRefused === 0;
  }

  /** One run of a cron job, to its end. */
  cronJob(steps: readonly Step[]): void {
    const program = cronProgram(steps);
    const never = 1000 * US_PER_MINUTE;
    startCronJob(this.context, { name: 'job', everyUs: never, startAtUs: this.sim.nowUs, program });
    this.pass(10_000);
  }

  /** A shell, forked by the host, that runs a pipeline of two builtins and then a subshell of its own. */
  script(): boolean {
    const { kernel } = this;
    const shell = kernel.fork(kernel.init);
    if (shell === NONE) return false;
    const works = this.forksAtOnce(shell, 2) && this.forksAtOnce(shell, 1);
    this.end(shell, kernel.init);
    return works;
  }

  private forksAtOnce(parent: TaskId, count: number): boolean {
    const children = Array.from({ length: count }, () => this.kernel.fork(parent));
    for (const child of children) if (child !== NONE) this.end(child, parent);
    return !children.includes(NONE);
  }

  private end(task: TaskId, parent: TaskId): void {
    this.kernel.exit(task, 0);
    this.kernel.wait(parent, task);
  }

  daemonThread(): boolean {
    const works = this.kernel.cloneThreads(this.context.host.runtime.task, 1) === 1;
    if (works) this.kernel.endThreads(this.context.host.runtime.task, 1);
    return works;
  }

  /** Tasks that only hold a PID; fewer than asked for if the table is full. */
  hold(count: number): void {
    for (let made = 0; made < count; made++) {
      const task = this.kernel.fork(this.kernel.init);
      if (task === NONE) return;
      this.held.push(task);
    }
  }

  /** Holds PIDs, or lets some go again, until exactly so many are free. */
  fill(free: number): void {
    this.hold(this.kernel.pidMax());
    for (const task of this.held.splice(Math.max(0, this.held.length - free)))
      this.end(task, this.kernel.init);
  }

  get heldCount(): number {
    return this.held.length;
  }
}

const ROOT = { uid: 0, nprocMax: Number.POSITIVE_INFINITY };

class Owner implements SandboxOwner {
  isReady = false;
  sandboxReady(): void {
    this.isReady = true;
  }
  sandboxFailed(): void {}
  sandboxExited(): void {}
  networkGone(): void {}
  containerStarted(): void {}
  containerFailed(): void {}
  containerExited(): void {}
}

export class Client implements ExecClient {
  readonly origin: OriginId;
  readonly stream;
  task: TaskId = NONE;

  constructor(
    context: NodeContext,
    readonly container: Container,
    private readonly program: Program,
    name: string,
  ) {
    this.origin = context.origins.of('liveness', name, 'pod', 'app');
    this.stream = context.streams.stream(name, 'exec');
  }

  execDraining(): void {}

  execProgram(): Program {
    return this.program;
  }

  execStarted(task: TaskId): void {
    this.task = task;
  }

  execEnded(): void {
    this.task = NONE;
  }

  execLost(): void {}
}
