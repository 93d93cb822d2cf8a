/** A process that is born with its threads: a shortcut, held to what it is short for. */

import { describe, expect, it } from 'vitest';
import {
  HOST_NS,
  Kernel,
  type KernelHooks,
  NONE,
  ROOT_CGROUP,
  type TaskId,
} from '../../src/kernel/kernel.js';
import { NO_HOOKS } from '../../src/kernel/state.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

interface Limits {
  pidMax?: number;
  threadsMax?: number;
  pidsMax?: number;
  nprocMax?: number;
  /** Of the namespace that the child is born in; null: the host's own. */
  inside?: number | null;
  hooks?: KernelHooks;
}

/** A parent under some limits, with every third of 60 PIDs before the next one taken. */
function world({
  pidMax = 32_768,
  threadsMax = 100_000,
  pidsMax,
  nprocMax,
  inside = null,
  hooks = NO_HOOKS,
}: Limits) {
  const kernel = new Kernel({ rules: kernelRules('6.18', 'v1')!, pidMax, threadsMax, hooks });
  const parent = kernel.fork(kernel.init);
  const ns = inside === null ? HOST_NS : kernel.unsharePidNamespace(parent, inside);
  if (inside !== null) kernel.fork(parent);
  const cgroup = pidsMax === undefined ? ROOT_CGROUP : kernel.createCgroup(ROOT_CGROUP, pidsMax);
  kernel.attach(parent, cgroup);
  if (nprocMax !== undefined) {
    kernel.setUser(parent, 1000);
    kernel.setNprocMax(parent, nprocMax);
  }
  return { kernel, parent, ns, cgroup };
}

function seen({ kernel, ns, cgroup }: ReturnType<typeof world>, child: TaskId) {
  const next = kernel.fork(kernel.init);
  return {
    threads: child === NONE ? NONE : kernel.threadCount(child),
    refusal: kernel.forkRefusals === 0 ? null : kernel.refusal,
    tasks: kernel.listTasks(ns),
    allocated: [kernel.allocated(), kernel.allocated(ns)],
    next: next === NONE ? NONE : kernel.hostPid(next),
    current: [kernel.pidsCurrent(ROOT_CGROUP), kernel.pidsCurrent(cgroup)],
  };
}

const THREADS = 12;

function forkWithThreads(kernel: Kernel, parent: TaskId): TaskId {
  return kernel.forkAs(parent, kernel.commOf(parent), kernel.originOf(parent), THREADS);
}

describe('K9 a process that is born with its threads is the same as one that makes them afterwards', () => {
  it.each<[string, Limits, number]>([
    ['with nothing in the way', {}, THREADS],
    ['in a namespace', { inside: 4000 }, THREADS],
    ['where the namespace has room for 8 of them', { inside: 310 }, THREADS],
    ['where threads-max leaves room for 7', { threadsMax: 10 }, 7],
    ['where the cgroup leaves room for 3', { pidsMax: 5 }, 3],
    ['where the user may have 5 more', { nprocMax: 7 }, 5],
    ['where only it itself has room', { pidsMax: 2 }, 0],
  ])('%s', (_, limits, threads) => {
    const [atOnce, oneByOne] = [world(limits), world(limits)];
    const born = forkWithThreads(atOnce.kernel, atOnce.parent);
    const grown = oneByOne.kernel.fork(oneByOne.parent);
    oneByOne.kernel.cloneThreads(grown, THREADS);
    expect(seen(atOnce, born)).toEqual(seen(oneByOne, grown));
    expect(atOnce.kernel.threadCount(born)).toBe(threads);
    atOnce.kernel.checkInvariants();
    for (const { kernel, parent } of [atOnce, oneByOne]) {
      kernel.exit(born, 0);
      kernel.wait(parent, born);
      kernel.checkInvariants();
    }
    expect(atOnce.kernel.allocated()).toBe(oneByOne.kernel.allocated());
  });

  it('where it has no room itself there is neither it nor a thread', () => {
    const { kernel, parent } = world({ pidsMax: 1 });
    expect(forkWithThreads(kernel, parent)).toBe(NONE);
    expect(kernel.refusal).toEqual({ errno: 'EAGAIN', refusedBy: 'pids-cgroup', at: 1 });
    expect(kernel.taskCount()).toBe(2);
  });

  it('where PIDs are taken in between, it steps over them', () => {
    const { kernel, parent } = world({ pidMax: 320 });
    const children = Array.from({ length: 318 }, () => kernel.fork(kernel.init)).filter(
      (child) => child !== NONE,
    );
    // Free again: 301, 303 to 308, 311 on: in an endless round from 300.
    for (const child of children) {
      const number = kernel.hostPid(child);
      if (number < 301 || [302, 309, 310].includes(number)) continue;
      kernel.exit(child, 0);
      kernel.wait(kernel.init, child);
    }
    const born = forkWithThreads(kernel, parent);
    expect(kernel.hostPid(born)).toBe(301);
    expect(kernel.threadCount(born)).toBe(THREADS);
    const next = kernel.fork(kernel.init);
    expect(kernel.hostPid(next)).toBe(317);
  });
});

