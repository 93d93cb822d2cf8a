/**
 * The same scenario again and again, each time with another draw of its inputs and of luck.
 *
 *     template ─► draw inputs ─► scenario ─► job ─┐
 *                    …                            ├─► run on any threads ─► rows ─► precise?
 *     template ─► draw inputs ─► scenario ─► job ─┘                        no: another batch
 */

import type { Fidelity, RunEnd } from '../run/result.js';
import { ScenarioRunError } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';
import type { DrawnValue } from '../scenario/uncertain.js';
import type { Parsed } from '../text/diagnostic.js';
import { estimateOf } from './estimate.js';
import { drawInputs, extremesOf, type Input, inputsOf, type Variation } from './inputs.js';
import type { Job, Row, RunJobs } from './row.js';

/** A scenario that can be read again with something in it changed. */
export interface Template {
  /** As it is written. */
  scenario: Scenario;
  vary: (variation: Variation) => Parsed<Scenario>;
}

export interface ReplicateOptions {
  /** `auto`: until the median is known well enough. */
  replications: number | 'auto';
  until: RunEnd;
  /** Default: `forwarded`. */
  fidelity?: Fidelity;
  /** Done so far and, as far as is known now, in all. */
  onProgress?: (done: number, total: number) => void;
}

export interface Replicated {
  scenario: Scenario;
  /** As it is in the first replication, with its draws. */
  firstScenario: Scenario;
  rows: Row[];
  /** What was drawn for each row, by the names of the inputs. */
  draws: ReadonlyMap<string, DrawnValue>[];
  inputs: readonly Input[];
  /** Has every run been made that was to be? An interruption leaves some out. */
  isComplete: boolean;
}

/**
 * `auto`: so many at first and more each time, up to so many in all. Ten without harm are enough to say that
 * the median is not reached: by the Wilson interval at most 28 % of all runs are harmed.
 */
const BATCH = 10;
const AUTO_MAX = 400;
/** `auto` is content when the interval of the median is within this part of it, on both sides. */
const PRECISION = 0.05;

/** What rows that were made elsewhere come to. */
export function replicatedOf(template: Template, rows: Row[]): Replicated {
  const { jobOf: _, ...prepared } = prepare(template);
  const { inputs, scenario } = prepared;
  const draws = rows.map(({ replication }) => drawInputs(inputs, scenario.seed, replication).values);
  return { ...prepared, rows, draws };
}

/**
 * All templates at once, so that no thread waits for the last run of one. What a row is depends on its
 * template and its replication alone.
 *
 * @throws ScenarioRunError if a drawn scenario is not valid, or a run had to be stopped.
 */
export async function replicate(
  templates: readonly Template[],
  { replications, until, fidelity, onProgress }: ReplicateOptions,
  runJobs: RunJobs,
): Promise<Replicated[]> {
  const all = templates.map(prepare);
  let done = 0;
  for (let round = 0; ; round++) {
    const wanted = all.map((one) => (round === 0 ? 1 : countWanted(one, replications)));
    const jobs: Job[] = [];
    const owners: number[] = [];
    for (const [index, one] of all.entries()) {
      for (let replication = one.rows.length; replication < wanted[index]; replication++) {
        jobs.push({ ...one.jobOf(replication), until, fidelity });
        owners.push(index);
      }
    }
    if (jobs.length === 0) break;
    const before = done;
    const total = round === 0 ? estimatedTotal(replications, all.length) : before + jobs.length;
    const rows = await runJobs(jobs, (finished) => onProgress?.(before + finished, total));
    for (const [index, row] of rows.entries()) all[owners[index]].rows.push(row);
    done += rows.length;
    if (rows.length < jobs.length) {
      for (const [index, one] of all.entries()) one.isComplete = one.rows.length >= wanted[index];
      break;
    }
  }
  return all.map(({ jobOf, ...one }) => ({ ...one, draws: one.draws.slice(0, one.rows.length) }));
}

/** A template whose inputs are known to be valid at both their ends. */
export interface Prepared extends Replicated {
  jobOf: (replication: number) => Omit<Job, 'until'>;
}

/** @throws ScenarioRunError if what can be drawn is not valid. */
export function prepare(template: Template): Prepared {
  const { scenario } = template;
  const inputs = inputsOf(scenario);
  const draws: ReadonlyMap<string, DrawnValue>[] = [];
  const read = (variation: Variation): Scenario => {
    const parsed = template.vary(variation);
    if (!parsed.ok) throw new ScenarioRunError(parsed.diagnostics);
    return parsed.value;
  };
  for (const { variation } of inputs.length === 0 ? [] : extremesOf(inputs)) read(variation);
  const jobOf = (replication: number): Omit<Job, 'until'> => {
    if (inputs.length === 0) {
      draws[replication] = new Map();
      return { scenario, replication };
    }
    const { values, variation } = drawInputs(inputs, scenario.seed, replication);
    draws[replication] = values;
    return { scenario: { ...read(variation), horizonUs: scenario.horizonUs }, replication };
  };
  const { scenario: firstScenario } = jobOf(0);
  return { scenario, firstScenario, rows: [], draws, inputs, isComplete: true, jobOf };
}

function estimatedTotal(replications: number | 'auto', templates: number): number {
  return templates * (replications === 'auto' ? BATCH : replications);
}

function countWanted({ rows, inputs }: Replicated, replications: number | 'auto'): number {
  if (inputs.length === 0 && !rows[0].isRandom) return 1;
  if (replications !== 'auto') return replications;
  if (rows.length < BATCH) return BATCH;
  return isPrecise(rows) ? rows.length : Math.min(AUTO_MAX, rows.length + BATCH);
}

function isPrecise(rows: readonly Row[]): boolean {
  const { median, harmed } = estimateOf(rows);
  const { value, low, high } = median;
  // Sure enough that more than half of all runs are not harmed within the horizon.
  if (value === null) return harmed.high < 0.5;
  if (low === null || high === null) return false;
  return value - low <= PRECISION * value && high - value <= PRECISION * value;
}
