/**
 * The end of a child that its parent waits for: a shortcut. That nothing is different afterwards is the
 * property test's.
 */

import { describe, expect, it } from 'vitest';
import { Kernel } from '../../src/kernel/kernel.js';
import { PENDING_SIGCHLD } from '../../src/kernel/signals.js';
import { NO_HOOKS } from '../../src/kernel/state.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

function world() {
  const told: string[] = [];
  const kernel = new Kernel({
    rules: kernelRules('6.18', 'v1')!,
    pidMax: 32_768,
    threadsMax: 100_000,
    hooks: {
      ...NO_HOOKS,
      wake: (task) => told.push(`wake ${task}`),
      ended: (_task, number, status) => told.push(`${number} ended ${status}`),
      released: (_task, number) => told.push(`${number} released`),
    },
  });
  const parent = kernel.fork(kernel.init);
  const child = kernel.fork(parent);
  return { kernel, told, parent, child, number: kernel.hostPid(child) };
}

describe('K29 a child that its parent waits for', () => {
  it('is gone at once, with its status for the parent, which is not woken', () => {
    const { kernel, told, child, number } = world();
    kernel.exitAwaited(child, 7);
    expect(told).toEqual([`${number} ended 7`, `${number} released`]);
    expect(kernel.waitedStatus).toBe(7);
    expect(kernel.stageOf(child)).toBe('free');
    kernel.checkInvariants();
  });

  it('wakes its parent when it exits by itself, and is a zombie until the parent waits', () => {
    const { kernel, told, parent, child, number } = world();
    kernel.exit(child, 7);
    expect(told).toEqual([`${number} ended 7`, `wake ${parent}`]);
    expect(kernel.isZombie(child)).toBe(true);
  });

  it('K25 still wakes a parent with a handler for SIGCHLD, which has to run', () => {
    const { kernel, told, parent, child, number } = world();
    kernel.setSigchld(parent, 'reap-all');
    kernel.exitAwaited(child, 7);
    expect(told).toEqual([`${number} ended 7`, `wake ${parent}`, `${number} released`]);
    expect(kernel.pendingSignals(parent)).toBe(PENDING_SIGCHLD);
  });

  it('K22 still wakes a parent that inherits a zombie from it', () => {
    const { kernel, told, parent, child } = world();
    kernel.setSubreaper(parent, true);
    const orphan = kernel.fork(child);
    kernel.exit(orphan, 1);
    told.length = 0;
    kernel.exitAwaited(child, 7);
    expect(told).toContain(`wake ${parent}`);
    expect(kernel.wait(parent, orphan)).toBe(orphan);
  });

  it('K32 is not gone yet as PID 1 of a namespace in which somebody has a parent outside', () => {
    const { kernel, parent } = world();
    const inner = kernel.unsharePidNamespace(parent, 400);
    const init = kernel.fork(parent);
    const visitor = kernel.fork(parent);
    kernel.exitAwaited(init, 0);
    expect(kernel.stageOf(init)).toBe('ending-namespace');
    expect(kernel.isZombie(visitor)).toBe(true);
    kernel.wait(parent, visitor);
    expect(kernel.wait(parent, init)).toBe(init);
    expect(kernel.allocated(inner)).toBe(0);
    kernel.checkInvariants();
  });
});

describe('K29 the end of a process', () => {
  it('concerns nobody but its parent, if it has nothing and the parent no handler', () => {
    const { kernel, child } = world();
    expect(kernel.concernsOnlyParent(child)).toBe(true);
  });

  it.each<[string, (of: ReturnType<typeof world>) => void]>([
    ['K9 has threads', ({ kernel, child }) => void kernel.cloneThreads(child, 1)],
    ['K20 has a child, alive', ({ kernel, child }) => void kernel.fork(child)],
    ['K22 has a child, dead', ({ kernel, child }) => kernel.exit(kernel.fork(child), 0)],
    ['K25 has a parent that handles SIGCHLD', ({ kernel, parent }) => kernel.setSigchld(parent, 'reap-one')],
    ['K15 has a parent that ignores SIGCHLD', ({ kernel, parent }) => kernel.setSigchld(parent, 'ignore')],
  ])('concerns others if it %s', (_why, change) => {
    const of = world();
    change(of);
    expect(of.kernel.concernsOnlyParent(of.child)).toBe(false);
  });

  it('K30 concerns all of its namespace if it is PID 1 there', () => {
    const { kernel, parent } = world();
    kernel.unsharePidNamespace(parent, 400);
    const init = kernel.fork(parent);
    const second = kernel.fork(parent);
    expect(kernel.concernsOnlyParent(init)).toBe(false);
    expect(kernel.concernsOnlyParent(second)).toBe(true);
  });
});
