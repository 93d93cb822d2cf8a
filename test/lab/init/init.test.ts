import { describe, expect, it } from 'vitest';
import {
  examineInit,
  type InitCheckName,
  InitDidNotStay,
  type InitReport,
  isGoodInit,
} from '../../../src/lab/init/examine.js';
import { formatInitReport } from '../../../src/lab/init/text.js';
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

const examine = (command: string[]): Promise<InitReport> => examineInit(command, { patienceMs: 1200 });

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
          'forwards-term': 'yes',
          'ends-with-child': 'yes',
        });
        expect(numbers(report, 'forwards-term').status).toBe(128 + 15);
        expect(numbers(report, 'ends-with-child').status).toBe(128 + 9);
        expect(report.leaves.liveAtEnd).toBe(3);
      });
    }

    itWith(['bash'], 'bash keeps SIGTERM to itself', async () => {
      const report = await examine(['bash', '-c', 'sleep 1000 & wait']);
      expect(answers(report)).toMatchObject({ 'own-child': 'yes', 'forwards-term': 'no' });
      expect(report.good).toBe(true);
      expect(report.verdict).toContain('does not pass SIGTERM on');
    });

    itWith(['sleep'], 'a program without a child has none to pass it to', async () => {
      const report = await examine(['sleep', '1000']);
      expect(answers(report)).toMatchObject({
        'own-child': 'none',
        'forwards-term': 'none',
        'ends-with-child': 'none',
      });
      expect(report.leaves.liveAtEnd).toBeNull();
    });
  },
  { concurrent: true },
);

describeLive('an examination of something that is no PID 1', () => {
  it('says that the command does not exist', async () => {
    await expect(examineInit(['pidsim-no-such-init'])).rejects.toThrow(
      /pidsim-no-such-init cannot be run as PID 1: ENOENT/,
    );
  });

  it('says that the command did not stay, and its last words', async () => {
    const gone = examineInit(['sh', '-c', 'echo no configuration; exit 3']);
    await expect(gone).rejects.toThrow(InitDidNotStay);
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
  const all = (answer: 'yes' | 'no'): InitReport['checks'] =>
    (['orphans', 'burst', 'stopped', 'strangers'] as const).map((name) => ({
      name,
      answer,
      evidence: '',
      numbers: {},
    }));

  it('is good if it reaps all it adopts and has no child of its own', () => {
    expect(
      isGoodInit([...all('yes'), { name: 'own-child', answer: 'none', evidence: '', numbers: {} }]),
    ).toBe(true);
  });

  it('is not good if one kind of death leaves zombies', () => {
    const checks = all('yes').map((check) =>
      check.name === 'burst' ? { ...check, answer: 'no' as const } : check,
    );
    expect(isGoodInit([...checks, { name: 'own-child', answer: 'yes', evidence: '', numbers: {} }])).toBe(
      false,
    );
  });

  it('is not good if it leaves its own child a zombie', () => {
    expect(isGoodInit([...all('yes'), { name: 'own-child', answer: 'no', evidence: '', numbers: {} }])).toBe(
      false,
    );
  });

  it('is not swayed by SIGTERM, which is reported beside it', () => {
    const term = { name: 'forwards-term' as const, answer: 'no' as const, evidence: '', numbers: {} };
    expect(
      isGoodInit([...all('yes'), { name: 'own-child', answer: 'yes', evidence: '', numbers: {} }, term]),
    ).toBe(true);
  });

  it('is printed with its evidence', () => {
    const checks = [
      {
        name: 'burst' as const,
        answer: 'no' as const,
        evidence: '50 orphans: 49 left',
        numbers: { zombies: 49 },
      },
    ];
    const leaves = { orphans: 50, zombies: 49, liveAtEnd: null };
    const text = formatInitReport({
      command: ['x'],
      comm: 'x',
      good: false,
      verdict: 'Not a good PID 1.',
      checks,
      leaves,
    });
    expect(text).toMatch(/reaps a burst of them +NO +50 orphans: 49 left/);
    expect(text).toContain('49 of 50 orphans stayed zombies');
  });
});
