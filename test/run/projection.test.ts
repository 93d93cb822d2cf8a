import { describe, expect, test } from 'vitest';
import { project } from '../../src/run/projection.js';
import { TIMELINE_COLUMNS, type Timeline } from '../../src/run/result.js';
import { simulate } from '../../src/run/run.js';
import { container, ORPHAN, pod, probe, S, scenario } from '../node/world.js';

function timeline(
  rows: number,
  allocated: (hour: number) => number,
  tasks = (_hour: number) => 100,
): Timeline {
  const empty = Object.fromEntries(TIMELINE_COLUMNS.map((name) => [name, []])) as unknown as Timeline;
  for (let hour = 0; hour < rows; hour++) {
    empty.time_s.push(hour * 3_600);
    empty.allocated.push(allocated(hour));
    empty.loadavg_tasks.push(tasks(hour));
  }
  return empty;
}

const LIMITS = { usablePids: 10_000, threadsMax: 5_000, mostPids: Number.POSITIVE_INFINITY };

describe('projection', () => {
  test('steady growth reaches the limit on a straight line', () => {
    const projection = project(
      timeline(100, (hour) => 100 + 10 * hour),
      0,
      LIMITS,
    );
    expect(projection).toMatchObject({ kind: 'exhausts', limit: 'pid-max' });
    expect(projection.pidsPerHour).toBeCloseTo(10);
    expect((projection as { atSeconds: number }).atSeconds).toBeCloseTo(990 * 3_600);
  });

  test('whichever limit is reached first counts', () => {
    const both = timeline(
      100,
      (hour) => 100 + 10 * hour,
      (hour) => 100 + 9 * hour,
    );
    expect(project(both, 0, LIMITS)).toMatchObject({ kind: 'exhausts', limit: 'threads-max' });
  });

  test('no growth, noise, and decline are all never', () => {
    expect(
      project(
        timeline(100, () => 300),
        0,
        LIMITS,
      ).kind,
    ).toBe('never');
    expect(
      project(
        timeline(100, (hour) => 300 + ((hour * 7919) % 17)),
        0,
        LIMITS,
      ).kind,
    ).toBe('never');
    expect(
      project(
        timeline(100, (hour) => 900 - hour),
        0,
        LIMITS,
      ).kind,
    ).toBe('never');
  });

  test('growth that ended before the last half is not extrapolated', () => {
    expect(
      project(
        timeline(100, (hour) => Math.min(hour, 40) * 50),
        0,
        LIMITS,
      ).kind,
    ).toBe('never');
  });

  test('nor is growth that ended within it, as that of a pod which has reached its own limit', () => {
    expect(
      project(
        timeline(100, (hour) => Math.min(hour, 65) * 50),
        0,
        LIMITS,
      ).kind,
    ).toBe('never');
  });

  test('a line is not fitted across the last change', () => {
    const dropped = timeline(100, (hour) => (hour < 70 ? 2_000 + 30 * hour : 100 + 20 * (hour - 70)));
    const projection = project(dropped, 70 * 3_600, LIMITS);
    expect(projection.pidsPerHour).toBeCloseTo(20);
    expect(projection.method).toContain('since the last change');
  });

  test('with too few rows the answer is never', () => {
    expect(
      project(
        timeline(3, (hour) => hour * 100),
        0,
        LIMITS,
      ).kind,
    ).toBe('never');
  });

  test('a short run predicts to within 1 % when a long one is exhausted', () => {
    const leaky = pod({ pidMode: 'pod', containers: [container({ probes: [probe({ program: ORPHAN })] })] });
    const given = {
      pause: '3.0',
      pods: [leaky],
      sshLogins: { everyUs: 600 * S, lastsUs: 20 * S },
      podChurn: { everyUs: 1_800 * S, lastsUs: 1_800 * S },
    };
    const short = simulate(scenario(given, 40_000)).projection as { atSeconds: number };
    const long = simulate(scenario(given, 200_000), { until: 'exhaustion' }).outcome as { atSeconds: number };
    expect(Math.abs(short.atSeconds / long.atSeconds - 1)).toBeLessThan(0.01);
  });

  test('and says never for a pause that reaps', () => {
    const leaky = pod({ pidMode: 'pod', containers: [container({ probes: [probe({ program: ORPHAN })] })] });
    const given = {
      pause: '3.1',
      pods: [leaky],
      sshLogins: { everyUs: 600 * S, lastsUs: 20 * S },
      podChurn: { everyUs: 1_800 * S, lastsUs: 1_800 * S },
    };
    for (const seed of [1, 2, 3, 4, 5]) {
      expect(simulate(scenario(given, 40_000, { seed })).projection).toMatchObject({
        kind: 'never',
        pidsPerHour: 0,
      });
    }
  });

  describe('for pods with a pid_max of their own (K7)', () => {
    const leaky = (pidMax: number | null) =>
      pod({ pidMode: 'pod', pidMax, containers: [container({ probes: [probe({ program: ORPHAN })] })] });
    const projected = (...pods: ReturnType<typeof leaky>[]) =>
      simulate(scenario({ pause: '3.0', pods }, 10_000)).projection;

    test('says never: each pod is full before the node is', () => {
      expect(projected(leaky(10_000))).toMatchObject({ kind: 'never' });
      expect(projected(leaky(10_000))!.pidsPerHour).toBeGreaterThan(100);
    });

    test('gives a time if a pod has no limit, or if the limits together exceed that of the node', () => {
      expect(projected(leaky(10_000), leaky(null))).toMatchObject({ kind: 'exhausts' });
      expect(projected(leaky(20_000))).toMatchObject({ kind: 'never' });
      expect(projected(leaky(20_000), leaky(20_000))).toMatchObject({ kind: 'exhausts' });
    });
  });
});
