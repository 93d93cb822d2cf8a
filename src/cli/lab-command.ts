/** What the lab's commands on real commands share: the command behind `--`, and what can keep the lab from running. */
import type { Arguments as Parsed } from 'yargs';
import { CommandError, EXIT, usageError } from './exit.js';

/** `pidsim lab init -- CMD…`: everything behind `--`, untouched. */
export function commandBehindDashes(args: Parsed<object>, example: string): string[] {
  const command = (args['--'] as unknown[] | undefined)?.map(String) ?? [];
  if (command.length === 0) throw usageError('name a command, behind --', example);
  return command;
}

/** Where the lab must run (continuous integration), a machine on which it cannot is a failure. */
export function skipped(message = ''): CommandError {
  return new CommandError(process.env.PIDSIM_LAB === 'required' ? EXIT.failure : EXIT.skipped, message);
}

/** An error of the lab in its own exit code; anything else is passed on. */
export function labError(error: unknown, isAborted: boolean): unknown {
  const { name, message } = error as Error;
  if (isAborted) return error;
  if (name === 'LabUnavailable') return skipped(`skipped: ${message}`);
  if (name === 'BadLabOption') return usageError(message);
  if (name === 'CommandNotRun' || name === 'InitDidNotStay' || name === 'StartRefused') {
    return new CommandError(EXIT.failure, `error: ${message}`);
  }
  return error;
}
