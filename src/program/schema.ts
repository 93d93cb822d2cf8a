/**
 * The step language as zod schemas: types at the door, JSON Schema for editors, `pidsim explain` and the
 * reference page all come from here, which is why everything has a description.
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
import {
  KILL_TARGETS,
  type ProgramSource,
  SIGCHLD_DISPOSITIONS,
  SIGNAL_NAMES,
  SIGTERM_DISPOSITIONS,
  type Step,
  WAIT_TARGETS,
} from './step.js';

/** As many as a node can have PIDs (PID_MAX_LIMIT): no count of threads needs to be larger. */
export const COUNT_MAX = 4_194_304;
/** A counted loop's bound: what fits an operand. */
const TIMES_MAX = 2 ** 31 - 1;

/** Labels that would read as something else in `wait` or `kill`. */
export const RESERVED_LABELS: readonly string[] = [...WAIT_TARGETS, ...KILL_TARGETS];

export interface ProgramSchemas {
  program: z.ZodType<ProgramSource>;
  steps: z.ZodType<Step[]>;
  step: z.ZodType<Step>;
  /** One schema for each kind of step, by the word it is written with. */
  kinds: ReadonlyMap<string, z.ZodType>;
}

let built: ProgramSchemas | undefined;

/** The schemas of programs, steps and each kind of step. */
export function programSchemas(): ProgramSchemas {
  return (built ??= buildSchemas());
}

function buildSchemas(): ProgramSchemas {
  const steps: z.ZodType<Step[]> = z
    .lazy(() => z.array(step).min(1))
    .meta({ id: 'Steps', description: 'Steps, done one after another.' });
  const orElse: z.ZodType<Step[]> = z
    .lazy(() => z.array(step))
    .describe('What the parent does if it is refused. An empty list goes on as if nothing had happened.');
  const possiblyNone: z.ZodType<Step[]> = z.lazy(() => z.array(step));
  const kinds: ProgramSchemas['kinds'] = new Map<string, z.ZodType>([
    ...bareKinds(),
    ...plainKinds(),
    ...compoundKinds(steps, orElse, possiblyNone),
  ]);
  const step: z.ZodType<Step> = z
    .union([...kinds.values()] as [z.ZodType<Step>, ...z.ZodType<Step>[]])
    .meta({ id: 'Step', description: 'One step of a program.' });
  tellApart(step, chooseKind([...kinds.keys()]));
  const program = z
    .strictObject({
      comm: commSchema(),
      source: z.string().optional().describe('Where the behaviour was measured or published.'),
      description: z.string().optional().describe('What the program is, for people.'),
      steps,
    })
    .meta({ id: 'Program', description: 'What a process does from its birth to its exit.' });
  return { program, steps, step, kinds };
}

function bareKinds(): [string, z.ZodType][] {
  const texts = {
    pause: 'Block for ever. Signals are still handled.',
    reap: 'waitpid(-1, WNOHANG) until nothing is left to reap. Never blocks.',
    setsid:
      'Become the leader of a new session and process group. A group leader is refused, with no effect.',
    setpgid: 'Become the leader of a new process group.',
    'exit-main-thread':
      'The main thread ends (pthread_exit) and an extra thread goes on with the next step. The process then shows as ' +
      'defunct (Zl), yet its parent can reap it only when its last thread has ended.',
  };
  return Object.entries(texts).map(([word, text]) => [word, z.literal(word).describe(text)]);
}

/** Steps with one plain argument. */
function plainKinds(): [string, z.ZodType][] {
  const kind = (word: string, argument: z.ZodType, text: string): [string, z.ZodType] => [
    word,
    z.strictObject({ [word]: argument }).describe(text),
  ];
  return [
    kind('sleep', durationSchema(), 'Block for a duration: a constant, or one draw of a distribution.'),
    kind(
      'wait',
      nonEmpty().describe('`any`, `all`, or the label of a fork.'),
      'Block until one child (`any`), every child (`all`) or the labelled child has been reaped. Goes on at once when ' +
        'there is none. The status of a labelled child stays known once it has been reaped.',
    ),
    kind(
      'sigchld',
      z.enum(SIGCHLD_DISPOSITIONS),
      'Disposition of SIGCHLD. `default`: nothing is delivered and dead children stay zombies. `ignore` (SIG_IGN): ' +
        'children that die are reaped by the kernel; survives fork and exec. `nocldwait` (SA_NOCLDWAIT): the same, ' +
        'but exec resets it. `reap-all`: a handler that calls waitpid until nothing is left. `reap-one`: a handler ' +
        'that calls waitpid once.',
    ),
    kind(
      'on-term',
      z.enum(SIGTERM_DISPOSITIONS),
      'Disposition of SIGTERM: `default` (ends the process; PID 1 is immune), `ignore`, or `exit`: a handler that ' +
        'exits 0.',
    ),
    kind(
      'subreaper',
      z.boolean(),
      'PR_SET_CHILD_SUBREAPER: adopt orphaned descendants of the same PID namespace, as tini -s does.',
    ),
    kind(
      'exit',
      numberOr(statusSchema(), 'waited'),
      'Exit with a status; `waited`: with that of the child that the last wait step reaped, as a shell does. A ' +
        'process whose steps are over exits 0.',
    ),
    kind(
      'status',
      statusSchema(),
      'Set the status that `if` looks at and `exit: waited` exits with, as a command that a shell does itself.',
    ),
    kind(
      'break',
      whole(1, COUNT_MAX),
      'Go on behind the `repeat` around this step; 2: behind the one around that.',
    ),
  ];
}

