/** What a litmus file says the world looks like at rest, against what it does. */
import type { ProcessRow } from '../../procfs/process-row.js';
import type { Expected, ExpectedView } from './litmus.js';
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
