/**
 * A simulated machine: the kernel, the clock, and the programs and workers that run on them.
 *
 *   kernel ── wake(task) ──► soon: resume ──► interpreter (a program) ──► system calls ──► kernel
 *                                         └─► callback (a worker) ───┘
 *
 * A woken process runs at the same instant, after everything already due: so deaths at one instant deliver
 * one SIGCHLD, as they do on a busy machine (K25).
 */
import {
  type ForkRefusal,
  Kernel,
  type KernelHooks,
  type KernelOptions,
  type KernelWatcher,
  NONE,
  type TaskId,
} from '../kernel/kernel.js';
import type { SigchldDisposition } from '../kernel/signals.js';
import type { RandomStream } from '../sim/random.js';
import type { EventKind, Simulation } from '../sim/simulation.js';
import type { Program } from './code.js';
import { Blocked, isWaiting, ProcessContext, type Worker } from './context.js';
import { type InterpreterHost, resume, takeOver } from './interpret.js';
import { type Output, UNTOLD } from './output.js';
import { endWait, lookOnce } from './waiting.js';

/**
 * A program that takes so many steps in one instant of simulated time never blocks. It is stopped before it
 * has taken twice as many: what is counted at first may belong to instants before.
 */
const STEPS_PER_INSTANT_MAX = 20_000_000;

/** What the digest folds, besides times: the PID in the host's namespace, and one of these. */
const FORKED = 0;
const ENDED = 1;
const RELEASED = 2;
const REFUSED = 3;

/** A program that does not block: the run was stopped at a stated bound. */
export interface Runaway {
  program: string;
  comm: string;
  atUs: number;
  steps: number;
}

/** Is told of every transition in the middle of its system call: it may read, and change nothing. */
export type MachineWatcher = KernelWatcher & Omit<KernelHooks, 'ended' | 'killed' | 'wake'>;

/** A process that waits. */
export interface Rest {
  /** null: it is a worker's. */
  program: Program | null;
  pc: number;
  blocked: Blocked;
  sigchld: SigchldDisposition;
}

export interface MachineOptions extends Omit<KernelOptions, 'hooks'> {
  sim: Simulation;
  watcher?: MachineWatcher;
  /**
   * `false`: a process whose parent waits for it is seen as a zombie, until the parent has its turn. All that
   * comes of it is the same (decision 14). Default: true.
   */
  strokes?: boolean;
  /** From the wake-up of a process to its running; 0, the default: the same instant, after everything due. */
  wakeLatencyUs?: number;
}

/**
 * It is called in the middle of a system call: it may take notes and schedule events, and must change nothing
 * else. A full table refuses forks by the million, so `refused` has to be quick.
 */
export interface MachineObserver {
  /** A fork or a thread was refused. */
  refused?(parent: TaskId, refusal: ForkRefusal): void;
  /** PID 1 of a namespace ends; everything else in there ends after this call. */
  namespaceEnds?(init: TaskId): void;
  /** The host's PIDs have started again from below, as the fork just made shows (K2, K3). */
  wrapped?(): void;
}

export class Machine implements InterpreterHost, KernelHooks {
  readonly kernel: Kernel;
  readonly sim: Simulation;
  /** Set when a program was stopped because it never blocks; the simulation has been told to stop. */
  runaway: Runaway | null = null;
  /** Forks, ends, releases and refusals so far: what the digest is made of. */
  transitions = 0;
  /** When the processes that there are were forked, for a `ps` that tells it; null: nobody asks. */
  startsUs: Map<TaskId, number> | null = null;

  /** The process that runs a program at this moment. */
  private turnOf: TaskId = NONE;
  private lastPid = 0;
  /** Have the host's PIDs started again from below? */
  private hasWrapped = false;
  private observer: MachineObserver = {};
  private readonly watcher: MachineWatcher | null;
  private readonly contexts: ProcessContext[] = [];
  private readonly resumed: EventKind;
  private readonly awoken: EventKind;
  private readonly threadRuns: EventKind;
  private readonly wakeLatencyUs: number;
  private readonly strokes: boolean;
  private foldedUs = Number.NaN;
  private stepsUs = Number.NaN;
  private steps = 0;

  constructor(options: MachineOptions) {
    const { sim } = options;
    this.sim = sim;
    this.wakeLatencyUs = options.wakeLatencyUs ?? 0;
    this.resumed = sim.register((row, token) => this.resume(row, token));
    this.awoken = sim.register((row, token) => this.endSleep(row, token));
    this.threadRuns = sim.register((row, number) => this.runThread(row, number));
    this.strokes = options.strokes ?? true;
    this.watcher = options.watcher ?? null;
    this.kernel = new Kernel({ ...options, hooks: this });
  }

