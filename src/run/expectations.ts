/** A scenario's expectations, compared with what its run has yielded. */
import type { Expectation } from '../scenario/expect.js';
import { US_PER_SECOND } from '../sim/time.js';
import { HOLDS } from '../text/comparison.js';
import { formatDuration } from '../text/duration.js';
import { type ExpectationResult, podsRefused, type RunSummary } from './result.js';

export type Yield = Omit<RunSummary, 'expectations'>;

type Value = number | boolean | string;

export function evaluate(expectations: readonly Expectation[], result: Yield): ExpectationResult[] {
  return expectations.map((expectation) => {
    const actual = actualOf(expectation, result);
    const ok = HOLDS[expectation.comparison](actual, expectation.value);
    return { text: expectation.text, ok, actual: print(expectation, actual) };
  });
}

/** Durations are in µs; the time to an exhaustion or a refusal that never came is Infinity. */
function actualOf({ subject }: Expectation, result: Yield): Value {
  const { outcome, final, symptoms, probes, pods } = result;
  switch (subject) {
    case 'exhausted':
      return outcome.kind === 'exhausted';
    case 'timeToExhaustion':
      return outcome.kind === 'exhausted' ? outcome.atSeconds * US_PER_SECOND : Number.POSITIVE_INFINITY;
    case 'refusedBy':
      return outcome.kind === 'exhausted' ? outcome.refusedBy : 'none';
    case 'podsRefused':
      return podsRefused(symptoms);
    case 'timeToPodRefusal':
      return (symptoms.podRefusals[0]?.atSeconds ?? Number.POSITIVE_INFINITY) * US_PER_SECOND;
    case 'zombies':
    case 'pinned':
    case 'tasks':
    case 'allocated':
      return final[subject];
    case 'sshRefused':
    case 'podCreatesFailed':
    case 'podsNeverCreated':
    case 'podDeletesStuck':
      return symptoms[subject];
    case 'probeFailures':
      return probes.reduce((sum, { failed, errored }) => sum + failed + errored, 0);
    case 'restarts':
      return pods.reduce((sum, { restarts }) => sum + restarts, 0);
  }
}

function print({ subject }: Expectation, actual: Value): string {
  if (subject !== 'timeToExhaustion' && subject !== 'timeToPodRefusal') return String(actual);
  return actual === Number.POSITIVE_INFINITY ? 'never' : formatDuration(actual as number);
}
