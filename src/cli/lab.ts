/** `pidsim lab`: the same programs on the machine's own kernel, and real commands measured. */
import type { CommandModule } from 'yargs';
import { verifyCommand } from './lab-verify.js';

export const labCommand: CommandModule = {
  command: 'lab <command>',
  describe: 'The real kernel: check the model against it, measure a probe, judge an init (Linux, root)',
  builder: (yargs) => yargs.command(verifyCommand).demandCommand(1, 'name a lab command'),
  handler() {},
};
