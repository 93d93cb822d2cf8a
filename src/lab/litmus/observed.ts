/**
 * What a real kernel did, as it is kept in `test/litmus/observed/<kernel-release>.json`: for every litmus the
 * world at rest, and the hash of the text it belongs to.
 *
 * A table has a line for each process: `pid ppid pgid sid threads nspid… stat comm`. Lines that only count on
 * are one: `3 1 2 2 1 3 Z helper x199 +2,0,2,2,0,2`.
 */
import { createHash } from 'node:crypto';
import type { ProcessRow } from '../../procfs/process-row.js';
import type { Litmus } from './litmus.js';
import type { Refusal, View, World } from './world.js';

export interface ObservedFile {
  /** `uname -r` */
  kernel: string;
  cgroup: 'v1' | 'v2';
  observations: Record<string, Observation>;
}

export interface Observation {
  /** Of what was run: a changed litmus has to be observed again. */
  hash: string;
  inside: ObservedView;
  outside: ObservedView;
  nested?: Record<string, ObservedView>;
  refusals?: Refusal[];
  pidsCurrent: number;
  pidsEvents: number | null;
}

interface ObservedView {
  tasks: string[];
  pinned?: string;
}

/** What was run, without what was expected or asked of it. */
export function litmusHash({ source }: Litmus): string {
  const { name: _name, question: _question, rules: _rules, twin: _twin, expect: _expect, ...run } = source;
  return createHash('sha256').update(JSON.stringify(run)).digest('hex').slice(0, 16);
}

export function observationOf(litmus: Litmus, world: World): Observation {
  const nested = Object.entries(world.nested).map(([name, view]) => [name, encodeView(view)]);
  return {
    hash: litmusHash(litmus),
    inside: encodeView(world.inside),
    outside: encodeView(world.outside),
    ...(nested.length === 0 ? {} : { nested: Object.fromEntries(nested) }),
    ...(world.refusals.length === 0 ? {} : { refusals: world.refusals }),
    pidsCurrent: world.pidsCurrent,
    pidsEvents: world.pidsEvents,
  };
}

/** One line for each litmus, in the order of names: a new observation is a readable difference. */
export function printObserved({ kernel, cgroup, observations }: ObservedFile): string {
  const lines = Object.keys(observations)
    .sort()
    .map((name) => `    ${JSON.stringify(name)}: ${JSON.stringify(observations[name])}`);
  const head = `  "kernel": ${JSON.stringify(kernel)},\n  "cgroup": "${cgroup}"`;
  return `{\n${head},\n  "observations": {\n${lines.join(',\n')}\n  }\n}\n`;
}

// ---- tables

function encodeView({ tasks, pinned }: View): ObservedView {
  const lines: string[] = [];
  for (let start = 0; start < tasks.length; ) {
    let end = start + 1;
    while (end < tasks.length && goesOn(tasks, start, end)) end++;
    if (end - start < 3) end = start + 1;
    lines.push(encodeRun(tasks, start, end));
    start = end;
  }
  return { tasks: lines, ...(pinned.length === 0 ? {} : { pinned: encodePids(pinned) }) };
}

function numbersOf({ pid, ppid, pgid, sid, threads, nspid }: ProcessRow): number[] {
  return [pid, ppid, pgid, sid, threads, ...nspid];
}

function stepsOf(from: ProcessRow, to: ProcessRow): string {
  const before = numbersOf(from);
  return numbersOf(to)
    .map((number, index) => number - before[index])
    .join(',');
}

function goesOn(tasks: readonly ProcessRow[], start: number, index: number): boolean {
  const [first, second, previous, task] = [tasks[start], tasks[start + 1], tasks[index - 1], tasks[index]];
  const alike =
    task.stat === first.stat && task.comm === first.comm && task.nspid.length === first.nspid.length;
  return alike && stepsOf(previous, task) === stepsOf(first, second);
}

function encodeRun(tasks: readonly ProcessRow[], start: number, end: number): string {
  const { stat, comm } = tasks[start];
  const line = [...numbersOf(tasks[start]), stat, encodeURIComponent(comm)].join(' ');
  return end - start === 1 ? line : `${line} x${end - start} +${stepsOf(tasks[start], tasks[start + 1])}`;
}

/** Differences of PIDs in a row: `2 +2x198` is 2, 4, … 398. */
function encodePids(numbers: readonly number[]): string {
  const words = [String(numbers[0])];
  for (let start = 1; start < numbers.length; ) {
    const step = numbers[start] - numbers[start - 1];
    let end = start;
    while (end < numbers.length && numbers[end] - numbers[end - 1] === step) end++;
    words.push(`+${step}${end - start === 1 ? '' : `x${end - start}`}`);
    start = end;
  }
  return words.join(' ');
}
