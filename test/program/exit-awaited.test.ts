/**
 * An exit that the parent waits for is one stroke with that wait, where nobody can tell the difference
 * (decision 14). Beside it runs a machine that never does that: the process is a zombie, its parent is woken,
 * has its turn, and reaps it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../src/program/machine.js';
import type { Step } from '../../src/program/step.js';
import { World } from './world.js';

class InTwoTurns extends Machine {
  override exitAwaited(): boolean {
    return false;
  }
}

class Counting extends Machine {
  atOnce = 0;

  override exitAwaited(...of: Parameters<Machine['exitAwaited']>): boolean {
    const done = super.exitAwaited(...of);
    if (done) this.atOnce++;
    return done;
  }
}

/** Few and round durations, so that much of it falls on one instant. */
const SLEEPS = ['0ms', '1ms', '2ms', '3ms'];

function arbitrarySteps(depth: number): fc.Arbitrary<Step[]> {
  const plain: fc.Arbitrary<Step>[] = [
    fc.constantFrom(...SLEEPS).map((sleep) => ({ sleep })),
    fc.constantFrom('any', 'all').map((wait) => ({ wait })),
    fc.integer({ min: 0, max: 3 }).map((exit) => ({ exit })),
    fc.constantFrom<Step>(
      { exit: 'waited' },
      { sigchld: 'ignore' },
      { sigchld: 'reap-all' },
      { sigchld: 'reap-one' },
      { subreaper: true },
      { threads: 2 },
      'setsid',
      { kill: { target: 'parent', signal: 'TERM' } },
      { kill: { target: 'children', signal: 'KILL' } },
    ),
  ];
  if (depth === 0) return fc.array(fc.oneof(...plain), { minLength: 1, maxLength: 4 });
  const inside = arbitrarySteps(depth - 1);
  const fork = inside.map((steps): Step => ({ fork: { steps } }));
  const exec = inside.map((steps): Step => ({ exec: { comm: 'other', steps } }));
  return fc.array(fc.oneof({ arbitrary: fork, weight: 6 }, { arbitrary: exec, weight: 1 }, ...plain), {
    minLength: 1,
    maxLength: 5,
  });
}

/** What can be seen of a world: all that happened, in its order, and who is there. */
function seen({ sim, machine, kernel, namespace }: World): unknown {
  kernel.checkInvariants();
  return [sim.digest.hex(), machine.transitions, kernel.listTasks(), kernel.pinnedPids(namespace)];
}

/** The same programs, started at one instant, in both machines. */
function bothWorlds(init: string, programs: readonly Step[][]): [World, World] {
  const worlds = [Machine, InTwoTurns].map((machine) => new World(init, { machine }));
  for (const world of worlds) for (const steps of programs) world.enter(steps);
  return worlds as [World, World];
}

function howManyAtOnce(steps: Step[]): number {
  const world = new World('pause-3.1', { machine: Counting });
  world.exec(steps, '1s');
  return (world.machine as Counting).atOnce;
}

describe('an exit that a parent waits for', () => {
  it('leaves the same, in the same order, at once or in two turns', () => {
    const programs = fc.array(arbitrarySteps(2), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom('pause-3.0', 'pause-3.1', 'tini'), programs, (init, all) => {
        const [atOnce, inTwoTurns] = bothWorlds(init, all);
        for (const duration of ['1ms', '1ms', '1ms', '100ms']) {
          atOnce.run(duration);
          inTwoTurns.run(duration);
          expect(seen(atOnce)).toEqual(seen(inTwoTurns));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  const child: Step = { fork: { steps: [{ exit: 3 }] } };

  it('is one stroke when the parent does nothing but wait', () => {
    expect(howManyAtOnce([child, { wait: 'any' }])).toBe(1);
  });

  it('gives the parent the status', () => {
    const world = new World('pause-3.1');
    expect(world.exec([child, { wait: 'any' }, { exit: 'waited' }])).toBe(3);
  });

  it.each<[string, Step[]]>([
    ['the parent sleeps', [child, { sleep: '1ms' }, { wait: 'any' }]],
    ['the parent has a handler for SIGCHLD', [{ sigchld: 'reap-all' }, child, { wait: 'any' }]],
    ['the parent ignores SIGCHLD', [{ sigchld: 'ignore' }, child, { wait: 'any' }]],
    ['it has other threads', [{ fork: { steps: [{ threads: 1 }, { exit: 3 }] } }, { wait: 'any' }]],
    [
      'it leaves a child',
      [{ fork: { steps: [{ fork: { steps: [{ sleep: '1ms' }] } }, { exit: 3 }] } }, { wait: 'any' }],
    ],
    ['somebody else is due at the same instant', [child, child, { wait: 'any' }, { sleep: '1ms' }, 'reap']],
    [
      'somebody else wakes up at the same instant',
      [
        { fork: { steps: [{ sleep: '1ms' }, { exit: 3 }] } },
        { fork: { steps: [{ sleep: '1ms' }, { sleep: '1ms' }] } },
        { wait: 'any' },
        { sleep: '2ms' },
        'reap',
      ],
    ],
  ])('takes two turns when %s', (_why, steps) => {
    expect(howManyAtOnce(steps)).toBe(0);
  });
});
