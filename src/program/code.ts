/**
 * Compiled programs: flat integer code that the interpreter runs.
 *
 * One `Int32Array` holds a program and everything it forks or execs. An instruction is an opcode followed by its
 * operands, as many as `OPERANDS` says; execution goes on behind the last operand unless the instruction says
 * otherwise. Every address is an absolute index into `code`. Layout of the steps that carry other steps:
 *
 *     fork       FORK …            refused: orElse steps, JUMP next  |  EXIT 2        (no orElse written)
 *                                  body:    steps, EXIT 0            |  elsewhere     (fork: {program})
 *                next:
 *     exec       EXEC …            body:    steps, EXIT 0            |  elsewhere     (exec: {program})
 *                next:                                                 never reached
 *     threads    THREADS …         refused: orElse steps, JUMP next  |  EXIT 134      (no orElse written)
 *                next:
 *     kill       KILL_OR_ELSE …    refused: orElse steps, JUMP next  |  KILL …        (no orElse written)
 *                next:
 *     repeat     REPEAT …          body:    steps, AGAIN             |  FOREVER, steps, JUMP body
 *                next:
 *     chance     CHANCE …          steps, JUMP next;  otherwise: else steps   (no JUMP when there is no `else`)
 *                next:
 *
 * So the code keeps the whole structure of the steps, and `print` can give them back from the code alone.
 *
 * A *process image* is the run of steps between two birth points: a program, the body of a fork, the body of an
 * exec. Labels and loop counters belong to an image: a child does not know its parent's children, and an exec
 * forgets them. Both are numbered from 0 in every image.
 */
import type { Distribution } from '../sim/distribution.js';
import type { ProgramSource } from './step.js';

/** Opcodes. Dense and from 0, and an enum, whose numbers the build writes into the code: so V8 makes a jump table of a `switch`. */
export enum Op {
  /** Ends the process (exit_group). */
  EXIT = 0,
  /** Blocks for one draw of a duration. */
  SLEEP = 1,
  /** Blocks for ever. */
  PAUSE = 2,
  /** Blocks until one child has been reaped; goes on at once when there is none. */
  WAIT_ANY = 3,
  /** Blocks until every child has been reaped. */
  WAIT_ALL = 4,
  /** Blocks until the child with that label has been reaped, by whomever in this process. */
  WAIT_LABEL = 5,
  /** waitpid(-1, WNOHANG) until nothing is left; never blocks. */
  REAP = 6,
  /** Parent goes on at `next`, child at `body`; a refused fork goes on at `refused`. */
  FORK = 7,
  /** Goes on at `body` as another image. */
  EXEC = 8,
  /** Has `count` extra threads from now on, then goes on at `next`; a refusal goes on at `refused`. */
  THREADS = 9,
  SIGCHLD = 10,
  ON_TERM = 11,
  SETSID = 12,
  SETPGID = 13,
  SUBREAPER = 14,
  KILL = 15,
  /** Sets loop counter `slot` to `times`. */
  REPEAT = 16,
  /** Takes one off loop counter `slot`; goes back to `body` while it is above zero. */
  AGAIN = 17,
  /** Does nothing: marks the head of an endless loop, whose body is behind it. */
  FOREVER = 18,
  JUMP = 19,
  /** With the probability goes on; else at `otherwise`. */
  CHANCE = 20,
  /**
   * The main thread ends by pthread_exit and an extra thread goes on with the next instruction (K19). Without an
   * extra thread the process ends, status 0; so does it when a later THREADS 0 takes the last thread away.
   */
  EXIT_MAIN_THREAD = 21,
  /** Ends the process with the status of the child that its last wait step reaped; 0 if none did. */
  EXIT_WAITED = 22,
  /** As KILL, then goes on at `next`; with nobody to send the signal to (ESRCH) at `refused`. */
  KILL_OR_ELSE = 23,
}

/**
 * Names of the operands by opcode. Instruction length = 1 + number of operands; operand i is at `pc + 1 + i`.
 *
 * | operand | what it is |
 * |---|---|
 * | `status` | exit status, 0-255 |
 * | `duration`, `probability`, `comm`, `label` | index into the program's table of that name; `comm` -1: inherited; `label` -1: none |
 * | `slot` | of a label: 0 … labelCount-1, or -1; of a loop counter: 0 … maxLoopDepth-1 |
 * | `body`, `next`, `refused`, `otherwise`, `to` | addresses |
 * | `disposition` | index into SIGCHLD_DISPOSITIONS or SIGTERM_DISPOSITIONS |
 * | `target` | index into KILL_TARGETS, or KILL_LABEL |
 * | `signal` | index into SIGNAL_NAMES |
 * | `flags` | EXPLICIT_OR_ELSE, NAMED_PROGRAM |
 * | `on` | 0 or 1 |
 */
export const OPERANDS: readonly (readonly string[])[] = [
  ['status'],
  ['duration'],
  [],
  [],
  [],
  ['slot', 'label'],
  [],
  ['body', 'next', 'refused', 'comm', 'slot', 'label', 'flags'],
  ['body', 'next', 'comm', 'flags'],
  ['count', 'next', 'refused', 'flags'],
  ['disposition'],
  ['disposition'],
  [],
  [],
  ['on'],
  ['target', 'slot', 'label', 'signal'],
  ['slot', 'times', 'next'],
  ['slot', 'body'],
  ['next'],
  ['to'],
  ['probability', 'otherwise', 'next'],
  [],
  [],
  ['target', 'slot', 'label', 'signal', 'next', 'refused'],
];

/** Length in words of every instruction, by opcode. */
export const INSTRUCTION_LENGTH: Uint8Array = Uint8Array.from(OPERANDS, (names) => names.length + 1);

/** `target` of a KILL that means a labelled child: one past the named targets. */
export const KILL_LABEL = 4;

/** The steps had an `orElse` of their own (else the default refusal is compiled in its place). */
export const EXPLICIT_OR_ELSE = 1;
/** The body is another program, compiled elsewhere in the segment, not steps in place. */
export const NAMED_PROGRAM = 2;

/** What a refused fork does without `orElse`: dash gives up at once with status 2 (K44). */
export const FORK_REFUSED_STATUS = 2;
/** What a refused thread does without `orElse`: abort(), which a shell reports as 128 + SIGABRT. */
export const THREAD_REFUSED_STATUS = 134;

/** A named program's place in the segment. Each name is compiled once, whoever runs it. */
export interface ProgramEntry {
  name: string;
  comm: string;
  source: ProgramSource;
  /** Its steps are `code[at … end)`, an EXIT 0 of the compiler's own at the end included. */
  at: number;
  end: number;
}

export interface Program {
  /** The name it was compiled under: a catalogue or scenario key. */
  name: string;
  /** What `ps` shows. */
  comm: string;
  source: ProgramSource;
  /** Execution starts at 0. */
  code: Int32Array;
  /** Tables that operands index. */
  durations: Distribution[];
  probabilities: number[];
  comms: string[];
  labels: string[];
  /** This program, at 0, and every program it names, in the order of `at`. */
  entries: ProgramEntry[];
  /** Label slots and loop counters that a process needs at most, whichever image of this program it runs. */
  labelCount: number;
  maxLoopDepth: number;
  /** It has an EXIT_MAIN_THREAD: then it matters when the first of its threads runs. */
  exitsMainThread: boolean;
}
