/**
 * Compiles steps to flat integer code. The layout is drawn in code.ts.
 *
 *     library ── name ──► queue of programs ──► one segment: main program at 0, then each named program once
 *                              ▲      │
 *                              └──────┘ fork: {program}, exec: {program}
 */
import type { Distribution } from '../sim/distribution.js';
import { checkProgramNames } from './check.js';
import * as Code from './code.js';
import { Op, type Program, type ProgramEntry, type StepPlace } from './code.js';
import { truncateComm } from './comm.js';
import { parseDistribution } from './duration.js';
import {
  type ChanceBody,
  type DurationText,
  type ExecBody,
  type ForkBody,
  type IfBody,
  KILL_TARGETS,
  type KillBody,
  type ProgramLibrary,
  type ProgramProblem,
  type ProgramSource,
  type RepeatBody,
  SIGCHLD_DISPOSITIONS,
  SIGNAL_NUMBERS,
  SIGTERM_DISPOSITIONS,
  type Step,
} from './step.js';

export type Compiled = { ok: true; program: Program } | { ok: false; problems: ProgramProblem[] };

/**
 * Compiles the library's program of that name, with everything it forks or execs by name.
 *
 * Problems: the name, or a name it leads to, is not in the library. The sources themselves must have passed
 * `readProgram` (parse.ts); anything else wrong with them is a bug and throws.
 */
export function compileProgram(name: string, library: ProgramLibrary): Compiled {
  const source = library.get(name);
  if (source === undefined) {
    return {
      ok: false,
      problems: [{ path: [], code: 'unknown-program', message: `there is no program \`${name}\`` }],
    };
  }
  return compileSource(name, source, library);
}

/** The same for a source that need not be in the library; in its own steps, `name` means itself. */
export function compileSource(name: string, source: ProgramSource, library: ProgramLibrary): Compiled {
  const problems = checkProgramNames(name, source, library);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, program: new Compiler(name, source, library).run() };
}

/** What the steps being compiled may refer to: a process image's labels, numbered as they appear. */
class ImageScope {
  readonly slots = new Map<string, number>();
  loopDepth = 0;
  /** For each `repeat` around: JUMPs that leave it, to be told where to. */
  readonly breaks: number[][] = [];

  slotOf(label: string): number {
    let slot = this.slots.get(label);
    if (slot === undefined) this.slots.set(label, (slot = this.slots.size));
    return slot;
  }
}

/** A table of distinct values that operands index. */
class Table<T> {
  readonly values: T[] = [];
  private readonly indexByKey = new Map<string, number>();

  indexOf(value: T): number {
    const key = JSON.stringify(value);
    let index = this.indexByKey.get(key);
    if (index === undefined) {
      index = this.values.push(value) - 1;
      this.indexByKey.set(key, index);
    }
    return index;
  }
}

class Compiler {
  private readonly code: number[] = [];
  private readonly durations = new Table<Distribution>();
  private readonly probabilities = new Table<number>();
  private readonly comms = new Table<string>();
  private readonly labels = new Table<string>();
  private readonly entries: ProgramEntry[] = [];
  private readonly places: StepPlace[] = [];
  /** Of the steps that are being compiled; and how many refusals they are inside. */
  private depth = -1;
  private refusals = 0;
  private readonly queued = new Map<string, ProgramSource>();
  /** Operands that hold the address of a named program, to fill in once all are placed. */
  private readonly references: { at: number; name: string }[] = [];
  private labelCount = 0;
  private maxLoopDepth = 0;
  private exitsMainThread = false;

  constructor(
    private readonly name: string,
    private readonly source: ProgramSource,
    private readonly library: ProgramLibrary,
  ) {}

  run(): Program {
    this.queued.set(this.name, this.source);
    // A Map iterates over what is added while iterating: programs that the steps name join the queue as they
    // appear.
    for (const [name, source] of this.queued) this.placeProgram(name, source);
    const entryAt = new Map(this.entries.map((entry) => [entry.name, entry.at]));
    for (const { at, name } of this.references) this.code[at] = entryAt.get(name)!;
    return {
      name: this.name,
      comm: truncateComm(this.source.comm),
      source: this.source,
      code: Int32Array.from(this.code),
      durations: this.durations.values,
      probabilities: this.probabilities.values,
      comms: this.comms.values,
      labels: this.labels.values,
      entries: this.entries,
      places: this.places,
      labelCount: this.labelCount,
      maxLoopDepth: this.maxLoopDepth,
      exitsMainThread: this.exitsMainThread,
    };
  }

  private placeProgram(name: string, source: ProgramSource): void {
    const at = this.code.length;
    this.image(source.steps);
    this.entries.push({ name, comm: truncateComm(source.comm), source, at, end: this.code.length });
  }

