/** `pidsim teach quiz`: a problem of a seed, or of given actions; and its answer, which is the model's. */
import type { CommandModule } from 'yargs';
import { forest, renderPs } from '../report/ps.js';
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
import { quizLitmus } from '../run/quiz-litmus.js';
import type { QuizState } from '../run/quiz-world.js';
import type { NodeProcess } from '../run/result.js';
import { listOf } from '../text/figures.js';
import { usageError } from './exit.js';
import { flag, number, off, text } from './options.js';

interface Arguments {
  seed: number;
  actions?: string;
  reaps: boolean;
  pidsMax?: number;
  tree?: boolean;
  final?: boolean;
  compute?: boolean;
  litmus?: boolean;
}

const SAID: Record<Action['does'], (action: Action) => string> = {
  '+': ({ actor, child }) => `${actor} forks ${child}`,
  '?': ({ actor, child }) => `${actor} waits for ${child}`,
  '!': ({ actor }) => `${actor} exits`,
  '*': ({ actor }) => `${actor} starts a session of its own`,
  '^': ({ actor }) => `${actor} becomes a subreaper`,
  '>': ({ actor }) => `${actor} comes in from outside, as a health check does`,
};
/** PIDs are those of the namespace of `a`; what is outside it has none there. */
const INSIDE = 1;

export const quizCommand: CommandModule<object, Arguments> = {
  command: 'quiz',
  describe: 'A problem about fork, exit, wait and orphans; the answer comes from the model',
  builder: (yargs) =>
    yargs
      .options({
        seed: { alias: 's', ...number('Each seed is a problem'), default: 1 },
        actions: {
          alias: 'A',
          ...text(
            "Your own: 'a+b,b+c,b!,a?b': fork, exit, wait; b* is setsid, b^ a subreaper, >d comes in; a " +
              'is PID 1',
          ),
        },
        reaps: off('With --actions: PID 1 reaps what it adopts'),
        'pids-max': number('With --actions: how many processes, zombies included, there may be at a time'),
        tree: {
          alias: 't',
          ...flag('The other way round: the trees are shown, and the actions are asked for'),
        },
        final: { alias: 'F', ...flag('With -t: only the first tree and the last'), implies: 'tree' },
        compute: { alias: 'c', ...flag('The answer, step by step') },
        litmus: flag('The problem and its answer as a litmus file, for `pidsim lab verify`'),
      })
      .conflicts('litmus', ['tree', 'compute'])
      .example('$0 teach quiz -s 7', 'a problem')
      .example('$0 teach quiz -s 7 -c', 'its answer')
      .example("$0 teach quiz -A 'a+b,b!,a?b' -c", 'what becomes of actions of your own')
      .example(
        '$0 teach quiz -s 7 --litmus > quiz-7.yaml',
        'then `lab verify quiz-7.yaml`: does Linux agree?',
      ),
  handler(args) {
    const { seed, actions, tree = false, final = false, compute = false, litmus = false } = args;
    const problem = actions === undefined ? problemOfSeed(args) : given(actions, args);
    const answer = solve(problem);
    if (typeof answer === 'string') throw usageError(`--actions: ${answer}`);
    const name = actions === undefined ? `quiz-${seed}` : 'quiz';
    if (litmus) process.stdout.write(quizLitmus(name, problem, answer));
    else if (tree)
      process.stdout.write(`${head(problem)}\n${(final ? ends : trees)(problem, answer, compute)}`);
    else process.stdout.write(`${head(problem)}\n${compute ? solved(problem, answer) : asked(problem)}`);
  },
};

function problemOfSeed({ seed, reaps, pidsMax }: Arguments): Problem {
  if (!Number.isSafeInteger(seed)) throw usageError(`--seed ${seed}: a whole number is needed`);
  if (reaps || pidsMax !== undefined)
    throw usageError(`--${reaps ? 'reaps' : 'pids-max'} goes with --actions: the seed decides that, too`);
  return problemOf(seed);
}

function given(text: string, { reaps: initReaps, pidsMax }: Arguments): Problem {
  const actions = parseActions(text);
  if (actions === null)
    throw usageError(`--actions ${text}: not a list of actions`, "such as 'a+b,b+c,b!,a?b'");
  if (pidsMax !== undefined && (!Number.isSafeInteger(pidsMax) || pidsMax < 1))
    throw usageError(`--pids-max ${pidsMax}: a whole number from 1 on is needed`);
  return { actions, initReaps, pidsMax: pidsMax ?? null };
}

function head({ initReaps, pidsMax }: Problem): string {
  const init = initReaps ? 'reaps whatever it has forked or adopted' : 'waits only where it says so';
  const limit =
    pidsMax === null ? '' : `pids.max of their cgroup is ${pidsMax}; a fork beyond it is refused.\n`;
  return `PID 1 is a, which ${init}.\n${limit}`;
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
    const reasons = steps[index].map((transition) => `       ${transitionWords(transition, INSIDE)}\n`);
    return line(action) + reasons.join('');
  });
  const listed = rows.length === 0 ? 'No process is left.\n' : renderPs(asProcesses(rows), { tree: true });
  return `${told.join('')}\n${listed}${pinnedLine(pinned)}\n`;
}

function pinnedLine(pinned: readonly number[]): string {
  return pinned.length === 0 ? 'No PID is pinned.' : `Pinned: PID ${listOf(pinned.map(String))}.`;
}

const asProcesses = (rows: QuizState['rows']): NodeProcess[] =>
  rows.map((row) => ({ ...row, pod: null, container: null }));

// ------------------------------------------------------------------------------------------- tree to actions

function trees({ actions }: Problem, { states, steps }: Answer, compute: boolean): string {
  const parts = actions.map((action, index) => {
    const asked = compute ? `${index + 1}. ${line(action).trim()}` : `${index + 1}. which action?`;
    // A refused fork leaves the tree as it is.
    const refused = steps[index].some(({ kind }) => kind === 'refused') ? '  (a fork was refused)\n' : '';
    return `${asked}\n\n${treeOf(states[index + 1])}${refused}\n`;
  });
  const end =
    'Each is one action: a fork, an exit, a wait, setsid, a subreaper, or a process that comes in.\n';
  return `${treeOf(states[0])}\n${parts.join('')}${compute ? '' : `${end}The answer: the same with -c.\n`}`;
}

/** The first tree and the last, and how many actions lie between. */
function ends({ actions }: Problem, { states }: Answer, compute: boolean): string {
  const between = compute ? actions.map(line).join('') : `  which ${actions.length} actions?\n`;
  const more = compute
    ? 'Other actions may have led there, too: try yours with -A and -c.\n'
    : 'The actions of this problem: the same with -c.\n';
  return `${treeOf(states[0])}\n${between}\n${treeOf(states[states.length - 1])}\n${more}`;
}

function treeOf({ rows, pinned, subreapers }: QuizState): string {
  if (rows.length === 0) return '  no process\n';
  const lines = forest(asProcesses(rows), false).map(({ row: { pid, ppid, sid, stat, comm }, prefix }) => {
    const marks = [
      stat[0] === 'Z' && 'a zombie',
      ppid === 0 && pid > 1 && 'its parent is outside',
      sid === pid && pid > 1 && 'leads a session',
      subreapers.includes(comm) && 'a subreaper',
    ];
    return `  ${[`${prefix}${comm} ${pid}`, ...marks.filter((mark) => mark !== false)].join(', ')}\n`;
  });
  return lines.join('') + (pinned.length === 0 ? '' : `  ${pinnedLine(pinned)}\n`);
}
