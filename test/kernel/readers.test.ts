/** What can be read of the kernel, where no system call says it. */
import { describe, expect, it } from 'vitest';
import { ANY, Kernel, NONE, ROOT_CGROUP } from '../../src/kernel/kernel.js';
import { NPROC_UNLIMITED } from '../../src/kernel/limits.js';
import type { KernelState } from '../../src/kernel/state.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

function boot(pidMax = 1000): Kernel {
  return new Kernel({ rules: kernelRules('6.18')!, pidMax, threadsMax: 1000 });
}

describe('a cgroup', () => {
  it('K34 has the least room of itself and of those above; none when it is over its limit', () => {
    const kernel = boot();
    const pod = kernel.createCgroup(ROOT_CGROUP, 10);
    const free = kernel.createCgroup(pod, Number.POSITIVE_INFINITY);
    const tight = kernel.createCgroup(pod, 3);
    for (const cgroup of [free, free, free, tight]) kernel.attach(kernel.fork(kernel.init), cgroup);
    expect([pod, free, tight].map((cgroup) => kernel.roomIn(cgroup))).toEqual([6, 6, 2]);
    kernel.setPidsMax(pod, 5);
    expect([pod, free, tight].map((cgroup) => kernel.roomIn(cgroup))).toEqual([1, 1, 1]);
    kernel.setPidsMax(pod, 2);
    expect([pod, free, tight].map((cgroup) => kernel.roomIn(cgroup))).toEqual([0, 0, 0]);
    expect(kernel.pidsMax(pod)).toBe(2);
    expect(kernel.roomIn(ROOT_CGROUP)).toBeGreaterThan(2 ** 30);
  });

  it('K34 that gets its first limit counts what is below it by then, and what comes', () => {
    const kernel = boot();
    const pod = kernel.createCgroup(ROOT_CGROUP, Number.POSITIVE_INFINITY);
    const middle = kernel.createCgroup(pod, Number.POSITIVE_INFINITY);
    const low = kernel.createCgroup(middle, Number.POSITIVE_INFINITY);
    const limited = kernel.createCgroup(middle, 9);
    const below = kernel.createCgroup(limited, Number.POSITIVE_INFINITY);
    const tasks = [below, low, limited].map((cgroup) => {
      const task = kernel.fork(kernel.init);
      kernel.attach(task, cgroup);
      return task;
    });
    kernel.setPidsMax(pod, 5);
    expect(tasks.map((task) => kernel.fork(task) !== NONE)).toEqual([true, true, false]);
    expect(kernel.refusal).toEqual({ errno: 'EAGAIN', refusedBy: 'pids-cgroup', at: pod });
    expect([pod, middle, low, limited, below].map((cgroup) => kernel.pidsCurrent(cgroup))).toEqual([
      5, 5, 2, 3, 2,
    ]);
    kernel.checkInvariants();
  });

  it('K34 that has been replaced by a later one of the same id is charged to nobody', () => {
    const kernel = boot();
    const pod = kernel.createCgroup(ROOT_CGROUP, Number.POSITIVE_INFINITY);
    const [first, second] = [1, 2].map(() => kernel.createCgroup(pod, Number.POSITIVE_INFINITY));
    kernel.attach(kernel.fork(kernel.init), second);
    kernel.removeCgroup(first);
    kernel.forgetCgroup(first);
    const again = kernel.createCgroup(pod, Number.POSITIVE_INFINITY);
    expect(again).toBe(first);
    kernel.attach(kernel.fork(kernel.init), again);
    expect([pod, first, second].map((cgroup) => kernel.pidsCurrent(cgroup))).toEqual([2, 1, 1]);
    const { state } = kernel as unknown as { state: KernelState };
    expect(state.cgroups[pod]).toHaveProperty('children.length', 2);
  });

  it('K36 is not removed while there is a group or a live task in it', () => {
    const kernel = boot();
    const pod = kernel.createCgroup(ROOT_CGROUP, 10);
    const below = kernel.createCgroup(pod, 10);
    const task = kernel.fork(kernel.init);
    kernel.attach(task, below);
    expect([kernel.removeCgroup(pod), kernel.removeCgroup(below)]).toEqual([false, false]);
    kernel.forgetCgroup(below);
    expect(kernel.createCgroup(ROOT_CGROUP, 10)).not.toBe(below);
    kernel.exit(task, 0);
    expect([kernel.removeCgroup(pod), kernel.removeCgroup(below), kernel.removeCgroup(pod)]).toEqual([
      false,
      true,
      true,
    ]);
    kernel.forgetCgroup(below);
    expect(kernel.createCgroup(ROOT_CGROUP, 10)).not.toBe(below);
    kernel.wait(kernel.init, task);
    expect(kernel.createCgroup(ROOT_CGROUP, 10)).toBe(below);
  });
});

