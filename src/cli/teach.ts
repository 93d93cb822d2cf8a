/** `pidsim teach`: the incident as something to step through, on a page and on a blackboard; and problems. */
import type { CommandModule } from 'yargs';
import { pageCommand } from './teach-page.js';
import { quizCommand } from './teach-quiz.js';
import { traceCommand } from './teach-trace.js';

export const teachCommand: CommandModule = {
  command: 'teach <command>',
  describe: 'For a class: a page that shows the incident step by step, a trace, problems',
  builder: (yargs) =>
    yargs
      .command(pageCommand)
      .command(quizCommand)
      .command(traceCommand)
      .demandCommand(1, 'name a teach command'),
  handler() {},
};
