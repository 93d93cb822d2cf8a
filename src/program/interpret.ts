/**
 * Runs a program from where it is to its next blocking step. Everything it does goes through the kernel's
 * system calls; it touches no field of a task.
 *
 *   woken ──► the step it waited in, tried again ──► handlers of pending signals ──► steps ──► blocked
 */
import { type Kernel, NONE, type TaskId } from '../kernel/kernel.js';
import {
  PENDING_DEATH,
  PENDING_SIGCHLD,
  PENDING_SIGTERM,
  type Signal,
  STATUS_TERMINATED,
} from '../kernel/signals.js';
import { type Distribution, isLucky, sampleUs } from '../sim/distribution.js';
import type { RandomStream } from '../sim/random.js';
import * as Code from './code.js';
import { Op, type Program } from './code.js';
import { Blocked, type ProcessContext } from './context.js';
import { SIGCHLD_DISPOSITIONS, SIGTERM_DISPOSITIONS } from './step.js';
import { labelled, lookOnce, reap, retryWait, tryWait } from './waiting.js';

/** What the interpreter needs of the machine that it runs on. */
export interface InterpreterHost {
  readonly kernel: Kernel;
  /** A forked child starts at `pc` of its parent's program, at this instant, after everything due. */
  startChild(parent: ProcessContext, child: TaskId, pc: number): void;
  wakeAfter(context: ProcessContext, delayUs: number): void;
  /** The process is run again, at this instant, after everything due. */
  runAgain(context: ProcessContext): void;
  /** exit_group and the parent's wait at once, if it waits for any child and would be next. False: not so. */
  exitAwaited(context: ProcessContext, status: number): boolean;
  /** The first extra thread has been made, to run at this instant, after everything due (TAKING_OVER). */
  threadMade(context: ProcessContext): void;
  /** It holds the stdout of no exec any more, as a daemon does not. */
  letGoOutput(context: ProcessContext): void;
  /** Counts steps; false when there were too many in one instant: the run is being stopped. */
  mayStep(context: ProcessContext): boolean;
}

/** The process has been woken, or starts. */
export function resume(host: InterpreterHost, context: ProcessContext): void {
  const { task } = context;
  if (context.blocked >= Blocked.ENDING_THREADS && !mayGoOn(host, context)) return;
  if (host.kernel.pendingSignals(task) !== 0) {
    lookOnce(host.kernel, context);
    if (!handleSignals(host, context)) return;
  }
  retryWait(host.kernel, context);
  if (context.blocked === Blocked.RUNNING) runSteps(host, context);
}

/** Is a process that waits for threads of its own over that? */
function mayGoOn(host: InterpreterHost, context: ProcessContext): boolean {
  if (context.blocked === Blocked.JOINING) endJoined(host, context);
  return context.blocked === Blocked.ENDING_THREADS && goOnWithExec(host, context);
}

/** The thread that a process waits for runs, ends, and wakes it, behind those that became ready since. */
function endJoined(host: InterpreterHost, context: ProcessContext): void {
  const { kernel } = host;
  if (kernel.dieOfSignal(context.task)) return;
  kernel.endThreads(context.task, 1);
  context.blocked = Blocked.RUNNING;
  host.runAgain(context);
}

/** The thread that a main thread has made is run. True: the process has been left to it, and goes on. */
export function takeOver(context: ProcessContext): boolean {
  if (context.blocked !== Blocked.TAKING_OVER) return false;
  context.blocked = Blocked.RUNNING;
  return true;
}

/**
 * One more turn in an exec that has to end other threads. They run first, and the last of them wakes the one
 * that waits for them: behind those that have become ready since. A signal is looked at afterwards, unless it
 * kills. True: the exec is over.
 */
function goOnWithExec(host: InterpreterHost, context: ProcessContext): boolean {
  const { kernel } = host;
  const { task } = context;
  if (kernel.dieOfSignal(task)) return false;
  if (kernel.hasOtherThreads(task)) {
    kernel.endOtherThreads(task);
    host.runAgain(context);
    return false;
  }
  context.blocked = Blocked.RUNNING;
  exec(kernel, context);
  return true;
}

/** The EXEC that `pc` is at. */
function exec(kernel: Kernel, context: ProcessContext): void {
  const program = context.program as Program;
  const { code, comms } = program;
  const { pc } = context;
  kernel.exec(context.task, comms[code[pc + Code.EXEC_COMM]]);
  context.begin(context.task, program, code[pc + Code.EXEC_BODY], context.stream!);
}

/**
 * Dies, or runs the handlers of pending signals, SIGCHLD's first, as the kernel's stacking of signal frames
 * has it. False: the process does not go on.
 */
function handleSignals(host: InterpreterHost, context: ProcessContext): boolean {
  const { kernel } = host;
  const { task } = context;
  if (kernel.dieOfSignal(task)) return false;
  if (kernel.takeSignal(task, PENDING_SIGCHLD)) {
    const once = kernel.sigchldOf(task) === 'reap-one';
    while (reap(kernel, context) && !once);
  }
  if (!kernel.takeSignal(task, PENDING_SIGTERM)) return true;
  // An exec may have taken the handler away since the signal was sent.
  const isHandled = kernel.sigtermOf(task) === 'exit';
  if (!isHandled && kernel.isNamespaceInit(task)) return true;
  exit(host, context, isHandled ? 0 : STATUS_TERMINATED);
  return false;
}

