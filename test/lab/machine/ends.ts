/** Row 4: execs that do not end as they should, and what killing their container frees. */
import { NONE } from '../../../src/kernel/kernel.js';
import { Box, type BoxTable } from './box.js';
import { type ExecEnd, Pod, prepareContainers } from './containers.js';
import { startOf } from './fill.js';
import { type Held, ModelNode, type ModelPod, type Start } from './model-node.js';
import { PROGRAMS } from './programs.js';

export interface EndResult {
  what: string;
  box: string;
  model: string;
}

const TIMEOUT_MS = 1500;
const CHILD_LIVES_MS = 2000;
const HOLDS_OUTPUT_MS = 10_000;
/** busybox's watcher looks once a second whether its command is still there. */
const WATCHER_MS = 2500;
const SETTLE_MS = 500;

export async function ends(options: { limitSeconds: number; signal?: AbortSignal }): Promise<EndResult[]> {
  return Box.use(options, async (box) => {
    await prepareContainers(box);
    const start = await startOf(box, 32_768);
    const results = [await timedOut(box, start), await holdsOutput(box, start)];
    results.push(...(await busyboxTimeouts(box, start)));
    for (const pidMode of ['pod', 'container'] as const) results.push(...(await killed(box, start, pidMode)));
    return results;
  });
}

/** Of the node, without kernel threads, which come and go by themselves. */
export function countsOf({ processes }: BoxTable, pinned: readonly number[]): Held {
  const own = processes.filter(({ pid, ppid }) => pid !== 2 && ppid !== 2);
  return {
    tasks: own.reduce((sum, { threads, state }) => sum + (state === 'Z' ? 1 : threads), 0),
    zombies: own.filter(({ state }) => state === 'Z').length,
    pinned: pinned.length,
  };
}

/** Boxes that are filled until their PIDs wrap have no more than this. */
const SMALL_PID_MAX = 2_000;

/** After a wrap the last PID is not the highest one: a pinned PID may be anywhere below pid_max. */
export async function boxCounts(box: Box): Promise<Held> {
  const table = await box.table();
  const pidMax = Number(await box.read('/proc/sys/kernel/pid_max'));
  return countsOf(table, await box.pinned(pidMax > SMALL_PID_MAX ? table.lastPid : pidMax));
}

export function less(after: Held, before: Held): Held {
  return {
    tasks: after.tasks - before.tasks,
    zombies: after.zombies - before.zombies,
    pinned: after.pinned - before.pinned,
  };
}

export function textOf({ tasks, zombies, pinned }: Held): string {
  const signed = (count: number): string => (count > 0 ? `+${count}` : String(count));
  return `tasks ${signed(tasks)}, of these zombies ${signed(zombies)}, pinned ${signed(pinned)}`;
}

async function podOf(box: Box, name: string, pidMode: 'pod' | 'container'): Promise<Pod> {
  const pod = new Pod(box, name, { pidMode });
  const created = await pod.create();
  const started = await pod.start('app', PROGRAMS.sleeper.command);
  if (!created.ok || !started.ok) throw new Error(`no pod in the box: ${created.output}${started.output}`);
  return pod;
}

async function timedOut(box: Box, start: Start): Promise<EndResult> {
  const pod = await podOf(box, 'late', 'container');
  const before = await boxCounts(box);
  const end = await pod.container('app').exec(PROGRAMS.slow.command, { timeoutMs: TIMEOUT_MS });
  await box.ask('sleep', SETTLE_MS);
  const real = less(await boxCounts(box), before);
  await pod.delete();
  const node = new ModelNode(start);
  const inModel = node.createPod('late')!;
  const modelBefore = node.counts();
  node.exec(inModel.containers.get('app')!, 'slow', TIMEOUT_MS);
  return {
    what: 'exec of a shell that waits for a child, killed at its timeout',
    box: `status ${end.status}; ${textOf(real)}`,
    model: `status 137; ${textOf(less(node.counts(), modelBefore))}`,
  };
}

