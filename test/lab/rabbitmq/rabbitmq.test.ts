import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawInputs, inputsOf } from '../../../src/study/inputs.js';
import { type NearlyFullRun, probeModelNearlyFull } from './nearly-full.js';
import { type ExhaustionRun, exhaustTheModel, pidsPerProbe, zombiesAtTenths } from './rabbitmq.js';
import { formatExhaustion, formatNearlyFull } from './text.js';

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

  it('fails with far fewer zombies than there are PIDs', () => {
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

  it('leaves as many PIDs per probe as it is told were measured, and fails the sooner for it', () => {
    const runs = [4.1, 4.9].map((numbers) => exhaustTheModel({ pidMax: 700, pidsPerProbe: numbers }));
    expect(pidsPerProbe(runs[0])).toBeCloseTo(4.1, 0);
    expect(pidsPerProbe(runs[1])).toBeCloseTo(4.9, 0);
    expect(runs[1].firstFailure!).toBeLessThan(runs[0].firstFailure!);
  });
});

// docs/lab-rabbitmq.md, "Are the intervals wide enough?"
describe('real runs, and the interval that a study gives', () => {
  const RACED = 'rabbitmqctl node_health_check';
  const real: { firstFailure: number }[] = JSON.parse(
    readFileSync(join(import.meta.dirname, 'observed-600.json'), 'utf8'),
  );
  /** The first probe that fails: the middle 90 % of 200 replications. */
  const intervalOf = (shareOf: (replication: number) => number): [number, number] => {
    const failures = Array.from(
      { length: 200 },
      (_, n) => exhaustTheModel({ pidMax: 600, pidsPerProbe: 4 + shareOf(n) }, n).firstFailure!,
    ).sort((a, b) => a - b);
    return [failures[9], failures[190]];
  };
  const inside = ([low, high]: [number, number]): number =>
    real.filter(({ firstFailure }) => firstFailure >= low && firstFailure <= high).length / real.length;

  it('R64: of the real runs at least 85 % lie in the 90 % interval', () => {
    const inputs = inputsOf({ uncertain: [], assumptions: [], races: [RACED] });
    const drawn = (n: number): number => drawInputs(inputs, 1, n).variation.shareOf.get(RACED)!;
    expect(real.length).toBeGreaterThanOrEqual(20);
    expect(inside(intervalOf(drawn))).toBeGreaterThanOrEqual(0.85);
  });

  it('R64: not if the share of an idle machine were taken for certain', () => {
    expect(inside(intervalOf(() => 0.26))).toBeLessThan(0.85);
  });
});

// What the kernel did: docs/lab-rabbitmq.md, "With few PIDs free".
describe('a probe that finds few PIDs free', () => {
  const runs = Array.from({ length: 12 }, (_, n) => probeModelNearlyFull({ free: 28, each: 1 }, n)).flat();
  const left = (free: number) => {
    const of = runs.filter((run) => run.free === free);
    return new Set(of.map(({ status, zombies, pinned }) => `${status}: ${zombies} + ${pinned}`));
  };

  it('succeeds with 28 and leaves four or five', () => {
    expect([...left(28)].sort()).toEqual(['0: 2 + 2', '0: 3 + 2']);
  });

  it('leaves an erl_child_setup that could not fork, which outlives the VM (24 and 26)', () => {
    expect([...left(24)]).toEqual(['143: 1 + 0']);
    expect([...left(26)]).toEqual(['143: 2 + 1']);
  });

  it('holds what it has for 90 s when an inet_gethost could not fork, and leaves nothing of it (25)', () => {
    expect([...left(25)]).toEqual(['69: 0 + 0']);
    const seconds = runs.filter(({ free }) => free === 25).map((run) => run.seconds);
    expect(Math.min(...seconds)).toBeGreaterThan(90);
    expect(Math.max(...seconds)).toBeLessThan(91);
  });

  it('leaves one zombie or none when the VM is refused a thread (8 to 23)', () => {
    const aborted = runs.filter(({ free }) => free >= 8 && free <= 23);
    expect(new Set(aborted.map(({ status }) => status))).toEqual(new Set([134]));
    expect(new Set(aborted.map(({ zombies }) => zombies))).toEqual(new Set([0, 1]));
    expect(aborted.every(({ pinned }) => pinned === 0)).toBe(true);
    const share = aborted.reduce((sum, { zombies }) => sum + zombies, 0) / aborted.length;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.45);
  });

  it('leaves nothing once it gets no further than its shells (3 to 6)', () => {
    for (const free of [3, 4]) expect([...left(free)]).toEqual(['2: 0 + 0']);
    for (const free of [5, 6]) expect([...left(free)]).toEqual(['134: 0 + 0']);
  });
});

describe('the table of what a probe does with few PIDs free', () => {
  const run = (free: number, status: number | null, seconds: number, zombies: number): NearlyFullRun => ({
    free,
    status,
    seconds,
    zombies,
    pinned: 0,
  });

  it('has a row for each count, the largest first, and a mean of what was left', () => {
    const text = formatNearlyFull([
      { title: 'kernel', runs: [run(7, 134, 0.21, 0), run(8, 134, 0.2, 1), run(8, 134, 0.3, 0)] },
      { title: 'model', runs: [run(8, null, 0, 0), run(8, 134, 0.1, 1)] },
    ]);
    expect(text.split('\n').slice(2, 4)).toEqual([
      '| 8 | 134 | 0.2 (0.2 to 0.3) | 0.5 | 0 | 134, none | 0 (0 to 0.1) | 0.5 | 0 |',
      '| 7 | 134 | 0.2 | 0 | 0 |  |  |  |  |',
    ]);
  });

  it('has as many columns in every row', () => {
    const rows = formatNearlyFull([{ title: 'kernel', runs: [run(7, 134, 0.2, 0)] }])
      .trim()
      .split('\n');
    expect(new Set(rows.map((row) => row.split('|').length))).toEqual(new Set([7]));
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

  it('counts the PIDs that a successful probe left', () => {
    expect(pidsPerProbe(run)).toBe((45 + 41 - 4 - 2) / 20);
    expect(pidsPerProbe({ ...run, steps: [step(0, 4, 2)] })).toBe(0);
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
