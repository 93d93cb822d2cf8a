/** What single steps do: small programs, and the status that each of them exits with. */
import { describe, expect, it } from 'vitest';
import { SIGKILL, SIGTERM, type TaskId } from '../../src/kernel/kernel.js';
import type { Step } from '../../src/program/step.js';
import { program, World } from './world.js';

const INIT: Step[] = [{ sigchld: 'reap-all' }, 'pause'];

/** The status that a program exits with; null if it does not within a minute. */
function statusOf(...steps: Step[]): number | null {
  return new World(INIT).exec(steps);
}

/** A world in which a program has run for so long. */
function after(duration: string, ...steps: Step[]): { world: World; task: TaskId } {
  const world = new World(INIT);
  const task = world.enter(steps);
  world.run(duration);
  return { world, task };
}

describe('a step', () => {
  it('that is repeated no time is not done; the next one is', () => {
    expect(statusOf({ repeat: { times: 0, steps: [{ exit: 1 }] } }, { exit: 5 })).toBe(5);
  });

  it('of chance has its own probability, whatever others there are', () => {
    const always: Step = { chance: { p: 1, steps: [{ status: 4 }], else: [{ exit: 1 }] } };
    const never: Step = { chance: { p: 0, steps: [{ exit: 2 }], else: [] } };
    expect(statusOf(always, never, always, never, { exit: 'waited' })).toBe(4);
  });

  it('that sets a status is what `if` and `exit: waited` look at', () => {
    const look: Step = { if: { status: 7, steps: [{ status: 3 }], else: [{ exit: 1 }] } };
    expect(statusOf({ status: 7 }, look, { exit: 'waited' })).toBe(3);
    expect(statusOf({ status: 8 }, look, { exit: 'waited' })).toBe(1);
  });

  it('that there is none of is a bug of ours, and named with its place', () => {
    const world = new World(INIT);
    const broken = program([{ sleep: '1s' }, { exit: 0 }]);
    broken.code[0] = 99;
    world.machine.load(world.enter(['pause']), broken, { uniform: () => 0.5 });
    expect(() => world.run('2s')).toThrow('program test: no such instruction 99 at 0');
  });
});

describe('a child', () => {
  it('without a name of its own has its parent’s', () => {
    const { world } = after(
      '1s',
      { fork: { steps: ['pause'] } },
      { fork: { comm: 'other', steps: ['pause'] } },
      'pause',
    );
    expect(world.listing).toEqual(['S test', 'Ss test', 'S test', 'S other']);
  });

  it('that was refused has no PID by which it could be killed or waited for, though an earlier one had', () => {
    const world = new World(INIT, { pidMax: 301 });
    const filler: Step[] = [
      { repeat: { times: 400, steps: [{ fork: { steps: ['pause'], orElse: [] } }] } },
      'pause',
    ];
    const again: Step = { fork: { label: 'child', steps: [{ exit: 3 }], orElse: [] } };
    const task = world.enter([
      again,
      { wait: 'child' },
      { sleep: '10s' },
      again,
      { kill: { target: 'child', signal: 'TERM' }, orElse: [{ exit: 6 }] },
      { exit: 1 },
    ]);
    world.run('1s');
    world.enter(filler);
    world.run('1s');
    // Full: PID 3, which is free again, is below 300 and lost (K3).
    expect(world.kernel.allocated(world.namespace)).toBe(299);
    world.run('10s');
    expect([world.kernel.isZombie(task), world.kernel.statusOf(task)]).toEqual([true, 6]);
  });
});

