/** `pidsim lab init`: is this a good PID 1? */
import type { CommandModule } from 'yargs';
import { examineInit, examineRunningInit } from '../lab/init/examine.js';
import { INIT_REQUIREMENTS, type InitRequirement } from '../lab/init/report.js';
import { formatInitReport } from '../lab/init/text.js';
import { toJson } from '../report/document.js';
import { CommandError, EXIT, usageError } from './exit.js';
import { commandBehindDashes, inLab } from './lab-command.js';
import { number, on, outputOption, text } from './options.js';

interface Arguments {
  output: string;
  require: string;
  burst?: number;
  patience: number;
  timeout: number;
  after?: number;
  untilComm?: string;
  ready?: string;
  child?: string;
  pid?: number;
  private: boolean;
}

const DESCRIPTION = 'Run a command as PID 1 of a private namespace: does it reap, forward, end?';

export const initCommand: CommandModule<object, Arguments> = {
  command: 'init',
  describe: DESCRIPTION,
  builder: (yargs) =>
    yargs
      .usage(`$0 lab init [options] -- CMD…\n$0 lab init --pid N\n\n${DESCRIPTION}`)
      .options({
        output: outputOption(['text', 'json']),
        require: {
          ...text(`What makes it good, separated by commas: ${INIT_REQUIREMENTS.join(', ')}`),
          default: 'reaping',
        },
        after: number('Judge what it is after so many seconds'),
        'until-comm': text('Judge it once `ps` shows PID 1 by this name'),
        ready: text('Judge it once this shell command, run beside it, succeeds'),
        child: text('Name of its main child; default: the one that it ends with'),
        pid: number(
          'Enter the container of this process, and see whether its PID 1 reaps; what it does not stays ' +
            'there',
        ),
        private: on('Network, /tmp and working directory of its own; --no-private: the machine’s'),
        burst: number('How many orphans die at once; default: 50, with --pid 10'),
        patience: { ...number('Seconds it may take to reap, or to end on SIGTERM'), default: 10 },
        timeout: { ...number('Seconds for the whole examination'), default: 180 },
      })
      .example(
        '$0 lab init -- tini -- sleep 1000',
        'exit code 0: it reaps whatever it adopts; 99: it does not',
      )
      .example("$0 lab init -- bash -c 'sleep 1000; true'", 'an entrypoint of your own'),
  async handler(args) {
    const { pid } = args;
    const example = 'pidsim lab init -- tini -- sleep 1000';
    const command = pid === undefined ? commandBehindDashes(args as never, example) : [];
    const options = {
      require: requirements(args.require),
      burst: args.burst,
      patienceMs: args.patience * 1000,
      timeoutMs: args.timeout * 1000,
      afterMs: args.after === undefined ? undefined : args.after * 1000,
      untilComm: args.untilComm,
      ready: args.ready,
      child: args.child,
      private: args.private,
    };
    await inLab(async (signal) => {
      const report =
        pid === undefined
          ? await examineInit(command, { ...options, signal })
          : await examineRunningInit(pid, { ...options, signal });
      process.stdout.write(args.output === 'json' ? toJson(report) : formatInitReport(report));
      if (!report.good) throw new CommandError(EXIT.expectationFailed);
    });
  },
};

function requirements(text: string): InitRequirement[] {
  return text.split(',').map((word) => {
    const found = INIT_REQUIREMENTS.find((each) => each === word.trim());
    if (found === undefined)
      throw usageError(`--require knows ${INIT_REQUIREMENTS.join(', ')}, not \`${word}\``);
    return found;
  });
}
