/** What a litmus file says the world looks like at rest, against what it does; and the other way round. */
import type { ProcessRow } from '../../procfs/process-row.js';
import type { Expected, ExpectedView, Litmus } from './litmus.js';
import type { View, World } from './world.js';

type ExpectedTask = NonNullable<ExpectedView['tasks']>[number];

/** What is otherwise than expected, a line each; empty when all of it holds. */
export function differencesFrom(expected: Expected, world: World): string[] {
  const differences = viewDifferences(expected, world.inside, '');
  if (expected.outside) differences.push(...viewDifferences(expected.outside, world.outside, 'outside: '));
  for (const [name, view] of Object.entries(expected.nested ?? {})) {
    const actual = world.nested[name];
    if (actual === undefined) differences.push(`there is no namespace "${name}"`);
    else differences.push(...viewDifferences(view, actual, `${name}: `));
  }
  const compare = (what: string, wanted: unknown, actual: unknown): void => {
    if (wanted !== undefined && wanted !== actual)
      differences.push(`${what}: expected ${wanted}, found ${actual}`);
  };
  compare('pids.current', expected.pidsCurrent, world.pidsCurrent);
  if (world.pidsEvents !== null) compare('pids.events', expected.pidsEvents, world.pidsEvents);
  if (expected.refusals !== undefined)
    compare('refusals', refusalText(expected.refusals), refusalText(world.refusals));
  return differences;
}

function viewDifferences(expected: ExpectedView, view: View, prefix: string): string[] {
  const differences: string[] = [];
  if (expected.tasks !== undefined) {
    const wanted = new Set(expected.tasks.flatMap(expandTask).map(taskText));
    const actual = new Set(view.tasks.map(taskText));
    for (const text of wanted) if (!actual.has(text)) differences.push(`${prefix}expected ${text}`);
    for (const text of actual) if (!wanted.has(text)) differences.push(`${prefix}found    ${text}`);
  }
  if (expected.pinned !== undefined) {
    const wanted = expected.pinned.flatMap(expandPids).join(' ');
    if (wanted !== view.pinned.join(' '))
      differences.push(
        `${prefix}expected pinned: ${wanted || 'none'}; found: ${view.pinned.join(' ') || 'none'}`,
      );
  }
  const counts = countsOf(view);
  for (const [what, wanted] of Object.entries(expected.counts ?? {})) {
    const actual = counts[what as keyof typeof counts];
    if (wanted !== actual) differences.push(`${prefix}${what}: expected ${wanted}, found ${actual}`);
  }
  return differences;
}

/** Threads count as tasks; a delayed leader is no zombie yet. */
export function countsOf(view: View): { tasks: number; zombies: number; pinned: number } {
  return {
    tasks: view.tasks.reduce((sum, { threads }) => sum + threads, 0),
    zombies: view.tasks.filter(({ stat, threads }) => stat.startsWith('Z') && threads === 1).length,
    pinned: view.pinned.length,
  };
}

function taskText(task: Omit<ProcessRow, 'nspid'>): string {
  const { pid, ppid, pgid, sid, stat, comm, threads } = task;
  const extra = threads > 1 ? ` threads ${threads}` : '';
  return `pid ${pid} ppid ${ppid} pgid ${pgid} sid ${sid} ${stat} ${comm}${extra}`;
}

function refusalText(refusals: readonly { errno: string; count: number; by?: string }[]): string {
  const texts = refusals.map(({ errno, count, by }) => `${count} ${errno} by ${by ?? 'program'}`);
  return texts.sort().join(', ') || 'none';
}

/** `3-401/2`: 3, 5, … 401. */
function expandPids(numbers: number | string): number[] {
  if (typeof numbers === 'number') return [numbers];
  const [first, last, step = 1] = numbers.split(/[-/]/).map(Number);
  return Array.from(
    { length: Math.max(0, Math.floor((last - first) / step) + 1) },
    (_, index) => first + index * step,
  );
}

