/**
 * What a probe does that finds few PIDs free, for real and on the model.
 *
 *     server up, table wrapped ──► fill until the kernel refuses ──► free so many ──► probe: status, time, what is left
 *
 * A node that is full stays so or not by what failing probes leave, and by how long they hold what they have got.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { NONE, type TaskId } from '../../../src/kernel/kernel.js';
import {
  type PrivateNamespace,
  type Running,
  StartRefused,
} from '../../../src/lab/namespace/private-namespace.js';
import { pinnedPids } from '../../../src/procfs/pinned.js';
import { isZombie } from '../../../src/procfs/process-row.js';
import { rabbitmqctlNodeHealthCheck } from '../../../src/program/catalogue/rabbitmq.js';
import type { ProgramSource } from '../../../src/program/step.js';
import { ModelNamespace } from '../namespace/model.js';
import { besideServer, PROBE, PROBE_LIMIT_MS, runProbe } from './rabbitmq.js';

export interface NearlyFullOptions {
  /** Begins with so many PIDs free and ends with three. */
  free: number;
  /** Probes at each. */
  each: number;
  /** The namespace's; small, as it has to be filled. Default 600. */
  pidMax?: number;
  onProgress?: (run: NearlyFullRun) => void;
  signal?: AbortSignal;
}

export interface NearlyFullRun {
  free: number;
  /** null: it was refused to enter, ended by a signal, or did not end. */
  status: number | null;
  seconds: number;
  /** More than before it. */
  zombies: number;
  pinned: number;
}

const PID_MAX = 600;
/** With fewer no shell can start what it wants. */
const LEAST_FREE = 3;
/** After so many the low PIDs have been used, which are not handed out again. */
const PROBES_TO_WRAP = 9;
const FILLER: ProgramSource = { comm: 'sleep', steps: ['pause'] };

/** On this machine's kernel. Throws LabUnavailable if RabbitMQ is not installed or the lab cannot run. */
export function probeNearlyFull(options: NearlyFullOptions): Promise<NearlyFullRun[]> {
  const { signal, pidMax = PID_MAX } = options;
  return besideServer({ pidMax, signal }, async (host) => {
    for (let probe = 0; probe < PROBES_TO_WRAP; probe++) await runProbe(host, signal);
    const fillers: Running[] = [];
    const runs: NearlyFullRun[] = [];
    for (const free of countdown(options)) {
      await fill(host, fillers);
      for (const filler of fillers.splice(-free)) {
        host.kill(filler, 'SIGKILL');
        await filler.ended;
      }
      const before = leftIn(host);
      const { status, seconds } = await runProbe(host, signal);
      await sleep(300, undefined, { signal });
      const after = leftIn(host);
      const run = {
        free,
        status,
        seconds,
        zombies: after.zombies - before.zombies,
        pinned: after.pinned - before.pinned,
      };
      runs.push(run);
      options.onProgress?.(run);
    }
    return runs;
  });
}

function countdown({ free, each }: NearlyFullOptions): number[] {
  const counts = Array.from({ length: Math.max(0, free - LEAST_FREE + 1) }, (_, less) => free - less);
  return counts.flatMap((count) => Array.from({ length: each }, () => count));
}

/** Adds processes that only hold a number, until the kernel has none left. */
async function fill(host: PrivateNamespace, fillers: Running[]): Promise<void> {
  try {
    for (;;) fillers.push(await host.exec(['sleep', 'infinity']));
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
  }
}

function leftIn(host: PrivateNamespace): { zombies: number; pinned: number } {
  const tasks = host.tasks();
  return {
    zombies: tasks.filter(isZombie).length,
    pinned: pinnedPids(tasks).length,
  };
}

/** The same on the model; one replication. */
export function probeModelNearlyFull(options: NearlyFullOptions, replication = 0): NearlyFullRun[] {
  const name = PROBE.join(' ');
  const host = new ModelNamespace({
    programs: new Map([
      [name, rabbitmqctlNodeHealthCheck()],
      [FILLER.comm, FILLER],
    ]),
    init: 'pause-3.0',
    pidMax: options.pidMax ?? PID_MAX,
    replication,
  });
  const { kernel, space } = host;
  const probe = host.compile(name);
  const filler = host.compile(FILLER.comm);
  host.enter(host.compile('rabbitmq-server'));
  host.run(30_000_000);
  for (let n = 0; n < PROBES_TO_WRAP; n++) host.run(PROBE_LIMIT_MS * 1000, host.enter(probe));
  host.run(1_000_000);
  const fillers: TaskId[] = [];
  return countdown(options).map((free) => {
    for (let task = host.enter(filler); task !== NONE; task = host.enter(filler)) {
      fillers.push(task);
      host.run(0);
    }
    for (const task of fillers.splice(-free)) kernel.exit(task, 0);
    host.run(0);
    const before = { zombies: kernel.zombies(space), pinned: kernel.pinned(space) };
    const beganUs = host.sim.nowUs;
    const task = host.enter(probe);
    const status = task === NONE ? null : host.run(PROBE_LIMIT_MS * 1000, task);
    const seconds = (host.sim.nowUs - beganUs) / 1e6;
    host.run(400_000);
    return {
      free,
      status,
      seconds,
      zombies: kernel.zombies(space) - before.zombies,
      pinned: kernel.pinned(space) - before.pinned,
    };
  });
}
