import { describe, expect, it } from 'vitest';
import { examineInit, examineRunningInit } from '../../../src/lab/init/examine.js';
import { type InitCheckName, type InitReport, isGoodInit } from '../../../src/lab/init/report.js';
import { formatInitReport } from '../../../src/lab/init/text.js';
import { InitNotExamined } from '../../../src/lab/init/world.js';
import { PrivateNamespace } from '../../../src/lab/namespace/private-namespace.js';
import type { ProgramSource } from '../../../src/program/step.js';
import { describeLive, expectNothingLeft, itWith, markedEnvironment } from '../live.js';
import { examineModelInit } from '../namespace/model.js';

/** A real init, and the program that stands for it. */
interface Pair {
  says: string;
  command: string[];
  needs?: string[];
  program: string;
  reaps: boolean;
}

const LOOP = 'while :; do sleep 1; done';
const PAIRS: Pair[] = [
  {
    says: 'tini reaps',
    command: ['tini', '--', 'sleep', '1000'],
    program: 'tini -- sleep infinity',
    reaps: true,
  },
  {
    says: 'dumb-init reaps',
    command: ['dumb-init', 'sleep', '1000'],
    program: 'dumb-init sleep infinity',
    reaps: true,
  },
  {
    says: 'catatonit reaps',
    command: ['catatonit', '--', 'sleep', '1000'],
    program: 'catatonit -- sleep infinity',
    reaps: true,
  },
  { says: 'a bash script reaps', command: ['bash', '-c', LOOP], program: 'bash script', reaps: true },
  { says: 'a dash script reaps', command: ['dash', '-c', LOOP], program: 'sh-dash -c', reaps: true },
  {
    says: 'a busybox script reaps',
    command: ['busybox', 'sh', '-c', LOOP],
    program: 'sh-dash -c',
    reaps: true,
  },
  {
    says: 'bash that execs its last command does not',
    command: ['bash', '-c', 'sleep 1000'],
    program: 'bash -c',
    reaps: false,
  },
  { says: 'sleep does not', command: ['sleep', '1000'], program: 'sleep infinity', reaps: false },
  { says: 'tail does not', command: ['tail', '-f', '/dev/null'], program: 'tail', reaps: false },
  {
    says: 'python that sleeps does not',
    command: ['/usr/bin/python3', '-c', 'import time; time.sleep(1000)'],
    needs: ['python3'],
    program: 'app',
    reaps: false,
  },
  { says: 'perl that sleeps does not', command: ['perl', '-e', 'sleep 1000'], program: 'app', reaps: false },
  { says: 'pause 3.0 does not', command: ['pause'], needs: [], program: 'pause-3.0', reaps: false },
  { says: 'pause 3.1 does', command: ['pause-reaping'], needs: [], program: 'pause-3.1', reaps: true },
];

const REAP_ONE: ProgramSource = { comm: 'reap-one', steps: [{ sigchld: 'reap-one' }, 'pause'] };

function answers(report: InitReport): Record<string, string> {
  return Object.fromEntries(report.checks.map(({ name, answer }) => [name, answer]));
}

function numbers(report: InitReport, name: InitCheckName): Record<string, number> {
  return report.checks.find((check) => check.name === name)!.numbers;
}

const examine = (command: string[]): Promise<InitReport> =>
  examineInit(command, { patienceMs: 1500, afterMs: 0 });

