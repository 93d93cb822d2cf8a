/** What holds a PID after its process is gone (experiments e3, e4, e11, e13, e19). */
import { expect, it } from 'vitest';
import { ANY, NONE } from '../../src/kernel/kernel.js';
import {
  container,
  deadChild,
  forkMany,
  forkUntilRefused,
  onBothKernels,
  probe,
  reapAll,
  row,
} from './kernels.js';

onBothKernels((boot) => {
  it('K9 zombies fill a table as live processes do', () => {
    const kernel = boot();
    const { ns, init } = container(kernel, 400);
    for (let i = 0; i < 398; i++) deadChild(kernel, init);
    expect(kernel.zombies(ns)).toBe(398);
    expect(kernel.fork(init)).toBe(NONE);
    expect(reapAll(kernel, init)).toBe(398);
    expect(kernel.fork(init)).not.toBe(NONE);
  });

  it('K9 threads fill a table as processes do, and a fork is refused as well', () => {
    const kernel = boot();
    const { ns, init } = container(kernel, 400);
    expect(kernel.cloneThreads(init, 1000)).toBe(398);
    expect(kernel.refusal).toEqual({ errno: 'EAGAIN', refusedBy: 'pid-max', at: ns });
    expect(kernel.fork(init)).toBe(NONE);
    expect(kernel.listTasks(ns)).toHaveLength(1);
    expect(kernel.taskCount(ns)).toBe(399);
    kernel.endOtherThreads(init);
    expect(kernel.taskCount(ns)).toBe(1);
    expect(kernel.fork(init)).not.toBe(NONE);
  });

  it('K10 a reaped session leader keeps its PID while a zombie of its session is left', () => {
    const kernel = boot();
    const pod = container(kernel, 400);
    const command = kernel.fork(pod.outside);
    expect(kernel.setsid(command)).toBe(true);
    const orphan = kernel.fork(command);
    const held = kernel.pidOf(command, pod.ns);
    kernel.exit(command, 0);
    kernel.wait(pod.outside, command);
    expect(kernel.pinnedPids(pod.ns)).toEqual([held]);
    kernel.exit(orphan, 0);
    expect(kernel.pinnedPids(pod.ns)).toEqual([held]);
    expect(row(kernel, pod.ns, orphan)).toMatchObject({ stat: 'Z', pgid: held, sid: held });
    kernel.wait(pod.init, orphan);
    expect(kernel.pinnedPids(pod.ns)).toEqual([]);
    expect(kernel.allocated(pod.ns)).toBe(1);
  });

  it('K10 a reaped process that led nothing keeps nothing', () => {
    const kernel = boot();
    const pod = container(kernel, 400);
    expect(probe(kernel, pod, false)).toBe(true);
    expect([kernel.pinned(pod.ns), kernel.pinned()]).toEqual([0, 0]);
    expect(kernel.allocated(pod.ns)).toBe(2);
  });

  it('K10 a process group alone keeps its leader’s PID, until its last member is gone', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const leader = kernel.fork(init);
    kernel.setpgid(leader);
    const members = forkMany(kernel, leader, 3);
    kernel.exit(leader, 0);
    kernel.wait(init, leader);
    expect(kernel.pinnedPids(ns)).toEqual([2]);
    for (const member of members) {
      expect(kernel.pinned(ns)).toBe(1);
      kernel.exit(member, 0);
      kernel.wait(init, member);
    }
    expect(kernel.pinned(ns)).toBe(0);
  });

  it('K10 a member that leaves for a group of its own lets go', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const leader = kernel.fork(init);
    kernel.setpgid(leader);
    const member = kernel.fork(leader);
    kernel.exit(leader, 0);
    kernel.wait(init, leader);
    expect(kernel.pinned(ns)).toBe(1);
    expect(kernel.setsid(member)).toBe(true);
    expect(kernel.pinned(ns)).toBe(0);
  });

  it('K10 a pinned PID is passed over by fork', () => {
    const kernel = boot();
    const { ns, init } = container(kernel, 302);
    const leader = kernel.fork(init);
    kernel.setpgid(leader);
    const member = kernel.fork(leader);
    kernel.exit(leader, 0);
    kernel.wait(init, leader);
    forkUntilRefused(kernel, init);
    expect(kernel.allocated(ns)).toBe(301);
    expect(kernel.taskCount(ns)).toBe(300);
    kernel.exit(member, 0);
    reapAll(kernel, init);
    expect(kernel.allocated(ns)).toBe(299);
  });

  it('K10 setsid is refused to a leader of a group, which a session leader is', () => {
    const kernel = boot();
    const task = kernel.fork(kernel.init);
    expect(kernel.setpgid(task)).toBe(true);
    expect(kernel.setpgid(task)).toBe(true);
    expect(kernel.setsid(task)).toBe(false);
    const child = kernel.fork(task);
    expect(kernel.setsid(child)).toBe(true);
    expect(kernel.setsid(child)).toBe(false);
    expect(kernel.setpgid(child)).toBe(false);
  });

  it('K11 the orphan of a setsid probe costs two PIDs, in the container and on the node', () => {
    const kernel = boot();
    const pod = container(kernel);
    const before = kernel.allocated();
    for (let runs = 1; runs <= 50; runs++) {
      probe(kernel, pod, true);
      expect(kernel.allocated(pod.ns)).toBe(1 + 2 * runs);
      expect(kernel.allocated() - before).toBe(2 * runs);
      expect(kernel.zombies(pod.ns)).toBe(runs);
    }
  });

  it.each([
    { pidMax: 400, isSessionLeader: true, runs: 199 },
    { pidMax: 1000, isSessionLeader: true, runs: 499 },
    { pidMax: 400, isSessionLeader: false, runs: 248 },
    { pidMax: 1000, isSessionLeader: false, runs: 848 },
  ])(
    'K11 pid_max $pidMax, session leader $isSessionLeader: probe $runs is the last that works',
    (example) => {
      const kernel = boot();
      const pod = container(kernel, example.pidMax);
      let runs = 0;
      while (probe(kernel, pod, example.isSessionLeader)) runs += 1;
      expect(runs).toBe(example.runs);
      expect(kernel.refusal.at).toBe(pod.ns);
    },
  );

  it('K11 a pod whose PID 1 reaps leaks nothing, session leader or not', () => {
    const kernel = boot();
    const pod = container(kernel, 400);
    for (let runs = 0; runs < 300; runs++) {
      expect(probe(kernel, pod, true)).toBe(true);
      reapAll(kernel, pod.init);
    }
    expect(kernel.allocated(pod.ns)).toBe(1);
  });

  it('K12 a pinned PID is in no count but the table’s: full at 50 % used', () => {
    const kernel = boot();
    const pod = container(kernel, 400);
    const cgroup = kernel.createCgroup(0, Number.POSITIVE_INFINITY);
    for (const task of [pod.outside, pod.init]) kernel.attach(task, cgroup);
    const before = kernel.nrThreads;
    while (probe(kernel, pod, true));
    expect(kernel.allocated(pod.ns)).toBe(399);
    expect(kernel.nrThreads - before).toBe(199);
    expect(kernel.pidsCurrent(cgroup)).toBe(201);
    expect(kernel.listTasks(pod.ns)).toHaveLength(200);
    expect(kernel.taskCount(pod.ns)).toBe(200);
    expect(kernel.pinned(pod.ns)).toBe(199);
  });

  it('K12 without sessions what is counted is what is taken', () => {
    const kernel = boot();
    const pod = container(kernel, 400);
    while (probe(kernel, pod, false));
    expect(kernel.pinned(pod.ns)).toBe(0);
    expect(kernel.taskCount(pod.ns)).toBe(kernel.allocated(pod.ns));
  });

  it('K13 nothing but a task holds a PID: a reaped process that nobody has as group or session is gone at once', () => {
    const kernel = boot({ pidMax: 301 });
    const child = deadChild(kernel, kernel.init);
    expect(kernel.allocated()).toBe(2);
    kernel.wait(kernel.init, child);
    expect(kernel.allocated()).toBe(1);
    expect(kernel.listTasks().map((each) => each.task)).toEqual([kernel.init]);
  });

  it('K45 a daemon that forks twice pins the PID of the process in the middle', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const middle = kernel.fork(init);
    kernel.setsid(middle);
    const daemon = kernel.fork(middle);
    kernel.exit(middle, 0);
    expect(row(kernel, ns, middle)?.stat).toBe('Zs');
    expect(kernel.wait(init, ANY)).toBe(middle);
    expect(row(kernel, ns, daemon)).toMatchObject({ ppid: 1, pgid: 2, sid: 2, pid: 3 });
    expect(kernel.pinnedPids(ns)).toEqual([2]);
    kernel.exit(daemon, 0);
    expect(kernel.pinnedPids(ns)).toEqual([2]);
    reapAll(kernel, init);
    expect(kernel.pinned(ns)).toBe(0);
  });

  it('K45 a daemon that starts a session of its own pins nobody', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const middle = kernel.fork(init);
    const daemon = kernel.fork(middle);
    kernel.setsid(daemon);
    kernel.exit(middle, 0);
    reapAll(kernel, init);
    expect(kernel.pinned(ns)).toBe(0);
    expect(kernel.allocated(ns)).toBe(2);
  });
});
