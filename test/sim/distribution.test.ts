import { describe, expect, test } from 'vitest';
import {
  type Distribution,
  isLucky,
  LONGEST_US,
  normalQuantile,
  sampleUs,
} from '../../src/sim/distribution.js';
import { type Draw, type RandomStream, RandomStreams } from '../../src/sim/random.js';

const COUNT = 40_000;

function sorted(distribution: Distribution): Float64Array {
  const stream = new RandomStreams(3).stream('test', distribution.kind);
  return Float64Array.from({ length: COUNT }, () => sampleUs(distribution, stream)).sort();
}

/** The share of draws up to the theoretical `p`-quantile must be `p`, within four standard deviations. */
function expectQuantile(values: Float64Array, p: number, quantileUs: number): void {
  const share = values.findIndex((value) => value > quantileUs) / values.length;
  expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / values.length));
}

const TENTHS = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99];

describe('a draw from', () => {
  test('a constant is that length, and asks for no random number', () => {
    const noChance = { uniform: () => expect.unreachable() };
    expect(sampleUs({ kind: 'constant', us: 250_000 }, noChance)).toBe(250_000);
  });

  test('a uniform distribution has its quantiles', () => {
    const values = sorted({ kind: 'uniform', lowUs: 1_000_000, highUs: 2_000_000 });
    for (const p of TENTHS) expectQuantile(values, p, 1_000_000 * (1 + p));
    expect(values[0]).toBeGreaterThanOrEqual(1_000_000);
    expect(values.at(-1)).toBeLessThanOrEqual(2_000_000);
  });

  test('an exponential distribution has its quantiles, mean and spread', () => {
    const values = sorted({ kind: 'exponential', meanUs: 5_000_000 });
    for (const p of TENTHS) expectQuantile(values, p, -5_000_000 * Math.log(1 - p));
    const mean = values.reduce((sum, value) => sum + value, 0) / COUNT;
    // Its standard deviation is its mean.
    expect(Math.abs(mean / 5_000_000 - 1)).toBeLessThan(4 / Math.sqrt(COUNT));
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / COUNT;
    expect(Math.sqrt(squares) / mean).toBeCloseTo(1, 1);
  });

  test('a lognormal distribution has its quantiles', () => {
    const values = sorted({ kind: 'lognormal', medianUs: 300_000, sigma: 0.2 });
    for (const p of TENTHS) expectQuantile(values, p, 300_000 * Math.exp(0.2 * normalQuantile(p)));
  });

  const kinds: Distribution[] = [
    { kind: 'uniform', lowUs: 0, highUs: 9 },
    { kind: 'exponential', meanUs: 1e6 },
    { kind: 'lognormal', medianUs: 1e6, sigma: 3 },
  ];

  test.each(kinds)('$kind takes exactly one random number', (distribution) => {
    let asked = 0;
    const counting = {
      uniform: () => {
        asked++;
        return 0.3;
      },
    };
    sampleUs(distribution, counting);
    expect(asked).toBe(1);
  });

  test.each(kinds)('$kind is longer for a larger random number', (distribution) => {
    const at = (u: number): number => sampleUs(distribution, { uniform: () => u });
    for (let u = 0; u < 0.99; u += 0.01) expect(at(u)).toBeLessThanOrEqual(at(u + 0.01));
  });

  test.each(kinds)('$kind is a whole number from 0 on, at both ends of chance', (distribution) => {
    for (const u of [0, 1 - 2 ** -32]) {
      const us = sampleUs(distribution, { uniform: () => u });
      expect(Number.isSafeInteger(us)).toBe(true);
      expect(us).toBeGreaterThanOrEqual(0);
    }
  });

  test('a lognormal distribution that knows no bounds is bounded', () => {
    const wild: Distribution = { kind: 'lognormal', medianUs: 1e9, sigma: 500 };
    expect(sampleUs(wild, { uniform: () => 0.999 })).toBe(LONGEST_US);
    expect(sampleUs(wild, { uniform: () => 0.001 })).toBe(0);
  });
});

