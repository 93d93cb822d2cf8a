import { describe, expect, it } from 'vitest';
import { Kernel, ROOT_CGROUP } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

function boot(): Kernel {
  return new Kernel({ rules: kernelRules('6.18')!, pidMax: 32_768, threadsMax: 10_000 });
}

describe('an id that nobody will use again', () => {
  it('K31 is not a later namespace’s before the last PID in there is free', () => {
    const kernel = boot();
    const outside = kernel.fork(kernel.init);
    const ns = kernel.unsharePidNamespace(outside);
    const init = kernel.fork(outside);
    kernel.forgetNamespace(ns);
    expect(kernel.unsharePidNamespace(outside)).not.toBe(ns);
    kernel.exit(init, 0);
    // Its zombie has a PID there.
    expect(kernel.unsharePidNamespace(outside)).not.toBe(ns);
    kernel.wait(outside, init);
    expect(kernel.unsharePidNamespace(outside)).toBe(ns);
    kernel.checkInvariants();
  });

  it('K31 a namespace that has it begins anew: PIDs from 1, its own limit, counted where it is', () => {
    const kernel = boot();
    const [outside, elsewhere] = [kernel.fork(kernel.init), kernel.fork(kernel.init)];
    const ns = kernel.unsharePidNamespace(outside, 301);
    const init = kernel.fork(outside);
    for (let i = 0; i < 40; i++) kernel.fork(init);
    kernel.exit(init, 0);
    kernel.wait(outside, init);
    kernel.forgetNamespace(ns);
    const around = kernel.unsharePidNamespace(elsewhere);
    const middle = kernel.fork(elsewhere);
    const [again, other] = around === ns ? [around, kernel.unsharePidNamespace(middle)] : [ns, around];
    expect([again, other]).toContain(ns);
    const inner = kernel.fork(middle);
    expect([kernel.pidOf(middle, around), kernel.pidMax(around)]).toEqual([1, 4_194_304]);
    expect([kernel.pidOf(inner, other), kernel.pidOf(inner, around)]).toEqual([1, 2]);
    expect([kernel.taskCount(around), kernel.taskCount(other), kernel.taskCount()]).toEqual([2, 1, 5]);
    kernel.checkInvariants();
  });

  it('K31 is one namespace’s, however often it has been given up', () => {
    const kernel = boot();
    const ns = kernel.unsharePidNamespace(kernel.init);
    kernel.forgetNamespace(ns);
    kernel.forgetNamespace(ns);
    expect(kernel.unsharePidNamespace(kernel.init)).toBe(ns);
    expect(kernel.unsharePidNamespace(kernel.init)).not.toBe(ns);
  });

  it('K36 is one cgroup’s, however often it has been given up', () => {
    const kernel = boot();
    const group = kernel.createCgroup(ROOT_CGROUP, Number.POSITIVE_INFINITY);
    kernel.removeCgroup(group);
    kernel.forgetCgroup(group);
    kernel.forgetCgroup(group);
    expect(kernel.createCgroup(ROOT_CGROUP, Number.POSITIVE_INFINITY)).toBe(group);
    expect(kernel.createCgroup(ROOT_CGROUP, Number.POSITIVE_INFINITY)).not.toBe(group);
  });
});
