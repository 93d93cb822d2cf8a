/** Programs as lines that a person reads, and at which of them a process is. */
import type { Program, ProgramEntry } from './code.js';
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
  return program.entries.map((entry) => ({ name: entry.name, lines: linesOf(program, entry) }));
}

/** The line that a place of the program's code belongs to: of which program, and which one. */
export function lineAt(program: Program, pc: number): { name: string; index: number } {
  const entry = program.entries.findLast(({ at }) => at <= pc)!;
  return { name: entry.name, index: linesOf(program, entry).findLastIndex(({ at }) => at <= pc) };
}

function linesOf({ places }: Program, entry: ProgramEntry): ProgramLine[] {
  const own = places.filter(({ at }) => at >= entry.at && at < entry.end);
  return own.map(({ step, depth, at }) => ({ text: headOf(step), depth, at }));
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
