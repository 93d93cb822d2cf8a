import { describe, expect, test } from 'vitest';
import {
  clockSeconds,
  epochSeconds,
  formatMoment,
  isoMoment,
  readStart,
  zoneOf,
} from '../../src/text/wall-clock.js';

describe('the start of a run', () => {
  test.each([
    ['2026-03-01T10:00Z', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01T10:00:30Z', '2026-03-01T10:00:30.000Z'],
    ['2026-03-01T10:00:30.25Z', '2026-03-01T10:00:30.250Z'],
    ['2026-03-01T10:00+05:30', '2026-03-01T10:00:00.000+05:30'],
    ['2024-02-29T23:59-08:00', '2024-02-29T23:59:00.000-08:00'],
  ])('%s', (text, read) => expect(readStart(text)).toBe(read));

  test.each([
    '',
    'now',
    '2026-03-01',
    // Without a zone it would be another moment on each machine.
    '2026-03-01T10:00',
    '2026-02-29T10:00Z',
    '2026-02-30T10:00Z',
    '2026-13-01T10:00Z',
    '2026-03-01T24:00Z',
    '2026-03-01T10:60Z',
    '2026-03-01T10:00+25:00',
    '2026-03-01 10:00Z',
    ' 2026-03-01T10:00Z',
  ])('not %j', (text) => expect(readStart(text)).toBeNull());
});

describe('a moment', () => {
  const start = readStart('2026-12-31T22:00+02:00')!;

  test('for machines has its zone, and is the same instant as in UTC', () => {
    expect(isoMoment(start, 5.0004)).toBe('2026-12-31T22:00:05.000+02:00');
    expect(isoMoment(start, 3 * 3600)).toBe('2027-01-01T01:00:00.000+02:00');
    expect(epochSeconds(start)).toBe(Date.UTC(2026, 11, 31, 20) / 1000);
    expect(epochSeconds(undefined)).toBe(0);
    expect(clockSeconds(start)).toBe(Date.UTC(2026, 11, 31, 22) / 1000);
    expect([zoneOf(start), zoneOf(readStart('2026-03-01T10:00Z')!)]).toEqual(['UTC+02:00', 'UTC']);
  });

  test('for people has its seconds while they matter, and the year when it is another one', () => {
    expect(formatMoment(61, start)).toBe('31 Dec 22:01:01');
    expect(formatMoment(2 * 3600, start)).toBe('1 Jan 2027 00:00');
  });

  test('without a start, or after the year 9999, is the time since the run began', () => {
    expect(formatMoment(22.4 * 3600, undefined)).toBe('22.4 h');
    const lastSeconds = Date.UTC(9999, 11, 31, 23, 59, 59, 999) / 1000 - clockSeconds(start);
    expect(isoMoment(start, lastSeconds)).toBe('9999-12-31T23:59:59.999+02:00');
    expect(isoMoment(start, lastSeconds + 0.001)).toBeNull();
    expect(formatMoment(1e15, start)).toMatch(/years$/);
  });
});
