/** Options that several commands share. */
import type { Argv } from 'yargs';
import { usageError } from './exit.js';

export interface FileArguments {
  files?: string[];
  filename?: string[];
}

/** Scenario files by position, or by `-f` as in kubectl. */
export function withFiles<T extends FileArguments>(yargs: Argv<object>): Argv<T> {
  return yargs
    .positional('files', {
      type: 'string',
      array: true,
      describe: 'Scenario files or folders; - is standard input',
    })
    .option('filename', {
      alias: 'f',
      type: 'string',
      array: true,
      describe: 'The same as naming the files, as with kubectl',
    }) as Argv<unknown> as Argv<T>;
}

/** @param command an example of the command that lacks them. */
export function namedFiles({ files = [], filename = [] }: FileArguments, command: string): string[] {
  const named = [...files, ...filename].map(String);
  if (named.length === 0) throw usageError('no scenario file or folder is named', command);
  return named;
}

/** `-o`, by default the first of the forms. */
export function outputOption<T extends string>(choices: readonly [T, ...T[]], more = '') {
  return { alias: 'o', choices, default: choices[0], describe: `Output format${more}` };
}
