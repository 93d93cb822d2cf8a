/** Programs as lines that a person reads, and at which of them a process is. */
import * as Code from './code.js';
import { Op, type Program } from './code.js';
import type { Step } from './step.js';

/** A step on a line of its own: what is inside of it follows, a level deeper. */
export interface ProgramLine {
  text: string;
  depth: number;
  /** Where its instruction is. A process is at the last line that begins before where it is. */
  at: number;
}

/** The lines of each program that it names, itself first. What a refused fork does is left out. */
export function listProgram(program: Program): { name: string; lines: ProgramLine[] }[] {
  return program.entries.map(({ name, at, source }) => ({
    name,
    lines: linesOf(program.code, source.steps, at, 0),
  }));
}

/** The line that a place of the program's code belongs to: of which program, and which one. */
export function lineAt(program: Program, pc: number): { name: string; index: number } {
  const entry = program.entries.findLast(({ at }) => at <= pc)!;
  const lines = linesOf(program.code, entry.source.steps, entry.at, 0);
  return { name: entry.name, index: lines.findLastIndex(({ at }) => at <= pc) };
}

function linesOf(code: Int32Array, steps: readonly Step[], from: number, depth: number): ProgramLine[] {
  let at = from;
  return steps.flatMap((step) => {
    const lines = [{ text: headOf(step), depth, at }, ...insideOf(code, step, at, depth + 1)];
    at = nextOf(code, at);
    return lines;
  });
}

function insideOf(code: Int32Array, step: Step, at: number, depth: number): ProgramLine[] {
  const [body] = typeof step === 'string' ? [] : Object.values(step);
  if (typeof body !== 'object' || body.steps === undefined) return [];
  const [first, otherwise] = INSIDE[code[at] as Op]!(code, at);
  return [...linesOf(code, body.steps, first, depth), ...linesOf(code, body.else ?? [], otherwise, depth)];
}

/** Where the steps inside begin, and those of `else`. */
const INSIDE: Partial<Record<Op, (code: Int32Array, at: number) => [number, number]>> = {
  [Op.FORK]: (code, at) => [code[at + Code.FORK_BODY], 0],
  [Op.EXEC]: (code, at) => [code[at + Code.EXEC_BODY], 0],
  [Op.REPEAT]: (_, at) => [at + Code.REPEAT_LENGTH, 0],
  [Op.FOREVER]: (_, at) => [at + Code.FOREVER_LENGTH, 0],
  [Op.CHANCE]: (code, at) => [at + Code.CHANCE_LENGTH, code[at + Code.CHANCE_OTHERWISE]],
  [Op.IF_STATUS]: (code, at) => [at + Code.IF_STATUS_LENGTH, code[at + Code.IF_STATUS_OTHERWISE]],
};

/** Where the address of the step after it is written. */
const NEXT: Partial<Record<Op, number>> = {
  [Op.FORK]: Code.FORK_NEXT,
  [Op.EXEC]: Code.EXEC_NEXT,
  [Op.THREADS]: Code.THREADS_NEXT,
  [Op.REPEAT]: Code.REPEAT_NEXT,
  [Op.FOREVER]: Code.FOREVER_NEXT,
  [Op.CHANCE]: Code.CHANCE_NEXT,
  [Op.IF_STATUS]: Code.IF_STATUS_NEXT,
  [Op.KILL_OR_ELSE]: Code.KILL_OR_ELSE_NEXT,
};

/** Of the others, those with operands. */
const LENGTH: Partial<Record<Op, number>> = {
  [Op.EXIT]: Code.EXIT_LENGTH,
  [Op.SLEEP]: Code.SLEEP_LENGTH,
  [Op.WAIT_LABEL]: Code.WAIT_LABEL_LENGTH,
  [Op.SIGCHLD]: Code.SIGCHLD_LENGTH,
  [Op.ON_TERM]: Code.ON_TERM_LENGTH,
  [Op.SUBREAPER]: Code.SUBREAPER_LENGTH,
  [Op.KILL]: Code.KILL_LENGTH,
  [Op.JUMP]: Code.JUMP_LENGTH,
  [Op.SET_STATUS]: Code.SET_STATUS_LENGTH,
};

function nextOf(code: Int32Array, at: number): number {
  const op = code[at] as Op;
  const next = NEXT[op];
  return next === undefined ? at + (LENGTH[op] ?? Code.BARE_LENGTH) : code[at + next];
}

/** `fork: child`, `repeat: forever`, `sleep: 5s`: a step without the steps inside it. */
function headOf(step: Step): string {
  if (typeof step === 'string') return step;
  const [[key, body]] = Object.entries(step);
  if (typeof body !== 'object') return `${key}: ${body}`;
  const { steps: _, else: __, orElse: ___, ...rest } = body;
  const words = Object.values(rest).map((value) =>
    typeof value === 'object' ? JSON.stringify(value) : value,
  );
  return `${key}${words.length === 0 ? '' : ': '}${words.join(' ')}`;
}
