/** What a shell knows at one point of its script, on one way through it, when that is compiled. */
import type { Function as ShellFunction } from 'unbash';
import type { Step } from '../step.js';
import { type Status, SUCCESS, textOf, UNKNOWN, type Value } from './values.js';

export type FunctionBody = ShellFunction['body'];

export class State {
  status: Status = SUCCESS;
  /** Statuses that the last command may fail with. */
  failures: readonly number[] = [1];
  /** The status that it usually has; null: nothing is known of that. */
  usual: number | null = null;
  /** All commands so far have ended as they usually do. */
  isUsual = true;
  /** Counts the statuses that children had: a variable that holds an earlier one is lost. */
  statusCount = 0;
  variables = new Map<string, Value>([['OPTIND', { text: '1' }]]);
  /** Names that the script sets somewhere. */
  ownNames = new Set<string>();
  functions = new Map<string, FunctionBody>();
  positional: Value[] = [];
  /** Label of `$!`, and of every job in the background that is a child of this process and not waited for. */
  lastJob: string | null = null;
  jobs: string[] = [];
  /** Jobs that were waited for and are still remembered. */
  done: readonly string[] = [];
  /** `$!` is that of the shell that forked this one. */
  hasOthersJob = false;
  /** Forks between it and the shell that was started, which leads its process group and is `$$`. */
  level = 0;
  /** Nothing is reached from here: the shell has ended, has become a command, or has jumped. */
  isDead = false;
  errexit = false;
  pipefail = false;
  nounset = false;
  /** Variables that can be set no more. */
  fixed: ReadonlySet<string> = new Set();
  exitTrap: string | null = null;
  errorTrap: string | null = null;
  /** Signals with a handler, which keep a shell from becoming its last command, and what it does. */
  handlers = new Map<string, string>();
  /** ash never forgets that there were handlers. */
  hadHandlers = false;
  /** What can be read from stdin: how long its writers live, in µs; null: nothing, at once. */
  inputUs: number | null = null;
  /** Lines of stdin, if they are known. */
  inputLines: string[] | null = null;
  /** A `$( )` has been run in the words of the command at hand. */
  hasSubstituted = false;

  clone(): State {
    const copy = new State();
    Object.assign(copy, this);
    copy.variables = new Map(this.variables);
    copy.functions = new Map(this.functions);
    copy.jobs = [...this.jobs];
    copy.handlers = new Map(this.handlers);
    return copy;
  }

  /** As a forked shell starts: the same variables, no children, no traps. */
  forked(): State {
    const copy = this.clone();
    copy.jobs = [];
    copy.done = [];
    copy.hasOthersJob = true;
    copy.level++;
    copy.exitTrap = null;
    copy.errorTrap = null;
    copy.handlers = new Map();
    copy.hadHandlers = false;
    return copy;
  }

  become(other: State): void {
    Object.assign(this, other);
  }

  /** The last wait step, or `status`, has given the process another status. */
  noteStatus(): void {
    this.statusCount++;
    this.usual = null;
    this.status = { is: 'waited' };
  }

  /** Variables in this text that are as they usually are. */
  usualIn(text: string): string[] {
    const names = [...new Set(text.match(/[A-Za-z_]\w*/g))];
    return names.filter((name) => {
      const value = this.variables.get(name);
      return value !== undefined && 'isUsual' in value && value.isUsual;
    });
  }

  valueOf(name: string): Value {
    const value = this.variables.get(name);
    // The environment has names in capitals: what else a script sets is unset before.
    if (value === undefined)
      return this.ownNames.has(name) && name === name.toLowerCase() ? { text: '' } : UNKNOWN;
    return 'statusOf' in value && value.statusOf !== this.statusCount ? UNKNOWN : value;
  }

