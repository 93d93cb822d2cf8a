/** `pidsim lab`: the same programs on the machine's own kernel, and real commands measured. */
import type { CommandModule } from 'yargs';
import { importCommand } from './lab-import.js';
import { initCommand } from './lab-init.js';
import { recordCommand } from './lab-record.js';
import { verifyCommand } from './lab-verify.js';

export const labCommand: CommandModule = {
  command: 'lab <command>',
  describe: 'The real kernel: check the model against it, measure a probe, judge an init (Linux, root)',
  builder: (yargs) =>
    yargs
      .command(verifyCommand)
      .command(initCommand)
      .command(recordCommand)
      .command(importCommand)
      .demandCommand(1, 'name a lab command'),
  handler() {},
};
