/**
 * Row 8: podman and dockerd in the box. Both have their own root and their images in its memory; no network.
 *
 *     podman ─► conmon, a child of the box's PID 1 ─► runc ─► application
 *     dockerd ─► containerd ─► containerd-shim-runc-v2 ─► runc ─► application
 */
import { HOST_NS } from '../../../src/kernel/kernel.js';
import { catalogue } from '../../../src/program/catalogue/index.js';
import type { Program } from '../../../src/program/code.js';
import { compileProgram } from '../../../src/program/compile.js';
import { container, leaveFree, pod, probe, program, S, World } from '../../node/world.js';
import { Box, type Ended, isOnPath, must, start } from './box.js';
import type { ContainerdResult } from './containerd.js';
import { CGROUPS, prepareContainers, ROOT, refusalIn } from './containers.js';
import type { Peak } from './peaks.js';

const SETTLE_MS = 4000;
const BOOT_TRIES = 60;
const RUN_MS = 100_000;
const ORPHAN_LIVES_MS = 4000;
/** As Debian 12 has it. */
const DOCKER_VERSION = '20.10.24';
/** Longer than docker waits before any restart. */
const NO_RESTART_MS = 65_000;
const REFUSED_MS = 20_000;
const SLEEPS = ['/bin/sleep', '100000'];
const LEAKS = ['/bin/sh', '-c', 'sleep 1 & true'];
/** The shell waits for its child, and is not replaced by it. */
const LATE = `sleep ${ORPHAN_LIVES_MS / 1000}; true`;

export interface EnginesResult {
  rows: ContainerdResult[];
  peaks: Omit<Peak, 'model'>[];
}

export const ENGINES = ['podman', 'dockerd'] as const;
export type Engine = (typeof ENGINES)[number];

/** Why it cannot run here; null: it can. */
export function missingForEngine(engine: Engine): string | null {
  const needed = {
    podman: ['podman', 'conmon', 'runc'],
    dockerd: ['dockerd', 'docker', 'containerd', 'tar'],
  };
  const missing = needed[engine].find((command) => !isOnPath(command));
  const packages = { podman: 'podman', dockerd: 'docker.io' };
  return missing === undefined
    ? null
    : `${missing} is not installed (Debian: apt-get install ${packages[engine]})`;
}

export async function engines(
  which: readonly Engine[],
  options: { limitSeconds: number; signal?: AbortSignal; onStep?: (text: string) => void },
): Promise<EnginesResult> {
  const results: EnginesResult = { rows: [], peaks: [] };
  for (const engine of which) {
    if (missingForEngine(engine) !== null) continue;
    await Box.use({ ...options, memoryMiB: 1536 }, async (box) => {
      await prepareContainers(box);
      await makeWritable(box);
      const bench = new Bench(box, results, options.onStep);
      await (engine === 'podman' ? podman(bench) : dockerd(bench));
    });
  }
  return results;
}

/** What both want to write to, or to be there. */
async function makeWritable(box: Box): Promise<void> {
  const folders = '/var/lib /var/tmp /dev/shm /etc/containers /etc/docker';
  const script = `for d in ${folders}; do mkdir -p $d; test -d $d && mount -t tmpfs tmpfs $d; done; true`;
  worked('mount', await box.run(['/bin/sh', '-c', script], { outputMs: 500 }));
  await box.write(`${CGROUPS}/cgroup.subtree_control`, '+cpu +io +memory +pids');
}

function worked(what: string, ended: Ended): string {
  if (ended.status !== 0) throw new Error(`${what} in the box: ${ended.status} ${ended.output}`);
  return ended.output.trim();
}

interface Held {
  tasks: number;
  zombies: number;
  pinned: number;
}

class Bench {
  private groups = 0;

  constructor(
    readonly box: Box,
    private readonly results: EnginesResult,
    private readonly onStep?: (text: string) => void,
  ) {}

  run(words: readonly string[], cgroup?: string): Promise<Ended> {
    return this.box.run(words, { timeoutMs: RUN_MS, outputMs: 1000, cgroup });
  }

  row(what: string, box: string, model: string): void {
    this.onStep?.(`${what}: ${box}`);
    this.results.rows.push({ what, box, model });
  }

