/**
 * The step language as zod schemas: types at the door, JSON Schema for editors, `pidsim explain` and the reference
 * page all come from here, which is why everything has a description.
 *
 * Schemas are built on first use and once: a command that reads no program pays nothing for them.
 */
import * as z from 'zod';
import { LONGEST_US } from '../sim/distribution.js';
import { formatDuration, parseDurationUs } from '../sim/time.js';
import {
  KILL_TARGETS,
  type ProgramSource,
  SIGCHLD_DISPOSITIONS,
  SIGNAL_NAMES,
  SIGTERM_DISPOSITIONS,
  type Step,
} from './step.js';

/** As many as a node can have numbers (PID_MAX_LIMIT): no count of threads or rounds needs to be larger. */
export const COUNT_MAX = 4_194_304;
/** A counted loop's bound: what fits an operand. */
const TIMES_MAX = 2 ** 31 - 1;

/** Labels that would read as something else in `wait` or `kill`. */
export const RESERVED_LABELS: readonly string[] = ['any', 'all', ...KILL_TARGETS];

/** The union's own message when nothing in it fits; `problem.ts` knows a step by it. */
export const NOT_A_STEP = 'not a step';

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
    .lazy(() => z.array(step).min(1, { error: 'a list of steps needs at least one step' }))
    .meta({ id: 'Steps', description: 'Steps, done one after another.' });
  const orElse: z.ZodType<Step[]> = z
    .lazy(() => z.array(step))
    .describe('What the parent does if it is refused. An empty list goes on as if nothing had happened.');
  const kinds: ProgramSchemas['kinds'] = new Map<string, z.ZodType>([
    ...bareKinds(),
    ...plainKinds(),
    ...compoundKinds(steps, orElse),
  ]);
  const step: z.ZodType<Step> = z
    .union([...kinds.values()] as [z.ZodType<Step>, ...z.ZodType<Step>[]], { error: NOT_A_STEP })
    .meta({ id: 'Step', description: 'One step of a program.' });
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
      'defunct (Zl), yet nobody can reap it until its last thread has ended.',
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
      z.string().min(1).describe('`any`, `all`, or the label of a fork.'),
      'Block until one child (`any`), every child (`all`) or the labelled child has been reaped. Goes on at once when ' +
        'there is none.',
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
      z.union([z.int().min(0).max(255), z.literal('waited')], {
        error: 'expected a status from 0 to 255, or `waited`',
      }),
      'Exit with a status; `waited`: with that of the child that the last wait step reaped, as a shell does. A ' +
        'process whose steps are over exits 0.',
    ),
  ];
}

