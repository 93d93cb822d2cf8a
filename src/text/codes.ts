import documentation from './codes.json' with { type: 'json' };
import type { Diagnostic } from './diagnostic.js';

/**
 * The stable names of everything that can be wrong with a scenario file, which are the keys of codes.json.
 * Scripts may match on these, so a code is never renamed and never used for a second meaning.
 */
export type DiagnosticCode = keyof typeof documentation;
export const DIAGNOSTIC_CODES = Object.keys(documentation) as DiagnosticCode[];

/** What each means and what to do; the `remedy` is the hint of a diagnostic that brings none of its own. */
export const CODE_DOCUMENTATION: Readonly<Record<DiagnosticCode, { meaning: string; remedy: string }>> =
  documentation;

/** Without a hint of its own it has that of its code. */
export function diagnosticOf(
  place: Pick<Diagnostic, 'file' | 'line' | 'column'>,
  code: DiagnosticCode,
  message: string,
  { hint = CODE_DOCUMENTATION[code].remedy, severity = 'error' }: Partial<Diagnostic> = {},
): Diagnostic {
  return { ...place, severity, code, message, hint };
}
