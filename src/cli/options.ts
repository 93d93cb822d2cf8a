/** Options that several commands share. */
import type { Argv } from 'yargs';
import type { Assume } from '../scenario/programs.js';
import { usageError } from './exit.js';

interface FileArguments {
  files?: string[];
  filename?: string[];
  strict?: boolean;
  assume?: string[];
}

/** Scenario files by position, or by `-f` as in kubectl. */
export function withFiles<T extends FileArguments>(yargs: Argv<T>): Argv<T> {
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
    })
    .option('strict', {
      type: 'boolean',
      describe: 'A command of which nothing is known is an error, not an assumption',
    })
    .option('assume', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: "What such a command leaves: 'NAME=orphans:1', so many orphans a run",
    }) as Argv<T>;
}

/** @param command an example of the command that lacks them. */
export function namedFiles({ files = [], filename = [] }: FileArguments, command: string): string[] {
  const named = [...files, ...filename].map(String);
  if (named.length === 0) throw usageError('no scenario file or folder is named', command);
  return named;
}

/** What is to be assumed of commands that nobody knows. */
export function assumeOf({ strict = false, assume = [] }: FileArguments): Assume {
  const orphansOf = new Map<string, number>();
  for (const given of assume) {
    const match = /^(.+)=orphans:(\d{1,2})$/.exec(given);
    if (match === null) throw usageError(`--assume ${given}`, "write --assume 'NAME=orphans:1'");
    orphansOf.set(match[1], Number(match[2]));
  }
  return { strict, orphansOf };
}
