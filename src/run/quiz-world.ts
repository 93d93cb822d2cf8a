/** The world of a problem: a PID namespace on the kernel model, in which one action is done after another. */
import {
  ANY,
  HOST_NS,
  Kernel,
  NO_CHILD,
  NONE,
  ROOT_CGROUP,
  type TaskId,
  type TaskRow,
  WOULD_BLOCK,
} from '../kernel/kernel.js';
import { kernelRules } from '../node/versions/kernel.js';
import { type Transition, Transitions } from './transitions.js';

const PROCESSES_MAX = 7;
/** At most so many processes come in from outside in a problem that is drawn; a written one may have more. */
const ENTERED_MAX = 2;
const PID_MAX = 1000;

/**
 * `a+b`: forks; `a?b`: waits for a child that is dead; `b!`: exits; `b*`: setsid; `b^`: becomes a subreaper;
 * `>b`: comes in from outside, as what `docker exec` starts.
 */
export interface Action {
  actor: string;
  does: '+' | '?' | '!' | '*' | '^' | '>';
  child?: string;
}

export interface Problem {
  actions: Action[];
  /** Does PID 1, which is `a`, reap each of its children as soon as it is dead, forked or adopted? */
  initReaps: boolean;
  /** `pids.max` of the one cgroup, in which zombies count too (K34). null: no limit. */
  pidsMax: number | null;
}

/** What there is between two actions. */
export interface QuizState {
  rows: TaskRow[];
  pinned: number[];
  /** Names of live processes that have made themselves subreapers. */
  subreapers: string[];
}

export class QuizWorld {
  readonly #kernel: Kernel;
  /** Outside the namespace: makes it, lets processes in, reaps its children, as a container runtime does. */
  readonly #runtime: TaskId;
  readonly #namespace;
  readonly #cgroup;
  #told: Transition[] = [];
  /** The rows until the next action, since they are asked for many times. */
  #listed: TaskRow[] | null = null;
  readonly #tasks = new Map<string, TaskId>();
  /** The name of each process that was forked inside, and of the one that forked it. */
  readonly #forkedBy = new Map<string, string>();
  readonly #subreapers = new Set<string>();
  /** So far: which kinds of process have adopted an orphan, and how many forks were refused. */
  readonly adopters = new Set<'init' | 'subreaper'>();
  refused = 0;