/** Steps that carry other steps. */
function compoundKinds(steps: z.ZodType<Step[]>, orElse: z.ZodType<Step[]>): [string, z.ZodType][] {
  const programName = z.string().min(1).describe('Name of a program: from `programs:` or the catalogue.');
  const fork = z
    .strictObject({
      label: z
        .string()
        .min(1)
        .refine((label) => !RESERVED_LABELS.includes(label), {
          error: `a label cannot be one of ${RESERVED_LABELS.join(', ')}`,
          params: { code: 'reserved-label' },
        })
        .optional()
        .describe('A name for the child, for `wait` and `kill` in these steps.'),
      comm: commSchema().optional().describe("What ps shows for the child. Without it: the parent's comm."),
      steps: steps.optional().describe('What the child does. It exits 0 after the last step.'),
      program: programName
        .optional()
        .describe('What the child does: the steps of this program, under its comm, without an exec.'),
      orElse: orElse
        .optional()
        .describe('What the parent does if the fork is refused. Without it: exit 2, as dash does.'),
    })
    .check((context) => checkForkBody(context.value, context.issues));
  const orElseBesideFork = orElse.optional().describe('The same as `orElse` inside `fork`.');
  return [
    [
      'fork',
      z
        .strictObject({ fork, orElse: orElseBesideFork })
        .check(({ value, issues }) => {
          if (value.orElse === undefined || value.fork.orElse === undefined) return;
          const message = '`orElse` stands inside `fork` or beside it, not both';
          issues.push({
            code: 'custom',
            path: ['orElse'],
            message,
            input: value,
            params: { code: 'conflicting-keys' },
          });
        })
        .describe('Create a child process.'),
    ],
    ['exec', execSchema(steps, programName)],
    [
      'threads',
      z
        .strictObject({
          threads: z.int().min(0).max(COUNT_MAX),
          orElse: orElse
            .optional()
            .describe('What the process does if a thread is refused. Without it: abort (status 134).'),
        })
        .describe(
          'Have this many threads besides the main one from now on. Each holds a number; 0 ends them all.',
        ),
    ],
    [
      'kill',
      z
        .strictObject({
          kill: z.strictObject({
            target: z
              .string()
              .min(1)
              .describe(
                'The label of a fork, or `children` (all of them), `group` (the own process group), `parent`, `self`.',
              ),
            signal: z.enum(SIGNAL_NAMES).describe('Signal to send.'),
          }),
          orElse: orElse
            .optional()
            .describe('What the process does if there is nobody to send it to. Without it: nothing.'),
        })
        .describe('Send a signal.'),
    ],
    [
      'repeat',
      z
        .strictObject({
          repeat: z.strictObject({
            times: z
              .union([z.int().min(1).max(TIMES_MAX), z.literal('forever')], {
                error: 'expected a number of times, at least 1, or `forever`',
              })
              .describe('How often, or `forever`.'),
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
  ];
}

function execSchema(steps: z.ZodType<Step[]>, programName: z.ZodType<string>): z.ZodType {
  const body = z.union(
    [z.strictObject({ program: programName }), z.strictObject({ comm: commSchema(), steps })],
    {
      error: 'expected {program: NAME}, or {comm, steps}',
    },
  );
  return z
    .strictObject({ exec: body })
    .describe(
      'Replace the process image: same numbers, extra threads end, handlers go back to default, what is ignored ' +
        'stays ignored. Steps after it are never reached.',
    );
}

type ForkShape = { label?: string; comm?: string; steps?: Step[]; program?: string };
type Issues = { push(issue: z.core.$ZodRawIssue): number };

function checkForkBody(body: ForkShape, issues: Issues): void {
  const report = (path: string[], code: string, message: string): void => {
    issues.push({ code: 'custom', path, message, input: body, params: { code } });
  };
  if (body.steps === undefined && body.program === undefined) {
    report([], 'missing-key', 'a fork needs `steps` or `program`');
  } else if (body.program !== undefined && body.steps !== undefined) {
    report(['program'], 'conflicting-keys', 'a fork has either `steps` or `program`, not both');
  } else if (body.program !== undefined && body.comm !== undefined) {
    report(
      ['comm'],
      'conflicting-keys',
      'a program brings its own comm: leave out `comm`, or fork `steps` that exec',
    );
  }
}

function commSchema(): z.ZodType<string> {
  return z
    .string()
    .regex(/^[^\0\r\n]+$/, { error: 'a comm is a non-empty line of text' })
    .describe('What ps shows. The kernel keeps 15 bytes of it.');
}

function durationSchema(): z.ZodType {
  const duration = z.string().refine(isDuration, {
    error: ({ input }) =>
      parseDurationUs(String(input)) === null
        ? 'not a duration: write a number and its unit, such as 250ms, 10s or 1h30m (units: d, h, m, s, ms, us)'
        : `a duration is at most ${formatDuration(LONGEST_US)}`,
    params: { code: 'bad-duration' },
  });
  const uniform = z
    .tuple([duration, duration])
    .refine(([low, high]) => (parseDurationUs(low) ?? 0) <= (parseDurationUs(high) ?? 0), {
      error: 'the shorter duration comes first',
      params: { code: 'bad-duration' },
    });
  return z
    .union(
      [
        duration.describe('Always as long.'),
        z.strictObject({ uniform }).describe('Every length from the first to the second alike.'),
        z
          .strictObject({ exponential: z.strictObject({ mean: duration }) })
          .describe('Exponential, by its mean.'),
        z
          .strictObject({
            lognormal: z.strictObject({
              median: duration,
              sigma: z.number().min(0).max(20).describe('Standard deviation of the natural logarithm.'),
            }),
          })
          .describe('Lognormal, by its median: half of the draws are shorter.'),
      ],
      {
        error:
          'expected a duration such as 10s, or one of {uniform: [1s, 2s]}, {exponential: {mean: 5s}}, ' +
          '{lognormal: {median: 300ms, sigma: 0.2}}',
      },
    )
    .meta({ id: 'Duration', description: '`250ms`, `10s`, `1h30m`, or a distribution over durations.' });
}

function isDuration(text: string): boolean {
  const us = parseDurationUs(text);
  return us !== null && us <= LONGEST_US;
}
