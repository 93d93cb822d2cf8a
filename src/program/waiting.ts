/** What a program waits for: its wait steps, and the labels by which it knows its children. */
import { ANY, type Kernel, NO_CHILD, NONE, type TaskId, taskId, WOULD_BLOCK } from '../kernel/kernel.js';
import { type Program, WAIT_LABEL_LENGTH, WAIT_LABEL_SLOT } from './code.js';
import { Blocked, isWaiting, type ProcessContext, type Waiting } from './context.js';

/**
 * A signal is there for the process. If it is blocked in waitpid, that sees a child that is dead by now
 * first: `do_wait` looks at the children again before it looks at signals. It returns with one, however many
 * the step waits for.
 */
export function lookOnce(kernel: Kernel, context: ProcessContext): void {
  const { blocked } = context;
  if (isWaiting(blocked) && isOver(blocked, waitOnce(kernel, context, blocked)))
    context.blocked = Blocked.RUNNING;
}

/** The end of the WAIT_ANY that the process is in: a child has been reaped for it. */
export function endWait(kernel: Kernel, context: ProcessContext): void {
  context.waitedStatus = kernel.waitedStatus;
  context.blocked = Blocked.RUNNING;
}

export function retryWait(kernel: Kernel, context: ProcessContext): void {
  const { blocked } = context;
  if (isWaiting(blocked) && tryWait(kernel, context, blocked)) context.blocked = Blocked.RUNNING;
}

/** One attempt at the wait step that `pc` is behind; true when there is nothing more to wait for. */
export function tryWait(kernel: Kernel, context: ProcessContext, how: Waiting): boolean {
  let result = waitOnce(kernel, context, how);
  while (how === Blocked.WAITING_ALL && result >= 0) result = waitOnce(kernel, context, how);
  return isOver(how, result);
}

/** After a waitpid with this result. */
function isOver(how: Waiting, result: number): boolean {
  return how === Blocked.WAITING_ALL ? result === NO_CHILD : result !== WOULD_BLOCK;
}

/** One waitpid of the wait step that `pc` is behind. */
function waitOnce(kernel: Kernel, context: ProcessContext, how: Waiting): number {
  let child: TaskId | typeof ANY = ANY;
  if (how === Blocked.WAITING_LABEL) {
    const slot = labelOperand(context);
    child = labelled(kernel, context, slot, false);
    if (child === NONE) {
      if (context.labelPids[slot] !== 0 && context.labelStatuses[slot] !== NONE)
        context.waitedStatus = context.labelStatuses[slot];
      return NO_CHILD;
    }
  }
  const result = kernel.wait(context.task, child);
  if (result < 0) return result;
  context.waitedStatus = kernel.waitedStatus;
  if (how === Blocked.WAITING_LABEL) context.labelStatuses[labelOperand(context)] = kernel.waitedStatus;
  return result;
}

/** The slot of the WAIT_LABEL that `pc` is behind. */
function labelOperand(context: ProcessContext): number {
  return (context.program as Program).code[context.pc - WAIT_LABEL_LENGTH + WAIT_LABEL_SLOT];
}

/**
 * The task that has a label's PID now, or NONE. A program remembers a PID, not a process: once its child has
 * been reaped, that may be a stranger's.
 */
export function labelled(kernel: Kernel, context: ProcessContext, slot: number, orThread: boolean): TaskId {
  const pid = context.labelPids[slot];
  return pid === 0 ? NONE : kernel.taskWithPid(pid, context.task, taskId(context.labelTasks[slot]), orThread);
}

/** One waitpid(-1, WNOHANG). It notes the status of a child with a label, for a later wait. */
export function reap(kernel: Kernel, context: ProcessContext): boolean {
  const child = kernel.wait(context.task, ANY);
  if (child < 0) return false;
  const { labelTasks, labelPids, labelStatuses } = context;
  for (let slot = 0; slot < (context.program as Program).labelCount; slot++) {
    if (labelTasks[slot] === child && labelPids[slot] !== 0 && labelStatuses[slot] === NONE)
      labelStatuses[slot] = kernel.waitedStatus;
  }
  return true;
}