describeLive(
  'what a real PID 1 does with orphans, and what the model says it does',
  () => {
    for (const { says, command, needs, program, reaps } of PAIRS) {
      itWith(needs ?? [command[0]], says, async () => {
        const report = await examine(command);
        const model = examineModelInit(program);
        for (const name of ['orphans', 'burst', 'stopped', 'strangers'] as const) {
          expect([name, answers(report)[name]]).toEqual([name, reaps ? 'yes' : 'no']);
          expect([name, model[name].answer]).toEqual([name, reaps ? 'yes' : 'no']);
        }
        expect(report.good).toBe(reaps);
        expect(report.leaves.zombies).toBe(reaps ? 0 : report.leaves.orphans);
      });
    }

    itWith(
      ['perl'],
      'one waitpid per SIGCHLD keeps up with single deaths and loses a burst, in both worlds',
      async () => {
        const report = await examine(['perl', '-e', '$SIG{CHLD} = sub { wait }; sleep 1 while 1']);
        const model = examineModelInit('reap-one', { programs: new Map([['reap-one', REAP_ONE]]) });
        expect(answers(report)).toMatchObject({ orphans: 'yes', burst: 'no', stopped: 'no' });
        expect([model.orphans.answer, model.burst.answer, model.stopped.answer]).toEqual(['yes', 'no', 'no']);
        expect(numbers(report, 'stopped').zombies).toBe(model.stopped.zombies);
        expect(report.good).toBe(false);
      },
    );

    itWith(['python3'], 'a parent that waits only for its own child leaves all strangers', async () => {
      const code = 'import subprocess\nwhile True: subprocess.run(["sleep", "1"])';
      const report = await examine(['/usr/bin/python3', '-c', code]);
      expect(answers(report)).toMatchObject({ orphans: 'no', strangers: 'no', 'own-child': 'yes' });
      expect(report.verdict).toContain('only its own child');
      expect(examineModelInit('app-waits-own-child').strangers.answer).toBe('no');
    });
  },
  { concurrent: true },
);

describeLive(
  'what a real PID 1 does about SIGTERM and about its main child',
  () => {
    for (const init of [['tini', '--'], ['dumb-init'], ['catatonit', '--']]) {
      itWith([init[0]], `${init[0]} passes SIGTERM on, and ends with its child’s status`, async () => {
        const report = await examine([...init, 'sleep', '1000']);
        expect(answers(report)).toMatchObject({
          'own-child': 'yes',
          'ends-on-term': 'yes',
          'child-told': 'yes',
          'passes-signals': 'yes',
          'ends-with-child': 'yes',
          'passes-status': 'yes',
        });
        expect(numbers(report, 'ends-on-term').status).toBe(128 + 15);
        expect(numbers(report, 'ends-with-child').status).toBe(128 + 9);
        expect(report.leaves.liveAtEnd).toBe(3);
      });
    }

    itWith(['bash'], 'bash keeps SIGTERM to itself', async () => {
      const report = await examine(['bash', '-c', 'sleep 1000 & wait']);
      expect(answers(report)).toMatchObject({ 'own-child': 'yes', 'child-told': 'no' });
      expect(report.good).toBe(true);
      expect(report.verdict).toContain('it ignores SIGTERM');
    });

    itWith(['sleep'], 'a program without a child has none to pass it to', async () => {
      const report = await examine(['sleep', '1000']);
      expect(answers(report)).toMatchObject({
        'own-child': 'none',
        'child-told': 'none',
        'ends-with-child': 'none',
      });
      expect(report.leaves.liveAtEnd).toBeNull();
    });
  },
  { concurrent: true },
);

describeLive('an examination of a running PID 1', () => {
  const running = async <T>(command: string[], examine: (hostPid: number) => Promise<T>): Promise<T> => {
    const host = await PrivateNamespace.open();
    try {
      const init = await host.startInit(command);
      await init.execed;
      return await examine(init.hostPid);
    } finally {
      await host.close();
    }
  };

  itWith(['tini'], 'enters its namespace and sees it reap', async () => {
    const report = await running(['tini', '--', 'sleep', '1000'], (pid) => examineRunningInit(pid));
    expect(report).toMatchObject({ good: true, comm: 'tini', leaves: { orphans: 20, zombies: 0 } });
  });

  it('or not, by any of its processes', async () => {
    const report = await running(['pause'], (pid) => examineRunningInit(pid, { patienceMs: 1000, burst: 5 }));
    expect(report).toMatchObject({ good: false, comm: 'pause', leaves: { orphans: 15, zombies: 15 } });
  });

  it('is refused for this machine itself, and for what would end it', async () => {
    await expect(examineRunningInit(process.pid)).rejects.toThrow(/this machine’s own/);
    await expect(examineRunningInit(1, { require: ['term'] })).rejects.toThrow(/would end it/);
  });
});

