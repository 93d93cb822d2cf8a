/** PIDs that are passed in one stroke, beside PIDs that are taken and given back one after another. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pidNsId } from '../../src/kernel/kernel.js';
import { PidNamespace } from '../../src/kernel/namespaces.js';

const PID_MAX = 700;

function namespaceWith(taken: readonly number[], cursor: number): PidNamespace {
  const namespace = new PidNamespace(pidNsId(0), null, PID_MAX);
  for (const pid of taken) if (!namespace.taken.has(pid)) namespace.taken.take(pid);
  namespace.cursor = cursor;
  return namespace;
}

it('K2, K3 the cursor is where it would be after so many forks, whatever is taken, round and round', () => {
  const taken = fc.array(fc.integer({ min: 1, max: PID_MAX - 2 }), { maxLength: 650 });
  fc.assert(
    fc.property(taken, fc.integer({ min: 0, max: PID_MAX }), fc.nat(3_000), (taken, cursor, count) => {
      const plain = namespaceWith(taken, cursor);
      const passed = namespaceWith(taken, cursor);
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
  expect(taken.countFree(300, 10_000)).toBe(9_700 - 2);
});
