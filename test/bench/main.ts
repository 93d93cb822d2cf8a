/**
 * `npm run bench`: every case several times, taking turns, each time in a process of its own; medians; a table on the
 * terminal and a JSON file.
 *
 *   --only PATTERN    cases whose name matches
 *   --runs N          how often each (default 5; a case of more than ten seconds runs once)
 *   --json FILE       where the figures go (default .cache/bench/figures.json)
 *   --compare FILE    figures of an earlier run: shows the change
 *
 * A process of its own, because a just-in-time compiler makes of a function what its callers so far have taught it: in
 * one process the order of the cases would be part of the result.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { BenchCase, BenchRatio } from './bench-case.js';
import { CACHE } from './cache.js';
import { cases as calendar, ratios as calendarRatios } from './cases/calendar.js';
import { cases as kernel } from './cases/kernel.js';
import { cases as runs } from './cases/runs.js';
import { type Figures, median, table } from './table.js';

const CASES: BenchCase[] = [...calendar, ...kernel, ...runs];
const RATIOS: BenchRatio[] = [...calendarRatios];
const LONG_SECONDS = 10;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    runs: { type: 'string', default: '5' },
    json: { type: 'string', default: `${CACHE}/figures.json` },
    compare: { type: 'string' },
    /** For the processes that this one starts: run the case of that name and print its figure. */
    measure: { type: 'string' },
  },
});

if (options.measure !== undefined) {
  const found = CASES.find(({ name }) => name === options.measure);
  process.stdout.write(`${await found!.run()}\n`);
} else {
  runAll();
}

function runAll(): void {
  const base =
    options.compare === undefined ? null : (JSON.parse(readFileSync(options.compare, 'utf8')) as Figures);
  const pattern = new RegExp(options.only);
  const chosen = CASES.filter(({ name }) => pattern.test(name));
  const figures: Figures = {
    node: process.version,
    cpu: `${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`,
    loadAverage: loadavg()[0],
    medians: {},
    runs: {},
    versions: {},
    missing: {},
  };
  for (const { name, missing, version } of chosen) {
    const reason = missing?.() ?? null;
    if (reason !== null) figures.missing[name] = reason;
    else if (version !== undefined) figures.versions[name] = version();
  }
  takeTurns(
    chosen.filter(({ name }) => figures.missing[name] === undefined),
    Number(options.runs),
    figures,
  );
  for (const [name, values] of Object.entries(figures.runs)) figures.medians[name] = median(values);
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(figures, null, 2)}\n`);
  process.stdout.write(table(chosen, RATIOS, figures, base));
}

/** Round after round, so that what the machine does meanwhile hits all cases alike. */
function takeTurns(chosen: BenchCase[], rounds: number, { runs }: Figures): void {
  const long = new Set<BenchCase>();
  for (let round = 0; round < rounds; round++) {
    for (const each of chosen) {
      if (long.has(each)) continue;
      process.stderr.write(`\r\x1b[K${round + 1}/${rounds}  ${each.name}`);
      const start = performance.now();
      const value = Number(
        execFileSync(process.execPath, [...process.execArgv, process.argv[1], '--measure', each.name], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'inherit'],
        }),
      );
      (runs[each.name] ??= []).push(value);
      if (performance.now() - start > LONG_SECONDS * 1000) long.add(each);
    }
  }
  process.stderr.write('\r\x1b[K');
}
