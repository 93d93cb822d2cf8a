/**
 * The step language as zod schemas: types at the door, JSON Schema for editors, `pidsim explain` and the
 * reference page all come from here, which is why everything has a description (schema.json).
 *
 * Schemas are built on first use and once: a command that reads no program pays nothing for them.
 */
import * as z from 'zod';
import { LONGEST_US } from '../sim/distribution.js';
import { parseDurationUs } from '../text/duration.js';
import { type Choice, conditioned, leaf, type Objection, tellApart } from '../text/leaf.js';
import { durationLeaf, nonEmpty, whole } from '../text/leaves.js';
import { nameOf } from '../text/read.js';
import { didYouMean } from '../text/suggest.js';
import { isMapping } from '../text/value.js';
import texts from './schema.json' with { type: 'json' };
import {
  KILL_TARGETS,
  type ProgramSource,
  SIGCHLD_DISPOSITIONS,
  SIGNAL_NAMES,
  SIGTERM_DISPOSITIONS,
  type Step,
  WAIT_TARGETS,
} from './step.js';

const { kinds: KINDS, parts: PARTS } = texts;

/** Steps without an argument. */
const BARE = ['pause', 'reap', 'setsid', 'setpgid', 'exit-main-thread'] as const;
/** As many as a node can have PIDs (PID_MAX_LIMIT): no count of threads needs to be larger. */
const COUNT_MAX = 4_194_304;
/** A counted loop's bound: what fits an operand. */
const TIMES_MAX = 2 ** 31 - 1;

/** Labels that would read as something else in `wait` or `kill`. */
const RESERVED_LABELS: readonly string[] = [...WAIT_TARGETS, ...KILL_TARGETS];

let built: ReturnType<typeof buildSchemas> | undefined;

/** The schemas of programs, of steps, and of each kind of step by the word it is written with. */
export function programSchemas() {
  return (built ??= buildSchemas());
}

function buildSchemas() {
  const steps: z.ZodType<Step[]> = z
    .lazy(() => z.array(step).min(1))
    .meta({ id: 'Steps', description: PARTS.steps });
  const possiblyNone: z.ZodType<Step[]> = z.lazy(() => z.array(step));
  const kinds: ReadonlyMap<string, z.ZodType> = new Map([
    ...BARE.map((word): Kind => [word, z.literal(word).describe(KINDS[word])]),
    ...plainKinds(),
    ...compoundKinds(steps, possiblyNone),
  ]);
  const step: z.ZodType<Step> = z
    .union([...kinds.values()] as [z.ZodType<Step>, ...z.ZodType<Step>[]])
    .meta({ id: 'Step', description: PARTS.step });
  tellApart(step, chooseKind([...kinds.keys()]));
  const program: z.ZodType<ProgramSource> = z
    .strictObject({
      comm: commSchema(),
      source: part('source', z.string().optional()),
      description: part('description', z.string().optional()),
      steps,
    })
    .meta({ id: 'Program', description: PARTS.program });
  return { program, steps, step, kinds };
}

type Kind = [string, z.ZodType];

/** What something in a step is, for people. */
function part<T extends z.ZodType>(name: keyof typeof PARTS, schema: T): T {
  return schema.describe(PARTS[name]);
}

/** Steps with one plain argument. */
function plainKinds(): Kind[] {
  const kind = (word: keyof typeof KINDS, argument: z.ZodType): Kind => [
    word,
    z.strictObject({ [word]: argument }).describe(KINDS[word]),
  ];
  return [
    kind('sleep', durationSchema()),
    kind('wait', part('wait', nonEmpty())),
    kind('sigchld', z.enum(SIGCHLD_DISPOSITIONS)),
    kind('on-term', z.enum(SIGTERM_DISPOSITIONS)),
    kind('subreaper', z.boolean()),
    kind('exit', numberOr(statusSchema(), 'waited')),
    kind('status', statusSchema()),
    kind('break', whole(1, COUNT_MAX)),
  ];
}

