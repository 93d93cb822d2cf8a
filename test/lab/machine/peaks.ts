/** Row 5: how many tasks what comes and goes on a node has at most, how many PIDs it takes, and what stays. */
import type { Kernel } from '../../../src/kernel/kernel.js';
import { Box, type Ended, isOnPath, run } from './box.js';
import { CGROUPS, prepareContainers } from './containers.js';
import { CronServer, missingForCron } from './cron.js';
import { countsOf } from './ends.js';
import { startOf } from './fill.js';
import { LoginServer, missingForLogins } from './login.js';
import { ModelNode, type Start } from './model-node.js';
import { CRON_JOBS } from './programs.js';
import { untilOnly } from './settle.js';

export interface Peak {
  what: string;
  /** Tasks at one time beyond those before, by `pids.peak` of a cgroup around all of it. */
  peak: number;
  /** By how much the cursor moved: PIDs handed out. */
  pids: number;
  rest: number;
  /** null: it has nothing of the kind. */
  model: ModelPeak | null;
}

export type ModelPeak = Pick<Peak, 'peak' | 'pids' | 'rest'>;

export async function peaks(
  repeats: number,
  options: { limitSeconds: number; signal?: AbortSignal; cron?: boolean; onPeak?: (text: string) => void },
): Promise<Peak[]> {
  return Box.use(options, async (box) => {
    await prepareContainers(box);
    await box.ask('role', 'shim', 11);
    await box.as('shim').ask('subreaper', 1);
    const model = peaksOfModel(await startOf(box, 32_768));
    const all: Peak[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const peak of await containerPeaks(box, repeat)) {
        all.push({ ...peak, model: model.get(peak.what) ?? null });
        options.onPeak?.(`${peak.what}: ${peak.peak} at once, ${peak.pids} PIDs`);
      }
    }
    if (isOnPath('conmon')) for (const peak of await conmonPeaks(box)) all.push({ ...peak, model: null });
    if (missingForLogins() === null)
      all.push({ ...(await loginPeak(box)), model: model.get('login') ?? null });
    if (options.cron && missingForCron() === null)
      for (const peak of await cronPeaks(box)) all.push({ ...peak, model: model.get(peak.what) ?? null });
    return all;
  });
}

/** What CRI-O and podman have for a shim; it runs runc itself. */
async function conmonPeaks(box: Box): Promise<Omit<Peak, 'model'>[]> {
  const id = 'watched';
  const folder = `/mnt/${id}`;
  const path = await group(box, id);
  await box.makeFolders(folder);
  await box.write(`${folder}/config.json`, configOf(id));
  await box.write(`${folder}/exec.json`, JSON.stringify(PROCESS));
  const common = [
    'conmon',
    '-c',
    id,
    '-u',
    id,
    '-n',
    id,
    '-r',
    '/usr/sbin/runc',
    '-b',
    folder,
    '--exit-dir',
    folder,
    '--socket-dir-path',
    folder,
  ];
  const files = (name: string): string[] => [
    '-p',
    `${folder}/${name}`,
    '-l',
    `k8s-file:${folder}/${name}.log`,
  ];
  const found: Omit<Peak, 'model'>[] = [];
  // conmon forks itself away, and runc goes on below it: what is there at last tells that it is done.
  const reach = async (what: string, rest: readonly string[], act: () => Promise<void>): Promise<void> => {
    const before = await box.table();
    const charged = Number(await box.read(`${path}/pids.current`));
    const highest = Number(await box.read(`${path}/pids.peak`));
    await act();
    const after = await untilOnly(box, `/${id}`, rest);
    const peak = Number(await box.read(`${path}/pids.peak`));
    found.push({
      what,
      peak: peak > highest ? peak - charged : Number.NaN,
      pids: after.lastPid - before.lastPid,
      rest: after.tasks - before.tasks,
    });
  };
  await reach('conmon, runc create and start', ['conmon', 'sleep'], async () => {
    worked(await box.run([...common, ...files('main')], { cgroup: `${path}/runc` }));
    await untilOnly(box, `/${id}`, ['conmon', RUNC_INIT]);
    worked(await box.run(['runc', 'start', id], { cgroup: `${path}/runc` }));
  });
  await reach('conmon with an exec that stays', ['conmon', 'conmon', 'sleep', 'sleep'], async () => {
    const words = ['-e', '--exec-process-spec', `${folder}/exec.json`, ...files('exec')];
    worked(await box.run([...common, ...words], { cgroup: `${path}/runc` }));
  });
  await box.run(['runc', 'delete', '--force', id]);
  await untilOnly(box, `/${id}`, []);
  return found;
}

/** What waits in a container that is created and not started: Linux keeps 15 characters of `runc:[2:INIT]`. */
const RUNC_INIT = 'runc:[2:INIT]';

function worked({ status, output }: Ended): void {
  if (status !== 0) throw new Error(`conmon or its runc in the box: ${output}`);
}

async function group(box: Box, name: string): Promise<string> {
  const path = `${CGROUPS}/${name}`;
  await box.makeFolders(path);
  await box.write(`${path}/cgroup.subtree_control`, '+pids');
  await box.makeFolders(`${path}/runc`);
  return path;
}

