/** What is left of processes that have come and gone, written at once: held to processes that did come and go. */
import { describe, expect, it } from 'vitest';
import {
  type Aftermath,
  ANY,
  Kernel,
  originId,
  type PidNsId,
  ROOT_CGROUP,
  type TaskId,
} from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

const UID = 1000;
const ORIGIN = originId(40);

/** A container, two namespaces deep, of a user, with a cgroup within another. */
function world() {
  const kernel = new Kernel({ rules: kernelRules('6.18')!, pidMax: 1000, threadsMax: 5000 });
  const pod = kernel.createCgroup(ROOT_CGROUP, 500);
  const cgroup = kernel.createCgroup(pod, Number.POSITIVE_INFINITY);
  const outer = kernel.fork(kernel.init);
  kernel.unsharePidNamespace(outer, 700);
  const outside = kernel.fork(outer);
  const ns = kernel.unsharePidNamespace(outside, 400);
  const init = kernel.fork(outside);
  kernel.attach(outside, cgroup);
  kernel.setUser(outside, UID);
  return { kernel, pod, cgroup, outside, ns, init };
}
type World = ReturnType<typeof world>;

function pass(kernel: Kernel, parent: TaskId, count: number): void {
  for (let left = count; left > 0; left--) {
    const child = kernel.forkAs(parent, kernel.comm('runc'), ORIGIN, 0);
    kernel.exit(child, 0);
    kernel.wait(parent, child);
  }
}

/** Two probes, one after another; the second one's orphans are adopted ahead of the first one's. */
function happen({ kernel, outside }: World): void {
  const probe = (status: number): TaskId[] => {
    const leader = kernel.forkAs(outside, kernel.comm('sh'), ORIGIN, 0);
    kernel.setsid(leader);
    const orphan = kernel.fork(leader, kernel.comm('sleep'));
    const member = kernel.fork(leader, kernel.comm('curl'));
    kernel.setpgid(member);
    kernel.exit(orphan, status);
    kernel.exit(member, status + 1);
    return [leader, orphan, member];
  };
  pass(kernel, outside, 2);
  const [first] = probe(10);
  pass(kernel, kernel.parentOf(outside), 3);
  pass(kernel, outside, 4);
  const [second] = probe(20);
  pass(kernel, kernel.parentOf(outside), 2);
  pass(kernel, outside, 5);
  for (const leader of [second, first]) {
    kernel.exit(leader, 0);
    kernel.wait(outside, leader);
  }
}

function aftermath(): Aftermath {
  const zombie = (comm: string, status: number, group: number, session: number) => ({
    before: { own: 0, around: 0 },
    zombie: { comm, status, uid: UID, group, session },
  });
  return {
    remnants: [
      { before: { own: 2, around: 0 }, zombie: null },
      zombie('sleep', 10, 0, 0),
      zombie('curl', 11, 2, 0),
      { before: { own: 4, around: 3 }, zombie: null },
      zombie('sleep', 20, 3, 3),
      zombie('curl', 21, 5, 3),
    ],
    after: { own: 5, around: 2 },
    adopted: [4, 5, 1, 2],
  };
}

function seen({ kernel, pod, cgroup, ns, init, outside }: World) {
  const namespaces = [0, 1, ns] as PidNsId[];
  return {
    ps: namespaces.map((each) => kernel.listTasks(each).map(({ task: _, ...row }) => row)),
    pinned: namespaces.map((each) => kernel.pinnedPids(each)),
    counts: namespaces.map((each) => [kernel.allocated(each), kernel.taskCount(each), kernel.zombies(each)]),
    cursors: namespaces.map((each) => kernel.cursor(each)),
    machine: [kernel.nrThreads, kernel.pinned()],
    account: kernel.originCount(ORIGIN),
    charged: [pod, cgroup, ROOT_CGROUP].map((each) => kernel.pidsCurrent(each)),
    ofUser: kernel.tasksOfUser(UID),
    order: kernel.childrenOf(init).map((child) => kernel.statusOf(child)),
    outside: kernel.childrenOf(outside).length,
  };
}

describe('what is left of processes that have come and gone', () => {
  it('K10 K14 K22 is the same written at once as when they ran, and is reaped in the same order', () => {
    const [ran, written] = [world(), world()];
    happen(ran);
    const place = { namespace: written.ns, cgroup: written.cgroup, origin: ORIGIN };
    const left = written.kernel.leave(place, aftermath());
    // What is gone without a trace: two leaders, and runc, once inside and once outside.
    written.kernel.comeAndGo(ORIGIN, 2 + 11 + 5);
    expect(left.map((task) => written.kernel.statusOf(task))).toEqual([20, 21, 10, 11]);
    expect(seen(written)).toEqual(seen(ran));
    written.kernel.checkInvariants();

    for (const { kernel, init } of [ran, written]) {
      const statuses: number[] = [];
      while (kernel.wait(init, ANY) >= 0) statuses.push(kernel.waitedStatus);
      expect(statuses).toEqual([20, 21, 10, 11]);
      kernel.checkInvariants();
    }
    expect(seen(written)).toEqual(seen(ran));
    expect(written.kernel.pinned()).toBe(0);
  });

  it('K2 is nothing, but for a cursor that has moved on, if all were reaped', () => {
    const { kernel, ns, outside } = world();
    const before = kernel.allocated();
    kernel.passPids(ns, 30);
    expect([kernel.cursor(ns), kernel.allocated()]).toEqual([32, before]);
    expect(kernel.ownPid(kernel.fork(outside))).toBe(32);
  });
});
