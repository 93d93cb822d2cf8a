/** A bad scenario is never an exception: it is a list of these, all of them at once. */
export interface Diagnostic {
  /** The file as the user named it. */
  file: string;
  /** From 1; 0 when the whole file is meant. */
  line: number;
  column: number;
  severity: 'error' | 'warning';
  /** A stable, documented code: `unknown-key`, `wrong-type`, … (codes.ts) */
  code: string;
  message: string;
  /** What to do about it. */
  hint?: string;
}

/** An error of a file that is no scenario, in one of its lines (from 1), or of the whole of it (0). */
export function errorIn(
  file: string,
  line: number,
  code: string,
  message: string,
  hint?: string,
): Diagnostic {
  const place = { file, line, column: Math.sign(line), severity: 'error' } as const;
  return hint === undefined ? { ...place, code, message } : { ...place, code, message, hint };
}

export type Parsed<T> =
  | { ok: true; value: T; warnings: Diagnostic[] }
  | { ok: false; diagnostics: Diagnostic[] };