/** Steps that carry other steps. */
function compoundKinds(steps: z.ZodType<Step[]>, possiblyNone: z.ZodType<Step[]>): Kind[] {
  const programName = part('programName', nonEmpty());
  const orElse = part(
    'orElse',
    z.lazy(() => possiblyNone),
  );
  const fork = conditioned(
    z.strictObject({
      label: part('fork.label', labelSchema().optional()),
      comm: part('fork.comm', commSchema().optional()),
      steps: part('fork.steps', steps.optional()),
      program: part('fork.program', programName.optional()),
      orElse: part('fork.orElse', orElse.optional()),
    }),
    checkForkBody,
  );
  const orElseBesideFork = part('orElseBesideFork', orElse.optional());
  const threads = { threads: whole(0, COUNT_MAX), orElse: part('threads.orElse', orElse.optional()) };
  const signal = {
    target: part('kill.target', nonEmpty()),
    signal: part('kill.signal', z.enum(SIGNAL_NAMES)),
  };
  const kill = { kill: z.strictObject(signal), orElse: part('kill.orElse', orElse.optional()) };
  const times = part('repeat.times', numberOr(whole(1, TIMES_MAX), 'forever'));
  const p = part('chance.p', z.number().min(0).max(1));
  const otherwise = part('else', steps.optional());
  const looks = { status: statusSchema(), steps: part('if.steps', possiblyNone), else: otherwise };
  const kind = (word: keyof typeof KINDS, schema: z.ZodType): Kind => [word, schema.describe(KINDS[word])];
  return [
    kind('fork', conditioned(z.strictObject({ fork, orElse: orElseBesideFork }), checkOneRefusal)),
    kind('exec', execSchema(steps, programName)),
    kind('threads', z.strictObject(threads)),
    kind('kill', z.strictObject(kill)),
    kind('repeat', z.strictObject({ repeat: z.strictObject({ times, steps }) })),
    kind('chance', z.strictObject({ chance: z.strictObject({ p, steps, else: otherwise }) })),
    kind('if', z.strictObject({ if: z.strictObject(looks) })),
  ];
}

function execSchema(steps: z.ZodType<Step[]>, programName: z.ZodType<string>): z.ZodType {
  const body = z.union([
    z.strictObject({ program: programName }),
    z.strictObject({ comm: commSchema(), steps }),
  ]);
  tellApart(body, (value) => (isMapping(value) && 'program' in value ? 0 : 1));
  return z.strictObject({ exec: body });
}

function statusSchema(): z.ZodInt {
  return whole(0, 255);
}

/** A whole number, or the one word that stands for something else. */
function numberOr(number: z.ZodInt, word: string): z.ZodType {
  const isWord: Choice = (value) => (typeof value === 'string' && !/^-?\d/.test(value) ? 1 : 0);
  return tellApart(z.union([number, z.literal(word)]), isWord);
}

/** What is wrong with two keys that say the same thing, at the second. */
function conflict(key: string, message: string): Objection {
  return { code: 'conflict', message, path: [key], aim: 'key' };
}

type ForkShape = { label?: string; comm?: string; steps?: Step[]; program?: string };

function checkForkBody({ steps, program, comm }: ForkShape): Objection | null {
  if (program === undefined) {
    if (steps !== undefined) return null;
    return { code: 'missing-key', message: 'a fork needs `steps` or `program`', hint: 'Add one of them.' };
  }
  if (steps !== undefined) return conflict('program', 'a fork has either `steps` or `program`, not both');
  if (comm === undefined) return null;
  return {
    ...conflict('comm', 'a program brings its own `comm`'),
    hint: 'Leave out `comm`, or fork `steps` that exec the program.',
  };
}

function checkOneRefusal({ fork, orElse }: { fork: { orElse?: Step[] }; orElse?: Step[] }): Objection | null {
  if (orElse === undefined || fork.orElse === undefined) return null;
  return conflict('orElse', '`orElse` stands inside `fork` or beside it, not both');
}

