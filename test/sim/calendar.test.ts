import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Calendar } from '../../src/sim/calendar.js';
import { LATEST_US, US_PER_DAY, US_PER_HOUR, US_PER_MS, US_PER_SECOND } from '../../src/sim/time.js';
import { NaiveCalendar } from './naive-calendar.js';

const EVER = Number.POSITIVE_INFINITY;

/** A calendar and its naive twin. Every event carries its number, so that no two are alike. */
class Pair {
  readonly calendar = new Calendar();
  readonly naive = new NaiveCalendar();
  nowUs = 0;
  pushed = 0;

  push(timeUs: number, order: 0 | 1 = 0): void {
    const payload = [this.pushed & 7, this.pushed++, -this.pushed] as const;
    this.calendar.push(timeUs, ...payload, order);
    this.naive.push(timeUs, ...payload, order);
  }

  /** For `pushAt`. */
  readonly places: [calendar: number, naive: number][] = [];

  takePlace(): void {
    this.places.push([this.calendar.takePlace(), this.naive.takePlace()]);
  }

  /** At the time of the next event, or so long before it, at one of the places that have been taken. */
  pushAt(which: number, beforeUs: number): void {
    const places = this.places[which % this.places.length];
    const nextUs = Math.min(this.naive.nextUs(), LATEST_US);
    if (places === undefined) return;
    const timeUs = Math.max(this.nowUs, nextUs - beforeUs);
    const payload = [this.pushed & 7, this.pushed++, -this.pushed] as const;
    this.calendar.pushAt(timeUs, ...payload, places[0]);
    this.naive.pushAt(timeUs, ...payload, places[1]);
  }

  /** Pops both and holds one against the other; says whether there was an event. */
  pop(limitUs = EVER, limitOrder: 0 | 1 = 1): boolean {
    const expected = this.naive.pop(limitUs, limitOrder);
    const popped = this.calendar.pop(limitUs, limitOrder);
    const { timeUs, kind, a, b, size } = this.calendar;
    const text = popped ? `${timeUs} ${kind} ${a} ${b}` : 'nothing';
    const expectedText = expected
      ? `${expected.timeUs} ${expected.kind} ${expected.a} ${expected.b}`
      : 'nothing';
    // Compared before `expect`, which takes a thousand times as long as the calendar.
    if (text !== expectedText || size !== this.naive.size) {
      expect({ text, size }).toEqual({ text: expectedText, size: this.naive.size });
    }
    if (popped) this.nowUs = timeUs;
    return popped;
  }

  /**
   * What it says of the next event: a question that it may sort something for, and that must change nothing.
   */
  ask(): void {
    const nextUs = this.calendar.nextUs();
    if (nextUs !== this.naive.nextUs()) expect(nextUs).toBe(this.naive.nextUs());
  }

  drain(): void {
    while (this.pop());
  }
}

/** Lists the `a` of every event as it comes. */
function order(calendar: Calendar): number[] {
  const list: number[] = [];
  while (calendar.pop(EVER)) list.push(calendar.a);
  return list;
}