  async held(): Promise<Held> {
    await this.box.ask('sleep', SETTLE_MS);
    const { processes, lastPid } = await this.box.table();
    const own = processes.filter(({ pid, ppid, comm }) => pid !== 2 && ppid !== 2 && !DAEMONS.has(comm));
    return {
      tasks: own.reduce((sum, { threads }) => sum + Math.max(1, threads), 0),
      zombies: own.filter(({ state }) => state === 'Z').length,
      pinned: (await this.box.pinned(lastPid)).length,
    };
  }

  /** The command in a cgroup of its own: the tasks of it and of what it starts, until that is moved elsewhere. */
  async measure(what: string, words: readonly string[]): Promise<Ended> {
    const { box } = this;
    const cgroup = `${CGROUPS}/measured-${this.groups++}`;
    await box.makeFolders(cgroup);
    const [before, { lastPid }] = [await this.held(), await box.table()];
    const ended = await this.run(words, cgroup);
    const pids = (await box.table()).lastPid - lastPid;
    const rest = (await this.held()).tasks - before.tasks;
    this.results.peaks.push({ what, peak: Number(await box.read(`${cgroup}/pids.peak`)), pids, rest });
    this.onStep?.(`${what}: status ${ended.status}, ${pids} PIDs`);
    return ended;
  }
}

/** Threads of these come as Go needs them. */
const DAEMONS = new Set(['dockerd', 'containerd']);

const gained = (after: Held, before: Held): string =>
  `zombies ${after.zombies - before.zombies}, pinned ${after.pinned - before.pinned}`;

const inWorld = (after: World, before: World): string =>
  `zombies ${after.zombies - before.zombies}, pinned ${after.kernel.pinned() - before.kernel.pinned()}`;

// podman.

async function podman(bench: Bench): Promise<void> {
  const { box } = bench;
  const storage = ['--root', '/mnt/podman', '--runroot', '/run/podman', '--storage-driver', 'vfs'];
  const managers = ['--cgroup-manager', 'cgroupfs', '--events-backend', 'none', '--runtime', 'runc'];
  const podman = ['podman', ...storage, '--tmpdir', '/run/podman-tmp', ...managers];
  const run = (name: string, ...options: string[]): string[] => {
    const usual = ['--detach', '--name', name, '--network', 'none', ...options];
    return [...podman, 'run', ...usual, '--rootfs', ROOT, ...SLEEPS];
  };
  // The first command of all makes the store.
  worked('podman ps', await bench.run([...podman, 'ps']));
  const empty = await bench.held();
  worked('podman run', await bench.measure('podman run --detach', run('one')));
  const limit = await bench.run(['/bin/sh', '-c', `cat ${CGROUPS}/libpod_parent/libpod-*/pids.max`]);
  bench.row(
    'podman: `pids.max` of a container where nothing is said',
    limit.output.trim(),
    '2048, as an input',
  );
  const conmons = (await box.table()).processes.filter(({ comm }) => comm === 'conmon');
  bench.row('R28: conmon of a container, its tasks', conmons.map(({ threads }) => threads).join(', '), '1');
  worked('podman exec', await bench.measure('podman exec', [...podman, 'exec', 'one', '/bin/true']));
  const before = await bench.held();
  worked('a leak', await bench.measure('podman exec that leaks', [...podman, 'exec', 'one', ...LEAKS]));
  bench.row('podman exec whose child is orphaned', gained(await bench.held(), before), leakInModel(SLEEPER));
  worked('podman stop', await bench.measure('podman stop', [...podman, 'stop', '--time', '1', 'one']));
  worked('podman rm', await bench.measure('podman rm', [...podman, 'rm', 'one']));
  bench.row('then it is removed: left', gained(await bench.held(), empty), 'zombies 0, pinned 0');

  const init = run('init', '--init', '--init-path', '/usr/bin/docker-init');
  if (isOnPath('docker-init')) {
    worked('podman run --init', await bench.run(init));
    const started = await bench.held();
    worked('a leak', await bench.run([...podman, 'exec', 'init', ...LEAKS]));
    bench.row('the same with --init', gained(await bench.held(), started), leakInModel(compiledOf('tini')));
    worked('podman rm', await bench.run([...podman, 'rm', '--force', '--time', '0', 'init']));
  }

  const health = ['--health-cmd', LATE, '--health-interval', 'disable', '--health-timeout', '1s'];
  worked('podman run', await bench.run(run('late', ...health, '--pids-limit', '6')));
  const healthy = await bench.held();
  const check = await bench.measure('podman healthcheck run', [...podman, 'healthcheck', 'run', 'late']);
  const ends = check.ms >= ORPHAN_LIVES_MS ? 'when its command does' : `after ${check.ms} ms`;
  bench.row('podman healthcheck run past its timeout of 1 s ends', ends, 'not modelled');
  bench.row('and leaves', gained(await bench.held(), healthy), 'not modelled');
  for (let filled = 0; filled < 3; filled++)
    await bench.run([...podman, 'exec', '--detach', 'late', ...SLEEPS]);
  const full = await bench.run([...podman, 'exec', 'late', '/bin/true']);
  bench.row(
    'podman exec with two of six slots free',
    `status ${full.status}: ${refusalIn(full.output)}`,
    'refused',
  );
  worked('podman rm', await bench.run([...podman, 'rm', '--force', '--time', '0', 'late']));
}

