/**
 * The differential fuzzer: random litmus programs in both worlds, until they disagree.
 *
 *     seed, index ── generate ──► litmus ──► model and kernel ── agree ──► next
 *                                                  └── differ ──► is it one of the kernel's worlds? ── yes ──► next
 *                                                                       └── no ──► shrink ──► a ready litmus file
 *
 * Where one signal kills several processes at once, or the like, the kernel itself does not say what comes
 * first. Such a program is run again a few times with every process slowed down by chance: when one of these
 * runs ends as the model does, it is one of the worlds that the kernel gives.
 */
import { formatDifference } from '../../../src/lab/litmus/format.js';
import { cpusHere, type KernelRunOptions, runOnKernel } from '../../../src/lab/litmus/kernel-run.js';
import { type LitmusSource, litmusOf } from '../../../src/lab/litmus/litmus.js';
import { type LitmusResult, sameOutcome, verifyOne } from '../../../src/lab/litmus/verify.js';
import type { Outcome, World } from '../../../src/lab/litmus/world.js';
import { isZombie, type ProcessRow } from '../../../src/procfs/process-row.js';
import { generateLitmus } from './generate.js';
import { expectedOf, printLitmus } from './print.js';
import { shrinkLitmus } from './shrink.js';

export interface FuzzOptions extends Pick<KernelRunOptions, 'boundMs' | 'signal'> {
  seed: number;
  /** Index of the first program; a disagreement names its own. */
  first?: number;
  /** Ends when so many have been run, or so much time has passed. */
  count?: number;
  minutes?: number;
  /** Called after each program. */
  onProgress?: (done: number) => void;
}

export interface FuzzReport {
  seed: number;
  /** Programs that were run in both worlds. */
  done: number;
  /** Of these, those that never came to rest in either world. */
  restless: number;
  /** Programs, beside these, for which the kernel gives now this world, now that: their indices, in order. */
  undecided: number[];
  /** The first one on which the worlds differ, made as small as could be. */
  disagreement: { index: number; result: LitmusResult; text: string } | null;
  /** Why nothing could be run, if so; a line each. */
  missing: string[];
}

/** A large one takes some seconds where the machine is busy; only one that never rests takes so long. */
const BOUND_MS = 30_000;

/** Runs random programs on every CPU at once. Stops at the first disagreement. */
export async function fuzz(given: FuzzOptions): Promise<FuzzReport> {
  const options = { boundMs: BOUND_MS, ...given };
  const report: FuzzReport = {
    seed: options.seed,
    done: 0,
    restless: 0,
    undecided: [],
    disagreement: null,
    missing: [],
  };
  const end = Date.now() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const last = (options.first ?? 0) + (options.count ?? Number.POSITIVE_INFINITY);
  let next = options.first ?? 0;
  let found: { index: number; source: LitmusSource } | null = null;
  const work = async (cpu: number): Promise<void> => {
    while (next < last && Date.now() < end && found === null && report.missing.length === 0) {
      if (options.signal?.aborted) return;
      const index = next++;
      const source = generateLitmus(options.seed, index);
      const result = await verify(source, { ...options, cpu });
      if (options.signal?.aborted) return;
      if (result.kernel.kind === 'skipped') report.missing = result.kernel.missing;
      else if (result.verdict !== 'agrees') {
        if (await isDecided(result, options)) found ??= { index, source };
        else report.undecided.push(index);
      } else {
        report.done++;
        if (result.kernel.kind === 'restless') report.restless++;
        options.onProgress?.(report.done);
      }
    }
  };
  await Promise.all(cpusHere().map(work));
  report.undecided.sort((a, b) => a - b);
  if (found !== null) report.disagreement = await minimise(found, options);
  return report;
}

async function verify(source: LitmusSource, options: KernelRunOptions): Promise<LitmusResult> {
  const litmus = litmusOf(source);
  if (!litmus.ok) throw new Error(`${source.name} is no litmus: ${litmus.diagnostics[0].message}`);
  return verifyOne(litmus.value, options);
}

/** A disagreement is printed as small as it has become by then. */
const SHRINK_MS_MAX = 120_000;

