/** A run of a study, and the row that it is reduced to: small, so that a thousand of them can be kept. */
import { numbersOf } from '../run/expectations.js';
import type { Fidelity, Harm, RunEnd } from '../run/result.js';
import { Run } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';

export interface Job {
  scenario: Scenario;
  replication: number;
  until: RunEnd;
  /** Default: `forwarded`. */
  fidelity?: Fidelity;
}

export interface Row {
  replication: number;
  endSeconds: number;
  horizonSeconds: number;
  fidelity: Fidelity;
  firstHarm: Harm | null;
  /** By the names of `expect:`. Times are in µs; of what has not come, null. */
  values: Record<string, number | null>;
  /** Pods that are down at the end. */
  podsDown: number;
  /** Has chance had a part in it? If not, every replication is the same. */
  isRandom: boolean;
}

/** @throws ScenarioRunError as `simulate` does. */
export function runJob({ scenario, replication, until, fidelity }: Job): Row {
  const run = new Run(scenario, { replication, until, fidelity, record: false });
  while (!run.isOver) run.advance();
  const summary = run.summary();
  const { endSeconds, horizonSeconds, firstHarm, pods } = summary;
  const podsDown = pods.filter(({ mostlyDown }) => mostlyDown !== null).length;
  const isRandom = run.node.context.streams.isUsed;
  const values = numbersOf(summary);
  return {
    replication,
    endSeconds,
    horizonSeconds,
    fidelity: run.fidelity,
    firstHarm,
    values,
    podsDown,
    isRandom,
  };
}

/** Does all, on however many threads; the rows are in the order of the jobs. An abort leaves out the last. */
export type RunJobs = (jobs: readonly Job[], onProgress?: (done: number) => void) => Promise<Row[]>;
