/** Checks of a whole program that its shape alone does not show: the names that it uses. */
import type { ProgramLibrary, ProgramProblem, ProgramSource, Step } from './step.js';

/** Calls `visit` for each `program:` in the steps, with the path of the name itself. */
export function forEachProgramName(
  steps: readonly Step[],
  path: readonly (string | number)[],
  visit: (name: string, path: (string | number)[]) => void,
): void {
  for (const [index, step] of steps.entries()) {
    forEachStepList(step, (list, key) => forEachProgramName(list, [...path, index, ...key], visit));
    if (typeof step === 'string') continue;
    if ('fork' in step && step.fork.program !== undefined)
      visit(step.fork.program, [...path, index, 'fork', 'program']);
    if ('exec' in step && 'program' in step.exec)
      visit(step.exec.program, [...path, index, 'exec', 'program']);
  }
}

/** Calls `visit` for each list of steps inside a step, in the order in which they are written. */
export function forEachStepList(step: Step, visit: (steps: Step[], key: string[]) => void): void {
  if (typeof step === 'string') return;
  if ('fork' in step) {
    if (step.fork.steps) visit(step.fork.steps, ['fork', 'steps']);
    if (step.fork.orElse) visit(step.fork.orElse, ['fork', 'orElse']);
  } else if ('exec' in step) {
    if ('steps' in step.exec) visit(step.exec.steps, ['exec', 'steps']);
  } else if ('threads' in step) {
    if (step.orElse) visit(step.orElse, ['orElse']);
  } else if ('repeat' in step) {
    visit(step.repeat.steps, ['repeat', 'steps']);
  } else if ('chance' in step) {
    visit(step.chance.steps, ['chance', 'steps']);
    if (step.chance.else) visit(step.chance.else, ['chance', 'else']);
  }
}

/**
 * Every name that the program leads to and that the library does not know. Paths are in the program that was asked
 * for; a missing name further on is reported at the step through which it is reached.
 */
export function checkProgramNames(
  name: string,
  source: ProgramSource,
  library: ProgramLibrary,
): ProgramProblem[] {
  const problems: ProgramProblem[] = [];
  const known = new Set([name]);
  const visitSteps = (program: string, steps: readonly Step[], reachedBy: (string | number)[] | null): void =>
    forEachProgramName(steps, ['steps'], (used, path) => {
      if (known.has(used)) return;
      known.add(used);
      const next = library.get(used);
      if (next !== undefined) visitSteps(used, next.steps, reachedBy ?? path);
      else
        problems.push(unknownProgram(used, reachedBy === null ? null : program, reachedBy ?? path, library));
    });
  visitSteps(name, source.steps, null);
  return problems;
}

function unknownProgram(
  name: string,
  usedBy: string | null,
  path: (string | number)[],
  library: ProgramLibrary,
): ProgramProblem {
  const similar = closest(name, library.keys());
  return {
    path,
    code: 'unknown-program',
    message: `there is no program "${name}"${usedBy === null ? '' : `, which "${usedBy}" runs`}`,
    hint: similar === null ? 'describe it under `programs:`' : `did you mean "${similar}"?`,
  };
}

/** The candidate that differs by the fewest letters, if it differs by few. */
export function closest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