describeLive('an examination of something that is no PID 1', () => {
  it('says that the command does not exist', async () => {
    await expect(examineInit(['pidsim-no-such-init'])).rejects.toThrow(
      /pidsim-no-such-init cannot be run as PID 1: ENOENT/,
    );
  });

  it('says that the command did not stay, and its last words', async () => {
    const gone = examineInit(['sh', '-c', 'echo no configuration; exit 3']);
    await expect(gone).rejects.toThrow(InitNotExamined);
    await expect(gone).rejects.toThrow(/ended with status 3 by itself .* it said: no configuration/);
  });

  it('ends at its timeout and leaves nothing', async () => {
    const { mark, env } = markedEnvironment();
    Object.assign(process.env, env);
    await expect(examineInit(['sleep', '1000'], { timeoutMs: 700 })).rejects.toThrow(
      /did not finish in 700 ms/,
    );
    await expectNothingLeft(mark);
  });

  it('can be interrupted and leaves nothing', async () => {
    const { mark, env } = markedEnvironment();
    Object.assign(process.env, env);
    const interruption = new AbortController();
    setTimeout(() => interruption.abort(new Error('interrupted')), 500);
    await expect(examineInit(['sleep', '1000'], { signal: interruption.signal })).rejects.toThrow(
      'interrupted',
    );
    await expectNothingLeft(mark);
  });
});

describe('the verdict on a PID 1', () => {
  const checks = (answers: Partial<Record<InitCheckName, 'yes' | 'no' | 'none'>>): InitReport['checks'] =>
    Object.entries({
      orphans: 'yes',
      burst: 'yes',
      stopped: 'yes',
      strangers: 'yes',
      ...answers,
    } as const).map(([name, answer]) => ({ name: name as InitCheckName, answer, evidence: '', numbers: {} }));

  it('is good if it reaps all it adopts and has no child of its own', () => {
    expect(isGoodInit(checks({ 'own-child': 'none' }), ['reaping'])).toBe(true);
  });

  it('is not good if one kind of death leaves zombies, or its own child stays one', () => {
    expect(isGoodInit(checks({ burst: 'no' }), ['reaping'])).toBe(false);
    expect(isGoodInit(checks({ 'own-child': 'no' }), ['reaping'])).toBe(false);
  });

  it('is swayed by SIGTERM, other signals and statuses where that is required, and only there', () => {
    const bad = checks({ 'ends-on-term': 'no', 'passes-signals': 'no', 'passes-status': 'no' });
    expect(isGoodInit(bad, ['reaping'])).toBe(true);
    for (const requirement of ['term', 'signals', 'status'] as const) {
      expect(isGoodInit(bad, ['reaping', requirement])).toBe(false);
      expect(isGoodInit(checks({}), ['reaping', requirement])).toBe(true);
    }
  });

  it('is never swayed by what is only reported', () => {
    const beside = checks({ 'process-group': 'no', 'child-signals': 'no', 'parent-death': 'no' });
    expect(isGoodInit(beside, ['reaping', 'term', 'signals', 'status'])).toBe(true);
  });

  it('is printed with its evidence', () => {
    const text = formatInitReport({
      command: ['x'],
      comm: 'x',
      execs: [],
      required: ['reaping'],
      good: false,
      verdict: 'Not a good PID 1.',
      checks: [{ name: 'burst', answer: 'no', evidence: '1 of 50 is left', numbers: { zombies: 1 } }],
      leaves: { orphans: 50, zombies: 1, liveAtEnd: 1 },
      notes: ['this is how'],
    });
    expect(text).toMatch(/reaps a burst of them +NO: 1 of 50 is left/);
    expect(text).toContain(
      '1 of 50 orphans as zombies; when it ended, 1 process that it had adopted was alive',
    );
    expect(text).toContain('Note: this is how.');
  });
});
