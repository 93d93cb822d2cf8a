/**
 * `expect:` lines: `exhausted == true`, `timeToExhaustion < 36h`, `zombies >= 1000`. They decide the exit
 * code.
 */
import { MACHINE_LIMITS } from '../kernel/limits.js';
import { CONDITION_SUBJECTS, type Condition } from '../node/spec.js';
import { COMPARISONS, type Comparison } from '../text/comparison.js';
import { parseDurationUs } from '../text/duration.js';
import { didYouMean } from '../text/suggest.js';

export const EXPECTATION_SUBJECTS = [
  'firstHarm',
  'firstHarm.kind',
  'firstHarm.scope',
  'firstHarm.of',
  'firstHarm.limit',
  'exhausted',
  'timeToExhaustion',
  'refusedBy',
  'podsRefused',
  'timeToPodRefusal',
  'zombies',
  'pinned',
  'tasks',
  'allocated',
  'sshRefused',
  'podCreatesFailed',
  'podsNeverCreated',
  'podDeletesStuck',
  'probeFailures',
  'restarts',
] as const;
export type ExpectationSubject = (typeof EXPECTATION_SUBJECTS)[number];

/** What a subject is compared with. */
export type ValueKind = 'boolean' | 'duration' | 'count' | 'mean' | readonly string[];

/** What the node's first refused fork may name; `none` when none was refused. */
const REFUSALS = [...MACHINE_LIMITS, 'none'] as const;
const MACHINE_LIMIT_NAMES = MACHINE_LIMITS.map((limit) => `\`${limit}\``).join(', ');
const HARM_KINDS = ['refused', 'evicted', 'not-started', 'none'];
const SCOPES = ['container', 'service', 'user', 'pod', 'all-pods', 'node', 'none'];
const LIMITS = ['pid_max', 'threads-max', 'pids.max', 'RLIMIT_NPROC', 'pid.available', 'none'];

export interface Expectation {
  /** As written. */
  text: string;
  /** A word of EXPECTATION_SUBJECTS, or one probe, pod or limit of many. */
  subject: ExpectationSubject | { family: Family; of: string; metric: string };
  kind: ValueKind;
  comparison: Comparison;
  /** A duration is in µs. */
  value: number | boolean | string;
  /** Of many replications; without it: of one run. */
  over?: Over;
}

/** `p5(firstHarm)`, the value that one in twenty replications is below; `P(harm by 7d)`, a part of all. */
export type Over = { kind: 'quantile'; p: number } | { kind: 'share'; byUs: number | null };

export type ParsedExpectation =
  | { ok: true; value: Expectation }
  | { ok: false; message: string; hint?: string };

interface SubjectDocumentation {
  kind: ValueKind;
  meaning: string;
}

/** Subjects of which a run has many: FAMILY WHICH METRIC, `probe web/app/liveness zombiesPerRun`. */
export const FAMILIES = {
  probe: {
    which: 'POD/CONTAINER/TYPE',
    metrics: {
      runs: { kind: 'count', meaning: 'runs that were begun' },
      succeeded: { kind: 'count', meaning: 'runs that succeeded' },
      failed: { kind: 'count', meaning: 'runs that failed' },
      errored: { kind: 'count', meaning: 'runs that the runtime could not start' },
      zombiesPerRun: { kind: 'mean', meaning: 'zombies that a run leaves, on average' },
      pidsPerRun: { kind: 'mean', meaning: 'PIDs that a run takes for good, on average' },
    },
  },
  pod: {
    which: 'NAME',
    metrics: {
      zombies: { kind: 'count', meaning: 'its zombies at the end' },
      pinned: { kind: 'count', meaning: 'its pinned PIDs at the end' },
      tasks: { kind: 'count', meaning: 'its live tasks at the end' },
      restarts: { kind: 'count', meaning: 'restarts of its containers' },
      evictions: { kind: 'count', meaning: 'its evictions' },
      timeToEviction: { kind: 'duration', meaning: 'when it was evicted first' },
      timeToRefusal: {
        kind: 'duration',
        meaning: 'when it was first refused a fork by a limit below the node’s',
      },
      downFor: { kind: 'duration', meaning: 'how long it did not run, in all' },
    },
  },
  limit: {
    which: 'node, all-pods, service, pod/NAME, container/POD/NAME or user/UID',
    metrics: {
      timeToRefusal: { kind: 'duration', meaning: 'when it refused its first fork' },
      refusals: { kind: 'count', meaning: 'how many times it began to refuse forks' },
      fullFor: { kind: 'duration', meaning: 'how long it had no room, in all' },
    },
  },
} as const satisfies Record<string, { which: string; metrics: Record<string, SubjectDocumentation> }>;
export type Family = keyof typeof FAMILIES;

