/** Row 2: what still works with so many PIDs free, and how often. */
import { Box, run } from './box.js';
import { type Attempt, Pod, prepareContainers, refusalIn } from './containers.js';
import { startOf } from './fill.js';
import { LoginServer, missingForLogins } from './login.js';
import { ModelNode, type ModelPod, type Start } from './model-node.js';
import { PROGRAMS } from './programs.js';

export const ACTIVITIES = [
  'exec',
  'new container',
  'kill',
  'kill and delete',
  'login',
  'small script',
  'daemon thread',
] as const;
export type Activity = (typeof ACTIVITIES)[number];

export interface Survival {
  activity: Activity;
  /** By PIDs free: how many of the tries worked. */
  worked: Map<number, number>;
  tries: number;
  /** What the refused said. */
  messages: string[];
  /** From how many free PIDs on it works in the model. */
  modelNeeds: number;
}

const FREE_MOST = 24;
const PID_MAX = 420;
/** For `runc delete` of what an attempt has left. */
const ROOM_TO_CLEAR = 40;
/** After so many levels in a row at which every try worked, the next ones do as well. */
const SURE_LEVELS = 2;
const SMALL_SCRIPT = 'true | true; (true; true); true';

interface Bench {
  box: Box;
  pod: Pod;
  logins: LoginServer | null;
}

export async function survivors(
  activities: readonly Activity[],
  tries: number,
  options: { limitSeconds: number; signal?: AbortSignal; onLevel?: (text: string) => void },
): Promise<Survival[]> {
  return Box.use(options, async (box) => {
    await prepareContainers(box);
    const logins = missingForLogins() === null ? await LoginServer.start(box) : null;
    await box.ask('role', 'daemon', 5);
    await box.write('/proc/sys/kernel/pid_max', PID_MAX);
    const start = await startOf(box, PID_MAX);
    const pod = new Pod(box, 'full');
    await pod.create();
    await pod.start('app', PROGRAMS.sleeper.command);
    const bench = { box, pod, logins };
    const results: Survival[] = [];
    for (const activity of activities) {
      if (activity === 'login' && logins === null) continue;
      const { worked, messages } = await levels(bench, activity, tries, options.onLevel);
      results.push({ activity, worked, tries, messages, modelNeeds: modelNeeds(start, activity) });
    }
    return results;
  });
}

async function levels(
  bench: Bench,
  activity: Activity,
  tries: number,
  onLevel?: (text: string) => void,
): Promise<{ worked: Map<number, number>; messages: string[] }> {
  const worked = new Map<number, number>();
  const messages = new Set<string>();
  let sure = 0;
  for (let free = 0; free <= FREE_MOST && sure < SURE_LEVELS; free++) {
    let count = 0;
    for (let attempt = 0; attempt < tries; attempt++) {
      const message = await tryWith(bench, activity, free);
      if (message === null) count++;
      else messages.add(message);
    }
    worked.set(free, count);
    onLevel?.(`${activity} with ${free} free: ${count} of ${tries}`);
    sure = count === tries ? sure + 1 : 0;
  }
  return { worked, messages: [...messages] };
}

/** Null if it worked, else what was said. The table has exactly `free` PIDs left when it begins. */
async function tryWith(bench: Bench, activity: Activity, free: number): Promise<string | null> {
  const { box, pod } = bench;
  if (activity === 'new container' || activity === 'kill and delete') {
    await box.ask('end', ROOM_TO_CLEAR);
    await pod.runc(['delete', '--force', 'full-new']);
  }
  if (activity === 'kill and delete') {
    const made = await startNew(pod);
    if (!made.ok) throw new Error(`no container to delete in the box: ${made.where}: ${made.output}`);
  }
  await box.ask('end', 1);
  const client = activity === 'login' ? await bench.logins!.client() : 0;
  await box.ask('hold', PID_MAX); // until it is refused
  await box.ask('end', free);
  return attempt(bench, activity, client);
}

async function attempt(
  { box, pod, logins }: Bench,
  activity: Activity,
  client: number,
): Promise<string | null> {
  switch (activity) {
    case 'exec': {
      const end = await pod.container('app').exec(PROGRAMS.quick.command, { timeoutMs: 20_000 });
      return end.started ? null : end.errno || refusalIn(end.output) || `status ${end.status}`;
    }
    case 'new container': {
      const made = await startNew(pod);
      return made.ok ? null : `${made.where}: ${made.output}`;
    }
    case 'kill':
      return said(await pod.container('app').kill(0));
    case 'kill and delete':
      return said(await pod.runc(['delete', '--force', 'full-new']));
    case 'login':
      return said(await logins!.login(client));
    case 'small script':
      return said(await run(box, ['/bin/busybox', 'sh', '-c', SMALL_SCRIPT], { outputMs: 200 }));
    case 'daemon thread': {
      const { errno } = await box.as('daemon').ask('thread', 1);
      return errno === '' ? null : errno;
    }
  }
}

/** One more container in the pod, which the next try takes away. */
async function startNew(pod: Pod): Promise<Attempt> {
  const made = await pod.start('new', PROGRAMS.sleeper.command);
  const index = pod.containers.findIndex(({ id }) => id === 'full-new');
  if (index >= 0) pod.containers.splice(index, 1);
  return made;
}

function said({
  errno,
  status,
  output,
}: {
  errno: string;
  status: number | null;
  output: string;
}): string | null {
  if (errno !== '') return `fork: ${errno}`;
  return status === 0 ? null : `status ${status}: ${refusalIn(output)}`;
}

/** The fewest free PIDs with which the model lets it happen. */
export function modelNeeds(start: Start, activity: Activity): number {
  for (let free = 0; free <= FREE_MOST; free++) if (worksInModel(start, activity, free)) return free;
  return Number.POSITIVE_INFINITY;
}

function worksInModel(start: Start, activity: Activity, free: number): boolean {
  const node = new ModelNode(start);
  const pod = node.createPod('full')!;
  if (activity === 'kill and delete') node.startContainer(pod, 'new', 'sleeper');
  node.hold(node.free() - free);
  return actInModel(node, pod, activity);
}

function actInModel(node: ModelNode, pod: ModelPod, activity: Activity): boolean {
  const app = pod.containers.get('app')!;
  switch (activity) {
    case 'exec':
      return node.exec(app, 'quick') !== null;
    case 'new container':
      return node.startContainer(pod, 'new', 'sleeper') !== null;
    case 'kill':
      return node.signal(app);
    case 'kill and delete':
      return node.killContainer(pod, 'new');
    case 'login':
      return node.login();
    case 'small script':
      return node.script();
    case 'daemon thread':
      return node.daemonThread();
  }
}
