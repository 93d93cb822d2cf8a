/** `pidsim limits`: every ceiling of a node, the one with the least room first. */
import type { CommandModule } from 'yargs';
import { renderCeilings } from '../report/ceilings.js';
import { toJson } from '../report/document.js';
import { ceilingsOf } from '../run/ceilings.js';
import { Run, ScenarioRunError } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';
import { US_PER_SECOND } from '../sim/time.js';
import { invalid } from './exit.js';
import { loadOrExit } from './load.js';
import { type FileArguments, loadOptions, namedFiles, outputOption, withFiles } from './options.js';

interface Arguments extends FileArguments {
  output: string;
}

const NOTE = `Used and left are those after a minute, and the least room comes first. Tasks
and zombies count, against pid_max pinned PIDs too; of pid_max what can be used.
`;

/** What is there from the start has come up by then. */
const SETTLED_US = 60 * US_PER_SECOND;

export const limitsCommand: CommandModule<object, Arguments> = {
  command: 'limits [files..]',
  describe: 'Every limit on PIDs and tasks, the one with the least room first',
  builder: (yargs) =>
    withFiles<Arguments>(yargs)
      .option('output', outputOption(['table', 'json']))
      .example('$0 limits incident.yaml', 'which limit comes first, and what it would refuse'),
  handler(args) {
    const scenarios = loadOrExit(namedFiles(args, 'pidsim limits my.yaml'), loadOptions(args));
    const limits = scenarios.map((scenario) => ({ name: scenario.name, ceilings: ceilingsAfter(scenario) }));
    if (args.output === 'json') {
      process.stdout.write(toJson({ apiVersion: 'pidsim/v1', kind: 'Limits', limits }));
      return;
    }
    const parts = limits.map(({ name, ceilings }) =>
      limits.length === 1 ? renderCeilings(ceilings) : `${name}\n${renderCeilings(ceilings)}`,
    );
    process.stdout.write(`${parts.join('\n')}\n${NOTE}`);
  },
};

function ceilingsAfter(scenario: Scenario) {
  try {
    const atUs = Math.min(scenario.horizonUs, SETTLED_US);
    const run = new Run({ ...scenario, horizonUs: atUs }, { record: false });
    while (!run.advance(atUs));
    return ceilingsOf(run.node);
  } catch (error) {
    if (error instanceof ScenarioRunError) throw invalid(error.diagnostics);
    throw error;
  }
}