  /** Steps with labels and loop counters of their own, and an exit at their end. */
  private image(steps: readonly Step[]): void {
    const scope = new ImageScope();
    this.steps(steps, scope);
    this.emit(Op.EXIT, 0);
    this.labelCount = Math.max(this.labelCount, scope.slots.size);
  }

  private steps(steps: readonly Step[], scope: ImageScope): void {
    this.depth++;
    for (const step of steps) {
      if (this.refusals === 0) this.places.push({ step, at: this.code.length, depth: this.depth });
      this.step(step, scope);
    }
    this.depth--;
  }

  /** What is done when a step is refused. Returns where to put the address that it goes on at. */
  private refused(steps: readonly Step[], scope: ImageScope): number {
    this.refusals++;
    this.steps(steps, scope);
    this.refusals--;
    return this.emit(Op.JUMP, 0) + Code.JUMP_TO;
  }

  private step(step: Step, scope: ImageScope): void {
    if (typeof step === 'string') this.emit(BARE_OPCODES[step]);
    else if ('sleep' in step) this.emit(Op.SLEEP, this.durations.indexOf(distributionOf(step.sleep)));
    else if ('fork' in step) this.fork(step.fork, step.orElse, scope);
    else if ('exec' in step) this.exec(step.exec);
    else if ('threads' in step) this.threads(step.threads, step.orElse, scope);
    else if ('wait' in step) this.wait(step.wait, scope);
    else if ('sigchld' in step) this.emit(Op.SIGCHLD, SIGCHLD_DISPOSITIONS.indexOf(step.sigchld));
    else if ('on-term' in step) this.emit(Op.ON_TERM, SIGTERM_DISPOSITIONS.indexOf(step['on-term']));
    else if ('subreaper' in step) this.emit(Op.SUBREAPER, step.subreaper ? 1 : 0);
    else if ('kill' in step) this.kill(step.kill, step.orElse, scope);
    else if ('repeat' in step) this.repeat(step.repeat, scope);
    else if ('chance' in step) this.chance(step.chance, scope);
    else if ('if' in step) this.ifStatus(step.if, scope);
    else if ('status' in step) this.emit(Op.SET_STATUS, step.status);
    else if ('break' in step) scope.breaks.at(-step.break)!.push(this.emit(Op.JUMP, 0) + Code.JUMP_TO);
    else if (step.exit === 'waited') this.emit(Op.EXIT_WAITED);
    else this.emit(Op.EXIT, step.exit);
  }

  private fork(body: ForkBody, orElseBeside: Step[] | undefined, scope: ImageScope): void {
    const orElse = body.orElse ?? orElseBeside;
    const slot = body.label === undefined ? -1 : scope.slotOf(body.label);
    const label = body.label === undefined ? -1 : this.labels.indexOf(body.label);
    const flags =
      (orElse ? Code.EXPLICIT_OR_ELSE : 0) | (body.program === undefined ? 0 : Code.NAMED_PROGRAM);
    const at = this.emit(Op.FORK, 0, 0, 0, this.commOf(body), slot, label, flags);
    this.code[at + Code.FORK_REFUSED] = this.code.length;
    const jump = this.orElse(orElse, Code.REFUSED_FORK_STATUS, scope);
    this.body(body, at + Code.FORK_BODY);
    this.code[at + Code.FORK_NEXT] = this.code.length;
    if (jump !== NO_JUMP) this.code[jump] = this.code.length;
  }

  private exec(body: ExecBody): void {
    const flags = 'program' in body ? Code.NAMED_PROGRAM : 0;
    const at = this.emit(Op.EXEC, 0, 0, this.commOf(body), flags);
    this.body(body, at + Code.EXEC_BODY);
    this.code[at + Code.EXEC_NEXT] = this.code.length;
  }

  /** The steps in place, or a reference to a named program, in the operand at `operandAt`. */
  private body(body: { program?: string; steps?: Step[] }, operandAt: number): void {
    if (body.program === undefined) {
      this.code[operandAt] = this.code.length;
      this.image(body.steps!);
    } else {
      this.queued.set(body.program, this.sourceOf(body.program));
      this.references.push({ at: operandAt, name: body.program });
    }
  }

  private commOf(body: { comm?: string; program?: string }): number {
    const comm = body.program === undefined ? body.comm : this.sourceOf(body.program).comm;
    return comm === undefined ? -1 : this.comms.indexOf(truncateComm(comm));
  }

  private sourceOf(name: string): ProgramSource {
    return this.queued.get(name) ?? this.library.get(name)!;
  }

  private threads(count: number, orElse: Step[] | undefined, scope: ImageScope): void {
    const at = this.emit(Op.THREADS, count, 0, 0, orElse ? Code.EXPLICIT_OR_ELSE : 0);
    this.code[at + Code.THREADS_REFUSED] = this.code.length;
    const jump = this.orElse(orElse, Code.REFUSED_THREAD_STATUS, scope);
    this.code[at + Code.THREADS_NEXT] = this.code.length;
    if (jump !== NO_JUMP) this.code[jump] = this.code.length;
  }

