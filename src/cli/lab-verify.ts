/** `pidsim lab verify`: every litmus on the model and on the kernel. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandModule } from 'yargs';
import { formatVerification, verificationDocument } from '../lab/litmus/format.js';
import { cpusHere } from '../lab/litmus/kernel-run.js';
import { type ObservedFile, printObserved } from '../lab/litmus/observed.js';
import { recordOf, type Verification, verifyLitmus } from '../lab/litmus/verify.js';
import { toJson } from '../report/document.js';
import { plural } from '../text/figures.js';
import { CommandError, EXIT, invalid, usageError } from './exit.js';
import { sourceFilesIn } from './files.js';
import { inLab, skipped } from './lab-command.js';
import { number, off, outputOption } from './options.js';
import { Progress } from './progress.js';

/** In a checkout, and in the package. */
const SHIPPED = ['../../test/litmus', '../test/litmus'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const BOUND_SECONDS_MAX = 3600;
/** Runs on two CPUs, to see other orders: with `--cpus 2`, and without it of files that are named. */
const ORDERS = 20;
const ORDERS_LOOKED_AT = 4;
const CPUS = [
  `2: ${ORDERS} more runs of each on two CPUs, which run its processes in other orders`,
  `default: ${ORDERS_LOOKED_AT} of each file that is named`,
];

interface Arguments {
  files?: string[];
  record: boolean;
  output: string;
  bound: number;
  cpus?: number;
}

export const verifyCommand: CommandModule<object, Arguments> = {
  command: 'verify [files..]',
  describe: 'Run litmus files on the model and on the real kernel, and compare',
  builder: (yargs) =>
    yargs
      .positional('files', {
        type: 'string',
        array: true,
        describe: 'Litmus files or folders; default: those that come with pidsim',
      })
      .options({
        record: off('Write what this kernel did to observed/ beside the files'),
        output: outputOption(['text', 'json'], '; json has both process tables in full'),
        bound: { ...number('Seconds to wait for a litmus to come to rest'), default: 10 },
        cpus: {
          choices: [1, 2],
          describe: CPUS.join('; '),
        },
      })
      .example('$0 lab verify', 'the litmus files that come with pidsim')
      .example('$0 lab verify my-litmus.yaml', 'one; a difference is shown as two process tables'),
  async handler({ files = [], record, output, bound, cpus }) {
    const boundMs = boundOrExit(bound);
    const otherOrders = ordersOrExit(cpus, files.length > 0);
    const paths = files.length === 0 ? shippedFiles() : files.flatMap(litmusFiles);
    const progress = new Progress(1);
    await inLab(async (signal) => {
      const verification = await verifyLitmus(paths, {
        boundMs,
        otherOrders,
        signal,
        onResult: (result, done, total) => progress.update(done / total, result.litmus.name),
      }).finally(() => progress.clear());
      signal.throwIfAborted();
      const { results, diagnostics } = verification;
      if (diagnostics.length > 0) throw invalid(diagnostics);
      const asJson = output === 'json';
      process.stdout.write(
        asJson ? toJson(verificationDocument(verification)) : formatVerification(verification),
      );
      if (record) writeObserved(verification);
      if (results.some(({ verdict }) => verdict === 'failed')) throw new CommandError(EXIT.failure);
      if (results.some(({ verdict }) => verdict === 'differs'))
        throw new CommandError(EXIT.expectationFailed);
      if (results.some(({ verdict }) => verdict === 'skipped')) throw skipped();
    });
  },
};

function boundOrExit(seconds: number): number {
  if (seconds > 0 && seconds <= BOUND_SECONDS_MAX) return Math.ceil(seconds * 1000);
  throw usageError(`--bound must be more than 0 and at most ${BOUND_SECONDS_MAX} seconds`);
}

function ordersOrExit(cpus: number | undefined, areNamed: boolean): number {
  const hasTwo = cpusHere().length > 1;
  if (cpus === 2 && !hasTwo) throw usageError('--cpus 2 needs two CPUs, and this process may use one');
  if (cpus === 2) return ORDERS;
  return cpus === undefined && areNamed && hasTwo ? ORDERS_LOOKED_AT : 0;
}

function shippedFiles(): string[] {
  const paths = litmusFiles(SHIPPED.find((path) => existsSync(path)) ?? SHIPPED[0]);
  const count = plural(paths.length, 'litmus file');
  process.stderr.write(`${count} that come with pidsim; name files to run your own (docs/litmus.md)\n`);
  return paths;
}

function litmusFiles(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw usageError(`${path}: no such file or folder`);
  return stat.isDirectory() ? sourceFilesIn(path) : [path];
}

/** Into `observed/` beside the litmus files; what was recorded there of others that still exist stays. */
function writeObserved(verification: Verification): void {
  for (const folder of new Set(verification.results.map(({ litmus }) => dirname(litmus.file)))) {
    const results = verification.results.filter(({ litmus }) => dirname(litmus.file) === folder);
    const path = join(folder, 'observed', `${verification.kernel.release}.json`);
    const record = recordOf({ ...verification, results }, existsSync(path) ? readObserved(path) : undefined);
    for (const name of Object.keys(record.observations)) {
      const exists =
        results.some(({ litmus }) => litmus.name === name) || existsSync(join(folder, `${name}.yaml`));
      if (!exists) delete record.observations[name];
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, printObserved(record));
    process.stderr.write(`recorded in ${path}\n`);
  }
}

function readObserved(path: string): ObservedFile {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as ObservedFile;
    if (record?.observations instanceof Object) return record;
  } catch {
    // Said below, as for a file that is JSON and something else.
  }
  throw usageError(`${path} is not a recording of \`lab verify\`, so it is left as it is`, 'move it away');
}