describe('an event calendar', () => {
  test('gives what is earlier first, whenever it was put in', () => {
    const calendar = new Calendar();
    for (const timeUs of [30, 10, 20]) calendar.push(timeUs, 0, timeUs, 0);
    expect(order(calendar)).toEqual([10, 20, 30]);
  });

  test('gives what comes at one time in the order in which it was put in', () => {
    const calendar = new Calendar();
    for (let i = 0; i < 1000; i++) calendar.push(7, 0, i, 0);
    expect(order(calendar)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  test('gives the closing of an instant after everything else of it, even what is put in later', () => {
    const calendar = new Calendar();
    calendar.push(5, 0, 1, 0, 1);
    calendar.push(5, 0, 2, 0, 1);
    calendar.push(5, 0, 3, 0);
    calendar.push(6, 0, 4, 0);
    expect(order(calendar)).toEqual([3, 1, 2, 4]);
  });

  test('finds what is put in just before the part of it that it will sort next', () => {
    const calendar = new Calendar();
    const late = Array.from({ length: 100 }, (_, i) => 5000 + ((i * 37) % 100));
    for (const timeUs of late) calendar.push(timeUs, 0, timeUs, 0);
    // It has looked as far as 5000, and nothing is due.
    expect(calendar.pop(20)).toBe(false);
    // So many at one time that they are put aside, though not as far as 5000.
    for (let i = 0; i < 100; i++) calendar.push(20, 0, 20, 0);
    calendar.push(4999, 0, 4999, 0);
    expect(order(calendar)).toEqual([...Array(100).fill(20), 4999, ...late.sort((a, b) => a - b)]);
  });

  test('keeps what is put in where a crowd was, once the next part has been looked at', () => {
    const calendar = new Calendar();
    const late = Array.from({ length: 64 }, (_, i) => 1000 + 10 * ((i * 37) % 64));
    for (const timeUs of late) calendar.push(timeUs, 0, 0, 0);
    // It has looked as far as 1000, and nothing is due.
    expect(calendar.pop(20)).toBe(false);
    const crowd = Array.from({ length: 20 }, (_, i) => 100 + i);
    for (const timeUs of crowd) calendar.push(timeUs, 0, 0, 0);
    for (const timeUs of crowd) {
      expect(calendar.pop(999)).toBe(true);
      expect(calendar.timeUs).toBe(timeUs);
    }
    expect(calendar.pop(999)).toBe(false);
    for (const timeUs of [700, 500, 300]) calendar.push(timeUs, 0, 0, 0);
    const rest: number[] = [];
    while (calendar.pop(10_000)) rest.push(calendar.timeUs);
    expect(rest).toEqual([300, 500, 700, ...late.sort((a, b) => a - b)]);
  });

  test('puts an event that comes late at the place that was taken for it', () => {
    const calendar = new Calendar();
    calendar.push(5, 0, 1, 0);
    const place = calendar.takePlace();
    for (const a of [4, 5]) calendar.push(5, 0, a, 0);
    for (const a of [2, 3]) calendar.pushAt(5, 0, a, 0, place);
    calendar.pushAt(4, 0, 0, 0, place);
    calendar.push(5, 0, 6, 0);
    expect(order(calendar)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('gives nothing that is later than the limit, and keeps it', () => {
    const calendar = new Calendar();
    calendar.push(10, 0, 1, 0);
    expect(calendar.pop(9)).toBe(false);
    expect(calendar.pop(10)).toBe(true);
    expect(calendar.pop(EVER)).toBe(false);
  });

  test('can leave out the closing of the instant that is its limit', () => {
    const calendar = new Calendar();
    calendar.push(10, 0, 1, 0, 1);
    expect(calendar.pop(10, 0)).toBe(false);
    expect(calendar.pop(10, 1)).toBe(true);
  });

  test('takes an event that is earlier than the one it has just refused to give', () => {
    const calendar = new Calendar();
    for (let i = 0; i < 100; i++) calendar.push(1000 + (i % 3), 0, i, 0);
    expect(calendar.pop(10)).toBe(false);
    calendar.push(500, 0, 555, 0);
    expect(calendar.pop(EVER)).toBe(true);
    expect(calendar.a).toBe(555);
  });

  test('keeps the last popped event in its fields while others are put in', () => {
    const calendar = new Calendar();
    calendar.push(1, 2, 3, -4);
    calendar.pop(EVER);
    for (let i = 0; i < 1000; i++) calendar.push(9, 9, 9, 9);
    expect([calendar.timeUs, calendar.kind, calendar.a, calendar.b]).toEqual([1, 2, 3, -4]);
  });

  test('carries 32-bit integers unchanged', () => {
    const calendar = new Calendar();
    calendar.push(1, 2 ** 31 - 1, -(2 ** 31), -1);
    calendar.pop(EVER);
    expect([calendar.kind, calendar.a, calendar.b]).toEqual([2 ** 31 - 1, -(2 ** 31), -1]);
  });

  test.each([LATEST_US * 2, EVER, Number.NaN])('refuses an event at %d', (timeUs) => {
    expect(() => new Calendar().push(timeUs, 0, 0, 0)).toThrow(RangeError);
  });

  test('takes an event at the end of time', () => {
    const pair = new Pair();
    for (const timeUs of [LATEST_US, 0, 1000 * 365.25 * US_PER_DAY, LATEST_US]) pair.push(timeUs);
    pair.drain();
  });

  test('serves a few events again after a hundred thousand', () => {
    const calendar = new Calendar();
    for (let i = 0; i < 100_000; i++) calendar.push((i * 7919) % 100_003, 0, i, 0);
    expect(calendar.size).toBe(100_000);
    let lastUs = -1;
    while (calendar.pop(EVER) && calendar.timeUs > lastUs) lastUs = calendar.timeUs;
    expect(calendar.size).toBe(0);
    calendar.push(lastUs + 1, 0, 42, 0);
    expect(order(calendar)).toEqual([42]);
  });
});

/** Delays as a simulation has them. Each kind brings out another shape of the ladder. */
const DELAYS: Record<string, fc.Arbitrary<number>> = {
  'ticks of one microsecond': fc.nat(3),
  'short sleeps': fc.integer({ min: 20, max: 100 * US_PER_MS }),
  'probe timers on whole seconds': fc.integer({ min: 0, max: 10 }).map((s) => s * US_PER_SECOND),
  'one period': fc.constant(10 * US_PER_SECOND),
  'anything up to a month': fc.integer({ min: 0, max: 30 * US_PER_DAY }),
  'milliseconds, hours and a thousand years': fc.oneof(
    fc.nat(1000),
    fc.integer({ min: US_PER_HOUR, max: 5 * US_PER_HOUR }),
    fc.integer({ min: 0, max: 250 }).map((years) => years * 4 * 365.25 * US_PER_DAY),
  ),
  'fractions of a microsecond': fc.nat().map((i) => i / 2 ** 40),
  'fractions beside hours': fc.oneof(
    fc.integer({ min: 0, max: 999 }).map((i) => i / 999),
    fc.integer({ min: 1, max: 5 }).map((hours) => hours * US_PER_HOUR + 0.1),
  ),
  'crowds far apart': fc
    .tuple(fc.nat(4), fc.nat(50))
    .map(([crowd, place]) => crowd * 3 * US_PER_HOUR + place),
};

type Action =
  | { do: 'ask' }
  | { do: 'take' }
  | { do: 'push-at'; which: number; beforeUs: number }
  | { do: 'push'; delaysUs: number[]; order: 0 | 1 }
  | { do: 'pop'; count: number; limitUs: number; limitOrder: 0 | 1 };

function actions(delayUs: fc.Arbitrary<number>): fc.Arbitrary<Action[]> {
  const order = fc.oneof(
    { weight: 9, arbitrary: fc.constant(0 as const) },
    fc.constantFrom(0 as const, 1 as const),
  );
  const push = fc.record({
    do: fc.constant('push' as const),
    delaysUs: fc.oneof(
      { weight: 4, arbitrary: fc.array(delayUs, { minLength: 1, maxLength: 4 }) },
      { weight: 1, arbitrary: fc.array(delayUs, { minLength: 50, maxLength: 200, size: 'max' }) },
    ),
    order,
  });
  const pop = fc.record({
    do: fc.constant('pop' as const),
    count: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 8 }) },
      fc.integer({ min: 50, max: 150 }),
    ),
    limitUs: fc.oneof({ weight: 3, arbitrary: fc.constant(EVER) }, delayUs),
    limitOrder: fc.constantFrom(0 as const, 1 as const),
  });
  const ask = fc.constantFrom({ do: 'ask' as const }, { do: 'take' as const });
  const pushAt = fc.record({
    do: fc.constant('push-at' as const),
    which: fc.nat(),
    beforeUs: fc.constantFrom(0, 0, 0, 1),
  });
  return fc.array(fc.oneof<fc.Arbitrary<Action>[]>(push, pop, ask, pushAt), { maxLength: 60, size: 'max' });
}

describe('an event calendar does what a sorted array does', () => {
  test.each(Object.entries(DELAYS))('with %s', (_, delayUs) => {
    fc.assert(
      fc.property(actions(delayUs), (list) => {
        const pair = new Pair();
        for (const action of list) {
          if (action.do === 'ask') pair.ask();
          else if (action.do === 'take') pair.takePlace();
          else if (action.do === 'push-at') pair.pushAt(action.which, action.beforeUs);
          else if (action.do === 'push') {
            for (const us of action.delaysUs) pair.push(Math.min(pair.nowUs + us, LATEST_US), action.order);
          } else {
            const limitUs = pair.nowUs + action.limitUs;
            for (let i = 0; i < action.count && pair.pop(limitUs, action.limitOrder); i++);
          }
        }
        pair.drain();
      }),
      { numRuns: 150 },
    );
  });

  test('when a thousand events come between two that it was about to give', () => {
    const pair = new Pair();
    pair.push(0);
    pair.push(US_PER_HOUR);
    pair.push(US_PER_HOUR);
    pair.pop();
    for (let i = 0; i < 1000; i++) pair.push(((i * 7919) % 1009) * US_PER_SECOND, i % 50 === 0 ? 1 : 0);
    for (let i = 0; i < 10; i++) pair.push(US_PER_HOUR);
    pair.drain();
  });

  test('when loads of very different sizes and paces follow one another', () => {
    const pair = new Pair();
    const paces = [1, US_PER_DAY, 5 * US_PER_MS, US_PER_SECOND, 10, US_PER_HOUR];
    paces.forEach((paceUs, round) => {
      const count = [3, 3000, 40][round % 3];
      for (let i = 0; i < count; i++) pair.push(pair.nowUs + ((i * 7919) % 1009) * paceUs);
      for (let i = 0; i < 2000; i++) {
        pair.pop();
        pair.push(pair.nowUs + ((i * 31) % 101) * paceUs);
      }
      for (let i = 0; i < count - 1; i++) pair.pop();
    });
    pair.drain();
  });

  test('when every event brings forth one a little later, among timers that tie', () => {
    const pair = new Pair();
    for (let i = 0; i < 200; i++) pair.push((i % 10) * US_PER_SECOND);
    for (let i = 0; i < 20_000; i++) {
      pair.pop();
      const isTimer = i % 7 === 0;
      pair.push(pair.nowUs + (isTimer ? 10 * US_PER_SECOND - (pair.nowUs % US_PER_SECOND) : (i * 31) % 5000));
    }
    pair.drain();
  });
});
