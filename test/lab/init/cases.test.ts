import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { examineInit, type InitOptions } from '../../../src/lab/init/examine.js';
import type { InitCheckName, InitReport } from '../../../src/lab/init/report.js';
import { formatInitReport } from '../../../src/lab/init/text.js';
import { describeLive, itWith } from '../live.js';

const CASES = join(import.meta.dirname, 'cases');
const script = (name: string): string => join(CASES, name);
const home = mkdtempSync(join(tmpdir(), 'pidsim-inits-'));
const compiled = (name: string): string => join(home, name);

beforeAll(() => {
  for (const file of readdirSync(CASES).filter((name) => name.endsWith('.c')))
    execFileSync('cc', ['-o', compiled(file.slice(0, -2)), script(file)]);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Judged as it is, once it has come to rest: nobody waits whether it execs. */
const NOW: InitOptions = { afterMs: 0 };

function answer(report: InitReport, name: InitCheckName): string | undefined {
  return report.checks.find((check) => check.name === name)?.answer;
}

function evidence(report: InitReport, name: InitCheckName): string {
  return report.checks.find((check) => check.name === name)?.evidence ?? '';
}

function numbers(report: InitReport, name: InitCheckName): Record<string, number> {
  return report.checks.find((check) => check.name === name)?.numbers ?? {};
}

describeLive(
  'an entrypoint is judged as what it ends up as',
  () => {
    itWith(['sh'], 'a script that sleeps and then execs: as the program that it execs', async () => {
      const report = await examineInit(['sh', script('late-exec.sh')], { patienceMs: 1500 });
      expect(report, formatInitReport(report)).toMatchObject({
        good: false,
        comm: 'sleep',
        execs: [{ comm: 'sleep' }],
      });
      expect(report.execs[0].afterMs).toBeGreaterThan(3900);
      expect(report.verdict).toMatch(
        /^Not a good PID 1: sleep, which it becomes after [34]\.?\d* s, reaps no orphan/,
      );
    });

    itWith(['sh', 'tini'], 'also when that is a good one', async () => {
      const report = await examineInit(['sh', '-c', 'sleep 1; exec tini -- sleep 1000']);
      expect(report, formatInitReport(report)).toMatchObject({
        good: true,
        comm: 'tini',
        execs: [{ comm: 'tini' }],
      });
      expect(answer(report, 'ends-on-term')).toBe('yes');
    });

    itWith(['sh'], 'before its exec, if that is asked for', async () => {
      const report = await examineInit(['sh', '-c', 'sleep 1000; exec sleep 1000'], NOW);
      expect(report, formatInitReport(report)).toMatchObject({ good: true, comm: 'sh', execs: [] });
    });

    itWith(['sh'], 'after its exec, if its name then is given', async () => {
      const report = await examineInit(['sh', script('late-exec.sh')], {
        untilComm: 'sleep',
        patienceMs: 1500,
      });
      expect(report, formatInitReport(report)).toMatchObject({ good: false, comm: 'sleep', execs: [] });
    });

    itWith(['sh'], 'after its exec, if a command tells when', async () => {
      const ready = 'grep -q sleep /proc/1/comm';
      const report = await examineInit(['sh', '-c', 'sleep 1; exec sleep 1000'], { ready, patienceMs: 1500 });
      expect(report, formatInitReport(report)).toMatchObject({ good: false, comm: 'sleep' });
    });

    itWith(['bash'], 'and once it has started what it lives for, if that is a child', async () => {
      const report = await examineInit(['bash', '-c', 'sleep 2; sleep 1000 & wait $!']);
      expect(evidence(report, 'ends-with-child')).toMatch(
        /main child \(sleep\) was killed: PID 1 ended with status 137/,
      );
      expect(report.notes.join()).toMatch(/had started all of its children [\d.]+ s after its start/);
    });

    itWith(['cc'], 'and once it has done what it computes at its start', async () => {
      const report = await examineInit([compiled('slow-start')], NOW);
      expect(report.good, formatInitReport(report)).toBe(true);
      expect(report.comm).toBe('slow-start');
    });

    itWith(['sleep'], 'and not at all if it never gets there', async () => {
      const never = examineInit(['sleep', '1000'], { untilComm: 'redis', timeoutMs: 3000 });
      await expect(never).rejects.toThrow('PID 1 was never `redis` within 1.5 s: it is sleep');
    });
  },
  { concurrent: true },
);

describeLive(
  'SIGTERM is two questions: does PID 1 end, and was its child told',
  () => {
    itWith(['bash'], 'a trap that exits ends at once, and its child is killed without a word', async () => {
      const report = await examineInit(['bash', '-c', 'trap "exit 0" TERM; sleep 1000 & wait'], NOW);
      expect(report.good, formatInitReport(report)).toBe(true);
      expect(answer(report, 'ends-on-term')).toBe('yes');
      expect(numbers(report, 'ends-on-term').endMs).toBeLessThan(2000);
      expect(answer(report, 'child-told')).toBe('no');
      expect(report.verdict).not.toContain('grace period');
      expect(report.verdict).toContain('it ends on SIGTERM without telling its child');
    });

    itWith(['cc'], 'a PID 1 without child that ignores SIGTERM takes the whole grace period', async () => {
      const report = await examineInit([compiled('ignores-term')], NOW);
      expect(report.good, formatInitReport(report)).toBe(true);
      expect(answer(report, 'ends-on-term')).toBe('no');
      expect(report.verdict).toContain('it ignores SIGTERM: stopping it takes the whole grace period');
      const required = await examineInit([compiled('ignores-term')], {
        ...NOW,
        require: ['reaping', 'term'],
      });
      expect(required.good).toBe(false);
    });

    itWith(['bash'], 'one that tells its child and ends later has ended, and how soon is said', async () => {
      const report = await examineInit(['bash', script('slow-to-stop.sh')], NOW);
      expect([answer(report, 'ends-on-term'), answer(report, 'child-told')]).toEqual(['yes', 'yes']);
      expect(numbers(report, 'ends-on-term').endMs).toBeGreaterThanOrEqual(3000);
    });
  },
  { concurrent: true },
);

describeLive(
  'reaping is given its time',
  () => {
    itWith(['python3'], 'a PID 1 that reaps every three seconds reaps, and how late is said', async () => {
      const report = await examineInit(['/usr/bin/python3', script('poll-reaper.py')], NOW);
      expect(report, formatInitReport(report)).toMatchObject({
        good: true,
        leaves: { orphans: 170, zombies: 0 },
      });
      const took = ['orphans', 'burst', 'stopped', 'strangers'].map(
        (name) => numbers(report, name as InitCheckName).tookMs,
      );
      expect(Math.max(...took)).toBeGreaterThan(500);
      expect(formatInitReport(report)).toMatch(/all reaped, the last after [\d.]+ s/);
    });

    itWith(['python3'], 'but not more than it is given, and how much that was is said', async () => {
      const report = await examineInit(['/usr/bin/python3', script('poll-reaper.py')], {
        ...NOW,
        patienceMs: 100,
      });
      expect(report.good, formatInitReport(report)).toBe(false);
      expect(report.leaves.zombies).toBeGreaterThan(0);
      expect(formatInitReport(report)).toMatch(/are zombies 100 ms later/);
    });
  },
  { concurrent: true },
);

describeLive(
  'the main child is the one that PID 1 ends with',
  () => {
    itWith(['bash'], 'a log tailer that was started first is none', async () => {
      const report = await examineInit(['bash', script('sidecar-first.sh')], {
        ...NOW,
        require: ['reaping', 'term', 'status'],
      });
      expect(report.good, formatInitReport(report)).toBe(true);
      expect(evidence(report, 'ends-with-child')).toContain('sleep, child 2 of 2');
      expect(answer(report, 'child-told')).toBe('yes');
    });

    itWith(['bash'], 'unless it is named', async () => {
      const command = ['bash', '-c', 'tail -f /dev/null & sleep 1000 & wait $!'];
      const app = await examineInit(command, NOW);
      expect(evidence(app, 'ends-with-child')).toMatch(/sleep, child 2 of 2.* ended with status 137/);
      const log = await examineInit(command, { ...NOW, child: 'tail' });
      expect(evidence(log, 'ends-with-child')).toMatch(/tail, child 1 of 2.* went on/);
      const none = examineInit(command, { ...NOW, child: 'redis' });
      await expect(none).rejects.toThrow('PID 1 has no child `redis`: it has tail and sleep');
    });
  },
  { concurrent: true },
);

describeLive(
  'what inits are tested for elsewhere',
  () => {
    itWith(['bash'], 'a trap for SIGTERM passes that on, and no other signal', async () => {
      const report = await examineInit(['bash', script('exitcode.sh')], NOW);
      expect(answer(report, 'child-told')).toBe('yes');
      expect(numbers(report, 'passes-signals')).toEqual({
        SIGINT: 0,
        SIGHUP: 0,
        SIGQUIT: 0,
        SIGUSR1: 0,
        SIGUSR2: 0,
      });
      expect(report.verdict).toContain('it does not pass on SIGINT, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2');
      expect(answer(report, 'passes-status')).toBe('yes');
      // A shell without job control starts what is behind & so.
      expect(evidence(report, 'child-signals')).toBe('it has SIGINT and SIGQUIT ignored');
    });

    itWith(['cc'], 'an init that hides statuses is found out by all 256 of them', async () => {
      const report = await examineInit([compiled('hides-status'), 'sleep', '1000'], {
        ...NOW,
        require: ['reaping', 'status'],
      });
      expect(report.good, formatInitReport(report)).toBe(false);
      expect(evidence(report, 'passes-status')).toMatch(/^a SIGKILL became 1, 2 became 1, .* 251 more$/);
      expect(answer(report, 'passes-signals')).toBe('yes');
    });

    itWith(
      ['cc'],
      'an init whose child inherits what it has blocked, and that ends with its parent',
      async () => {
        const report = await examineInit([compiled('blocks-signals'), 'sleep', '1000'], NOW);
        expect(answer(report, 'child-signals')).toBe('no');
        expect(evidence(report, 'child-signals')).toMatch(/SIGTERM.* blocked/);
        expect(evidence(report, 'parent-death')).toBe('when that died, SIGTERM reached its child');
      },
    );

    itWith(
      ['tini', 'bash'],
      'what a script as its child blocks and ignores is no fault of the init',
      async () => {
        const path = join(home, 'forwards.sh');
        const lines = ['#!/bin/bash', 'trap "kill $!" TERM', 'sleep 1000 & wait'];
        writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o755 });
        const report = await examineInit(['tini', '--', path], NOW);
        expect(evidence(report, 'child-signals')).toBe('it has no signal blocked or ignored');
        expect(evidence(report, 'passes-status')).toBe('all 256 statuses were its own');
      },
    );

    itWith(
      ['tini'],
      'tini signals its child alone, and with -g the process group; with -p it heeds its parent',
      async () => {
        const alone = await examineInit(['tini', '--', 'sleep', '1000'], NOW);
        expect([answer(alone, 'process-group'), answer(alone, 'parent-death')]).toEqual(['no', 'none']);
        expect(evidence(alone, 'passes-status')).toBe('all 256 statuses were its own');
        const group = await examineInit(['tini', '-g', '-p', 'SIGTERM', '--', 'sleep', '1000'], NOW);
        expect([answer(group, 'process-group'), answer(group, 'parent-death')]).toEqual(['yes', 'yes']);
      },
    );

    itWith(['dumb-init'], 'dumb-init rewrites a signal, which still arrives', async () => {
      const report = await examineInit(['dumb-init', '--rewrite', '15:3', 'sleep', '1000'], NOW);
      expect(evidence(report, 'child-told')).toBe('SIGTERM reached sleep, as SIGQUIT');
    });
  },
  { concurrent: true },
);

describeLive('what PID 1 writes and where it connects', () => {
  const writer = 'echo x > here; echo x > /tmp/pidsim-test-there; sleep 1000 & wait';
  const places = [join(home, 'work', 'here'), '/tmp/pidsim-test-there'];

  it('stays in its namespace', async () => {
    const work = join(home, 'work');
    mkdirSync(work, { recursive: true });
    writeFileSync(join(work, 'input'), 'there');
    const before = process.cwd();
    process.chdir(work);
    try {
      const report = await examineInit(
        ['sh', '-c', `test -e input || exit 1; test $(wc -l < /proc/net/dev) = 3 || exit 2; ${writer}`],
        NOW,
      );
      expect(report, formatInitReport(report)).toMatchObject({ good: true, notes: [] });
      expect(places.filter((path) => existsSync(path))).toEqual([]);
      await examineInit(['sh', '-c', writer], { ...NOW, private: false });
      expect(places.filter((path) => existsSync(path))).toEqual(places);
    } finally {
      process.chdir(before);
      rmSync(places[1], { force: true });
    }
  });
});
