/** What is wrong with what the user gave, in words. */
import { formatDiagnostic } from '../report/terminal.js';
import type { Diagnostic } from '../text/diagnostic.js';
import { CommandError, EXIT } from './exit.js';

export function invalid(diagnostics: readonly Diagnostic[]): CommandError {
  return new CommandError(EXIT.usage, diagnostics.map((each) => formatDiagnostic(each)).join('\n'));
}