describe('a namespace', () => {
  it('K3 K7 knows its low PIDs, and those beyond a limit that was lowered', () => {
    const kernel = boot(400);
    for (let left = 350; left > 0; left--) kernel.fork(kernel.init);
    expect([kernel.lowPidsHeld(), kernel.pidsBeyondMax()]).toEqual([299, 0]);
    kernel.setPidMax(kernel.namespaceOf(kernel.init), 340);
    expect([kernel.lowPidsHeld(), kernel.pidsBeyondMax(), kernel.pidMax()]).toEqual([299, 12, 340]);
  });

  it('K1 counts as its own what has no PID further in', () => {
    const kernel = boot();
    const outside = kernel.fork(kernel.init);
    const ns = kernel.unsharePidNamespace(outside);
    const init = kernel.fork(outside);
    const leader = kernel.fork(init);
    kernel.setsid(leader);
    kernel.fork(leader);
    kernel.exit(leader, 0);
    kernel.wait(init, leader);
    expect([kernel.ownPids(), kernel.ownPids(ns), kernel.allocated(ns)]).toEqual([2, 3, 3]);
    expect([kernel.levelOf(ns), kernel.levelOf(kernel.namespaceOf(outside))]).toEqual([1, 0]);
    expect([kernel.initOf(ns), kernel.initOf(kernel.unsharePidNamespace(init))]).toEqual([init, NONE]);
  });

  it('K31 in which the last PID is free is no longer among those that are counted', () => {
    const kernel = boot();
    const { state } = kernel as unknown as { state: KernelState };
    const outside = kernel.fork(kernel.init);
    kernel.unsharePidNamespace(outside);
    const init = kernel.fork(outside);
    kernel.exit(init, 0);
    expect(state.namespaces[0].children).toHaveLength(1);
    kernel.wait(outside, init);
    expect(state.namespaces[0].children).toEqual([]);
  });
});

