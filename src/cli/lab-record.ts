/** `pidsim lab record`: what does this probe command do to the process table? */
import type { CommandModule } from 'yargs';
import { programsYaml } from '../lab/record/program.js';
import {
  hasSucceeded,
  RECORD_SOURCES,
  type Recording,
  type RecordSource,
  recordCommand as recordRuns,
} from '../lab/record/record.js';
import { formatRecording } from '../lab/record/text.js';
import { toJson } from '../report/document.js';
import { plural } from '../text/figures.js';
import { CommandError, EXIT } from './exit.js';
import { writeNamed } from './files.js';
import { commandBehindDashes, inLab } from './lab-command.js';
import { number, on, outputOption, text } from './options.js';

interface Arguments {
  output: string;
  runs: number;
  timeout: number;
  name?: string;
  source?: RecordSource;
  setsid: boolean;
  write?: string;
  maxZombies?: number;
}

const DESCRIPTION = 'Run a probe command under a PID 1 that does not reap, and write it as a program';

export const recordCommand: CommandModule<object, Arguments> = {
  command: 'record',
  describe: DESCRIPTION,
  builder: (yargs) =>
    yargs
      .usage(`$0 lab record [options] -- CMD…\n\n${DESCRIPTION}`)
      .options({
        output: outputOption(['text', 'yaml', 'json']),
        runs: { ...number('How many times to run the command'), default: 5 },
        timeout: { ...number('Seconds after which a run is killed'), default: 30 },
        name: text("Name of the program; default: the command's file name"),
        source: {
          choices: RECORD_SOURCES,
          describe: 'Where the program comes from; default: the best that this machine has',
        },
        setsid: on('Make it a session leader, as runc does'),
        write: text('Write the program to this file, for `programs:` of a scenario'),
        'max-zombies': number(
          'Exit with 99 if a run leaves more zombies than this, with 1 if every run failed',
        ),
      })
      .example('$0 lab record -- pg_isready -q', 'zombies, PIDs and time per run, and the program')
      .example('$0 lab record --write probe.yaml -- sh -c "check &"', 'the program, written to a file'),
  async handler(args) {
    const command = commandBehindDashes(args as never, 'pidsim lab record -- sh -c "sleep 1 & true"');
    await inLab(async (signal) => {
      const { runs, name, source, setsid } = args;
      const timeoutMs = args.timeout * 1000;
      const recording = await recordRuns(command, { runs, timeoutMs, name, source, setsid, signal });
      const yaml = programsYaml(recording.programs);
      if (args.write !== undefined) writeProgram(args.write, yaml);
      if (args.output === 'yaml') process.stdout.write(yaml);
      else if (args.output === 'json')
        process.stdout.write(toJson({ ...recording, programs: Object.fromEntries(recording.programs) }));
      else {
        process.stdout.write(formatRecording(recording));
        if (args.write === undefined) {
          process.stderr.write('the program for a scenario: -o yaml prints it, --write FILE keeps it\n');
        }
      }
      if (args.maxZombies !== undefined) holdTo(args.maxZombies, recording);
    });
  },
};

function holdTo(zombiesMax: number, { spread, runs }: Recording): void {
  const most = spread.zombies.max;
  if (most > zombiesMax)
    throw new CommandError(
      EXIT.expectationFailed,
      `error: a run left ${plural(most, 'zombie')}, more than ${zombiesMax}`,
    );
  if (runs.some(hasSucceeded)) return;
  const hint =
    'Run it where what it asks is there. If it ends otherwise when all is well, wrap it in a script that ' +
    'says so.';
  throw new CommandError(
    EXIT.failure,
    `error: every run failed, so nothing is known of those that succeed\n  hint: ${hint}`,
  );
}

export function writeProgram(path: string, yaml: string): void {
  writeNamed(path, yaml);
  process.stderr.write(`the program is in ${path}\n`);
}
