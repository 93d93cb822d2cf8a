/** The shell as one process after another: how it forks, waits, jumps and ends, whatever its script says. */
import type { ParsedScript, ProcessSubstitutionPart, Statement } from 'unbash';
import type * as catalogue from '../catalogue/assumed.js';
import { forEachStepList, mapStepLists } from '../check.js';
import type { ExecBody, ForkBody, ProgramLibrary, Step } from '../step.js';
import type { ShellKind } from './kinds.js';
import { BROKEN_PIPE, lifeOf } from './life.js';
import { FAILURES_MAX, merged, type State, settle, type Way } from './state.js';
import { placeIn } from './syntax.js';
import { FAILURE, jobLabel, known, type Status, SUCCESS, type Value } from './values.js';

/** `where`: `line:column` in the script, and the text there. */
export type Assumption = Required<Pick<catalogue.Assumption, 'where' | 'what' | 'isUsual'>>;

/** What a command runs, found by its words. */
export interface Found {
  body: ExecBody;
  comm: string;
  steps: readonly Step[];
}

export interface ScriptHost {
  /** `isLast`: it is the last that the script runs, or the shell becomes it. */
  find(words: readonly string[], isLast: boolean): Found;
  library: ProgramLibrary;
  /** The text of a script in the container; null: it is not known. */
  file?(path: string): string | null;
}

export interface Flags {
  /** The shell ends with this command, and may become it. */
  last: boolean;
  /** Its status is looked at: `-e` does not end the shell. */
  tested: boolean;
}

export const PLAIN: Flags = { last: false, tested: false };
export const TESTED: Flags = { last: false, tested: true };
export const LAST: Flags = { last: true, tested: false };

/** The rest of the script behind a list, for a way through the list that is followed on its own. */
export interface Later {
  statements: readonly Statement[];
  go(state: State, out: Step[]): void;
}

export const NO_MORE: Later = { statements: [], go: () => {} };

/** A place that `break`, `continue` or `return` leads to the end of. */
export interface Frame {
  kind: 'loop' | 'pass' | 'function';
  id: number;
  ways: Way[];
}

type Place = { pos: number; end: number };

/** A program may have 100,000 pieces of data: a script that would be more is too long to follow. */
const STEPS_MAX = 4_000;
/** Steps `break` to a frame, until `finish` counts the `repeat` steps between. */
const FRAME = 1_000_000;

export abstract class Shell {
  readonly notes: Assumption[] = [];
  /** Commands that bash becomes. */
  readonly becomes = new WeakSet<object>();
  /** Forks and execs whose process has another stdout than its parent. */
  readonly detached = new WeakSet<object>();
  /** Steps that stand where a shell gives up its stdout for good, or writes to it. */
  private readonly marks = new WeakMap<object, 'closes' | 'writes'>();
  /** Writes that SIGPIPE answers. */
  private readonly broken = new WeakSet<object>();
  /** Commands that find nothing while all is well: the probe fails if they do. */
  protected readonly findsNothing = new WeakSet<object>();
  /** The processes of a job in the background, by the label of the last, which is `$!`. */
  readonly jobOf = new Map<string, string[]>();
  /** What is behind `>( )`, to be told how long it can read. */
  protected readonly readers: ((us: number) => void)[] = [];
  /** Statuses that a child may fail with, by its label. */
  protected readonly failuresBy = new Map<string, readonly number[]>();
  /** What a child usually ends with, by its label. */
  private readonly usualBy = new Map<string, number>();
  text = '';
  /** Of its functions, wherever they are defined. */
  readonly functionNames = new Set<string>();
  /** Functions that it is in, those of the shells that forked it included. */
  calls = 0;
  /** Where the last command of the script stands. */
  lastAt = -1;
  protected frames: Frame[] = [];
  private readonly frameOf = new WeakMap<object, number>();
  private count = 0;
  private stepCount = 0;

