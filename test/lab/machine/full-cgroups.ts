/** Row 3: execs and starts in a cgroup with room for so many more, and what a failed one leaves behind. */
import { Box } from './box.js';
import { KUBEPODS, Pod, prepareContainers, refusalIn } from './containers.js';
import { startOf } from './fill.js';
import { ModelNode, type Start } from './model-node.js';
import { PROGRAMS } from './programs.js';

export interface RoomResult {
  what: 'exec in a full pod' | 'start in a full pod' | 'start with all pods full';
  room: number;
  worked: number;
  tries: number;
  message: string;
  /** Tasks that are charged though nothing has come of it, and cgroups that stay. */
  left: number;
  model: boolean;
}

export async function fullCgroups(
  rooms: readonly number[],
  tries: number,
  options: { limitSeconds: number; signal?: AbortSignal; onRoom?: (text: string) => void },
): Promise<RoomResult[]> {
  return Box.use(options, async (box) => {
    await prepareContainers(box);
    const start = await startOf(box, 32_768);
    const pod = new Pod(box, 'full', { pidMode: 'pod' });
    await pod.create();
    await pod.start('app', PROGRAMS.sleeper.command);
    const results: RoomResult[] = [];
    for (const room of rooms) {
      for (const what of ['exec in a full pod', 'start in a full pod', 'start with all pods full'] as const) {
        const seen = await withRoom(box, pod, what, room, tries);
        results.push({ what, room, tries, ...seen, model: worksInModel(start, what, room) });
        options.onRoom?.(`${what}, room for ${room}: ${seen.worked} of ${tries}`);
      }
    }
    return results;
  });
}

async function withRoom(
  box: Box,
  pod: Pod,
  what: RoomResult['what'],
  room: number,
  tries: number,
): Promise<Pick<RoomResult, 'worked' | 'message' | 'left'>> {
  const limited = what === 'start with all pods full' ? KUBEPODS : pod.cgroup;
  const current = async (): Promise<number> => Number(await box.read(`${limited}/pids.current`));
  const before = await current();
  await box.write(`${limited}/pids.max`, before + room);
  const outcomes: (string | null)[] = [];
  for (let attempt = 0; attempt < tries; attempt++) outcomes.push(await once(pod, what));
  await box.write(`${limited}/pids.max`, 'max');
  return {
    worked: outcomes.filter((message) => message === null).length,
    message: outcomes.find((message) => message !== null) ?? '',
    left: (await current()) - before,
  };
}

/** Null if it worked; what it has started is gone again. */
async function once(pod: Pod, what: RoomResult['what']): Promise<string | null> {
  if (what === 'exec in a full pod') {
    const end = await pod.container('app').exec(PROGRAMS.quick.command, { timeoutMs: 20_000 });
    return end.started ? null : end.errno || refusalIn(end.output);
  }
  const made = await pod.start('new', PROGRAMS.sleeper.command);
  if (!made.ok) return `${made.where}: ${made.output}`;
  await pod.container('new').delete(true);
  pod.containers.splice(pod.containers.indexOf(pod.container('new')), 1);
  return null;
}

function worksInModel(start: Start, what: RoomResult['what'], room: number): boolean {
  const node = new ModelNode(start);
  const pod = node.createPod('full', { pidMode: 'pod' })!;
  const group = what === 'start with all pods full' ? node.kubepods : pod.sandbox.cgroup;
  node.kernel.setPidsMax(group, node.kernel.pidsCurrent(group) + room);
  return what === 'exec in a full pod'
    ? node.exec(pod.containers.get('app')!, 'quick') !== null
    : node.startContainer(pod, 'new', 'sleeper') !== null;
}
