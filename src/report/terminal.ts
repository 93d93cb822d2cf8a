/** For a terminal: diagnostics with the line that they are about, and nothing that it takes for a command. */
import type { Diagnostic } from '../text/diagnostic.js';
import { listOf, plural } from '../text/figures.js';
import { printable } from '../text/printable.js';

/**
 * `file:line:column: error[code]: message`, then the source line with a caret if the text is given, then the
 * hint.
 *
 * @param text the whole text of the file that the diagnostic is about.
 */
export function formatDiagnostic(diagnostic: Diagnostic, text?: string): string {
  const { file, line, column, severity, code, message, hint } = diagnostic;
  const place = line > 0 ? `${file}:${line}:${column}` : file;
  const lines = [`${printable(place)}: ${severity}[${code}]: ${printable(message)}`];
  const source = line > 0 ? text?.split(/\r\n|\r|\n/)[line - 1] : undefined;
  if (source !== undefined) lines.push(...excerpt(source, line, column));
  if (hint !== undefined) lines.push(`  hint: ${printable(hint)}`);
  return lines.join('\n');
}

const EXCERPT_WIDTH = 96;

function excerpt(source: string, line: number, column: number): string[] {
  // A long line is cut to a window around the column; tabs become one blank so that the caret stays below its
  // mark.
  const start = column > EXCERPT_WIDTH - 16 ? column - EXCERPT_WIDTH / 2 : 0;
  const shown = printable(source.slice(start, start + EXCERPT_WIDTH).replaceAll('\t', ' '));
  const cut = start > 0 ? '…' : '';
  const gutter = String(line).padStart(5);
  const caret = ' '.repeat(Math.max(0, column - 1 - start + cut.length));
  return [
    `${gutter} | ${cut}${shown}${source.length > start + EXCERPT_WIDTH ? '…' : ''}`,
    `${' '.repeat(5)} | ${caret}^`,
  ];
}

/** `2 errors and 1 warning in 1 file`. */
export function diagnosticTally(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const counts = [
    ...(errors > 0 ? [plural(errors, 'error')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
  ];
  return `${listOf(counts)} in ${plural(new Set(diagnostics.map(({ file }) => file)).size, 'file')}`;
}
