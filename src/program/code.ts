/**
 * Compiled programs: flat integer code that the interpreter runs.
 *
 * One `Int32Array` holds a program and everything it forks or execs. An instruction is an opcode followed by
 * its operands, which have names below; execution goes on behind the last operand unless the instruction says
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
 *     chance     CHANCE …          steps, JUMP next;  otherwise: else steps   (no JUMP if there is no `else`)
 *                next:
 *     if         IF_STATUS …       steps, JUMP next;  otherwise: else steps   (no JUMP if there is no `else`)
 *                next:
 *     break      JUMP next of a repeat around it
 *
 * So the code keeps the whole structure of the steps, and gives them back (test/program/print.ts).
 *
 * A *process image* is the run of steps between two birth points: a program, the body of a fork, the body of
 * an exec. Labels and loop counters belong to an image: a child does not know its parent's children, and an
 * exec forgets them. Both are numbered from 0 in every image.
 */
import type { Distribution } from '../sim/distribution.js';
import type { ProgramSource, Step } from './step.js';

/** Opcodes, dense and from 0. The build writes their numbers into the code: a `switch` is a jump table. */
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
  /** Blocks until the child with that label has been reaped, be it by a handler of this process. */
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
   * The main thread ends by pthread_exit and an extra thread goes on with the next instruction (K19). Without
   * an extra thread the process ends, status 0; so does it when a later THREADS 0 takes the last thread away.
   */
  EXIT_MAIN_THREAD = 21,
  /** Ends the process with the status of the child that its last wait step reaped; 0 if none did. */
  EXIT_WAITED = 22,
  /** As KILL, then goes on at `next`; with nobody to send the signal to (ESRCH) at `refused`. */
  KILL_OR_ELSE = 23,
  /** Sets the status that EXIT_WAITED and IF_STATUS look at. */
  SET_STATUS = 24,
  /** Goes on if the status is this one; else at `otherwise`. */
  IF_STATUS = 25,
}

/*
 * Where the operands of an instruction are, counted from its opcode, and how long it is. The runner of the
 * lab has the same names with the same numbers (src/lab/runner/code.h; test/lab/runner/code.test.ts holds
 * them to these).
 *
 * | operand | what it is |
 * |---|---|
 * | `STATUS` | exit status, 0-255 |
 * | `DURATION`, `PROBABILITY`, `COMM`, `LABEL` | index into the program's table; -1: none |
 * | `SLOT` | of a label: 0 … labelCount-1, or -1; of a loop counter: 0 … maxLoopDepth-1 |
 * | `BODY`, `NEXT`, `REFUSED`, `OTHERWISE`, `TO` | addresses |
 * | `DISPOSITION` | index into SIGCHLD_DISPOSITIONS or SIGTERM_DISPOSITIONS |
 * | `TARGET` | index into KILL_TARGETS, or TARGET_LABEL |
 * | `SIGNAL` | the number of the signal |
 * | `FLAGS` | EXPLICIT_OR_ELSE, NAMED_PROGRAM |
 * | `ON` | 0 or 1 |
 */

/** An instruction without operands. */
export const BARE_LENGTH = 1;

export const EXIT_STATUS = 1;
export const EXIT_LENGTH = 2;

export const SLEEP_DURATION = 1;
export const SLEEP_LENGTH = 2;

export const WAIT_LABEL_SLOT = 1;
export const WAIT_LABEL_LABEL = 2;
export const WAIT_LABEL_LENGTH = 3;

export const FORK_BODY = 1;
export const FORK_NEXT = 2;
export const FORK_REFUSED = 3;
export const FORK_COMM = 4;
export const FORK_SLOT = 5;
export const FORK_LABEL = 6;
export const FORK_FLAGS = 7;
export const FORK_LENGTH = 8;

export const EXEC_BODY = 1;
export const EXEC_NEXT = 2;
export const EXEC_COMM = 3;
export const EXEC_FLAGS = 4;
export const EXEC_LENGTH = 5;

export const THREADS_COUNT = 1;
export const THREADS_NEXT = 2;
export const THREADS_REFUSED = 3;
export const THREADS_FLAGS = 4;
export const THREADS_LENGTH = 5;

export const SIGCHLD_DISPOSITION = 1;
export const SIGCHLD_LENGTH = 2;

export const ON_TERM_DISPOSITION = 1;
export const ON_TERM_LENGTH = 2;

export const SUBREAPER_ON = 1;
export const SUBREAPER_LENGTH = 2;

export const KILL_TARGET = 1;
export const KILL_SLOT = 2;
export const KILL_LABEL = 3;
export const KILL_SIGNAL = 4;
export const KILL_LENGTH = 5;

/** The operands of a KILL, and these behind them. */
export const KILL_OR_ELSE_NEXT = 5;
export const KILL_OR_ELSE_REFUSED = 6;
export const KILL_OR_ELSE_LENGTH = 7;

export const REPEAT_SLOT = 1;
export const REPEAT_TIMES = 2;
export const REPEAT_NEXT = 3;
export const REPEAT_LENGTH = 4;

export const AGAIN_SLOT = 1;
export const AGAIN_BODY = 2;
export const AGAIN_LENGTH = 3;

export const FOREVER_NEXT = 1;
export const FOREVER_LENGTH = 2;

export const JUMP_TO = 1;
export const JUMP_LENGTH = 2;

export const CHANCE_PROBABILITY = 1;
export const CHANCE_OTHERWISE = 2;
export const CHANCE_NEXT = 3;
export const CHANCE_LENGTH = 4;

export const SET_STATUS_STATUS = 1;
export const SET_STATUS_LENGTH = 2;

export const IF_STATUS_STATUS = 1;
export const IF_STATUS_OTHERWISE = 2;
export const IF_STATUS_NEXT = 3;
export const IF_STATUS_LENGTH = 4;

/** Of a KILL: the targets as in KILL_TARGETS, and a labelled child. */
export const TARGET_CHILDREN = 0;
export const TARGET_GROUP = 1;
export const TARGET_PARENT = 2;
export const TARGET_SELF = 3;
export const TARGET_LABEL = 4;

/** The steps had an `orElse` of their own (else the default refusal is compiled in its place). */
export const EXPLICIT_OR_ELSE = 1;
/** The body is another program, compiled elsewhere in the segment, not steps in place. */
export const NAMED_PROGRAM = 2;

/** What a refused fork does without `orElse`: dash gives up at once with status 2 (K44). */
export const REFUSED_FORK_STATUS = 2;
/** What a refused thread does without `orElse`: abort(), which a shell reports as 128 + SIGABRT. */
export const REFUSED_THREAD_STATUS = 134;

/** A named program's place in the segment. Each name is compiled once, however many processes run it. */
export interface ProgramEntry {
  name: string;
  comm: string;
  source: ProgramSource;
  /** Its steps are `code[at … end)`, an EXIT 0 of the compiler's own at the end included. */
  at: number;
  end: number;
}

/** Where the instruction of a step is, and how deep the step is inside others. */
export interface StepPlace {
  step: Step;
  at: number;
  depth: number;
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
  /** Its steps as they are written, in the order of `at`; those that a refused step does are left out. */
  places: StepPlace[];
  /** Label slots and loop counters that a process needs at most, whichever image of this program it runs. */
  labelCount: number;
  maxLoopDepth: number;
  /** It has an EXIT_MAIN_THREAD: then it matters when the first of its threads runs. */
  exitsMainThread: boolean;
}
