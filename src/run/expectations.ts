/**
 * A scenario's expectations, compared with what its run has yielded. A moment that has not come within the
 * run is later than any time within it. Whether it is later than a time beyond the run is not known: that is
 * no pass.
 */
import { type Expectation, type ExpectationSubject, NUMERIC_SUBJECTS } from '../scenario/expect.js';
import { US_PER_SECOND } from '../sim/time.js';
import { HOLDS } from '../text/comparison.js';
import { formatDuration, formatSeconds } from '../text/duration.js';
import {
  type ExpectationResult,
  type PodSummary,
  type ProbeSummary,
  podsRefused,
  type RunSummary,
} from './result.js';

type Yield = Omit<RunSummary, 'expectations'>;

type Value = number | boolean | string;

/** A time that has not come. */
const NOT_REACHED = Number.POSITIVE_INFINITY;

export function evaluate(expectations: readonly Expectation[], result: Yield): ExpectationResult[] {
  const isCutShort = result.until !== 'horizon' && result.endSeconds < result.horizonSeconds;
  return expectations.map((expectation) => {
    const { text, kind, comparison, value, over } = expectation;
    if (over !== undefined) return { text, ok: null, actual: 'needs --replications' };
    const actual = actualOf(expectation, result);
    if (actual === null) return { text, ok: false, actual: 'there is none' };
    const isTime = kind === 'duration';
    const words =
      actual === NOT_REACHED
        ? `not in ${formatSeconds(result.endSeconds)}`
        : isTime
          ? formatDuration(actual as number)
          : String(actual);
    const isUnknown = actual === NOT_REACHED && (value as number) > result.endSeconds * US_PER_SECOND;
    const holds = HOLDS[comparison](actual, value) && !isUnknown;
    if (!isCutShort || isSettled(expectation, actual, holds)) return { text, ok: holds, actual: words };
    return { text, ok: null, actual: 'not reached' };
  });
}

/** The times and counts of a run by their names; times in µs, null: not reached. */
export function numbersOf(result: Yield): Record<string, number | null> {
  const numberOf = (subject: ExpectationSubject): number | null => {
    const value = actualOf({ subject }, result) as number;
    return value === NOT_REACHED ? null : value;
  };
  return Object.fromEntries(NUMERIC_SUBJECTS.map((subject) => [subject, numberOf(subject)]));
}

/** Of a run that ended when the node was full: would the rest of the run change nothing about the answer? */
function isSettled({ subject, kind, comparison }: Expectation, actual: Value, holds: boolean): boolean {
  if (kind === 'duration') return actual !== NOT_REACHED || holds;
  if (typeof kind !== 'string' || kind === 'boolean') return true;
  const isOfTheEnd = ['zombies', 'pinned', 'tasks', 'allocated'].includes(
    typeof subject === 'string' ? subject : subject.metric,
  );
  return !isOfTheEnd && kind === 'count' && comparison.startsWith('>') && holds;
}

/** Durations are in µs. null: the run has no such pod or probe. */
function actualOf({ subject }: Pick<Expectation, 'subject'>, result: Yield): Value | null {
  if (typeof subject !== 'string') {
    const { family, of, metric } = subject;
    if (family === 'limit') return ofLimit(of, metric, result);
    if (family === 'pod') return ofPod(of, metric, result);
    const probe = result.probes.find(({ pod, container, type }) => of === `${pod}/${container}/${type}`);
    return probe === undefined ? null : (probe[metric as keyof ProbeSummary] ?? 0);
  }
  return SUBJECTS[subject](result);
}

const SUBJECTS: Record<ExpectationSubject, (result: Yield) => Value> = {
  firstHarm: ({ firstHarm }) => micros(firstHarm?.atSeconds),
  'firstHarm.kind': ({ firstHarm }) => firstHarm?.kind ?? 'none',
  'firstHarm.scope': ({ firstHarm }) => firstHarm?.scope ?? 'none',
  'firstHarm.of': ({ firstHarm }) => firstHarm?.of ?? 'none',
  'firstHarm.limit': ({ firstHarm }) => firstHarm?.limit?.name ?? 'none',
  exhausted: ({ outcome }) => outcome.kind === 'exhausted',
  timeToExhaustion: ({ exhaustions }) => micros(exhaustions[0]?.atSeconds),
  refusedBy: ({ exhaustions }) => exhaustions[0]?.refusedBy ?? 'none',
  podsRefused: ({ symptoms }) => podsRefused(symptoms),
  timeToPodRefusal: ({ symptoms }) => micros(symptoms.podRefusals[0]?.atSeconds),
  zombies: ({ final }) => final.zombies,
  pinned: ({ final }) => final.pinned,
  tasks: ({ final }) => final.tasks,
  allocated: ({ final }) => final.allocated,
  sshRefused: ({ symptoms }) => symptoms.sshRefused,
  podCreatesFailed: ({ symptoms }) => symptoms.podCreatesFailed,
  podsNeverCreated: ({ symptoms }) => symptoms.podsNeverCreated,
  podDeletesStuck: ({ symptoms }) => symptoms.podDeletesStuck,
  probeFailures: ({ probes }) => probes.reduce((sum, { failed, errored }) => sum + failed + errored, 0),
  restarts: ({ pods }) => pods.reduce((sum, { restarts }) => sum + restarts, 0),
};

function ofPod(of: string, metric: string, { pods, symptoms }: Yield): Value | null {
  const pod = pods.find(({ name }) => name === of);
  if (pod === undefined) return null;
  if (metric === 'evictions') return pod.evicted?.times ?? 0;
  if (metric === 'timeToEviction') return micros(pod.evicted?.atSeconds);
  if (metric === 'downFor') return micros(pod.downSeconds);
  if (metric !== 'timeToRefusal') return pod[metric as keyof PodSummary] as number;
  return micros(symptoms.podRefusals.find((refusal) => refusal.pod === of)?.atSeconds);
}

/**
 * A limit of several pods refuses each of them: the one that it refused most stands for all.
 *
 * @param of as `node`, `pod/web`, `user/1000`.
 */
function ofLimit(of: string, metric: string, result: Yield): Value {
  const { exhaustions, symptoms, endSeconds } = result;
  const refusals = symptoms.podRefusals.filter((refusal) => of === limitName(refusal));
  const most = (values: number[]) => values.reduce((a, b) => Math.max(a, b), 0);
  const nodeFullFor = exhaustions.reduce(
    (sum, { atSeconds, untilSeconds }) => sum + (untilSeconds ?? endSeconds) - atSeconds,
    0,
  );
  const isNode = of === 'node';
  if (metric === 'refusals') return isNode ? exhaustions.length : most(refusals.map(({ times }) => times));
  if (metric === 'fullFor')
    return micros(isNode ? nodeFullFor : most(refusals.map(({ forSeconds }) => forSeconds)));
  return micros((isNode ? exhaustions : refusals)[0]?.atSeconds);
}

function limitName({ limitOf, of }: { limitOf: string; of: string }): string {
  if (['node', 'all-pods', 'service'].includes(limitOf)) return limitOf;
  return `${limitOf}/${limitOf === 'user' ? of.replace('uid ', '') : of}`;
}

function micros(seconds: number | undefined): number {
  return seconds === undefined ? NOT_REACHED : seconds * US_PER_SECOND;
}