describe('a process that sends a signal', () => {
  it('to itself does not go on if that ends it, and goes on if not', () => {
    const kill = (signal: 'TERM' | 'KILL' | 'CHLD'): Step => ({ kill: { target: 'self', signal } });
    expect(statusOf(kill('TERM'), { exit: 5 })).toBe(128 + SIGTERM);
    expect(statusOf(kill('KILL'), { fork: { steps: ['pause'] } }, { exit: 5 })).toBe(128 + SIGKILL);
    expect(statusOf(kill('CHLD'), { exit: 5 })).toBe(5);
    expect(statusOf({ 'on-term': 'exit' }, kill('TERM'), { exit: 5 })).toBe(0);
    expect(statusOf({ threads: 2 }, kill('TERM'), { exit: 5 })).toBe(128 + SIGTERM);
  });

  it('to another goes on, with all its threads', () => {
    const victim: Step = { fork: { label: 'victim', comm: 'victim', steps: ['pause'] } };
    const kill: Step = { kill: { target: 'victim', signal: 'KILL' }, orElse: [{ exit: 1 }] };
    const { world, task } = after('1s', victim, { threads: 2 }, kill, { wait: 'victim' }, 'pause');
    expect(world.listing).toEqual(['S test', 'Ssl test']);
    expect(world.kernel.threadCount(task)).toBe(2);
  });

  it('to its group has always somebody to send it to: itself', () => {
    expect(
      statusOf(
        { 'on-term': 'ignore' },
        { kill: { target: 'group', signal: 'TERM' }, orElse: [{ exit: 1 }] },
        { exit: 5 },
      ),
    ).toBe(5);
  });

  it('to children or to a parent outside learns that there is none', () => {
    const to = (target: string): Step => ({ kill: { target, signal: 'TERM' }, orElse: [{ exit: 6 }] });
    expect(statusOf(to('children'), { exit: 1 })).toBe(6);
    expect(statusOf(to('parent'), { exit: 1 })).toBe(6);
  });
});

describe('threads', () => {
  it('of which the last one ends without a main thread are the end of the process', () => {
    expect(statusOf({ threads: 2 }, 'exit-main-thread', { threads: 0 }, { exit: 5 })).toBe(0);
    expect(statusOf({ threads: 2 }, 'exit-main-thread', { threads: 1 }, { exit: 5 })).toBe(5);
    expect(statusOf({ threads: 2 }, { threads: 0 }, { exit: 5 })).toBe(5);
  });

  it('that are none: the end of the main thread ends the process', () => {
    expect(statusOf('exit-main-thread', { exit: 5 })).toBe(0);
  });

  it('go on after the main thread, and once it has ended it cannot end again', () => {
    expect(statusOf({ threads: 1 }, 'exit-main-thread', 'exit-main-thread', { exit: 5 })).toBe(5);
    expect(
      statusOf(
        { threads: 1 },
        { sleep: '1s' },
        { threads: 2 },
        'exit-main-thread',
        { sleep: '1s' },
        { exit: 5 },
      ),
    ).toBe(5);
  });

  it.each<[string, Step]>([
    ['that it takes away', { threads: 0 }],
    ['that an exec ends', { exec: { comm: 'image', steps: ['pause'] } }],
  ])('%s: a process that is killed while it waits for them does nothing more', (_, step) => {
    const world = new World(INIT);
    const task = world.enter([{ threads: 3 }, step, 'pause']);
    // Between the turn in which it begins to wait and the next.
    world.sim.run(world.sim.nowUs, 1);
    while (world.kernel.threadCount(task) !== 3) world.sim.run(world.sim.nowUs, 1);
    world.kernel.kill(world.kernel.init, task, SIGKILL);
    world.run('1s');
    expect([world.kernel.isZombie(task), world.kernel.statusOf(task)]).toEqual([true, 128 + SIGKILL]);
    expect(world.kernel.nameOf(task)).toBe('test');
  });
});

describe('a PID 1', () => {
  it('K18 K33 whose exec has taken its handler away after the signal was sent goes on in the new image', () => {
    const world = new World([
      { 'on-term': 'exit' },
      { threads: 1 },
      { sleep: '1s' },
      { exec: { comm: 'image', steps: [{ fork: { comm: 'later', steps: ['pause'] } }, 'pause'] } },
    ]);
    world.sim.at(
      world.sim.nowUs + 999_000,
      world.sim.register(() => world.kernel.kill(world.kernel.init, world.init, 15)),
      0,
      0,
    );
    world.run('5s');
    expect(world.listing).toEqual(['S image', 'S later']);
  });
});
