/** A machine in a box: that it is private and goes away, and what its kernel does beside the model. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { examineInit } from '../../src/lab/init/examine.js';
import { readLitmusFiles } from './litmus/files.js';
import { describeLive } from './live.js';
import { Box, type BoxTable, missingForBox, missingForContainers } from './machine/box.js';
import { CGROUPS, Pod, prepareContainers } from './machine/containers.js';
import { CronServer, missingForCron } from './machine/cron.js';
import { boxCounts, less } from './machine/ends.js';
import { EXPERIMENTS, playExperiments } from './machine/experiments.js';
import { startOf } from './machine/fill.js';
import { firstRefusedExec, type Held, ModelNode } from './machine/model-node.js';
import { type Pause, pauseProgram, pauseSource } from './machine/pause.js';
import { checkPauses } from './machine/pause-check.js';
import { PROGRAMS } from './machine/programs.js';
import { needsOwnPidMax, verifyInBox } from './machine/second-kernel.js';
import { describe as describeAction, playSequences, sequenceOf } from './machine/sequences.js';
import { until } from './machine/settle.js';

const SLOW_MS = 240_000;
const REQUIRED = process.env.PIDSIM_LAB === 'required';

/** Skipped with the reason where something is missing, or failing with it under PIDSIM_LAB=required. */
function describeBox(name: string, missing: readonly string[], body: () => void): void {
  if (missing.length === 0) describe(name, body);
  else if (REQUIRED) describe(name, () => it('can run on this machine', () => expect(missing).toEqual([])));
  else describe.skip(`${name} (skipped: ${missing.join('; ')})`, body);
}

/** Processes here, the dead too, of boxes that this process or one of `parents` has started. */
function machinesHere(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(`/proc/${pid}/environ`).includes(MARK));
}

const MARK = `PIDSIM_BOX_MARK=${process.pid}`;
process.env.PIDSIM_BOX_MARK = String(process.pid);

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function expectNoMachine(): Promise<void> {
  const others = (): string[] =>
    machinesHere().filter((pid) => read(`/proc/${pid}/comm`).includes('linux.uml'));
  for (let waited = 0; waited < 10_000 && others().length > 0; waited += 100) await sleep(100);
  expect(others()).toEqual([]);
}

