/** `pidsim import`: Kubernetes objects as the scenario that `pidsim run` makes of them, to be edited. */
import type { CommandModule } from 'yargs';
import { importedYaml } from '../scenario/manifest/import.js';
import { isManifest } from '../scenario/manifest/text.js';
import { CommandError, EXIT, usageError } from './exit.js';
import { readSources, writeNamed } from './files.js';
import { describe, presetNamed } from './load.js';
import { type FileArguments, namedFiles, text, withFiles } from './options.js';

interface Arguments extends FileArguments {
  write?: string;
}

export const importCommand: CommandModule<object, Arguments> = {
  command: 'import [files..]',
  describe: 'Write the scenario, or the fleet, that `run` makes of Kubernetes objects',
  builder: (yargs) =>
    withFiles<Arguments>(yargs)
      .option('write', text('Write it to this file instead of stdout'))
      .example('$0 import chart.yaml > scenario.yaml', 'a chart as `helm template` prints it')
      .example('kubectl get pods,nodes -A -o json | $0 import -', 'a cluster: a node for each of its nodes'),
  handler(args) {
    const sources = readSources(namedFiles(args, 'pidsim import manifest.yaml'));
    const stranger = sources.find(({ text }) => !isManifest(text));
    if (stranger !== undefined)
      throw usageError(
        `${stranger.path}: no Kubernetes objects`,
        'a scenario needs no import: pidsim run reads it',
      );
    const { yaml, diagnostics } = importedYaml(sources, { preset: presetNamed(args.node) });
    const said = describe([{ sources, diagnostics }]);
    if (yaml === null) throw new CommandError(EXIT.usage, said);
    if (said !== '') process.stderr.write(`${said}\n`);
    if (args.write === undefined) process.stdout.write(yaml);
    else writeNamed(args.write, yaml);
  },
};
