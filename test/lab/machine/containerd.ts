/**
 * Row 7: containerd itself in the box, with the shim that the other rows have a puppet for. Its client `ctr`
 * makes a pod as the kubelet would have it made: a sandbox whose PID 1 is pause, and a container in the same
 * shim.
 *
 *     containerd ── starts ──► containerd-shim-runc-v2, a child of the box's PID 1 ─► runc ─► pause, application
 */
import { KERNEL, NONE, SIGKILL } from '../../../src/kernel/kernel.js';
import { Box, type BoxProcess, type BoxTable, type Ended, isOnPath, must, start } from './box.js';
import { type PauseVersion, prepareContainers, ROOT } from './containers.js';
import { startOf } from './fill.js';
import { ModelNode, type ModelPod, type Start } from './model-node.js';
import { PROGRAMS } from './programs.js';
import { until } from './settle.js';

export interface ContainerdResult {
  what: string;
  box: string;
  model: string;
}

/** Threads of a shim come as Go needs them: what is compared are processes. */
interface Left {
  processes: number;
  zombies: number;
  pinned: number;
}

const SHIM = 'containerd-shim';
const DAEMONS = new Set(['containerd', 'ctr']);
const BOOT_TRIES = 60;
const STOP_TRIES = 20;
const SETTLE_MS = 1000;
const CHILD_LIVES_MS = 2000;
const CLEANUP_MS = 5000;
const TIMEOUT_MS = 500;
const LEAKS = 3;
/** As in the kubelet's CRI; the other plug-ins need devices or networks that a box has not. */
const CONFIG = `version = 2
root = "/mnt/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.tracing"]
`;

/** Why it cannot run here; null: it can. */
export function missingForContainerd(): string | null {
  const missing = ['containerd', 'ctr', 'containerd-shim-runc-v2'].find((command) => !isOnPath(command));
  return missing === undefined ? null : `${missing} is not installed (Debian: apt-get install containerd)`;
}

export async function containerd(options: {
  limitSeconds: number;
  signal?: AbortSignal;
}): Promise<ContainerdResult[]> {
  return Box.use({ ...options, memoryMiB: 1024 }, async (box) => {
    await prepareContainers(box);
    await boot(box);
    const from = await startOf(box, 32_768);
    const results = [await tasksOfShim(box, from)];
    for (const pause of ['3.0', '3.1'] as const) results.push(...(await life(box, from, pause)));
    results.push(await timedOut(box, from), await killedShim(box, from), await holdsOutput(box));
    return results;
  });
}

async function boot(box: Box): Promise<void> {
  await box.write('/mnt/containerd.toml', CONFIG);
  must(
    'containerd',
    await start(box, [
      '/bin/sh',
      '-c',
      'TMPDIR=/run exec containerd -c /mnt/containerd.toml 2> /mnt/containerd.log',
    ]),
  );
  for (let tries = 0; tries < BOOT_TRIES; tries++) {
    if ((await box.run(['ctr', 'version'], { outputMs: 100 })).status === 0) return;
    await box.ask('sleep', 500);
  }
  throw new Error('containerd in the box does not answer');
}

/** A pod as `ctr` makes it. Its name must be unique in the box. */
class CtrPod {
  constructor(
    private readonly box: Box,
    readonly name: string,
  ) {}

  static async make(box: Box, name: string, pause: PauseVersion = '3.0'): Promise<CtrPod> {
    const pod = new CtrPod(box, name);
    await pod.start(`${name}-pause`, [`/pause-${pause}`]);
    const listed = await pod.must('task', 'ls');
    const pid = new RegExp(`^${name}-pause +(\\d+)`, 'm').exec(listed.output)![1];
    await pod.start(`${name}-app`, PROGRAMS.sleeper.command, '--with-ns', `pid:/proc/${pid}/ns/pid`);
    return pod;
  }

