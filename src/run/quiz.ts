/**
 * Problems for a class: a few processes do a few things, and then: who is there, whose child, dead or alive, and which
 * PIDs are taken? The answer is what the kernel model does.
 *
 *     seed ──► actions, each possible when its turn comes ──► kernel ──► transitions, rows, pinned PIDs
 */
import { ANY, Kernel, NO_CHILD, NONE, type TaskId, type TaskRow, WOULD_BLOCK } from '../kernel/kernel.js';
import { kernelRules } from '../node/versions/kernel.js';
import { RandomStreams } from '../sim/random.js';
import { type Transition, Transitions } from './transitions.js';

/** `a+b`: forks; `a?b`: waits for a child that is dead; `b!`: exits; `b*`: setsid; `b^`: becomes a subreaper. */
export interface Action {
  who: string;
  does: '+' | '?' | '!' | '*' | '^';
  whom?: string;
}

export interface Problem {
  actions: Action[];
  /** Whether PID 1, which is `a`, waits for whatever it adopts or has forked, as soon as that is dead. */
  initReaps: boolean;
}

export interface Answer {
  /** Of each action what came of it. */
  steps: Transition[][];
  rows: TaskRow[];
  pinned: number[];
}

const ACTION = /^([a-z])(?:([+?])([a-z])|([!*^]))$/;
const PROCESSES_MAX = 7;
const ACTIONS = { least: 6, more: 4 };
/** What a problem has to have besides an orphan; most have nothing else. */
const KINDS: ((world: World) => boolean)[] = [
  ({ kernel }) => kernel.pinnedPids().length > 0,
  ({ adopters }) => adopters.has('subreaper'),
  () => true,
  () => true,
];

/** `a+b,b!,a?b`. Null: it is not written so. */
export function parseActions(text: string): Action[] | null {
  const found = text.split(',').map((part) => ACTION.exec(part.trim()));
  if (found.includes(null)) return null;
  return found.map((match) => {
    const [, who, two, whom, one] = match!;
    return { who, does: (two ?? one) as Action['does'], ...(whom === undefined ? {} : { whom }) };
  });
}

/** Does them all. A string: the first that is not possible, and why. */
export function solve({ actions, initReaps }: Problem): Answer | string {
  const world = new World(initReaps);
  const steps: Transition[][] = [];
  for (const action of actions) {
    const hindered = world.hinders(action);
    if (hindered !== null) return `${textOf(action)}: ${hindered}`;
    steps.push(world.do(action));
  }
  return { steps, rows: world.kernel.listTasks(), pinned: world.kernel.pinnedPids() };
}

export function textOf({ who, does, whom = '' }: Action): string {
  return `${who}${does}${whom}`;
}

/** The problem of a seed: one in which something stays that has to be understood. */
export function problemOf(seed: number): Problem {
  const isOfKind = KINDS[Math.floor(new RandomStreams(seed).stream('quiz', 'kind').uniform() * KINDS.length)];
  for (let attempt = 0; ; attempt++) {
    const chance = new RandomStreams(seed, attempt).stream('quiz', 'problem');
    const below = (count: number): number => Math.floor(chance.uniform() * count);
    const initReaps = chance.uniform() < 0.4;
    const world = new World(initReaps);
    const actions: Action[] = [];
    for (const count = ACTIONS.least + below(ACTIONS.more); actions.length < count; ) {
      const possible = world.possible();
      // What is rare otherwise is as likely as what there is much of.
      const kinds = [...new Set(possible.map(({ does }) => does))];
      const does = kinds[below(kinds.length)];
      const ofKind = possible.filter((action) => action.does === does);
      const action = ofKind[below(ofKind.length)];
      world.do(action);
      actions.push(action);
    }
    const isLeft = world.adopters.size > 0 && world.kernel.listTasks().length > 2;
    if (isLeft && isOfKind(world)) return { actions, initReaps };
  }
}

