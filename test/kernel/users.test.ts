/** Users and RLIMIT_NPROC, where a process becomes another user and execs. */
import { expect, it } from 'vitest';
import { Kernel } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

function boot(version = '6.18'): Kernel {
  return new Kernel({ rules: kernelRules(version)!, pidMax: 32_768, threadsMax: 10_000 });
}

/** Containers of one user, one after another: runc's init, which has other threads, becomes their program. */
function containersThatStart(version: string, nprocMax: number): number {
  const kernel = boot(version);
  let started = 0;
  for (let container = 0; container < 8; container++) {
    const init = kernel.fork(kernel.init);
    kernel.cloneThreads(init, 4);
    if (kernel.becomeUser(init, 1000, nprocMax)) {
      kernel.exec(init, 'top');
      started++;
    } else {
      kernel.exit(init, 1);
      kernel.wait(kernel.init, init);
    }
  }
  kernel.checkInvariants();
  return started;
}

it('K39, R62 of a user whose limit is n start n + 1 containers: measured with runc 1.1.5 on 6.18, n 0 to 5', () => {
  expect([0, 1, 2, 3, 5].map((limit) => containersThatStart('6.18', limit))).toEqual([1, 2, 3, 4, 6]);
});

it('K39, R62 before 5.14 start n: of four containers with `--ulimit nproc=3` the last fails (moby#12695)', () => {
  expect([0, 1, 3].map((limit) => containersThatStart('3.16', limit))).toEqual([0, 1, 3]);
  expect(containersThatStart('5.13', 3)).toBe(3);
  expect(containersThatStart('5.14', 3)).toBe(4);
});

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

it('K39 a task that becomes another user is counted there, with its threads, and no longer where it was', () => {
  const kernel = boot();
  const task = kernel.fork(kernel.init);
  kernel.cloneThreads(task, 2);
  kernel.setUser(task, 1000);
  kernel.setUser(task, 1001);
  expect([1000, 1001].map((uid) => kernel.tasksOfUser(uid))).toEqual([0, 3]);
  kernel.setUser(kernel.fork(kernel.init), 1001);
  expect(kernel.becomeUser(task, 1001, 0)).toBe(false);
  expect(kernel.refusal).toEqual({ errno: 'EAGAIN', refusedBy: 'rlimit-nproc', at: 1001 });
});
