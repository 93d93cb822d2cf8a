import documentation from './codes.json' with { type: 'json' };

/**
 * The stable names of everything that can be wrong with a scenario file. Scripts may match on these, so a
 * code is never renamed and never used for a second meaning.
 */
export const DIAGNOSTIC_CODES = [
  'empty-file',
  'file-too-large',
  'not-text',
  'yaml-syntax',
  'json-syntax',
  'tab-indentation',
  'duplicate-key',
  'alias-bomb',
  'not-a-mapping',
  'unknown-key',
  'missing-key',
  'wrong-type',
  'unknown-value',
  'out-of-range',
  'not-an-integer',
  'bad-name',
  'bad-duration',
  'bad-quantity',
  'bad-version',
  'unknown-version',
  'ambiguous-version',
  'bad-percentage',
  'horizon-too-long',
  'too-many-samples',
  'duplicate-name',
  'unknown-pod',
  'unknown-container',
  'unknown-probe',
  'unknown-program',
  'unknown-command',
  'bad-program',
  'bad-uncertain',
  'bad-expectation',
  'conflict',
  'no-effect',
  'needs-newer-version',
  'node-too-small',
  'beyond-horizon',
  'missing-file',
  'not-a-manifest',
  'ignored-kind',
  'ignored-pods',
  'assumed-node',
  'template',
  'assumed-program',
] as const;
export type DiagnosticCode = (typeof DIAGNOSTIC_CODES)[number];

/** What each means and what to do; the `remedy` is the hint of a diagnostic that brings none of its own. */
export const CODE_DOCUMENTATION: Readonly<Record<DiagnosticCode, { meaning: string; remedy: string }>> =
  documentation;
