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
    kernel.wait(outside, init);
    expect(kernel.unsharePidNamespace(outside)).toBe(ns);
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
