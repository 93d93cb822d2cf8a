/** A run that is forwarded ends as one in which everything is simulated: in all that can be asked of it. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunOptions } from '../../src/run/run.js';
import { parseScenario } from '../../src/scenario/parse.js';
import { US_PER_HOUR } from '../../src/sim/time.js';
import { container, type NodeGiven, ORPHAN, PLAIN, pod, probe, program, S, scenario } from '../node/world.js';
import { given } from './random-runs.js';
import { runBoth } from './same-run.js';

/** An orphan that is reaped if it ends in time, and if the command does reap. */
const RACE = program('race', [
  'setsid',
  { fork: { comm: 'late', steps: [{ sleep: { uniform: ['5ms', '15ms'] } }] } },
  { sleep: '10ms' },
  { chance: { p: 0.3, steps: ['reap'] } },
]);

/** One pod with one probe, for 1,000 s unless said. */
function oneProbe(
  command = PLAIN,
  more: NodeGiven & { pod?: Parameters<typeof pod>[0] } = {},
  seconds = 1_000,
) {
  const { pod: given, ...rest } = more;
  const containers = [container({ probes: [probe({ program: command, timeoutUs: 5 * S })] })];
  return scenario({ pods: [pod({ containers, ...given })], ...rest }, seconds, { sampleEveryUs: 300 * S });
}

/** The answer is the same, and most runs have been left out. */
function expectForwarded(given: ReturnType<typeof oneProbe>, options?: RunOptions): void {
  const { difference, events, forwarded } = runBoth(given, options);
  expect(difference).toBe('');
  expect(forwarded.calendar).toBeLessThan(events.calendar / 3);
}

/** The answer is the same, and nothing has been left out. */
function expectSimulated(given: ReturnType<typeof oneProbe>): void {
  const { difference, events, forwarded, probeRuns } = runBoth(given);
  expect(difference).toBe('');
  expect(forwarded.kernel).toBe(events.kernel);
  expect(probeRuns).toBeGreaterThan(50);
}

const SHIPPED = [
  ['delete-the-leaking-pod', 3 * US_PER_HOUR],
  ['namespace-pid-max-800', US_PER_HOUR],
  ['docker-run-tini', 3 * US_PER_HOUR],
  ['pause-bump', 12 * US_PER_HOUR],
  ['rabbitmq-pause-3.0', US_PER_HOUR],
  ['ten-rabbitmq-pods', US_PER_HOUR],
  ['healthy-node', US_PER_HOUR],
  ['tini-subreaper', 2 * US_PER_HOUR],
] as const;

describe('the scenarios that ship', () => {
  test.each(SHIPPED)('%s', (name, horizonUs) => {
    const path = `scenarios/${name}.yaml`;
    const parsed = parseScenario(readFileSync(path, 'utf8'), { path });
    if (!parsed.ok) throw new Error(parsed.diagnostics[0].message);
    expect(runBoth({ ...parsed.value[0], seed: 7, horizonUs }).difference).toBe('');
  });
});

test('random nodes that leak, fill up, and get room again', () => {
  fc.assert(
    fc.property(given, ({ scenario, options }) => {
      expect(runBoth(scenario, options).difference).toBe('');
    }),
    { numRuns: 40, seed: 20261130 },
  );
});

