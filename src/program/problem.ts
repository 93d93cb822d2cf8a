/** What zod found wrong, in the project's own words: one problem for each mistake, at the place of the mistake. */

import type * as z from 'zod';
import { closest } from '../text/suggest.js';
import { isMapping } from '../text/value.js';
import { NOT_A_STEP, programSchemas } from './schema.js';
import type { ProgramProblem } from './step.js';

type Issue = z.core.$ZodIssue;
type Path = (string | number)[];

/**
 * Problems from zod's issues about `raw`.
 *
 * A union's failure is a failure of each of its alternatives; what is reported is the alternative that was meant:
 * the one whose own shape fits best.
 */
export function problemsOf(issues: readonly Issue[], raw: unknown): ProgramProblem[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, [], raw));
}

function problemsOfIssue(issue: Issue, base: Path, root: unknown): ProgramProblem[] {
  const path = [...base, ...(issue.path as Path)];
  const value = valueAt(root, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path));
    case 'invalid_union':
      return problemsOfUnion(issue, path, root);
    case 'invalid_type':
      return [wrongType(path, value, issue.expected)];
    case 'invalid_value':
      return [
        badValue(
          path,
          `expected one of ${issue.values.map(String).join(', ')}, not ${quote(value)}`,
          value,
          issue.values,
        ),
      ];
    case 'too_small':
      if (issue.origin === 'array' && path.at(-1) === 'uniform') return [wrongType(path, value, 'tuple')];
      if (issue.origin === 'array' && path.at(-1) !== 'uniform')
        return [{ path, code: 'empty-steps', message: issue.message }];
      return [
        { path, code: 'bad-value', message: `${quote(value)} is too small: at least ${issue.minimum}` },
      ];
    case 'too_big':
      if (issue.origin === 'array') return [wrongType(path, value, 'tuple')];
      return [{ path, code: 'bad-value', message: `${quote(value)} is too large: at most ${issue.maximum}` }];
    case 'custom':
      return [{ path, code: String(issue.params?.code ?? 'bad-value'), message: issue.message }];
    default:
      return [{ path, code: 'bad-value', message: issue.message }];
  }
}

function unknownKey(key: string, base: Path): ProgramProblem {
  const problem: ProgramProblem = {
    path: [...base, key],
    code: 'unknown-key',
    message: `unknown key "${key}"`,
  };
  if (typeof base.at(-1) === 'number' && programSchemas().kinds.has(key)) {
    problem.hint = 'begin each step with a dash of its own';
  } else {
    const similar = closest(key, KEYS);
    if (similar !== null) problem.hint = `did you mean "${similar}"?`;
  }
  return problem;
}

/** Every key that is not the word of a step. */
const KEYS = [
  ...[
    'comm',
    'steps',
    'source',
    'description',
    'label',
    'program',
    'orElse',
    'target',
    'signal',
    'times',
    'p',
    'else',
  ],
  ...['uniform', 'exponential', 'mean', 'lognormal', 'median', 'sigma'],
];

/** Of a value that is missing, or of another type than `expected`, which is named as zod names types. */
export function wrongType(path: Path, value: unknown, expected: string): ProgramProblem {
  if (value === undefined) {
    return { path: path.slice(0, -1), code: 'missing-key', message: `"${path.at(-1)}" is missing` };
  }
  const message = `expected ${TYPE_NAMES[expected] ?? expected}, not ${quote(value)}`;
  const problem: ProgramProblem = { path, code: 'wrong-type', message };
  if (expected === 'boolean') problem.hint = 'write true or false, without quotes';
  return problem;
}

const TYPE_NAMES: Record<string, string> = {
  object: 'a mapping',
  array: 'a list',
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  tuple: 'a list of two durations',
};

function badValue(path: Path, message: string, value: unknown, allowed: readonly unknown[]): ProgramProblem {
  const similar = typeof value === 'string' ? closest(value, allowed.map(String)) : null;
  return {
    path,
    code: 'bad-value',
    message,
    ...(similar === null ? {} : { hint: `did you mean "${similar}"?` }),
  };
}

function problemsOfUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: Path,
  root: unknown,
): ProgramProblem[] {
  const value = valueAt(root, path);
  if (issue.message === NOT_A_STEP) {
    const problem = notAStep(value, path);
    if (problem !== null) return [problem];
  }
  if (value === undefined) return [wrongType(path, value, '')];
  const misfits = issue.errors.map((errors) => errors.reduce((sum, error) => sum + misfit(error, value), 0));
  const least = Math.min(...misfits);
  if (least > 1) return [{ path, code: 'wrong-type', message: `${issue.message}, not ${quote(value)}` }];
  return issue.errors[misfits.indexOf(least)].flatMap((error) => problemsOfIssue(error, path, root));
}

/** How many of the alternative's own keys, or its very type, an issue says are not there. */
function misfit(error: Issue, value: unknown): number {
  if (error.path.length === 0) {
    if (error.code === 'unrecognized_keys') return error.keys.length;
    return error.code === 'invalid_type' || error.code === 'invalid_value' ? Number.POSITIVE_INFINITY : 0;
  }
  const isMissing = error.path.length === 1 && isMapping(value) && value[String(error.path[0])] === undefined;
  return isMissing ? 1 : 0;
}

/** null: it is a step of some kind, with something wrong inside. */
function notAStep(value: unknown, path: Path): ProgramProblem | null {
  const kinds = [...programSchemas().kinds.keys()];
  const words = typeof value === 'string' ? [value] : isMapping(value) ? Object.keys(value) : [];
  if (words.length === 0) {
    return {
      path,
      code: 'wrong-type',
      message: `${quote(value)} is not a step`,
      hint: `a step is one of ${kinds.join(', ')}`,
    };
  }
  const known = words.filter((word) => kinds.includes(word));
  if (known.length > 1) {
    return {
      path: [...path, known[1]],
      code: 'several-steps',
      message: `"${known[0]}" and "${known[1]}" in one step`,
      hint: 'begin each step with a dash of its own',
    };
  }
  if (known.length === 1) return misspelt(known[0], value, path);
  const similar = closest(words[0], kinds);
  return {
    path: typeof value === 'string' ? path : [...path, words[0]],
    code: 'unknown-step',
    message: `there is no step "${words[0]}"`,
    hint: similar === null ? `a step is one of ${kinds.join(', ')}` : `did you mean "${similar}"?`,
  };
}

/** A known word with its argument missing, or with one too many. */
function misspelt(word: string, value: unknown, path: Path): ProgramProblem | null {
  const isBare = BARE_WORDS.has(word);
  if (typeof value === 'string' && !isBare) {
    return {
      path,
      code: 'missing-argument',
      message: `the step "${word}" needs an argument`,
      hint: `write ${word}: …`,
    };
  }
  if (typeof value !== 'string' && isBare) {
    return {
      path: [...path, word],
      code: 'wrong-type',
      message: `the step "${word}" has no argument`,
      hint: `write just ${word}`,
    };
  }
  return null;
}

const BARE_WORDS: ReadonlySet<string> = new Set(['pause', 'reap', 'setsid', 'setpgid', 'exit-main-thread']);

export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** A value as a message names it: short, on one line. */
function quote(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
