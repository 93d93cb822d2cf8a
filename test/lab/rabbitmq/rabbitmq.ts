/**
 * The incident for real: RabbitMQ under a PID 1 that does not reap, probed until the table is full; and the
 * same on the model.
 *
 *     namespace with pid_max N, network, host name and data folders of its own
 *       PID 1 as pause 3.0 ◄─ rabbitmq-server, from outside ◄─ rabbitmqctl node_health_check, again and again
 *
 * Needs Debian's rabbitmq-server. Not part of CI: it takes minutes.
 */

import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NONE } from '../../../src/kernel/kernel.js';
import { PrivateNamespace, StartRefused } from '../../../src/lab/namespace/private-namespace.js';
import { LabUnavailable } from '../../../src/lab/namespace/setup.js';
import { pinnedPids } from '../../../src/procfs/pinned.js';
import { isZombie } from '../../../src/procfs/process-row.js';
import { rabbitmqctlNodeHealthCheck } from '../../../src/program/catalogue/rabbitmq.js';
import { ModelNamespace } from '../namespace/model.js';

export const PROBE = ['rabbitmqctl', 'node_health_check'] as const;
const SERVER = ['rabbitmq-server'];

export interface RabbitmqOptions {
  /** The namespace's. Default 800. */
  pidMax?: number;
  /** `pause-reaping`: the counter-check, in which no probe ever fails. Default `pause`. */
  init?: 'pause' | 'pause-reaping';
  /** Stop after so many probes even if none has failed. Default: as many as there are PIDs. */
  probesMax?: number;
  onProgress?: (step: ProbeStep) => void;
  signal?: AbortSignal;
}

/** The namespace after a probe. */
export interface ProbeStep {
  /** From 1; 0: the server's start. */
  probe: number;
  ok: boolean;
  zombies: number;
  pinned: number;
}

export interface ExhaustionRun {
  pidMax: number;
  /** The first probe that failed; null: none did. */
  firstFailure: number | null;
  /** What it said. */
  failure: string;
  steps: ProbeStep[];
}

/** Without these nothing can be said about RabbitMQ. */
function missingForRabbitmq(): string[] {
  const commands = [...SERVER, PROBE[0]].filter((name) => !existsSync(join('/usr/sbin', name)));
  if (commands.length === 0) return [];
  return [
    `${commands.join(' and ')} not installed: on Debian, apt-get install --no-install-recommends rabbitmq-server`,
  ];
}

/** On this machine's kernel. Throws LabUnavailable if RabbitMQ is not installed or the lab cannot run. */
export function exhaustForReal(options: RabbitmqOptions = {}): Promise<ExhaustionRun> {
  const pidMax = options.pidMax ?? 800;
  return besideServer({ ...options, pidMax }, (host) => probeUntilRefused(host, pidMax, options));
}

/**
 * Measures beside a server that is up, in a namespace of its own, all of which is taken away afterwards. Throws
 * LabUnavailable if RabbitMQ is not installed or the lab cannot run.
 */
export async function besideServer<T>(
  { pidMax, init, signal }: Pick<RabbitmqOptions, 'init' | 'signal'> & { pidMax: number },
  measure: (host: PrivateNamespace) => Promise<T>,
): Promise<T> {
  const missing = missingForRabbitmq();
  if (missing.length > 0) throw new LabUnavailable(missing);
  const folders = makeFolders();
  const host = await PrivateNamespace.open({
    pidMax,
    pidsMax: 2000,
    privateNet: true,
    overlays: { '/var/lib/rabbitmq': folders.data, '/var/log/rabbitmq': folders.log },
    cwd: '/',
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      LANG: 'C.UTF-8',
    },
    signal,
  });
  try {
    await host.startInit([init ?? 'pause']);
    await startServer(host, folders.log, signal);
    return await measure(host);
  } finally {
    await host.close();
    rmSync(folders.root, { recursive: true, force: true });
  }
}

interface Folders {
  root: string;
  data: string;
  log: string;
}

/** Empty data and log folders that belong to RabbitMQ's user, in place of the machine's. */
function makeFolders(): Folders {
  const user = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === 'rabbitmq');
  if (user === undefined) throw new LabUnavailable(['there is no user `rabbitmq`: the package makes it']);
  const root = mkdtempSync(join(tmpdir(), 'pidsim-rabbitmq-'));
  const folders = { root, data: join(root, 'data'), log: join(root, 'log') };
  for (const folder of [folders.data, folders.log]) {
    mkdirSync(folder, { mode: 0o755 });
    chownSync(folder, Number(user[2]), Number(user[3]));
  }
  chownSync(root, Number(user[2]), Number(user[3]));
  return folders;
}

const START_LIMIT_MS = 180_000;
const SETTLE_MS = 3000;

/** Starts it, waits for its log to say that it is complete, then for its tasks to settle. */
async function startServer(host: PrivateNamespace, logDir: string, signal?: AbortSignal): Promise<void> {
  const server = await host.exec(SERVER);
  const isUp = (): boolean =>
    readdirSync(logDir).some((name) =>
      readFileSync(join(logDir, name), 'utf8').includes('Server startup complete'),
    );
  const begun = performance.now();
  while (!isUp()) {
    if (server.end !== null)
      throw new Error(`rabbitmq-server ended with ${server.end.status}: ${server.end.outputTail.trim()}`);
    if (performance.now() - begun > START_LIMIT_MS) throw new Error('rabbitmq-server did not start in time');
    await sleep(200, undefined, { signal });
  }
  await host.rest(SETTLE_MS, 30_000);
}

