/** From a PID to a process: what kill() and waitpid() find. */
import { describe, expect, it } from 'vitest';
import { Kernel, NONE, type TaskId } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

function world() {
  const kernel = new Kernel({ rules: kernelRules('6.18')!, pidMax: 32_768, threadsMax: 10_000 });
  const container = (): TaskId => {
    const outside = kernel.fork(kernel.init);
    kernel.unsharePidNamespace(outside);
    return kernel.fork(outside);
  };
  const [near, far] = [container(), container()];
  /** What a reader finds that took no note of a process before. */
  const found = (reader: TaskId, pid: number, orThread: boolean): TaskId =>
    kernel.taskWithPid(pid, reader, reader, orThread);
  return { kernel, near, far, found };
}

describe('a PID', () => {
  it('K1 is that of the process that has it in the namespace of the reader', () => {
    const { kernel, near, far, found } = world();
    const [child, other] = [kernel.fork(near), kernel.fork(far)];
    expect([kernel.ownPid(child), kernel.ownPid(other)]).toEqual([2, 2]);
    expect(found(near, 2, false)).toBe(child);
    expect(found(far, 2, false)).toBe(other);
    expect(found(kernel.init, kernel.hostPid(other), false)).toBe(other);
    expect(found(kernel.init, 1, false)).toBe(kernel.init);
  });

  it('K14 is nobody’s when it is free, or pinned', () => {
    const { kernel, near, found } = world();
    const leader = kernel.fork(near);
    kernel.setsid(leader);
    kernel.fork(leader);
    kernel.exit(leader, 0);
    expect(found(near, 2, true)).toBe(leader);
    kernel.wait(near, leader);
    expect(kernel.pinnedPids(kernel.namespaceOf(near))).toEqual([2]);
    expect(found(near, 2, true)).toBe(NONE);
    expect(found(near, 4, true)).toBe(NONE);
  });

  it('K9 of a thread is for kill that of its process, for waitpid that of none', () => {
    const { kernel, near, far, found } = world();
    const [first, second, elsewhere] = [kernel.fork(near), kernel.fork(near), kernel.fork(far)];
    kernel.cloneThreads(elsewhere, 8);
    kernel.cloneThreads(first, 2);
    kernel.cloneThreads(second, 1);
    kernel.cloneThreads(first, 1);
    const bearers = [4, 5, 6, 7].map((pid) => found(near, pid, true));
    expect(bearers).toEqual([first, first, second, first]);
    expect(found(near, 8, true)).toBe(NONE);
    expect(found(near, 4, false)).toBe(NONE);
    expect(found(far, 4, true)).toBe(elsewhere);
    expect(found(kernel.init, kernel.hostPid(elsewhere) + 11, true)).toBe(second);
  });
});