/**
 * A running process that has just killed itself: its main thread is gone at once. Other threads have been
 * woken as the signal was sent, and die in that order; true if there are any.
 */
function diesAhead(kernel: Kernel, task: TaskId): boolean {
  return (kernel.pendingSignals(task) & PENDING_DEATH) !== 0 && kernel.exitAhead(task, kernel.statusOf(task));
}

/** exit_group: extra threads end when they run, after all that is due already, and the process with them. */
function exit(host: InterpreterHost, context: ProcessContext, status: number): void {
  const { kernel } = host;
  if (host.exitAwaited(context, status)) return;
  if (!kernel.exitAhead(context.task, status)) {
    kernel.exit(context.task, status);
    return;
  }
  context.blocked = Blocked.RUNNING;
  host.runAgain(context);
}

function runSteps(host: InterpreterHost, context: ProcessContext): void {
  const { kernel } = host;
  const { task } = context;
  const program = context.program as Program;
  const { code } = program;
  let pc = context.pc;
  let isThreadNew = false;
  while (host.mayStep(context)) {
    switch (code[pc]) {
      case Op.EXIT:
        exit(host, context, code[pc + Code.EXIT_STATUS]);
        return;
      case Op.EXIT_WAITED:
        exit(host, context, context.waitedStatus);
        return;
      case Op.SLEEP:
        context.pc = pc + Code.SLEEP_LENGTH;
        context.blocked = Blocked.SLEEPING;
        host.wakeAfter(context, delayUs(program.durations[code[pc + Code.SLEEP_DURATION]], context.stream!));
        return;
      case Op.PAUSE:
        context.pc = pc + Code.BARE_LENGTH;
        context.blocked = Blocked.PAUSED;
        return;
      case Op.WAIT_ANY:
      case Op.WAIT_ALL:
      case Op.WAIT_LABEL: {
        const how =
          code[pc] === Op.WAIT_ANY
            ? Blocked.WAITING_ANY
            : code[pc] === Op.WAIT_ALL
              ? Blocked.WAITING_ALL
              : Blocked.WAITING_LABEL;
        pc = context.pc = pc + (how === Blocked.WAITING_LABEL ? Code.WAIT_LABEL_LENGTH : Code.BARE_LENGTH);
        if (tryWait(kernel, context, how)) break;
        context.blocked = how;
        return;
      }
      case Op.REAP:
        while (reap(kernel, context));
        pc += Code.BARE_LENGTH;
        break;
      case Op.FORK:
        pc = fork(host, context, program, pc);
        break;
      case Op.EXEC:
        context.pc = pc;
        if (kernel.hasOtherThreads(task)) {
          context.blocked = Blocked.ENDING_THREADS;
          host.runAgain(context);
          return;
        }
        exec(kernel, context);
        pc = context.pc;
        break;
      case Op.THREADS: {
        const count = code[pc + Code.THREADS_COUNT];
        const before = kernel.threadCount(task);
        if (count < before) {
          takeThreadAway(host, context, pc, count);
          return;
        }
        const hadNone = program.exitsMainThread && before === 0;
        const hasAll = kernel.cloneThreads(task, count - before) === count - before;
        pc = code[pc + (hasAll ? Code.THREADS_NEXT : Code.THREADS_REFUSED)];
        if (hadNone && kernel.threadCount(task) > 0) {
          host.threadMade(context);
          isThreadNew = true;
        }
        break;
      }
      case Op.SIGCHLD:
        kernel.setSigchld(task, SIGCHLD_DISPOSITIONS[code[pc + Code.SIGCHLD_DISPOSITION]]);
        pc += Code.SIGCHLD_LENGTH;
        break;
      case Op.ON_TERM:
        kernel.setSigterm(task, SIGTERM_DISPOSITIONS[code[pc + Code.ON_TERM_DISPOSITION]]);
        pc += Code.ON_TERM_LENGTH;
        break;
      case Op.SETSID:
        kernel.setsid(task);
        host.letGoOutput(context);
        pc += Code.BARE_LENGTH;
        break;
      case Op.SETPGID:
        kernel.setpgid(task);
        pc += Code.BARE_LENGTH;
        break;
      case Op.SUBREAPER:
        kernel.setSubreaper(task, code[pc + Code.SUBREAPER_ON] === 1);
        pc += Code.SUBREAPER_LENGTH;
        break;
      case Op.KILL:
      case Op.KILL_OR_ELSE: {
        const signal = code[pc + Code.KILL_SIGNAL] as Signal;
        const sent = sendSignal(
          kernel,
          context,
          code[pc + Code.KILL_TARGET],
          code[pc + Code.KILL_SLOT],
          signal,
        );
        if (context.task !== task || diesAhead(kernel, task) || !handleSignals(host, context)) return;
        if (code[pc] === Op.KILL) pc += Code.KILL_LENGTH;
        else pc = code[pc + (sent ? Code.KILL_OR_ELSE_NEXT : Code.KILL_OR_ELSE_REFUSED)];
        break;
      }
      case Op.REPEAT:
        context.loops[code[pc + Code.REPEAT_SLOT]] = code[pc + Code.REPEAT_TIMES];
        pc = code[pc + Code.REPEAT_TIMES] === 0 ? code[pc + Code.REPEAT_NEXT] : pc + Code.REPEAT_LENGTH;
        break;
      case Op.AGAIN:
        pc =
          --context.loops[code[pc + Code.AGAIN_SLOT]] > 0
            ? code[pc + Code.AGAIN_BODY]
            : pc + Code.AGAIN_LENGTH;
        break;
      case Op.FOREVER:
        pc += Code.FOREVER_LENGTH;
        break;
      case Op.JUMP:
        pc = code[pc + Code.JUMP_TO];
        break;
      case Op.CHANCE:
        pc = isLucky(program.probabilities[code[pc + Code.CHANCE_PROBABILITY]], context.stream!)
          ? pc + Code.CHANCE_LENGTH
          : code[pc + Code.CHANCE_OTHERWISE];
        break;
      case Op.SET_STATUS:
        context.waitedStatus = code[pc + Code.SET_STATUS_STATUS];
        pc += Code.SET_STATUS_LENGTH;
        break;
      case Op.IF_STATUS:
        pc =
          context.waitedStatus === code[pc + Code.IF_STATUS_STATUS]
            ? pc + Code.IF_STATUS_LENGTH
            : code[pc + Code.IF_STATUS_OTHERWISE];
        break;
      case Op.EXIT_MAIN_THREAD:
        pc += Code.BARE_LENGTH;
        if (!kernel.exitMainThread(task)) {
          if (context.task !== task) return;
          break;
        }
        // The thread that goes on has to be run first. If it was made in this turn, it is to run anyway.
        context.pc = pc;
        if (isThreadNew) context.blocked = Blocked.TAKING_OVER;
        else host.runAgain(context);
        return;
      default:
        throw noSuchInstruction(program, pc);
    }
  }
}