/** Longer than the command itself waits for anything. */
export const PROBE_LIMIT_MS = 120_000;

async function probeUntilRefused(
  host: PrivateNamespace,
  pidMax: number,
  options: RabbitmqOptions,
): Promise<ExhaustionRun> {
  const steps: ProbeStep[] = [];
  const note = (probe: number, ok: boolean): void => {
    const tasks = host.tasks();
    const zombies = tasks.filter((task) => isZombie(task)).length;
    const step = { probe, ok, zombies, pinned: pinnedPids(tasks).length };
    steps.push(step);
    options.onProgress?.(step);
  };
  note(0, true);
  for (let probe = 1; probe <= (options.probesMax ?? pidMax); probe++) {
    const failure = await probeOnce(host, options.signal);
    note(probe, failure === null);
    if (failure !== null) return { pidMax, firstFailure: probe, failure, steps };
  }
  return { pidMax, firstFailure: null, failure: '', steps };
}

/** null if it succeeded, else its last words. */
async function probeOnce(host: PrivateNamespace, signal?: AbortSignal): Promise<string | null> {
  const { status, words } = await runProbe(host, signal);
  return status === 0 ? null : words;
}

/** How a probe ended. */
export interface ProbeEnd {
  /** null: it was refused to enter, ended by a signal, or killed because it did not end. */
  status: number | null;
  seconds: number;
  /** Status or signal, and what it said about it. */
  words: string;
}

/** One probe, and a moment more: what it leaves dies within milliseconds of it. */
export async function runProbe(host: PrivateNamespace, signal?: AbortSignal): Promise<ProbeEnd> {
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  try {
    const probe = await host.exec(PROBE);
    const over = AbortSignal.timeout(PROBE_LIMIT_MS);
    const late = sleep(PROBE_LIMIT_MS, null, {
      signal: signal ? AbortSignal.any([signal, over]) : over,
    }).catch(() => null);
    const end = await Promise.race([probe.ended, late]);
    signal?.throwIfAborted();
    const took = seconds();
    if (end === null) {
      host.kill(probe, 'SIGKILL');
      return { status: null, seconds: took, words: 'it did not end' };
    }
    await sleep(100, undefined, { signal });
    const lines = end.outputTail
      .trim()
      .split('\n')
      .filter((line) => line.trim() !== '');
    const said = lines.find((line) => /resource|thread|fork/i.test(line)) ?? lines.at(-1) ?? '';
    return { status: end.status, seconds: took, words: `status ${end.status ?? end.signal}: ${said}` };
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    return { status: null, seconds: seconds(), words: `refused to enter: ${error.errno}` };
  }
}

/** Numbers that a probe of the catalogue leaves for certain: two orphans, each of which pins another. */
const CERTAIN_NUMBERS = 4;

/**
 * The PIDs that a probe left on the mean, zombies and pinned: what decides when the table is full. How many of them
 * are orphans of the Erlang VM's end depends on how busy the machine is.
 */
export function pidsPerProbe({ steps }: ExhaustionRun): number {
  const good = steps.filter(({ ok }) => ok);
  const [first, last] = [good[0], good[good.length - 1]];
  if (last.probe === first.probe) return 0;
  return (last.zombies + last.pinned - first.zombies - first.pinned) / (last.probe - first.probe);
}

/** The same on the model; one replication. `numbers`: per probe on the mean, if they were measured elsewhere. */
export function exhaustTheModel(
  options: Pick<RabbitmqOptions, 'pidMax' | 'init' | 'probesMax'> & { pidsPerProbe?: number } = {},
  replication = 0,
): ExhaustionRun {
  const pidMax = options.pidMax ?? 800;
  const { pidsPerProbe: numbers } = options;
  const share = numbers === undefined ? undefined : Math.min(1, Math.max(0, numbers - CERTAIN_NUMBERS));
  const probeName = PROBE.join(' ');
  const host = new ModelNamespace({
    programs: new Map([[probeName, rabbitmqctlNodeHealthCheck(share)]]),
    init: options.init === 'pause-reaping' ? 'pause-3.1' : 'pause-3.0',
    pidMax,
    replication,
  });
  const { kernel, space } = host;
  const steps: ProbeStep[] = [];
  const note = (probe: number, ok: boolean): void => {
    steps.push({ probe, ok, zombies: kernel.zombies(space), pinned: kernel.pinned(space) });
  };
  host.enter(host.compile('rabbitmq-server'));
  host.run(30_000_000);
  note(0, true);
  const program = host.compile(probeName);
  for (let probe = 1; probe <= (options.probesMax ?? pidMax); probe++) {
    const task = host.enter(program);
    const status = task === NONE ? null : host.run(PROBE_LIMIT_MS * 1000, task);
    host.run(100_000);
    note(probe, status === 0);
    if (status !== 0)
      return { pidMax, firstFailure: probe, failure: `status ${status ?? 'none: refused to enter'}`, steps };
  }
  return { pidMax, firstFailure: null, failure: '', steps };
}

/** Zombies before the probes 20, 40, 60, …: of one run, at every tenth, and at its end. */
export function zombiesAtTenths(run: ExhaustionRun): Map<number, number> {
  const last = run.firstFailure ?? Number.POSITIVE_INFINITY;
  return new Map(
    run.steps
      .filter(({ probe }) => probe > 0 && probe % 10 === 0 && probe < last)
      .map(({ probe, zombies }) => [probe, zombies]),
  );
}
