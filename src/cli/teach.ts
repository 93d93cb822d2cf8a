/** `pidsim teach`: the incident as something to step through, on a page and on a blackboard. */
import type { CommandModule } from 'yargs';
import { pageCommand } from './teach-page.js';
import { traceCommand } from './teach-trace.js';

export const teachCommand: CommandModule = {
  command: 'teach <command>',
  describe: 'For a class: a page that shows the incident step by step, a trace',
  builder: (yargs) =>
    yargs.command(pageCommand).command(traceCommand).demandCommand(1, 'name a teach command'),
  handler() {},
};
