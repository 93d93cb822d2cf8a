/** `pidsim teach quiz`: a problem of a seed, or of given actions; and its answer, which is the model's. */
import type { CommandModule } from 'yargs';
import { renderPs } from '../report/ps.js';
import { transitionWords } from '../report/transition-words.js';
import {
  type Action,
  type Answer,
  type Problem,
  parseActions,
  problemOf,
  solve,
  textOf,
} from '../run/quiz.js';
import { listOf } from '../text/figures.js';
import { usageError } from './exit.js';

interface Arguments {
  seed: number;
  actions?: string;
  reaps: boolean;
  compute: boolean;
}

const SAID: Record<Action['does'], (action: Action) => string> = {
  '+': ({ actor, child }) => `${actor} forks ${child}`,
  '?': ({ actor, child }) => `${actor} waits for ${child}`,
  '!': ({ actor }) => `${actor} exits`,
  '*': ({ actor }) => `${actor} starts a session of its own`,
  '^': ({ actor }) => `${actor} becomes a subreaper`,
};

export const quizCommand: CommandModule<object, Arguments> = {
  command: 'quiz',
  describe: 'A problem about fork, exit, wait and orphans; the answer comes from the model',
  builder: (yargs) =>
    yargs
      .option('seed', {
        alias: 's',
        type: 'number',
        nargs: 1,
        default: 1,
        describe: 'Each seed is a problem',
      })
      .option('actions', {
        alias: 'A',
        type: 'string',
        nargs: 1,
        describe: "Your own: 'a+b,b+c,b!,a?b': fork, exit, wait; b* is setsid, b^ a subreaper; a is PID 1",
      })
      .option('reaps', {
        type: 'boolean',
        default: false,
        describe: 'With --actions: PID 1 reaps what it adopts',
      })
      .option('compute', {
        alias: 'c',
        type: 'boolean',
        default: false,
        describe: 'The answer, step by step',
      })
      .example('$0 teach quiz -s 7', 'a problem')
      .example('$0 teach quiz -s 7 -c', 'its answer'),
  handler({ seed, actions, reaps, compute }) {
    const problem = actions === undefined ? problemOfSeed(seed) : given(actions, reaps);
    const answer = solve(problem);
    if (typeof answer === 'string') throw usageError(`--actions: ${answer}`);
    const head = `PID 1 is a, which ${problem.initReaps ? 'reaps whatever it has forked or adopted' : 'waits only where it says so'}.\n`;
    process.stdout.write(`${head}\n${compute ? solved(problem, answer) : asked(problem)}`);
  },
};

function problemOfSeed(seed: number): Problem {
  if (!Number.isSafeInteger(seed)) throw usageError(`--seed ${seed}: a whole number is needed`);
  return problemOf(seed);
}

function given(text: string, initReaps: boolean): Problem {
  const actions = parseActions(text);
  if (actions === null)
    throw usageError(`--actions ${text}: not a list of actions`, "such as 'a+b,b+c,b!,a?b'");
  return { actions, initReaps };
}

const line = (action: Action): string => `  ${textOf(action).padEnd(5)}${SAID[action.does](action)}\n`;

function asked({ actions }: Problem): string {
  return `${actions.map(line).join('')}
Which processes are there now, and whose children are they? Which of them are zombies?
Which PIDs can be given to a new process, and which belong to nobody and cannot?
The answer: the same with -c.
`;
}

function solved({ actions }: Problem, { steps, rows, pinned }: Answer): string {
  const told = actions.map((action, index) => {
    const reasons = steps[index].map((transition) => `       ${transitionWords(transition, 0)}\n`);
    return line(action) + reasons.join('');
  });
  const listed = renderPs(
    rows.map((row) => ({ ...row, pod: null, container: null })),
    { tree: true },
  );
  const hidden = pinned.length === 0 ? 'No PID is pinned.' : `Pinned: PID ${listOf(pinned.map(String))}.`;
  return `${told.join('')}\n${listed}${hidden}\n`;
}
