/** Which PID the next task gets, and when there is none (facts of Linux 6.18, experiments e1 and e2). */
import { expect, it } from 'vitest';
import { NONE } from '../../src/kernel/kernel.js';
import { defaultPidMax, minPidMax, PID_MAX_LIMIT } from '../../src/kernel/limits.js';
import {
  container,
  deadChild,
  forkMany,
  forkUntilRefused,
  numbers,
  onBothKernels,
  range,
  reapAll,
  row,
} from './kernels.js';

onBothKernels((boot) => {
  it('K1 a task has a PID in its own namespace and one in each around it', () => {
    const kernel = boot();
    const outer = container(kernel);
    const inner = kernel.unsharePidNamespace(outer.init);
    const innermost = kernel.fork(outer.init);
    expect([0, outer.ns, inner].map((ns) => kernel.pidOf(innermost, ns))).toEqual([4, 2, 1]);
    expect(row(kernel, 0, innermost)?.nspid).toEqual([4, 2, 1]);
    expect(row(kernel, outer.ns, innermost)?.nspid).toEqual([2, 1]);
    expect(kernel.pidOf(outer.init, inner)).toBe(0);
    expect(row(kernel, inner, outer.init)).toBeUndefined();
  });

  it('K1 a full inner namespace refuses its own forks and nobody else', () => {
    const kernel = boot();
    const { ns, init } = container(kernel, 320);
    expect(forkUntilRefused(kernel, init)).toHaveLength(318);
    expect(kernel.refusal).toEqual({ errno: 'EAGAIN', refusedBy: 'pid-max', at: ns });
    expect(kernel.fork(kernel.init)).not.toBe(NONE);
  });

  it('K1 a full outer namespace refuses the forks of an inner one that has PIDs left', () => {
    const kernel = boot({ pidMax: 350 });
    kernel.unsharePidNamespace(kernel.init);
    const init = kernel.fork(kernel.init);
    expect(forkUntilRefused(kernel, init)).toHaveLength(347);
    expect(kernel.refusal).toEqual({ errno: 'EAGAIN', refusedBy: 'pid-max', at: 0 });
  });

  it.each([
    [400, 398],
    [301, 299],
  ])(
    'K2 the first fill of pid_max %i has room for PID 1 and %i children, numbered from 2',
    (pidMax, room) => {
      const kernel = boot();
      const { ns, init } = container(kernel, pidMax);
      const children = forkUntilRefused(kernel, init);
      expect(numbers(kernel, ns, children)).toEqual(range(2, room + 1));
      expect(kernel.allocated(ns)).toBe(pidMax - 1);
    },
  );

  it('K2 a PID that has just become free waits until the cursor comes round', () => {
    const kernel = boot();
    const { ns, init } = container(kernel, 400);
    const children = forkMany(kernel, init, 348);
    kernel.exit(children[48], 0);
    kernel.wait(init, children[48]);
    expect(kernel.pidOf(kernel.fork(init), ns)).toBe(350);
    forkMany(kernel, init, 49);
    expect(kernel.fork(init)).toBe(NONE);
  });

  it('K2 free PIDs behind the cursor wait for the wrap, then the lowest comes first', () => {
    const kernel = boot();
    const { ns, init } = container(kernel, 400);
    const children = forkMany(kernel, init, 388);
    for (const index of [310, 300]) {
      kernel.exit(children[index], 0);
      kernel.wait(init, children[index]);
    }
    expect(numbers(kernel, ns, forkUntilRefused(kernel, init))).toEqual([...range(390, 399), 302, 312]);
  });

  it.each([
    [400, 100],
    [301, 1],
  ])('K3 after the wrap a namespace of pid_max %i has room for %i', (pidMax, room) => {
    const kernel = boot();
    const { ns, init } = container(kernel, pidMax);
    for (const child of forkUntilRefused(kernel, init)) kernel.exit(child, 0);
    expect(reapAll(kernel, init)).toBe(pidMax - 2);
    const second = forkUntilRefused(kernel, init);
    expect(numbers(kernel, ns, second)).toEqual(range(300, 299 + room));
    for (const child of second) kernel.exit(child, 0);
    reapAll(kernel, init);
    expect(forkUntilRefused(kernel, init)).toHaveLength(room);
  });

  it('K3 a namespace that never passed 300 still hands out low PIDs', () => {
    const kernel = boot();
    const { ns, init } = container(kernel, 400);
    for (let i = 0; i < 297; i++) kernel.wait(init, deadChild(kernel, init));
    expect(kernel.pidOf(kernel.fork(init), ns)).toBe(299);
  });

  it('K4 freed PIDs below 300 do not help a full table, and 300 does', () => {
    const kernel = boot();
    const { ns, init } = container(kernel, 400);
    const children = forkUntilRefused(kernel, init);
    const free = (number: number): void => {
      kernel.exit(children[number - 2], 0);
      kernel.wait(init, children[number - 2]);
    };
    free(50);
    free(299);
    expect(kernel.fork(init)).toBe(NONE);
    expect(kernel.allocated(ns)).toBe(397);
    free(300);
    expect(kernel.pidOf(kernel.fork(init), ns)).toBe(300);
  });

  it('K5 a full table is EAGAIN, and was ENOMEM before 4.1, for threads too', () => {
    for (const [version, errno] of [
      ['4.14', 'EAGAIN'],
      ['4.1', 'EAGAIN'],
      ['4.0', 'ENOMEM'],
      ['3.10', 'ENOMEM'],
    ]) {
      const kernel = boot({ version, pidMax: 301 });
      forkUntilRefused(kernel, kernel.init);
      expect(kernel.refusal).toEqual({ errno, refusedBy: 'pid-max', at: 0 });
      expect(kernel.cloneThreads(kernel.init, 1)).toBe(0);
      expect(kernel.refusal.errno).toBe(errno);
    }
  });

  it('K5 other limits were EAGAIN before 4.1 as well', () => {
    const kernel = boot({ version: '3.10', threadsMax: 5 });
    forkUntilRefused(kernel, kernel.init);
    expect(kernel.refusal).toEqual({ errno: 'EAGAIN', refusedBy: 'threads-max', at: NONE });
  });

  it('K7 a new namespace has a pid_max of its own since 6.14, at first the highest there is', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    expect(kernel.pidMax(ns)).toBe(PID_MAX_LIMIT);
    kernel.setPidMax(ns, 310);
    expect(kernel.pidMax()).toBe(32768);
    expect(forkUntilRefused(kernel, init)).toHaveLength(308);
    expect(kernel.fork(kernel.init)).not.toBe(NONE);
  });

  it('K7 before 6.14 there is one pid_max for the machine, in whichever namespace it is set', () => {
    const kernel = boot({ version: '6.13' });
    const { ns, init } = container(kernel, 320);
    expect(kernel.pidMax(ns)).toBe(32768);
    kernel.setPidMax(ns, 310);
    expect(kernel.pidMax()).toBe(310);
    expect(forkUntilRefused(kernel, init)).toHaveLength(306);
    expect(kernel.refusal.at).toBe(0);
  });

  it('K7 lowering pid_max kills nobody, and what is above it helps nobody when it becomes free', () => {
    const kernel = boot();
    const { ns, init } = container(kernel, 400);
    const children = forkUntilRefused(kernel, init);
    kernel.setPidMax(ns, 350);
    expect(kernel.taskCount(ns)).toBe(399);
    const free = (number: number): void => {
      kernel.exit(children[number - 2], 0);
      kernel.wait(init, children[number - 2]);
    };
    free(360);
    expect(kernel.fork(init)).toBe(NONE);
    free(340);
    expect(kernel.pidOf(kernel.fork(init), ns)).toBe(340);
  });

  it('K8 a cursor stays advanced when an outer namespace refuses', () => {
    const kernel = boot({ pidMax: 310 });
    const { ns, init } = container(kernel, 400);
    const child = kernel.fork(init);
    const fillers = forkUntilRefused(kernel, kernel.init);
    for (let i = 0; i < 5; i++) expect(kernel.fork(init)).toBe(NONE);
    kernel.exit(fillers.at(-1)!, 0);
    reapAll(kernel, kernel.init);
    expect(numbers(kernel, ns, [child, kernel.fork(init)])).toEqual([2, 8]);
    expect(kernel.allocated(ns)).toBe(3);
  });

  it('K8 a cursor stays advanced when the cgroup refuses', () => {
    const kernel = boot();
    const cgroup = kernel.createCgroup(0, 1);
    const forker = kernel.fork(kernel.init);
    kernel.attach(forker, cgroup);
    for (let i = 0; i < 3; i++) expect(kernel.fork(forker)).toBe(NONE);
    expect(kernel.pidOf(kernel.fork(kernel.init))).toBe(6);
  });

  it('K8 RLIMIT_NPROC and threads-max refuse before any cursor moves', () => {
    const kernel = boot({ threadsMax: 3 });
    const user = kernel.fork(kernel.init);
    kernel.setUser(user, 1000);
    kernel.setNprocMax(user, 1);
    expect(kernel.fork(user)).toBe(NONE);
    expect(kernel.refusal.refusedBy).toBe('rlimit-nproc');
    expect(kernel.pidOf(kernel.fork(kernel.init))).toBe(3);
    const full = kernel.fork(kernel.init);
    expect([full, kernel.refusal.refusedBy]).toEqual([NONE, 'threads-max']);
    kernel.exit(user, 0);
    reapAll(kernel, kernel.init);
    expect(kernel.pidOf(kernel.fork(kernel.init))).toBe(4);
  });

  it.each([10, 300])(
    'K3 a table of %i, smaller than Linux has, goes round from PID 1: none is reserved',
    (pidMax) => {
      const kernel = boot({ pidMax });
      const children = forkUntilRefused(kernel, kernel.init);
      expect(children).toHaveLength(pidMax - 2);
      kernel.exit(children[3], 0);
      kernel.wait(kernel.init, children[3]);
      expect(kernel.pidOf(kernel.fork(kernel.init))).toBe(5);
    },
  );

  it('K31 a namespace with as many pinned PIDs as tasks is not an unused one: a refused fork ends it not', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const session = kernel.fork(init);
    kernel.setsid(session);
    const group = kernel.fork(session);
    kernel.setpgid(group);
    kernel.fork(group);
    for (const leader of [group, session]) kernel.exit(leader, 0);
    reapAll(kernel, init);
    expect([kernel.taskCount(ns), kernel.pinned(ns)]).toEqual([2, 2]);
    kernel.attach(init, kernel.createCgroup(0, 1));
    expect(kernel.fork(init)).toBe(NONE);
    kernel.attach(init, 0);
    expect(kernel.pidOf(kernel.fork(init), ns)).toBe(6);
  });

  // Seen on 6.18: outer pid_max 305 full, unshare and fork are EAGAIN; one outer PID freed, the same fork:
  // getpid() 1.
  it('K8 a first process refused outside does not cost its namespace PID 1', () => {
    const kernel = boot({ pidMax: 305 });
    const forker = kernel.fork(kernel.init);
    const ns = kernel.unsharePidNamespace(forker);
    const fillers = forkUntilRefused(kernel, kernel.init);
    expect(kernel.fork(forker)).toBe(NONE);
    kernel.exit(fillers.at(-1)!, 0);
    reapAll(kernel, kernel.init);
    const init = kernel.fork(forker);
    expect(kernel.pidOf(init, ns)).toBe(1);
    expect(kernel.pidOf(init, 0)).toBe(304);
  });

  it('K14 the PID of a child that has been reaped is there for the very next fork', () => {
    const kernel = boot();
    const { ns, init } = container(kernel, 301);
    forkUntilRefused(kernel, init);
    const last = kernel.listTasks(ns).at(-1)!.task;
    kernel.exit(last, 0);
    expect(kernel.fork(init)).toBe(NONE);
    kernel.wait(init, last);
    kernel.setPidMax(ns, 302);
    expect(numbers(kernel, ns, forkUntilRefused(kernel, init))).toEqual([301, 300]);
  });
});

it('K6 pid_max defaults to 32768, to more on more than 32 CPUs, and never to more than 4194304', () => {
  expect([1, 2, 32, 33, 64, 4096, 8192].map(defaultPidMax)).toEqual([
    32768, 32768, 32768, 33792, 65536, 4194304, 4194304,
  ]);
  expect([1, 2, 37, 38, 64].map(minPidMax)).toEqual([301, 301, 301, 304, 512]);
});
