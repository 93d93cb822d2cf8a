/**
 * What becomes of a process that ends: zombie or nothing, and which process is told (experiments e5, e10, e16,
 * e20).
 */
import { expect, it } from 'vitest';
import { ANY, NO_CHILD, NONE, SIGCHLD, SIGKILL, SIGTERM, WOULD_BLOCK } from '../../src/kernel/kernel.js';
import { PENDING_SIGCHLD } from '../../src/kernel/signals.js';
import { container, deadChild, forkMany, numbers, onBothKernels, reapAll, row } from './kernels.js';

onBothKernels((boot) => {
  it.each(['ignore', 'nocldwait'] as const)(
    'K15 SIGCHLD %s: the kernel reaps, and wait finds no child',
    (action) => {
      const kernel = boot();
      for (const parent of [kernel.fork(kernel.init), container(kernel).init]) {
        kernel.setSigchld(parent, action);
        const before = kernel.allocated();
        deadChild(kernel, parent);
        expect(kernel.allocated()).toBe(before);
        expect(kernel.wait(parent, ANY)).toBe(NO_CHILD);
        expect(kernel.pendingSignals(parent)).toBe(0);
      }
    },
  );

  it.each([
    ['default', 0],
    ['reap-all', PENDING_SIGCHLD],
    ['reap-one', PENDING_SIGCHLD],
  ] as const)('K15 SIGCHLD %s: the child stays as a zombie', (action, pending) => {
    const kernel = boot();
    for (const parent of [kernel.fork(kernel.init), container(kernel).init]) {
      kernel.setSigchld(parent, action);
      const child = deadChild(kernel, parent, 7);
      expect(kernel.isZombie(child)).toBe(true);
      expect(kernel.pendingSignals(parent)).toBe(pending);
      expect(kernel.wait(parent, ANY)).toBe(child);
      expect(kernel.waitedStatus).toBe(7);
    }
  });

  it('K15 a waiting parent that ignores SIGCHLD has a child to wait for until the last is gone', () => {
    const kernel = boot();
    const parent = kernel.fork(kernel.init);
    kernel.setSigchld(parent, 'ignore');
    const [first, second] = forkMany(kernel, parent, 2);
    expect(kernel.wait(parent, ANY)).toBe(WOULD_BLOCK);
    kernel.exit(first, 0);
    expect(kernel.wait(parent, ANY)).toBe(WOULD_BLOCK);
    expect(kernel.wait(parent, second)).toBe(WOULD_BLOCK);
    kernel.exit(second, 0);
    expect(kernel.wait(parent, ANY)).toBe(NO_CHILD);
  });

  it('K17 a PID 1 that never mentions SIGCHLD keeps every zombie: default is not ignore', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    for (let i = 0; i < 20; i++) deadChild(kernel, init);
    expect(kernel.zombies(ns)).toBe(20);
    const ignorant = container(kernel);
    kernel.setSigchld(ignorant.init, 'ignore');
    for (let i = 0; i < 20; i++) deadChild(kernel, ignorant.init);
    expect(kernel.zombies(ignorant.ns)).toBe(0);
  });

  it('K18 an ignored SIGCHLD survives fork and exec: sleep as PID 1 then leaves no zombie', () => {
    const kernel = boot();
    const outside = kernel.fork(kernel.init);
    kernel.setSigchld(outside, 'ignore');
    const ns = kernel.unsharePidNamespace(outside);
    const init = kernel.fork(outside);
    kernel.exec(init, 'sleep');
    for (let i = 0; i < 20; i++) deadChild(kernel, init);
    expect(kernel.zombies(ns)).toBe(0);
    expect(row(kernel, ns, init)?.comm).toBe('sleep');
  });

  // SA_NOCLDWAIT: seen on 6.18, fork + exit leaves no zombie before execve and one after it.
  it.each(['default', 'reap-all', 'nocldwait'] as const)(
    'K18 %s does not: exec resets it to default',
    (action) => {
      const kernel = boot();
      const { ns, init } = container(kernel);
      kernel.setSigchld(init, action);
      kernel.exec(init, 'sleep');
      for (let i = 0; i < 20; i++) deadChild(kernel, init);
      expect(kernel.zombies(ns)).toBe(20);
      expect(kernel.pendingSignals(init)).toBe(0);
    },
  );

  it('K18 ignoring SIGCHLD does not clear the zombies there are', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    deadChild(kernel, init);
    kernel.setSigchld(init, 'ignore');
    deadChild(kernel, init);
    expect(kernel.zombies(ns)).toBe(1);
    expect(reapAll(kernel, init)).toBe(1);
  });

  it('K29 waitpid(-1) takes the children in the order in which they came, not in which they died', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const children = forkMany(kernel, init, 5);
    for (const index of [3, 0, 4, 2]) kernel.exit(children[index], 0);
    const reaped: number[] = [];
    for (let child = kernel.wait(init, ANY); child >= 0; child = kernel.wait(init, ANY)) {
      reaped.push(kernel.waitedPid);
    }
    expect(reaped).toEqual([2, 4, 5, 6]);
    expect(numbers(kernel, ns, [children[1]])).toEqual([3]);
  });

  it('K29 adopted children stand behind those that were there before, whenever they were born', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const father = kernel.fork(init);
    const orphans = forkMany(kernel, father, 2);
    const own = kernel.fork(init);
    kernel.exit(orphans[1], 1);
    kernel.exit(father, 2);
    kernel.exit(orphans[0], 3);
    kernel.exit(own, 4);
    const statuses: number[] = [];
    while (kernel.wait(init, ANY) >= 0) statuses.push(kernel.waitedStatus);
    expect(statuses).toEqual([2, 4, 3, 1]);
  });

  it('K29 waiting for one child leaves the others, and a stranger is no child', () => {
    const kernel = boot();
    const { init, outside } = container(kernel);
    const [first, second] = forkMany(kernel, init, 2);
    kernel.exit(first, 1);
    kernel.exit(second, 2);
    expect(kernel.wait(init, second)).toBe(second);
    expect(kernel.wait(outside, first)).toBe(NO_CHILD);
    expect(kernel.wait(init, ANY)).toBe(first);
  });

  it('K41 nr_threads counts the threads and zombies of the whole machine', () => {
    const kernel = boot();
    const { init } = container(kernel);
    kernel.cloneThreads(init, 10);
    const before = kernel.nrThreads;
    expect(before).toBe(13);
    for (let i = 0; i < 300; i++) deadChild(kernel, init);
    expect(kernel.nrThreads).toBe(before + 300);
    reapAll(kernel, init);
    expect(kernel.nrThreads).toBe(before);
  });

  it('K42 a zombie has a PID, a parent, a group, a charge and a status, and nothing else', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const cgroup = kernel.createCgroup(0, Number.POSITIVE_INFINITY);
    const task = kernel.fork(init);
    kernel.attach(task, cgroup);
    kernel.setsid(task);
    kernel.cloneThreads(task, 5);
    const child = kernel.fork(task);
    expect(kernel.pidsCurrent(cgroup)).toBe(7);
    kernel.exit(task, 3);
    expect(kernel.pidsCurrent(cgroup)).toBe(2);
    expect(kernel.parentOf(child)).toBe(init);
    expect(row(kernel, ns, task)).toMatchObject({
      pid: 2,
      ppid: 1,
      pgid: 2,
      sid: 2,
      stat: 'Zs',
      threads: 1,
      cgroup,
    });
    for (const signal of [SIGKILL, SIGTERM, SIGCHLD] as const) kernel.kill(init, task, signal);
    expect(kernel.isZombie(task)).toBe(true);
    expect(kernel.statusOf(task)).toBe(3);
  });

  it('K46 exec frees the PIDs of the other threads and keeps the process’s own', () => {
    const kernel = boot();
    const { ns, init } = container(kernel, 400);
    const task = kernel.fork(init);
    kernel.cloneThreads(task, 6);
    expect(kernel.taskCount(ns)).toBe(8);
    kernel.exec(task, 'plain');
    expect(kernel.taskCount(ns)).toBe(2);
    expect(row(kernel, ns, task)).toMatchObject({ pid: 2, stat: 'S', threads: 1 });
    const forked = kernel.fork(init);
    expect(forked).not.toBe(NONE);
    expect(kernel.pidOf(forked, ns)).toBe(9);
  });

  it('K46 a thread that outlived its main thread becomes the main thread by exec', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const task = kernel.fork(init);
    kernel.cloneThreads(task, 2);
    kernel.exitMainThread(task);
    expect(row(kernel, ns, task)?.stat).toBe('Zl');
    kernel.exec(task, 'plain');
    expect(row(kernel, ns, task)).toMatchObject({ pid: 2, stat: 'S', threads: 1, comm: 'plain' });
    expect(kernel.zombies(ns)).toBe(0);
    kernel.exit(task, 5);
    expect(kernel.wait(init, ANY)).toBe(task);
    expect([kernel.waitedPid, kernel.waitedStatus]).toEqual([2, 5]);
  });
});