  /** Places where a way was chosen that is not known. */
  readonly choices = new Set<string>();

  /** `turned`: choices that go the other way. */
  constructor(
    readonly kind: ShellKind,
    readonly host: ScriptHost,
    private readonly turned: ReadonlySet<string> = new Set(),
  ) {}

  abstract list(
    statements: readonly Statement[],
    state: State,
    out: Step[],
    flags: Flags,
    later?: Later,
  ): void;
  /** `text`: of a script whose places are its own. */
  abstract substitute(
    script: ParsedScript | undefined,
    state: State,
    out: Step[],
    text?: string | null,
  ): Value;
  abstract reads(part: ProcessSubstitutionPart, state: State, out: Step[]): void;
  abstract awaitInput(state: State, out: Step[]): void;

  note(place: Place, what: string, isUsual = false): void {
    const quoted = this.text.slice(place.pos, place.end).split('\n')[0];
    const short = quoted.length > 60 ? `${quoted.slice(0, 57)}…` : quoted;
    const where = `${placeIn(this.text, place.pos)} \`${short}\``;
    if (!this.notes.some((note) => note.where === where && note.what === what))
      this.notes.push({ where, what, isUsual });
  }

  /** What decides is a variable that hangs on how commands end. */
  protected noteUsual(place: Place, state: State): void {
    for (const name of state.usualIn(this.text.slice(place.pos, place.end)))
      this.note(place, `\`${name}\` hangs on how commands end; taken as they usually do`, true);
  }

  protected choose(place: Place, healthy: boolean): boolean {
    const key = `${placeIn(this.text, place.pos)} ${this.text.slice(place.pos, place.end)}`;
    this.choices.add(key);
    return healthy !== this.turned.has(key);
  }

  label(): string {
    return jobLabel(++this.count);
  }

  /** Is there room for more? A script with many ways or long loops is followed only so far. */
  get isTooLong(): boolean {
    return this.stepCount > STEPS_MAX;
  }

  emit(out: Step[], ...steps: Step[]): void {
    this.stepCount += steps.length;
    out.push(...steps);
  }

  // ---- processes

  /** A child that does `steps`. It is refused: dash and ash give up, bash tries again for 15 s (K44). */
  fork(label: string, steps: Step[], out: Step[]): object {
    const body = steps.length === 0 ? [{ exit: 0 }] : steps;
    this.failuresBy.set(label, failuresOf(steps));
    this.usualBy.set(label, this.lifeOf(body).status);
    const fork: { fork: ForkBody } = { fork: { label, steps: body } };
    if (!this.kind.retriesFork) {
      this.emit(out, fork);
      return fork;
    }
    const done = this.newFrame('loop');
    const refused = this.newFrame('pass');
    fork.fork.orElse = [{ sleep: BASH_RETRY }, this.breakTo(refused)];
    const tries = this.repeat({ times: 1, steps: [fork, this.breakTo(done)] }, refused);
    const again: Step = { repeat: { times: BASH_TRIES, steps: [tries] } };
    this.emit(out, this.repeat({ times: 1, steps: [again, { exit: REFUSED_STATUS_OF_BASH }] }, done));
    return fork;
  }

  /** A signal is sent to the child, which may end with it. */
  kills(label: string, status: number): void {
    this.failuresBy.set(label, [status, ...(this.failuresBy.get(label) ?? [])]);
    this.usualBy.set(label, status);
  }

  wait(label: string, state: State, out: Step[]): void {
    this.emit(out, { wait: label });
    if (state.jobs.includes(label)) state.done = [...state.done, label];
    else if (!state.done.includes(label)) this.forgetDone(state);
    state.noteStatus();
    state.failures = this.failuresBy.get(label) ?? [1];
    state.usual = this.usualOf([label]);
    state.jobs = state.jobs.filter((job) => job !== label);
  }