/** Steps that carry other steps. */
function compoundKinds(
  steps: z.ZodType<Step[]>,
  orElse: z.ZodType<Step[]>,
  possiblyNone: z.ZodType<Step[]>,
): [string, z.ZodType][] {
  const programName = nonEmpty().describe('Name of a program: from `programs:` or the catalogue.');
  const fork = conditioned(
    z.strictObject({
      label: labelSchema().optional().describe('A name for the child, for `wait` and `kill` in these steps.'),
      comm: commSchema().optional().describe("What ps shows for the child. Without it: the parent's comm."),
      steps: steps.optional().describe('What the child does. It exits 0 after the last step.'),
      program: programName
        .optional()
        .describe('What the child does: the steps of this program, under its comm, without an exec.'),
      orElse: orElse
        .optional()
        .describe('What the parent does if the fork is refused. Without it: exit 2, as dash does.'),
    }),
    checkForkBody,
  );
  const orElseBesideFork = orElse.optional().describe('The same as `orElse` inside `fork`.');
  return [
    [
      'fork',
      conditioned(z.strictObject({ fork, orElse: orElseBesideFork }), checkOneRefusal).describe(
        'Create a child process.',
      ),
    ],
    ['exec', execSchema(steps, programName)],
    [
      'threads',
      z
        .strictObject({
          threads: whole(0, COUNT_MAX),
          orElse: orElse
            .optional()
            .describe('What the process does if a thread is refused. Without it: abort (status 134).'),
        })
        .describe(
          'Have this many threads besides the main one from now on. Each holds a PID; 0 ends them all.',
        ),
    ],
    [
      'kill',
      z
        .strictObject({
          kill: z.strictObject({
            target: nonEmpty().describe(
              'The label of a fork, or `children` (all of them), `group` (the own process group), `parent`, `self`.',
            ),
            signal: z.enum(SIGNAL_NAMES).describe('Signal to send.'),
          }),
          orElse: orElse
            .optional()
            .describe('What the process does if no process is there to get the signal. Without it: nothing.'),
        })
        .describe('Send a signal.'),
    ],
    [
      'repeat',
      z
        .strictObject({
          repeat: z.strictObject({
            times: numberOr(whole(1, TIMES_MAX), 'forever').describe('How often, or `forever`.'),
            steps,
          }),
        })
        .describe('Do the steps again and again.'),
    ],
    [
      'chance',
      z
        .strictObject({
          chance: z.strictObject({
            p: z.number().min(0).max(1).describe('Probability of `steps`.'),
            steps,
            else: steps.optional().describe('What is done otherwise.'),
          }),
        })
        .describe('Toss a seeded coin.'),
    ],
    [
      'if',
      z
        .strictObject({
          if: z.strictObject({
            status: statusSchema(),
            steps: possiblyNone.describe('What is done if it is this one. An empty list goes on.'),
            else: steps.optional().describe('What is done otherwise.'),
          }),
        })
        .describe(
          'Look at the status of the child that the last wait step reaped, or that `status` has set.',
        ),
    ],
  ];
}

function execSchema(steps: z.ZodType<Step[]>, programName: z.ZodType<string>): z.ZodType {
  const body = z.union([
    z.strictObject({ program: programName }),
    z.strictObject({ comm: commSchema(), steps }),
  ]);
  tellApart(body, (value) => (isMapping(value) && 'program' in value ? 0 : 1));
  return z
    .strictObject({ exec: body })
    .describe(
      'Replace the process image: same PIDs, extra threads end, handlers go back to default, what is ignored ' +
        'stays ignored. Steps after it are never reached.',
    );
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

const BARE_WORDS: ReadonlySet<string> = new Set(['pause', 'reap', 'setsid', 'setpgid', 'exit-main-thread']);

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
    const isBare = BARE_WORDS.has(known);
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
