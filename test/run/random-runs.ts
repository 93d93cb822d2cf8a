/** Small random nodes that leak, fill up and get room again, and random moments at which to look at them. */
import fc from 'fast-check';
import type { Intervention } from '../../src/node/spec.js';
import { Run, type RunOptions } from '../../src/run/run.js';
import type { Scenario } from '../../src/scenario/scenario.js';
import { APP, container, FAILING, ORPHAN, PLAIN, pod, probe, program, S, scenario } from '../node/world.js';

const HORIZON_SECONDS = 400;

const seconds = (min: number, max: number) => fc.integer({ min, max }).map((count) => count * S);

/** Takes many PIDs at once and gives them back later, so that a node fills and recovers by itself. */
const BURST = program('burst', [
  { sleep: { uniform: ['20s', '90s'] } },
  { repeat: { times: 400, steps: [{ fork: { steps: [{ sleep: '60s' }], orElse: [] } }] } },
  { wait: 'all' },
  'pause',
]);
const CRASHING = program('crashes', [{ sleep: { uniform: ['1s', '90s'] } }, { exit: 1 }]);

const probes = fc.array(
  fc.record({
    type: fc.constantFrom('liveness' as const, 'readiness' as const),
    program: fc.constantFrom(ORPHAN, ORPHAN, PLAIN, FAILING),
    periodUs: seconds(1, 5),
  }),
  { minLength: 1, maxLength: 2 },
);

const pods = fc.array(
  fc.record({
    main: fc.constantFrom(APP, BURST, CRASHING),
    pidMode: fc.constantFrom('container' as const, 'pod' as const, null),
    pidMax: fc.constantFrom(null, null, 310),
    startAtUs: seconds(0, 30),
    probes,
  }),
  { minLength: 1, maxLength: 3 },
);

const intervention: fc.Arbitrary<Intervention> = fc.oneof(
  fc.record({
    do: fc.constant('delete-pod' as const),
    pod: fc.constant('pod0'),
    recreate: fc.boolean(),
    atUs: seconds(1, 399),
  }),
  fc.record({
    do: fc.constant('set-pid-max' as const),
    pidMax: fc.integer({ min: 320, max: 1_200 }),
    atUs: seconds(1, 399),
  }),
);

export interface Given {
  scenario: Scenario;
  options: RunOptions;
}

export const given: fc.Arbitrary<Given> = fc
  .record({
    pods,
    interventions: fc.array(intervention, { maxLength: 3 }),
    pidMax: fc.constantFrom(320, 420, 700),
    podPidsLimit: fc.constantFrom(-1, -1, 60),
    sampleEveryUs: fc.constantFrom(null, 7 * S, 130 * S),
    until: fc.constantFrom('horizon' as const, 'horizon' as const, 'exhaustion' as const),
    replication: fc.integer({ min: 0, max: 1_000 }),
  })
  .map(({ pods, interventions, pidMax, podPidsLimit, sampleEveryUs, until, replication }) => ({
    scenario: scenario(
      {
        kernel: { pidMax },
        kubelet: { podPidsLimit },
        pause: '3.0',
        sshLogins: { everyUs: 30 * S, lastsUs: 20 * S },
        podChurn: { everyUs: 50 * S, lastsUs: 50 * S },
        interventions,
        pods: pods.map(({ main, probes, ...rest }, index) =>
          pod({
            name: `pod${index}`,
            containers: [container({ program: main, probes: probes.map(probe) })],
            ...rest,
          }),
        ),
      },
      HORIZON_SECONDS,
      { sampleEveryUs },
    ),
    options: { until, replication },
  }));

/**
 * Where a run goes before the next look: to a time, or through so many events, often to the middle of an
 * instant.
 */
export type Stop = { untilUs: number } | { events: number };

export const stops: fc.Arbitrary<Stop[]> = fc.array(
  fc.oneof(
    fc.record({ untilUs: fc.integer({ min: 0, max: HORIZON_SECONDS * S }) }),
    fc.record({ events: fc.integer({ min: 1, max: 3_000 }) }),
  ),
  { minLength: 1, maxLength: 8 },
);

export function runUnseen({ scenario, options }: Given): Run {
  const run = new Run(scenario, options);
  finish(run);
  return run;
}

/** Stops many times, and calls `look` at each stop and at the end. */
export function runSeen({ scenario, options }: Given, stops: readonly Stop[], look: (run: Run) => void): Run {
  const run = new Run(scenario, options);
  for (const stop of stops) {
    goOn(run, stop);
    look(run);
  }
  finish(run);
  look(run);
  return run;
}

function goOn(run: Run, stop: Stop): void {
  if (run.isOver) return;
  if ('events' in stop) run.sim.run(run.scenario.horizonUs, stop.events);
  else while (!run.advance(Math.max(stop.untilUs, run.sim.nowUs)));
}

function finish(run: Run): void {
  while (!run.isOver) run.advance();
}