function expandTask(task: ExpectedTask): Omit<ProcessRow, 'nspid'>[] {
  return expandPids(task.pid).map((pid) => {
    const resolve = (number: number | 'pid' | 'previous'): number =>
      number === 'pid' ? pid : number === 'previous' ? pid - 1 : number;
    const { ppid, stat, comm, threads = 1 } = task;
    return { pid, ppid, pgid: resolve(task.pgid), sid: resolve(task.sid), stat, comm, threads };
  });
}

/** The expectation that a world meets: what a litmus file would say of it. */
export function expectedOf(world: World, litmus: Pick<Litmus, 'expect'>): Expected {
  const { refusals, pidsCurrent, pidsEvents } = world;
  return {
    ...expectedViewOf(world.inside),
    ...(litmus.expect?.outside === undefined ? {} : { outside: expectedViewOf(world.outside) }),
    ...(Object.keys(world.nested).length === 0
      ? {}
      : {
          nested: Object.fromEntries(
            Object.entries(world.nested).map(([name, view]) => [name, expectedViewOf(view)]),
          ),
        }),
    ...(refusals.length === 0
      ? {}
      : { refusals: refusals.map(({ errno, count, by }) => ({ errno: errno as 'EAGAIN', count, by })) }),
    pidsCurrent,
    ...(pidsEvents === null || pidsEvents === 0 ? {} : { pidsEvents }),
  };
}

function expectedViewOf({ tasks, pinned }: View): ExpectedView {
  return { tasks: mergeTasks(tasks), pinned: mergePids(pinned) };
}

/** Runs of three and more numbers at one distance become a range. */
export function mergePids(numbers: readonly number[]): (number | string)[] {
  const merged: (number | string)[] = [];
  for (let start = 0; start < numbers.length; ) {
    const step = numbers[start + 1] - numbers[start];
    let end = start;
    while (end + 1 < numbers.length && numbers[end + 1] - numbers[end] === step) end++;
    if (end - start < 2) merged.push(numbers[start++]);
    else {
      merged.push(rangeText(numbers[start], numbers[end], step));
      start = end + 1;
    }
  }
  return merged;
}

function rangeText(first: number, last: number, step: number): string {
  return `${first}-${last}${step === 1 ? '' : `/${step}`}`;
}

function mergeTasks(tasks: readonly ProcessRow[]): ExpectedTask[] {
  const merged: ExpectedTask[] = [];
  let run: ProcessRow[] = [];
  const flush = (): void => {
    if (run.length > 2) {
      const numbers = run.map(({ pid }) => pid);
      const pid = rangeText(numbers[0], numbers.at(-1)!, numbers[1] - numbers[0]);
      merged.push({ ...expectedTaskOf(run[0], run.length), pid });
    } else merged.push(...run.map((task) => expectedTaskOf(task, 1)));
    run = [];
  };
  for (const task of tasks) {
    const fits =
      run.length === 0 ||
      (patternOf(task) === patternOf(run[0]) &&
        (run.length === 1 || task.pid - run.at(-1)!.pid === run[1].pid - run[0].pid));
    if (!fits) flush();
    run.push(task);
  }
  flush();
  return merged;
}

/** Tasks of one pattern differ by their numbers only. */
function patternOf(task: ProcessRow): string {
  const { ppid, pgid, sid, stat, comm, threads } = expectedTaskOf(task, 2);
  return JSON.stringify([ppid, pgid, sid, stat, comm, threads]);
}

function expectedTaskOf(
  { pid, ppid, pgid, sid, stat, comm, threads }: ProcessRow,
  count: number,
): ExpectedTask {
  const relative = (number: number): number | 'pid' | 'previous' =>
    count === 1 || number === 0 || number === 1
      ? number
      : number === pid
        ? 'pid'
        : number === pid - 1
          ? 'previous'
          : number;
  const extra = threads > 1 ? { threads } : {};
  return { pid, ppid, pgid: relative(pgid), sid: relative(sid), stat, comm, ...extra };
}
