/**
 * Random scripts in three real shells and in the model, to their end and killed: what is left, and the exit
 * status.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pidsCgroupRoot } from '../../../src/lab/namespace/setup.js';
import { SHELLS } from '../../../src/program/shell/index.js';
import { type Left, runOnModel } from '../../program/shell/model.js';
import { generateScript, type Script } from './generate.js';

export const REAL_SHELLS = { dash: ['dash'], bash: ['bash'], ash: ['busybox', 'sh'] } as const;
export type RealShell = keyof typeof REAL_SHELLS;

/** What `slow` is two of; a shell that is killed is killed after one. */
const UNIT_MS = 250;
/** In units: a script that lives for longer is ended. */
const BOUND_UNITS = 48;
const STUBS = ['quick', 'slow', 'long', 'bad', 'slowbad', 'spawn'];

export interface Case {
  shell: RealShell;
  script: Script;
  killed: boolean;
  /** `pids.max` of a cgroup of its own: it and so many less one may be there. Absent: no limit. */
  pidsMax?: number;
  unitMs?: number;
}

export interface Difference extends Case {
  /** What the real shell answered, the commonest first, with how often. */
  real: string;
  model: string;
}

export interface ShellFuzzReport {
  /** null: the scripts were given. */
  seed: number | null;
  scripts: number;
  agreed: number;
  /** Scripts of which something is not understood. */
  assumed: { text: string; what: string }[];
  /** Runs that differed once, and agree when they are slow: the machine was busy. */
  disturbed: Difference[];
  /** Left to chance: the same real shell goes now this way, now that, and the model one of these. */
  chance: Difference[];
  /** … and the model none of those that were seen. */
  otherChance: Difference[];
  differences: Difference[];
}

