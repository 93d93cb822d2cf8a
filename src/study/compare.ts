/** Variants of a scenario side by side: with the same luck and the same draws, so that only they differ. */

import { US_PER_SECOND } from '../sim/time.js';
import { type Estimate, estimateOf } from './estimate.js';
import { type Replicated, type ReplicateOptions, replicate, type Template } from './replicate.js';
import type { Row, RunJobs } from './row.js';
import { meanInterval } from './survival.js';
import { timeOf } from './tornado.js';

/** A variant that can be run, or why it is not. */
export type Variant = {
  name: string;
  costs?: string;
  aim?: 'cause' | 'symptom' | null;
  settings: string[];
} & ({ template: Template } | { template: null; why: string });

/** What a variant has come to. */
export interface Compared {
  variant: Variant;
  replicated: Replicated | null;
  estimate: Estimate | null;
  /** The first replication, run on for a day after its first harm: what the harm leads to. */
  dayAfter: Row | null;
  /**
   * How much longer it goes well than with the first variant, each run counted up to the horizon: the mean
   * over pairs of runs with the same draws, in seconds. null: of the first variant itself.
   */
  gained: ReturnType<typeof meanInterval> | null;
  /** PIDs in use at the end of a run beyond those of the host, per day: what piles up. */
  pilesUpPerDay: number;
}

/** One that has been run. */
export type Ran = Compared & { estimate: Estimate };

export const ranOf = (all: readonly Compared[]): Ran[] =>
  all.filter((one): one is Ran => one.estimate !== null);

/** A leak has ended when so little of it is left. */
const ENDED = 0.05;
const SECONDS_PER_DAY = 86_400;

/**
 * @param variants the first is what the others are compared with.
 * @throws ScenarioRunError as `replicate` does.
 */
export async function compare(
  variants: readonly Variant[],
  options: Omit<ReplicateOptions, 'until'>,
  runJobs: RunJobs,
): Promise<Compared[]> {
  const templates = variants.flatMap(({ template }) => template ?? []);
  const replicated = await replicate(templates, { ...options, until: 'harm' }, runJobs);
  const done = new Map(templates.map((template, index) => [template, replicated[index]]));
  const daysAfter = await runOn(replicated, options.fidelity, runJobs);
  const base = replicated[0];
  return variants.map((variant) => {
    const own = variant.template === null ? undefined : done.get(variant.template);
    if (own === undefined || own.rows.length === 0)
      return { variant, replicated: null, estimate: null, dayAfter: null, gained: null, pilesUpPerDay: 0 };
    return {
      variant,
      replicated: own,
      estimate: estimateOf(own.rows),
      dayAfter: daysAfter.get(own) ?? null,
      gained: own === base ? null : gainedOver(base, own),
      pilesUpPerDay: pilesUp(own),
    };
  });
}

/** Does what is compared pile up no more? */
export function endsTheLeak({ pilesUpPerDay }: Compared, [first]: readonly Compared[]): boolean {
  return pilesUpPerDay <= ENDED * first.pilesUpPerDay;
}

/** The first replication of each, a day longer than to its first harm; without harm it is there already. */
async function runOn(
  replicated: readonly Replicated[],
  fidelity: ReplicateOptions['fidelity'],
  runJobs: RunJobs,
): Promise<Map<Replicated, Row>> {
  const found = new Map<Replicated, Row>();
  const harmed: Replicated[] = [];
  for (const each of replicated) {
    if (each.rows.length === 0) continue;
    if (each.rows[0].firstHarm === null) found.set(each, each.rows[0]);
    else harmed.push(each);
  }
  const rows = await runJobs(
    harmed.map(({ firstScenario, rows: [{ endSeconds }] }) => {
      const endUs = Math.round((endSeconds + SECONDS_PER_DAY) * US_PER_SECOND);
      const horizonUs = Math.min(firstScenario.horizonUs, endUs);
      return { scenario: { ...firstScenario, horizonUs }, replication: 0, until: 'horizon', fidelity };
    }),
  );
  for (const [index, row] of rows.entries()) found.set(harmed[index], row);
  return found;
}

/** A variant without chance has one run, which is paired with each. */
function gainedOver(base: Replicated, own: Replicated): ReturnType<typeof meanInterval> {
  const pairs = Math.max(
    base.rows.length === 1 ? own.rows.length : 0,
    own.rows.length === 1 ? base.rows.length : 0,
  );
  const count = pairs || Math.min(base.rows.length, own.rows.length);
  const at = ({ rows }: Replicated, index: number): number => timeOf(rows[Math.min(index, rows.length - 1)]);
  return meanInterval(Array.from({ length: count }, (_, index) => at(own, index) - at(base, index)));
}

function pilesUp({ rows, scenario }: Replicated): number {
  const perDay = rows.map(({ values, endSeconds }) => {
    const held = Math.max(0, (values.zombies ?? 0) + (values.pinned ?? 0) + (values.tasks ?? 0));
    return ((held - scenario.node.baselineTaskCount) * SECONDS_PER_DAY) / Math.max(endSeconds, 1);
  });
  return perDay.reduce((sum, value) => sum + value, 0) / rows.length;
}
