/**
 * What random programs are made of, and what they run into: in how many of so many each step, each way in,
 * each limit and each kind of end occurs. Counted on the model, so it needs no privilege.
 */

import { type LitmusSource, litmusOf } from '../../../src/lab/litmus/litmus.js';
import { runOnModel } from '../../../src/lab/litmus/model-run.js';
import type { Outcome } from '../../../src/lab/litmus/world.js';
import type { ProcessRow } from '../../../src/procfs/process-row.js';
import { forEachStepList } from '../../../src/program/check.js';
import type { Step } from '../../../src/program/step.js';
import { plainTable } from '../../../src/text/table.js';
import { generateLitmus } from './generate.js';

export interface Coverage {
  seed: number;
  programs: number;
  /** In how many programs it occurs, by group and name. */
  steps: Map<string, number>;
  entries: Map<string, number>;
  limits: Map<string, number>;
  refusals: Map<string, number>;
  worlds: Map<string, number>;
}

export function coverageOf(seed: number, programs: number): Coverage {
  const [steps, entries, limits, refusals, worlds] = Array.from(
    { length: 5 },
    () => new Map<string, number>(),
  );
  for (let index = 0; index < programs; index++) {
    const source = generateLitmus(seed, index);
    const litmus = litmusOf(source);
    if (!litmus.ok) throw new Error(`${source.name} is no litmus: ${litmus.diagnostics[0].message}`);
    const refused = new Set<string>();
    const outcome = runOnModel(litmus.value, {
      onRefused: (by, where) =>
        refused.add(by === 'pid-max' || by === 'namespace-dead' ? `${by} ${where}` : by),
    });
    count(steps, stepsIn(source));
    count(entries, entriesOf(source));
    count(limits, limitsOf(source));
    count(refusals, refused);
    count(worlds, kindsOf(outcome));
  }
  return { seed, programs, steps, entries, limits, refusals, worlds };
}

function count(into: Map<string, number>, names: Iterable<string>): void {
  for (const name of new Set(names)) into.set(name, (into.get(name) ?? 0) + 1);
}

function stepsIn(source: LitmusSource): string[] {
  const names: string[] = [];
  const visit = (steps: readonly Step[]): void => {
    for (const step of steps) {
      names.push(...namesOf(step));
      forEachStepList(step, visit);
    }
  };
  for (const program of Object.values(source.programs)) visit((program as { steps: Step[] }).steps);
  return names;
}

/** `kill group TERM`, `sigchld reap-one`, `fork orElse`: with what makes it behave differently. */
function namesOf(step: Step): string[] {
  if (typeof step === 'string') return [step];
  const orElse = (name: string, has: unknown): string[] =>
    has === undefined ? [name] : [name, `${name} orElse`];
  if ('fork' in step) {
    const named = step.fork.program === undefined ? [] : ['fork program'];
    return [...orElse('fork', step.fork.orElse ?? step.orElse), ...named];
  }
  if ('kill' in step) {
    const target = TARGETS.has(step.kill.target) ? step.kill.target : 'LABEL';
    return orElse('kill', step.orElse).concat(`kill ${target} ${step.kill.signal}`);
  }
  if ('threads' in step) return orElse('threads', step.orElse);
  if ('wait' in step) return [`wait ${step.wait === 'any' || step.wait === 'all' ? step.wait : 'LABEL'}`];
  if ('repeat' in step) return [step.repeat.times === 'forever' ? 'repeat forever' : 'repeat'];
  if ('if' in step) return step.if.else === undefined ? ['if'] : ['if', 'if else'];
  if ('exit' in step) return [step.exit === 'waited' ? 'exit waited' : 'exit'];
  if ('sigchld' in step) return [`sigchld ${step.sigchld}`];
  if ('on-term' in step) return [`on-term ${step['on-term']}`];
  if ('subreaper' in step) return [`subreaper ${step.subreaper}`];
  return [Object.keys(step)[0]];
}

const TARGETS = new Set(['children', 'group', 'parent', 'self']);

function entriesOf({ enter = [], outside = {} }: LitmusSource): string[] {
  return [
    ...enter.flatMap(({ setsid, reap, leave, times, into, nest }) => [
      ...(nest === undefined ? [setsid ? 'with setsid' : 'without setsid'] : ['makes a nested namespace']),
      ...(reap === false ? ['never reaped'] : []),
      ...(leave ? ['parent leaves'] : []),
      ...(times === undefined ? [] : ['series']),
      ...(into === undefined ? [] : ['into a nested namespace']),
    ]),
    ...(enter.length === 0 ? ['nobody enters'] : []),
    ...(outside.subreaper ? ['subreaper outside'] : []),
    ...(outside.reapInit === false ? ['PID 1 never reaped'] : []),
  ];
}

function limitsOf({ limits = {}, enter = [], until }: LitmusSource): string[] {
  const nested = enter.some(({ nest }) => nest?.pidMax !== undefined) ? ['nested pidMax'] : [];
  return [...Object.keys(limits), ...nested, ...(until === undefined ? [] : ['until'])];
}

function kindsOf(outcome: Outcome): string[] {
  if (outcome.kind !== 'rest') return [outcome.kind];
  const { inside, nested, outside } = outcome.world;
  const views = [inside, outside, ...Object.values(nested)];
  const some = (is: (task: ProcessRow) => boolean): boolean => views.some(({ tasks }) => tasks.some(is));
  return [
    ...(some(({ stat, threads }) => stat.startsWith('Z') && threads === 1) ? ['zombies'] : []),
    ...(some(({ stat, threads }) => stat.startsWith('Z') && threads > 1)
      ? ['dead leader, live threads']
      : []),
    ...(some(({ threads }) => threads > 1) ? ['threads'] : []),
    ...(views.some(({ pinned }) => pinned.length > 0) ? ['pinned PIDs'] : []),
    ...(inside.tasks.length === 0 ? ['namespace gone'] : []),
    ...(inside.tasks.some(({ pid, stat }) => pid === 1 && stat.startsWith('Z')) ? ['PID 1 a zombie'] : []),
    ...(wrapped(inside.tasks) ? ['PIDs have wrapped'] : []),
  ];
}

/** A child with a smaller PID than the parent that forked it, or a parent that could not have been there before. */
function wrapped(tasks: readonly ProcessRow[]): boolean {
  return tasks.some(({ pid, ppid }) => ppid > 1 && pid < ppid);
}

/** A table for each group, most frequent first. */
export function formatCoverage(coverage: Coverage): string {
  const parts = (['steps', 'entries', 'limits', 'refusals', 'worlds'] as const).map((group) => {
    const rows = [...coverage[group]].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    return plainTable([
      [group.toUpperCase(), 'PROGRAMS'],
      ...rows.map(([name, n]) => [name, String(n)]),
    ]).join('\n');
  });
  return [`of ${coverage.programs} random programs with seed ${coverage.seed}`, ...parts].join('\n\n') + '\n';
}
