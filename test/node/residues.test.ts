/** The table of what a command leaves, beside the runs that it stands for. */
import { expect, test } from 'vitest';
import { Cell } from '../../src/node/kubelet/cell.js';
import { durationOf, residuesOf } from '../../src/node/kubelet/residues.js';
import { bootCell } from '../../src/node/node.js';
import type { Program } from '../../src/program/code.js';
import { container, pod, probe, program, World } from './world.js';

/** Of a pod whose PID 1 is pause 3.0, and its container. */
function cellOf(command: Program) {
  const containers = [container({ probes: [probe({ program: command })] })];
  const { node } = new World({ pause: '3.0', pods: [pod({ pidMode: 'pod', containers })] }).to(5);
  const { runtime } = node.kubelet.slots[0].current!.containers[0];
  return {
    cell: () => new Cell(node.context, runtime, command, bootCell),
    residues: () => residuesOf(node.context, runtime, command, bootCell),
  };
}

/** A random number that gives value `index` of `count`. */
const at = (index: number, count: number): number => (index + 0.5) / count;

test('it has for every value of the draws what a run with them leaves', () => {
  const command = program('race', [
    'setsid',
    { fork: { comm: 'late', steps: [{ sleep: { uniform: ['900us', '1100us'] } }] } },
    { sleep: '1ms' },
    { chance: { p: 0.5, steps: ['reap'] } },
  ]);
  const { cell: make, residues: table } = cellOf(command);
  const cell = make();
  const residues = table();
  if (typeof residues === 'string') throw new Error(residues);
  const left = new Set<number>();
  for (let us = 900; us <= 1_100; us++) {
    for (const isLucky of [0, 1]) {
      const { aftermath, endsUs } = cell.run([us - 900, isLucky]);
      // A uniform draw is rounded: the values at both ends have half the share.
      const draws = [(us - 900) / 200, at(isLucky, 2)].values();
      const values = residues.draw({ uniform: () => Math.min(draws.next().value!, 1 - 2 ** -32) });
      expect(residues.outcomeOf(values).residue.aftermath).toEqual(aftermath);
      expect(durationOf(residues.outcomeOf(values), values)).toBe(endsUs);
      left.add(aftermath.remnants.length);
    }
  }
  expect([...left].sort()).toEqual([0, 2]);
});

test('it knows when a run ends that waits for the slower of two things, and for what it has drawn', () => {
  const command = program('slower', [
    { fork: { steps: [{ sleep: { uniform: ['10ms', '12ms'] } }] } },
    { sleep: '11ms' },
    { wait: 'any' },
    { sleep: { uniform: ['0ms', '1ms'] } },
  ]);
  const { cell: make, residues: table } = cellOf(command);
  const cell = make();
  const residues = table();
  if (typeof residues === 'string') throw new Error(residues);
  for (const values of [
    [0, 0],
    [999, 500],
    [1_000, 7],
    [1_001, 7],
    [1_500, 1_000],
    [2_000, 3],
  ]) {
    expect(durationOf(residues.outcomeOf(values), values)).toBe(cell.run(values).endsUs);
  }
});

test('what is left knows which PIDs were taken before it, and by whom it is pinned', () => {
  const command = program('outer', [
    'setsid',
    { fork: { comm: 'inner', steps: [{ sleep: '2ms' }] } },
    { sleep: '1ms' },
  ]);
  const { aftermath, births, lastsUs } = cellOf(command).cell().run([]);
  // `runc init`, which becomes the command, has four threads by then.
  expect(births.own).toBe(1 + 4 + 1);
  expect(aftermath).toMatchObject({
    adopted: [1],
    remnants: [
      { zombie: null },
      { before: { own: 4 }, zombie: { comm: 'inner', status: 0, group: 0, session: 0 } },
    ],
  });
  expect(lastsUs).toBe(52_000);
});

test('it says why there is none', () => {
  const why = (command: Program) => cellOf(command).residues();
  expect(why(program('no', [{ exit: 1 }]))).toBe('a run does not succeed');
  expect(why(program('lives', [{ fork: { steps: ['pause'] } }]))).toBe('a run does not succeed');
  expect(why(program('stays', [{ fork: { steps: ['setsid', 'pause'] } }]))).toContain('no zombie of PID 1');
  expect(why(program('any', [{ sleep: { exponential: { mean: '1ms' } } }]))).toBe(
    'a draw can have any value',
  );
});
