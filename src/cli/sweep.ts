/** `pidsim sweep`: a grid of values, each with its runs. */
import type { CommandModule } from 'yargs';
import { sweepFiles } from '../report/study/files.js';
import type { Cell } from '../report/study/sweep.js';
import { estimateOf } from '../study/estimate.js';
import { replicate } from '../study/replicate.js';
import { CELLS_MAX, cellsOf, settingsOfCell } from '../study/sweep.js';
import { usageError } from './exit.js';
import { load, orExit, templatesOrExit } from './load.js';
import { type FileArguments, loadOptions, namedFiles, outputOption, texts, withFiles } from './options.js';
import { changeOf, inStudy, replicationsOf, type StudyArguments, withStudy, writeStudy } from './study.js';
import { axisOrExit, FORMATS, renderSweep, type SweepFormat } from './sweep-output.js';

interface Arguments extends FileArguments, StudyArguments {
  output: SweepFormat;
  vary: string[];
}

/** On one machine, or in parts on many. */
export const sweepCommand: CommandModule = {
  command: 'sweep',
  describe: 'What a setting does: a scenario with every combination of some values',
  builder: async (yargs) => {
    const { planCommand, shardCommand, mergeCommand, manifestCommand } = await import('./sweep-parts.js');
    return yargs
      .command(hereCommand)
      .command(planCommand)
      .command(shardCommand)
      .command(mergeCommand)
      .command(manifestCommand);
  },
  handler() {},
};

const hereCommand: CommandModule<object, Arguments> = {
  command: '$0 [files..]',
  describe: 'What a setting does: a scenario with every combination of some values',
  builder: (yargs) =>
    withStudy(withFiles<Arguments>(yargs), "the scenario's own")
      .options({
        vary: {
          ...texts('PATH=a,b,c or PATH=from..to:step; several make a grid'),
          demandOption: 'say what to vary: --vary node.kernel.pidMax=32768,65536',
        },
        output: outputOption(FORMATS),
      })
      .example(
        "$0 sweep a.yaml --vary 'pods.*.containers.*.livenessProbe.periodSeconds=10..60:10'",
        'one setting',
      )
      .example(
        '$0 sweep a.yaml --vary node.pause=3.0,3.1 --vary node.baseline.tasks=150,300 -o csv',
        'a grid',
      ),
  async handler(args) {
    const axes = args.vary.map(axisOrExit);
    const cells = cellsOf(axes);
    if (cells.length > CELLS_MAX)
      throw usageError(`--vary: ${cells.length} combinations, at most ${CELLS_MAX}`);
    const loaded = load(
      namedFiles(args, 'pidsim sweep my.yaml --vary node.pause=3.0,3.1'),
      loadOptions(args),
    );
    const templates = templatesOrExit(loaded, changeOf(args));
    if (templates.length > 1)
      throw usageError(`a sweep is of one scenario, and these are ${templates.length}`);
    const varied = cells.map((cell) => orExit(templates[0].with(settingsOfCell(axes, cell))));
    await inStudy(args, 'runs', async ({ run, onProgress }) => {
      const options = {
        replications: replicationsOf(args),
        until: 'harm',
        fidelity: args.fidelity,
        onProgress,
      } as const;
      const replicated = await replicate(varied, options, run);
      const done = replicated.flatMap((one, index): Cell[] =>
        one.rows.length === 0 ? [] : [{ at: cells[index], replicated: one, estimate: estimateOf(one.rows) }],
      );
      await writeStudy(args, sweepFiles(axes, done));
      process.stdout.write(renderSweep(axes, done, args.output));
    });
  },
};