  private start(id: string, command: readonly string[], ...options: string[]): Promise<Ended> {
    const group = ['--annotation', `io.containerd.runc.v2.group=${this.name}`, '--annotation'];
    const sandbox = `io.kubernetes.cri.sandbox-id=${this.name}-pause`;
    return this.must(
      'run',
      '--detach',
      '--rootfs',
      '--no-pivot',
      ...group,
      sandbox,
      ...options,
      ROOT,
      id,
      ...command,
    );
  }

  /** Until the exec has ended and nobody holds its output. */
  exec(command: readonly string[], ...options: string[]): Promise<Ended> {
    const id = `e${++execs}`;
    return this.must('task', 'exec', ...options, '--exec-id', id, `${this.name}-app`, ...command);
  }

  /** The container's own process, and waits until containerd has heard of its end. */
  async killApp(): Promise<void> {
    const id = `${this.name}-app`;
    await this.must('task', 'kill', '--signal', 'SIGKILL', id);
    const stopped = new RegExp(`^${id} .*STOPPED`, 'm');
    for (let tries = 0; tries < STOP_TRIES; tries++) {
      if (stopped.test((await this.must('task', 'ls')).output)) return;
      await this.box.ask('sleep', 500);
    }
    throw new Error(`${id} in the box does not end`);
  }

  /** The newest exec. */
  async killExec(): Promise<void> {
    await this.must('task', 'kill', '--signal', 'SIGKILL', '--exec-id', `e${execs}`, `${this.name}-app`);
  }

  async delete(): Promise<void> {
    for (const id of [`${this.name}-app`, `${this.name}-pause`]) {
      await this.ctr('task', 'delete', '--force', id);
      await this.ctr('container', 'delete', id);
    }
  }

  async must(...words: string[]): Promise<Ended> {
    const ended = await this.ctr(...words);
    if (ended.status !== 0) throw new Error(`ctr ${words.join(' ')} in the box: ${ended.output}`);
    return ended;
  }

  private ctr(...words: string[]): Promise<Ended> {
    return this.box.run(['ctr', ...words], { outputMs: 10_000 });
  }
}

let execs = 0;

async function left(box: Box): Promise<Left> {
  await box.ask('sleep', SETTLE_MS);
  const { processes, lastPid } = await box.table();
  const own = processes.filter(isOfNode);
  return {
    processes: own.length,
    zombies: own.filter(({ state }) => state === 'Z').length,
    pinned: (await box.pinned(lastPid)).length,
  };
}

const isOfNode = ({ pid, ppid, comm }: BoxProcess): boolean => pid !== 2 && ppid !== 2 && !DAEMONS.has(comm);

/** The pods whose shims are there: their threads are no processes. */
function inModel(node: ModelNode, ...pods: ModelPod[]): Left {
  const { kernel } = node;
  const shims = pods.map(({ sandbox }) => sandbox.shim).filter((shim) => shim !== NONE);
  const threads = shims.reduce((sum, shim) => sum + kernel.threadCount(shim), 0);
  return { processes: kernel.nrThreads - threads, zombies: kernel.zombies(), pinned: kernel.pinned() };
}

function gained(after: Left, before: Left): string {
  const names = ['processes', 'zombies', 'pinned'] as const;
  const [processes, zombies, pinned] = names.map((name) => after[name] - before[name]).map(signed);
  return `processes ${processes}, of these zombies ${zombies}, pinned ${pinned}`;
}

const signed = (count: number): string => (count > 0 ? `+${count}` : String(count));

async function tasksOfShim(box: Box, from: Start): Promise<ContainerdResult> {
  const pod = await CtrPod.make(box, 'shim');
  await box.ask('sleep', SETTLE_MS);
  const shims = (await box.table()).processes.filter(({ comm }) => comm.startsWith(SHIM));
  await pod.delete();
  const node = new ModelNode(from);
  const { shim } = node.createPod('shim', { pidMode: 'pod' })!.sandbox;
  return {
    what: 'R28: shims of a pod of two containers, and their tasks',
    box: `${shims.length}: ${shims.map(({ threads }) => threads).join(', ')}`,
    model: `1: ${1 + node.kernel.threadCount(shim)}`,
  };
}

