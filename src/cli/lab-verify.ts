/** `pidsim lab verify`: every litmus on the model and on the kernel. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { formatDiagnostic } from '../report/message.js';
import { CommandError, EXIT, usageError } from './exit.js';
import { Interruption } from './interruption.js';
import { skipped } from './lab-command.js';
import { Progress } from './progress.js';

const LITMUS_DIR = 'test/litmus';

interface Arguments {
  files?: string[];
  record: boolean;
}

export const verifyCommand: CommandModule<object, Arguments> = {
  command: 'verify [files..]',
  describe: 'Run litmus files on the model and on the real kernel, and compare',
  builder: (yargs) =>
    yargs
      .positional('files', {
        type: 'string',
        array: true,
        describe: `Litmus files or folders; default: ${LITMUS_DIR}`,
      })
      .option('record', {
        type: 'boolean',
        default: false,
        describe: 'Write what this kernel did to observed/',
      })
      .example('$0 lab verify', 'all of them')
      .example('$0 lab verify my-litmus.yaml', 'one; a difference is shown as two process tables'),
  async handler({ files = [], record }) {
    const interruption = new Interruption();
    const [{ verifyLitmus, recordOf }, { formatVerification }, { printObserved }] = await Promise.all([
      import('../lab/verify.js'),
      import('../lab/format.js'),
      import('../lab/observed.js'),
    ]);
    const paths = (files.length === 0 ? [LITMUS_DIR] : files).flatMap(litmusFiles);
    const progress = new Progress(1);
    try {
      const verification = await verifyLitmus(paths, {
        signal: interruption.signal,
        onResult: (result, done, total) => progress.update(done / total, result.litmus.name),
      });
      progress.clear();
      interruption.throwIfAborted();
      const { results, diagnostics } = verification;
      if (diagnostics.length > 0) {
        throw new CommandError(EXIT.usage, diagnostics.map((each) => formatDiagnostic(each)).join('\n'));
      }
      process.stdout.write(`${formatVerification(verification).trimEnd()}\n`);
      if (record) writeObserved(`${verification.kernel.release}.json`, printObserved(recordOf(verification)));
      if (results.some(({ verdict }) => verdict === 'differs' || verdict === 'failed')) {
        throw new CommandError(EXIT.failure);
      }
      if (results.some(({ verdict }) => verdict === 'skipped')) throw skipped();
    } finally {
      progress.clear();
      interruption.forget();
    }
  },
};

function litmusFiles(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw usageError(`${path}: no such file or folder`);
  if (!stat.isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

function writeObserved(name: string, text: string): void {
  const folder = join(LITMUS_DIR, 'observed');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
  process.stderr.write(`recorded in ${join(folder, name)}\n`);
}
