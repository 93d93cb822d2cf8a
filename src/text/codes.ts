import documentation from './codes.json' with { type: 'json' };

/**
 * The stable names of everything that can be wrong with a scenario file, which are the keys of codes.json.
 * Scripts may match on these, so a code is never renamed and never used for a second meaning.
 */
export type DiagnosticCode = keyof typeof documentation;
export const DIAGNOSTIC_CODES = Object.keys(documentation) as DiagnosticCode[];

/** What each means and what to do; the `remedy` is the hint of a diagnostic that brings none of its own. */
export const CODE_DOCUMENTATION: Readonly<Record<DiagnosticCode, { meaning: string; remedy: string }>> =
  documentation;
