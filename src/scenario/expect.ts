/**
 * `expect:` lines: `exhausted == true`, `timeToExhaustion < 36h`, `zombies >= 1000`. They decide the exit
 * code. What a subject means is in expect.json.
 */
import { CONDITION_SUBJECTS, type Condition } from '../node/spec.js';
import { COMPARISONS, type Comparison } from '../text/comparison.js';
import { parseDurationUs } from '../text/duration.js';
import { didYouMean } from '../text/suggest.js';
import file from './expect.json' with { type: 'json' };

/** What a subject is compared with; words: one of them, and any name if there is none. */
export type ValueKind = 'boolean' | 'duration' | 'count' | 'mean' | readonly string[];

interface SubjectDocumentation {
  kind: ValueKind;
  meaning: string;
}

export type ExpectationSubject = keyof typeof file.subjects;
export const EXPECTATION_SUBJECTS = Object.keys(file.subjects) as ExpectationSubject[];
/** Of these a run has many: FAMILY WHICH METRIC, `probe web/app/liveness zombiesPerRun`. */
export type Family = keyof typeof file.families;

/** What each is at the end of the run. */
export const { subjects: SUBJECT_DOCUMENTATION, families: FAMILIES } = file as unknown as {
  subjects: Readonly<Record<ExpectationSubject, SubjectDocumentation>>;
  families: Readonly<Record<Family, { which: string; metrics: Record<string, SubjectDocumentation> }>>;
};

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
type Over = { kind: 'quantile'; p: number } | { kind: 'share'; byUs: number | null };

interface Refused {
  ok: false;
  message: string;
  hint?: string;
}

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
export function parseExpectation(text: string): { ok: true; value: Expectation } | Refused {
  return parseComparison(text, (written) => readOver(written) ?? readSubject(written.split(/\s+/)));
}

type Compared = Pick<Expectation, 'text' | 'comparison' | 'value' | 'kind'>;

/** The same line with subjects of one's own. */
export function parseComparison<Subject extends { kind: ValueKind }>(
  text: string,
  readSubject: (written: string) => ({ ok: true } & Subject) | Refused,
): { ok: true; value: Compared & Subject } | Refused {
  const match = /^\s*([^=!<>]*[^=!<>\s])\s*([=!<>]+)\s*(\S+|'[^']*')\s*$/.exec(text);
  if (!match) return { ok: false, message: `\`${text}\` is not of the form SUBJECT COMPARISON VALUE` };
  const [, written, comparison, quoted] = match as unknown as [string, string, string, string];
  const read = readSubject(written);
  if (!read.ok) return read;
  const { ok: _, ...subject } = read;
  const kind: ValueKind = read.kind;
  const comparisons = kind === 'boolean' || typeof kind !== 'string' ? COMPARISONS.slice(0, 2) : COMPARISONS;
  if (!isOneOf(comparisons, comparison)) {
    const message = `\`${comparison}\` is not a comparison for \`${written}\``;
    return { ok: false, message, hint: `Use ${comparisons.join(', ')}.` };
  }
  const value = readValue(kind, quoted.replace(/^'(.*)'$/, '$1'));
  if (value === null)
    return { ok: false, message: `\`${written}\` is compared with ${wordsOf(kind)}, not with \`${quoted}\`` };
  return { ok: true, value: { text, comparison, value, ...(subject as unknown as Subject) } };
}

type ReadSubject = ({ ok: true } & Pick<Expectation, 'subject' | 'kind' | 'over'>) | Refused;

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
    const message = `\`${written}\` is no probability`;
    return { ok: false, message, hint: 'Write P(harm) or P(harm by 7d).' };
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
  const found = metrics[metric];
  if (found === undefined || !Object.hasOwn(metrics, metric)) {
    const hint = didYouMean(metric, Object.keys(metrics)) ?? form;
    return { ok: false, message: `a ${family} has no \`${metric}\``, hint };
  }
  return { ok: true, subject: { family, of, metric }, kind: found.kind };
}

/** Reads what an intervention waits for: the same line, of what a node can answer while it runs. */
export function parseCondition(text: string): { ok: true; value: Condition } | Refused {
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
