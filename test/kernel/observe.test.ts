/** The process table in brief: crowds of zombies, and what monitoring counts. */
import { describe, expect, it } from 'vitest';
import { HOST_NS, Kernel, originId, ROOT_CGROUP, type TaskId } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

function world() {
  const kernel = new Kernel({ rules: kernelRules('6.18')!, pidMax: 32_768, threadsMax: 10_000 });
  const outside = kernel.fork(kernel.init);
  const ns = kernel.unsharePidNamespace(outside);
  const init = kernel.fork(outside);
  const dead = (parent: TaskId, comm = 'sh', origin = 0, isLeader = false): TaskId => {
    const child = kernel.forkAs(parent, kernel.comm(comm), originId(origin), 0);
    if (isLeader) kernel.setsid(child);
    kernel.exit(child, 0);
    return child;
  };
  const crowds = (of = ns) =>
    kernel.listCrowds(of).map(({ pid, stat, comm, count }) => `${pid} ${stat} ${comm} x ${count}`);
  return { kernel, outside, ns, init, dead, crowds };
}

describe('K9 a crowd', () => {
  it('is of zombies that differ in their PIDs alone, and shown by the lowest; the living are none', () => {
    const { kernel, init, dead, crowds } = world();
    kernel.fork(init);
    kernel.fork(init);
    for (let left = 3; left > 0; left--) dead(init);
    expect(crowds()).toEqual(['1 S init x 1', '2 S init x 1', '3 S init x 1', '4 Z sh x 3']);
  });

  it('is another one for another name, parent, account, cgroup, or for leaders of sessions', () => {
    const { kernel, init, dead, crowds } = world();
    const parent = kernel.fork(init);
    dead(init);
    dead(init, 'curl');
    dead(parent);
    dead(init, 'sh', 1);
    dead(init, 'sh', 0, true);
    const moved = kernel.forkAs(init, kernel.comm('sh'), originId(0), 0);
    kernel.attach(moved, kernel.createCgroup(ROOT_CGROUP, 10));
    kernel.exit(moved, 0);
    expect(crowds()).toHaveLength(8);
    for (let left = 2; left > 0; left--) {
      dead(init);
      dead(init, 'curl');
      dead(parent);
      dead(init, 'sh', 1);
      dead(init, 'sh', 0, true);
    }
    expect(crowds()).toEqual([
      '1 S init x 1',
      '2 S init x 1',
      '3 Z sh x 3',
      '4 Z curl x 3',
      '5 Z sh x 3',
      '6 Z sh x 3',
      '7 Zs sh x 3',
      '8 Z sh x 1',
    ]);
  });

  it('is shown by its lowest PID, also when a later row of the table has it', () => {
    const { kernel, init, dead, crowds } = world();
    const [early, late] = [kernel.fork(init), kernel.fork(init)];
    kernel.exit(early, 0);
    kernel.wait(init, early);
    // Its row is that of the one that is gone, ahead of the other’s; its PID is the higher one.
    dead(init, 'init');
    kernel.exit(late, 0);
    expect(kernel.ownPid(late)).toBe(3);
    expect(crowds()).toEqual(['1 S init x 1', '3 Z init x 2']);
  });

  it('is only of a namespace that is looked at from outside it or from within', () => {
    const { kernel, outside, init, dead, crowds } = world();
    dead(init);
    dead(kernel.init);
    expect(crowds()).toEqual(['1 S init x 1', '2 Z sh x 1']);
    expect(crowds(HOST_NS)).toEqual([
      '1 Ss init x 1',
      `${kernel.hostPid(outside)} S init x 1`,
      `${kernel.hostPid(init)} S init x 1`,
      '4 Z sh x 1',
      '5 Z sh x 1',
    ]);
  });
});

describe('what monitoring counts', () => {
  it('K19 K36 is processes, the defunct among them, and the live ones of each cgroup', () => {
    const { kernel, init, dead } = world();
    const pod = kernel.createCgroup(ROOT_CGROUP, 10);
    kernel.attach(init, pod);
    dead(init);
    kernel.fork(init);
    const headless = kernel.fork(init);
    kernel.cloneThreads(headless, 1);
    kernel.exitMainThread(headless);
    expect(kernel.census()).toEqual({
      processes: 6,
      defunct: 2,
      live: new Map([
        [ROOT_CGROUP, 2],
        [pod, 3],
      ]),
    });
  });

  it('K32 K36 has no PID 1 among the live that waits for its namespace to empty', () => {
    const { kernel, outside, init } = world();
    const pod = kernel.createCgroup(ROOT_CGROUP, 10);
    kernel.attach(init, pod);
    kernel.fork(outside);
    kernel.exit(init, 0);
    expect(kernel.stageOf(init)).toBe('ending-namespace');
    expect(kernel.census()).toEqual({ processes: 4, defunct: 1, live: new Map([[ROOT_CGROUP, 2]]) });
    expect(kernel.liveTasksIn(pod)).toEqual([]);
    expect(kernel.liveTasksIn(ROOT_CGROUP)).toEqual([kernel.init, outside]);
  });

  it('K36 R65 lists the live of a cgroup in the order of their PIDs, not of the table', () => {
    const { kernel, init } = world();
    const pod = kernel.createCgroup(ROOT_CGROUP, 10);
    kernel.attach(init, pod);
    const [gone, first] = [kernel.fork(init), kernel.fork(init)];
    kernel.exit(gone, 0);
    kernel.wait(init, gone);
    const second = kernel.fork(init);
    expect(kernel.liveTasksIn(pod)).toEqual([init, first, second]);
  });

  it('K39 is the tasks of a user, of which root has none', () => {
    const { kernel, init } = world();
    kernel.setUser(init, 1000);
    kernel.cloneThreads(init, 2);
    kernel.fork(init);
    expect([0, 1000, 1001].map((uid) => kernel.tasksOfUser(uid))).toEqual([0, 4, 0]);
  });
});
