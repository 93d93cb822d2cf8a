import { describe, expect, test } from 'vitest';
import { Simulation } from '../../src/sim/simulation.js';

/**
 * A simulation with one kind of event, which writes `time:a` down and then does what `then` says for that
 * `a`.
 */
function recorder(then: Record<number, (sim: Simulation, kind: number) => void> = {}) {
  const sim = new Simulation();
  const log: string[] = [];
  const kind = sim.register((a) => {
    log.push(`${sim.nowUs}:${a}`);
    then[a]?.(sim, kind);
  });
  return { sim, kind, log };
}

describe('a simulation', () => {
  test('handles events in the order of their times, and its clock shows the time of each', () => {
    const { sim, kind, log } = recorder();
    sim.at(20, kind, 2, 0);
    sim.after(10, kind, 1, 0);
    sim.run(100);
    expect(log).toEqual(['10:1', '20:2']);
  });

  test('gives an event to the handler of its kind, with its two numbers', () => {
    const sim = new Simulation();
    const seen: unknown[] = [];
    const first = sim.register((a, b) => seen.push(['first', a, b]));
    const second = sim.register((a, b) => seen.push(['second', a, b]));
    sim.at(1, second, 3, -4);
    sim.at(2, first, 5, 6);
    sim.run(2);
    expect(seen).toEqual([
      ['second', 3, -4],
      ['first', 5, 6],
    ]);
  });

  test('handles what is due at the very end of a run, and not what is due after it', () => {
    const { sim, kind, log } = recorder();
    sim.at(10, kind, 1, 0);
    sim.at(11, kind, 2, 0);
    expect(sim.run(10)).toBe(true);
    expect(log).toEqual(['10:1']);
    expect(sim.nowUs).toBe(10);
    sim.run(11);
    expect(log).toEqual(['10:1', '11:2']);
  });

  test('handles an event with a place as if it had been scheduled when the place was taken', () => {
    const { sim, kind, log } = recorder();
    sim.at(20, kind, 1, 0);
    const place = sim.takePlace();
    sim.at(20, kind, 3, 0);
    sim.atPlace(20, kind, 2, 0, place);
    sim.run(100);
    expect(log).toEqual(['20:1', '20:2', '20:3']);
  });

  test('has its clock at the end of the run, also when nothing happens', () => {
    const sim = new Simulation();
    sim.run(1000);
    expect(sim.nowUs).toBe(1000);
  });

  test('counts the events that it handled', () => {
    const { sim, kind } = recorder({ 1: (s, k) => s.soon(k, 2, 0) });
    sim.at(5, kind, 1, 0);
    sim.atEndOf(5, kind, 3, 0);
    sim.run(10);
    expect(sim.eventCount).toBe(3);
  });

  test('knows whether an event is the last that is due, but for what closes the instant', () => {
    const sim = new Simulation();
    const seen: [a: number, isLastDue: boolean][] = [];
    const kind = sim.register((a) => {
      if (a === 2) sim.soon(kind, 3, 0);
      seen.push([a, sim.isLastDue]);
    });
    for (const a of [1, 2]) sim.at(5, kind, a, 0);
    sim.atEndOf(5, kind, 4, 0);
    sim.at(6, kind, 5, 0);
    sim.run(10);
    expect(seen).toEqual([
      [1, false],
      [2, false],
      [3, true],
      [4, true],
      [5, true],
    ]);
  });

  test('refuses a time in the past, and one that is no time at all', () => {
    const { sim, kind } = recorder();
    sim.run(10);
    expect(() => sim.at(9, kind, 0, 0)).toThrow(RangeError);
    expect(() => sim.after(-1, kind, 0, 0)).toThrow(RangeError);
    expect(() => sim.atEndOf(9, kind, 0, 0)).toThrow(RangeError);
    expect(() => sim.at(Number.NaN, kind, 0, 0)).toThrow(RangeError);
    expect(() => sim.run(9)).toThrow(RangeError);
    expect(() => sim.at(9, kind, 0, 0)).toThrow('9 us is in the past: it is 10 us already');
  });
});

describe('at one instant', () => {
  test('what was scheduled before it comes first, then what is scheduled at it, then its closing', () => {
    const { sim, kind, log } = recorder({
      1: (s, k) => {
        s.soon(k, 11, 0);
        s.at(s.nowUs, k, 12, 0);
        s.after(0, k, 13, 0);
      },
    });
    sim.atEndOf(5, kind, 99, 0);
    sim.at(5, kind, 1, 0);
    sim.at(5, kind, 2, 0);
    sim.run(5);
    expect(log).toEqual(['5:1', '5:2', '5:11', '5:12', '5:13', '5:99']);
  });

  test('what happens soon may bring forth more that happens soon, before the clock moves', () => {
    const { sim, kind, log } = recorder({
      1: (s, k) => {
        s.soon(k, 2, 0);
        s.soon(k, 3, 0);
      },
      2: (s, k) => s.soon(k, 4, 0),
    });
    sim.at(5, kind, 1, 0);
    sim.at(6, kind, 5, 0);
    sim.run(10);
    expect(log).toEqual(['5:1', '5:2', '5:3', '5:4', '6:5']);
  });

  test('what a closing event starts comes before the next closing event', () => {
    const { sim, kind, log } = recorder({ 1: (s, k) => s.soon(k, 2, 0) });
    sim.atEndOf(5, kind, 1, 0);
    sim.atEndOf(5, kind, 3, 0);
    sim.run(5);
    expect(log).toEqual(['5:1', '5:2', '5:3']);
  });

  test('a closing event can be asked for at the instant itself', () => {
    const { sim, kind, log } = recorder({
      1: (s, k) => {
        s.atEndOf(s.nowUs, k, 3, 0);
        s.soon(k, 2, 0);
      },
    });
    sim.at(5, kind, 1, 0);
    sim.run(5);
    expect(log).toEqual(['5:1', '5:2', '5:3']);
  });

  test('what is asked for before the first run happens at time 0', () => {
    const { sim, kind, log } = recorder();
    sim.soon(kind, 1, 0);
    sim.at(0, kind, 2, 0);
    sim.run(0);
    expect(log).toEqual(['0:1', '0:2']);
  });

  test('a hundred thousand things may happen soon, in order', () => {
    const seen: number[] = [];
    const sim = new Simulation();
    const kind = sim.register((a) => {
      seen.push(a);
      if (a < 10) for (let i = 1; i <= 10_000; i++) sim.soon(kind, a * 10_000 + i, 0);
    });
    sim.soon(kind, 0, 0);
    sim.run(0);
    expect(seen.length).toBe(100_001);
    expect(seen.every((a, i) => a === i)).toBe(true);
  });
});

