/** What every PID of a namespace is, and who holds it. */
import { describe, expect, it } from 'vitest';
import { CELLS, Kernel, type PidNsId, type TaskId } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

/**
 * A container with one PID of each kind, from 1 on: PID 1; a leader that is pinned by a zombie and by a live one
 * in a group of its own; the zombie; the live one; a process with two threads; and one whose main thread is dead.
 */
function world() {
  const kernel = new Kernel({ rules: kernelRules('6.18')!, pidMax: 1000, threadsMax: 10_000 });
  const outside = kernel.fork(kernel.init);
  const ns = kernel.unsharePidNamespace(outside, 310);
  const init = kernel.fork(outside);
  const leader = kernel.fork(init);
  kernel.setsid(leader);
  const zombie = kernel.fork(leader);
  const live = kernel.fork(leader);
  kernel.setpgid(live);
  kernel.exit(zombie, 0);
  kernel.exit(leader, 0);
  kernel.wait(init, leader);
  const threaded = kernel.fork(init);
  kernel.cloneThreads(threaded, 2);
  const headless = kernel.fork(init);
  kernel.cloneThreads(headless, 1);
  kernel.exitMainThread(headless);
  return { kernel, ns, init, outside, zombie, live, threaded, headless };
}

function named(kernel: Kernel, ns?: PidNsId): string[] {
  return Array.from(kernel.cells(ns), (cell) => CELLS[cell]);
}

/** So many children that are reaped at once, to move the cursor. */
function pass(kernel: Kernel, parent: TaskId, count: number): void {
  for (let left = count; left > 0; left--) {
    const child = kernel.fork(parent);
    kernel.exit(child, 0);
    kernel.wait(parent, child);
  }
}

describe('the cells of a namespace', () => {
  it('K9 K10 K19 show what each PID is; PID 0 is none', () => {
    const { kernel, ns } = world();
    const cells = named(kernel, ns);
    expect(cells).toHaveLength(310);
    const taken = ['live', 'pinned', 'zombie', 'live', 'live', 'thread', 'thread', 'zombie', 'thread'];
    expect(cells.slice(0, 12)).toEqual(['reserved', ...taken, 'free', 'free']);
    expect(new Set(cells.slice(10))).toEqual(new Set(['free']));
  });

  it('K3 show what is lost below 300 once the cursor has passed it', () => {
    const { kernel, ns, init } = world();
    pass(kernel, init, 290);
    expect(kernel.cursor(ns)).toBe(300);
    expect(named(kernel, ns)[299]).toBe('free');
    pass(kernel, init, 1);
    const cells = named(kernel, ns);
    expect(cells.slice(8, 12)).toEqual(['zombie', 'thread', 'reserved', 'reserved']);
    expect(cells.slice(298, 302)).toEqual(['reserved', 'reserved', 'free', 'free']);
  });

  it('K1 on the host show those of every namespace, and inside none from outside', () => {
    const { kernel, ns } = world();
    const onHost = named(kernel);
    expect(onHost.slice(1, 12)).toEqual(['live', 'live', ...named(kernel, ns).slice(1, 10)]);
    expect(named(kernel, ns).filter((cell) => cell === 'live')).toHaveLength(3);
  });

  it('K2 overwrite the array that is given', () => {
    const { kernel, ns } = world();
    const into = new Uint8Array(310).fill(5);
    expect(kernel.cells(ns, into)).toBe(into);
    expect(into).toEqual(kernel.cells(ns));
  });
});

describe('a PID is held', () => {
  const holders = ({ kernel, ns }: ReturnType<typeof world>, pids: number[], of = ns) =>
    pids.map((pid) => {
      const holder = kernel.holderOf(pid, of);
      if ('row' in holder) return `${holder.cell}: ${holder.row.pid}`;
      if (!('members' in holder)) return holder.cell;
      return `${holder.cell}: ${holder.members.map((member) => `${member.row.pid} by ${member.of}`).join()}`;
    });

  it('K10 by the process or thread that has it, or by members of its session or group', () => {
    const given = world();
    expect(holders(given, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual([
      'live: 1',
      'pinned: 3 by both,4 by session',
      'zombie: 3',
      'live: 4',
      'live: 5',
      'thread: 5',
      'thread: 5',
      'zombie: 8',
      'thread: 8',
      'free',
    ]);
    given.kernel.cloneThreads(given.kernel.init, 1);
    const onHost = given.kernel.namespaceOf(given.kernel.init);
    expect(CELLS[given.kernel.cells()[12]]).toBe('thread');
    expect(holders(given, [12, 1, 2, 3, 4], onHost)).toEqual([
      'thread: 1',
      'live: 1',
      'live: 2',
      'live: 3',
      'pinned: 5 by both,6 by session',
    ]);
  });

  it('K10 by members of its group alone, when their session is another', () => {
    const given = world();
    const { kernel, init } = given;
    const leader = kernel.fork(init);
    kernel.setpgid(leader);
    kernel.fork(leader);
    kernel.exit(leader, 0);
    kernel.wait(init, leader);
    expect(holders(given, [10])).toEqual(['pinned: 11 by group']);
  });

  it('K3 by nobody, and is lost, below 300 once the cursor has passed it', () => {
    const given = world();
    expect(holders(given, [0])).toEqual(['reserved']);
    pass(given.kernel, given.init, 291);
    expect(holders(given, [299, 300])).toEqual(['reserved', 'free']);
  });
});
