/** Would the kernel's check of itself notice? Each of its identities is broken once. */
import { describe, expect, it } from 'vitest';
import { Kernel, originId, ROOT_CGROUP, type TaskId } from '../../src/kernel/kernel.js';
import { REFS } from '../../src/kernel/pids.js';
import { FIRST_CHILD, THREADS, ZOMBIES } from '../../src/kernel/processes.js';
import type { KernelState } from '../../src/kernel/state.js';
import { FIRST_BELOW, LABEL, PARENT, PID, SESSION, USER } from '../../src/kernel/tasks.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

/** A container with threads, a zombie and a pinned PID, of a user, in a cgroup, on an account. */
function world() {
  const kernel = new Kernel({ rules: kernelRules('6.18')!, pidMax: 1000, threadsMax: 1000 });
  const outside = kernel.forkAs(kernel.init, kernel.comm('shim'), originId(3), 0);
  kernel.attach(outside, kernel.createCgroup(ROOT_CGROUP, 100));
  kernel.setUser(outside, 1000);
  const ns = kernel.unsharePidNamespace(outside, 400);
  const init = kernel.fork(outside);
  kernel.cloneThreads(init, 3);
  const leader = kernel.fork(init);
  kernel.setsid(leader);
  const orphan = kernel.fork(leader);
  kernel.exit(leader, 0);
  kernel.wait(init, leader);
  const zombie = kernel.fork(init);
  kernel.exit(zombie, 0);
  const { state } = kernel as unknown as { state: KernelState };
  const rowOf = (task: TaskId): number => state.tasks.rows[task + PID];
  return { kernel, state, ns, init, outside, orphan, zombie, rowOf };
}
type World = ReturnType<typeof world>;

describe('K9 K10 K12 the kernel checks that', () => {
  it('all is well in a world in which it is', () => {
    world().kernel.checkInvariants();
  });

  it.each<[string, (given: World) => void, string]>([
    [
      'no PID is of two tasks',
      ({ state, rowOf, init, orphan }) =>
        state.pids.setPid(rowOf(orphan), 1, state.pids.pidAt(rowOf(init), 1)),
      'namespace 1: PID 1 is taken twice, should be taken once',
    ],
    [
      'no PID is of a task and of a thread',
      ({ state, rowOf, orphan }) => state.pids.setPid(rowOf(orphan), 1, 3),
      'PID 3 is taken twice, should be taken once',
    ],
    [
      'a PID of a task is taken',
      ({ state, ns }) => state.namespaces[ns].taken.free(1),
      'namespace 1: PID 1 is free, should be taken',
    ],
    [
      'no other PID is taken',
      ({ state, ns }) => state.namespaces[ns].taken.take(99),
      'namespace 1: PIDs in the table is 8, should be 7',
    ],
    [
      'tasks and pinned PIDs are all that is allocated',
      ({ state, ns }) => state.namespaces[ns].ownPinned++,
      'namespace 0: allocated is 10, should be 9',
    ],
    [
      'tasks are counted',
      ({ state, ns }) => {
        state.namespaces[ns].ownTasks++;
        state.namespaces[ns].ownPinned--;
      },
      'namespace 0: tasks is 9, should be 8',
    ],
    [
      'zombies are counted',
      ({ state, ns }) => state.namespaces[ns].ownZombies--,
      'namespace 0: zombies is 0, should be 1',
    ],
    [
      'zombies of the machine are counted',
      ({ state }) => state.nrZombies++,
      'zombies of the machine is 2, should be 1',
    ],
    [
      'pinned PIDs of the machine are counted',
      ({ state }) => state.nrPinned++,
      'pinned PIDs of the machine is 2, should be 1',
    ],
    [
      'a live task has a row among the live',
      ({ state, orphan }) => state.processes.release(state.processOf(orphan)),
      ': a row among the live is false, should be true',
    ],
    [
      'a zombie has none',
      ({ state, zombie, orphan }) => {
        state.processes.rows[state.processOf(orphan)] = zombie;
      },
      ': a row among the live is true, should be false',
    ],
    [
      'a task is in the namespace of its PID',
      ({ state, orphan }) => {
        state.tasks.rows[orphan + LABEL] ^= 1;
      },
      'namespace 1: tasks is 6, should be 5',
    ],
    [
      'a task is on the account of its PID',
      ({ state, orphan }) => {
        state.tasks.rows[orphan + LABEL] ^= 1 << 16;
      },
      ': origin is 2, should be 3',
    ],
    [
      'a PID knows how many tasks are attached to it',
      ({ state, rowOf, orphan }) => {
        state.pids.rows[rowOf(orphan) | REFS]++;
      },
      ': attachments is 2, should be 1',
    ],
    [
      'a session is an attachment',
      ({ state, rowOf, orphan, init }) => {
        state.tasks.rows[orphan + SESSION] = rowOf(init);
      },
      ': attachments is 1, should be 2',
    ],
    [
      'a child names its parent',
      ({ state, orphan, outside }) => {
        state.tasks.rows[orphan + PARENT] = outside;
      },
      ': parent is 14, should be 28',
    ],
    [
      'only zombies are among the zombies of a parent',
      ({ state, init, orphan }) => {
        state.children.clear(init);
        state.tasks.rows[orphan + FIRST_BELOW] = -1;
        state.processes.rows[state.processOf(init) | ZOMBIES] = orphan;
      },
      ' among the zombies is not one, should be a zombie',
    ],
    [
      'every task is a child of another',
      ({ state, init }) => state.children.clear(init),
      'tasks with a parent is 2, should be 4',
    ],
    [
      'no task is a child twice',
      ({ state, orphan }) => {
        state.processes.rows[state.processOf(orphan) | FIRST_CHILD] = orphan;
      },
      ' is a child twice, should be a child once',
    ],
    ['all threads are counted', ({ state }) => state.nrThreads++, 'nr_threads is 9, should be 8'],
    [
      'threads have PIDs',
      ({ state, init }) => {
        state.processes.rows[state.processOf(init) | THREADS]++;
      },
      'namespace 0: tasks is 8, should be 9',
    ],
    [
      'a cgroup is charged for what is in it',
      ({ state }) => state.cgroups[1].charge(1),
      'cgroup 0: pids.current is 9, should be 8',
    ],
    [
      'a user is charged',
      ({ state, init }) => {
        state.userTasks[state.tasks.rows[init + USER]]--;
      },
      'user 1: tasks is 6, should be 7',
    ],
    [
      'an account is charged',
      ({ state }) => state.origins.countBorn(originId(3), 1),
      'origin 3: tasks is 8, should be 7',
    ],
  ])('%s', (_, breakIt, message) => {
    const given = world();
    breakIt(given);
    expect(() => given.kernel.checkInvariants()).toThrow(message);
  });
});
