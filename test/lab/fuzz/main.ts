/**
 * `npm run lab:fuzz -- [--minutes N] [--count N] [--seed N] [--first N]`; exit 0 agree, 1 differ, 2 usage, 3 skipped.
 *
 * `--shell` compares random scripts in dash, bash and busybox ash with the model instead, and `--scripts FILE`
 * those of a file. `--coverage` says what so many programs (default 1,000) are made of and run into, on the
 * model alone.
 */
import { readFileSync } from 'node:fs';
import { missingForLab } from '../../../src/lab/namespace/setup.js';
import { numberOrExit, optionsOrExit } from '../options.js';
import { formatShellFuzz, fuzzShells } from '../shell/compare.js';
import type { Script } from '../shell/generate.js';
import { coverageOf, formatCoverage } from './coverage.js';
import { formatFuzzReport, fuzz } from './fuzz.js';

const EXIT_SKIPPED = 3;
const EXIT_INTERRUPTED = 130;
const SCRIPTS = 200;

const USAGE = `npm run lab:fuzz -- [options]
  --minutes N   for so long (default 1)
  --count N     so many programs instead
  --seed N      of the programs (default: any; it is in the report)
  --first N     begins with this one of the seed's programs (default 0)
  --shell       random shell scripts in dash, bash and ash (default 200 of them)
  --scripts F   the scripts of a file, each a line: the text as a JSON string
  --coverage    says what the programs are made of and run into, on the model alone
`;

const values = optionsOrExit(USAGE, {
  minutes: { type: 'string' },
  count: { type: 'string' },
  seed: { type: 'string' },
  first: { type: 'string' },
  shell: { type: 'boolean' },
  scripts: { type: 'string' },
  coverage: { type: 'boolean' },
});
const count = numberOrExit('count', values.count, { whole: true });
const minutes = numberOrExit('minutes', values.minutes, {}) ?? (count === undefined ? 1 : undefined);
const seed = numberOrExit('seed', values.seed, { whole: true }) ?? Math.floor(Math.random() * 1e6);
const first = numberOrExit('first', values.first, { whole: true });

if (values.coverage) {
  process.stdout.write(formatCoverage(coverageOf(seed, count ?? 1000)));
  process.exit();
}

const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());
const given = values.scripts === undefined ? undefined : scriptsOf(values.scripts);
if (values.shell || given !== undefined) await compareShells();

function scriptsOf(file: string): Script[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => ({ text: JSON.parse(line), options: [] }));
}

async function compareShells(): Promise<never> {
  const missing = missingForLab();
  if (missing.length > 0) {
    process.stdout.write(missing.map((text) => `nothing was run: ${text}\n`).join(''));
    process.exit(process.env.PIDSIM_LAB === 'required' ? 1 : EXIT_SKIPPED);
  }
  const report = await fuzzShells({
    seed,
    count: count ?? SCRIPTS,
    first,
    given,
    onProgress: (done) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done} runs agree`);
    },
  });
  process.stdout.write(formatShellFuzz(report));
  process.exit(report.differences.length > 0 ? 1 : 0);
}

const report = await fuzz({
  seed,
  minutes,
  count,
  first,
  signal: interruption.signal,
  onProgress: (done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} programs agree`);
  },
});
if (process.stderr.isTTY) process.stderr.write('\r');
if (interruption.signal.aborted) process.exit(EXIT_INTERRUPTED);
process.stdout.write(formatFuzzReport(report));
const required = process.env.PIDSIM_LAB === 'required';
process.exitCode =
  report.disagreement !== null ? 1 : report.missing.length > 0 ? (required ? 1 : EXIT_SKIPPED) : 0;
