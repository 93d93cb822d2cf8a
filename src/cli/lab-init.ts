/** `pidsim lab init`: is this a good PID 1? */
import type { CommandModule } from 'yargs';
import { examineInit } from '../lab/init/examine.js';
import { formatInitReport } from '../lab/init/text.js';
import { toJson } from '../report/document.js';
import { CommandError, EXIT } from './exit.js';
import { Interruption } from './interruption.js';
import { commandBehindDashes, labError } from './lab-command.js';

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
      .option('output', {
        alias: 'o',
        choices: ['text', 'json'],
        default: 'text',
        describe: 'Output format',
      })
      .option('burst', { type: 'number', default: 50, describe: 'How many orphans die at once' })
      .option('timeout', { type: 'number', default: 60, describe: 'Seconds for the whole examination' })
      .example(
        '$0 lab init -- tini -- sleep 1000',
        'exit code 0: it reaps whatever it adopts; 1: it does not',
      )
      .example("$0 lab init -- bash -c 'sleep 1000; true'", 'an entrypoint of your own'),
  async handler(args) {
    const command = commandBehindDashes(args as never, 'pidsim lab init -- tini -- sleep 1000');
    const interruption = new Interruption();
    try {
      const report = await examineInit(command, {
        burst: args.burst,
        timeoutMs: args.timeout * 1000,
        signal: interruption.signal,
      });
      process.stdout.write(
        args.output === 'json' ? toJson(report) : `${formatInitReport(report).trimEnd()}\n`,
      );
      if (!report.good) throw new CommandError(EXIT.failure);
    } catch (error) {
      interruption.throwIfAborted();
      throw labError(error, interruption.aborted);
    } finally {
      interruption.forget();
    }
  },
};