describe('luck', () => {
  const at = (u: number): RandomStream => ({ uniform: () => u });

  test('of probability p is a random number below p', () => {
    expect([0, 0.29, 0.3, 0.9].map((u) => isLucky(0.3, at(u)))).toEqual([true, true, false, false]);
    expect([isLucky(0, at(0)), isLucky(1, at(1 - 2 ** -32))]).toEqual([false, true]);
  });
});

describe('a stream that gives each value in turn', () => {
  /** Chooses that value; what it was asked is noted, and where another stream's number would lead. */
  function chooser(value: number) {
    const asked: { count: number; draws: number[] }[] = [];
    const choose = (count: number, draw: Draw): number => {
      asked.push({ count, draws: [0, 0.5, 1 - 2 ** -32].map((u) => draw({ uniform: () => u })) });
      return value;
    };
    return { asked, stream: { uniform: () => expect.unreachable(), choose } };
  }

  test.each<[Distribution, number, { count: number; draws: number[] }]>([
    [{ kind: 'uniform', lowUs: 10, highUs: 14 }, 12, { count: 5, draws: [0, 2, 4] }],
    [{ kind: 'uniform', lowUs: 9.6, highUs: 10.4 }, 12, { count: 1, draws: [0, 0, 0] }],
    [{ kind: 'exponential', meanUs: 100 }, 2, { count: Infinity, draws: [0, 69, 2287] }],
    [{ kind: 'lognormal', medianUs: 100, sigma: 0.1 }, 2, { count: Infinity, draws: [53, 100, 188] }],
  ])('is asked for one of the lengths that %o can have', (distribution, us, question) => {
    const { asked, stream } = chooser(2);
    expect(sampleUs(distribution, stream)).toBe(us);
    expect(asked).toEqual([question]);
  });

  test('is not asked for a constant', () => {
    const { asked, stream } = chooser(2);
    expect(sampleUs({ kind: 'constant', us: 7.4 }, stream)).toBe(7);
    expect(asked).toEqual([]);
  });

  test.each([
    [0.25, 0, true, { count: 2, draws: [0, 1, 1] }],
    [0.25, 1, false, { count: 2, draws: [0, 1, 1] }],
    [0, 0, false, { count: 1, draws: [0, 0, 0] }],
    [-0.5, 0, false, { count: 1, draws: [0, 0, 0] }],
    [1, 0, true, { count: 1, draws: [0, 0, 0] }],
    [1.5, 0, true, { count: 1, draws: [0, 0, 0] }],
  ])('is asked about luck of %d, where 0 is luck: %i', (p, value, isLuck, question) => {
    const { asked, stream } = chooser(value);
    expect(isLucky(p, stream)).toBe(isLuck);
    expect(asked).toEqual([question]);
  });
});

describe('the normal quantile', () => {
  // From tables of 20 digits; AS 241 has a relative error of about 1e-16.
  test.each([
    [0.5, 0],
    [0.75, 0.6744897501960817],
    [0.8413447460685429, 1],
    [0.975, 1.959963984540054],
    [0.999, 3.090232306167813],
    [2.866515718791939e-7, -5],
    [1e-20, -9.26234008979841],
    [1e-300, -37.0470965],
  ])('of %d is %d', (p, value) => {
    expect(normalQuantile(p)).toBeCloseTo(value, p < 1e-100 ? 6 : 12);
  });

  test('is odd about one half', () => {
    for (const p of [0.001, 0.05, 0.0749, 0.0751, 0.3])
      expect(normalQuantile(p)).toBeCloseTo(-normalQuantile(1 - p), 12);
  });

  test('rises everywhere, across the seams of its three formulas too', () => {
    let last = Number.NEGATIVE_INFINITY;
    for (let p = 1e-13; p < 1; p = p < 0.001 ? p * 1.01 : p + 0.0001) {
      const value = normalQuantile(p);
      expect(value).toBeGreaterThan(last);
      last = value;
    }
  });
});
