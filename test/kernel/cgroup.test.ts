/** The pids controller: what is charged, where, and until when (experiments e9 and e17; cgroup v1). */
import { expect, it } from 'vitest';
import { Kernel, NONE, ROOT_CGROUP } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';
import {
  type AnyKernel,
  container,
  deadChild,
  forkMany,
  forkUntilRefused,
  onBothKernels,
  probe,
  reapAll,
} from './kernels.js';

const UNLIMITED = Number.POSITIVE_INFINITY;

/** A pod's cgroup with one container's in it, and a process in the latter. */
function pod(kernel: AnyKernel, limits: { pod: number; container: number }) {
  const outer = kernel.createCgroup(0, limits.pod);
  const inner = kernel.createCgroup(outer, limits.container);
  const task = kernel.fork(kernel.init);
  kernel.attach(task, inner);
  return { outer, inner, task };
}

onBothKernels((boot) => {
  it('K34 a cgroup of limit L has room for L tasks, threads among them', () => {
    const kernel = boot();
    const { inner, task } = pod(kernel, { pod: UNLIMITED, container: 10 });
    expect(forkUntilRefused(kernel, task)).toHaveLength(9);
    expect(kernel.refusal).toEqual({ errno: 'EAGAIN', refusedBy: 'pids-cgroup', at: inner });
    const threaded = pod(kernel, { pod: UNLIMITED, container: 10 });
    expect(kernel.cloneThreads(threaded.task, 50)).toBe(9);
    expect(kernel.fork(threaded.task)).toBe(NONE);
    kernel.endOtherThreads(threaded.task);
    expect(kernel.pidsCurrent(threaded.inner)).toBe(1);
  });

  it('K34 zombies stay charged until they are reaped', () => {
    const kernel = boot();
    const { inner, outer, task } = pod(kernel, { pod: UNLIMITED, container: 10 });
    for (let i = 0; i < 9; i++) deadChild(kernel, task);
    expect(kernel.pidsCurrent(inner)).toBe(10);
    expect(kernel.fork(task)).toBe(NONE);
    kernel.wait(task, -1);
    expect([kernel.pidsCurrent(inner), kernel.pidsCurrent(outer)]).toEqual([9, 9]);
    expect(kernel.fork(task)).not.toBe(NONE);
  });

  it('K34 the most restrictive cgroup above wins', () => {
    const kernel = boot();
    const { inner, outer, task } = pod(kernel, { pod: 6, container: 10 });
    expect(forkUntilRefused(kernel, task)).toHaveLength(5);
    expect(kernel.refusal.at).toBe(outer);
    expect(kernel.pidsCurrent(inner)).toBe(6);
  });

  it('K34 a limit that is set later counts what is in the groups below already', () => {
    const kernel = boot();
    const { inner, outer, task } = pod(kernel, { pod: UNLIMITED, container: UNLIMITED });
    forkMany(kernel, task, 4);
    kernel.setPidsMax(outer, 6);
    expect([kernel.pidsCurrent(inner), kernel.pidsCurrent(outer)]).toEqual([5, 5]);
    expect(forkUntilRefused(kernel, task)).toHaveLength(1);
    expect(kernel.refusal.at).toBe(outer);
    kernel.setPidsMax(outer, UNLIMITED);
    expect(kernel.fork(task)).not.toBe(NONE);
    expect([kernel.pidsCurrent(inner), kernel.pidsCurrent(outer)]).toEqual([7, 7]);
  });

  it('K34 a group made below a limit that was set later is charged to it as well', () => {
    const kernel = boot();
    const { outer, task } = pod(kernel, { pod: UNLIMITED, container: UNLIMITED });
    kernel.setPidsMax(outer, 3);
    const another = kernel.fork(kernel.init);
    kernel.attach(another, kernel.createCgroup(outer, UNLIMITED));
    expect(kernel.pidsCurrent(outer)).toBe(2);
    expect(kernel.fork(another)).not.toBe(NONE);
    expect(kernel.fork(task)).toBe(NONE);
  });

  it('K34 pinned PIDs are not charged: a limit on tasks is no limit on PIDs', () => {
    const kernel = boot();
    const jail = container(kernel);
    const cgroup = kernel.createCgroup(0, 100);
    for (const task of [jail.init, jail.outside]) kernel.attach(task, cgroup);
    while (probe(kernel, jail, true));
    expect(kernel.refusal).toMatchObject({ refusedBy: 'pids-cgroup', at: cgroup });
    expect(kernel.allocated(jail.ns)).toBeGreaterThan(190);
  });

  it('K35 attaching asks no limit; the newcomer’s own fork then fails', () => {
    const kernel = boot();
    const { inner, task } = pod(kernel, { pod: UNLIMITED, container: 3 });
    forkMany(kernel, task, 2);
    const newcomer = kernel.fork(kernel.init);
    kernel.attach(newcomer, inner);
    expect(kernel.pidsCurrent(inner)).toBe(4);
    expect(kernel.fork(newcomer)).toBe(NONE);
    expect(kernel.cloneThreads(newcomer, 1)).toBe(0);
    kernel.attach(newcomer, 0);
    expect(kernel.fork(newcomer)).not.toBe(NONE);
  });

  it('K35 lowering pids.max kills nobody', () => {
    const kernel = boot();
    const { inner, task } = pod(kernel, { pod: UNLIMITED, container: 10 });
    forkMany(kernel, task, 5);
    kernel.setPidsMax(inner, 2);
    expect(kernel.pidsCurrent(inner)).toBe(6);
    expect(kernel.fork(task)).toBe(NONE);
    kernel.setPidsMax(inner, 7);
    expect(kernel.fork(task)).not.toBe(NONE);
  });

  it('K36 a zombie stays in its cgroup, a live process moves with all its threads', () => {
    const kernel = boot();
    const { inner, task } = pod(kernel, { pod: UNLIMITED, container: UNLIMITED });
    const zombie = deadChild(kernel, task);
    const other = kernel.createCgroup(0, UNLIMITED);
    kernel.attach(zombie, other);
    expect([kernel.pidsCurrent(inner), kernel.pidsCurrent(other)]).toEqual([2, 0]);
    kernel.cloneThreads(task, 4);
    kernel.attach(task, other);
    expect([kernel.pidsCurrent(inner), kernel.pidsCurrent(other)]).toEqual([1, 5]);
  });

  it('K36 a cgroup of zombies can be removed, and they stay charged to the one above', () => {
    const kernel = boot();
    const { inner, outer, task } = pod(kernel, { pod: 6, container: UNLIMITED });
    for (let i = 0; i < 5; i++) deadChild(kernel, task);
    expect(kernel.removeCgroup(inner)).toBe(false);
    expect(kernel.removeCgroup(outer)).toBe(false);
    kernel.attach(task, 0);
    expect(kernel.removeCgroup(inner)).toBe(true);
    expect(kernel.pidsCurrent(outer)).toBe(5);
    const next = kernel.fork(kernel.init);
    kernel.attach(next, outer);
    expect(kernel.fork(next)).toBe(NONE);
    expect(kernel.refusal.at).toBe(outer);
    reapAll(kernel, task);
    expect(kernel.pidsCurrent(outer)).toBe(1);
    expect(kernel.fork(next)).not.toBe(NONE);
  });

  it('K36 a PID 1 that waits for its namespace to empty has left its cgroup, but for the charge', () => {
    const kernel = boot();
    const jail = container(kernel);
    const outer = kernel.createCgroup(0, UNLIMITED);
    const inner = kernel.createCgroup(outer, UNLIMITED);
    kernel.attach(jail.init, inner);
    const shim = kernel.fork(kernel.init);
    kernel.setns(shim, jail.ns);
    deadChild(kernel, shim);
    expect(kernel.removeCgroup(inner)).toBe(false);
    kernel.exit(jail.init, 0);
    expect(kernel.isZombie(jail.init)).toBe(false);
    expect(kernel.removeCgroup(inner)).toBe(true);
    expect(kernel.pidsCurrent(outer)).toBe(1);
  });

  it('K37 on v1 a refusal is an event of the forking task’s cgroup, whichever was full', () => {
    const kernel = boot({ cgroup: 'v1' });
    const { inner, outer, task } = pod(kernel, { pod: 1, container: 10 });
    for (let i = 0; i < 3; i++) kernel.fork(task);
    expect([kernel.pidsEvents(inner), kernel.pidsEvents(outer)]).toEqual([3, 0]);
  });

  it('K37 on v2 it was the same before 6.11', () => {
    const kernel = boot({ cgroup: 'v2', version: '6.10' });
    const { inner, outer, task } = pod(kernel, { pod: 1, container: 10 });
    for (let i = 0; i < 3; i++) kernel.fork(task);
    expect([kernel.pidsEvents(inner), kernel.pidsEvents(outer)]).toEqual([3, 0]);
  });

  it('K37 on v2 it is, since 6.11, an event of the cgroup that is full, and of those above it', () => {
    const kernel = boot({ cgroup: 'v2', version: '6.11' });
    const kubepods = kernel.createCgroup(0, UNLIMITED);
    const podCgroup = kernel.createCgroup(kubepods, 1);
    const inner = kernel.createCgroup(podCgroup, 10);
    const task = kernel.fork(kernel.init);
    kernel.attach(task, inner);
    for (let i = 0; i < 3; i++) kernel.fork(task);
    expect([inner, podCgroup, kubepods].map((id) => kernel.pidsEvents(id))).toEqual([0, 3, 3]);
  });

  it('K38 PIDs are asked before the cgroup: with both full it is no event', () => {
    const kernel = boot();
    const { ns, init } = container(kernel, 301);
    const cgroup = kernel.createCgroup(0, 1);
    kernel.attach(init, cgroup);
    kernel.setPidsMax(cgroup, UNLIMITED);
    forkUntilRefused(kernel, init);
    kernel.setPidsMax(cgroup, 1);
    expect(kernel.fork(init)).toBe(NONE);
    expect(kernel.refusal).toEqual({ errno: 'EAGAIN', refusedBy: 'pid-max', at: ns });
    expect(kernel.pidsEvents(cgroup)).toBe(0);
    kernel.setPidMax(ns, 400);
    expect(kernel.fork(init)).toBe(NONE);
    expect(kernel.refusal.refusedBy).toBe('pids-cgroup');
    expect(kernel.pidsEvents(cgroup)).toBe(1);
  });
});

it('K36, R65 live processes are listed by PID, whichever rows they have', () => {
  const kernel = new Kernel({ rules: kernelRules('6.18')!, pidMax: 32768, threadsMax: 100_000 });
  const group = kernel.createCgroup(ROOT_CGROUP, UNLIMITED);
  const task = kernel.fork(kernel.init);
  kernel.attach(task, group);
  const [first, later] = [kernel.fork(task), kernel.fork(task)];
  kernel.exit(first, 0);
  kernel.wait(task, first);
  const last = kernel.fork(task);
  const zombie = kernel.fork(task);
  kernel.exit(zombie, 0);
  expect(last).toBe(first);
  expect(kernel.liveTasksIn(group)).toEqual([task, later, last]);
});
