/** `expect:` lines: `exhausted == true`, `timeToExhaustion < 36h`, `zombies >= 1000`. They decide the exit code. */
export const EXPECTATION_SUBJECTS = [
  'exhausted',
  'timeToExhaustion',
  'refusedBy',
  'zombies',
  'pinned',
  'tasks',
  'allocated',
  'sshRefused',
  'podCreatesFailed',
  'podDeletesStuck',
  'probeFailures',
  'restarts',
] as const;
export type ExpectationSubject = (typeof EXPECTATION_SUBJECTS)[number];

export const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='] as const;
export type Comparison = (typeof COMPARISONS)[number];

export interface Expectation {
  /** As written. */
  text: string;
  subject: ExpectationSubject;
  comparison: Comparison;
  /** A duration is in µs. */
  value: number | boolean | string;
}
