/** Tables that grow: what they hold stays, and they never have room for more rows than there are PIDs. */
import { expect, it } from 'vitest';
import { lengthened } from '../../src/kernel/arena.js';
import { Kernel, taskIndex } from '../../src/kernel/kernel.js';
import { PID_MAX_LIMIT } from '../../src/kernel/limits.js';
import type { KernelState } from '../../src/kernel/state.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

it('K9 a table that grows keeps its rows, and so a process that holds a PID goes on holding it', () => {
  const longer = lengthened(Int32Array.of(1, 2, 3, 4, 5, 6), 3);
  expect([...longer.subarray(0, 6)]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(longer.length % 3).toBe(0);
});

it('K6 small tables double, large ones grow by half, up to the largest pid_max that there is', () => {
  const steps: number[] = [];
  let table: Uint8Array = new Uint8Array(64);
  while (table.length < PID_MAX_LIMIT) {
    const before = table.length;
    table = lengthened(table, 1);
    steps.push(table.length / before);
  }
  expect(table.length).toBe(PID_MAX_LIMIT);
  expect(steps.filter((step) => step === 2)).toHaveLength(14);
  expect(Math.max(...steps.slice(14))).toBeLessThanOrEqual(1.500001);
});

it('K14 the tables are as long after ten thousand processes as the most that there were at once needed', () => {
  const kernel = new Kernel({ rules: kernelRules('6.18')!, pidMax: 32_768, threadsMax: 10_000 });
  const { tasks, processes, pids } = (kernel as unknown as { state: KernelState }).state;
  const lengths = () => [tasks, processes, pids].map(({ rows }) => rows.length);
  const generation = (): void => {
    const children = Array.from({ length: 100 }, () => kernel.fork(kernel.init));
    for (const child of children) kernel.exit(child, 0);
    for (const child of children) kernel.wait(kernel.init, child);
  };
  generation();
  const before = lengths();
  for (let left = 100; left > 0; left--) generation();
  expect(lengths()).toEqual(before);
  const all = Array.from({ length: 100 }, () => taskIndex(kernel.fork(kernel.init)));
  expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  kernel.checkInvariants();
});