/** By itself: in the loop, V8 would turn every address into text before it looks at what is there. */
function noSuchInstruction({ name, code }: Program, pc: number): Error {
  return new Error(`program ${name}: no such instruction ${code[pc]} at ${pc}`);
}

/** Most durations are constants, and need no draw. */
function delayUs(duration: Distribution, stream: RandomStream): number {
  return duration.kind === 'constant' ? duration.us : sampleUs(duration, stream);
}

/** Where the parent goes on. */
function fork(host: InterpreterHost, context: ProcessContext, program: Program, pc: number): number {
  const { kernel } = host;
  const { code } = program;
  const comm = code[pc + Code.FORK_COMM];
  const child =
    comm === NONE ? kernel.fork(context.task) : kernel.fork(context.task, kernel.comm(program.comms[comm]));
  const slot = code[pc + Code.FORK_SLOT];
  if (child === NONE) {
    if (slot !== NONE) context.labelPids[slot] = 0;
    return code[pc + Code.FORK_REFUSED];
  }
  if (slot !== NONE) {
    context.labelTasks[slot] = child;
    context.labelPids[slot] = kernel.ownPid(child);
    context.labelStatuses[slot] = NONE;
  }
  host.startChild(context, child, code[pc + Code.FORK_BODY]);
  return code[pc + Code.FORK_NEXT];
}

/** The THREADS at `pc` is done again until enough are gone. A last one without a main thread is the end. */
function takeThreadAway(host: InterpreterHost, context: ProcessContext, pc: number, count: number): void {
  if (count === 0 && host.kernel.isMainThreadDead(context.task)) {
    exit(host, context, 0);
    return;
  }
  context.pc = pc;
  context.blocked = Blocked.JOINING;
  host.runAgain(context);
}

/**
 * Targets as in KILL_TARGETS, a label last. A parent outside the namespace cannot be named: getppid() is 0.
 * False when there was nobody to send it to (ESRCH).
 */
function sendSignal(
  kernel: Kernel,
  context: ProcessContext,
  target: number,
  slot: number,
  signal: Signal,
): boolean {
  const { task } = context;
  switch (target) {
    case Code.TARGET_CHILDREN: {
      const hasChildren = kernel.hasChildren(task);
      kernel.killChildren(task, signal);
      return hasChildren;
    }
    case Code.TARGET_GROUP:
      kernel.killGroup(task, signal);
      return true;
    case Code.TARGET_PARENT:
      return kernel.seesParent(task) && kernel.kill(task, kernel.parentOf(task), signal);
    case Code.TARGET_SELF:
      return kernel.kill(task, task, signal);
    default: {
      const found = labelled(kernel, context, slot, true);
      return found !== NONE && kernel.kill(task, found, signal);
    }
  }
}
