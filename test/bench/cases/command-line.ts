/** The program as its users start it: whole processes, from the shell's point of view. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulate } from '../../../src/run/run.js';
import { type BenchCase, seconds } from '../bench-case.js';
import { median } from '../figures.js';
import { INCIDENT, INCIDENT_FILE } from '../scenarios.js';

const group = 'command line';
const CLI = 'dist/cli.js';
const RUN = ['run', INCIDENT_FILE, '-o', 'json', '--no-write-files'];

function missing(): string | null {
  return existsSync(CLI) ? null : `needs ${CLI}: npm run bundle`;
}

/** Seconds of a whole process; an expectation that fails (99) is a result like another. */
function wholeProcess(...args: string[]): number {
  return seconds(() => {
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0 && status !== 99) throw new Error(`node ${args.join(' ')}: ${status}\n${stderr}`);
  });
}

const NODE: BenchCase = {
  group,
  name: 'node -e 0',
  unit: 's',
  better: 'less',
  run: () => median(Array.from({ length: 5 }, () => wholeProcess('-e', '0'))),
};

/** Once, in a fresh process, as the command does it: most of it is not yet compiled. */
const SIMULATION: BenchCase = {
  group,
  name: 'the incident, 30 days, simulated in a fresh process',
  unit: 's',
  better: 'less',
  run: () => seconds(() => simulate(INCIDENT)),
};

const COMMAND: BenchCase = {
  group,
  name: 'pidsim run of the incident, -o json, the whole process',
  unit: 's',
  better: 'less',
  missing,
  run: () => wholeProcess(CLI, ...RUN),
};

const HELP: BenchCase = {
  group,
  name: 'pidsim --help, the whole process',
  unit: 's',
  better: 'less',
  missing,
  run: () => wholeProcess(CLI, '--help'),
};

const ALL: BenchCase = {
  group,
  name: 'npm start: all shipped scenarios with their charts',
  unit: 's',
  target: 20,
  better: 'less',
  missing,
  run: () => {
    const dir = mkdtempSync(join(tmpdir(), 'pidsim-bench-'));
    try {
      return wholeProcess(CLI, 'run', 'scenarios', '--dir', join(dir, 'output'));
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

/**
 * What the command itself reports of its simulation is subtracted. Each run stands beside a `node -e 0` of
 * the same moment, since the result is a small difference between large figures.
 */
const START: BenchCase = {
  group,
  name: 'that process without its simulation: node -e 0',
  unit: 'times',
  target: 3,
  better: 'less',
  missing,
  run: () => {
    const times = Array.from({ length: 5 }, () => {
      const nodeSeconds = (wholeProcess('-e', '0') + wholeProcess('-e', '0')) / 2;
      let output = '';
      const commandSeconds = seconds(() => {
        output = spawnSync(process.execPath, [CLI, ...RUN], { encoding: 'utf8' }).stdout;
      });
      return (commandSeconds - JSON.parse(output).metadata.wallSeconds) / nodeSeconds;
    });
    return median(times);
  },
};

export const cases: BenchCase[] = [NODE, SIMULATION, COMMAND, START, HELP, ALL];
