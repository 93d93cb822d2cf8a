import { describe, expect, test } from 'vitest';
import { RandomStreams } from '../../src/sim/random.js';

const COUNT = 20_000;

function draws(streams: RandomStreams, entity: string, purpose: string, count = COUNT): Float64Array {
  const stream = streams.stream(entity, purpose);
  return Float64Array.from({ length: count }, () => stream.uniform());
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function correlation(x: Float64Array, y: Float64Array): number {
  const meanX = mean(x);
  const meanY = mean(y);
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < x.length; i++) {
    xy += (x[i] - meanX) * (y[i] - meanY);
    xx += (x[i] - meanX) ** 2;
    yy += (y[i] - meanY) ** 2;
  }
  return xy / Math.sqrt(xx * yy);
}

describe('a random stream', () => {
  test('gives the same numbers on every machine', () => {
    const stream = new RandomStreams(1).stream('pod-1/rabbitmq', 'probe-start');
    expect(Array.from({ length: 4 }, () => stream.uniform())).toEqual([
      0.9654896866995841, 0.12461354164406657, 0.13626437122002244, 0.8829902829602361,
    ]);
  });

  test('starts again when it is asked for again', () => {
    const streams = new RandomStreams(7, 3);
    expect(draws(streams, 'pod', 'sleep', 10)).toEqual(draws(streams, 'pod', 'sleep', 10));
    expect(draws(new RandomStreams(7, 3), 'pod', 'sleep', 10)).toEqual(draws(streams, 'pod', 'sleep', 10));
  });

  test('is not disturbed by how many numbers another one gives', () => {
    const calm = new RandomStreams(1).stream('a', 'x');
    const streams = new RandomStreams(1);
    const disturbed = streams.stream('a', 'x');
    const other = streams.stream('b', 'x');
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < i % 5; j++) other.uniform();
      expect(disturbed.uniform()).toBe(calm.uniform());
    }
  });

  test('can be looked at ahead, twice and in parts, and gives the same numbers afterwards', () => {
    const [stream, calm] = [1, 2].map(() => new RandomStreams(3).stream('pod', 'sleep'));
    const coming = Array.from({ length: 6 }, () => calm.uniform());
    expect(stream.uniform()).toBe(coming[0]);
    const [first, second] = [stream.ahead!(), stream.ahead!()];
    expect([first.uniform(), first.uniform()]).toEqual(coming.slice(1, 3));
    expect(stream.uniform()).toBe(coming[1]);
    const third = stream.ahead!();
    expect([third.uniform(), third.uniform()]).toEqual(coming.slice(2, 4));
    expect(Array.from({ length: 4 }, () => stream.uniform())).toEqual(coming.slice(2));
    expect(second).not.toBe(first);
  });

  test('is known to be used once one of them has given a number, not before, and not by a look ahead', () => {
    const streams = new RandomStreams(3);
    const stream = streams.stream('pod', 'sleep');
    stream.ahead!().uniform();
    expect(streams.isUsed).toBe(false);
    stream.uniform();
    expect(streams.isUsed).toBe(true);
  });

  test.each([
    ['another seed', new RandomStreams(2), 'pod-1', 'sleep'],
    ['another replication', new RandomStreams(1, 1), 'pod-1', 'sleep'],
    ['another entity', new RandomStreams(1), 'pod-2', 'sleep'],
    ['another purpose', new RandomStreams(1), 'pod-1', 'sleeq'],
  ])('has nothing to do with that of %s', (_, streams, entity, purpose) => {
    const one = draws(new RandomStreams(1), 'pod-1', 'sleep');
    const other = draws(streams, entity, purpose);
    expect(other[0]).not.toBe(one[0]);
    // Four standard deviations of the correlation of independent numbers.
    expect(Math.abs(correlation(one, other))).toBeLessThan(4 / Math.sqrt(COUNT));
  });

  test('is uniform: every hundredth of the range gets its share', () => {
    const counts = new Array<number>(100).fill(0);
    for (const value of draws(new RandomStreams(11), 'any', 'thing')) counts[Math.floor(value * 100)]++;
    const expected = COUNT / 100;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 99 degrees of freedom: beyond 148.2 with probability 0.001, below 61.1 likewise.
    expect(chiSquare).toBeGreaterThan(61.1);
    expect(chiSquare).toBeLessThan(148.2);
  });

  test('shows no trace of the last number in the next', () => {
    const values = draws(new RandomStreams(5), 'any', 'thing');
    expect(Math.abs(correlation(values.subarray(1), values.subarray(0, -1)))).toBeLessThan(
      4 / Math.sqrt(COUNT),
    );
  });

  test('has a first number that is uniform over entities too', () => {
    const streams = new RandomStreams(1);
    const firsts = Float64Array.from({ length: 2000 }, (_, i) =>
      streams.stream(`pod-${i}`, 'start').uniform(),
    );
    // The mean of n uniform numbers has standard deviation 1 / sqrt(12 n).
    expect(Math.abs(mean(firsts) - 0.5)).toBeLessThan(4 / Math.sqrt(12 * 2000));
    expect(Math.abs(correlation(firsts.subarray(1), firsts.subarray(0, -1)))).toBeLessThan(
      4 / Math.sqrt(2000),
    );
  });
});
