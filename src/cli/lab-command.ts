/** What the lab's commands share: the command behind `--`, and what can keep the lab from running. */
import type { Arguments as Parsed } from 'yargs';
import { InitNotExamined } from '../lab/init/world.js';
import { StartRefused } from '../lab/namespace/private-namespace.js';
import { BadLabOption, LabBroken, LabUnavailable } from '../lab/namespace/setup.js';
import { CommandNotRun } from '../lab/record/record.js';
import { CommandError, EXIT, usageError } from './exit.js';
import { Interruption } from './interruption.js';

/** The command that was given could not be run, or did not stay; or the lab itself is not in order. */
const NOT_RUN = [CommandNotRun, InitNotExamined, StartRefused, LabBroken];

/** `pidsim lab init -- CMD…`: everything behind `--`, untouched. */
export function commandBehindDashes(args: Parsed<object>, example: string): string[] {
  const command = (args['--'] as unknown[] | undefined)?.map(String) ?? [];
  if (command.length === 0) throw usageError('no command is named after --', example);
  return command;
}

/** Where the lab must run (continuous integration), a machine on which it cannot is a failure. */
export function skipped(message = ''): CommandError {
  return new CommandError(process.env.PIDSIM_LAB === 'required' ? EXIT.failure : EXIT.skipped, message);
}

/** Does something in the lab until it is interrupted. */
export async function inLab(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const interruption = new Interruption();
  try {
    await work(interruption.signal);
  } catch (error) {
    interruption.throwIfAborted();
    throw labError(error);
  } finally {
    interruption.forget();
  }
}

/** An error of the lab in its own exit code; anything else is passed on. */
function labError(error: unknown): unknown {
  if (error instanceof LabUnavailable) return skipped(`skipped: ${error.message}`);
  if (error instanceof BadLabOption) return usageError(error.message);
  if (error instanceof Error && NOT_RUN.some((kind) => error instanceof kind)) {
    return new CommandError(EXIT.failure, `error: ${error.message}`);
  }
  return error;
}