  /** From now on `observer` is told, in place of an earlier one. */
  observe(observer: MachineObserver): void {
    this.observer = observer;
  }

  /** `task` execs `program` and starts to run it at this instant, after everything already due. */
  load(task: TaskId, program: Program, stream: RandomStream): void {
    const context = this.contextOf(task);
    context.begin(task, program, 0, stream);
    this.kernel.execAs(task, context.comm);
    context.renew();
    this.queue(context);
  }

  /** What runs a program holds this output from now on, and so do the children that it forks. */
  holdOutput(task: TaskId, output: Output): void {
    this.contextOf(task).output = output;
    output.holders++;
  }

  /** Where a process is blocked, and in what; null while it is not. */
  restOf(task: TaskId): Rest | null {
    const { program, pc, blocked, queued, worker } = this.contextOf(task);
    if (queued || blocked === Blocked.RUNNING || this.kernel.pendingSignals(task) !== 0) return null;
    const sigchld = this.kernel.sigchldOf(task);
    return worker === null ? { program, pc, blocked, sigchld } : { program: null, pc: 0, blocked, sigchld };
  }

  /** How many of the host's PIDs can be handed out before they start from below, news only the first time. */
  get pidsBeforeNews(): number {
    const { kernel } = this;
    if (this.hasWrapped) return Number.POSITIVE_INFINITY;
    // They may have done so with the last threads that were made, and the next fork shows it.
    return kernel.cursor() > this.lastPid ? kernel.pidMax() - kernel.cursor() : 0;
  }

  /** PIDs have been handed out without a fork (kernel/aftermath.ts). */
  pidsPassed(): void {
    this.lastPid = this.kernel.cursor() - 1;
  }

  /** `task` is run by TypeScript from now on. */
  worker(task: TaskId, worker: Worker): void {
    const context = this.contextOf(task);
    context.task = task;
    context.blocked = Blocked.WORKER;
    context.worker = worker;
  }

  // ---- what the kernel tells (KernelHooks)

  wake(task: TaskId): void {
    const context = this.contexts[this.kernel.processIndex(task)];
    if (context === undefined || context.queued) return;
    const { blocked } = context;
    const mayGoOn = isWaiting(blocked) || blocked === Blocked.WORKER;
    if (mayGoOn || (blocked !== Blocked.IDLE && this.kernel.pendingSignals(task) !== 0)) this.queue(context);
  }

  forked(parent: TaskId, child: TaskId, hostPid: number): void {
    this.fold(FORKED, hostPid);
    this.startsUs?.set(child, this.sim.nowUs);
    if (hostPid < this.lastPid) {
      this.hasWrapped = true;
      this.observer.wrapped?.();
    }
    this.lastPid = hostPid;
    this.watcher?.forked(parent, child, hostPid);
  }

  /** A program goes on before those that it kills can run; a worker waits until they are dead. */
  killed(sender: TaskId | typeof NONE, task: TaskId): boolean {
    const context = this.contextOf(task);
    if (
      sender !== NONE &&
      sender === this.turnOf &&
      context.blocked !== Blocked.IDLE &&
      context.blocked !== Blocked.WORKER
    ) {
      if (!context.queued) this.queue(context);
      return true;
    }
    lookOnce(this.kernel, context);
    return false;
  }

  namespaceEnds(init: TaskId): void {
    this.observer.namespaceEnds?.(init);
    this.watcher?.namespaceEnds(init);
  }

  ended(task: TaskId, hostPid: number, status: number): void {
    this.fold(ENDED, hostPid);
    this.sim.digest.fold(status);
    const context = this.contextOf(task);
    const { worker } = context;
    this.letGoOutput(context);
    context.end();
    worker?.ended?.(task, status);
  }

  released(task: TaskId, hostPid: number): void {
    this.fold(RELEASED, hostPid);
    this.watcher?.released(task, hostPid);
  }

  refused(parent: TaskId, refusal: ForkRefusal): void {
    this.fold(REFUSED, this.kernel.hostPid(parent));
    this.observer.refused?.(parent, refusal);
    this.watcher?.refused(parent, refusal);
  }

  // ---- what the interpreter asks for (InterpreterHost)

  startChild(parent: ProcessContext, child: TaskId, pc: number): void {
    const context = this.contextOf(child);
    context.begin(child, parent.program as Program, pc, parent.stream as RandomStream);
    context.waitedStatus = parent.waitedStatus;
    context.output = parent.output;
    if (context.output !== null) context.output.holders++;
    context.renew();
    this.queue(context);
  }

  wakeAfter(context: ProcessContext, delayUs: number): void {
    this.sim.after(delayUs, this.awoken, context.row, context.token);
  }