async function holdsOutput(box: Box, start: Start): Promise<EndResult> {
  const pod = await podOf(box, 'loud', 'container');
  const command = ['/bin/sh', '-c', `sleep ${CHILD_LIVES_MS / 1000} & exit 0`];
  const end: ExecEnd = await pod.container('app').exec(command, { outputMs: HOLDS_OUTPUT_MS });
  await pod.delete();
  const isHeld = end.outputMs === null || end.outputMs >= CHILD_LIVES_MS;
  return {
    what: 'exec whose child lives 2 s and holds its stdout: its output ends',
    box: isHeld ? 'when the child does' : 'before the child does',
    model: outputLastsInModel(start) ? 'when the child does' : 'before the child does',
  };
}

/** R19: is the exec still under way half a second after its command has ended? */
function outputLastsInModel(start: Start): boolean {
  const node = new ModelNode(start);
  const pod = node.createPod('loud', { pidMode: 'container' })!;
  return node.exec(pod.containers.get('app')!, 'loud')!.task !== NONE;
}

async function busyboxTimeouts(box: Box, start: Start): Promise<EndResult[]> {
  const group = '/sys/fs/cgroup/timeouts';
  await box.makeFolders(group);
  const results: EndResult[] = [];
  for (const room of [0, 1, 2, 3]) {
    await box.write(`${group}/pids.max`, 1 + room);
    const command = ['/bin/busybox', 'timeout', '5', '/bin/busybox', 'true'];
    const end = await box.run(command, { cgroup: group, outputMs: 2000 });
    results.push({
      what: `busybox \`timeout 5 true\` in a cgroup with room for ${room} more`,
      box: `status ${end.status}`,
      model: `status ${new ModelNode(start).statusWithRoom('busybox timeout', room)}`,
    });
  }
  await box.ask('sleep', WATCHER_MS);
  return results;
}

/** Two leaks and a hung exec; then the container's own process is killed, and at last the pod deleted. */
async function killed(box: Box, start: Start, pidMode: 'pod' | 'container'): Promise<EndResult[]> {
  const before = await boxCounts(box);
  const pod = await podOf(box, `killed-${pidMode}`, pidMode);
  const container = pod.container('app');
  for (let leaks = 0; leaks < 2; leaks++) await container.exec(PROGRAMS.leak.command);
  await container.exec(PROGRAMS.hang.command, { timeoutMs: 0 });
  await box.ask('sleep', SETTLE_MS);
  const full = await boxCounts(box);
  await container.kill('KILL');
  await box.ask('sleep', SETTLE_MS);
  await container.delete(true);
  await box.ask('sleep', SETTLE_MS);
  const afterKill = await boxCounts(box);
  pod.containers.splice(pod.containers.indexOf(container), 1);
  await pod.delete();
  await box.ask('sleep', SETTLE_MS);
  const afterDelete = await boxCounts(box);
  const model = killedInModel(start, pidMode);
  const which = pidMode === 'pod' ? "shares the pod's PID namespace" : 'has a PID namespace of its own';
  const row = (what: string, index: number, real: Held): EndResult => ({
    what: `${what} (the container ${which})`,
    box: textOf(real),
    model: textOf(model[index]),
  });
  return [
    row('two leaks and a hung exec', 0, less(full, before)),
    row('then its container is killed: freed', 1, less(afterKill, full)),
    row('then the pod is deleted: left', 2, less(afterDelete, before)),
  ];
}

function killedInModel(start: Start, pidMode: 'pod' | 'container'): Held[] {
  const node = new ModelNode(start);
  const before = node.counts();
  const pod: ModelPod = node.createPod('killed', { pidMode })!;
  const app = pod.containers.get('app')!;
  for (let leaks = 0; leaks < 2; leaks++) node.exec(app, 'leak');
  node.exec(app, 'hang');
  const full = node.counts();
  node.killContainer(pod, 'app');
  const afterKill = node.counts();
  node.deletePod(pod);
  return [less(full, before), less(afterKill, full), less(node.counts(), before)];
}
