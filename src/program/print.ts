/**
 * Prints compiled code back to steps. The inverse of `compile`, from the integers and their tables alone, so that
 * what is printed is what runs, and a round trip through both is a test of both.
 */
import {
  EXPLICIT_OR_ELSE,
  INSTRUCTION_LENGTH,
  KILL_LABEL,
  NAMED_PROGRAM,
  Op,
  type Program,
  type ProgramEntry,
} from './code.js';
import { printDistribution } from './duration.js';
import {
  type ForkBody,
  KILL_TARGETS,
  type KillBody,
  type ProgramSource,
  SIGCHLD_DISPOSITIONS,
  SIGNAL_NAMES,
  SIGTERM_DISPOSITIONS,
  type Step,
} from './step.js';

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

  constructor(private readonly program: Program) {
    this.code = program.code;
  }

  /** Steps of an image: the compiler's own EXIT 0 at the end is left out. */
  image(at: number, end: number): Step[] {
    return this.steps(at, end - INSTRUCTION_LENGTH[Op.EXIT]);
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
      case Op.EXEC:
      case Op.THREADS:
        return this.code[pc + 2];
      case Op.REPEAT:
      case Op.CHANCE:
        return this.code[pc + 3];
      case Op.KILL_OR_ELSE:
        return this.code[pc + 5];
      case Op.FOREVER:
        return this.code[pc + 1];
      default:
        return pc + INSTRUCTION_LENGTH[this.code[pc]];
    }
  }

  private step(pc: number): Step {
    const { code, program } = this;
    const operand = code[pc + 1];
    switch (code[pc]) {
      case Op.EXIT:
        return { exit: operand };
      case Op.SLEEP:
        return { sleep: printDistribution(program.durations[operand]) };
      case Op.PAUSE:
        return 'pause';
      case Op.WAIT_ANY:
        return { wait: 'any' };
      case Op.WAIT_ALL:
        return { wait: 'all' };
      case Op.WAIT_LABEL:
        return { wait: program.labels[code[pc + 2]] };
      case Op.REAP:
        return 'reap';
      case Op.FORK:
        return this.fork(pc);
      case Op.EXEC:
        return this.exec(pc);
      case Op.THREADS:
        return { threads: operand, ...this.orElse(code[pc + 4], code[pc + 3], code[pc + 2]) };
      case Op.SIGCHLD:
        return { sigchld: SIGCHLD_DISPOSITIONS[operand] };
      case Op.ON_TERM:
        return { 'on-term': SIGTERM_DISPOSITIONS[operand] };
      case Op.SETSID:
        return 'setsid';
      case Op.SETPGID:
        return 'setpgid';
      case Op.SUBREAPER:
        return { subreaper: operand === 1 };
      case Op.KILL:
        return this.kill(pc);
      case Op.KILL_OR_ELSE:
        return { ...this.kill(pc), ...this.orElse(EXPLICIT_OR_ELSE, code[pc + 6], code[pc + 5]) };
      case Op.REPEAT:
        return this.repeat(code[pc + 2], pc, code[pc + 3] - INSTRUCTION_LENGTH[Op.AGAIN]);
      case Op.FOREVER:
        return this.repeat('forever', pc, operand - INSTRUCTION_LENGTH[Op.JUMP]);
      case Op.CHANCE:
        return this.chance(pc);
      case Op.EXIT_MAIN_THREAD:
        return 'exit-main-thread';
      case Op.EXIT_WAITED:
        return { exit: 'waited' };
      default:
        throw new Error(`no step begins with opcode ${code[pc]} (at ${pc} of "${program.name}")`);
    }
  }

  private fork(pc: number): Step {
    const [body, next, refused, comm, , label, flags] = this.code.subarray(pc + 1, pc + 8);
    const named = (flags & NAMED_PROGRAM) !== 0;
    const fork: ForkBody = {};
    if (label >= 0) fork.label = this.program.labels[label];
    if (named) fork.program = this.entryAt(body).name;
    else {
      if (comm >= 0) fork.comm = this.program.comms[comm];
      fork.steps = this.image(body, next);
    }
    return { fork: { ...fork, ...this.orElse(flags, refused, named ? next : body) } };
  }

  private exec(pc: number): Step {
    const [body, next, comm, flags] = this.code.subarray(pc + 1, pc + 5);
    if ((flags & NAMED_PROGRAM) !== 0) return { exec: { program: this.entryAt(body).name } };
    return { exec: { comm: this.program.comms[comm], steps: this.image(body, next) } };
  }

  /** The refused block `code[at … end)`, its last JUMP left out. */
  private orElse(flags: number, at: number, end: number): { orElse?: Step[] } {
    if ((flags & EXPLICIT_OR_ELSE) === 0) return {};
    return { orElse: this.steps(at, end - INSTRUCTION_LENGTH[Op.JUMP]) };
  }

  private kill(pc: number): { kill: KillBody } {
    const [target, , label, signal] = this.code.subarray(pc + 1, pc + 5);
    const name = target === KILL_LABEL ? this.program.labels[label] : KILL_TARGETS[target];
    return { kill: { target: name, signal: SIGNAL_NAMES[signal] } };
  }

  private repeat(times: number | 'forever', pc: number, end: number): Step {
    return { repeat: { times, steps: this.steps(pc + INSTRUCTION_LENGTH[this.code[pc]], end) } };
  }

  private chance(pc: number): Step {
    const [probability, otherwise, next] = this.code.subarray(pc + 1, pc + 4);
    const p = this.program.probabilities[probability];
    const at = pc + INSTRUCTION_LENGTH[Op.CHANCE];
    if (otherwise === next) return { chance: { p, steps: this.steps(at, next) } };
    const steps = this.steps(at, otherwise - INSTRUCTION_LENGTH[Op.JUMP]);
    return { chance: { p, steps, else: this.steps(otherwise, next) } };
  }

  private entryAt(at: number): ProgramEntry {
    return this.program.entries.find((entry) => entry.at === at)!;
  }
}
