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

/** What the node's first refused fork may name; `none` when none was refused. */
const EXPECTED_REFUSALS = [...MACHINE_LIMITS, 'none'] as const;
const MACHINE_LIMIT_NAMES = MACHINE_LIMITS.map((limit) => `\`${limit}\``).join(', ');

export interface Expectation {
  /** As written. */
  text: string;
  subject: ExpectationSubject;
  comparison: Comparison;
  /** A duration is in µs. */
  value: number | boolean | string;
}

export type ParsedExpectation =
  | { ok: true; value: Expectation }
  | { ok: false; message: string; hint?: string };

type Kind = 'boolean' | 'duration' | 'refusal' | 'count';

interface SubjectDocumentation {
  kind: Kind;
  meaning: string;
}

/** What each subject is at the end of the run. */
export const SUBJECT_DOCUMENTATION: Readonly<Record<ExpectationSubject, SubjectDocumentation>> = {
  exhausted: { kind: 'boolean', meaning: 'has any fork been refused at node scope?' },
  timeToExhaustion: { kind: 'duration', meaning: 'when the first fork was refused at node scope' },
  refusedBy: { kind: 'refusal', meaning: `the limit that refused it: ${MACHINE_LIMIT_NAMES} or \`none\`` },
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

const WORDS: Readonly<Record<Kind, string>> = {
  boolean: '`true` or `false`',
  duration: 'a duration such as `36h`',
  refusal: `${MACHINE_LIMIT_NAMES}, \`none\``,
  count: 'a whole number that is not negative',
};

/** Reads one line: SUBJECT COMPARISON VALUE. */
export function parseExpectation(text: string): ParsedExpectation {
  const match = /^\s*([^\s=!<>]+)\s*([=!<>]+)\s*(\S+)\s*$/.exec(text);
  if (!match) return { ok: false, message: `\`${text}\` is not of the form SUBJECT COMPARISON VALUE` };
  const [, subject, comparison, written] = match as unknown as [string, string, string, string];
  if (!isOneOf(EXPECTATION_SUBJECTS, subject)) {
    const hint =
      didYouMean(subject, EXPECTATION_SUBJECTS) ?? `Subjects are ${EXPECTATION_SUBJECTS.join(', ')}.`;
    return { ok: false, message: `nothing is called \`${subject}\``, hint };
  }
  const { kind } = SUBJECT_DOCUMENTATION[subject];
  const comparisons = kind === 'boolean' || kind === 'refusal' ? COMPARISONS.slice(0, 2) : COMPARISONS;
  if (!isOneOf(comparisons, comparison)) {
    const message = `\`${comparison}\` is not a comparison for \`${subject}\``;
    return { ok: false, message, hint: `Use ${comparisons.join(', ')}.` };
  }
  const value = readValue(kind, written);
  if (value === null) {
    return { ok: false, message: `\`${subject}\` is compared with ${WORDS[kind]}, not with \`${written}\`` };
  }
  return { ok: true, value: { text, subject, comparison, value } };
}

/** Reads what an intervention waits for: the same line, of what a node can answer while it runs. */
export function parseCondition(
  text: string,
): { ok: true; value: Condition } | Extract<ParsedExpectation, { ok: false }> {
  const parsed = parseExpectation(text);
  if (!parsed.ok) return parsed;
  const { subject, comparison, value } = parsed.value;
  if (isOneOf(CONDITION_SUBJECTS, subject) && typeof value === 'number')
    return { ok: true, value: { subject, comparison, value } };
  const hint = `Subjects are ${CONDITION_SUBJECTS.join(', ')}.`;
  return { ok: false, message: `\`${subject}\` is known only when the run is over`, hint };
}

function readValue(kind: Kind, written: string): number | boolean | string | null {
  switch (kind) {
    case 'boolean':
      return written === 'true' ? true : written === 'false' ? false : null;
    case 'duration':
      return parseDurationUs(written);
    case 'refusal':
      return isOneOf(EXPECTED_REFUSALS, written) ? written : null;
    case 'count':
      return /^\d{1,15}$/.test(written) ? Number(written) : null;
  }
}

function isOneOf<T extends string>(words: readonly T[], word: string): word is T {
  return (words as readonly string[]).includes(word);
}
