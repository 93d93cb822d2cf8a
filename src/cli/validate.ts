/** `pidsim validate`: what is wrong with these files, all of it, without running anything. */
import type { CommandModule } from 'yargs';
import { toJson } from '../report/document.js';
import type { ManifestText } from '../scenario/manifest/cluster.js';
import type { Scenario } from '../scenario/scenario.js';
import { plural } from '../text/figures.js';
import { CommandError, EXIT } from './exit.js';
import { readerBeside, readSources } from './files.js';
import { describe, isLitmus, loadTexts } from './load.js';
import { type FileArguments, loadOptions, namedFiles, outputOption, withFiles } from './options.js';

interface Arguments extends FileArguments {
  output: string;
}

export const validateCommand: CommandModule<object, Arguments> = {
  command: 'validate [files..]',
  describe: 'Check scenarios, manifests and litmus files without running them',
  builder: (yargs) =>
    withFiles<Arguments>(yargs)
      .option('output', outputOption(['text', 'json']))
      .example('$0 validate scenarios', 'every scenario of a folder')
      .example('$0 validate my.yaml -o json', 'the diagnostics as data'),
  async handler(args) {
    const sources = readSources(namedFiles(args, 'pidsim validate scenarios'));
    const others = sources.filter(({ text }) => !isLitmus(text));
    const litmus = await checkedLitmus(sources.filter((source) => !others.includes(source)));
    const loaded = [...loadTexts(others, readerBeside, loadOptions(args)), ...litmus];
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
    for (const { sources: files, scenarios } of loaded) {
      const what = scenarios === null ? 'a litmus file' : counted(scenarios);
      process.stdout.write(`${files.map(({ path }) => path).join(', ')}: valid, ${what}\n`);
    }
  },
};

/** Litmus files are read, and not run. */
async function checkedLitmus(sources: readonly ManifestText[]) {
  if (sources.length === 0) return [];
  const { parseLitmus } = await import('../lab/litmus/litmus.js');
  return sources.map((source) => {
    const parsed = parseLitmus(source.text, source.path);
    return {
      sources: [source],
      scenarios: null,
      diagnostics: parsed.ok ? parsed.warnings : parsed.diagnostics,
    };
  });
}

/** `3 scenarios`, `a fleet of 2 nodes with 12 pods`. */
function counted(scenarios: readonly Scenario[]): string {
  if (scenarios.length === 0 || scenarios.some(({ fleet }) => fleet === undefined))
    return plural(scenarios.length, 'scenario');
  const pods = scenarios.flatMap(({ node }) => node.pods).reduce((sum, { count }) => sum + count, 0);
  return `a fleet of ${plural(scenarios.length, 'node')} with ${plural(pods, 'pod')}`;
}
