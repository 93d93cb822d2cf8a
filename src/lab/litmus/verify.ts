/**
 * Litmus files on the model and on the real kernel.
 *
 *     files ── parse ──► litmus ──┬─► model ──┐
 *                                 └─► kernel ─┴─► compared with each other, and with what the file expects
 */

import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { KernelRules } from '../../kernel/rules.js';
import { kernelRules } from '../../node/versions/kernel.js';
import { type Diagnostic, errorIn } from '../../text/diagnostic.js';
import { differencesFrom } from './expect.js';
import { cgroupVersion, cpusHere, type KernelRunOptions, runOnKernel } from './kernel-run.js';
import { type Litmus, parseLitmus } from './litmus.js';
import { runOnModel } from './model-run.js';
import { type ObservedFile, observationOf } from './observed.js';
import type { Outcome, Verdict, World } from './world.js';

export interface VerifyOptions extends KernelRunOptions {
  /** So often each runs once more on two CPUs, slowed down by chance: in another order. Default 0. */
  otherOrders?: number;
  /** Called after each litmus; they finish in any order. */
  onResult?: (result: LitmusResult, done: number, total: number) => void;
}

export interface LitmusResult {
  litmus: Litmus;
  verdict: Verdict;
  model: Outcome;
  kernel: Outcome;
  /** What is otherwise than the file says, on the model and on the kernel; a line each. */
  unexpected: { model: string[]; kernel: string[] };
  /** What the kernel did in other orders than that of one CPU, which the verdict is about. */
  otherOrders: Outcome[];
}

export interface Verification {
  /** In the order of the files. */
  results: LitmusResult[];
  /** Of files that could not be read or are no litmus; nothing of these was run. */
  diagnostics: Diagnostic[];
  kernel: { release: string; cgroup: 'v1' | 'v2' };
}

/** Runs every litmus in the files in both worlds, as many at a time as there are CPUs. */
export async function verifyLitmus(
  files: readonly string[],
  options: VerifyOptions = {},
): Promise<Verification> {
  const diagnostics: Diagnostic[] = [];
  const all: Litmus[] = [];
  for (const file of files) {
    const parsed = readLitmusFile(file);
    if (parsed.ok) all.push(parsed.value);
    else diagnostics.push(...parsed.diagnostics);
  }
  const results: LitmusResult[] = [];
  let next = 0;
  let done = 0;
  const work = async (cpu: number): Promise<void> => {
    while (next < all.length && options.signal?.aborted !== true) {
      const index = next++;
      results[index] = await verifyOne(all[index], { ...options, cpu });
      options.onResult?.(results[index], ++done, all.length);
    }
  };
  await Promise.all(cpusHere().map(work));
  return {
    results: results.filter(Boolean),
    diagnostics,
    kernel: { release: release(), cgroup: cgroupVersion() },
  };
}

export function readLitmusFile(file: string): ReturnType<typeof parseLitmus> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const message = `cannot be read: ${(error as Error).message}`;
    return { ok: false, diagnostics: [errorIn(file, 0, 'unreadable-file', message)] };
  }
  return parseLitmus(text, file);
}

/** The rules of the kernel that this machine runs. */
function rulesHere(): KernelRules {
  return kernelRules(release(), cgroupVersion()) ?? kernelRules('6.18', 'v1')!;
}

export async function verifyOne(litmus: Litmus, options: VerifyOptions = {}): Promise<LitmusResult> {
  const model = runOnModelSafely(litmus);
  const kernel = await runOnKernel(litmus, options);
  const result = judge(litmus, model, kernel);
  if (kernel.kind !== 'rest') return result;
  for (let left = options.otherOrders ?? 0; left > 0 && options.signal?.aborted !== true; left--)
    result.otherOrders.push(await runOnKernel(litmus, { ...options, jitter: true }));
  return result;
}

/** Those in which the world was another one at rest. */
export function differentOrders({ kernel, otherOrders }: LitmusResult): Outcome[] {
  return otherOrders.filter((outcome) => !sameOutcome(kernel, outcome));
}

/** A broken invariant of the model is a result like any other: a disagreement. */
function runOnModelSafely(litmus: Litmus): Outcome {
  try {
    return runOnModel(litmus, { rules: rulesHere() });
  } catch (error) {
    return { kind: 'failed', message: (error as Error).message };
  }
}

export function judge(litmus: Litmus, model: Outcome, kernel: Outcome): LitmusResult {
  const unexpected = { model: unexpectedIn(litmus, model), kernel: unexpectedIn(litmus, kernel) };
  const sound = unexpected.model.length === 0 && unexpected.kernel.length === 0;
  const verdict: Verdict =
    kernel.kind === 'skipped' || kernel.kind === 'failed'
      ? kernel.kind
      : sound && sameOutcome(model, kernel)
        ? 'agrees'
        : 'differs';
  return { litmus, verdict, model, kernel, unexpected, otherOrders: [] };
}

function unexpectedIn({ expect }: Litmus, outcome: Outcome): string[] {
  if (expect === null || outcome.kind === 'skipped' || outcome.kind === 'failed') return [];
  if (outcome.kind === 'restless') return expect.restless ? [] : [`never came to rest (${outcome.after})`];
  return expect.restless ? ['came to rest'] : differencesFrom(expect, outcome.world);
}

/** Restless worlds are compared by that alone: where each was when its time was up says nothing. */
export function sameOutcome(a: Outcome, b: Outcome): boolean {
  if (a.kind !== b.kind) return false;
  return a.kind !== 'rest' || b.kind !== 'rest' || sameWorld(a.world, b.world);
}

export function sameWorld(a: World, b: World): boolean {
  const events = a.pidsEvents === null || b.pidsEvents === null ? { pidsEvents: null } : {};
  return JSON.stringify({ ...a, ...events }) === JSON.stringify({ ...b, ...events });
}

/**
 * What `--record` keeps, added to what was recorded `before` of the same kernel. Litmus files that did not
 * come to rest, or did not run, are not in it.
 */
export function recordOf({ results, kernel }: Verification, before?: ObservedFile): ObservedFile {
  const isSame = before?.kernel === kernel.release && before.cgroup === kernel.cgroup;
  const observations: ObservedFile['observations'] = isSame ? { ...before.observations } : {};
  for (const { litmus, kernel: outcome } of results)
    if (outcome.kind === 'rest') observations[litmus.name] = observationOf(litmus, outcome.world);
  return { kernel: kernel.release, cgroup: kernel.cgroup, observations };
}
