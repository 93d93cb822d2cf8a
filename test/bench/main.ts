/**
 * `npm run bench`: every case several times, taking turns, each time in a process of its own; medians; a table on the
 * terminal and a JSON file (`Figures`). See docs/performance.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchCase, type BenchRatio, keyOf } from './bench-case.js';
import { CACHE } from './cache.js';
import { cases as calendar, ratios as calendarRatios } from './cases/calendar.js';
import { cases as commandLine } from './cases/command-line.js';
import { cases as forward } from './cases/forward.js';
import { cases as kernel, ratios as kernelRatios } from './cases/kernel.js';
import { cases as runs } from './cases/runs.js';
import { type Figures, median } from './figures.js';
import { isReached, table } from './table.js';

const USAGE = `npm run bench -- [options]
  --only PATTERN    cases whose "group: name" matches this regular expression
  --runs N          how often each (default 3); a case of more than a minute runs once
  --quick           once each, and none that takes more than a few seconds
  --json FILE       where the figures go (default ${CACHE}/figures.json)
  --compare FILE    figures of an earlier run: shows what has changed by more than noise
  --check           exit code 1 if a target is missed
`;

const CASES: BenchCase[] = [...calendar, ...kernel, ...runs, ...forward, ...commandLine];
const RATIOS: BenchRatio[] = [...calendarRatios, ...kernelRatios];
const LONG_SECONDS = 60;
/** Left out by --quick. */
const LONG =
  /110 pods|10,000 pods|4,194,304, to|1,000 replications|every input|compare --fixes|all that its node ran|1,000 scenarios|a tenth of|with containerd|npm start|memory for each task/;

const { values: options } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    runs: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string', default: `${CACHE}/figures.json` },
    compare: { type: 'string' },
    check: { type: 'boolean', default: false },
    /** For the processes that this one starts: run the case of that key and print its figure. */
    measure: { type: 'string' },
  },
});

if (options.help) {
  process.stdout.write(USAGE);
} else if (options.measure !== undefined) {
  const found = CASES.find((each) => keyOf(each) === options.measure);
  process.stdout.write(`${await found!.run()}\n`);
} else {
  runAll();
}

function runAll(): void {
  const base =
    options.compare === undefined ? null : (JSON.parse(readFileSync(options.compare, 'utf8')) as Figures);
  const pattern = new RegExp(options.only);
  const chosen = CASES.filter(
    (each) => pattern.test(keyOf(each)) && !(options.quick && LONG.test(each.name)),
  );
  const figures: Figures = {
    date: new Date().toISOString(),
    node: process.version,
    cpu: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    loadAverage: loadavg()[0],
    medians: {},
    runs: {},
    units: {},
    versions: {},
    missing: {},
  };
  for (const each of chosen) {
    const reason = each.missing?.() ?? null;
    if (reason !== null) figures.missing[keyOf(each)] = reason;
    else if (each.version !== undefined) figures.versions[keyOf(each)] = each.version();
  }
  takeTurns(
    chosen.filter((each) => figures.missing[keyOf(each)] === undefined),
    options.quick ? 1 : Number(options.runs),
    figures,
  );
  workOut(figures);
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(figures, null, 2)}\n`);
  const lines = [...chosen, ...RATIOS];
  process.stdout.write(table(lines, figures, base));
  if (options.check && !lines.every((line) => isReached(line, figures))) process.exitCode = 1;
}

/** Round after round, so that what the machine does meanwhile hits all cases alike. */
function takeTurns(chosen: BenchCase[], rounds: number, figures: Figures): void {
  const long = new Set<BenchCase>();
  const progress = process.stderr.isTTY ? '\r\x1b[K' : '\n';
  for (let round = 0; round < rounds; round++) {
    for (const each of chosen) {
      if (long.has(each)) continue;
      const key = keyOf(each);
      process.stderr.write(`${progress}${round + 1}/${rounds}  ${key}`);
      const start = performance.now();
      const value = Number(
        execFileSync(process.execPath, [...process.execArgv, process.argv[1], '--measure', key], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'inherit'],
        }),
      );
      (figures.runs[key] ??= []).push(value);
      if (performance.now() - start > LONG_SECONDS * 1000) long.add(each);
    }
  }
  process.stderr.write(progress);
}

function workOut({ medians, runs, units }: Figures): void {
  for (const [key, values] of Object.entries(runs)) medians[key] = median(values);
  for (const ratio of RATIOS) {
    const value = ratio.value((key) => medians[key]);
    if (value !== null) medians[keyOf(ratio)] = value;
  }
  for (const each of [...CASES, ...RATIOS]) {
    if (medians[keyOf(each)] !== undefined) units[keyOf(each)] = each.unit;
  }
}
