/** Users and RLIMIT_NPROC, where a process becomes another user and execs. */
import { expect, it } from 'vitest';
import { Kernel } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

function boot(): Kernel {
  return new Kernel({ rules: kernelRules('6.18')!, pidMax: 32_768, threadsMax: 10_000 });
}

it('K39, R62 an execve after setuid fails where the user had more tasks than the limit, measured with 5 and 6', () => {
  const execs = (tasks: number): boolean => {
    const kernel = boot();
    for (let task = 0; task < tasks; task++) kernel.setUser(kernel.fork(kernel.init), 1000);
    return kernel.becomeUser(kernel.fork(kernel.init), 1000, 5);
  };
  expect([3, 4, 5, 6].map(execs)).toEqual([true, true, true, false]);
});

it('K39, R62 root execs whatever it has', () => {
  const kernel = boot();
  for (let task = 0; task < 9; task++) kernel.fork(kernel.init);
  expect(kernel.becomeUser(kernel.fork(kernel.init), 0, 1)).toBe(true);
});

it('K39 a thousand users are counted apart', () => {
  const kernel = boot();
  for (let uid = 1; uid <= 1000; uid++)
    expect(kernel.becomeUser(kernel.fork(kernel.init), uid, 0)).toBe(true);
  expect(kernel.becomeUser(kernel.fork(kernel.init), 7, 0)).toBe(false);
  kernel.checkInvariants();
});