/** The kind of step that a value means, by its word; `kinds` are the words in the order of the union. */
function chooseKind(kinds: readonly string[]): Choice {
  const list = `A step is one of ${kinds.join(', ')}.`;
  return (value) => {
    const words = typeof value === 'string' ? [value] : isMapping(value) ? Object.keys(value) : [];
    if (words.length === 0)
      return { code: 'wrong-type', message: `a step is needed here, not ${nameOf(value)}`, hint: list };
    const atKey = (word: string) => (typeof value === 'string' ? {} : { path: [word], aim: 'key' as const });
    const [known, second] = words.filter((word) => kinds.includes(word));
    if (known === undefined) {
      const message = `there is no step \`${words[0]}\``;
      return { code: 'bad-program', message, hint: didYouMean(words[0], kinds) ?? list, ...atKey(words[0]) };
    }
    if (second !== undefined) {
      const message = `\`${known}\` and \`${second}\` stand in one step`;
      return {
        code: 'bad-program',
        message,
        hint: 'Begin each step with a dash of its own.',
        ...atKey(second),
      };
    }
    const isBare = (BARE as readonly string[]).includes(known);
    if (typeof value === 'string' && !isBare) {
      const message = `the step \`${known}\` needs an argument`;
      return { code: 'bad-program', message, hint: `Write \`${known}: …\`.` };
    }
    if (typeof value !== 'string' && isBare) {
      const message = `the step \`${known}\` has no argument`;
      return { code: 'bad-program', message, hint: `Write just \`${known}\`.`, ...atKey(known) };
    }
    return kinds.indexOf(known);
  };
}

function labelSchema(): z.ZodType<string> {
  return leaf(
    nonEmpty(),
    (label) => {
      if (!RESERVED_LABELS.includes(String(label))) return null;
      const message = `a label cannot be one of ${RESERVED_LABELS.join(', ')}`;
      return { code: 'bad-program', message, hint: 'Choose another label.' };
    },
    { noun: 'a label' },
  );
}

function commSchema(): z.ZodType<string> {
  return leaf(
    z.string(),
    (comm) =>
      /^[^\0\r\n]+$/.test(String(comm))
        ? null
        : {
            code: 'bad-program',
            message: 'a `comm` is a line of text that is not empty',
            hint: 'Write one.',
          },
    { noun: 'a text', description: 'What ps shows. The kernel keeps 15 bytes of it.' },
  );
}

const DISTRIBUTIONS = ['uniform', 'exponential', 'lognormal'];

function durationSchema(): z.ZodType {
  const duration = (): z.ZodString => durationLeaf({ mostUs: LONGEST_US });
  const uniform = conditioned(z.array(duration()).min(2).max(2), ([low, high]) =>
    parseDurationUs(low)! <= parseDurationUs(high)!
      ? null
      : { code: 'out-of-range', message: 'the shorter duration comes first', hint: 'Change their order.' },
  );
  const schema = z
    .union([
      duration().describe('Always as long.'),
      z.strictObject({ uniform }).describe('Every length from the first to the second is as likely.'),
      z
        .strictObject({ exponential: z.strictObject({ mean: duration() }) })
        .describe('Exponential, by its mean.'),
      z
        .strictObject({
          lognormal: z.strictObject({
            median: duration(),
            sigma: z.number().min(0).max(20).describe('Standard deviation of the natural logarithm.'),
          }),
        })
        .describe('Lognormal, by its median: half of the draws are shorter.'),
    ])
    .meta({ id: 'Duration', description: '`250ms`, `10s`, `1h30m`, or a distribution over durations.' });
  return tellApart(schema, (value) => {
    if (!isMapping(value)) return 0;
    const [key] = Object.keys(value);
    const index = DISTRIBUTIONS.indexOf(key);
    if (index >= 0) return index + 1;
    const hint = didYouMean(key ?? '', DISTRIBUTIONS) ?? `One of ${DISTRIBUTIONS.join(', ')}.`;
    return { code: 'bad-duration', message: 'this is no distribution over durations', hint };
  });
}