/** The runner, compiled, with the stand-ins beside it. */
export class Runner {
  private readonly cgroups: string[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'pidsim-shell-'));

  constructor() {
    const program = join(this.folder, 'run');
    execFileSync('cc', ['-O1', '-o', program, new URL('run.c', import.meta.url).pathname]);
    for (const stub of STUBS) symlinkSync('run', join(this.folder, stub));
  }

  run({ shell, script, killed, pidsMax, unitMs = UNIT_MS }: Case): Promise<string> {
    const words = [...REAL_SHELLS[shell], ...script.options, '-c', script.text];
    const env = {
      ...process.env,
      PATH: `${this.folder}:${process.env.PATH}`,
      PIDSIM_UNIT_MS: String(unitMs),
      ENV: '',
      ...(pidsMax === undefined ? {} : { PIDSIM_CGROUP: this.cgroupOf(pidsMax) }),
    };
    const boundMs = BOUND_UNITS * unitMs;
    const args = [String(killed ? unitMs : 0), String(boundMs), ...words];
    return new Promise((resolve) => {
      execFile(
        join(this.folder, 'run'),
        args,
        { env, cwd: this.folder, timeout: 3 * boundMs, killSignal: 'SIGKILL' },
        (error, stdout) => resolve(error === null ? stdout.trim() : `failed: ${error.message}`),
      );
    });
  }

  /** Where to write a process that is to be in a pids cgroup of that limit. */
  private cgroupOf(pidsMax: number): string {
    const folder = join(pidsCgroupRoot()!, `pidsim-${process.pid}-${this.cgroups.length}`);
    mkdirSync(folder);
    this.cgroups.push(folder);
    writeFileSync(join(folder, 'pids.max'), `${pidsMax}`);
    return join(folder, 'cgroup.procs');
  }

  close(): void {
    for (const folder of this.cgroups) rmdirSync(folder);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** As the runner prints it: `status zombies pinned`. */
export function onModel({ shell, script, killed, pidsMax, unitMs = UNIT_MS }: Case): {
  text: string;
  assumed: string | null;
} {
  const left = runOnModel(SHELLS[shell], script.text, killed ? unitMs : 0, unitMs, script.options, pidsMax);
  if ('message' in left) return { text: left.message, assumed: left.message };
  const [first] = left.assumptions;
  return { text: textOf(left), assumed: first === undefined ? null : `${first.where}: ${first.what}` };
}

function textOf({ status, zombies, pinned }: Left): string {
  return `${status} ${zombies} ${pinned}`;
}

/**
 * A run that has differed is repeated slowly, so that a busy machine does not matter: `slow` is two of these. No
 * kill falls on a whole second, when busybox’s timeout looks.
 */
const PACES = [
  { unitMs: 1_400, runs: 6 },
  { unitMs: 2_300, runs: 20 },
];
/** So often alike, and it was the machine. */
const ALIKE_RUNS = 3;

export interface ShellFuzzOptions {
  seed: number;
  count: number;
  first?: number;
  /** These, and none that are made up: `seed`, `count` and `first` say nothing then. */
  given?: readonly Script[];
  shells?: readonly RealShell[];
  /** How many namespaces at once: the work is sleeping. */
  atOnce?: number;
  onProgress?: (done: number) => void;
}

export async function fuzzShells(options: ShellFuzzOptions): Promise<ShellFuzzReport> {
  const { seed, count, first = 0, shells = ['dash', 'bash', 'ash'], atOnce = 24 } = options;
  const { given = Array.from({ length: count }, (_, index) => generateScript(seed, first + index)) } =
    options;
  const report: ShellFuzzReport = {
    seed: options.given === undefined ? seed : null,
    scripts: given.length,
    agreed: 0,
    assumed: [],
    disturbed: [],
    chance: [],
    otherChance: [],
    differences: [],
  };
  const cases: Case[] = [];
  for (const script of given)
    for (const shell of shells) for (const killed of [false, true]) cases.push({ shell, script, killed });
  const runner = new Runner();
  const doubtful: Difference[] = [];
  await inParallel(cases, atOnce, async (each) => {
    const real = await runner.run(each);
    const model = onModel(each);
    if (model.assumed !== null && !report.assumed.some(({ text }) => text === each.script.text))
      report.assumed.push({ text: each.script.text, what: model.assumed });
    if (real === model.text) report.agreed++;
    else doubtful.push({ ...each, real, model: model.text });
    options.onProgress?.(report.agreed);
  });
  await inParallel(doubtful, Math.ceil(atOnce / 2), async (each) => {
    const { verdict, real, model } = await repeat(runner, each);
    report[verdict].push(verdict === 'disturbed' ? each : { ...each, real, model });
  });
  runner.close();
  return report;
}

export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

type Verdict = 'disturbed' | 'chance' | 'otherChance' | 'differences';

/** Is it the machine, is it chance, or is the model wrong? */
async function repeat(
  runner: Runner,
  each: Case,
): Promise<{ verdict: Verdict; real: string; model: string }> {
  let real = '';
  let model = '';
  let varies = false;
  for (const { unitMs, runs } of PACES) {
    const slow = { ...each, unitMs };
    model = onModel(slow).text;
    const counts = new Map<string, number>();
    for (let run = 1; run <= runs; run++) {
      const answer = await runner.run(slow);
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
      if (counts.get(model) === ALIKE_RUNS && counts.size === 1) return { verdict: 'disturbed', real, model };
      real = textOfCounts(counts, run);
      if (counts.has(model) && counts.size > 1) return { verdict: 'chance', real, model };
    }
    varies = counts.size > 1;
  }
  return { verdict: varies ? 'otherChance' : 'differences', real, model };
}

function textOfCounts(counts: ReadonlyMap<string, number>, runs: number): string {
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return sorted.map(([answer, times]) => `${answer} (${times} of ${runs})`).join(', ');
}

export function formatShellFuzz(report: ShellFuzzReport): string {
  const { seed, scripts, agreed, assumed, disturbed, chance, otherChance, differences } = report;
  const lines = [
    `${seed === null ? '' : `seed ${seed}: `}${scripts} scripts; ${agreed} runs agree at once`,
    `${disturbed.length} differ at once and agree when repeated slowly: the machine was busy, or a second matters`,
    ...disturbed.map(lineOf),
    `${chance.length} are left to chance: the same shell goes now this way, now that, and the model one of them`,
    ...chance.map(lineOf),
    `${otherChance.length} more are, and the model is none of those seen in ${PACES[1].runs} repetitions`,
    ...otherChance.map(lineOf),
    `${differences.length} differ`,
    ...differences.map(lineOf),
    `${assumed.length} of the scripts have something that is not understood`,
    ...assumed.slice(0, 10).map(({ text, what }) => `  ${what}: ${JSON.stringify(text)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function lineOf({ shell, script, killed, real, model }: Difference): string {
  const how = [shell, ...script.options, killed ? 'killed' : 'natural'].join(' ');
  return `  ${how}: real ${real}, model ${model}: ${JSON.stringify(script.text)}`;
}
