/** `pidsim teach page`: writes the page, which is one file and needs nothing else. */
import { copyFileSync, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CommandModule } from 'yargs';
import { CommandError, EXIT, usageError } from './exit.js';
import { reasonOf } from './files.js';

/** Built beside the command line. */
const PAGE = new URL('pidsim.html', import.meta.url);

interface Arguments {
  file: string;
}

export const pageCommand: CommandModule<object, Arguments> = {
  command: 'page [file]',
  describe: 'Write the page that teaches the incident: one file, for any browser, without a network',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', default: 'pidsim.html', describe: 'Where to write it' })
      .example('$0 teach page', 'write pidsim.html, and say how to open it'),
  handler({ file }) {
    if (!existsSync(PAGE))
      throw new CommandError(EXIT.failure, 'error: the page has not been built\n  hint: npm run page');
    try {
      copyFileSync(PAGE, file);
    } catch (error) {
      throw usageError(`${file}: ${reasonOf(error)}`);
    }
    process.stdout.write(`${file} is written. Open it in a browser: ${pathToFileURL(resolve(file)).href}\n`);
  },
};
