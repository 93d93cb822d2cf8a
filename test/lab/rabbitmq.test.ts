import { describe, expect, it } from 'vitest';
import {
  type ExhaustionRun,
  exhaustTheModel,
  numbersPerProbe,
  zombiesAtTenths,
} from '../../src/lab/rabbitmq.js';
import { formatExhaustion } from '../../src/lab/rabbitmq-text.js';

const step = (probe: number, zombies: number, pinned: number, ok = true): ExhaustionRun['steps'][number] => ({
  probe,
  ok,
  zombies,
  pinned,
});

describe('the incident on the model', () => {
  it('fails sooner in a smaller table', () => {
    const failures = [500, 600, 700].map((pidMax) => exhaustTheModel({ pidMax }).firstFailure!);
    expect(failures).toEqual([...failures].sort((a, b) => a - b));
    expect(new Set(failures).size).toBe(3);
  });

  it('fails with far fewer zombies than there are numbers', () => {
    const { steps } = exhaustTheModel({ pidMax: 600 });
    const last = steps[steps.length - 1];
    expect(last.ok).toBe(false);
    expect(last.zombies).toBeLessThan(600 / 3);
    expect(last.pinned).toBeGreaterThan(100);
  });

  it('never fails under a PID 1 that reaps', () => {
    const { firstFailure, steps } = exhaustTheModel({ pidMax: 500, init: 'pause-reaping', probesMax: 60 });
    expect(firstFailure).toBeNull();
    expect(steps.every(({ zombies, pinned }) => zombies === 0 && pinned <= 2)).toBe(true);
  });

  it('leaves as many numbers a probe as it is told were measured, and fails the sooner for it', () => {
    const runs = [4.1, 4.9].map((numbers) => exhaustTheModel({ pidMax: 700, numbersPerProbe: numbers }));
    expect(numbersPerProbe(runs[0])).toBeCloseTo(4.1, 0);
    expect(numbersPerProbe(runs[1])).toBeCloseTo(4.9, 0);
    expect(runs[1].firstFailure!).toBeLessThan(runs[0].firstFailure!);
  });
});

describe('the table of the incident', () => {
  const run: ExhaustionRun = {
    pidMax: 600,
    firstFailure: 21,
    failure: '',
    steps: [step(0, 4, 2), step(10, 25, 22), step(20, 45, 41), step(21, 50, 44, false)],
  };

  it('counts zombies at each tenth probe that succeeded', () => {
    expect([...zombiesAtTenths(run)]).toEqual([
      [10, 25],
      [20, 45],
    ]);
  });

  it('counts the numbers that a successful probe left', () => {
    expect(numbersPerProbe(run)).toBe((45 + 41 - 4 - 2) / 20);
    expect(numbersPerProbe({ ...run, steps: [step(0, 4, 2)] })).toBe(0);
  });

  it('sets the columns side by side, each as median and range', () => {
    const later = { ...run, firstFailure: 23 };
    const columns = [
      { title: 'kernel', runs: [run] },
      { title: 'model', runs: [run, later, later] },
    ];
    const text = formatExhaustion(columns);
    expect(text).toContain('| pid_max 600 | kernel | model |');
    expect(text).toContain('| first probe that fails | 21 | 23 (21 to 23) |');
    expect(text).toContain('| zombies after probe 10 | 25 | 25 |');
  });
});