/** When the kernel has given one world so often, however its processes were slowed down, it has no other. */
const RUNS_OF_ONE_MIND = 16;
/** When it has more than one, so many are looked at for the model's. */
const RUNS_OF_MANY_MINDS = 64;
/** Of so many worlds there are more than can be looked at: each death of a group that was signalled doubles them. */
const WORLDS_MAX = 4;
/** For each of the many smaller texts that are tried. */
const RUNS_WHILE_SHRINKING = 4;

/**
 * Is it for the kernel to say what comes of this program, and does the model say otherwise? Not if the
 * model's world is one of those that the kernel gives, nor if these are too many to be told.
 */
async function isDecided(
  { litmus, model, kernel }: LitmusResult,
  options: KernelRunOptions,
  runsOfOneMind = RUNS_OF_ONE_MIND,
): Promise<boolean> {
  if (model.kind === 'failed' || kernel.kind === 'failed') return true;
  if (kernel.kind === 'restless' && model.kind === 'rest' && isHeldEnd(model.world)) return false;
  const worlds: Outcome[] = [kernel];
  for (let run = 0; run < (worlds.length === 1 ? runsOfOneMind : RUNS_OF_MANY_MINDS); run++) {
    const again = await runOnKernel(litmus, { ...options, jitter: true });
    if (sameOutcome(model, again)) return false;
    if (!worlds.some((world) => sameOutcome(world, again))) worlds.push(again);
    if (worlds.length > WORLDS_MAX) return false;
  }
  return true;
}

/**
 * Is PID 1 kept from ending by foreign zombies (K32)? A signal that is pending for it makes it spin in the kernel
 * (Linux 6.18: `zap_pid_ns_processes` sleeps interruptibly), in a world where nothing else happens any more.
 */
function isHeldEnd({ inside }: World): boolean {
  const isForeignZombie = (row: ProcessRow): boolean => isZombie(row) && row.ppid === 0;
  const others = inside.tasks.filter(({ pid }) => pid !== 1);
  return others.some(isForeignZombie) && others.every(({ stat }) => stat.startsWith('Z'));
}

async function minimise(
  { index, source }: { index: number; source: LitmusSource },
  options: FuzzOptions,
): Promise<NonNullable<FuzzReport['disagreement']>> {
  const end = Date.now() + SHRINK_MS_MAX;
  const disagrees = async (candidate: LitmusSource): Promise<boolean> => {
    const litmus = litmusOf(candidate);
    if (!litmus.ok || options.signal?.aborted || Date.now() > end) return false;
    const result = await verifyOne(litmus.value, options);
    return result.verdict === 'differs' && (await isDecided(result, options, RUNS_WHILE_SHRINKING));
  };
  const smallest = await shrinkLitmus(source, disagrees);
  const result = await verify(smallest, options);
  const { kernel, litmus } = result;
  const expect = kernel.kind === 'rest' ? { expect: expectedOf(kernel.world) } : {};
  return { index, result, text: printLitmus({ ...litmus.source, ...expect }) };
}

/** The report as text: the disagreement as both tables and as a litmus file, or how many agreed. */
export function formatFuzzReport({
  seed,
  done,
  restless,
  undecided,
  disagreement,
  missing,
}: FuzzReport): string {
  if (missing.length > 0) return missing.map((text) => `nothing was run: ${text}\n`).join('');
  const asides = [
    ...(restless > 0 ? [`${restless} of them never at rest`] : []),
    ...(undecided.length > 0
      ? [`${undecided.length} more are left to chance by the kernel itself (--first ${undecided.join(', ')})`]
      : []),
  ];
  const agreed = `${[`seed ${seed}: ${done} random programs agree`, ...asides].join(', ')}\n`;
  if (disagreement === null) return agreed;
  const { index, result, text } = disagreement;
  return [
    agreed,
    `program ${index} does not: reproduce with --seed ${seed} --first ${index} --count 1`,
    result.kernel.kind === 'failed' ? `the lab failed: ${result.kernel.message}` : formatDifference(result),
    'As a litmus file, with what the kernel did:',
    text,
  ].join('\n');
}
