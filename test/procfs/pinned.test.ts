import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANY, HOST_NS, Kernel, NONE, type PidNsId, type TaskId } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';
import { processRow } from '../../src/procfs/from-kernel.js';
import { pinnedPids } from '../../src/procfs/pinned.js';

const ids = (pid: number, pgid: number, sid: number) => ({ pid, pgid, sid });

describe('K10: a pinned PID', () => {
  it('is that of a group or a session whose leader is not listed', () => {
    expect(pinnedPids([ids(1, 1, 1), ids(7, 5, 4), ids(8, 5, 4), ids(9, 9, 3)])).toEqual([3, 4, 5]);
  });

  it('is not that of a leader who is listed, a zombie or not', () => {
    expect(pinnedPids([ids(1, 1, 1), ids(5, 5, 5), ids(6, 5, 5)])).toEqual([]);
  });

  it('is not 0, which stands for a group outside the namespace', () => {
    expect(pinnedPids([ids(1, 0, 0)])).toEqual([]);
  });
});

/** Random processes on the kernel model, in the host's namespace and in those made below it. */
class RandomWorld {
  readonly kernel = new Kernel({ rules: kernelRules('6.18', 'v1')!, pidMax: 400, threadsMax: 10_000 });
  readonly namespaces: PidNsId[] = [HOST_NS];
  private readonly tasks = [this.kernel.init];

  /** One system call, of a process that can make it; or every parent reaps a child. */
  step(call: number, choice: number): void {
    const { kernel } = this;
    const able = this.tasks.filter((task) => kernel.canRun(task));
    const task = able[choice % able.length];
    if (call < 6) this.fork(task);
    else if (call === 6) kernel.setsid(task);
    else if (call === 7) kernel.setpgid(task);
    else if (call === 8) kernel.cloneThreads(task, 1 + (choice % 3));
    else if (call === 9) for (const parent of able) kernel.wait(parent, ANY);
    else if (call === 10 && this.namespaces.length < 4) this.contain(task);
    else if (task !== kernel.init) kernel.exit(task, 0);
  }

  private fork(task: TaskId): void {
    const child = this.kernel.fork(task);
    if (child !== NONE) this.tasks.push(child);
  }

  private contain(task: TaskId): void {
    const space = this.kernel.unsharePidNamespace(task, 350);
    this.namespaces.push(space);
    this.fork(task);
  }

  rows(space: PidNsId) {
    return this.kernel.listTasks(space).map(processRow);
  }
}

const calls = fc.array(fc.tuple(fc.nat(14), fc.nat(10_000)), { minLength: 50, maxLength: 150, size: 'max' });

describe('the PIDs that a listing of a whole namespace shows to be pinned', () => {
  it('are those that the kernel model knows (K10, K12)', () => {
    let pinned = 0;
    fc.assert(
      fc.property(calls, (moves) => {
        const world = new RandomWorld();
        for (const [call, choice] of moves) world.step(call, choice);
        for (const space of world.namespaces) {
          const known = world.kernel.pinnedPids(space);
          expect(pinnedPids(world.rows(space))).toEqual(known);
          pinned += known.length;
        }
      }),
      { numRuns: 300, seed: 20261129 },
    );
    // The worlds are ones in which there is something to infer.
    expect(pinned).toBeGreaterThan(100);
  });

  it('are fewer when only some of the processes are listed', () => {
    const world = new RandomWorld();
    const { kernel } = world;
    const leader = kernel.fork(kernel.init);
    kernel.setsid(leader);
    const member = kernel.fork(leader);
    kernel.exit(leader, 0);
    kernel.wait(kernel.init, ANY);
    const rows = world.rows(HOST_NS);
    const [pid] = kernel.pinnedPids();
    expect(pinnedPids(rows)).toEqual([pid]);
    expect(pinnedPids(rows.filter((row) => row.pid !== kernel.pidOf(member)))).toEqual([]);
  });
});
