/**
 * RLIMIT_NPROC and threads-max (experiment e10; the refusal by threads-max is from the source,
 * kernel/fork.c).
 */
import { expect, it } from 'vitest';
import { NONE } from '../../src/kernel/kernel.js';
import { defaultThreadsMax } from '../../src/kernel/limits.js';
import { container, deadChild, forkMany, forkUntilRefused, onBothKernels, reapAll } from './kernels.js';

const KIB = 1024;
const GIB = 2 ** 30;

onBothKernels((boot) => {
  it('K38 RLIMIT_NPROC is asked first, then threads-max, then PIDs', () => {
    const kernel = boot({ pidMax: 301, threadsMax: 300 });
    const user = kernel.fork(kernel.init);
    kernel.setUser(user, 1000);
    kernel.setNprocMax(user, 1);
    forkUntilRefused(kernel, kernel.init);
    expect(kernel.allocated()).toBe(300);
    const refusedBy = (task: number): string => {
      expect(kernel.fork(task)).toBe(NONE);
      return kernel.refusal.refusedBy;
    };
    expect(refusedBy(user)).toBe('rlimit-nproc');
    kernel.setNprocMax(user, 5);
    expect(refusedBy(user)).toBe('threads-max');
  });

  it('K39 zombies count against RLIMIT_NPROC: nine and the process itself fill ten', () => {
    const kernel = boot();
    const user = kernel.fork(kernel.init);
    kernel.setUser(user, 1000);
    kernel.setNprocMax(user, 10);
    for (let i = 0; i < 9; i++) deadChild(kernel, user);
    expect(kernel.fork(user)).toBe(NONE);
    expect(kernel.refusal).toEqual({ errno: 'EAGAIN', refusedBy: 'rlimit-nproc', at: 1000 });
    expect(kernel.cloneThreads(user, 1)).toBe(0);
    reapAll(kernel, user);
    expect(kernel.fork(user)).not.toBe(NONE);
  });

  it('K39 it is a limit of the user, whatever namespaces the processes are in', () => {
    const kernel = boot();
    const users = [container(kernel), container(kernel)].map(({ init }) => {
      kernel.setUser(init, 1000);
      kernel.setNprocMax(init, 10);
      return init;
    });
    forkMany(kernel, users[0], 8);
    expect(kernel.fork(users[1])).toBe(NONE);
    const other = kernel.fork(kernel.init);
    kernel.setUser(other, 1001);
    kernel.setNprocMax(other, 10);
    expect(kernel.fork(other)).not.toBe(NONE);
  });

  it('K39 root is exempt: 50 tasks at a limit of 3', () => {
    const kernel = boot();
    kernel.setNprocMax(kernel.init, 3);
    expect(forkMany(kernel, kernel.init, 50)).not.toContain(NONE);
  });

  it('K40 threads-max counts threads and zombies, and binds root too', () => {
    const kernel = boot({ threadsMax: 100 });
    for (let i = 0; i < 50; i++) deadChild(kernel, kernel.init);
    expect(kernel.cloneThreads(kernel.init, 100)).toBe(49);
    expect(kernel.fork(kernel.init)).toBe(NONE);
    expect(kernel.refusal).toEqual({ errno: 'EAGAIN', refusedBy: 'threads-max', at: NONE });
    kernel.wait(kernel.init, -1);
    expect(kernel.fork(kernel.init)).not.toBe(NONE);
  });

  it('K40 pinned PIDs do not count against threads-max', () => {
    const kernel = boot({ threadsMax: 100 });
    const { init } = container(kernel);
    for (let i = 0; i < 40; i++) {
      const leader = kernel.fork(init);
      kernel.setsid(leader);
      kernel.fork(leader);
      kernel.exit(leader, 0);
      kernel.wait(init, leader);
    }
    expect(kernel.nrThreads).toBe(43);
    expect(kernel.allocated()).toBe(83);
  });
});

it('K40 threads-max is one for each 128 KiB of memory', () => {
  expect(defaultThreadsMax(24_684_084 * KIB)).toBe(192_844);
  expect([2, 4, 16].map((gib) => defaultThreadsMax(gib * GIB))).toEqual([16384, 32768, 131072]);
});
