/** `pidsim lab init`: is this a good PID 1? */
import type { CommandModule } from 'yargs';
import { examineInit } from '../lab/init/examine.js';
import { formatInitReport } from '../lab/init/text.js';
import { toJson } from '../report/document.js';
import { CommandError, EXIT } from './exit.js';
import { commandBehindDashes, inLab } from './lab-command.js';
import { outputOption } from './options.js';

interface Arguments {
  output: string;
  burst: number;
  timeout: number;
}

const DESCRIPTION = 'Run a command as PID 1 of a private namespace: does it reap, forward, end?';

export const initCommand: CommandModule<object, Arguments> = {
  command: 'init',
  describe: DESCRIPTION,
  builder: (yargs) =>
    yargs
      .usage(`$0 lab init [options] -- CMD…\n\n${DESCRIPTION}`)
      .option('output', outputOption(['text', 'json']))
      .option('burst', { type: 'number', default: 50, describe: 'How many orphans die at once' })
      .option('timeout', { type: 'number', default: 60, describe: 'Seconds for the whole examination' })
      .example(
        '$0 lab init -- tini -- sleep 1000',
        'exit code 0: it reaps whatever it adopts; 1: it does not',
      )
      .example("$0 lab init -- bash -c 'sleep 1000; true'", 'an entrypoint of your own'),
  async handler(args) {
    const command = commandBehindDashes(args as never, 'pidsim lab init -- tini -- sleep 1000');
    await inLab(async (signal) => {
      const report = await examineInit(command, {
        burst: args.burst,
        timeoutMs: args.timeout * 1000,
        signal,
      });
      process.stdout.write(args.output === 'json' ? toJson(report) : formatInitReport(report));
      if (!report.good) throw new CommandError(EXIT.failure);
    });
  },
};
