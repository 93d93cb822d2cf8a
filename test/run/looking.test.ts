/** Looking changes nothing, and what has been seen does not change either. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HOST_NS } from '../../src/kernel/kernel.js';
import type { Observers } from '../../src/run/observer.js';
import { readNode } from '../../src/run/reading.js';
import { Run } from '../../src/run/run.js';
import { container, ORPHAN, pod, probe, S, scenario } from '../node/world.js';
import { type Given, given, runSeen, runUnseen, type Stop, stops } from './random-runs.js';

const RUNS = { numRuns: 40, seed: 20261129 };

/** Everything that can be asked of a run. */
const LOOKS = [
  (run: Run) => run.result(),
  (run: Run) => run.summary(),
  (run: Run) => run.processes(),
  (run: Run) => run.processes('pod0'),
  (run: Run) => run.podNames,
  (run: Run) => run.progress,
];

/** Overwrites everything in an answer, at every depth. */
function vandalise(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    vandalise(inner);
    (value as Record<string, unknown>)[key] = 'changed by the caller';
  }
  if (Array.isArray(value)) value.length = 0;
}

function vandaliseAll(run: Run): void {
  for (const look of LOOKS) vandalise(look(run));
}

/** The property: a run that was stopped and looked at ends as one that was neither. */
function endsAsUnseen(look: (run: Run) => void) {
  return fc.property(given, stops, (given: Given, stops: Stop[]) => {
    expect(runSeen(given, stops, look).result()).toEqual(runUnseen(given).result());
  });
}

test('a run that is stopped and looked at, and its answers overwritten, ends as one that is not', () => {
  fc.assert(endsAsUnseen(vandaliseAll), RUNS);
});

test('a run that stops at many moments, unseen, ends as one that does not stop', () => {
  fc.assert(
    endsAsUnseen(() => {}),
    RUNS,
  );
});

test('the random nodes fill up, recover, fill up again, and refuse forks to pods', () => {
  const results = fc.sample(given, { ...RUNS, numRuns: 60 }).map((given) => runUnseen(given).result());
  const having = (is: (result: (typeof results)[number]) => boolean) => results.filter(is).length;
  expect(having(({ exhaustions }) => exhaustions.length > 0)).toBeGreaterThan(10);
  expect(having(({ exhaustions }) => exhaustions.some((one) => one.untilSeconds !== null))).toBeGreaterThan(
    3,
  );
  expect(having(({ exhaustions }) => exhaustions.length > 1)).toBeGreaterThan(1);
  expect(having(({ symptoms }) => symptoms.podRefusals.length > 0)).toBeGreaterThan(5);
  expect(having(({ projection }) => projection?.kind === 'exhausts')).toBeGreaterThan(1);
});

describe('the property notices a look that changes something:', () => {
  const observersOf = (run: Run) => run.node.context.observer as Observers;
  test.each<[string, (run: Run) => void]>([
    ['one that adds a row to the recording', (run) => observersOf(run).row(readNode(run.node))],
    [
      'one that tells the observers of an event',
      (run) => observersOf(run).moment('pressure', 'node', 'seen'),
    ],
    ['one that counts', (run) => run.node.counters.sshOk++],
    ['one that moves the cursor of the PID table', (run) => forkAndReap(run)],
  ])('%s', (_name, look) => {
    expect(fc.check(endsAsUnseen(look), { ...RUNS, endOnFailure: true }).failed).toBe(true);
  });

  function forkAndReap({ machine: { kernel } }: Run): void {
    const child = kernel.fork(kernel.init);
    if (child >= 0) kernel.exit(child, 0);
  }
});

test('an answer stays as it was given, while the run goes on', () => {
  fc.assert(
    fc.property(given, stops, (given, stops) => {
      const answers: unknown[] = [];
      const asGiven: unknown[] = [];
      runSeen(given, stops, (run) => {
        for (const look of LOOKS) answers.push(look(run));
        asGiven.push(...structuredClone(answers.slice(asGiven.length)));
      });
      expect(answers).toEqual(asGiven);
    }),
    RUNS,
  );
});

const LEAKY = pod({
  pidMode: 'pod',
  containers: [container({ probes: [probe({ program: ORPHAN, periodUs: S })] })],
});
const FILLS = scenario({ pause: '3.0', kernel: { pidMax: 2_000 }, pods: [LEAKY] }, 3_000);

test('a result ends with a row for the moment of looking; looking a thousand times adds no other', () => {
  const run = new Run(FILLS);
  while (!run.advance(100.5 * S));
  const rows = run.result().timeline.time_s.length;
  for (let time = 0; time < 1_000; time++) run.result();
  const { timeline } = run.result();
  expect(timeline.time_s).toHaveLength(rows);
  expect(timeline.time_s.at(-1)).toBe(100.5);
  while (!run.advance(200 * S));
  expect(run.result().timeline.time_s).not.toContain(100.5);
});

test('a look at a node that has just got room again says so, and ends no fullness', () => {
  const at = 1_500.123;
  const raised = { do: 'set-pid-max' as const, atUs: at * S, pidMax: 4_000 };
  const given = { ...FILLS.node, interventions: [raised] };
  const run = new Run({ ...FILLS, node: given, sampleEveryUs: 1_000 * S });
  // The events of that instant one by one, until the limit is raised; its row comes at the end.
  while (!run.advance(raised.atUs - 1));
  while (run.node.context.kernel.pidMax() < 4_000) run.sim.run(raised.atUs, 1);
  const isTold = () =>
    run.result().events.some(({ kind, subject }) => `${kind} ${subject}` === 'recovered node');
  expect(run.summary().exhaustions[0].untilSeconds).toBe(at);
  expect(isTold()).toBe(true);
  run.machine.kernel.setPidMax(HOST_NS, 2_000);
  expect(run.summary().exhaustions[0].untilSeconds).toBeNull();
  expect(isTold()).toBe(false);
});

describe('without a recording', () => {
  const bare = ({ scenario, options }: Given): Run =>
    runUnseen({ scenario, options: { fidelity: 'events', ...options, record: false } });

  test('digest and summary are the same', () => {
    fc.assert(
      fc.property(given, (given) => {
        const { timeline: _, events: __, ...rest } = runUnseen(given).result();
        expect(bare(given).summary()).toEqual(rest);
      }),
      RUNS,
    );
  });

  test('there is no result but its last row, and the error says so', () => {
    const run = bare({ scenario: FILLS, options: {} });
    const last = runUnseen({ scenario: FILLS, options: {} }).result();
    const row = Object.entries(last.timeline).map(([column, values]) => [column, values.slice(-1)]);
    expect(run.lastRow()).toEqual({ timeline: Object.fromEntries(row), events: [] });
    expect(() => run.result()).toThrow('a run with `record: false` has a summary() and no result()');
    expect(run.summary().outcome).toMatchObject({ kind: 'exhausted' });
  });
});
