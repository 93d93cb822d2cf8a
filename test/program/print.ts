/**
 * Prints compiled code back to steps. The inverse of `compile`, from the integers and their tables alone, so
 * that what is printed is what runs, and a round trip through both is a test of both.
 */
import * as Code from '../../src/program/code.js';
import { Op, type Program, type ProgramEntry } from '../../src/program/code.js';
import { printDistribution } from '../../src/program/duration.js';
import {
  type ForkBody,
  KILL_TARGETS,
  type KillBody,
  type ProgramSource,
  SIGCHLD_DISPOSITIONS,
  SIGNAL_NAMES,
  SIGNAL_NUMBERS,
  SIGTERM_DISPOSITIONS,
  type Step,
} from '../../src/program/step.js';

const LENGTHS: Record<keyof typeof Op, number> = {
  EXIT: Code.EXIT_LENGTH,
  SLEEP: Code.SLEEP_LENGTH,
  PAUSE: Code.BARE_LENGTH,
  WAIT_ANY: Code.BARE_LENGTH,
  WAIT_ALL: Code.BARE_LENGTH,
  WAIT_LABEL: Code.WAIT_LABEL_LENGTH,
  REAP: Code.BARE_LENGTH,
  FORK: Code.FORK_LENGTH,
  EXEC: Code.EXEC_LENGTH,
  THREADS: Code.THREADS_LENGTH,
  SIGCHLD: Code.SIGCHLD_LENGTH,
  ON_TERM: Code.ON_TERM_LENGTH,
  SETSID: Code.BARE_LENGTH,
  SETPGID: Code.BARE_LENGTH,
  SUBREAPER: Code.SUBREAPER_LENGTH,
  KILL: Code.KILL_LENGTH,
  REPEAT: Code.REPEAT_LENGTH,
  AGAIN: Code.AGAIN_LENGTH,
  FOREVER: Code.FOREVER_LENGTH,
  JUMP: Code.JUMP_LENGTH,
  CHANCE: Code.CHANCE_LENGTH,
  EXIT_MAIN_THREAD: Code.BARE_LENGTH,
  EXIT_WAITED: Code.BARE_LENGTH,
  KILL_OR_ELSE: Code.KILL_OR_ELSE_LENGTH,
  SET_STATUS: Code.SET_STATUS_LENGTH,
  IF_STATUS: Code.IF_STATUS_LENGTH,
};

/** Length in words of every instruction, by opcode. */
export const INSTRUCTION_LENGTH: Uint8Array = Uint8Array.from(Object.values(LENGTHS));

/** The program's own steps; equal to the normalised source that it was compiled from. */
export function printProgram(program: Program): ProgramSource {
  return printEntry(program, program.entries[0]);
}

/** The program and every program that it names: a library that it compiles from again. */
export function printLibrary(program: Program): Map<string, ProgramSource> {
  return new Map(program.entries.map((entry) => [entry.name, printEntry(program, entry)]));
}

/** Words for people are not code: they come from the source. */
function printEntry(program: Program, entry: ProgramEntry): ProgramSource {
  const { source, description } = entry.source;
  return {
    comm: entry.comm,
    ...(source === undefined ? {} : { source }),
    ...(description === undefined ? {} : { description }),
    steps: new Printer(program).image(entry.at, entry.end),
  };
}

class Printer {
  private readonly code: Int32Array;
  /** Where each `repeat` around the step ends, in its image. */
  private ends: number[] = [];

  constructor(private readonly program: Program) {
    this.code = program.code;
  }

  /** Steps of an image: the compiler's own EXIT 0 at the end is left out. */
  image(at: number, end: number): Step[] {
    const around = this.ends;
    this.ends = [];
    const steps = this.steps(at, end - Code.EXIT_LENGTH);
    this.ends = around;
    return steps;
  }

  private steps(at: number, end: number): Step[] {
    const steps: Step[] = [];
    for (let pc = at; pc < end; ) {
      steps.push(this.step(pc));
      pc = this.next(pc);
    }
    return steps;
  }

  /** Address of the step after the one at `pc`: the instruction's `next`, if steps are inside it. */
  private next(pc: number): number {
    switch (this.code[pc]) {
      case Op.FORK:
        return this.code[pc + Code.FORK_NEXT];
      case Op.EXEC:
        return this.code[pc + Code.EXEC_NEXT];
      case Op.THREADS:
        return this.code[pc + Code.THREADS_NEXT];
      case Op.REPEAT:
        return this.code[pc + Code.REPEAT_NEXT];
      case Op.CHANCE:
        return this.code[pc + Code.CHANCE_NEXT];
      case Op.IF_STATUS:
        return this.code[pc + Code.IF_STATUS_NEXT];
      case Op.KILL_OR_ELSE:
        return this.code[pc + Code.KILL_OR_ELSE_NEXT];
      case Op.FOREVER:
        return this.code[pc + Code.FOREVER_NEXT];
      default:
        return pc + INSTRUCTION_LENGTH[this.code[pc]];
    }
  }