/** Three leaks and a hung exec; then the container is killed, and at last the pod deleted. */
async function life(box: Box, from: Start, pause: PauseVersion): Promise<ContainerdResult[]> {
  const empty = await left(box);
  const pod = await CtrPod.make(box, `life-${pause}`, pause);
  const made = await left(box);
  for (let leaks = 0; leaks < LEAKS; leaks++) await pod.exec(PROGRAMS.leak.command);
  await pod.exec(PROGRAMS.hang.command, '--detach');
  const full = await left(box);
  await pod.killApp();
  const killed = await left(box);
  await pod.delete();
  const real = [made, full, killed, await left(box)];

  const node = new ModelNode(from);
  const emptyModel = inModel(node);
  const twin = node.createPod('life', { pidMode: 'pod', pause })!;
  const steps = [inModel(node, twin)];
  for (let leaks = 0; leaks < LEAKS; leaks++) node.exec(twin.containers.get('app')!, 'leak');
  node.exec(twin.containers.get('app')!, 'hang');
  steps.push(inModel(node, twin));
  node.killContainer(twin, 'app');
  steps.push(inModel(node, twin));
  node.deletePod(twin);
  steps.push(inModel(node));
  const words = [
    'a pod',
    'then three leaking execs and a hung one',
    'then its container is killed',
    'then it is deleted',
  ];
  return words.map((what, index) => ({
    what: `pause ${pause}: ${what}`,
    box: gained(real[index], real[index - 1] ?? empty),
    model: gained(steps[index], steps[index - 1] ?? emptyModel),
  }));
}

/** R17: the exec's own process alone is killed, as the CRI does it. */
async function timedOut(box: Box, from: Start): Promise<ContainerdResult> {
  const pod = await CtrPod.make(box, 'late');
  const before = await left(box);
  const sleeps = ({ processes }: BoxTable): number => processes.filter(({ comm }) => comm === 'sleep').length;
  const others = sleeps(await box.table());
  await pod.exec(PROGRAMS.slow.command, '--detach');
  await until(box, 'the child that the shell waits for', (table) => sleeps(table) > others);
  await pod.killExec();
  const real = gained(await left(box), before);
  await pod.delete();
  const node = new ModelNode(from);
  const twin = node.createPod('late', { pidMode: 'pod' })!;
  const beforeModel = inModel(node, twin);
  node.exec(twin.containers.get('app')!, 'slow', TIMEOUT_MS);
  return {
    what: 'R17: a shell that waits for its child is killed at its timeout',
    box: real,
    model: gained(inModel(node, twin), beforeModel),
  };
}

async function killedShim(box: Box, from: Start): Promise<ContainerdResult> {
  const before = await left(box);
  const pod = await CtrPod.make(box, 'orphaned');
  const { pid } = (await box.table()).processes.find(({ comm }) => comm.startsWith(SHIM))!;
  await box.run(['/bin/kill', '-9', String(pid)]);
  await box.ask('sleep', CLEANUP_MS);
  const real = gained(await left(box), before);
  await pod.delete();
  const node = new ModelNode(from);
  const beforeModel = inModel(node);
  const twin = node.createPod('orphaned', { pidMode: 'pod' })!;
  node.kernel.kill(KERNEL, twin.sandbox.shim, SIGKILL);
  node.pass(CLEANUP_MS);
  return {
    what: 'a pod is made, and its shim killed',
    box: real,
    model: gained(inModel(node), beforeModel),
  };
}

/** R19: `ctr` copies the output until nobody can write to it any more. */
async function holdsOutput(box: Box): Promise<ContainerdResult> {
  const pod = await CtrPod.make(box, 'loud');
  const { ms } = await pod.exec(PROGRAMS.loud.command);
  await pod.delete();
  return {
    what: 'R19: an exec whose child lives 2 s and holds its stdout ends',
    box: ms >= CHILD_LIVES_MS ? 'when the child does' : `after ${ms} ms`,
    model: 'when the child does',
  };
}