describe('a run that is stopped', () => {
  test('ends after the current event, and the clock stays', () => {
    const { sim, kind, log } = recorder({ 1: (s) => s.stop() });
    sim.at(5, kind, 1, 0);
    sim.at(7, kind, 2, 0);
    expect(sim.run(10)).toBe(false);
    expect(log).toEqual(['5:1']);
    expect(sim.nowUs).toBe(5);
  });

  test.each([
    ['ordinary events', [1, 2]],
    ['what happens soon', [3, 4]],
    ['closing events', [5, 6]],
  ])('among %s goes on where it left', (_, [first, second]) => {
    const whole = ['5:1', '5:2', '5:3', '5:4', '5:5', '5:6', '9:7'];
    const { sim, kind, log } = recorder({
      1: (s, k) => {
        s.soon(k, 3, 0);
        s.soon(k, 4, 0);
      },
      [first]: (s, k) => {
        if (first === 1) for (const a of [3, 4]) s.soon(k, a, 0);
        s.stop();
      },
    });
    for (const a of [1, 2]) sim.at(5, kind, a, 0);
    for (const a of [5, 6]) sim.atEndOf(5, kind, a, 0);
    sim.at(9, kind, 7, 0);
    expect(sim.run(20)).toBe(false);
    expect(log.at(-1)).toBe(`5:${first}`);
    expect(sim.run(20)).toBe(true);
    expect(log).toEqual(whole);
    expect(log).toContain(`5:${second}`);
    expect(sim.nowUs).toBe(20);
  });

  test('by its number of events goes on as if it had not been stopped', () => {
    const start = () => {
      const made = recorder({ 1: (s, k) => s.soon(k, 4, 0), 2: (s, k) => s.after(3, k, 1, 0) });
      for (const a of [1, 2, 3]) made.sim.at(a, made.kind, a, 0);
      made.sim.atEndOf(2, made.kind, 5, 0);
      return made;
    };
    const whole = start();
    whole.sim.run(100);
    const steps = start();
    let calls = 0;
    while (!steps.sim.run(100, 1)) calls++;
    expect(steps.log).toEqual(whole.log);
    expect(calls).toBe(whole.log.length);
  });

  test('among events that were due before what happens soon counts those that it has handled', () => {
    const { sim, kind, log } = recorder({
      1: (s, k) => s.soon(k, 4, 0),
      2: (s) => s.stop(),
    });
    for (const a of [1, 2, 3]) sim.at(5, kind, a, 0);
    expect(sim.run(10)).toBe(false);
    expect(log).toEqual(['5:1', '5:2']);
    expect(sim.eventCount).toBe(2);
    sim.run(10);
    expect(log).toEqual(['5:1', '5:2', '5:3', '5:4']);
  });

  test('asked for before it starts is not stopped', () => {
    const { sim, kind, log } = recorder();
    sim.at(1, kind, 1, 0);
    sim.stop();
    sim.run(2);
    expect(log).toEqual(['1:1']);
  });
});

describe('what is told between events', () => {
  test('hears of the next one, or of the end, and may put others before it', () => {
    const { sim, kind, log } = recorder();
    const told: number[] = [];
    sim.meanwhile = (nextUs) => {
      told.push(nextUs);
      if (told.length === 1) sim.at(5, kind, 1, 0);
    };
    sim.at(10, kind, 2, 0);
    sim.atEndOf(10, kind, 3, 0);
    sim.run(20);
    expect(log).toEqual(['5:1', '10:2', '10:3']);
    expect(told).toEqual([10, 10, 10, 21]);
  });

  test('is not told while something is to happen at this instant', () => {
    const { sim, kind, log } = recorder({ 1: (sim, kind) => sim.soon(kind, 2, 0) });
    let told = 0;
    sim.meanwhile = () => void told++;
    sim.at(10, kind, 1, 0);
    sim.run(10);
    expect(log).toEqual(['10:1', '10:2']);
    expect(told).toBe(2);
  });

  test('hears of an event at the very end of the run', () => {
    const { sim, kind } = recorder();
    const told: number[] = [];
    sim.meanwhile = (nextUs) => told.push(nextUs);
    sim.at(10, kind, 1, 0);
    sim.run(10);
    expect(told).toEqual([10, 11]);
  });

  test('may let something happen at once, before the clock moves', () => {
    const { sim, kind, log } = recorder();
    let told = 0;
    sim.meanwhile = () => {
      if (told++ === 0) sim.soon(kind, 1, 0);
    };
    sim.at(10, kind, 2, 0);
    sim.run(10);
    expect(log).toEqual(['0:1', '10:2']);
  });
});
