/** A machine in a box: that it is private and goes away, and what its kernel does beside the model. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readLitmusFiles } from './litmus-files.js';
import { Box, missingForBox } from './machine/box.js';
import { EXPERIMENTS, playExperiments } from './machine/experiments.js';
import { needsOwnPidMax, verifyInBox } from './machine/second-kernel.js';

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
    'does what its rules say with cgroup v2 and the limits of a whole machine, and so does the model',
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
