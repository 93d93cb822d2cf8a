/**
 * `npm run bench`: every case several times, taking turns, medians; a table on the terminal and a JSON file.
 *
 *   --only PATTERN    cases whose name matches
 *   --runs N          how often each (default 5; a case of more than ten seconds runs once)
 *   --json FILE       where the figures go (default .cache/bench.json)
 *   --compare FILE    figures of an earlier run: shows the change
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { BenchCase } from './bench-case.js';
import { cases as calendar } from './cases/calendar.js';
import { cases as kernel } from './cases/kernel.js';
import { cases as runs } from './cases/runs.js';

const LONG_SECONDS = 10;

interface Figures {
  node: string;
  cpu: string;
  /** Median by name of the case. */
  medians: Record<string, number>;
}

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '.' },
    runs: { type: 'string', default: '5' },
    json: { type: 'string', default: '.cache/bench.json' },
    compare: { type: 'string' },
  },
});

const chosen = [...calendar, ...kernel, ...runs].filter(({ name }) => new RegExp(options.only).test(name));
const figures = new Map<BenchCase, number[]>(chosen.map((each) => [each, []]));
const long = new Set<BenchCase>();

for (let round = 0; round < Number(options.runs); round++) {
  for (const each of chosen) {
    if (long.has(each)) continue;
    const started = performance.now();
    figures.get(each)!.push(await each.run());
    if (performance.now() - started > LONG_SECONDS * 1000) long.add(each);
    process.stderr.write('.');
  }
}
process.stderr.write('\n');

const result: Figures = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', medians: {} };
for (const [{ name }, values] of figures) result.medians[name] = median(values);
mkdirSync(dirname(options.json), { recursive: true });
writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
const base =
  options.compare === undefined ? null : (JSON.parse(readFileSync(options.compare, 'utf8')) as Figures);
process.stdout.write(`${chosen.map((each) => line(each, result.medians[each.name])).join('\n')}\n`);

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function line({ name, unit, target, better }: BenchCase, value: number): string {
  const reached = better === 'more' ? value >= target : value <= target;
  const before = base?.medians[name];
  const change =
    before === undefined ? '' : `  ${(((value - before) / before) * 100).toFixed(0).padStart(4)} %`;
  const aim = `${better === 'more' ? '>=' : '<='} ${short(target)}`;
  return `${name.padEnd(76)} ${short(value).padStart(8)} ${unit.padEnd(13)} ${aim.padEnd(9)} ${reached ? 'reached' : 'MISSED'}${change}`;
}

function short(value: number): string {
  return value >= 1e5 ? `${(value / 1e6).toFixed(1)} M` : value.toFixed(value < 10 ? 2 : 0);
}