  runAgain(context: ProcessContext): void {
    // Not in the place that a signal may have given it before.
    context.renew();
    this.queue(context);
  }

  /**
   * The parent would be woken, and as nothing else is due, it would be next: what it then does about its
   * child is done at once, and no zombie is ever seen (decision 14).
   */
  exitAwaited({ task }: ProcessContext, status: number): boolean {
    const { kernel, sim } = this;
    if (!this.strokes || this.wakeLatencyUs > 0 || !kernel.concernsOnlyParent(task) || !sim.isLastDue)
      return false;
    const parent = kernel.parentOf(task);
    const waiter = this.contextOf(parent);
    const reaper = waiter.worker;
    const isAwaited = reaper === null ? waiter.blocked === Blocked.WAITING_ANY : reaper.reaped !== undefined;
    if (!isAwaited) return false;
    kernel.exitAwaited(task, status);
    if (reaper === null) {
      endWait(kernel, waiter);
      this.queue(waiter);
    } else {
      this.turnOf = NONE;
      reaper.reaped?.(parent, task);
    }
    return true;
  }

  /** Maybe in the middle of a system call: the owner is told later, at this instant. */
  letGoOutput(context: ProcessContext): void {
    const { output } = context;
    if (output === null) return;
    context.output = null;
    if (--output.holders > 0 || output.whenClosed === UNTOLD) return;
    this.sim.soon(output.whenClosed, output.owner, output.number);
  }

  threadMade(context: ProcessContext): void {
    context.firstThread = (context.firstThread + 1) | 0;
    this.soon(this.threadRuns, context.row, context.firstThread);
  }

  /** Which step of which program a process is at; null: it runs none. */
  placeOf(task: TaskId): { program: Program; pc: number } | null {
    if (!this.kernel.canRun(task)) return null;
    const { program, pc, blocked, worker } = this.contextOf(task);
    if (program === null || worker !== null || blocked === Blocked.IDLE) return null;
    // The program counter of a process that sleeps or waits stands at the next step already.
    return {
      program,
      pc: blocked === Blocked.SLEEPING || blocked === Blocked.PAUSED || isWaiting(blocked) ? pc - 1 : pc,
    };
  }

  mayStep(context: ProcessContext): boolean {
    if (++this.steps < STEPS_PER_INSTANT_MAX) return true;
    if (this.stepsUs !== this.sim.nowUs) {
      this.stepsUs = this.sim.nowUs;
      this.steps = 0;
      return true;
    }
    const program = context.program as Program;
    this.runaway ??= { program: program.name, comm: program.comm, atUs: this.sim.nowUs, steps: this.steps };
    this.sim.stop();
    return false;
  }

  // ---- events

  private queue(context: ProcessContext): void {
    context.queued = true;
    this.soon(this.resumed, context.row, context.token);
  }

  private soon(kind: EventKind, row: number, token: number): void {
    if (this.wakeLatencyUs === 0) this.sim.soon(kind, row, token);
    else this.sim.after(this.wakeLatencyUs, kind, row, token);
  }

  private resume(row: number, token: number): void {
    const context = this.contexts[row];
    if (context.token !== token || !context.queued) return;
    context.queued = false;
    if (context.worker === null) this.takeTurn(context);
    else context.worker.wake(context.task);
  }

  private runThread(row: number, number: number): void {
    const context = this.contexts[row];
    if (context.firstThread === number && takeOver(context)) this.takeTurn(context);
  }

  /** The end of the SLEEP step that a process is in. */
  private endSleep(row: number, token: number): void {
    const context = this.contexts[row];
    if (context.token !== token || context.blocked !== Blocked.SLEEPING) return;
    context.blocked = Blocked.RUNNING;
    context.renew();
    context.queued = false;
    this.takeTurn(context);
  }

  private takeTurn(context: ProcessContext): void {
    this.turnOf = context.task;
    resume(this, context);
    this.turnOf = NONE;
  }

  private contextOf(task: TaskId): ProcessContext {
    const row = this.kernel.processIndex(task);
    return this.contexts[row] ?? this.makeContexts(row);
  }

  private makeContexts(row: number): ProcessContext {
    while (this.contexts.length <= row)
      this.contexts.push(new ProcessContext(this.contexts.length, this.kernel));
    return this.contexts[row];
  }

  /** Times are folded once an instant: most instants have many transitions. */
  private fold(what: number, hostPid: number): void {
    const { sim } = this;
    this.transitions++;
    if (sim.nowUs !== this.foldedUs) {
      this.foldedUs = sim.nowUs;
      sim.digest.foldTime(sim.nowUs);
    }
    sim.digest.fold((hostPid << 2) | what);
  }
}
