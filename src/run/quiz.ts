/**
 * Problems for a class: a few processes do a few things. Which processes are there then, whose children are
 * they, are they dead or alive, and which PIDs are taken? The answer is what the kernel model does.
 *
 *     seed ──► actions, each possible when its turn comes ──► kernel ──► transitions, rows, pinned PIDs
 */
import { ANY, Kernel, NO_CHILD, NONE, type TaskId, type TaskRow, WOULD_BLOCK } from '../kernel/kernel.js';
import { kernelRules } from '../node/versions/kernel.js';
import { RandomStreams } from '../sim/random.js';
import { type Transition, Transitions } from './transitions.js';

/** `a+b`: forks; `a?b`: waits for a child that is dead; `b!`: exits; `b*`: setsid; `b^`: becomes a subreaper. */
export interface Action {
  actor: string;
  does: '+' | '?' | '!' | '*' | '^';
  child?: string;
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
    const [, actor, two, child, one] = match!;
    return { actor, does: (two ?? one) as Action['does'], ...(child === undefined ? {} : { child }) };
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

export function textOf({ actor, does, child = '' }: Action): string {
  return `${actor}${does}${child}`;
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
  hinders({ actor, does, child = '' }: Action): string | null {
    const task = this.#alive(actor);
    if (task === NONE) return `there is no live process ${actor}`;
    if (does === '+') return this.#tasks.has(child) ? `there has been a ${child} already` : null;
    if (does === '!') return actor === 'a' ? 'PID 1 cannot exit here' : null;
    if (does === '*') return this.#leads(actor) ? `${actor} leads a group already` : null;
    if (does === '^') return this.#subreapers.has(actor) ? `${actor} adopts orphans already` : null;
    if (does !== '?') return null;
    const childTask = this.#tasks.get(child);
    const isThere =
      childTask !== undefined &&
      this.kernel.listTasks().some((row) => row.task === childTask && row.comm === child);
    if (!isThere || this.kernel.parentOf(childTask) !== task) return `${child} is no child of ${actor}`;
    return this.kernel.isZombie(childTask) ? null : `${child} lives, so ${actor} would block`;
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

  do({ actor, does, child = '' }: Action): Transition[] {
    const { kernel } = this;
    const task = this.#tasks.get(actor)!;
    this.#told = [];
    if (does === '+') this.#tasks.set(child, kernel.fork(task, kernel.comm(child)));
    else if (does === '?') kernel.wait(task, this.#tasks.get(child)!);
    else if (does === '!') kernel.exit(task, 0);
    else if (does === '*') kernel.setsid(task);
    else {
      kernel.setSubreaper(task, true);
      this.#subreapers.add(actor);
    }
    for (let found: TaskId = NONE; this.initReaps && found !== WOULD_BLOCK && found !== NO_CHILD; )
      found = kernel.wait(kernel.init, ANY);
    return this.#told;
  }

  possible(): Action[] {
    const names = [...this.#tasks.keys()];
    const next = String.fromCharCode('a'.charCodeAt(0) + names.length);
    const all: Action[] = names.flatMap((actor): Action[] => [
      ...(names.length < PROCESSES_MAX ? [{ actor, does: '+', child: next } as const] : []),
      ...(['!', '*', '^'] as const).map((does) => ({ actor, does })),
      ...names.map((child) => ({ actor, does: '?', child }) as const),
    ]);
    return all.filter((action) => this.hinders(action) === null);
  }
}
