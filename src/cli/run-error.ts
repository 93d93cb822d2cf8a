/** A run that had to be stopped, in words. */

import { formatDiagnostic } from '../report/terminal.js';
import type { ScenarioRunError } from '../run/run.js';
import { CommandError, EXIT } from './exit.js';

export function runError(error: ScenarioRunError): CommandError {
  return new CommandError(
    EXIT.usage,
    error.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic)).join('\n'),
  );
}
