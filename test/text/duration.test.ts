import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { US_PER_DAY, US_PER_YEAR } from '../../src/sim/time.js';
import { formatClock, formatDuration, parseDurationUs, printDuration } from '../../src/text/duration.js';
import { grouped } from '../../src/text/figures.js';

describe('a written duration', () => {
  test.each([
    ['5us', 5],
    ['250ms', 250_000],
    ['10s', 10_000_000],
    ['1h30m', 5_400_000_000],
    ['30d', 30 * US_PER_DAY],
    ['1d2h3m4s5ms6us', US_PER_DAY + 7_384_005_006],
    ['1.5s', 1_500_000],
    ['1.1s', 1_100_000],
    ['0.000001s', 1],
    ['0s', 0],
    ['00010s', 10_000_000],
    ['365000d', 365_000 * US_PER_DAY],
  ])('%s is %d us', (text, us) => {
    expect(parseDurationUs(text)).toBe(us);
  });

  test.each([
    '',
    '10',
    's',
    '10 s',
    '-1s',
    '+1s',
    '1e3s',
    '.5s',
    '1.s',
    '30m1h',
    '1s1s',
    '1sec',
    '1S',
    '1μ',
    'Infinity',
    ' 1s',
  ])('is not %j', (text) => {
    expect(parseDurationUs(text)).toBeNull();
  });

  test('has no fractions of a microsecond', () => {
    expect(parseDurationUs('0.5us')).toBeNull();
    expect(parseDurationUs('0.0000001s')).toBeNull();
  });

  test('that overflows every number is none', () => {
    expect(parseDurationUs(`${'9'.repeat(400)}d`)).toBeNull();
  });

  test('comes back from its print as it was', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (us) => {
        expect(parseDurationUs(printDuration(us))).toBe(us);
      }),
    );
  });

  test('prints as people write it', () => {
    expect(printDuration(0)).toBe('0s');
    expect(printDuration(5_400_000_000)).toBe('1h30m');
    expect(printDuration(1_500_000)).toBe('1s500ms');
  });
});

describe('a duration for people', () => {
  test.each([
    [0, '0 s'],
    [1, '1 µs'],
    [999, '999 µs'],
    [1500, '1.5 ms'],
    [250_000, '250 ms'],
    [1_000_000, '1 s'],
    [119_000_000, '119 s'],
    [120_000_000, '2 min'],
    [3_600_000_000, '60 min'],
    [80_640_000_000, '22.4 h'],
    [36 * 3_600_000_000, '36 h'],
    [30 * US_PER_DAY, '30 d'],
    [US_PER_YEAR, '365 d'],
    [1000 * US_PER_YEAR, '1,000 years'],
  ])('of %d us is %s', (us, text) => {
    expect(formatDuration(us)).toBe(text);
  });

  test('never has more than three figures behind a point, nor a point behind three figures', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (us) => {
        expect(formatDuration(us)).toMatch(
          /^(\d{1,3}(,\d{3})*|\d\.\d{1,2}|\d\d\.\d) (µs|ms|s|min|h|d|years)$/,
        );
      }),
    );
  });
});

describe('a large number', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [16_234, '16,234'],
    [4_194_304, '4,194,304'],
    [-1234, '-1,234'],
    [12.5, '12.5'],
  ])('%d is grouped as %s', (count, text) => {
    expect(grouped(count)).toBe(text);
  });

  test('is grouped as the library of all languages has it', () => {
    const tenths = fc.integer({ min: -9999, max: 9999 }).map((count) => count / 10);
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), tenths), (count) => {
        expect(grouped(count)).toBe(count.toLocaleString('en-US'));
      }),
    );
  });
});

describe('a clock', () => {
  test.each([
    [0, '0.0 s'],
    [4_250_000, '4.3 s'],
    [60_000_000, '0:01:00'],
    [3_599_999_999, '0:59:59'],
    [26 * 3_600_000_000 + 250_000_000, '26:04:10'],
  ])('at %d us says %s', (us, text) => {
    expect(formatClock(us)).toBe(text);
  });
});