/** One container's life, each call of runc in a cgroup of its own beside the container's, below one that is new. */
async function containerPeaks(box: Box, repeat: number): Promise<Omit<Peak, 'model'>[]> {
  const shim = box.as('shim');
  const id = `peak-${repeat}`;
  const folder = `/mnt/${id}`;
  const path = await group(box, id);
  await box.makeFolders(folder);
  await box.write(`${folder}/config.json`, configOf(id));
  const cgroup = `${path}/runc`;
  const peak = async (): Promise<number> => Number(await box.read(`${path}/pids.peak`));
  const found: Omit<Peak, 'model'>[] = [];
  let highest = 0;
  // pids.peak only rises: what stays below an earlier peak is not seen, so the calls go from few tasks to many.
  const measure = async (what: string, rest: readonly string[], act: () => Promise<Ended>): Promise<void> => {
    const before = await box.table();
    const charged = Number(await box.read(`${path}/pids.current`));
    const end = await act();
    if (end.status !== 0) throw new Error(`${what} in the box: ${end.output}`);
    const after = await untilOnly(box, `/${id}`, rest);
    const reached = await peak();
    found.push({
      what,
      peak: reached > highest ? reached - charged : Number.NaN,
      pids: after.lastPid - before.lastPid,
      rest: after.tasks - before.tasks,
    });
    highest = Math.max(highest, reached);
  };
  const pidFile = `${folder}/exec.pid`;
  const detached = ['runc', 'exec', '--detach', '--pid-file', pidFile, id, '/bin/true'];
  await measure('runc create', [RUNC_INIT], () =>
    run(shim, ['runc', 'create', '--bundle', folder, id], { cgroup }),
  );
  await measure('runc start', ['sleep'], () => run(shim, ['runc', 'start', id], { cgroup }));
  await measure('runc exec, detached', ['sleep'], () =>
    shim.ask('exec', 20_000, 0, pidFile, '/', `cgroup=${cgroup}`, ...detached),
  );
  await measure('runc exec, in the foreground', ['sleep'], () =>
    run(shim, ['runc', 'exec', id, '/bin/true'], { cgroup }),
  );
  await measure('runc kill', [], () => run(shim, ['runc', 'kill', id, 'KILL'], { cgroup }));
  await measure('runc delete', [], () => run(shim, ['runc', 'delete', id], { cgroup }));
  return found;
}

const PROCESS = {
  terminal: false,
  user: { uid: 0, gid: 0 },
  args: ['/bin/sleep', '100000'],
  env: ['PATH=/bin'],
  cwd: '/',
  capabilities: {},
};

function configOf(id: string): string {
  return JSON.stringify({
    ociVersion: '1.0.2',
    process: PROCESS,
    root: { path: '/mnt/root', readonly: false },
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
    linux: { cgroupsPath: `/${id}/container`, namespaces: [{ type: 'pid' }, { type: 'mount' }] },
  });
}

async function loginPeak(box: Box): Promise<Omit<Peak, 'model'>> {
  const path = await group(box, 'logins');
  const logins = await LoginServer.start(box, `${path}/runc`);
  const client = await logins.client();
  const before = await box.table();
  const charged = Number(await box.read(`${path}/pids.current`));
  const end = await logins.login(client);
  if (end.status !== 0) throw new Error(`a login in the box: ${end.output}`);
  const after = await untilOnly(box, '/logins', ['sshd']);
  // The client was there before, and is gone now.
  return {
    what: 'login',
    peak: Number(await box.read(`${path}/pids.peak`)) - charged,
    pids: after.lastPid - before.lastPid,
    rest: after.tasks - before.tasks + 1,
  };
}

async function cronPeaks(box: Box): Promise<Omit<Peak, 'model'>[]> {
  const path = await group(box, 'cron');
  const cron = await CronServer.start(box, CGROUPS, '/cron/runc');
  const found: Omit<Peak, 'model'>[] = [];
  let highest = 0;
  // From few tasks to many, as above.
  for (const { what, command } of CRON_JOBS) {
    const charged = Number(await box.read(`${path}/pids.current`));
    const { before, after } = await cron.run(command, 'sleep');
    const reached = Number(await box.read(`${path}/pids.peak`));
    found.push({
      what,
      peak: reached > highest ? reached - charged : Number.NaN,
      pids: after.lastPid - before.lastPid,
      rest: countsOf(after, []).tasks - countsOf(before, []).tasks,
    });
    highest = reached;
  }
  return found;
}

/** A login of the model lasts for a second. */
const LOGIN_OVER_MS = 2000;

/** The same in the model. A container is created and started in one go there. */
function peaksOfModel(start: Start): Map<string, ModelPeak> {
  const node = new ModelNode(start);
  const pod = node.createPod('peak')!;
  const all = new Map<string, ModelPeak>();
  const highest = watchTasks(node.kernel);
  const measure = (what: string, act: () => unknown): void => {
    const cursor = node.kernel.cursor();
    const { tasks } = node.counts();
    highest.tasks = tasks;
    act();
    const rest = node.counts().tasks - tasks;
    all.set(what, { peak: highest.tasks - tasks, pids: node.kernel.cursor() - cursor, rest });
  };
  measure('runc create', () => node.startContainer(pod, 'new', 'sleeper'));
  measure('runc exec, detached', () => node.exec(pod.containers.get('app')!, 'quick'));
  measure('runc kill', () => node.killContainer(pod, 'new'));
  measure('login', () => {
    node.login();
    node.pass(LOGIN_OVER_MS);
  });
  for (const { what, steps } of CRON_JOBS) measure(what, () => node.cronJob(steps));
  return all;
}

/** Looks at the tasks after each system call that can make one. */
function watchTasks(kernel: Kernel): { tasks: number } {
  const highest = { tasks: 0 };
  for (const name of ['fork', 'forkAs', 'cloneThreads'] as const) {
    const call = kernel[name].bind(kernel) as (...words: unknown[]) => unknown;
    Object.assign(kernel, {
      [name]: (...words: unknown[]) => {
        const result = call(...words);
        highest.tasks = Math.max(highest.tasks, kernel.nrThreads);
        return result;
      },
    });
  }
  return highest;
}
