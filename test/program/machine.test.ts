import { describe, expect, it } from 'vitest';
import type { ProcessContext } from '../../src/program/context.js';
import type { Step } from '../../src/program/step.js';
import { World } from './world.js';

/** A child every 10 ms, which is reaped. The next child has its row, and its token goes on. */
const TURNING: Step[] = [
  {
    repeat: {
      times: 'forever',
      steps: [{ sleep: '10ms' }, { fork: { steps: [{ exit: 0 }] } }, { wait: 'any' }],
    },
  },
];

describe('a row of processes', () => {
  it.each([0, 2 ** 31 - 50])('is used again and again, and its token, once %d, turns over', (token) => {
    const world = new World(TURNING);
    world.run('15ms');
    // A look inside: it takes a thousand million lives to get there.
    const { contexts } = world.machine as unknown as { contexts: ProcessContext[] };
    const free = contexts.filter(({ task }) => task === -1);
    expect(free.length).toBeGreaterThan(0);
    for (const context of free) context.token = token;
    const before = world.machine.transitions;
    world.run('10s');
    expect(world.machine.transitions - before).toBe(3 * 1000);
  });
});
