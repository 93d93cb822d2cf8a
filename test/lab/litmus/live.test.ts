/** The litmus files on the kernel of this machine, and what is left behind afterwards. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { formatVerification } from '../../../src/lab/litmus/format.js';
import { cpusHere, missingForLitmus, runOnKernel } from '../../../src/lab/litmus/kernel-run.js';
import { litmusOf } from '../../../src/lab/litmus/litmus.js';
import { verifyLitmus } from '../../../src/lab/litmus/verify.js';
import { pidsCgroupRoot } from '../../../src/lab/namespace/setup.js';
import type { Step } from '../../../src/program/step.js';
import { formatFuzzReport, fuzz } from '../fuzz/fuzz.js';
import { describeLive } from '../live.js';
import { litmusPaths } from './files.js';

const SLOW_MS = 600_000;

function litmusRunning(steps: Step[]) {
  const litmus = litmusOf({
    name: 'endless',
    question: 'Does it ever come to rest?',
    rules: [],
    limits: { pidMax: 320 },
    programs: { init: { comm: 'init', steps } },
    init: 'init',
  });
  if (!litmus.ok) throw new Error(litmus.diagnostics[0].message);
  return litmus.value;
}

/** Processes of the runner that descend from a process, and cgroups that carry its PID. */
function leftOf(driver: number): string[] {
  const root = pidsCgroupRoot()!;
  const groups = readdirSync(root).filter((name) => name.startsWith(`pidsim-litmus-${driver}-`));
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const charged = numbers.filter((number) =>
    read(`/proc/${number}/cgroup`).includes(`/pidsim-litmus-${driver}-`),
  );
  return [...groups.map((name) => `cgroup ${name}`), ...charged.map((number) => `process ${number}`)];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function expectNothingOf(driver: number): Promise<void> {
  for (let waited = 0; waited < 10_000 && leftOf(driver).length > 0; waited += 50) await sleep(50);
  expect(leftOf(driver)).toEqual([]);
}

async function startDriver(): Promise<ChildProcess> {
  const driver = spawn(process.execPath, ['--import', 'tsx', 'test/lab/litmus/drive.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => driver.stdout!.once('data', resolve));
  expect(leftOf(driver.pid!).length, 'the runner is under way').toBeGreaterThan(0);
  return driver;
}

describeLive('the litmus files on this kernel', () => {
  it('can all be run here, or it is said why not', () => expect(missingForLitmus()).toEqual([]));

  it(
    'agree with the model, and with what they expect',
    async () => {
      const verification = await verifyLitmus(litmusPaths());
      const notAgreed = verification.results.filter(
        ({ verdict }) => verdict !== 'agrees' && verdict !== 'skipped',
      );
      expect(
        notAgreed.map(({ litmus }) => litmus.name),
        formatVerification(verification),
      ).toEqual([]);
      await expectNothingOf(process.pid);
    },
    SLOW_MS,
  );

  it(
    'agree with the model on random programs as well',
    async () => {
      const report = await fuzz({ seed: 20170401, count: 25 });
      expect(report.disagreement?.text, formatFuzzReport(report)).toBeUndefined();
      expect(report.done + report.undecided.length).toBe(25);
      await expectNothingOf(process.pid);
    },
    SLOW_MS,
  );
});

describeLive('a litmus that never comes to rest', () => {
  const FORK_BOMB: Step[] = [
    { repeat: { times: 'forever', steps: [{ fork: { program: 'init', orElse: [] } }] } },
  ];

  it.each<[string, Step[]]>([
    ['sleeps again and again', [{ repeat: { times: 'forever', steps: [{ sleep: '1s' }] } }]],
    ['spins', [{ repeat: { times: 'forever', steps: ['reap'] } }]],
    ['is a fork bomb', FORK_BOMB],
  ])('because it %s is reported as such, and leaves nothing', async (_, steps) => {
    const outcome = await runOnKernel(litmusRunning(steps), { boundMs: 500 });
    expect(outcome.kind).toBe('restless');
    await expectNothingOf(process.pid);
  });

  it('ends when it is told to, and leaves nothing', async () => {
    const controller = new AbortController();
    const run = runOnKernel(litmusRunning([{ repeat: { times: 'forever', steps: ['reap'] } }]), {
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 300);
    expect((await run).kind).toBe('failed');
    await expectNothingOf(process.pid);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('leaves nothing when its driver gets %s', async (signal) => {
    const driver = await startDriver();
    const ended = new Promise((resolve) => driver.once('close', resolve));
    driver.kill(signal);
    await ended;
    await expectNothingOf(driver.pid!);
    expect(existsSync(`/proc/${driver.pid}`)).toBe(false);
  });
});

describeLive('pidsim lab verify', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pidsim-verify-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function verify(...args: string[]) {
    const cli = join(import.meta.dirname, '../../../dist/cli.js');
    return spawnSync(process.execPath, [cli, 'lab', 'verify', ...args], { cwd: folder, encoding: 'utf8' });
  }

  function write(name: string, steps: string): void {
    const programs = `programs:\n  init: {comm: init, steps: ${steps}}\n`;
    writeFileSync(
      join(folder, name),
      `name: ${name.slice(0, -5)}\nquestion: q\nrules: []\n${programs}init: init\n`,
    );
  }

  it('gives both worlds as data, and calls a world that moves restless after the bound', () => {
    write('rests.yaml', '[{fork: {comm: child, steps: [{exit: 0}]}}, pause]');
    write('moves.yaml', '[{repeat: {times: forever, steps: [{sleep: 1s}]}}]');
    const { status, stdout } = verify('-o', 'json', '--bound', '1', 'rests.yaml', 'moves.yaml');
    const { results } = JSON.parse(stdout);
    expect(results[0]).toMatchObject({ name: 'rests', verdict: 'agrees', kernel: { kind: 'rest' } });
    expect(results[0].kernel.world.inside.tasks).toMatchObject([
      { comm: 'init' },
      { comm: 'child', stat: 'Z' },
    ]);
    expect(results[1]).toMatchObject({
      name: 'moves',
      kernel: { kind: 'restless', after: '1 s of real time' },
    });
    expect(status).toBe(0);
  });

  /** Which order comes up is chance: it is asked again until there is another, and never for ever. */
  it.runIf(cpusHere().length > 1)('says that its verdict is about one CPU, and what two may do', () => {
    const kids = '{repeat: {times: 8, steps: [{fork: {comm: kid, steps: [pause]}}]}}';
    const burst = `[{sigchld: reap-one}, ${kids}, {sleep: 3s}, {kill: {target: children, signal: KILL}}, pause]`;
    write('burst.yaml', burst);
    let run = verify('burst.yaml', '--cpus', '2');
    for (let again = 0; again < 10 && !run.stdout.includes('agrees, on one CPU'); again++)
      run = verify('burst.yaml', '--cpus', '2');
    expect(run.stdout).toMatch(/on one CPU 8 tasks, 7 zombies; on two, of 20 runs\n( +\d+ x .*\n)+/);
    expect(run.stdout).toMatch(/on two CPUs, 20 more runs each: 1 of 1 came out otherwise\.\n$/);
    expect(run.status).toBe(0);
    expect(verify('burst.yaml', '--cpus', '1').stdout).toMatch(/1 agrees\n.*--cpus 2 tries others\.\n$/);
    write('calm.yaml', '[pause]');
    expect(verify('calm.yaml').stdout).toMatch(/on two CPUs, 4 more runs each: the same each time\.\n$/);
  });

  it('records beside the files, and keeps what is there of others that still exist', () => {
    write('first.yaml', '[pause]');
    write('second.yaml', '[{sleep: 1s}, pause]');
    write('gone.yaml', '[pause]');
    const recorded = (): string[] => {
      const [name] = readdirSync(join(folder, 'observed'));
      return Object.keys(JSON.parse(readFileSync(join(folder, 'observed', name), 'utf8')).observations);
    };
    expect(verify('--record', 'first.yaml', 'gone.yaml').status).toBe(0);
    rmSync(join(folder, 'gone.yaml'));
    expect(verify('--record', 'second.yaml').status).toBe(0);
    expect(recorded()).toEqual(['first', 'second']);
  });

  it('does not write over a recording that it cannot read', () => {
    write('rests.yaml', '[pause]');
    expect(verify('--record', 'rests.yaml').status).toBe(0);
    const [path] = readdirSync(join(folder, 'observed')).map((name) => join(folder, 'observed', name));
    writeFileSync(path, '{"observations": ');
    const { status, stdout, stderr } = verify('--record', 'rests.yaml');
    expect(status).toBe(2);
    expect(stdout).toContain('agrees');
    expect(stderr).toMatch(/observed\/.*\.json.*is not a recording/);
    expect(readFileSync(path, 'utf8')).toBe('{"observations": ');
    rmSync(path);
  });

  it('takes no bound of nothing', () => expect(verify('--bound', '0', 'rests.yaml').status).toBe(2));
});
