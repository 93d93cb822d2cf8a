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
      describe: 'Scenarios, Kubernetes manifests or dumps, or folders of them; - is standard input',
    })
    .option('filename', {
      alias: 'f',
      type: 'string',
      array: true,
      describe: 'The same as naming the files, as with kubectl',
    }) as Argv<unknown> as Argv<T>;
}

/** `--node`: the kind of node that manifests run on. */
export function withNode<T extends FileArguments>(yargs: Argv<T>): Argv<T> {
  return yargs.option('node', {
    type: 'string',
    nargs: 1,
    describe: 'Kind of node, where a manifest names none (pidsim explain presets)',
  }) as unknown as Argv<T>;
}

/** @param command an example of the command that lacks them. */
export function namedFiles({ files = [], filename = [] }: FileArguments, command: string): string[] {
  const named = [...files, ...filename].map(String);
  if (named.length === 0) throw usageError('no file or folder is named', command);
  return named;
}

/** `-o`, by default the first of the forms. */
export function outputOption<T extends string>(choices: readonly [T, ...T[]], more = '') {
  return { alias: 'o', choices, default: choices[0], describe: `Output format${more}` };
}
