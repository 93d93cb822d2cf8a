/** `pidsim validate`: what is wrong with these files, all of it, without running anything. */
import type { Argv, CommandModule } from 'yargs';
import { toJson } from '../report/document.js';
import { plural } from '../text/figures.js';
import { CommandError, EXIT } from './exit.js';
import { describe, load } from './load.js';
import { assumeOf, namedFiles, withFiles } from './options.js';

interface Arguments {
  files?: string[];
  filename?: string[];
  output: string;
}

export const validateCommand: CommandModule<object, Arguments> = {
  command: 'validate [files..]',
  describe: 'Check scenario files without running them',
  builder: (yargs) =>
    withFiles(yargs as Argv<Arguments>)
      .option('output', {
        alias: 'o',
        choices: ['text', 'json'],
        default: 'text',
        describe: 'Output format',
      })
      .example('$0 validate scenarios', 'every scenario of a folder')
      .example('$0 validate my.yaml -o json', 'the diagnostics as data'),
  handler(args) {
    const loaded = load(namedFiles(args, 'pidsim validate scenarios'), assumeOf(args));
    const diagnostics = loaded.flatMap((each) => each.diagnostics);
    const invalid = diagnostics.some(({ severity }) => severity === 'error');
    if (args.output === 'json') {
      process.stdout.write(
        toJson({ apiVersion: 'pidsim/v1', kind: 'ValidationResult', valid: !invalid, diagnostics }),
      );
      if (invalid) throw new CommandError(EXIT.usage);
      return;
    }
    if (invalid) throw new CommandError(EXIT.usage, describe(loaded));
    if (diagnostics.length > 0) process.stderr.write(`${describe(loaded)}\n`);
    for (const { source, scenarios } of loaded) {
      process.stdout.write(`${source.path}: valid, ${plural(scenarios.length, 'scenario')}\n`);
    }
  },
};