  constructor(private readonly problem: Omit<Problem, 'actions'>) {
    const transitions = new Transitions({ nowUs: 0 }, (told) => {
      this.#told.push(told);
      if (told.kind === 'reparented') this.adopters.add(told.why);
      if (told.kind === 'refused') this.refused++;
    });
    const kernel = new Kernel({
      rules: kernelRules('6.18')!,
      pidMax: PID_MAX,
      threadsMax: PID_MAX,
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
    this.#kernel = transitions.kernel = kernel;
    this.#runtime = kernel.fork(kernel.init, kernel.comm('runtime'));
    this.#namespace = kernel.unsharePidNamespace(this.#runtime, PID_MAX);
    this.#cgroup = kernel.createCgroup(ROOT_CGROUP, problem.pidsMax ?? Number.POSITIVE_INFINITY);
    this.#enter('a');
    const init = this.#tasks.get('a')!;
    kernel.setsid(init);
    if (problem.initReaps) kernel.setSigchld(init, 'reap-all');
    transitions.isOn = true;
  }

  #enter(name: string): void {
    const task = this.#kernel.fork(this.#runtime, this.#kernel.comm(name));
    this.#kernel.attach(task, this.#cgroup);
    this.#tasks.set(name, task);
  }

  #rows(): TaskRow[] {
    return (this.#listed ??= this.#kernel.listTasks(this.#namespace));
  }

  get state(): QuizState {
    return {
      rows: this.#rows(),
      pinned: this.#kernel.pinnedPids(this.#namespace),
      subreapers: [...this.#subreapers].filter((name) => this.#alive(name) !== NONE),
    };
  }

  /** Why the action is not possible now; null: it is. */
  hinders({ actor, does, child = '' }: Action): string | null {
    if (does === '>') {
      if (this.#alive('a') === NONE) return 'a has exited, so there is no namespace to enter';
      return this.#tasks.has(actor) ? `there has been a ${actor} already` : null;
    }
    const task = this.#alive(actor);
    if (task === NONE) return `there is no live process ${actor}`;
    if (does === '+') return this.#tasks.has(child) ? `there has been a ${child} already` : null;
    if (does === '*') return this.#leads(actor) ? `${actor} leads a group already` : null;
    if (does === '^')
      return actor === 'a' || this.#subreapers.has(actor) ? `${actor} adopts orphans already` : null;
    return does === '?' ? this.#hindersWait(actor, child) : null;
  }

  #hindersWait(actor: string, child: string): string | null {
    const rows = this.#rows().filter(({ task }) => this.#kernel.parentOf(task) === this.#tasks.get(actor));
    const row = rows.find(({ comm }) => comm === child);
    if (row === undefined) return `${child} is no child of ${actor}`;
    if (row.stat[0] !== 'Z') return `${child} lives, so ${actor} would block`;
    const other = rows.find(({ comm, stat }) => stat[0] === 'Z' && comm !== child);
    if (other === undefined || this.#forkedBy.get(child) === actor) return null;
    return `${actor} has adopted ${child}, so it waits for any child, and ${other.comm} is dead too`;
  }

  #alive(name: string): TaskId {
    const task = this.#tasks.get(name);
    const isThere = this.#rows().some((row) => row.task === task && row.comm === name && row.stat[0] === 'S');
    return isThere ? task! : NONE;
  }

  #leads(name: string): boolean {
    return this.#rows().some(({ comm, pid, pgid }) => comm === name && pid === pgid);
  }

  do({ actor, does, child = '' }: Action): Transition[] {
    this.#told = [];
    if (does === '>') this.#enter(actor);
    else this.#doIn(this.#tasks.get(actor)!, actor, does, child);
    if (this.problem.initReaps) this.#reap(this.#tasks.get('a')!);
    this.#reap(this.#runtime);
    this.#listed = null;
    // What the runtime reaps outside is no part of the problem.
    return this.#told.filter(
      (told) => !('who' in told) || told.kind === 'fork' || told.who.namespace !== HOST_NS,
    );
  }

  #doIn(task: TaskId, actor: string, does: Action['does'], child: string): void {
    const kernel = this.#kernel;
    if (does === '+') {
      const forked = kernel.fork(task, kernel.comm(child));
      if (forked === NONE) return;
      // A handler is inherited, but only PID 1 itself is meant to reap.
      kernel.setSigchld(forked, 'default');
      this.#tasks.set(child, forked);
      this.#forkedBy.set(child, actor);
    } else if (does === '?') kernel.wait(task, this.#tasks.get(child)!);
    else if (does === '!') kernel.exit(task, 0);
    else if (does === '*') kernel.setsid(task);
    else {
      kernel.setSubreaper(task, true);
      this.#subreapers.add(actor);
    }
  }

  #reap(parent: TaskId): void {
    for (let found: TaskId = NONE; found !== WOULD_BLOCK && found !== NO_CHILD; )
      found = this.#kernel.canRun(parent) ? this.#kernel.wait(parent, ANY) : NO_CHILD;
  }

  /** All actions that are possible now. @param enters processes may come in from outside. */
  possible(enters: boolean): Action[] {
    const names = [...this.#tasks.keys()];
    const next = String.fromCharCode('a'.charCodeAt(0) + names.length);
    const isRoom = names.length < PROCESSES_MAX;
    const entered = names.length - this.#forkedBy.size - 1;
    const all: Action[] = names.flatMap((actor): Action[] => [
      ...(isRoom ? [{ actor, does: '+', child: next } as const] : []),
      // The exit of PID 1 would end everything.
      ...(['!', '*', '^'] as const).flatMap((does) => (does === '!' && actor === 'a' ? [] : { actor, does })),
      ...names.map((child) => ({ actor, does: '?', child }) as const),
    ]);
    if (enters && isRoom && entered < ENTERED_MAX) all.push({ actor: next, does: '>' });
    return all.filter((action) => this.hinders(action) === null);
  }
}
