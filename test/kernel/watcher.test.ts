/** What a watcher is told, in the order in which it happens. */
import { expect, it } from 'vitest';
import { Kernel, SIGKILL, SIGTERM, type TaskId } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';
import { Notes } from './notes.js';

it('K10 tells of a probe from its birth in a session to its pinned PID and the end of all', () => {
  const names = new Map<number, string>();
  const notes = new Notes((task) => names.get(task) ?? 'nobody');
  const kernel = new Kernel({
    rules: kernelRules('6.18')!,
    pidMax: 400,
    threadsMax: 1000,
    watcher: notes,
  });
  const born = (name: string, parent: TaskId): TaskId => {
    const task = kernel.fork(parent);
    names.set(task, name);
    return task;
  };
  const told = (act: () => void): string[] => {
    notes.lines.length = 0;
    act();
    return [...notes.lines];
  };
  const outside = born('outside', kernel.init);
  kernel.unsharePidNamespace(outside);
  const init = born('init', outside);
  const probe = born('probe', outside);
  expect(told(() => kernel.setsid(probe))).toEqual(['probe leads a session']);
  expect(told(() => kernel.setpgid(probe))).toEqual([]);
  expect(told(() => kernel.exec(probe, 'sh'))).toEqual(['probe execs']);
  const orphan = born('orphan', probe);
  expect(told(() => kernel.exit(probe, 3))).toEqual([
    'probe exits 3',
    'orphan goes from probe to init',
    'probe is a zombie',
    'probe sends 17 to outside dropped',
  ]);
  expect(told(() => kernel.wait(outside, probe))).toEqual(['outside reaps probe', '4/2 pinned']);
  kernel.setSigchld(init, 'reap-all');
  expect(told(() => kernel.kill(init, orphan, SIGTERM))).toEqual([
    'init sends 15 to orphan ends',
    'orphan exits 143',
    'orphan is a zombie',
    'orphan sends 17 to init handler',
  ]);
  expect(told(() => kernel.wait(init, orphan))).toEqual(['init reaps orphan', '4/2 free', '5/3 free']);
  const worker = born('worker', init);
  expect(told(() => kernel.setpgid(worker))).toEqual(['worker leads a group']);
  expect(told(() => kernel.setpgid(worker))).toEqual([]);
  expect(told(() => kernel.endOtherThreads(worker))).toEqual([]);
  expect(told(() => kernel.cloneThreads(worker, 0))).toEqual([]);
  expect(told(() => kernel.cloneThreads(worker, 2))).toEqual(['worker threads +2']);
  expect(told(() => kernel.setSigchld(init, 'ignore'))).toEqual([]);
  expect(told(() => kernel.kill(init, worker, SIGKILL))).toEqual([
    'init sends 9 to worker ends',
    'worker exits 137',
    'worker threads -2',
    'worker is a zombie',
    'worker sends 17 to init ignored',
    '6/4 free',
  ]);
});

it('K20 K30 tells of each orphan, and of the threads that end with a PID 1 of which one is left', () => {
  const notes = new Notes();
  const kernel = new Kernel({
    rules: kernelRules('6.18')!,
    pidMax: 400,
    threadsMax: 1000,
    watcher: notes,
  });
  const outside = kernel.fork(kernel.init);
  kernel.unsharePidNamespace(outside);
  const init = kernel.fork(outside);
  const father = kernel.fork(init);
  const orphans = [kernel.fork(father), kernel.fork(father)];
  kernel.exit(orphans[0], 0);
  notes.lines.length = 0;
  kernel.exit(father, 0);
  const moves = orphans.map((orphan) => `${orphan} goes from ${father} to ${init}`);
  expect(notes.lines.filter((line) => line.includes(' goes '))).toEqual(moves);

  kernel.cloneThreads(init, 1);
  notes.lines.length = 0;
  kernel.exit(init, 0);
  expect(notes.lines.filter((line) => line.includes(' threads '))).toEqual([`${init} threads -1`]);
});

it('K25 tells of an end that is awaited as of any other, but for the zombie that nobody sees', () => {
  const notes = new Notes();
  const kernel = new Kernel({
    rules: kernelRules('6.18')!,
    pidMax: 400,
    threadsMax: 1000,
    watcher: notes,
  });
  const child = kernel.fork(kernel.init);
  kernel.exitAwaited(child, 3);
  expect(notes.lines).toEqual([`${child} exits 3`, `${kernel.init} reaps ${child}`, '2 free']);
});
