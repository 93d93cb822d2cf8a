/**
 * Random nodes with many kinds of probes, for runs that are forwarded. Everything begins at whole seconds and
 * lasts whole milliseconds, so that many events are due at one instant; and every limit is near.
 */
import fc from 'fast-check';
import type { Intervention, RuntimeSpec } from '../../src/node/spec.js';
import { APP, container, FAILING, ORPHAN, PLAIN, pod, probe, program, S, scenario } from '../node/world.js';
import type { Given } from './random-runs.js';

const HORIZON_SECONDS = 300;

const seconds = (min: number, max: number) => fc.integer({ min, max }).map((count) => count * S);

/** Commands: with and without a table (residues.ts). */
const COMMANDS = [
  PLAIN,
  ORPHAN,
  FAILING,
  program('same', [{ sleep: '5ms' }, { sleep: '5ms' }]),
  program('second', [{ sleep: '1010ms' }]),
  program('long', [{ fork: { steps: [{ sleep: '2s' }] } }, { sleep: '2500ms' }, 'reap']),
  program('busy', [{ repeat: { times: 9, steps: [{ fork: { steps: [] } }, { wait: 'any' }] } }]),
  program('drawn', [{ sleep: { uniform: ['9ms', '11ms'] } }]),
  program('close', [{ sleep: { uniform: ['9998us', '10002us'] } }]),
  program('either', [
    { chance: { p: 0.5, steps: [{ sleep: '4ms' }, { sleep: '6ms' }, { exit: 0 }] } },
    { sleep: '10ms' },
  ]),
  program('race', [
    'setsid',
    { fork: { comm: 'late', steps: [{ sleep: { uniform: ['5ms', '15ms'] } }] } },
    { sleep: '10ms' },
    { chance: { p: 0.3, steps: ['reap'] } },
  ]),
  program('pinning', [{ fork: { steps: ['setsid', { fork: { steps: [{ sleep: '100ms' }] } }] } }]),
  program('rarely', [{ chance: { p: 0.05, steps: [{ exit: 1 }] } }]),
  program('hangs', [{ chance: { p: 0.1, steps: [{ sleep: '10s' }] } }]),
  program('any', [{ sleep: { exponential: { mean: '20ms' } } }]),
  program('daemon', [{ fork: { steps: ['setsid', { sleep: '7s' }] } }]),
];

const MAINS = [
  APP,
  program('tini', [{ repeat: { times: 'forever', steps: [{ wait: 'any' }, 'pause'] } }]),
  program('one', [{ sigchld: 'reap-one' }, { repeat: { times: 'forever', steps: ['pause'] } }]),
  program('crashes', [{ sleep: '50s' }, { exit: 1 }]),
  program('floods', [
    { sleep: { uniform: ['20s', '90s'] } },
    { repeat: { times: 400, steps: [{ fork: { steps: [{ sleep: '60s' }], orElse: [] } }] } },
    { wait: 'all' },
    'pause',
  ]),
  program('ticks', [
    { repeat: { times: 'forever', steps: [{ sleep: '1s' }, { fork: { steps: [] } }, 'reap'] } },
  ]),
];

const probes = fc.array(
  fc.record({
    type: fc.constantFrom('liveness' as const, 'readiness' as const, 'startup' as const),
    command: fc.constantFrom(null, ...COMMANDS),
    periodUs: fc.constantFrom(1, 2, 3, 5, 6, 10, 15, 20).map((count) => count * S),
    timeoutUs: seconds(1, 5),
    initialDelayUs: seconds(0, 9),
  }),
  { maxLength: 3 },
);

const pods = fc.array(
  fc.record({
    main: fc.constantFrom(...MAINS),
    count: fc.constantFrom(1, 1, 1, 4),
    pidMode: fc.constantFrom('container' as const, 'pod' as const, 'node' as const, null),
    pidMax: fc.constantFrom(null, null, 330),
    startAtUs: seconds(0, 30),
    sandboxless: fc.boolean(),
    probes,
  }),
  { minLength: 1, maxLength: 4 },
);

const runtimes = fc.constantFrom<Partial<RuntimeSpec>[]>(
  { name: 'containerd', version: '1.7' },
  { name: 'containerd', version: '1.2' },
  { name: 'docker', version: '20.10' },
  { name: 'cri-o', version: '1.28' },
  { name: 'bare', setsid: true },
);

const atUs = seconds(1, HORIZON_SECONDS - 1);
const intervention: fc.Arbitrary<Intervention> = fc.oneof(
  fc.record({
    do: fc.constant('delete-pod' as const),
    pod: fc.constant('pod0'),
    recreate: fc.boolean(),
    atUs,
  }),
  fc.record({ do: fc.constant('set-pid-max' as const), pidMax: fc.integer({ min: 330, max: 1_200 }), atUs }),
  fc.record({ do: fc.constant('bump-pause' as const), version: fc.constant('3.1'), atUs }),
);

export const crowded: fc.Arbitrary<Given> = fc
  .record({
    pods,
    runtime: runtimes,
    interventions: fc.array(intervention, { maxLength: 3 }),
    pause: fc.constantFrom('3.0', '3.1'),
    pidMax: fc.constantFrom(340, 420, 500, 700, 1_500),
    podPidsLimit: fc.constantFrom(-1, -1, 30, 60),
    evictionPidAvailable: fc.constantFrom(null, null, 60),
    sampleEveryUs: fc.constantFrom(S, 7 * S, 49 * S, 301 * S),
    logins: fc.boolean(),
    churn: fc.boolean(),
    until: fc.constantFrom('horizon' as const, 'horizon' as const, 'exhaustion' as const, 'harm' as const),
    replication: fc.integer({ min: 0, max: 1_000 }),
  })
  .map(({ pods, runtime, interventions, pause, pidMax, sampleEveryUs, until, replication, ...rest }) => {
    const isDocker = runtime.name === 'docker';
    const podSpecs = pods.map(({ main, probes, sandboxless, ...spec }, index) => {
      const typed = new Map(probes.map((each) => [each.type, each]));
      const checks = [...typed.values()].map(({ command, ...each }) =>
        probe(
          command === null
            ? { ...each, action: { kind: 'network', how: 'httpGet' } }
            : { ...each, program: command },
        ),
      );
      const alone = isDocker && sandboxless;
      return pod({
        ...spec,
        name: `pod${index}`,
        containers: [container({ program: main, probes: alone ? checks.slice(0, 1) : checks })],
        ...(alone ? { sandboxless: true, pidMode: null } : {}),
      });
    });
    const { podPidsLimit, evictionPidAvailable, logins, churn } = rest;
    const given = scenario(
      {
        kernel: { pidMax },
        kubelet: { podPidsLimit, evictionPidAvailable },
        runtime,
        pause,
        sshLogins: logins ? { everyUs: 30 * S, lastsUs: 20 * S } : null,
        podChurn: churn ? { everyUs: 50 * S, lastsUs: 50 * S } : null,
        interventions,
        pods: podSpecs,
      },
      HORIZON_SECONDS,
      { sampleEveryUs },
    );
    return { scenario: given, options: { until, replication } };
  });
