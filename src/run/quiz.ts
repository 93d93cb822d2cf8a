/**
 * Problems for a class: a few processes do a few things. Which processes are there then, whose children are
 * they, are they dead or alive, and which PIDs are taken? The answer is what the kernel model does.
 *
 *     seed ─► actions, each possible in its turn ─► kernel ─► transitions, rows, pinned PIDs
 */
import { RandomStreams } from '../sim/random.js';
import { type Action, type Problem, type QuizState, QuizWorld } from './quiz-world.js';
import type { Transition } from './transitions.js';

export type { Action, Problem } from './quiz-world.js';

/** What there is at the end, and on the way to it. */
export interface Answer extends QuizState {
  /** What came of each action. */
  steps: Transition[][];
  /** What there was at first, and after each action. */
  states: QuizState[];
}

const ACTION = /^(?:([a-z])(?:([+?])([a-z])|([!*^]))|>([a-z]))$/;
const ACTIONS = { least: 6, more: 4 };
/** What a problem has to have besides an orphan: each is as likely as the others. */
const KINDS: { has: (world: QuizWorld) => boolean; enters?: boolean; pidsMax?: number }[] = [
  { has: ({ state }) => state.pinned.length > 0 },
  { has: ({ adopters }) => adopters.has('subreaper') },
  { has: ({ state }) => state.rows.some(({ ppid, pid }) => ppid === 0 && pid > 1), enters: true },
  { has: ({ refused }) => refused > 0, pidsMax: 4 },
  { has: () => true },
  { has: () => true },
];

/** Reads `a+b,b!,a?b`. Null: the text is no such list. */
export function parseActions(text: string): Action[] | null {
  const found = text.split(',').map((part) => ACTION.exec(part.trim()));
  if (found.includes(null)) return null;
  return found.map((match) => {
    const [, actor, two, child, one, entered] = match!;
    if (entered !== undefined) return { actor: entered, does: '>' };
    return { actor, does: (two ?? one) as Action['does'], ...(child === undefined ? {} : { child }) };
  });
}

/** Does all actions. A string: the first that is not possible, and why. */
export function solve(problem: Problem): Answer | string {
  const world = new QuizWorld(problem);
  const steps: Transition[][] = [];
  const states = [world.state];
  for (const action of problem.actions) {
    const hindered = world.hinders(action);
    if (hindered !== null) return `${textOf(action)}: ${hindered}`;
    steps.push(world.do(action));
    states.push(world.state);
  }
  return { steps, states, ...world.state };
}

export function textOf({ actor, does, child = '' }: Action): string {
  return does === '>' ? `>${actor}` : `${actor}${does}${child}`;
}

/** The problem of a seed: one in which an orphan was adopted, and processes are left. */
export function problemOf(seed: number): Problem {
  const drawn = new RandomStreams(seed).stream('quiz', 'kind').uniform();
  const { has, enters = false, pidsMax = null } = KINDS[Math.floor(drawn * KINDS.length)];
  for (let attempt = 0; ; attempt++) {
    const chance = new RandomStreams(seed, attempt).stream('quiz', 'problem');
    const below = (count: number): number => Math.floor(chance.uniform() * count);
    const initReaps = chance.uniform() < 0.4;
    const world = new QuizWorld({ initReaps, pidsMax });
    const actions: Action[] = [];
    for (const count = ACTIONS.least + below(ACTIONS.more); actions.length < count; ) {
      const possible = world.possible(enters);
      // Each kind of action is equally likely, however many of the kind are possible.
      const kinds = [...new Set(possible.map(({ does }) => does))];
      const does = kinds[below(kinds.length)];
      const ofKind = possible.filter((action) => action.does === does);
      const action = ofKind[below(ofKind.length)];
      world.do(action);
      actions.push(action);
    }
    const isLeft = world.adopters.size > 0 && world.state.rows.length > 2;
    if (isLeft && has(world)) return { actions, initReaps, pidsMax };
  }
}