  private step(pc: number): Step {
    const { code, program } = this;
    switch (code[pc]) {
      case Op.EXIT:
        return { exit: code[pc + Code.EXIT_STATUS] };
      case Op.SLEEP:
        return { sleep: printDistribution(program.durations[code[pc + Code.SLEEP_DURATION]]) };
      case Op.PAUSE:
        return 'pause';
      case Op.WAIT_ANY:
        return { wait: 'any' };
      case Op.WAIT_ALL:
        return { wait: 'all' };
      case Op.WAIT_LABEL:
        return { wait: program.labels[code[pc + Code.WAIT_LABEL_LABEL]] };
      case Op.REAP:
        return 'reap';
      case Op.FORK:
        return this.fork(pc);
      case Op.EXEC:
        return this.exec(pc);
      case Op.THREADS:
        return this.threads(pc);
      case Op.SIGCHLD:
        return { sigchld: SIGCHLD_DISPOSITIONS[code[pc + Code.SIGCHLD_DISPOSITION]] };
      case Op.ON_TERM:
        return { 'on-term': SIGTERM_DISPOSITIONS[code[pc + Code.ON_TERM_DISPOSITION]] };
      case Op.SETSID:
        return 'setsid';
      case Op.SETPGID:
        return 'setpgid';
      case Op.SUBREAPER:
        return { subreaper: code[pc + Code.SUBREAPER_ON] === 1 };
      case Op.KILL:
        return this.kill(pc);
      case Op.KILL_OR_ELSE:
        return this.killOrElse(pc);
      case Op.REPEAT:
        return this.repeat(code[pc + Code.REPEAT_TIMES], pc, this.next(pc) - Code.AGAIN_LENGTH);
      case Op.FOREVER:
        return this.repeat('forever', pc, this.next(pc) - Code.JUMP_LENGTH);
      case Op.CHANCE:
        return this.chance(pc);
      case Op.IF_STATUS: {
        const otherwise = code[pc + Code.IF_STATUS_OTHERWISE];
        const branch = this.branch(pc + Code.IF_STATUS_LENGTH, otherwise, this.next(pc));
        return { if: { status: code[pc + Code.IF_STATUS_STATUS], ...branch } };
      }
      case Op.SET_STATUS:
        return { status: code[pc + Code.SET_STATUS_STATUS] };
      case Op.JUMP:
        return { break: this.ends.length - this.ends.indexOf(code[pc + Code.JUMP_TO]) };
      case Op.EXIT_MAIN_THREAD:
        return 'exit-main-thread';
      case Op.EXIT_WAITED:
        return { exit: 'waited' };
      default:
        throw new Error(`no step begins with opcode ${code[pc]} (at ${pc} of "${program.name}")`);
    }
  }

  private fork(pc: number): Step {
    const { code } = this;
    const body = code[pc + Code.FORK_BODY];
    const comm = code[pc + Code.FORK_COMM];
    const label = code[pc + Code.FORK_LABEL];
    const flags = code[pc + Code.FORK_FLAGS];
    const next = this.next(pc);
    const named = (flags & Code.NAMED_PROGRAM) !== 0;
    const fork: ForkBody = {};
    if (label >= 0) fork.label = this.program.labels[label];
    if (named) fork.program = this.entryAt(body).name;
    else {
      if (comm >= 0) fork.comm = this.program.comms[comm];
      fork.steps = this.image(body, next);
    }
    return { fork: { ...fork, ...this.orElse(flags, code[pc + Code.FORK_REFUSED], named ? next : body) } };
  }

  private exec(pc: number): Step {
    const { code } = this;
    const body = code[pc + Code.EXEC_BODY];
    if ((code[pc + Code.EXEC_FLAGS] & Code.NAMED_PROGRAM) !== 0)
      return { exec: { program: this.entryAt(body).name } };
    const comm = this.program.comms[code[pc + Code.EXEC_COMM]];
    return { exec: { comm, steps: this.image(body, this.next(pc)) } };
  }

  private threads(pc: number): Step {
    const { code } = this;
    const orElse = this.orElse(code[pc + Code.THREADS_FLAGS], code[pc + Code.THREADS_REFUSED], this.next(pc));
    return { threads: code[pc + Code.THREADS_COUNT], ...orElse };
  }

  /** The refused block `code[at … end)`, its last JUMP left out. */
  private orElse(flags: number, at: number, end: number): { orElse?: Step[] } {
    if ((flags & Code.EXPLICIT_OR_ELSE) === 0) return {};
    return { orElse: this.steps(at, end - Code.JUMP_LENGTH) };
  }

  private kill(pc: number): { kill: KillBody } {
    const { code } = this;
    const to = code[pc + Code.KILL_TARGET];
    const target =
      to === Code.TARGET_LABEL ? this.program.labels[code[pc + Code.KILL_LABEL]] : KILL_TARGETS[to];
    const signal = SIGNAL_NAMES.find((name) => SIGNAL_NUMBERS[name] === code[pc + Code.KILL_SIGNAL])!;
    return { kill: { target, signal } };
  }

  private killOrElse(pc: number): Step {
    const orElse = this.orElse(
      Code.EXPLICIT_OR_ELSE,
      this.code[pc + Code.KILL_OR_ELSE_REFUSED],
      this.next(pc),
    );
    return { ...this.kill(pc), ...orElse };
  }

  private repeat(times: number | 'forever', pc: number, end: number): Step {
    this.ends.push(this.next(pc));
    const steps = this.steps(pc + INSTRUCTION_LENGTH[this.code[pc]], end);
    this.ends.pop();
    return { repeat: { times, steps } };
  }

  private chance(pc: number): Step {
    const p = this.program.probabilities[this.code[pc + Code.CHANCE_PROBABILITY]];
    const otherwise = this.code[pc + Code.CHANCE_OTHERWISE];
    return { chance: { p, ...this.branch(pc + Code.CHANCE_LENGTH, otherwise, this.next(pc)) } };
  }

  private branch(at: number, otherwise: number, next: number): { steps: Step[]; else?: Step[] } {
    if (otherwise === next) return { steps: this.steps(at, next) };
    return { steps: this.steps(at, otherwise - Code.JUMP_LENGTH), else: this.steps(otherwise, next) };
  }

  private entryAt(at: number): ProgramEntry {
    return this.program.entries.find((entry) => entry.at === at)!;
  }
}