  /** What the parent does when refused. Returns where to put the address that it goes on at, or NO_JUMP. */
  private orElse(steps: Step[] | undefined, defaultStatus: number, scope: ImageScope): number {
    if (steps === undefined) {
      this.emit(Op.EXIT, defaultStatus);
      return NO_JUMP;
    }
    return this.refused(steps, scope);
  }

  private wait(target: string, scope: ImageScope): void {
    if (target === 'any') this.emit(Op.WAIT_ANY);
    else if (target === 'all') this.emit(Op.WAIT_ALL);
    else this.emit(Op.WAIT_LABEL, scope.slotOf(target), this.labels.indexOf(target));
  }

  private kill({ target, signal }: KillBody, orElse: Step[] | undefined, scope: ImageScope): void {
    const targetIndex = (KILL_TARGETS as readonly string[]).indexOf(target);
    const operands =
      targetIndex >= 0
        ? [targetIndex, -1, -1]
        : [Code.TARGET_LABEL, scope.slotOf(target), this.labels.indexOf(target)];
    operands.push(SIGNAL_NUMBERS[signal]);
    if (orElse === undefined) {
      this.emit(Op.KILL, ...operands);
      return;
    }
    const at = this.emit(Op.KILL_OR_ELSE, ...operands, 0, 0);
    this.code[at + Code.KILL_OR_ELSE_REFUSED] = this.code.length;
    const jump = this.refused(orElse, scope);
    this.code[at + Code.KILL_OR_ELSE_NEXT] = this.code.length;
    this.code[jump] = this.code.length;
  }

  private repeat(body: RepeatBody, scope: ImageScope): void {
    const breaks: number[] = [];
    scope.breaks.push(breaks);
    this.loop(body, scope);
    scope.breaks.pop();
    for (const jump of breaks) this.code[jump] = this.code.length;
  }

  private loop({ times, steps }: RepeatBody, scope: ImageScope): void {
    if (times === 'forever') {
      const at = this.emit(Op.FOREVER, 0);
      const body = this.code.length;
      this.steps(steps, scope);
      this.emit(Op.JUMP, body);
      this.code[at + Code.FOREVER_NEXT] = this.code.length;
      return;
    }
    const slot = scope.loopDepth++;
    this.maxLoopDepth = Math.max(this.maxLoopDepth, scope.loopDepth);
    const at = this.emit(Op.REPEAT, slot, times, 0);
    const body = this.code.length;
    this.steps(steps, scope);
    this.emit(Op.AGAIN, slot, body);
    this.code[at + Code.REPEAT_NEXT] = this.code.length;
    scope.loopDepth--;
  }

  private chance(chance: ChanceBody, scope: ImageScope): void {
    const at = this.emit(Op.CHANCE, this.probabilities.indexOf(chance.p), 0, 0);
    this.branch(chance, at + Code.CHANCE_OTHERWISE, at + Code.CHANCE_NEXT, scope);
  }

  private ifStatus(body: IfBody, scope: ImageScope): void {
    const at = this.emit(Op.IF_STATUS, body.status, 0, 0);
    this.branch(body, at + Code.IF_STATUS_OTHERWISE, at + Code.IF_STATUS_NEXT, scope);
  }

  /** Two ways, and where the operands for their addresses are. */
  private branch(
    body: { steps: Step[]; else?: Step[] },
    otherwiseAt: number,
    nextAt: number,
    scope: ImageScope,
  ): void {
    this.steps(body.steps, scope);
    const jump = body.else ? this.emit(Op.JUMP, 0) + Code.JUMP_TO : NO_JUMP;
    this.code[otherwiseAt] = this.code.length;
    if (body.else) this.steps(body.else, scope);
    this.code[nextAt] = this.code.length;
    if (jump !== NO_JUMP) this.code[jump] = this.code.length;
  }

  /** Returns the instruction's address. */
  private emit(opcode: Op, ...operands: number[]): number {
    const at = this.code.length;
    this.code.push(opcode, ...operands);
    this.exitsMainThread ||= opcode === Op.EXIT_MAIN_THREAD;
    return at;
  }
}

const NO_JUMP = -1;

const BARE_OPCODES: Record<Extract<Step, string>, Op> = {
  pause: Op.PAUSE,
  reap: Op.REAP,
  setsid: Op.SETSID,
  setpgid: Op.SETPGID,
  'exit-main-thread': Op.EXIT_MAIN_THREAD,
};

function distributionOf(text: DurationText): Distribution {
  const distribution = parseDistribution(text);
  if (distribution === null) throw new Error(`not a validated duration: ${JSON.stringify(text)}`);
  return distribution;
}
