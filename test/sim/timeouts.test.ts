import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Simulation } from '../../src/sim/simulation.js';
import { Timeouts } from '../../src/sim/timeouts.js';

/** What is started when, how long it lasts, and its timer's length. */
interface Job {
  startUs: number;
  lastsUs: number;
  delayUs: number;
}

/**
 * Starts the jobs; `timer` is how a timer is made. Returns what was told, in order, and how many events it
 * took.
 */
function play(
  jobs: readonly Job[],
  timer: (
    sim: Simulation,
    isOver: (job: number) => boolean,
    come: (job: number) => void,
  ) => (job: number) => void,
) {
  const sim = new Simulation();
  const isOver = jobs.map(() => false);
  const told: string[] = [];
  const start = timer(
    sim,
    (job) => isOver[job],
    (job) => {
      isOver[job] = true;
      told.push(`${sim.nowUs}: timer of ${job}`);
    },
  );
  const end = sim.register((job) => {
    isOver[job] = true;
  });
  const begin = sim.register((job) => {
    start(job);
    sim.after(jobs[job].lastsUs, end, job, 0);
  });
  for (const [job, { startUs }] of jobs.entries()) sim.at(startUs, begin, job, 0);
  sim.run(10_000);
  return { told, eventCount: sim.eventCount };
}

function inQueues(jobs: readonly Job[]) {
  return play(jobs, (sim, isOver, come) => {
    const timeouts = new Timeouts(sim, isOver, [come]);
    return (job) => timeouts.start(jobs[job].delayUs, job, -job);
  });
}

/** Every timer an event of its own. */
function asEvents(jobs: readonly Job[]) {
  return play(jobs, (sim, isOver, come) => {
    const kind = sim.register((job) => {
      if (!isOver(job)) come(job);
    });
    return (job) => sim.atEndOf(sim.nowUs + jobs[job].delayUs, kind, job, 0);
  });
}

describe('timers in queues', () => {
  it('come when each would as an event of its own, those of one length in the order of their starts', () => {
    const job = fc.record({
      startUs: fc.nat(300),
      lastsUs: fc.nat(60),
      delayUs: fc.constantFrom(0, 20, 20, 40),
    });
    const property = fc.property(fc.array(job, { maxLength: 200 }), (jobs) => {
      const [queued, events] = [inQueues(jobs), asEvents(jobs)];
      // Of timers of different lengths at one instant the shortest come first.
      const lengthOf = (line: string) => jobs[Number(line.split(' ').at(-1))].delayUs;
      const inOrder = events.told.toSorted(
        (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || lengthOf(a) - lengthOf(b),
      );
      expect(queued.told).toEqual(inOrder);
      expect(queued.eventCount).toBeLessThanOrEqual(events.eventCount + queued.told.length);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('are one event for all that are started, and over, within one length', () => {
    const jobs = Array.from({ length: 100 }, (_, i) => ({ startUs: i, lastsUs: 5, delayUs: 200 }));
    expect(asEvents(jobs)).toEqual({ told: [], eventCount: 300 });
    expect(inQueues(jobs)).toEqual({ told: [], eventCount: 201 });
  });

  it('are no event that the simulation has to stop for if all of them are over', () => {
    const sim = new Simulation();
    let isOver = false;
    const timeouts = new Timeouts(sim, () => isOver, [() => {}, () => {}]);
    const begin = sim.register(() => {
      timeouts.start(50, 0, 0);
      timeouts.start(70, 0, 0, 1);
    });
    const end = sim.register(() => {
      isOver = true;
    });
    sim.at(10, begin, 0, 0);
    sim.at(20, end, 0, 0);
    const asked: number[] = [];
    sim.meanwhile = (nextUs) => asked.push(nextUs);
    sim.run(100);
    expect(asked).toEqual([10, 20, 101]);
  });

  it('leave alone what is over in their very instant, and come for what lasts a microsecond longer', () => {
    expect(inQueues([{ startUs: 10, lastsUs: 50, delayUs: 50 }]).told).toEqual([]);
    expect(inQueues([{ startUs: 10, lastsUs: 51, delayUs: 50 }]).told).toEqual(['60: timer of 0']);
  });

  it.each([0, 1, 9, 15])('come in order if the queue grows after %i of them have gone', (behind) => {
    const over = Array.from({ length: behind }, (_, job) => ({ startUs: job, lastsUs: 1, delayUs: 20 }));
    const come = Array.from({ length: 70 }, () => ({ startUs: 30, lastsUs: 60, delayUs: 20 }));
    const jobs = [...over, ...come];
    const { told } = inQueues(jobs);
    expect(told).toEqual(come.map((_, index) => `50: timer of ${behind + index}`));
  });

  it('come behind all else that closes their instant, though it was asked for later', () => {
    const sim = new Simulation();
    const log: string[] = [];
    const timeouts = new Timeouts(sim, () => false, [() => log.push('timer')]);
    const begin = sim.register(() => timeouts.start(10, 0, 0));
    const close = sim.register(() => log.push('closing'));
    sim.at(5, begin, 0, 0);
    sim.run(6);
    sim.atEndOf(15, close, 0, 0);
    sim.run(20);
    expect(log).toEqual(['closing', 'timer']);
  });

  it('of one length are kept apart by their kind, and come in the order of kinds', () => {
    const sim = new Simulation();
    const told: string[] = [];
    const timeouts = new Timeouts(sim, () => false, [
      (owner) => told.push(`probe ${owner}`),
      (owner) => told.push(`hook ${owner}`),
    ]);
    const begin = sim.register(() => {
      timeouts.start(10, 1, 0, 1);
      timeouts.start(10, 2, 0, 0);
      timeouts.start(10, 3, 0, 1);
    });
    sim.at(0, begin, 0, 0);
    sim.run(20);
    expect(told).toEqual(['probe 2', 'hook 1', 'hook 3']);
  });

  it('can be started by one that comes', () => {
    const sim = new Simulation();
    const came: [number, number, number][] = [];
    const timeouts = new Timeouts(sim, () => false, [
      (owner, number) => {
        came.push([sim.nowUs, owner, number]);
        if (number < 100) timeouts.start(10, owner, number + 1);
      },
    ]);
    const begin = sim.register((owner) => timeouts.start(10, owner, 0));
    for (const owner of [7, -2_147_483_648]) sim.at(0, begin, owner, 0);
    sim.run(5000);
    expect(came).toHaveLength(202);
    expect(came.slice(-2)).toEqual([
      [1010, 7, 100],
      [1010, -2_147_483_648, 100],
    ]);
  });
});
