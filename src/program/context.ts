/** What a process that runs a program is in the middle of. */
import { type CommId, type Kernel, NONE, type TaskId } from '../kernel/kernel.js';
import type { RandomStream } from '../sim/random.js';
import type { Program } from './code.js';
import type { Output } from './output.js';

/** What a process waits for. An enum, whose numbers the build writes into the code. */
export enum Blocked {
  RUNNING = 0,
  SLEEPING = 1,
  PAUSED = 2,
  WAITING_ANY = 3,
  WAITING_ALL = 4,
  WAITING_LABEL = 5,
  /** A process that TypeScript runs, not a program. */
  WORKER = 6,
  /** Without a program or a worker: forked and not loaded yet, or ended. */
  IDLE = 7,
  /** In an exec, until its other threads have run, and ended. */
  ENDING_THREADS = 8,
  /** Its main thread has ended in the turn in which it made the thread that goes on, until that is run. */
  TAKING_OVER = 9,
  /** In a THREADS that takes one away, until that has run, and ended. */
  JOINING = 10,
}
export type Waiting = Blocked.WAITING_ANY | Blocked.WAITING_ALL | Blocked.WAITING_LABEL;

/** Is it in one of the wait steps? */
export function isWaiting(blocked: Blocked): blocked is Waiting {
  return blocked >= Blocked.WAITING_ANY && blocked <= Blocked.WAITING_LABEL;
}

/** A process that is run by TypeScript. */
export interface Worker {
  /** It has a signal or a child to look at. */
  wake(task: TaskId): void;
  /**
   * Its child has ended, and has been reaped for it. A worker that has this reaps whatever dies whenever it
   * is woken, and need not be woken for that: nobody else would have run in between.
   */
  reaped?(task: TaskId, child: TaskId): void;
  /** It has been killed, or has exited: called in the middle of the system call, for nothing but a note. */
  ended?(task: TaskId, status: number): void;
}

/** One for each live process. The next process with its index gets it: a probe run allocates none. */
export class ProcessContext {
  task: TaskId = NONE;
  program: Program | null = null;
  pc = 0;
  blocked: Blocked = Blocked.IDLE;
  /** An event to run it is under way. */
  queued = false;
  /** Another one whenever what is under way for this process has become stale. */
  token = 0;
  /** Another one for each first thread that is to run. */
  firstThread = 0;
  stream: RandomStream | null = null;
  /** Exit status of the child that the image's last wait step reaped, or as SET_STATUS has it. */
  waitedStatus = 0;
  /** The stdout of an exec that it holds open: of its own, or of a process above it. */
  output: Output | null = null;
  /** The worker that runs it in place of a program. */
  worker: Worker | null = null;
  /** Loop counters of the image. */
  loops = new Int32Array(2);
  /** Labelled children of the image: the PID, as a program remembers it (0: none), and whose it was. */
  labelTasks = new Int32Array(4);
  labelPids = new Int32Array(4);
  /** Exit status of a labelled child that a handler has reaped, as in a shell's table of jobs; else NONE. */
  labelStatuses = new Int32Array(4);

  /** Of the program: the kernel's id of its name. */
  comm: CommId = NONE;

  /** The last program that the above had to be right for. */
  private madeFor: Program | null = null;

  constructor(
    /** Row in the kernel's `Processes`. */
    readonly row: number,
    private readonly kernel: Kernel,
  ) {}

  /** A new life: another process in this row, or another image of the same process. */
  begin(task: TaskId, program: Program, pc: number, stream: RandomStream): void {
    this.task = task;
    this.program = program;
    this.pc = pc;
    this.stream = stream;
    this.worker = null;
    this.blocked = Blocked.RUNNING;
    this.waitedStatus = 0;
    if (program !== this.madeFor) this.makeFor(program);
    for (let slot = 0; slot < program.labelCount; slot++) this.labelPids[slot] = 0;
  }

  /** What is under way for this process is stale. The token is in events, which hold 32 bits. */
  renew(): void {
    this.token = (this.token + 1) | 0;
  }

  private makeFor(program: Program): void {
    this.madeFor = program;
    this.comm = this.kernel.comm(program.comm);
    if (this.loops.length < program.maxLoopDepth) this.loops = new Int32Array(program.maxLoopDepth);
    if (this.labelTasks.length >= program.labelCount) return;
    this.labelTasks = new Int32Array(program.labelCount);
    this.labelPids = new Int32Array(program.labelCount);
    this.labelStatuses = new Int32Array(program.labelCount);
  }

  end(): void {
    this.task = NONE;
    this.blocked = Blocked.IDLE;
    this.queued = false;
    this.renew();
    this.worker = null;
  }
}
