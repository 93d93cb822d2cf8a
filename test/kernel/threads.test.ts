/** Threads, and a main thread that ends before the others (experiments e3 and e16). */
import { expect, it } from 'vitest';
import { ANY, SIGKILL, WOULD_BLOCK } from '../../src/kernel/kernel.js';
import { PENDING_SIGCHLD } from '../../src/kernel/signals.js';
import { container, onBothKernels, row } from './kernels.js';

onBothKernels((boot) => {
  it('K9 a thread that has ended holds nothing, joined or not: 600 of them pass through a table of 320', () => {
    const kernel = boot();
    const { ns, init } = container(kernel, 320);
    for (let i = 0; i < 600; i++) {
      expect(kernel.cloneThreads(init, 1)).toBe(1);
      kernel.endThreads(init, 1);
    }
    expect(kernel.allocated(ns)).toBe(1);
  });

  it('K9 a thread holds a PID on every level', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const before = kernel.allocated();
    kernel.cloneThreads(init, 7);
    expect(kernel.allocated(ns)).toBe(8);
    expect(kernel.allocated() - before).toBe(7);
    expect(row(kernel, ns, init)).toMatchObject({ threads: 8, stat: 'Sl' });
    kernel.endOtherThreads(init);
    expect(kernel.allocated() - before).toBe(0);
  });

  it('K9 threads in a namespace twelve levels deep hold a PID on each of thirteen, burst after burst', () => {
    const kernel = boot();
    let parent = kernel.init;
    let ns = 0;
    for (let level = 1; level <= 12; level++) {
      ns = kernel.unsharePidNamespace(parent);
      parent = kernel.fork(parent);
    }
    const before = kernel.allocated();
    for (const threads of [3, 1, 40]) expect(kernel.cloneThreads(parent, threads)).toBe(threads);
    expect(kernel.allocated(ns)).toBe(45);
    expect(kernel.allocated() - before).toBe(44);
    kernel.endThreads(parent, 1);
    expect(kernel.allocated(ns)).toBe(44);
    expect(row(kernel, ns, parent)?.nspid).toEqual([1]);
    expect(row(kernel, 0, parent)?.nspid).toHaveLength(13);
    kernel.endOtherThreads(parent);
    expect(kernel.allocated(ns)).toBe(1);
    expect(kernel.allocated()).toBe(before);
  });

  it('K9 a burst of threads takes what single ones would take', () => {
    const [burst, single] = [boot({ pidMax: 320 }), boot({ pidMax: 320 })];
    for (const kernel of [burst, single]) {
      const gone = Array.from({ length: 40 }, () => kernel.fork(kernel.init));
      for (const index of [0, 1, 5, 17, 18, 39]) {
        kernel.exit(gone[index], 0);
        kernel.wait(kernel.init, gone[index]);
      }
    }
    expect(burst.cloneThreads(burst.init, 500)).toBe(278);
    let made = 0;
    while (single.cloneThreads(single.init, 1) === 1) made += 1;
    expect(made).toBe(278);
    expect(single.allocated()).toBe(burst.allocated());
  });

  it('K19 a main thread that ends first is a zombie nobody can wait for, until the last thread ends', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    kernel.setSigchld(init, 'reap-all');
    const task = kernel.fork(init);
    kernel.cloneThreads(task, 1);
    expect(kernel.exitMainThread(task)).toBe(true);
    expect(row(kernel, ns, task)).toMatchObject({ stat: 'Zl', threads: 2 });
    expect(kernel.wait(init, ANY)).toBe(WOULD_BLOCK);
    expect(kernel.wait(init, task)).toBe(WOULD_BLOCK);
    expect(kernel.pendingSignals(init)).toBe(0);
    kernel.endThreads(task, 1);
    expect(kernel.pendingSignals(init)).toBe(PENDING_SIGCHLD);
    expect(row(kernel, ns, task)).toMatchObject({ stat: 'Z', threads: 1 });
    expect(kernel.wait(init, ANY)).toBe(task);
  });

  it('K19 a main thread without others ends the process', () => {
    const kernel = boot();
    const task = kernel.fork(kernel.init);
    expect(kernel.exitMainThread(task)).toBe(false);
    expect(kernel.isZombie(task)).toBe(true);
    expect(kernel.wait(kernel.init, ANY)).toBe(task);
    expect(kernel.waitedStatus).toBe(0);
  });

  it('K19 such a process still has its children, still forks, and dies of one SIGKILL', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const task = kernel.fork(init);
    const child = kernel.fork(task);
    kernel.cloneThreads(task, 3);
    kernel.exitMainThread(task);
    expect(kernel.parentOf(child)).toBe(task);
    expect(kernel.parentOf(kernel.fork(task))).toBe(task);
    kernel.kill(init, task, SIGKILL);
    expect(kernel.parentOf(child)).toBe(init);
    expect(kernel.taskCount(ns)).toBe(4);
    expect(kernel.wait(init, ANY)).toBe(task);
    expect(kernel.waitedStatus).toBe(128 + SIGKILL);
  });

  it('K19 a namespace lives while any thread of its PID 1 does', () => {
    const kernel = boot();
    const { ns, init, outside } = container(kernel);
    kernel.cloneThreads(init, 1);
    const child = kernel.fork(init);
    kernel.exitMainThread(init);
    expect(kernel.canRun(child)).toBe(true);
    const other = kernel.fork(init);
    expect(row(kernel, ns, other)?.ppid).toBe(1);
    kernel.endThreads(init, 1);
    expect(kernel.taskCount(ns)).toBe(1);
    expect(kernel.wait(outside, init)).toBe(init);
    expect(kernel.allocated(ns)).toBe(0);
  });

  it('K9 the threads of a process that exits hold their PIDs until they run, and its parent hears nothing', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    kernel.setSigchld(init, 'reap-all');
    const task = kernel.fork(init);
    const child = kernel.fork(task);
    kernel.cloneThreads(task, 3);
    expect(kernel.exitAhead(task, 7)).toBe(true);
    expect(row(kernel, ns, task)).toMatchObject({ stat: 'Zl', threads: 4 });
    expect([kernel.allocated(ns), kernel.zombies(ns)]).toEqual([6, 1]);
    expect([kernel.wait(init, task), kernel.pendingSignals(init)]).toEqual([WOULD_BLOCK, 0]);
    expect(kernel.parentOf(child)).toBe(task);
    kernel.kill(init, task, SIGKILL);
    expect(kernel.dieOfSignal(task)).toBe(true);
    expect([kernel.allocated(ns), kernel.parentOf(child)]).toEqual([3, init]);
    expect(kernel.pendingSignals(init)).toBe(PENDING_SIGCHLD);
    expect([kernel.wait(init, task), kernel.waitedStatus]).toEqual([task, 7]);
  });

  it('K46 all threads end but the one that execs: the main one, or one of those that go on without it', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const [whole, odd] = [kernel.fork(init), kernel.fork(init)];
    for (const task of [whole, odd]) kernel.cloneThreads(task, 3);
    expect([kernel.exitMainThread(odd), kernel.exitMainThread(odd)]).toEqual([true, false]);
    for (const task of [whole, odd]) kernel.endOtherThreads(task);
    expect([kernel.threadCount(whole), kernel.threadCount(odd)]).toEqual([0, 1]);
    kernel.exec(odd, 'image');
    expect([kernel.threadCount(odd), kernel.canRun(odd)]).toEqual([0, true]);
  });

  it('K9 a process without other threads has nobody to wait for when it exits', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const [single, last] = [kernel.fork(init), kernel.fork(init)];
    kernel.cloneThreads(last, 1);
    kernel.exitMainThread(last);
    for (const task of [single, last]) {
      expect(kernel.exitAhead(task, 7)).toBe(false);
      expect([kernel.canRun(task), kernel.dieOfSignal(task)]).toEqual([true, false]);
    }
  });

  it('K19 a thread that exits after the main one is gone itself at once, the others are when they run', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const task = kernel.fork(init);
    kernel.cloneThreads(task, 3);
    kernel.exitMainThread(task);
    expect(kernel.exitAhead(task, 7)).toBe(true);
    expect(row(kernel, ns, task)).toMatchObject({ stat: 'Zl', threads: 3 });
    expect(kernel.dieOfSignal(task)).toBe(true);
    expect([kernel.wait(init, task), kernel.waitedStatus]).toEqual([task, 7]);
  });
});
