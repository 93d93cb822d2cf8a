/**
 * `npm run lab:fuzz -- [--minutes N] [--count N] [--seed N] [--first N]`; exit 0 agree, 1 differ, 2 usage, 3 skipped.
 *
 * `--coverage` instead says what so many programs (default 1,000) are made of and run into, on the model alone.
 */
import { parseArgs } from 'node:util';
import { coverageOf, formatCoverage } from './coverage.js';
import { formatFuzzReport, fuzz } from './fuzz.js';
import { endAllRuns } from './kernel-run.js';

const EXIT_SKIPPED = 3;
const EXIT_INTERRUPTED = 130;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    count: { type: 'string' },
    seed: { type: 'string' },
    first: { type: 'string' },
    coverage: { type: 'boolean' },
  },
});
const number = (name: 'minutes' | 'count' | 'seed' | 'first'): number | undefined => {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  console.error(`--${name} is a number, not "${text}"`);
  process.exit(2);
};
const count = number('count');
const minutes = number('minutes') ?? (count === undefined ? 1 : undefined);
const seed = number('seed') ?? Math.floor(Math.random() * 1e6);

if (values.coverage) {
  process.stdout.write(formatCoverage(coverageOf(seed, count ?? 1000)));
  process.exit();
}

process.once('SIGINT', () => void endAllRuns().then(() => process.exit(EXIT_INTERRUPTED)));
const report = await fuzz({
  seed,
  minutes,
  count,
  first: number('first'),
  onProgress: (done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} programs agree`);
  },
});
if (process.stderr.isTTY) process.stderr.write('\r');
process.stdout.write(formatFuzzReport(report));
const required = process.env.PIDSIM_LAB === 'required';
process.exitCode =
  report.disagreement !== null ? 1 : report.missing.length > 0 ? (required ? 1 : EXIT_SKIPPED) : 0;