// dockerd.

async function dockerd(bench: Bench): Promise<void> {
  const { box } = bench;
  const docker = ['/usr/bin/docker', '-H', 'unix:///run/docker.sock'];
  await bootDockerd(bench, docker);
  const run = (name: string, ...options: string[]): string[] => {
    return [...docker, 'run', '--detach', '--name', name, '--network', 'none', ...options, 'box', ...SLEEPS];
  };
  const state = async (name: string, what: string): Promise<string> =>
    worked(name, await bench.run([...docker, 'inspect', '--format', `{{${what}}}`, name]));

  worked('docker run', await bench.measure('docker run --detach', run('one')));
  const shims = (await box.table()).processes.filter(({ comm }) => comm.startsWith('containerd-shim'));
  const model = docked(SLEEPER).to(30);
  const inModel = model.run.processes()!.filter(({ comm }) => comm.startsWith('containerd-shim'));
  const tasks = (all: readonly { threads: number }[]): string => all.map(({ threads }) => threads).join(', ');
  bench.row('R28: tasks of the shim of docker’s container', tasks(shims), tasks(inModel));
  worked('docker exec', await bench.measure('docker exec', [...docker, 'exec', 'one', '/bin/true']));
  // The `ps` that it runs wants a boot time, which this kernel does not say.
  await bench.measure('docker top', [...docker, 'top', 'one']);
  const before = await bench.held();
  worked('a leak', await bench.run([...docker, 'exec', 'one', ...LEAKS]));
  bench.row('docker exec whose child is orphaned', gained(await bench.held(), before), leakInModel(SLEEPER));
  worked('docker rm', await bench.measure('docker rm --force', [...docker, 'rm', '--force', 'one']));

  for (const init of [false, true]) {
    const name = init ? 'checked-init' : 'checked';
    const health = ['--health-cmd', LATE, '--health-interval', '15s', '--health-timeout', '2s'];
    worked('docker run', await bench.run(run(name, ...health, ...(init ? ['--init'] : []))));
    const started = await bench.held();
    await until(box, async () => (await state(name, '.State.Health.FailingStreak')) === '1');
    await box.ask('sleep', ORPHAN_LIVES_MS);
    const left = gained(await bench.held(), started);
    const what = `R36: docker’s health check has timed out once${init ? ', with --init' : ''}`;
    bench.row(what, left, lateInModel(init ? compiledOf('tini') : SLEEPER));
    worked('docker rm', await bench.run([...docker, 'rm', '--force', name]));
  }
  await refusedRestart(bench, run, state);
}

