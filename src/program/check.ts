/** What the shape of a program's parts does not show: its size, and the names that it uses. */
import { grouped } from '../text/figures.js';
import { didYouMean } from '../text/suggest.js';
import {
  KILL_TARGETS,
  type ProgramLibrary,
  type ProgramProblem,
  type ProgramSource,
  type Step,
  WAIT_TARGETS,
} from './step.js';

/** Levels of data, steps inside steps: keeps every recursion over a program far from the stack's end. */
const DEPTH_MAX = 200;
/** Pieces of data in one program: some hundred times the largest measured one. */
const SIZE_MAX = 100_000;

function bad(path: (string | number)[], message: string, hint: string): ProgramProblem {
  return { path, code: 'bad-program', message, hint };
}

/** A program too deep or too large to look at (YAML aliases can make either from a few lines), or null. */
export function checkSize(raw: unknown): ProgramProblem | null {
  let size = 0;
  let deepest: (string | number)[] = [];
  const visit = (value: unknown, path: (string | number)[]): void => {
    if (++size > SIZE_MAX || deepest.length > 0 || typeof value !== 'object' || value === null) return;
    if (path.length > DEPTH_MAX) {
      deepest = path;
      return;
    }
    for (const [key, child] of Object.entries(value))
      visit(child, [...path, Array.isArray(value) ? Number(key) : key]);
  };
  visit(raw, []);
  if (deepest.length > 0) {
    const message = `steps are nested more than ${DEPTH_MAX} levels deep`;
    return bad(deepest.slice(0, 2), message, 'Fork or exec a program by its name instead.');
  }
  if (size <= SIZE_MAX) return null;
  const message = `the program has more than ${grouped(SIZE_MAX)} pieces of data`;
  return bad([], message, 'Use `repeat`, or split it into programs and `exec` them.');
}

/**
 * Labels that `wait` or `kill` use and that no fork has given. A fork counts if it is written before, or
 * anywhere in a `repeat` around; forks of other process images (a child's, those before an exec) do not
 * count.
 */
export function checkLabels(
  steps: readonly Step[],
  path: (string | number)[],
  known = new Set<string>(),
): ProgramProblem[] {
  return steps.flatMap((step, index) => {
    if (typeof step === 'string') return [];
    const here = [...path, index];
    if ('fork' in step && step.fork.label !== undefined) known.add(step.fork.label);
    if ('repeat' in step) for (const label of labelsOf(step.repeat.steps)) known.add(label);
    const problems: ProgramProblem[] = [];
    const use = (label: string, words: readonly string[], ...at: string[]): void => {
      if (!words.includes(label) && !known.has(label))
        problems.push(unknownLabel(label, [...here, ...at], known, words));
    };
    if ('wait' in step) use(step.wait, WAIT_TARGETS, 'wait');
    if ('kill' in step) use(step.kill.target, KILL_TARGETS, 'kill', 'target');
    forEachStepList(step, (list, key) => {
      problems.push(...checkLabels(list, [...here, ...key], isOtherImage(key) ? new Set() : known));
    });
    return problems;
  });
}

/** Each `break` that is to leave more `repeat` steps than are around it; another image has none around. */
export function checkBreaks(steps: readonly Step[], path: (string | number)[], around = 0): ProgramProblem[] {
  return steps.flatMap((step, index) => {
    if (typeof step === 'string') return [];
    const here = [...path, index];
    const problems: ProgramProblem[] = [];
    if ('break' in step && step.break > around) {
      const loops = around === 1 ? 'is 1 `repeat`' : `are ${around || 'no'} \`repeat\` steps`;
      const message = `there ${loops} around this \`break\``;
      problems.push(bad([...here, 'break'], message, 'Put it into a `repeat`.'));
    }
    forEachStepList(step, (list, key) => {
      const inside = isOtherImage(key) ? 0 : around + ('repeat' in step ? 1 : 0);
      problems.push(...checkBreaks(list, [...here, ...key], inside));
    });
    return problems;
  });
}

/** Is the list, by its key in the step, that of a child or of what an exec makes of the process? */
function isOtherImage(key: readonly string[]): boolean {
  return (key[0] === 'fork' || key[0] === 'exec') && key[1] === 'steps';
}

/** Labels that the steps give, those in steps of other images left out. */
function labelsOf(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => {
    const labels: string[] = [];
    if (typeof step !== 'string' && 'fork' in step && step.fork.label !== undefined)
      labels.push(step.fork.label);
    forEachStepList(step, (list, key) => {
      if (!isOtherImage(key)) labels.push(...labelsOf(list));
    });
    return labels;
  });
}

function unknownLabel(
  label: string,
  path: (string | number)[],
  known: ReadonlySet<string>,
  words: readonly string[],
): ProgramProblem {
  return {
    path,
    code: 'bad-program',
    message: `no fork before this has the label \`${label}\``,
    get hint() {
      const otherwise =
        'Give a fork of this same process the label: a child does not know the children of its parent.';
      return didYouMean(label, [...known, ...words]) ?? otherwise;
    },
  };
}

/** Calls `visit` for each `program:` in the steps, with the path of the name itself. */
function forEachProgramName(
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

/** Calls `visit` for each list of steps inside a step. */
export function forEachStepList(step: Step, visit: (steps: Step[], key: string[]) => void): void {
  mapStepLists(step, (steps, key) => {
    visit(steps, key);
    return steps;
  });
}

/** A copy of the step with something else for each list of steps inside, in their order. */
export function mapStepLists<S extends Step>(step: S, map: (steps: Step[], key: string[]) => Step[]): S {
  if (typeof step === 'string') return step;
  const copy = { ...step } as Record<string, unknown>;
  for (const word of ['fork', 'exec', 'repeat', 'chance', 'if']) {
    if (copy[word] === undefined) continue;
    const body = { ...(copy[word] as Record<string, unknown>) };
    for (const key of ['steps', 'orElse', 'else'])
      if (body[key]) body[key] = map(body[key] as Step[], [word, key]);
    copy[word] = body;
  }
  if (copy.orElse) copy.orElse = map(copy.orElse as Step[], ['orElse']);
  return copy as S;
}

/**
 * Every name that the program leads to and that the library does not know. Paths are in the program that was
 * asked for; a missing name further on is reported at the step through which it is reached.
 */
export function checkProgramNames(
  name: string,
  source: ProgramSource,
  library: ProgramLibrary,
): ProgramProblem[] {
  const problems: ProgramProblem[] = [];
  const known = new Set([name]);
  type Reached = { program: string; steps: readonly Step[]; by: (string | number)[] | null };
  // A list, not a recursion: a chain of programs may be longer than the stack is deep.
  const reached: Reached[] = [{ program: name, steps: source.steps, by: null }];
  for (const { program, steps, by } of reached) {
    forEachProgramName(steps, ['steps'], (used, path) => {
      if (known.has(used)) return;
      known.add(used);
      const next = library.get(used);
      if (next !== undefined) reached.push({ program: used, steps: next.steps, by: by ?? path });
      else problems.push(unknownProgram(used, by === null ? null : program, by ?? path, library));
    });
  }
  return problems;
}

function unknownProgram(
  name: string,
  usedBy: string | null,
  path: (string | number)[],
  library: ProgramLibrary,
): ProgramProblem {
  return {
    path,
    code: 'unknown-program',
    message: `there is no program \`${name}\`${usedBy === null ? '' : `, which \`${usedBy}\` runs`}`,
    get hint() {
      return didYouMean(name, library.keys());
    },
  };
}
