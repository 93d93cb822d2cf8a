/** `pidsim lab import`: a program from a saved trace. */
import type { CommandModule } from 'yargs';
import { importTraceFile } from '../lab/record/import.js';
import { programsYaml } from '../lab/record/program.js';
import { invalid } from './exit.js';
import { writeProgram } from './lab-record.js';
import { text } from './options.js';

interface Arguments {
  trace: string;
  name?: string;
  write?: string;
}

export const importCommand: CommandModule<object, Arguments> = {
  command: 'import <trace>',
  describe: 'Make a program from a saved trace: a table of task events, or the output of `strace -f -ttt`',
  builder: (yargs) =>
    yargs
      .positional('trace', { type: 'string', demandOption: true, describe: 'The trace file' })
      .options({
        name: text('Name of the program; default: the first command of the trace'),
        write: text('Write the program to this file instead of stdout'),
      })
      .example(
        'strace -f -ttt -o probe.trace my-probe',
        'a trace, made anywhere; a set that -ff wrote will do too',
      )
      .example('$0 lab import probe.trace', 'the program, for `programs:` of a scenario'),
  handler({ trace, name, write }) {
    const imported = importTraceFile(trace, { name });
    if (!imported.ok) throw invalid(imported.diagnostics);
    for (const note of imported.value.notes) process.stderr.write(`note: ${note}\n`);
    const yaml = programsYaml(imported.value.programs);
    if (write === undefined) process.stdout.write(yaml);
    else writeProgram(write, yaml);
  },
};
