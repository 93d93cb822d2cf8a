/** Random scripts in three real shells and in the model, to their end and killed: what is left, and the exit status. */
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
const BOUND_MS = 12_000;
const STUBS = ['quick', 'slow', 'long', 'bad', 'slowbad', 'spawn'];

export interface Case {
  shell: RealShell;
  script: Script;
  killed: boolean;
  /** `pids.max` of a cgroup of its own: it and so many less one may be there. Absent: no limit. */
  pidsMax?: number;
}

export interface Difference extends Case {
  real: string;
  model: string;
}

export interface ShellFuzzReport {
  seed: number;
  scripts: number;
  agreed: number;
  /** Scripts of which something is not understood. */
  assumed: { text: string; what: string }[];
  /** The real shells themselves go now this way, now that, and the model one of these. */
  races: number;
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

  run({ shell, script, killed, pidsMax }: Case): Promise<string> {
    const words = [...REAL_SHELLS[shell], ...script.options, '-c', script.text];
    const env = {
      ...process.env,
      PATH: `${this.folder}:${process.env.PATH}`,
      PIDSIM_UNIT_MS: String(UNIT_MS),
      ENV: '',
      ...(pidsMax === undefined ? {} : { PIDSIM_CGROUP: this.cgroupOf(pidsMax) }),
    };
    const args = [String(killed ? UNIT_MS : 0), String(BOUND_MS), ...words];
    return new Promise((resolve) => {
      execFile(
        join(this.folder, 'run'),
        args,
        { env, cwd: this.folder, timeout: 3 * BOUND_MS, killSignal: 'SIGKILL' },
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
export function onModel({ shell, script, killed, pidsMax }: Case): { text: string; assumed: string | null } {
  const left = runOnModel(SHELLS[shell], script.text, killed ? UNIT_MS : 0, UNIT_MS, script.options, pidsMax);
  if ('message' in left) return { text: left.message, assumed: left.message };
  const [first] = left.assumptions;
  return { text: textOf(left), assumed: first === undefined ? null : `${first.where}: ${first.what}` };
}

function textOf({ status, zombies, pinned }: Left): string {
  return `${status} ${zombies} ${pinned}`;
}

/** A shell whose end depends on luck has had it all by then. */
const RUNS_AGAIN = 6;

export interface ShellFuzzOptions {
  seed: number;
  count: number;
  first?: number;
  shells?: readonly RealShell[];
  /** How many namespaces at once: the work is sleeping. */
  atOnce?: number;
  onProgress?: (done: number) => void;
}

export async function fuzzShells(options: ShellFuzzOptions): Promise<ShellFuzzReport> {
  const { seed, count, first = 0, shells = ['dash', 'bash', 'ash'], atOnce = 24 } = options;
  const report: ShellFuzzReport = { seed, scripts: count, agreed: 0, assumed: [], races: 0, differences: [] };
  const cases: Case[] = [];
  for (let index = first; index < first + count; index++) {
    const script = generateScript(seed, index);
    for (const shell of shells) for (const killed of [false, true]) cases.push({ shell, script, killed });
  }
  const runner = new Runner();
  const doubtful: Difference[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < cases.length) {
      const each = cases[next++];
      const real = await runner.run(each);
      const model = onModel(each);
      if (model.assumed !== null && !each.killed)
        report.assumed.push({ text: each.script.text, what: model.assumed });
      if (real === model.text) report.agreed++;
      else doubtful.push({ ...each, real, model: model.text });
      options.onProgress?.(report.agreed);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  for (const each of doubtful) {
    const again: string[] = [];
    for (let run = 0; run < RUNS_AGAIN && again.at(-1) !== each.model; run++)
      again.push(await runner.run(each));
    if (again.at(-1) === each.model) report.races++;
    else report.differences.push({ ...each, real: [...new Set([each.real, ...again])].join(' | ') });
  }
  runner.close();
  return report;
}

export function formatShellFuzz({
  seed,
  scripts,
  agreed,
  assumed,
  races,
  differences,
}: ShellFuzzReport): string {
  const lines = [
    `seed ${seed}: ${scripts} scripts; ${agreed} runs agree, ${races} are left to chance by the shells themselves`,
    `${differences.length} differ`,
  ];
  for (const { shell, script, killed, real, model } of differences)
    lines.push(
      `  ${shell} ${script.options.join(' ')} ${killed ? 'killed' : 'natural'}: real ${real}, model ${model}: ${JSON.stringify(script.text)}`,
    );
  lines.push(`${assumed.length} of the scripts have something that is not understood`);
  for (const { text, what } of assumed.slice(0, 10)) lines.push(`  ${what}: ${JSON.stringify(text)}`);
  return `${lines.join('\n')}\n`;
}