  /** What the last of these children that fails usually ends with, or 0. */
  protected usualOf(labels: readonly string[]): number | null {
    const usual = labels.map((label) => this.usualBy.get(label) ?? null);
    return usual.findLast((status) => status !== 0) ?? (usual.includes(null) ? null : 0);
  }

  /** dash and ash remember a job that was waited for until they fork again. */
  forgetDone(state: State): void {
    if (this.kind.name !== 'bash') state.done = [];
  }

  /** The shell becomes the command. */
  exec(body: ExecBody, state: State, out: Step[]): object {
    const step = { exec: body };
    this.emit(out, step);
    state.isDead = true;
    return step;
  }

  /** The steps of a child of the shell that is a shell itself. */
  child(state: State, run: (state: State, out: Step[]) => void): Step[] {
    const { frames } = this;
    this.frames = [];
    const inside = state.forked();
    const steps: Step[] = state.handlers.has('TERM') ? [{ 'on-term': 'default' }] : [];
    run(inside, steps);
    if (!inside.isDead) this.end(inside, steps);
    this.frames = frames;
    return steps;
  }

  /** How long the process and what holds its stdout will live, in µs, if that is read for so long. */
  lifeOf(
    steps: readonly Step[],
    readUntilUs?: number,
    isLong = false,
  ): { endUs: number; stdoutUs: number; status: number } {
    const { detached, marks } = this;
    const onBroken = (step: object) => this.broken.add(step);
    return lifeOf(this.finish(steps, [], true), this.host.library, {
      detached,
      marks,
      readUntilUs,
      onBroken,
      isLong,
    });
  }

  mark(kind: 'closes' | 'writes', out: Step[]): void {
    const step: Step = { repeat: { times: 1, steps: [] } };
    this.marks.set(step, kind);
    out.push(step);
  }

  /** The stdout of these steps is another, or is always read. */
  forgetWrites(steps: readonly Step[]): void {
    for (const step of steps) {
      if (typeof step === 'string') continue;
      if (this.marks.get(step) === 'writes') this.marks.delete(step);
      else forEachStepList(step, (inner) => this.forgetWrites(inner));
    }
  }

  hasWrites(steps: readonly Step[]): boolean {
    return steps.some((step) => {
      if (typeof step === 'string') return false;
      let has = this.marks.get(step) === 'writes';
      forEachStepList(step, (inner) => {
        has ||= this.hasWrites(inner);
      });
      return has;
    });
  }

  /** The shell ends with the status that it has, after the action of its EXIT trap. */
  end(state: State, out: Step[]): void {
    const action = state.exitTrap;
    state.exitTrap = null;
    const exit = (way: State, steps: Step[]): void => this.exit(way, steps);
    if (action === null) exit(state, out);
    else this.trapped(action, PLAIN, [0, ...state.failures], state, out, exit);
  }

  /** Does what a trap says; if the shell goes on, then with the status of before, one of `statuses`. */
  protected trapped(
    action: string,
    flags: Flags,
    statuses: readonly number[],
    state: State,
    out: Step[],
    goOn: (state: State, out: Step[]) => void,
  ): void {
    const trial = state.clone();
    this.evaluate(action, trial, [], flags);
    const go = (way: State, steps: Step[]): void => {
      const { status } = way;
      this.evaluate(action, way, steps, flags);
      if (way.isDead) return;
      way.status = status;
      goOn(way, steps);
    };
    if (trial.statusCount === state.statusCount) go(state, out);
    else this.withStatus(statuses, state, out, go);
  }

  /** Goes a way for each status that a child may have ended with; the last stands for all others. */
  protected withStatus(
    [value, ...others]: readonly number[],
    state: State,
    out: Step[],
    go: (state: State, out: Step[]) => void,
  ): void {
    const { status } = state;
    if (status.is === 'known' || status.is === 'open') {
      go(state, out);
      return;
    }
    const same = (way: State, steps: Step[]): void => {
      way.status = known(value);
      go(way, steps);
    };
    if (others.length === 0) {
      same(state, out);
      return;
    }
    if (status.is === 'waited') state.status = { is: 'compared', value, ifSame: 0, ifOther: 1 };
    const otherwise = (way: State, steps: Step[]): void => {
      if (status.is === 'waited') way.status = { is: 'waited', failed: value === 0 };
      this.withStatus(others, way, steps, go);
    };
    this.branch(state, out, status.is === 'waited' ? same : go, otherwise, { pos: 0, end: 0 });
  }

