/** How a command ends. */
import { formatDiagnostic } from '../report/terminal.js';
import type { Diagnostic } from '../text/diagnostic.js';

/** Exit codes, as documented in `pidsim --help`. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** `lab`: cannot be run on this machine. */
  skipped: 3,
  /** A bug of ours. */
  internal: 70,
  expectationFailed: 99,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Thrown to end a command: the message, if any, goes to stderr as it is, without a stack. */
export class CommandError extends Error {
  constructor(
    readonly code: ExitCode,
    message = '',
  ) {
    super(message);
  }
}

/** What is wrong with what the user gave, in words. */
export function invalid(diagnostics: readonly Diagnostic[]): CommandError {
  return new CommandError(EXIT.usage, diagnostics.map((each) => formatDiagnostic(each)).join('\n'));
}

/** The user named something that is not there or makes no sense. */
export function usageError(message: string, hint?: string): CommandError {
  return new CommandError(EXIT.usage, `error: ${message}${hint === undefined ? '' : `\n  hint: ${hint}`}`);
}