describe('what is forwarded', () => {
  test('a probe that leaves nothing', () => expectForwarded(oneProbe()));

  test('one that leaves zombies: their PIDs, and since when they are there', () =>
    expectForwarded(oneProbe(ORPHAN, { pause: '3.0', pod: { pidMode: 'pod' } })));

  test('one whose outcome hangs on what it draws', () => {
    expectForwarded(oneProbe(RACE, { pause: '3.0', pod: { pidMode: 'pod' } }));
  });

  test('one whose orphans PID 1 reaps', () =>
    expectForwarded(oneProbe(ORPHAN, { pause: '3.1', pod: { pidMode: 'pod' } })));

  test('one whose orphans the container reaps, as PID 1', () => {
    const reaper = program('tini', [{ repeat: { times: 'forever', steps: [{ wait: 'any' }, 'pause'] } }]);
    const containers = [container({ program: reaper, probes: [probe({ program: PLAIN })] })];
    expectForwarded(oneProbe(PLAIN, { pod: { containers, pidMode: 'container' } }));
  });

  test('docker’s own health check, whose interval begins with the end of the last', () => {
    expectForwarded(
      oneProbe(PLAIN, { runtime: { name: 'docker', version: '20.10' }, pod: { sandboxless: true } }),
    );
  });

  test('probes by network, and many at once', () => {
    const containers = [
      container({
        probes: [
          probe({ type: 'liveness', action: { kind: 'network', how: 'httpGet' }, periodUs: S }),
          probe({ program: PLAIN, periodUs: 7 * S }),
        ],
      }),
    ];
    expectForwarded(oneProbe(PLAIN, { pod: { count: 20, containers } }));
  });

  test.each(['docker', 'containerd', 'cri-o'] as const)('with %s', (name) => {
    const version = { docker: '20.10', containerd: '1.7', 'cri-o': '1.28' }[name];
    expectForwarded(oneProbe(ORPHAN, { runtime: { name, version }, pause: '3.0', pod: { pidMode: 'pod' } }));
  });

  test('with the host’s PIDs started again from below, again and again', () => {
    expectForwarded(oneProbe(PLAIN, { kernel: { pidMax: 1_000 } }, 4_000));
  });
});

describe('what is simulated all the same', () => {
  const shared = { pause: '3.0', pod: { pidMode: 'pod' as const } };

  test('what draws a duration that can be any', () => {
    expectSimulated(oneProbe(program('slow', [{ sleep: { exponential: { mean: '20ms' } } }]), shared));
  });

  test('what draws more or less, as it has drawn before', () => {
    const steps = [{ sleep: { uniform: ['1ms', '9ms'] as [string, string] } }];
    expectSimulated(oneProbe(program('odd', [{ chance: { p: 0.5, steps } }]), shared));
  });

  test('what draws two durations that race each other', () => {
    const steps = [{ sleep: { uniform: ['5ms', '15ms'] as [string, string] } }];
    expectSimulated(oneProbe(program('race', [{ fork: { steps } }, ...steps, 'reap']), shared));
  });

  test('what leaves a process that lives', () => {
    const daemon = program('daemon', [{ fork: { steps: ['setsid', { sleep: '3h' }] } }]);
    expectSimulated(oneProbe(daemon, shared));
  });

  test('what fails', () => {
    const containers = [container({ probes: [probe({ program: program('no', [{ exit: 1 }]) })] })];
    expectSimulated(oneProbe(PLAIN, { pod: { containers } }));
  });

  test('a run that takes longer than it may', () => {
    const slow = program('slow', [{ sleep: '2s' }]);
    const containers = [container({ probes: [probe({ program: slow, timeoutUs: S })] })];
    expectSimulated(oneProbe(PLAIN, { pod: { containers } }));
  });

  test('what a PID 1 finds that has a backlog', () => {
    // It reaps one for each signal: of two that die at one instant, one stays.
    const slow = program('slow', [
      { sigchld: 'reap-one' },
      { fork: { steps: [] } },
      { fork: { steps: [] } },
      'pause',
    ]);
    const containers = [container({ program: slow, probes: [probe({ program: ORPHAN })] })];
    expectSimulated(oneProbe(PLAIN, { pod: { containers, pidMode: 'container' } }));
  });

  test('with a limit within reach', () => {
    expectSimulated(oneProbe(PLAIN, { pod: { pidMode: 'pod' }, kubelet: { podPidsLimit: 9 } }));
    expectSimulated(oneProbe(PLAIN, { kernel: { pidMax: 320 }, baselineTaskCount: 290 }));
  });

  test('with a runtime whose execs may hang', () => {
    expectSimulated(oneProbe(PLAIN, { runtime: { leaks: { shimPerPodDelete: 0, stuckExec: 1e-9 } } }));
  });
});
