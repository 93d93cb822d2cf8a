/**
 * Litmus files on the kernel of the box, by the same runner as on the kernel of this machine.
 *
 * Before Linux 6.14 all PID namespaces share one pid_max, so a litmus that fills its own namespace cannot run there:
 * those that the model says come out the same without their limit can.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeLitmus } from '../../../src/lab/litmus/encode.js';
import { type RunnerReport, readOutcome, runner } from '../../../src/lab/litmus/kernel-run.js';
import type { Litmus } from '../../../src/lab/litmus/litmus.js';
import { runOnModel } from '../../../src/lab/litmus/model-run.js';
import { type ObservedFile, observationOf } from '../../../src/lab/litmus/observed.js';
import { judge, type LitmusResult, sameOutcome } from '../../../src/lab/litmus/verify.js';
import type { Outcome } from '../../../src/lab/litmus/world.js';
import { kernelRules } from '../../../src/node/versions/kernel.js';
import { LAB_PID_MAX } from '../../../src/text/bounds.js';
import { Box, must } from './box.js';
import { CGROUPS } from './containers.js';

const BOUND_MS = 20_000;
const MEMORY_MIB = 768;
const RUNNER = '/mnt/runner';
const TURN_MS = 3000;
/** A litmus whose order was upset all the same has so many chances. */
const TRIES = 3;

/** The kernel that `user-mode-linux` boots, as its recording is named: `6.1-uml`. */
export interface BoxKernel {
  release: string;
  cgroup: 'v2';
}

/** Does its outcome depend on a pid_max of its own? The model is asked with the limit and without. */
export function needsOwnPidMax(litmus: Litmus): boolean {
  const { limits, source } = litmus;
  const enter = litmus.enter.map((entry) =>
    entry.nest === undefined ? entry : { ...entry, nest: { ...entry.nest, pidMax: LAB_PID_MAX.most } },
  );
  const unlimited = { ...limits, pidMax: LAB_PID_MAX.most, hostPidMax: LAB_PID_MAX.most };
  const isUnlimited =
    JSON.stringify({ ...limits, enter: litmus.enter }) === JSON.stringify({ ...unlimited, enter });
  if (isUnlimited || source.expect?.restless === true) return false;
  return !sameOutcome(runOnModel(litmus), runOnModel({ ...litmus, limits: unlimited, enter }));
}

export interface SecondKernelOptions {
  limitSeconds?: number;
  signal?: AbortSignal;
  onResult?: (result: LitmusResult) => void;
}

/** Runs each of them in one box, one after another, and judges it beside the model with that kernel's rules. */
export async function verifyInBox(
  litmus: readonly Litmus[],
  options: SecondKernelOptions = {},
): Promise<{ kernel: BoxKernel; results: LitmusResult[] }> {
  const { limitSeconds = 600, signal, onResult } = options;
  const folder = mkdtempSync(join(tmpdir(), 'pidsim-box-litmus-'));
  try {
    return await Box.use({ memoryMiB: MEMORY_MIB, limitSeconds, signal }, async (box) => {
      const kernel: BoxKernel = { release: await box.read('/proc/sys/kernel/osrelease'), cgroup: 'v2' };
      const rules = kernelRules(kernel.release, kernel.cgroup)!;
      await box.write(`${CGROUPS}/cgroup.subtree_control`, '+pids');
      // Of the box's memory: an exec that has to ask this machine for the file lets others run meanwhile.
      must('the runner', await box.ask('copy', runner(), RUNNER));
      // Its clock goes on while this machine runs something else: a turn must not end for that.
      await box.write('/proc/sys/kernel/sched_rr_timeslice_ms', TURN_MS);
      const results: LitmusResult[] = [];
      for (const [index, each] of litmus.entries()) {
        const model = runOnModel(each, { rules });
        const input = join(folder, `${index}.txt`);
        let result = judge(each, model, await runInBox(box, each, index, input));
        for (let tries = 1; tries < TRIES && result.verdict === 'differs'; tries++)
          result = judge(each, model, await runInBox(box, each, index, input));
        results.push(result);
        onResult?.(result);
      }
      return { kernel, results };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runInBox(box: Box, litmus: Litmus, index: number, input: string): Promise<Outcome> {
  const text = encodeLitmus(litmus, {
    boundMs: BOUND_MS,
    cpu: 0,
    jitter: false,
    cgroup: `${CGROUPS}/litmus-${index}`,
    cgroupVersion: 2,
    sharedPidMax: true,
  });
  writeFileSync(input, text);
  const end = await box.run([RUNNER, 'run'], { input, timeoutMs: 3 * BOUND_MS, outputMs: 2000 });
  if (end.status !== 0)
    return { kind: 'failed', message: end.output.trim() || `the runner ended with ${end.status}` };
  return readOutcome(JSON.parse(end.output) as RunnerReport, litmus, BOUND_MS);
}

/** What `observed/6.1-uml.json` keeps. */
export function recordOfBox(kernel: BoxKernel, results: readonly LitmusResult[]): ObservedFile {
  const observations: ObservedFile['observations'] = {};
  for (const { litmus, kernel: outcome } of results)
    if (outcome.kind === 'rest') observations[litmus.name] = observationOf(litmus, outcome.world);
  return { kernel: kernel.release, cgroup: kernel.cgroup, observations };
}

/** The recording's name: kernel of the box by major and minor version. */
export function recordName({ release }: BoxKernel): string {
  return `${/^\d+\.\d+/.exec(release)![0]}-uml.json`;
}