  /** An error that ends the shell, of a status that bash has elsewhere. */
  fatal(ofBash: number, state: State, out: Step[]): void {
    state.status = known(this.kind.name === 'bash' ? ofBash : 2);
    this.end(state, out);
  }

  private exit(state: State, out: Step[]): void {
    const { status } = state;
    if (status.is === 'compared') settle({ state, steps: out });
    this.emit(out, { exit: status.is === 'known' ? status.value : status.is === 'open' ? 0 : 'waited' });
    state.isDead = true;
  }

  abstract evaluate(script: string, state: State, out: Step[], flags: Flags): void;

  /** The newest of the processes behind `>( )`, but for so many, live a moment longer than `writer`. */
  endReaders(writer: readonly Step[], from = 0): void {
    const readers = this.readers.splice(from);
    if (readers.length === 0) return;
    const { endUs } = this.lifeOf(writer, undefined, true);
    for (const reader of readers) reader(endUs + 1_000);
  }

  // ---- ways

  /** Goes one way if the status is 0, and the other if not; if it is not known, the way `healthy` names. */
  branch(
    state: State,
    out: Step[],
    then: (state: State, out: Step[]) => void,
    otherwise: (state: State, out: Step[]) => void,
    place: Place,
    healthy = true,
  ): void {
    if (state.status.is === 'open') {
      const chosen = this.choose(place, healthy);
      this.note(place, `${state.status.why} is not known; taken as ${chosen ? 'true' : 'false'}`, true);
      state.status = chosen ? SUCCESS : FAILURE;
    }
    const { status } = state;
    if (status.is === 'known' || status.is === 'open' || (status.is === 'waited' && status.failed)) {
      const isSuccess = status.is === 'known' && status.value === 0;
      (isSuccess ? then : otherwise)(state, out);
      return;
    }
    const seen = status.is === 'waited' ? { value: 0, ifSame: 0, ifOther: null } : status;
    const same = this.way(
      state,
      known(seen.ifSame),
      seen.ifSame === 0 ? then : otherwise,
      seen.value,
      seen.value,
    );
    const other = this.way(
      state,
      seen.ifOther === null ? { is: 'waited', failed: true } : known(seen.ifOther),
      seen.ifSame === 0 ? otherwise : then,
      null,
      seen.value,
    );
    const whole = merged([same, other], state);
    if (same.steps.length + other.steps.length > 0) {
      const body = { status: seen.value, steps: same.steps };
      this.emit(out, { if: other.steps.length > 0 ? { ...body, else: other.steps } : body });
    }
    state.become(whole);
  }

  /** One of two ways: `value` is what the status of the child is there; null: it is not `other`. */
  private way(
    state: State,
    status: Status,
    run: (state: State, out: Step[]) => void,
    value: number | null,
    other: number,
  ): Way {
    const way: Way = { state: state.clone(), steps: [] };
    way.state.status = status;
    if (value !== null) {
      for (const [name, held] of way.state.variables)
        if ('statusOf' in held && held.statusOf === state.statusCount)
          way.state.variables.set(name, { text: String(value) });
    }
    const { usual } = state;
    way.state.isUsual &&= usual === null || (value === null ? usual !== other : usual === value);
    run(way.state, way.steps);
    return way;
  }

  // ---- frames

  protected newFrame(kind: Frame['kind']): Frame {
    return { kind, id: ++this.count, ways: [] };
  }

