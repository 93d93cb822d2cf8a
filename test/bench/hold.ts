/**
 * The hold model, in which event queues have been compared since D. W. Jones, "An empirical comparison of
 * priority-queue and event-set implementations", CACM 29(4), 1986: a steady number of pending events; take
 * the earliest out, put it in again a gap later. That pair is one operation.
 *
 * The gaps are drawn beforehand and are the same for every queue, ours and the peers'. What is timed is
 * batches, each long enough for every pending event to come up many times; what counts is the median of the
 * batches, so that a batch in which the machine did something else does not.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { Bench } from 'tinybench';
import { Calendar } from '../../src/sim/calendar.js';
import { RandomStreams } from '../../src/sim/random.js';
import { Simulation } from '../../src/sim/simulation.js';
import { CACHE } from './cache.js';

export const GAPS = 2 ** 16;

export interface HoldLoad {
  name: string;
  pending: number;
  /** Microseconds from two uniform numbers. */
  firstUs: (u: number, v: number) => number;
  gapUs: (u: number, v: number) => number;
}

const exponentialUs = (u: number): number => Math.ceil(-1_000_000 * Math.log(1 - u));
const MIX_US = [1_000, 10_000_000, 300_000_000];
/** One of the three, spread by half to either side. */
const mixUs = (u: number, v: number): number => Math.round(MIX_US[Math.floor(u * 3)] * (0.5 + v));
const wholeSecondsUs = (u: number): number => Math.floor(u * 10) * 1_000_000;

export const EXPONENTIAL: HoldLoad = {
  name: '1,000 pending, exponential gaps',
  pending: 1_000,
  firstUs: exponentialUs,
  gapUs: exponentialUs,
};

export const MIX: HoldLoad = {
  name: '1,000 pending, a mix of 1 ms, 10 s and 300 s',
  pending: 1_000,
  firstUs: mixUs,
  gapUs: mixUs,
};

export const TIED: HoldLoad = {
  name: '10,000 timers of 10 s tied on whole seconds',
  pending: 10_000,
  firstUs: wholeSecondsUs,
  gapUs: () => 10_000_000,
};

export const MANY: HoldLoad = { ...EXPONENTIAL, name: '100,000 pending, exponential gaps', pending: 100_000 };

export const LOADS = [EXPONENTIAL, MIX, TIED, MANY];

/** First the times of the pending events, then `GAPS` gaps. */
export function drawLoad({ pending, firstUs, gapUs }: HoldLoad): {
  firstsUs: Float64Array;
  gapsUs: Float64Array;
} {
  const stream = new RandomStreams(1).stream('bench', 'gaps');
  const draw = (us: HoldLoad['gapUs'], count: number): Float64Array =>
    Float64Array.from({ length: count }, () => us(stream.uniform(), stream.uniform()));
  return { firstsUs: draw(firstUs, pending), gapsUs: draw(gapUs, GAPS) };
}

/** The same as a file of doubles for a peer. */
export function loadFile(load: HoldLoad): string {
  const { firstsUs, gapsUs } = drawLoad(load);
  mkdirSync(`${CACHE}/loads`, { recursive: true });
  const path = `${CACHE}/loads/${load.name.replaceAll(/\W+/g, '-')}.f64`;
  writeFileSync(path, new Float64Array([...firstsUs, ...gapsUs]));
  return path;
}

/** Operations in a batch. */
export function batchOf(load: HoldLoad): number {
  return Math.max(2 ** 15, load.pending * 16);
}

/** Operations per second of a function that does a batch. */
async function rate(batch: number, work: () => void): Promise<number> {
  const bench = new Bench({ time: 600, iterations: 16, warmupTime: 300, warmupIterations: 4 });
  bench.add('batch', work);
  const [task] = await bench.run();
  const { result } = task;
  if (!('latency' in result)) throw new Error(`not measured: ${result.state}`);
  return batch / (result.latency.p50 / 1000);
}

/** The calendar alone. */
export function holdCalendar(load: HoldLoad): Promise<number> {
  const { firstsUs, gapsUs } = drawLoad(load);
  const calendar = new Calendar();
  for (let i = 0; i < load.pending; i++) calendar.push(firstsUs[i], 0, i, 0);
  const batch = batchOf(load);
  let next = 0;
  return rate(batch, () => {
    for (let i = 0; i < batch; i++) {
      calendar.pop(Number.POSITIVE_INFINITY);
      next = (next + 1) & (GAPS - 1);
      calendar.push(calendar.timeUs + gapsUs[next], 0, calendar.a, 0);
    }
  });
}

/** The same through the run loop: a handler, one of several kinds, schedules the event again. */
export function holdSimulation(load: HoldLoad): Promise<number> {
  const { firstsUs, gapsUs } = drawLoad(load);
  const sim = new Simulation();
  let next = 0;
  const kinds = Array.from({ length: 4 }, (_, k) =>
    sim.register((a, b) => {
      next = (next + 1) & (GAPS - 1);
      sim.after(gapsUs[next], kinds[k], a, b);
    }),
  );
  for (let i = 0; i < load.pending; i++) sim.at(firstsUs[i], kinds[i % kinds.length], i, 0);
  // Something to come at the end of an instant is always pending in a real run: the next sample.
  sim.atEndOf(2 ** 55, kinds[0], 0, 0);
  const batch = batchOf(load);
  return rate(batch, () => sim.run(Number.POSITIVE_INFINITY, batch));
}

/** Events at one and the same instant, each bringing forth the next. */
export function soonEvents(): Promise<number> {
  const sim = new Simulation();
  const kinds = Array.from({ length: 4 }, (_, k) =>
    sim.register((a, b) => sim.soon(kinds[(k + 1) % kinds.length], a, b)),
  );
  for (let i = 0; i < 8; i++) sim.soon(kinds[i % kinds.length], i, 0);
  const batch = 2 ** 15;
  return rate(batch, () => sim.run(Number.POSITIVE_INFINITY, batch));
}