describeBox('a machine in a box', missingForBox(), () => {
  it(
    'cannot write to the files of this machine, does not see its processes, and is gone afterwards',
    async () => {
      await Box.use({ limitSeconds: 120 }, async (box) => {
        expect((await box.ask('mkdir', '/var/pidsim')).errno).toBe('EROFS');
        expect((await box.ask('mkdir', '/mnt/own')).errno).toBe('');
        const { processes, tasks } = await box.table();
        expect(processes[0]).toMatchObject({ pid: 1, ppid: 0, state: 'R' });
        expect(processes.length).toBe(tasks);
        expect(machinesHere().length).toBeGreaterThan(0);
      });
      await expectNoMachine();
    },
    SLOW_MS,
  );

  it(
    'answers when its table is full, runs what is refused nothing, and says what is refused with which error',
    () =>
      Box.use({ limitSeconds: 120 }, async (box) => {
        await box.write('/proc/sys/kernel/pid_max', 1000);
        expect(await box.ask('hold', 5000)).toMatchObject({ errno: 'EAGAIN' });
        expect((await box.run(['/bin/true'])).errno).toBe('EAGAIN');
        await box.ask('end', 1);
        expect(await box.run(['/bin/true'])).toMatchObject({ errno: '', status: 0, timedOut: false });
        expect(await box.run(['/bin/sleep', '100'], { timeoutMs: 200 })).toMatchObject({
          status: 137,
          timedOut: true,
        });
      }),
    SLOW_MS,
  );

  it(
    'is killed when its time is up, and when its driver is killed',
    async () => {
      const box = await Box.boot({ limitSeconds: 15 });
      await expect(box.ask('sleep', 60_000)).rejects.toThrow('has ended');
      await expectNoMachine();
      const driver = spawn(process.execPath, ['--import', 'tsx', 'test/lab/machine/hold-a-box.ts'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => driver.stdout.once('data', resolve));
      expect(machinesHere().length).toBeGreaterThan(1);
      driver.kill('SIGKILL');
      await expectNoMachine();
    },
    SLOW_MS,
  );
});

describeBox('the kernel of the box', missingForBox(), () => {
  it(
    'K6, K34 to K41: does what its rules say with cgroup v2 and the limits of a machine, as the model does',
    async () => {
      const { results } = await playExperiments();
      expect(results.length).toBe(EXPERIMENTS.length);
      for (const { experiment, box, model } of results) {
        expect(box, `${experiment.rule} in the box: ${experiment.question}`).toMatchObject(
          experiment.expected,
        );
        expect(model, `${experiment.rule} in the model: ${experiment.question}`).toEqual(box);
      }
    },
    SLOW_MS,
  );

  it(
    'agrees with the model on every eighth litmus that can run there',
    async () => {
      const can = readLitmusFiles().filter((litmus) => !needsOwnPidMax(litmus));
      const some = can.filter((_, index) => index % 8 === 0);
      const { results } = await verifyInBox(some, { limitSeconds: 180 });
      const notAgreed = results.filter(({ verdict }) => verdict !== 'agrees');
      expect(notAgreed.map(({ litmus }) => litmus.name)).toEqual([]);
      expect(results.length).toBe(some.length);
    },
    SLOW_MS,
  );
});

describe('a litmus needs a pid_max of its own', () => {
  const byName = new Map(readLitmusFiles().map((litmus) => [litmus.name, litmus]));

  it.each([
    ['first-fill', true],
    ['nested-limit', true],
    ['orphan-to-init', false],
    ['zombies-are-charged', false],
  ])('%s: %s', (name, needed) => expect(needsOwnPidMax(byName.get(name)!)).toBe(needed));
});

describeBox('containers in a box, beside the model', missingForContainers(), () => {
  it(
    'a leaking exec leaves a zombie and a pinned PID, a full table refuses it with nothing left, deletion frees all',
    () =>
      Box.use({ limitSeconds: 170 }, async (box) => {
        await prepareContainers(box);
        await box.write('/proc/sys/kernel/pid_max', SMALL);
        const model = new ModelNode(await startOf(box, SMALL));
        const [before, modelBefore] = [await boxCounts(box), model.counts()];
        const pod = new Pod(box, 'leaking');
        expect(await pod.create()).toMatchObject({ ok: true });
        expect(await pod.start('app', PROGRAMS.sleeper.command)).toMatchObject({ ok: true });
        const container = pod.container('app');
        const inModel = model.createPod('leaking')!;
        for (let leaks = 0; leaks < 2; leaks++) {
          expect(await container.exec(PROGRAMS.leak.command)).toMatchObject({ started: true });
          model.exec(inModel.containers.get('app')!, 'leak');
        }
        const leaked = less(model.counts(), modelBefore);
        expect(leaked).toMatchObject({ zombies: 2, pinned: 2 });
        await expectAtRest(box, before, leaked);
        await box.ask('hold', SMALL);
        await box.ask('end', 3);
        const refused = await container.exec(PROGRAMS.quick.command);
        expect(refused.started).toBe(false);
        expect(refused.output).toContain('Resource temporarily unavailable');
        await box.ask('end', SMALL);
        await expectAtRest(box, before, leaked);
        expect(await pod.delete()).toMatchObject({ ok: true });
        await expectAtRest(box, before, { tasks: 0, zombies: 0, pinned: 0 });
      }),
    SLOW_MS,
  );

  it(
    'pause 3.0 keeps the orphans of kubernetes issue 50865, pause 3.1 does not',
    async () => {
      const [old, fixed] = await checkPauses({ limitSeconds: 170 });
      expect(old).toMatchObject({ pause: '3.0', zombies: old.execs, pinned: old.execs });
      expect(fixed).toMatchObject({ pause: '3.1', zombies: 0, pinned: 0 });
    },
    SLOW_MS,
  );

  it(
    'a random sequence comes out the same',
    async () => {
      const { sequences, differences } = await playSequences({
        seed: 1,
        indexes: [3, 4].values(),
        limitSeconds: 170,
      });
      expect(differences).toEqual([]);
      expect(sequences).toBe(2);
    },
    SLOW_MS,
  );
});

const noCron = missingForCron() === null ? [] : [missingForCron()!];

describeBox('cron in a box', [...missingForBox(), ...noCron], () => {
  it(
    'R67: cron forks a cron for each run, which waits for the shell alone; what that leaves goes to init',
    () =>
      Box.use({ limitSeconds: 170 }, async (box) => {
        await box.makeFolders(`${CGROUPS}/cron`);
        const cron = await CronServer.start(box, CGROUPS, '/cron', '/bin/sleep 6 & /bin/sleep 2');
        const commsOf = (table: BoxTable): string[] => cron.belowCron(table).map(({ comm }) => comm);
        const has = (...comms: string[]): ((table: BoxTable) => boolean) => {
          return (table) => commsOf(table).join() === comms.join();
        };
        const all = await until(box, 'the job', has('cron', 'sh', 'sleep', 'sleep'));
        const [between, shell, ...sleeps] = cron.belowCron(all);
        expect([between.ppid, shell.ppid, shell.sid]).toEqual([cron.pid, between.pid, shell.pid]);
        expect(sleeps.map(({ ppid }) => ppid)).toEqual([shell.pid, shell.pid]);
        const left = await until(box, 'what the shell leaves', has('sleep'));
        expect(cron.belowCron(left)).toMatchObject([{ pid: sleeps[0].pid, ppid: 1 }]);
        await until(box, 'the end', has());
      }),
    SLOW_MS,
  );
});

const SMALL = 450;

/** A process that ends closes its files before its row is freed: on a busy machine it is seen in between. */
async function expectAtRest(box: Box, before: Held, expected: Held): Promise<void> {
  const more = async (): Promise<Held> => less(await boxCounts(box), before);
  await expect.poll(more, { timeout: 10_000, interval: 200 }).toEqual(expected);
}

describe('a random sequence', () => {
  it('is the same from the same seed, and begins with a pod', () => {
    expect(sequenceOf(7, 3)).toEqual(sequenceOf(7, 3));
    expect(sequenceOf(7, 3)).not.toEqual(sequenceOf(7, 4));
    for (let index = 0; index < 50; index++) expect(sequenceOf(7, index)[0].do).toBe('create');
  });

  it('has every action among a few hundred', () => {
    const all = Array.from({ length: 300 }, (_, index) => sequenceOf(1, index)).flat();
    expect(new Set(all.map((action) => action.do)).size).toBe(7);
    expect(new Set(all.map(describeAction)).size).toBeGreaterThan(12);
  });
});

describe('the model that starts like a box', () => {
  const start = { pidMax: 600, threadsMax: 3804, tasks: 36, lastPid: 675, high: 0 };

  it('refuses an exec earlier when more PIDs beyond 300 are held from the start', () => {
    const [first, held] = [firstRefusedExec(start), firstRefusedExec({ ...start, high: 20 })];
    expect(first.zombies).toBe(first.exec - 1);
    expect(first.pinned).toBe(first.exec - 1);
    expect(first.exec - held.exec).toBe(10);
  });
});

describe('PAUSE_SOURCE', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pidsim-checkout-'));
  const pauseC = join(folder, 'build/pause/pause.c');
  const usual = process.env.PAUSE_SOURCE;
  afterAll(() => {
    rmSync(folder, { recursive: true });
    if (usual === undefined) delete process.env.PAUSE_SOURCE;
    else process.env.PAUSE_SOURCE = usual;
  });

  function commit(text: string): void {
    writeFileSync(pauseC, text);
    const git = (...words: string[]): void =>
      void execFileSync('git', [
        '-C',
        folder,
        '-c',
        'user.name=t',
        '-c',
        'user.email=t@example.org',
        ...words,
      ]);
    git('add', '.');
    git('commit', '-qm', 'pause');
  }

  it('names a checkout: 3.1 is its first pause.c that waits, 3.0 the last before that', () => {
    execFileSync('git', ['init', '-q', folder]);
    mkdirSync(join(folder, 'build/pause'), { recursive: true });
    commit('/* the first */\n');
    commit('/* 3.0 */\n');
    process.env.PAUSE_SOURCE = folder;
    expect(['3.0', '3.1'].map((version) => pauseSource(version as Pause))).toEqual([
      '/* 3.0 */\n',
      undefined,
    ]);
    const twin = `${folder}/`;
    commit('waitpid(-1);\n');
    commit('waitpid(-1); /* later */\n');
    process.env.PAUSE_SOURCE = twin;
    expect(['3.0', '3.1'].map((version) => pauseSource(version as Pause))).toEqual([
      '/* 3.0 */\n',
      'waitpid(-1);\n',
    ]);
  });

  it('is not believed when it has no pause.c', () => {
    process.env.PAUSE_SOURCE = join(folder, 'build');
    expect(() => pauseSource('3.0')).toThrow('PAUSE_SOURCE: there is no build/pause');
  });
});

describeLive('the two pauses, examined as `pidsim lab init` does', () => {
  it.each([
    ['3.0', false],
    ['3.1', true],
  ] as const)('pause %s reaps: %s', async (version, reaps) => {
    const report = await examineInit([pauseProgram(version)], { patienceMs: 1500 });
    expect(report.good, report.verdict).toBe(reaps);
  });
});
