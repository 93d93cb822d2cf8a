/** A litmus file written by a program: what it expects is the world that was seen. */
import { Document, isCollection, visit } from 'yaml';
import type { Expected, ExpectedView, LitmusSource } from '../../../src/lab/litmus/litmus.js';
import type { View, World } from '../../../src/lab/litmus/world.js';
import type { ProcessRow } from '../../../src/procfs/process-row.js';

type ExpectedTask = NonNullable<ExpectedView['tasks']>[number];

const FLOW_WIDTH = 100;

/** The litmus as a file's text. */
export function printLitmus(source: Partial<LitmusSource>): string {
  const document = new Document(source);
  visit(document, {
    Collection(key, node, path) {
      // Whatever fits on a line stands on one, except the file itself and its lists of programs and entries.
      const depth = path.filter(isCollection).length;
      const width = JSON.stringify(node.toJSON()).length;
      node.flow =
        depth > 0 && width < FLOW_WIDTH && !(key === 'value' && depth === 1 && width > FLOW_WIDTH / 2);
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** The expectation that a world meets: what a litmus file would say of it. */
export function expectedOf(world: World): Expected {
  const { refusals, pidsCurrent, pidsEvents } = world;
  return {
    ...expectedViewOf(world.inside),
    outside: expectedViewOf(world.outside),
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

/** Runs of three and more PIDs at one distance become a range. */
function mergePids(numbers: readonly number[]): (number | string)[] {
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

/** Tasks of one pattern differ by their PIDs only. */
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