describe('K9 threads take and give back just their own PIDs', () => {
  /** A process so many namespaces deep. */
  function deep(kernel: Kernel, levels: number): TaskId {
    let at = kernel.init;
    for (; levels > 0; levels--) {
      kernel.unsharePidNamespace(at);
      at = kernel.fork(at);
    }
    return at;
  }

  it.each([0, 1, 2, 5, 6, 7, 12])('at a depth of %i namespaces, burst after burst', (levels) => {
    const { kernel } = world({});
    const task = deep(kernel, levels);
    const [child, neighbour] = [kernel.fork(task), kernel.fork(task)];
    for (const who of [task, child, neighbour]) kernel.cloneThreads(who, 3);
    kernel.checkInvariants();
    kernel.cloneThreads(child, 2);
    kernel.endThreads(child, 3);
    kernel.checkInvariants();
    kernel.endOtherThreads(child);
    kernel.checkInvariants();
    expect(kernel.threadCount(neighbour)).toBe(3);
  });

  it('in a deep namespace, in a row of the table that a process with threads has left', () => {
    const { kernel } = world({});
    const task = deep(kernel, 8);
    const gone = kernel.fork(kernel.init);
    kernel.cloneThreads(gone, 3);
    kernel.exit(gone, 0);
    const child = kernel.fork(task);
    kernel.cloneThreads(child, 2);
    kernel.checkInvariants();
    expect(kernel.listTasks(kernel.namespaceOf(task)).at(-1)).toMatchObject({ pid: 2, threads: 3 });
    kernel.exit(child, 0);
    kernel.checkInvariants();
  });

  it('where the first burst ends with a word of the table, and a later one begins the next', () => {
    const { kernel, parent } = world({});
    kernel.cloneThreads(parent, 29);
    kernel.cloneThreads(parent, 3);
    kernel.endThreads(parent, 1);
    kernel.checkInvariants();
    expect(kernel.cells().slice(30, 36)).toEqual(Uint8Array.from([3, 3, 3, 3, 0, 0]));
  });

  it('K31 none in a namespace that has died, even if they have not run since', () => {
    const { kernel, parent } = world({ inside: 4000, hooks: { ...NO_HOOKS, killed: () => true } });
    const init = kernel.childrenOf(parent)[0];
    const victim = kernel.fork(init);
    kernel.exit(init, 0);
    expect(kernel.stageOf(victim)).toBe('killed');
    expect(kernel.cloneThreads(victim, 2)).toBe(0);
    expect(kernel.refusal).toEqual({ errno: 'ENOMEM', refusedBy: 'namespace-dead', at: 1 });
  });
});