class World {
  readonly kernel: Kernel;
  /** Who has adopted an orphan so far. */
  readonly adopters = new Set<'init' | 'subreaper'>();
  #told: Transition[] = [];
  readonly #tasks = new Map<string, TaskId>();
  readonly #subreapers = new Set(['a']);

  constructor(private readonly initReaps: boolean) {
    const transitions = new Transitions({ nowUs: 0 }, (told) => {
      this.#told.push(told);
      if (told.kind === 'reparented') this.adopters.add(told.why);
    });
    this.kernel = new Kernel({
      rules: kernelRules('6.18')!,
      pidMax: 32_768,
      threadsMax: 32_768,
      initComm: 'a',
      watcher: transitions,
      hooks: {
        forked: (parent, child) => transitions.forked(parent, child),
        released: (task) => transitions.released(task),
        refused: (parent, refusal) => transitions.refused(parent, refusal),
        namespaceEnds: (init) => transitions.namespaceEnds(init),
        killed: () => false,
        ended() {},
        wake() {},
      },
    });
    transitions.kernel = this.kernel;
    transitions.isOn = true;
    this.#tasks.set('a', this.kernel.init);
  }

  /** Why it is not possible now; null: it is. */
  hinders({ who, does, whom = '' }: Action): string | null {
    const task = this.#alive(who);
    if (task === NONE) return `there is no live process ${who}`;
    if (does === '+') return this.#tasks.has(whom) ? `there has been a ${whom} already` : null;
    if (does === '!') return who === 'a' ? 'PID 1 cannot exit here' : null;
    if (does === '*') return this.#leads(who) ? `${who} leads a group already` : null;
    if (does === '^') return this.#subreapers.has(who) ? `${who} adopts orphans already` : null;
    if (does !== '?') return null;
    const child = this.#tasks.get(whom);
    const isThere =
      child !== undefined && this.kernel.listTasks().some((row) => row.task === child && row.comm === whom);
    if (!isThere || this.kernel.parentOf(child) !== task) return `${whom} is no child of ${who}`;
    return this.kernel.isZombie(child) ? null : `${whom} lives, so ${who} would block`;
  }

  #alive(name: string): TaskId {
    const task = this.#tasks.get(name) ?? NONE;
    return this.kernel
      .listTasks()
      .some((row) => row.task === task && row.comm === name && row.stat[0] === 'S')
      ? task
      : NONE;
  }

  #leads(name: string): boolean {
    return this.kernel.listTasks().some(({ comm, pid, pgid }) => comm === name && pid === pgid);
  }

  do({ who, does, whom = '' }: Action): Transition[] {
    const { kernel } = this;
    const task = this.#tasks.get(who)!;
    this.#told = [];
    if (does === '+') this.#tasks.set(whom, kernel.fork(task, kernel.comm(whom)));
    else if (does === '?') kernel.wait(task, this.#tasks.get(whom)!);
    else if (does === '!') kernel.exit(task, 0);
    else if (does === '*') kernel.setsid(task);
    else {
      kernel.setSubreaper(task, true);
      this.#subreapers.add(who);
    }
    for (let found: TaskId = NONE; this.initReaps && found !== WOULD_BLOCK && found !== NO_CHILD; )
      found = kernel.wait(kernel.init, ANY);
    return this.#told;
  }

  possible(): Action[] {
    const names = [...this.#tasks.keys()];
    const next = String.fromCharCode('a'.charCodeAt(0) + names.length);
    const all: Action[] = names.flatMap((who): Action[] => [
      ...(names.length < PROCESSES_MAX ? [{ who, does: '+', whom: next } as const] : []),
      ...(['!', '*', '^'] as const).map((does) => ({ who, does })),
      ...names.map((whom) => ({ who, does: '?', whom }) as const),
    ]);
    return all.filter((action) => this.hinders(action) === null);
  }
}
