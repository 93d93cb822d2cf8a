/**
 * Random programs for property tests: every step of the language, labels that are known where they are used.
 */
import fc from 'fast-check';
import { normaliseProgram } from '../../src/program/normalise.js';
import {
  type DurationText,
  type ForkBody,
  KILL_TARGETS,
  type ProgramSource,
  SIGCHLD_DISPOSITIONS,
  SIGNAL_NAMES,
  SIGTERM_DISPOSITIONS,
  type Step,
} from '../../src/program/step.js';
import { printDuration } from '../../src/text/duration.js';

export interface ProgramShape {
  /** Steps in a list, and lists inside lists. */
  maxSteps?: number;
  maxDepth?: number;
  /** Names that fork and exec may use besides steps in place. */
  programs?: readonly string[];
}

const LABELS = ['a', 'b', 'c'];
const COMMS = ['sh', 'sleep', 'beam.smp', 'a-name-of-15-by'];

/** A duration as people write it: constants of all magnitudes and each distribution. */
export function arbitraryDuration(): fc.Arbitrary<DurationText> {
  const us = fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 1_000_000_000 }));
  const text = us.map(printDuration);
  return fc.oneof(
    text,
    fc.tuple(us, us).map(([a, b]): DurationText => {
      return { uniform: [printDuration(Math.min(a, b)), printDuration(Math.max(a, b))] };
    }),
    text.map((mean) => ({ exponential: { mean } })),
    fc
      .record({ median: text, sigma: fc.double({ min: 0, max: 2, noNaN: true }) })
      .map((lognormal) => ({ lognormal })),
  );
}

/** A program in the one spelling that `print` writes. */
export function arbitraryProgram(shape: ProgramShape = {}): fc.Arbitrary<ProgramSource> {
  return fc
    .record({
      comm: fc.constantFrom(...COMMS),
      steps: steps(shape, shape.maxDepth ?? 3, { labels: [], loops: 0 }),
    })
    .map(normaliseProgram);
}

/** Labels given so far in the process image being written. */
interface Scope {
  labels: string[];
  /** `repeat` steps around, in the image. */
  loops: number;
}

/**
 * A list of steps. One after another, for a label may be used only after the fork that gives it; a list
 * inside a step may use what was given before that step, and gives nothing to the steps after it.
 */
function steps(shape: ProgramShape, depth: number, scope: Scope): fc.Arbitrary<Step[]> {
  const list = (length: number, known: Scope): fc.Arbitrary<Step[]> =>
    step(shape, depth, known).chain((first) => {
      if (length <= 1) return fc.constant([first]);
      const label = typeof first === 'object' && 'fork' in first ? first.fork.label : undefined;
      const next = label === undefined ? known : { ...known, labels: [...known.labels, label] };
      return list(length - 1, next).map((rest) => [first, ...rest]);
    });
  return fc.integer({ min: 1, max: shape.maxSteps ?? 4 }).chain((length) => list(length, scope));
}

function step(shape: ProgramShape, depth: number, scope: Scope): fc.Arbitrary<Step> {
  const plain = plainStep(scope);
  return depth === 0
    ? plain
    : fc.oneof({ arbitrary: plain, weight: 2 }, compoundStep(shape, depth - 1, scope));
}

function plainStep(scope: Scope): fc.Arbitrary<Step> {
  return fc.oneof(
    fc.constantFrom<Step>('pause', 'reap', 'setsid', 'setpgid', 'exit-main-thread'),
    arbitraryDuration().map((sleep) => ({ sleep })),
    fc.constantFrom('any', 'all', ...scope.labels).map((wait) => ({ wait })),
    fc.constantFrom(...SIGCHLD_DISPOSITIONS).map((sigchld) => ({ sigchld })),
    fc.constantFrom(...SIGTERM_DISPOSITIONS).map((onTerm) => ({ 'on-term': onTerm })),
    fc.boolean().map((subreaper) => ({ subreaper })),
    fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constant('waited' as const)).map((exit) => ({ exit })),
    fc.integer({ min: 0, max: 30 }).map((threads) => ({ threads })),
    fc.integer({ min: 0, max: 255 }).map((status) => ({ status })),
    ...Array.from({ length: scope.loops }, (_, index) => fc.constant<Step>({ break: index + 1 })),
  );
}

function compoundStep(shape: ProgramShape, depth: number, scope: Scope): fc.Arbitrary<Step> {
  const inside = steps(shape, depth, scope);
  const inLoop = steps(shape, depth, { ...scope, loops: scope.loops + 1 });
  const ofAnotherImage = steps(shape, depth, { labels: [], loops: 0 });
  const orElse = fc.option(fc.oneof(fc.constant<Step[]>([]), inside), { nil: undefined });
  const label = fc.option(fc.constantFrom(...LABELS), { nil: undefined });
  const comm = fc.option(fc.constantFrom(...COMMS), { nil: undefined });
  const forks: fc.Arbitrary<ForkBody>[] = [fc.record({ label, comm, steps: ofAnotherImage, orElse })];
  const execs: fc.Arbitrary<Step>[] = [
    fc.record({ comm: fc.constantFrom(...COMMS), steps: ofAnotherImage }).map((exec) => ({ exec })),
  ];
  if (shape.programs) {
    const program = fc.constantFrom(...shape.programs);
    forks.push(fc.record({ label, program, orElse }));
    execs.push(program.map((name) => ({ exec: { program: name } })));
  }
  return fc.oneof(
    fc.oneof(...forks).map((fork) => ({ fork })),
    ...execs,
    fc.record({ threads: fc.integer({ min: 0, max: 30 }), orElse }),
    fc.record({
      kill: fc.record({
        target: fc.constantFrom(...KILL_TARGETS, ...scope.labels),
        signal: fc.constantFrom(...SIGNAL_NAMES),
      }),
      orElse,
    }),
    fc
      .record({
        times: fc.oneof(fc.constant('forever' as const), fc.integer({ min: 1, max: 9 })),
        steps: inLoop,
      })
      .map((repeat) => ({ repeat })),
    fc
      .record({
        status: fc.integer({ min: 0, max: 255 }),
        steps: fc.oneof(fc.constant<Step[]>([]), inside),
        else: fc.option(inside, { nil: undefined }),
      })
      .map((body) => ({ if: body })),
    fc
      .record({
        p: fc.double({ min: 0, max: 1, noNaN: true }),
        steps: inside,
        else: fc.option(inside, { nil: undefined }),
      })
      .map((chance) => ({ chance })),
  );
}
