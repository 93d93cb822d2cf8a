/** A run that is forwarded ends as one in which everything is simulated: in all that can be asked of it. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunOptions } from '../../src/run/run.js';
import { parseScenario } from '../../src/scenario/parse.js';
import { US_PER_HOUR } from '../../src/sim/time.js';
import {
  container,
  FAILING,
  type NodeGiven,
  ORPHAN,
  PLAIN,
  pod,
  probe,
  program,
  S,
  scenario,
} from '../node/world.js';
import { crowded } from './random-probes.js';
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
  return seldomSeen({ pods: [pod({ containers, ...given })], ...rest }, seconds);
}

function seldomSeen(given: NodeGiven, seconds = 1_000) {
  return scenario(given, seconds, { sampleEveryUs: 300 * S });
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

test('random nodes with many kinds of probes at whole seconds, and every limit near', () => {
  fc.assert(
    fc.property(crowded, ({ scenario, options }) => {
      expect(runBoth(scenario, options).difference).toBe('');
    }),
    { numRuns: 60, seed: 20261130 },
  );
});

describe('at one instant', () => {
  /** Its pod starts when the kubelet has been up for longer than the period: ticks come at whole seconds. */
  const every = (seconds: number, command: typeof PLAIN, name: string) =>
    pod({
      name,
      pidMode: 'pod',
      startAtUs: 20 * S,
      containers: [
        container({ probes: [probe({ program: command, periodUs: seconds * S, timeoutUs: 0.7 * S })] }),
      ],
    });

  test.each([
    [3, 2],
    [2, 3],
  ])('a tick of a forwarded probe every %d s keeps its place among events every %d s', (one, other) => {
    const pods = [every(one, ORPHAN, 'leaks'), every(other, FAILING, 'fails')];
    const { difference, events, forwarded } = runBoth(seldomSeen({ pods, pause: '3.0' }));
    expect(difference).toBe('');
    expect(forwarded.kernel).toBeLessThan(0.95 * events.kernel);
  });

  const halves = program('halves', [{ sleep: '5ms' }, { sleep: '5ms' }]);
  const drawn = program('drawn', [{ sleep: { uniform: ['9ms', '11ms'] } }]);
  const close = program('close', [{ sleep: { uniform: ['9998us', '10002us'] } }]);
  const either = program('either', [
    { chance: { p: 0.5, steps: [{ sleep: '4ms' }, { sleep: '6ms' }, { exit: 0 }] } },
    { sleep: '10ms' },
  ]);
  const late = program('late', [
    { fork: { steps: [{ sleep: { uniform: ['1ms', '9ms'] } }] } },
    { sleep: '10ms' },
    'reap',
  ]);
  test.each([
    ['alike', PLAIN, 2, PLAIN, 2],
    ['that end at one instant', halves, 2, PLAIN, 2],
    ['of which the one with the longer interval ends first', halves, 2, PLAIN, 3],
    ['whose durations are drawn', drawn, 2, drawn, 2],
    ['of which two often end at one instant', close, 2, close, 2],
    ['that end at one instant in one of two ways', either, 2, either, 2],
    ['that end at one instant in one way, whatever they draw', late, 2, late, 2],
  ])('ticks of probes %s keep their order', (_, a, everyA, b, everyB) => {
    const pods = [every(everyA, a, 'a'), every(everyB, b, 'b')];
    for (let minute = 1; minute <= 12; minute++) {
      // The node is compared in the middle of runs: their processes show in which order the runs began.
      expect(runBoth(seldomSeen({ pods }, 60 * minute + 0.03)).difference).toBe('');
    }
  });
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

  test('one that leaves zombies while others ask by network', () => {
    const byNetwork = probe({
      type: 'liveness',
      action: { kind: 'network', how: 'httpGet' },
      periodUs: 0.01 * S,
    });
    const containers = [container({ probes: [probe({ program: ORPHAN }), byNetwork] })];
    const { difference, events, forwarded } = runBoth(
      oneProbe(ORPHAN, { pause: '3.0', pod: { pidMode: 'pod', containers } }),
    );
    expect(difference).toBe('');
    expect(forwarded.kernel).toBeLessThan(events.kernel / 3);
  });

  test.each(['docker', 'containerd', 'cri-o'] as const)('with %s', (name) => {
    const version = { docker: '20.10', containerd: '1.7', 'cri-o': '1.28' }[name];
    expectForwarded(oneProbe(ORPHAN, { runtime: { name, version }, pause: '3.0', pod: { pidMode: 'pod' } }));
  });

  test('below a limit that has been lowered', () => {
    const interventions = [{ do: 'set-pid-max' as const, pidMax: 450, atUs: 500 * S }];
    const leaking = { pause: '3.0', pod: { pidMode: 'pod' as const }, interventions };
    expectForwarded(oneProbe(PLAIN, { kernel: { pidMax: 1_000 }, interventions }));
    expect(runBoth(oneProbe(ORPHAN, { kernel: { pidMax: 900 }, ...leaking })).difference).toBe('');
  });

  test('with the host’s PIDs started again from below, again and again', () => {
    expectForwarded(oneProbe(PLAIN, { kernel: { pidMax: 1_000 } }, 4_000));
  });

  test('probes with one tick whose durations are drawn, while no two of them end at one instant', () => {
    const drawn = program('drawn', [{ sleep: { uniform: ['10ms', '500ms'] } }]);
    const containers = [container({ probes: [probe({ program: drawn })] })];
    // The pods start when the kubelet has been up for longer than the period.
    expectForwarded(oneProbe(PLAIN, { pod: { count: 3, startAtUs: 20 * S, containers } }));
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

  test('short runs beside a long one, if PIDs start again from below before the long one ends', () => {
    // The long one keeps its PID during seven runs of the other, which skip that PID when they come round to it.
    const busy = program('busy', [
      { repeat: { times: 20, steps: [{ fork: { steps: [] } }, { wait: 'any' }] } },
    ]);
    const long = program('long', [{ sleep: '6s' }]);
    const probes = [
      probe({ type: 'liveness', program: long, timeoutUs: 9 * S }),
      probe({ program: busy, periodUs: S, timeoutUs: S / 2 }),
    ];
    const pods = [pod({ containers: [container({ probes })] })];
    for (let pidMax = 440; pidMax < 700; pidMax += 20) {
      expect(runBoth(seldomSeen({ pods, kernel: { pidMax } }, 300)).difference).toBe('');
    }
  });

  test('with a limit within reach', () => {
    expectSimulated(oneProbe(PLAIN, { pod: { pidMode: 'pod' }, kubelet: { podPidsLimit: 9 } }));
    expectSimulated(oneProbe(PLAIN, { kernel: { pidMax: 320 }, baselineTaskCount: 290 }));
  });

  test('with a runtime whose execs may hang', () => {
    expectSimulated(oneProbe(PLAIN, { runtime: { leaks: { shimPerPodDelete: 0, stuckExec: 1e-9 } } }));
  });
});
