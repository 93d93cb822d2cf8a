/** PIDs that are passed in one stroke, beside PIDs that are taken and given back one after another. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { originId, pidNsId } from '../../src/kernel/kernel.js';
import { PidNamespace } from '../../src/kernel/namespaces.js';
import { kernelRules } from '../../src/node/versions/kernel.js';
import { Machine } from '../../src/program/machine.js';
import { Simulation } from '../../src/sim/simulation.js';

const PID_MAX = 700;

function namespaceWith(taken: readonly number[], cursor: number, pidMax = PID_MAX): PidNamespace {
  const namespace = new PidNamespace(pidNsId(0), null, pidMax);
  for (const pid of taken) if (!namespace.taken.has(pid)) namespace.taken.take(pid);
  namespace.cursor = cursor;
  return namespace;
}

it('K2, K3 the cursor is where it would be after so many forks, whatever is taken, round and round', () => {
  const taken = fc.array(fc.integer({ min: 1, max: PID_MAX - 2 }), { maxLength: 650 });
  const cursors = fc.integer({ min: 0, max: PID_MAX });
  // Where pid_max has been lowered, PIDs and the cursor are above it.
  const pidMaxima = fc.constantFrom(PID_MAX, PID_MAX, 550, 400);
  fc.assert(
    fc.property(taken, cursors, fc.nat(3_000), pidMaxima, (taken, cursor, count, pidMax) => {
      const plain = namespaceWith(taken, cursor, pidMax);
      const passed = namespaceWith(taken, cursor, pidMax);
      fc.pre(plain.nextPid() !== -1);
      for (let left = count; left > 0; left--) plain.taken.free(plain.takePid());
      passed.pass(count);
      expect(passed.cursor).toBe(plain.cursor);
      expect(passed.taken.count()).toBe(plain.taken.count());
    }),
    { seed: 20261130, numRuns: 300 },
  );
});

it('K2 the free PIDs of a part of the table can be counted', () => {
  const { taken } = namespaceWith([1, 2, 31, 32, 33, 300, 699], 0);
  expect(taken.countFree(1, 34)).toBe(33 - 5);
  expect(taken.countFree(32, 32)).toBe(0);
  expect(taken.countFree(40, 20)).toBe(0);
  expect(taken.countFree(300, 10_000)).toBe(9_700 - 2);
});

it('K2 what has taken PIDs and given them back is counted for an origin that has never forked', () => {
  const rules = kernelRules('6.18')!;
  const limits = { pidMax: PID_MAX, threadsMax: PID_MAX };
  const { kernel } = new Machine({ sim: new Simulation(), rules, ...limits, initComm: 'systemd' });
  const origin = originId(40);
  kernel.comeAndGo(origin, 5);
  expect(kernel.originCount(origin)).toMatchObject({ created: 5, released: 5, tasks: 0 });
});