  /** Does `body` in a frame: what jumps to its end goes on behind it. */
  within(kind: Frame['kind'], state: State, out: Step[], body: (frame: Frame, out: Step[]) => void): void {
    const frame = this.newFrame(kind);
    const steps: Step[] = [];
    this.frames.push(frame);
    body(frame, steps);
    this.frames.pop();
    state.become(merged([...frame.ways, { state: state.clone(), steps }], state));
    if (frame.ways.length === 0) out.push(...steps);
    else out.push(this.repeat({ times: 1, steps }, frame));
  }

  /** The nth frame of that kind around, from within; a function's end is as far as `break` sees. */
  frameFor(kind: Frame['kind'], nth = 1): Frame | null {
    let left = nth;
    for (const frame of this.frames.toReversed()) {
      if (frame.kind === kind && --left === 0) return frame;
      if (frame.kind === 'function' && kind !== 'function') return null;
    }
    return null;
  }

  jump(frame: Frame, state: State, out: Step[]): void {
    const steps: Step[] = [];
    this.emit(out, { repeat: { times: 1, steps } }, this.breakTo(frame));
    frame.ways.push({ state: state.clone(), steps });
    state.isDead = true;
  }

  private breakTo(frame: Frame): Step {
    return { break: FRAME + frame.id };
  }

  private repeat(body: { times: number; steps: Step[] }, frame: Frame): Step {
    const step: Step = { repeat: body };
    this.frameOf.set(step, frame.id);
    this.stepCount++;
    return step;
  }

  /** The steps with every `break` as it is written: by the count of `repeat` steps that it leaves. */
  finish(steps: readonly Step[], around: readonly (number | undefined)[] = [], keepsMarks = false): Step[] {
    return steps.flatMap((step) => this.finished(step, around, keepsMarks));
  }

  private finished(step: Step, around: readonly (number | undefined)[], keepsMarks: boolean): Step[] {
    if (typeof step === 'string') return [step];
    if (this.broken.has(step)) return [{ exit: BROKEN_PIPE }];
    if (keepsMarks && this.marks.has(step)) return [step];
    if ('break' in step && step.break > FRAME)
      return [{ break: around.length - around.lastIndexOf(step.break - FRAME) }];
    if ('repeat' in step) {
      const id = this.frameOf.get(step);
      if (id === undefined && step.repeat.times === 1)
        return this.finish(step.repeat.steps, around, keepsMarks);
      const steps = this.finish(step.repeat.steps, [...around, id], keepsMarks);
      const last = steps.at(-1);
      if (step.repeat.times === 1 && typeof last === 'object' && 'break' in last && last.break === 1)
        steps.pop();
      return steps.length === 0 ? [] : [{ repeat: { ...step.repeat, steps } }];
    }
    if (!('if' in step || 'fork' in step)) return [step];
    const copy = mapStepLists(step, (steps, key) =>
      this.finish(steps, key[1] === 'steps' && key[0] === 'fork' ? [] : around, keepsMarks),
    );
    if (this.detached.has(step)) this.detached.add(copy);
    return [copy];
  }
}

/** bash sleeps 1, 2, 4 and 8 s between its attempts: 15 s in all. */
const BASH_TRIES = 5;
const BASH_RETRY = '3s';
const REFUSED_STATUS_OF_BASH = 254;

/** The first few statuses other than 0 that steps exit with, or are killed with; 1 if none is named. */
export function failuresOf(steps: readonly Step[]): number[] {
  const text = JSON.stringify(steps, (key, value) => (key === 'orElse' ? undefined : value));
  const all = [...text.matchAll(/"exit":([1-9]\d*)/g)].map(([, status]) => Number(status));
  const named = all.filter((status) => status !== REFUSED_STATUS_OF_BASH);
  if (text.includes('"target":"group","signal":"KILL"')) named.unshift(137);
  return named.length === 0 ? [1] : [...new Set(named)].slice(0, FAILURES_MAX);
}
