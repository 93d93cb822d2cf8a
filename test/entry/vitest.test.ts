/** `pidsim/vitest`: each matcher passes, fails with what the command line prints, and its opposite. */
import { expect, it, vi } from 'vitest';
import { runProgram } from '../../src/entry/kernel.js';
import { matchers } from '../../src/entry/vitest.js';
import * as setup from '../../src/lab/namespace/setup.js';
import { parseScenarioValue } from '../../src/scenario/parse.js';
import type { Scenario } from '../../src/scenario/scenario.js';
import { describeLive, itWith } from '../lab/live.js';

const NOW = { afterMs: 0 };
const TINI = ['tini', '--', 'sleep', '1000'];
const SHELL = ['bash', '-c', 'trap "exit 0" TERM; sleep 1000 & wait'];

function failure(assertion: unknown): Promise<string> {
  return Promise.resolve(assertion).then(
    () => 'it passed',
    (error: Error) => error.message,
  );
}

describeLive(
  'a command as PID 1',
  () => {
    itWith(['tini'], 'that is a good init meets every matcher', async () => {
      await expect(TINI).toReapAsPid1(NOW);
      await expect(TINI).toForwardSignals(NOW);
      await expect(TINI).toPassExitStatus(NOW);
      await expect(TINI).toEndWithin('10s', NOW);
      expect(await failure(expect(TINI).not.toReapAsPid1(NOW))).toMatch(
        /^expected not to reap as PID 1\n\nPID 1: tini/,
      );
    });

    itWith(['sleep'], 'that does not reap fails with the two columns of `lab init`', async () => {
      const text = await failure(expect(['sleep', '1000']).toReapAsPid1({ ...NOW, patienceMs: 1000 }));
      expect(text).toMatch(/^expected to reap as PID 1\n\nPID 1: sleep 1000/);
      expect(text).toMatch(/A GOOD PID 1 +THIS ONE\nreaps orphans it adopts +NO: 10 orphans/);
    });

    itWith(['bash'], 'that keeps signals and statuses to itself fails those', async () => {
      expect(await failure(expect(SHELL).toForwardSignals(NOW))).toMatch(
        /tells its main child +NO: sleep was killed/,
      );
      expect(await failure(expect(SHELL).toPassExitStatus(NOW))).toMatch(
        /with the status of that child +NO: /,
      );
      await expect(SHELL).toEndWithin('10s', NOW);
      const slow = ['bash', '-c', 'trap "sleep 2; exit 0" TERM; sleep 1000 & wait'];
      expect(await failure(expect(slow).toEndWithin('1s', NOW))).toMatch(
        /expected to end within 1s of SIGTERM.*ends on SIGTERM +yes: .* after 2/s,
      );
      await expect(slow).not.toEndWithin('1s', NOW);
    });
  },
  { concurrent: true },
);

describeLive('a probe’s command', () => {
  it('leaves nothing, or so much', async () => {
    await expect(['true']).toLeaveNothingBehind();
    const leaky = ['sh', '-c', 'sleep 0.1 & exit 0'];
    await expect(leaky).toLeakPerProbe(2);
    await expect(leaky).toLeakPerProbe({ zombies: 1, pinned: 1 });
    expect(await failure(expect(leaky).toLeaveNothingBehind())).toMatch(
      /^expected to succeed and leave nothing behind\n\nsh -c .*PER RUN/s,
    );
    expect(await failure(expect(leaky).toLeakPerProbe({ zombies: 0 }))).toContain('Zombies: 1 sleep.');
  });

  it('that always fails is no proof that it leaves nothing', async () => {
    expect(await failure(expect(['false']).toLeaveNothingBehind())).toContain('Every run failed');
  });
});

it('the lab’s matchers are skipped with the reason where it cannot run, and fail where it must', async () => {
  const missing = vi.spyOn(setup, 'missingForLab').mockReturnValue(['no C compiler']);
  const skip = vi.fn((note: string) => {
    throw new Error(`skipped: ${note}`);
  });
  const asker = { task: { context: { skip } } };
  try {
    vi.stubEnv('PIDSIM_LAB', '');
    await expect(matchers.toReapAsPid1.call(asker, ['x'])).rejects.toThrow(
      'skipped: the lab cannot run here: no C compiler',
    );
    await expect(matchers.toLeaveNothingBehind.call(asker, ['x'])).rejects.toThrow('skipped: ');
    vi.stubEnv('PIDSIM_LAB', 'required');
    await expect(matchers.toReapAsPid1.call(asker, ['x'])).rejects.toThrow(
      /^the lab cannot run here: no C compiler/,
    );
    expect(skip).toHaveBeenCalledTimes(2);
    await expect(matchers.toReapAsPid1.call(asker, 'tini' as never)).rejects.toThrow(
      'a command is needed here',
    );
  } finally {
    missing.mockRestore();
    vi.unstubAllEnvs();
  }
});

function scenario(pause: string): Scenario {
  const parsed = parseScenarioValue({
    apiVersion: 'pidsim/v1',
    kind: 'Scenario',
    metadata: { name: 'leak' },
    spec: {
      horizon: '1h',
      node: { kernel: { version: '4.14', pidMax: 2000 }, kubelet: { version: '1.7' }, pause },
      pods: [
        {
          name: 'mq',
          shareProcessNamespace: true,
          containers: [
            {
              name: 'mq',
              program: 'app',
              livenessProbe: { exec: { command: ['rabbitmqctl', 'node_health_check'] } },
            },
          ],
        },
      ],
    },
  });
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ message }) => message).join('; '));
  return parsed.value[0];
}

it('a scenario lasts, or says when and why it does not', async () => {
  expect(scenario('3.1')).toLast('3h');
  const text = await failure((async () => expect(scenario('3.0')).toLast('3h'))());
  expect(text).toMatch(/^expected to last 3h: refused after [\d.]+ (min|h)\n\nSCENARIO/);
  expect(scenario('3.0')).toLast('10m');
  expect(() => expect(scenario('3.1')).toLast('soon')).toThrow('`soon` is no duration');
});

it('a process tree is compared by what is given, and shown in two columns', async () => {
  const rows = runProgram({
    comm: 'probe',
    steps: [{ fork: { comm: 'orphan', steps: [{ sleep: '1s' }] } }, { exit: 0 }],
  });
  expect(rows).toMatchProcessTree([{ comm: 'pause' }, { comm: 'orphan', ppid: 1, stat: 'Z' }]);
  expect(rows).not.toMatchProcessTree([{ comm: 'pause' }]);
  const text = await failure(
    (async () => expect(rows).toMatchProcessTree([{ comm: 'pause' }, { comm: 'sleep' }, { pid: 9 }]))(),
  );
  expect(text.split('\n')).toEqual([
    'expected this process tree',
    '',
    '     PID  PPID  PGID   SID STAT NLWP COMM (expected)    PID  PPID  PGID   SID STAT NLWP COMM (found)',
    '       1     0     1     1 Ss      1 pause                1     0     1     1 Ss      1 pause',
    '≠      3     1     2     2 Z       1 sleep                3     1     2     2 Z       1 orphan',
    '≠      9     0     0     0 ?       1 ?                -',
  ]);
});