  /** Is everything that decides what comes next as in `other`? */
  knowsTheSameAs(other: State): boolean {
    if (this.variables.size !== other.variables.size || this.functions.size !== other.functions.size)
      return false;
    for (const [name, value] of this.variables) if (!isSame(value, other.variables.get(name))) return false;
    if (!isSame(this.positional, other.positional)) return false;
    return this.errexit === other.errexit && this.exitTrap === other.exitTrap;
  }
}

/** Ways that a script is followed for statuses that are kept. */
export const FAILURES_MAX = 3;

/** A way that ends where others do: its state, and where steps go that it does last. */
export interface Way {
  state: State;
  steps: Step[];
}

/** The state where ways come together; what they know differently is unknown. */
export function merged(ways: readonly Way[], dead: State): State {
  const live = ways.filter(({ state }) => !state.isDead);
  if (live.length === 0) {
    const state = dead.clone();
    state.isDead = true;
    return state;
  }
  const [first, ...others] = live;
  const state = first.state.clone();
  state.statusCount = Math.max(...live.map((way) => way.state.statusCount));
  if (others.every((way) => isSame(way.state.status, state.status))) return withCommon(state, others);
  state.failures = failuresOfWays(live);
  for (const way of live) settle(way);
  state.status = { is: 'waited' };
  state.statusCount++;
  return withCommon(state, others);
}

function withCommon(state: State, others: readonly Way[]): State {
  const [usual, ...more] = [state.clone(), ...others.map((way) => way.state)].filter((way) => way.isUsual);
  state.isUsual = usual !== undefined;
  if (usual !== undefined) state.usual = usual.usual;
  const usually = (name: string): Value => {
    const text = more.length === 0 && usual !== undefined ? textOf(usual.valueOf(name)) : null;
    return text === null ? UNKNOWN : { text, isUsual: true };
  };
  for (const { state: other } of others) {
    for (const [name, value] of state.variables)
      if (!isSame(value, other.variables.get(name))) state.variables.set(name, usually(name));
    for (const name of other.variables.keys())
      if (!state.variables.has(name)) state.variables.set(name, usually(name));
    for (const [name, body] of other.functions) state.functions.set(name, body);
    for (const job of other.jobs) if (!state.jobs.includes(job)) state.jobs.push(job);
    if (state.lastJob !== other.lastJob) state.lastJob ??= other.lastJob;
    state.exitTrap ??= other.exitTrap;
  }
  return state;
}

/** Gives the process, at the end of the way, the status that is known of it. */
export function settle({ state, steps }: Way): void {
  const setting = settingOf(state.status);
  steps.push(...setting);
  if (setting.length > 0) state.statusCount++;
  state.failures = failuresIn(state);
  state.usual = usualStatus(state);
  state.status = { is: 'waited' };
}

/** Statuses other than 0 that the last command may have. */
function failuresIn({ status, failures }: State): readonly number[] {
  if (status.is === 'waited' || status.is === 'open') return failures;
  const all = status.is === 'known' ? [status.value] : [status.ifSame, status.ifOther];
  return all.filter((each) => each !== 0);
}

/** The status that the last command usually has, or null. */
function usualStatus({ status, usual }: State): number | null {
  if (status.is === 'known') return status.value;
  if (status.is === 'compared' && usual !== null)
    return usual === status.value ? status.ifSame : status.ifOther;
  return status.is === 'open' ? 0 : usual;
}

function failuresOfWays(ways: readonly Way[]): readonly number[] {
  const all = [...new Set(ways.flatMap(({ state }) => failuresIn(state)))];
  return all.length === 0 ? [1] : all.slice(0, FAILURES_MAX);
}

function settingOf(status: Status): Step[] {
  switch (status.is) {
    case 'known':
      return [{ status: status.value }];
    case 'open':
      return [{ status: 0 }];
    case 'compared': {
      const { value, ifSame, ifOther } = status;
      return [{ if: { status: value, steps: [{ status: ifSame }], else: [{ status: ifOther }] } }];
    }
    default:
      return [];
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
