import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/run/result.js';
import { container, type NodeGiven, pod, program, S, World } from './world.js';

const downOf = (result: RunResult, name = 'web') => result.pods.find((each) => each.name === name)!;
const at = (given: NodeGiven, seconds: number) => new World(given).to(seconds).result();
const kinds = (given: NodeGiven, seconds: number) =>
  new World(given)
    .to(seconds)
    .result()
    .events.filter(({ kind }) => kind.startsWith('workload'));

/** Fills the node from 100 s on, and stays. */
const HOG = pod({
  name: 'hog',
  startAtUs: 100 * S,
  containers: [
    container({
      program: program('hog', [
        {
          repeat: {
            times: 'forever',
            steps: [{ fork: { steps: ['pause'], orElse: [] } }, { sleep: '20ms' }],
          },
        },
      ]),
    }),
  ],
});

describe('a run says since when a workload is down', () => {
  test('a pod that runs is down for no longer than its first start', () => {
    const { downSinceSeconds, downSeconds } = downOf(at({ pods: [pod()] }, 1_000));
    expect(downSinceSeconds).toBe(null);
    expect(downSeconds).toBe(0);
    expect(kinds({ pods: [pod()] }, 1_000)).toEqual([]);
  });

  test('restarts with their back-off add up; one that is not over is told with its moment', () => {
    const crashing = pod({
      containers: [container({ program: program('app', [{ sleep: '1s' }, { exit: 1 }]) })],
    });
    const { downSinceSeconds, downSeconds, restarts } = downOf(at({ pods: [crashing] }, 1_000));
    expect(restarts).toBeGreaterThan(4);
    expect(downSeconds).toBeGreaterThan(900);
    expect(downSinceSeconds).toBeGreaterThan(600);
  });

  test('what comes back for moments is down since the first of its downtimes, not since the last', () => {
    const crashing = pod({
      containers: [container({ program: program('app', [{ sleep: '1s' }, { exit: 1 }]) })],
    });
    const { downSinceSeconds, downSeconds, mostlyDown, restarts } = downOf(at({ pods: [crashing] }, 1_000));
    const { sinceSeconds, upSeconds } = mostlyDown!;
    expect(sinceSeconds).toBeLessThan(downSinceSeconds! / 10);
    expect(upSeconds).toBeLessThan(restarts + 1);
    expect(sinceSeconds + upSeconds + downSeconds).toBeGreaterThanOrEqual(1_000);
  });

  test('one that has been up for longer than down is not mostly down, and a later downtime begins anew', () => {
    const seldom = pod({
      containers: [container({ program: program('app', [{ sleep: '200s' }, { exit: 1 }]) })],
    });
    const calm = downOf(at({ pods: [seldom] }, 1_020));
    expect(calm.restarts).toBeGreaterThan(2);
    expect(calm.mostlyDown).toBe(null);
    const full = downOf(at({ kernel: { pidMax: 600 }, pods: [seldom, HOG] }, 3_000));
    expect(full.mostlyDown).toEqual({ sinceSeconds: full.downSinceSeconds, upSeconds: 0 });
  });

  test('on a full node a container that ends does not come back, and an event says so', () => {
    const short = pod({
      containers: [container({ program: program('app', [{ sleep: '200s' }, { exit: 1 }]) })],
    });
    const result = at({ kernel: { pidMax: 600 }, pods: [short, HOG] }, 3_000);
    const { downSinceSeconds, downSeconds } = downOf(result);
    expect(downSinceSeconds).toBeCloseTo(200, 0);
    expect(downSeconds).toBeGreaterThan(2_700);
    const told = result.events.find(({ kind, subject }) => kind === 'workload-down' && subject === 'web')!;
    expect(told.timeSeconds).toBeCloseTo(downSinceSeconds! + 60, 3);
  });

  test('what ended as it should, and what was deleted for good, is not down', () => {
    const job = pod({
      restartPolicy: 'Never',
      containers: [container({ program: program('job', [{ sleep: '1s' }]) })],
    });
    expect(downOf(at({ pods: [job] }, 100))).toMatchObject({ downSinceSeconds: null });
    const deleted = at({ pods: [pod({ stopAtUs: 50 * S })] }, 500);
    expect(downOf(deleted).downSinceSeconds).toBe(null);
    expect(downOf(deleted).downSeconds).toBeLessThan(1);
    const crashed = pod({
      stopAtUs: 50 * S,
      containers: [container({ program: program('app', [{ sleep: '1s' }, { exit: 1 }]) })],
    });
    expect(downOf(at({ pods: [crashed] }, 60)).mostlyDown).toBe(null);
  });

  test('what was evicted is down from then on', () => {
    const given = {
      kernel: { pidMax: 2_000 },
      kubelet: { version: '1.31', evictionPidAvailable: 1_800 },
      pods: [pod({ startAtUs: 100 * S })],
      baselineTaskCount: 500,
    };
    const { downSinceSeconds } = downOf(at(given, 1_000));
    expect(downSinceSeconds).toBeGreaterThan(100);
    expect(downSinceSeconds).toBeLessThan(150);
  });
});

describe('pods that were never created', () => {
  const late = pod({ name: 'late', startAtUs: 1_000 * S });
  const given: NodeGiven = { kernel: { pidMax: 600 }, pods: [HOG, late] };

  test('are those that were refused and did not come up, to the end or to their deletion', () => {
    expect(at(given, 3_000).symptoms).toMatchObject({ podCreatesFailed: 1, podsNeverCreated: 1 });
    const deleted = { ...given, pods: [HOG, { ...late, stopAtUs: 2_000 * S }] };
    expect(at(deleted, 3_000).symptoms).toMatchObject({ podCreatesFailed: 1, podsNeverCreated: 1 });
  });

  test('a pod that was refused once and came up later is none of them', () => {
    const interventions = [{ atUs: 1_500 * S, do: 'set-pid-max', pidMax: 40_000 }] as const;
    // Up to 1.14 the pods together have no limit, which would stay as it was.
    const result = at({ ...given, kubelet: { version: '1.14' }, interventions: [...interventions] }, 2_200);
    expect(result.symptoms).toMatchObject({ podCreatesFailed: 1, podsNeverCreated: 0 });
    expect(downOf(result, 'late').downSeconds).toBeGreaterThan(490);
    expect(result.events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['workload-down', 'workload-up']),
    );
  });
});