/** What each subject is at the end of the run. */
export const SUBJECT_DOCUMENTATION: Readonly<Record<ExpectationSubject, SubjectDocumentation>> = {
  firstHarm: {
    kind: 'duration',
    meaning: 'when a workload was harmed first: refused a fork, evicted, not started',
  },
  'firstHarm.kind': { kind: HARM_KINDS, meaning: `what that was: ${oneOf(HARM_KINDS)}` },
  'firstHarm.scope': { kind: SCOPES, meaning: `whose limit it was, or who was hit: ${oneOf(SCOPES)}` },
  'firstHarm.of': { kind: [], meaning: 'the name of that: of a pod, `node`, `all pods`' },
  'firstHarm.limit': { kind: LIMITS, meaning: `which limit: ${oneOf(LIMITS)}` },
  exhausted: { kind: 'boolean', meaning: 'has any fork been refused at node scope?' },
  timeToExhaustion: { kind: 'duration', meaning: 'when the first fork was refused at node scope' },
  refusedBy: { kind: REFUSALS, meaning: `the limit that refused it: ${MACHINE_LIMIT_NAMES} or \`none\`` },
  podsRefused: { kind: 'count', meaning: 'pods that were refused a fork while the node had room' },
  timeToPodRefusal: { kind: 'duration', meaning: 'when the first of them was' },
  zombies: { kind: 'count', meaning: 'zombies on the node at the end' },
  pinned: { kind: 'count', meaning: 'pinned PIDs at the end: taken, though no task has them' },
  tasks: { kind: 'count', meaning: 'live tasks on the node at the end, threads included' },
  allocated: { kind: 'count', meaning: 'PIDs taken at the end: of tasks, of zombies, and pinned' },
  sshRefused: { kind: 'count', meaning: 'ssh logins that were refused' },
  podCreatesFailed: { kind: 'count', meaning: 'pod creations that failed' },
  podsNeverCreated: { kind: 'count', meaning: 'pods that failed to be created and have not come up since' },
  podDeletesStuck: { kind: 'count', meaning: 'pod deletions that got stuck' },
  probeFailures: { kind: 'count', meaning: 'probe runs that failed or could not be started' },
  restarts: { kind: 'count', meaning: 'container restarts' },
};

function isNumeric(subject: ExpectationSubject): boolean {
  const { kind } = SUBJECT_DOCUMENTATION[subject];
  return kind === 'duration' || kind === 'count';
}

/** What has quantiles: times and counts of a whole run. */
export const NUMERIC_SUBJECTS = EXPECTATION_SUBJECTS.filter(isNumeric);

const KIND_WORDS = {
  boolean: '`true` or `false`',
  duration: 'a duration such as `36h`',
  count: 'a whole number that is not negative',
  mean: 'a number that is not negative',
};

function oneOf(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(', ');
}

export function wordsOf(kind: ValueKind): string {
  return typeof kind === 'string' ? KIND_WORDS[kind] : kind.length === 0 ? 'a name' : oneOf(kind);
}

/** Reads one line: SUBJECT COMPARISON VALUE. */
export function parseExpectation(text: string): ParsedExpectation {
  const match = /^\s*([^=!<>]*[^=!<>\s])\s*([=!<>]+)\s*(\S+|'[^']*')\s*$/.exec(text);
  if (!match) return { ok: false, message: `\`${text}\` is not of the form SUBJECT COMPARISON VALUE` };
  const [, written, comparison, quoted] = match as unknown as [string, string, string, string];
  const read = readOver(written) ?? readSubject(written.split(/\s+/));
  if (!read.ok) return read;
  const { subject, kind, over } = read;
  const comparisons = kind === 'boolean' || typeof kind !== 'string' ? COMPARISONS.slice(0, 2) : COMPARISONS;
  if (!isOneOf(comparisons, comparison)) {
    const message = `\`${comparison}\` is not a comparison for \`${written}\``;
    return { ok: false, message, hint: `Use ${comparisons.join(', ')}.` };
  }
  const value = readValue(kind, quoted.replace(/^'(.*)'$/, '$1'));
  if (value === null)
    return { ok: false, message: `\`${written}\` is compared with ${wordsOf(kind)}, not with \`${quoted}\`` };
  return { ok: true, value: { text, subject, kind, comparison, value, ...(over && { over }) } };
}

