/** Options that several commands share. */
import type { Argv } from 'yargs';
import { FIDELITIES } from '../run/result.js';
import { parseSetting, type Setting } from '../scenario/settings.js';
import { usageError } from './exit.js';
import type { LoadOptions } from './load.js';

export interface FileArguments {
  files?: string[];
  filename?: string[];
  node?: string;
  strict?: boolean;
  assume?: string[];
  set?: string[];
}

/** An option with one value; or with one each time that it is given. */
export const text = (describe: string) => ({ type: 'string', nargs: 1, describe }) as const;
export const texts = (describe: string) => ({ ...text(describe), array: true }) as const;
export const number = (describe: string) => ({ type: 'number', nargs: 1, describe }) as const;

/** By default the first of these. */
export const choice = <T extends string>(choices: readonly [T, ...T[]], describe: string) =>
  ({ choices, default: choices[0], describe }) as const;

/** An option without a value; then one that is off unless it is given, and one that is on. */
export const flag = (describe: string) => ({ type: 'boolean', describe }) as const;
export const off = (describe: string) => ({ ...flag(describe), default: false }) as const;
export const on = (describe: string) => ({ ...flag(describe), default: true }) as const;

/** Scenario files by position, or by `-f` as in kubectl. */
export function withFiles<T extends FileArguments>(yargs: Argv<object>): Argv<T> {
  return withReading(
    yargs
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
      }),
  );
}

/** How scenarios are read, wherever they are named. */
export function withReading<T extends FileArguments>(yargs: Argv<object>): Argv<T> {
  return yargs.options({
    strict: flag('A command of which nothing is known is an error, not an assumption'),
    assume: texts("What such a command leaves: 'NAME=orphans:1', so many orphans a run"),
    set: texts("Set something in each spec: 'node.pause=3.1', 'pods.*.count=3'"),
    node: text('Kind of node, where a manifest names none (pidsim explain presets)'),
  }) as Argv<unknown> as Argv<T>;
}

/** @param command an example of the command that lacks them. */
export function namedFiles({ files = [], filename = [] }: FileArguments, command: string): string[] {
  const named = [...files, ...filename].map(String);
  if (named.length === 0) throw usageError('no file or folder is named', command);
  return named;
}

/** `-o`, by default the first of the forms. */
export function outputOption<T extends string>(choices: readonly [T, ...T[]], more = '') {
  return { alias: 'o', ...choice(choices, `Output format${more}`) };
}

export function settingOrExit(given: string): Setting {
  const setting = parseSetting(given);
  if (setting === null)
    throw usageError(`--set ${given}: not of the form PATH=VALUE`, "--set 'node.pause=3.1'");
  return setting;
}

/** How the files are to be read. */
export function loadOptions({ node, strict = false, assume = [], set = [] }: FileArguments): LoadOptions {
  const orphansOf = new Map<string, number>();
  for (const given of assume) {
    const match = /^(.+)=orphans:(\d{1,2})$/.exec(given);
    if (match === null) throw usageError(`--assume ${given}`, "write --assume 'NAME=orphans:1'");
    orphansOf.set(match[1], Number(match[2]));
  }
  return { node, assume: { strict, orphansOf }, settings: set.map(settingOrExit) };
}

export const fidelityOption = {
  choices: FIDELITIES,
  default: 'forwarded' as const,
  describe: 'forwarded: leap over runs of probes that are known, with the same answer; events: simulate each',
} as const;
