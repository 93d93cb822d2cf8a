/**
 * The event calendar alone, in the hold model: a steady number of pending events; take the earliest, put one later. One
 * such pair is one operation.
 */
import { Calendar } from '../../../src/sim/calendar.js';
import { RandomStreams } from '../../../src/sim/random.js';
import { type BenchCase, seconds } from '../bench-case.js';

const GAPS = 1 << 16;
const OPERATIONS = 4_000_000;

/** Gaps are drawn beforehand: what is timed is the calendar. */
function holdsPerSecond(pending: number, gapUs: (uniform: number, pick: number) => number): number {
  const stream = new RandomStreams(1).stream('bench', 'gaps');
  const gaps = Float64Array.from({ length: GAPS }, () => gapUs(stream.uniform(), stream.uniform()));
  const calendar = new Calendar();
  for (let i = 0; i < pending; i++) calendar.push(gaps[i & (GAPS - 1)], 0, i, 0);
  const hold = (operations: number): void => {
    for (let i = 0; i < operations; i++) {
      calendar.pop(Number.POSITIVE_INFINITY);
      calendar.push(calendar.timeUs + gaps[i & (GAPS - 1)], 0, calendar.a, 0);
    }
  };
  hold(OPERATIONS / 4);
  return OPERATIONS / seconds(() => hold(OPERATIONS));
}

const exponential = (meanUs: number) => (uniform: number) => Math.round(-meanUs * Math.log(1 - uniform));
const MIX_US = [1_000, 10_000_000, 300_000_000];

export const cases: BenchCase[] = [
  {
    name: 'calendar: 1,000 pending, exponential gaps',
    unit: 'operations/s',
    target: 25e6,
    better: 'more',
    run: () => holdsPerSecond(1_000, exponential(1_000_000)),
  },
  {
    name: 'calendar: 1,000 pending, a mix of 1 ms, 10 s and 300 s',
    unit: 'operations/s',
    target: 30e6,
    better: 'more',
    run: () => holdsPerSecond(1_000, (_, pick) => MIX_US[Math.floor(pick * 3)]),
  },
  {
    name: 'calendar: 10,000 timers tied on whole seconds',
    unit: 'operations/s',
    target: 10e6,
    better: 'more',
    run: () => holdsPerSecond(10_000, () => 10_000_000),
  },
  {
    name: 'calendar: 100,000 pending, exponential gaps',
    unit: 'operations/s',
    target: 10e6,
    better: 'more',
    run: () => holdsPerSecond(100_000, exponential(1_000_000)),
  },
];
