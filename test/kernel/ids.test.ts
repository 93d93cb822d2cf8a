/**
 * Ids are types of their own: what would not compile says `@ts-expect-error`, which `tsc` holds to be an
 * error (`npm run lint`). At run time they are plain numbers, so nothing but the compiler could object.
 */
import { describe, expect, it } from 'vitest';
import { HOST_NS, Kernel, originId, ROOT_CGROUP } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

function boot(): Kernel {
  return new Kernel({ rules: kernelRules('6.18')!, pidMax: 32_768, threadsMax: 10_000 });
}

describe('two ids that are swapped do not compile', () => {
  it('K12 a name and an account, in forkAs', () => {
    const kernel = boot();
    const comm = kernel.comm('sleep');
    const origin = originId(5);
    const child = kernel.forkAs(kernel.init, comm, origin, 0);
    // @ts-expect-error a name is not an account, nor an account a name
    const swapped = kernel.forkAs(kernel.init, origin, comm, 0);
    expect([kernel.commOf(child), kernel.originOf(child)]).toEqual([comm, origin]);
    expect([kernel.commOf(swapped), kernel.originOf(swapped)]).toEqual([origin, comm]);
  });

  it('K34 a task and a cgroup, in attach', () => {
    const kernel = boot();
    const cgroup = kernel.createCgroup(ROOT_CGROUP, 10);
    const child = kernel.fork(kernel.init);
    kernel.attach(child, cgroup);
    // @ts-expect-error a task is not a cgroup, nor a cgroup a task
    expect(() => kernel.attach(cgroup, child)).toThrow();
    expect(kernel.pidsCurrent(cgroup)).toBe(1);
  });

  it('K1 a PID and a task, in wait', () => {
    const kernel = boot();
    const child = kernel.fork(kernel.init);
    kernel.exit(child, 7);
    // @ts-expect-error a PID names no task
    kernel.wait(kernel.init, kernel.pidOf(child));
    expect(kernel.isZombie(child)).toBe(true);
    // @ts-expect-error a namespace is not a cgroup
    expect(kernel.pidsCurrent(HOST_NS)).toBe(2);
  });
});

describe('the tables of the kernel', () => {
  it('K1 are its own: outside, there are system calls and readers', () => {
    const kernel = boot();
    // @ts-expect-error private
    expect(kernel.state.tasks.rows.length).toBeGreaterThan(0);
    const names = ['tasks', 'processes', 'pids', 'children', 'namespaces', 'cgroups', 'origins', 'hooks'];
    expect(names.filter((name) => name in kernel)).toEqual([]);
  });
});