describe('a process', () => {
  it('K23 sees its parent only if that has a PID in its namespace', () => {
    const kernel = boot();
    const outside = kernel.fork(kernel.init);
    kernel.unsharePidNamespace(outside);
    const init = kernel.fork(outside);
    expect([init, kernel.fork(init), outside].map((task) => kernel.seesParent(task))).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('K29 has children, alive or dead, and zombies among them', () => {
    const kernel = boot();
    const parent = kernel.fork(kernel.init);
    const has = (): boolean[] => [kernel.hasChildren(parent), kernel.hasZombies(parent)];
    expect(has()).toEqual([false, false]);
    const child = kernel.fork(parent);
    expect(has()).toEqual([true, false]);
    kernel.exit(child, 300);
    expect(has()).toEqual([true, true]);
    expect(kernel.statusOf(child)).toBe(300 - 256);
    kernel.wait(parent, child);
    expect(has()).toEqual([false, false]);
  });

  it('K29 finds its zombies in the order in which they came, whichever were waited for by name before', () => {
    const kernel = boot();
    const children = Array.from({ length: 40 }, () => kernel.fork(kernel.init));
    for (let i = 0; i < 40; i++) kernel.exit(children[(i * 17) % 40], i);
    const left = new Set(children);
    for (let i = 0; i < 34; i++) {
      // Now and then the first of all, mostly one in the middle; a newcomer dies in between.
      const child = i % 9 === 8 ? [...left][0] : children[(i * 7 + 11) % 40];
      if (!left.delete(child)) continue;
      expect(kernel.wait(kernel.init, child)).toBe(child);
      if (i % 5 === 4) {
        const late = kernel.fork(kernel.init);
        kernel.exit(late, 0);
        left.add(late);
      }
      kernel.checkInvariants();
      expect(kernel.childrenOf(kernel.init)).toEqual([...left]);
    }
    for (const child of left) expect(kernel.wait(kernel.init, ANY)).toBe(child);
  });

  it('K39 has a limit of its user, which its children have too, and which is at most what the table holds', () => {
    const kernel = boot();
    const parent = kernel.fork(kernel.init);
    kernel.setNprocMax(parent, 7);
    expect([kernel.nprocMax(kernel.fork(parent)), kernel.nprocMax(kernel.init)]).toEqual([
      7,
      NPROC_UNLIMITED,
    ]);
    kernel.setNprocMax(parent, Number.POSITIVE_INFINITY);
    expect(kernel.nprocMax(parent)).toBe(NPROC_UNLIMITED);
  });

  it('K9 that is dead does not fork: that would be a bug of ours, and is said', () => {
    const kernel = boot();
    const child = kernel.fork(kernel.init);
    kernel.exit(child, 0);
    const fork = () => kernel.forkAs(child, kernel.comm('sh'), kernel.originOf(child), 0);
    expect(fork).toThrow('a bug: a zombie task forks');
    const threaded = kernel.fork(kernel.init);
    kernel.cloneThreads(threaded, 1);
    kernel.exitMainThread(threaded);
    expect(kernel.forkAs(threaded, kernel.comm('sh'), kernel.originOf(threaded), 0)).not.toBe(NONE);
  });

  it('K9 has a place among the live that the next one gets when it has ended', () => {
    const kernel = boot();
    const [first, second] = [kernel.fork(kernel.init), kernel.fork(kernel.init)];
    expect([kernel.init, first, second].map((task) => kernel.processIndex(task))).toEqual([0, 1, 2]);
    kernel.exit(first, 0);
    expect(kernel.processIndex(kernel.fork(kernel.init))).toBe(1);
  });

  it('K18 K25 has what it does about signals, and drops what is pending when there is no handler any more', () => {
    const kernel = boot();
    const task = kernel.fork(kernel.init);
    kernel.setSigchld(task, 'reap-one');
    kernel.setSigterm(task, 'exit');
    expect([kernel.sigchldOf(task), kernel.sigtermOf(task)]).toEqual(['reap-one', 'exit']);
    kernel.kill(kernel.init, task, 17);
    kernel.kill(kernel.init, task, 15);
    expect(kernel.pendingSignals(task)).toBe(3);
    kernel.setSigchld(task, 'reap-all');
    kernel.setSigterm(task, 'default');
    expect(kernel.pendingSignals(task)).toBe(3);
    expect([kernel.takeSignal(task, 2), kernel.takeSignal(task, 2), kernel.pendingSignals(task)]).toEqual([
      true,
      false,
      1,
    ]);
    kernel.setSigchld(task, 'nocldwait');
    expect(kernel.pendingSignals(task)).toBe(0);
    kernel.setSigterm(task, 'exit');
    kernel.kill(kernel.init, task, 15);
    kernel.setSigterm(task, 'ignore');
    expect([kernel.pendingSignals(task), kernel.isNamespaceInit(task)]).toEqual([0, false]);
    expect(kernel.isNamespaceInit(kernel.init)).toBe(true);
  });
});

describe('the machine', () => {
  it('K40 can be given another threads-max; refusals are counted', () => {
    const kernel = boot();
    kernel.setThreadsMax(2);
    expect([kernel.threadsMax, kernel.forkRefusals]).toEqual([2, 0]);
    kernel.fork(kernel.init);
    expect([kernel.fork(kernel.init), kernel.fork(kernel.init)]).toEqual([NONE, NONE]);
    expect([kernel.forkRefusals, kernel.nrThreads, kernel.rules.exhaustionErrno]).toEqual([2, 2, 'EAGAIN']);
  });

  it('K7 has one pid_max for all namespaces before 6.14', () => {
    const kernel = new Kernel({ rules: kernelRules('6.1')!, pidMax: 1000, threadsMax: 1000 });
    const ns = kernel.unsharePidNamespace(kernel.init, 400);
    expect(kernel.pidMax(ns)).toBe(1000);
    kernel.setPidMax(ns, 500);
    expect([kernel.pidMax(), kernel.pidMax(ns)]).toEqual([500, 500]);
    const own = boot();
    const inner = own.unsharePidNamespace(own.init, 400);
    own.setPidMax(inner, 350);
    expect([own.pidMax(), own.pidMax(inner), own.pidMax(own.unsharePidNamespace(own.init))]).toEqual([
      1000, 350, 4_194_304,
    ]);
  });
});