async function bootDockerd(bench: Bench, docker: readonly string[]): Promise<void> {
  const { box } = bench;
  const off = [
    '--iptables=false',
    '--ip6tables=false',
    '--ip-forward=false',
    '--ip-masq=false',
    '--bridge=none',
  ];
  const roots = ['--data-root=/mnt/docker', '--exec-root=/run/docker', '--pidfile=/run/docker.pid'];
  const others = [
    '--storage-driver=vfs',
    '--exec-opt=native.cgroupdriver=cgroupfs',
    '-H unix:///run/docker.sock',
  ];
  // Its root is in memory, where pivot_root does not work.
  const settings = 'mkdir -p /mnt/tmp; export TMPDIR=/mnt/tmp DOCKER_RAMDISK=true; exec /usr/sbin/dockerd';
  const script = `${settings} ${[...off, ...roots, ...others].join(' ')} > /mnt/dockerd.log 2>&1`;
  must('dockerd', await start(box, ['/bin/sh', '-c', script]));
  await until(box, async () => (await bench.run([...docker, 'version'])).status === 0);
  const image = `tar -C ${ROOT} -c . | ${docker.join(' ')} import - box`;
  worked('docker import', await bench.run(['/bin/sh', '-c', image]));
}

async function until(box: Box, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < BOOT_TRIES; tries++) {
    if (await holds()) return;
    await box.ask('sleep', 1000);
  }
  throw new Error('what was waited for in the box does not come');
}

/** R30: two containers that are always to be restarted: one is refused its first start, one its second. */
async function refusedRestart(
  bench: Bench,
  words: (name: string, ...options: string[]) => string[],
  state: (name: string, what: string) => Promise<string>,
): Promise<void> {
  const { box } = bench;
  const limit = `${CGROUPS}/docker/pids.max`;
  worked('docker run', await bench.run(words('again', '--restart', 'always')));
  const pid = await state('again', '.State.Pid');
  await box.write(limit, 2);
  const { status } = await bench.run(words('never', '--restart', 'always'));
  worked('kill', await bench.run(['/bin/kill', '-9', pid]));
  await box.ask('sleep', REFUSED_MS);
  await box.write(limit, 'max');
  await box.ask('sleep', NO_RESTART_MS);
  const ran = async (name: string): Promise<string> =>
    (await state(name, '.State.Running')) === 'true' ? 'runs again' : 'stays down';
  const model = refusedInModel();
  const what = 'always to be restarted, and there is room again a little later';
  bench.row(
    `R30: a first start that is refused (status ${status}), ${what}`,
    await ran('never'),
    model.first,
  );
  bench.row(`R30: a restart that is refused, ${what}`, await ran('again'), model.second);
}

// The model.

const SLEEPER = program('sleep', ['pause']);

function compiledOf(name: string): Program {
  const compiled = compileProgram(name, catalogue());
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.program;
}

function docked(main: Program, more: Parameters<typeof container>[0] = {}): World {
  const containers = [container({ program: main, ...more })];
  return new World({
    runtime: { name: 'docker', version: DOCKER_VERSION },
    pods: [pod({ sandboxless: true, containers })],
  });
}

function leakInModel(main: Program): string {
  const leak = program('sh', [{ fork: { comm: 'sleep', steps: [{ sleep: '1s' }] } }]);
  const world = docked(main, { execs: [{ everyUs: 1000 * S, startAtUs: 20 * S, program: leak }] });
  return inWorld(world.to(40), docked(main).to(40));
}

function lateInModel(main: Program): string {
  const late = program('sh', [{ fork: { comm: 'sleep', steps: [{ sleep: '4s' }] } }, { wait: 'any' }]);
  const check = probe({ type: 'liveness', program: late, periodUs: 15 * S, timeoutUs: 2 * S });
  return inWorld(docked(main, { probes: [check] }).to(29), docked(main).to(29));
}

function refusedInModel(): { first: string; second: string } {
  const ends = program('sleep', [{ sleep: '10s' }, { exit: 137 }]);
  const refusedFrom = (seconds: number): string => {
    const world = docked(seconds === 0 ? SLEEPER : ends);
    if (seconds > 0) world.to(seconds);
    leaveFree(world, 5);
    world.to(30).kernel.setPidMax(HOST_NS, 2 * world.kernel.pidMax());
    return world.to(200).node.counters.podsRunning > 0 && world.on('sleep').length > 0
      ? 'runs again'
      : 'stays down';
  };
  return { first: refusedFrom(0), second: refusedFrom(5) };
}