type ReadSubject =
  | ({ ok: true } & Pick<Expectation, 'subject' | 'kind' | 'over'>)
  | { ok: false; message: string; hint: string };

/** null: it is not of many replications. */
function readOver(written: string): ReadSubject | null {
  const match = /^(P|p(\d{1,2}(?:\.\d{1,3})?))\((.*)\)$/.exec(written);
  if (match === null) return null;
  const [, , percent, inner] = match;
  if (percent === undefined) {
    const harm = /^harm(?:\s+by\s+(\S+))?$/.exec(inner);
    const byUs = harm?.[1] === undefined ? null : parseDurationUs(harm[1]);
    if (harm !== null && (harm[1] === undefined || byUs !== null))
      return { ok: true, subject: 'firstHarm', kind: 'mean', over: { kind: 'share', byUs } };
    return {
      ok: false,
      message: `\`${written}\` is no probability`,
      hint: 'Write P(harm) or P(harm by 7d).',
    };
  }
  const read = readSubject(inner.trim().split(/\s+/));
  if (!read.ok) return read;
  if (typeof read.subject === 'string' && isNumeric(read.subject) && Number(percent) > 0)
    return { ...read, over: { kind: 'quantile', p: Number(percent) / 100 } };
  const hint = `Of many runs: p1 to p99.9 of ${NUMERIC_SUBJECTS.join(', ')}; P(harm).`;
  return { ok: false, message: `there is no \`${written}\``, hint };
}

function readSubject([first, of, metric, ...more]: string[]): ReadSubject {
  const isFamily = Object.hasOwn(FAMILIES, first);
  if (of === undefined && !isFamily) {
    if (isOneOf(EXPECTATION_SUBJECTS, first))
      return { ok: true, subject: first, kind: SUBJECT_DOCUMENTATION[first].kind };
    const all = [...EXPECTATION_SUBJECTS, ...Object.keys(FAMILIES)];
    const hint = didYouMean(first, all) ?? `Subjects are ${all.join(', ')}.`;
    return { ok: false, message: `nothing is called \`${first}\``, hint };
  }
  if (!isFamily) {
    const hint = `Only these are followed by a name: ${Object.keys(FAMILIES).join(', ')}.`;
    return { ok: false, message: `nothing is called \`${first}\``, hint };
  }
  const family = first as Family;
  const { which, metrics } = FAMILIES[family];
  const form = `Write ${family} ${which}, and one of ${Object.keys(metrics).join(', ')}.`;
  if (metric === undefined || more.length > 0)
    return { ok: false, message: `\`${family}\` has to be followed by a name and a metric`, hint: form };
  const found = (metrics as Record<string, SubjectDocumentation>)[metric];
  if (found === undefined || !Object.hasOwn(metrics, metric)) {
    const hint = didYouMean(metric, Object.keys(metrics)) ?? form;
    return { ok: false, message: `a ${family} has no \`${metric}\``, hint };
  }
  return { ok: true, subject: { family, of, metric }, kind: found.kind };
}

/** Reads what an intervention waits for: the same line, of what a node can answer while it runs. */
export function parseCondition(
  text: string,
): { ok: true; value: Condition } | Extract<ParsedExpectation, { ok: false }> {
  const parsed = parseExpectation(text);
  if (!parsed.ok) return parsed;
  const { subject, comparison, value, over } = parsed.value;
  if (
    over === undefined &&
    typeof subject === 'string' &&
    isOneOf(CONDITION_SUBJECTS, subject) &&
    typeof value === 'number'
  )
    return { ok: true, value: { subject, comparison, value } };
  const hint = `Subjects are ${CONDITION_SUBJECTS.join(', ')}.`;
  return { ok: false, message: `\`${text}\` is known only when the run is over`, hint };
}

function readValue(kind: ValueKind, written: string): number | boolean | string | null {
  if (typeof kind !== 'string') return kind.length === 0 || kind.includes(written) ? written : null;
  if (kind === 'boolean') return written === 'true' ? true : written === 'false' ? false : null;
  if (kind === 'duration') return parseDurationUs(written);
  return (kind === 'count' ? /^\d{1,15}$/ : /^\d{1,15}(\.\d+)?$/).test(written) ? Number(written) : null;
}

function isOneOf<T extends string>(words: readonly T[], word: string): word is T {
  return (words as readonly string[]).includes(word);
}
