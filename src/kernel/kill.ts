/** kill: of a process, a group, the children. Stands for `send_signal_locked` and `sig_task_ignored`. */
import { endBySignal, exit } from './exit.js';
import type { TaskId } from './ids.js';
import { BIRTH, SIGNALS, TASK } from './processes.js';
import {
  isHandler,
  KERNEL,
  PENDING_SIGCHLD,
  PENDING_SIGTERM,
  SIGCHLD,
  SIGKILL,
  SIGTERM_DEFAULT,
  SIGTERM_EXIT,
  type Signal,
  STATUS_KILLED,
  STATUS_TERMINATED,
  sigchldIn,
  sigtermIn,
} from './signals.js';
import { isKilled } from './stages.js';
import type { KernelState } from './state.js';
import { ENDING_NAMESPACE, FREE, GROUP, PID, STATE, STATUS, ZOMBIE } from './tasks.js';
import { isSingleThreaded } from './threads.js';
import type { SignalEffect } from './watcher.js';

/**
 * Sends a signal. To a zombie it "succeeds" without effect. PID 1 of a namespace is protected: a signal it
 * has no handler for is dropped, and SIGKILL counts only from an ancestor namespace (K33). Returns false when
 * there is no such process (ESRCH).
 */
export function kill(
  kernel: KernelState,
  sender: TaskId | typeof KERNEL,
  target: TaskId,
  signal: Signal,
): boolean {
  const isFromAbove = kernel.tasks.rows[target + STATE] !== FREE && comesFromAbove(kernel, sender, target);
  return deliver(kernel, sender, target, signal, isFromAbove);
}

function deliver(
  kernel: KernelState,
  sender: TaskId | typeof KERNEL,
  target: TaskId,
  signal: Signal,
  isFromAbove: boolean,
): boolean {
  if (kernel.tasks.rows[target + STATE] === FREE) return false;
  const effect = effectOf(kernel, target, signal, isFromAbove);
  if (kernel.watcher !== null) kernel.watcher.signalled(sender, target, signal, effect);
  if (effect === 'handler') post(kernel, target, signal === SIGCHLD ? PENDING_SIGCHLD : PENDING_SIGTERM);
  else if (effect === 'ends')
    endBySignal(kernel, sender, target, signal === SIGKILL ? STATUS_KILLED : STATUS_TERMINATED);
  return true;
}

function effectOf(kernel: KernelState, target: TaskId, signal: Signal, isFromAbove: boolean): SignalEffect {
  const state = kernel.tasks.rows[target + STATE];
  if (state === ZOMBIE || state === ENDING_NAMESPACE || isKilled(kernel, target)) return 'dropped';
  const isInit = kernel.namespaceOf(target).init === target;
  if (signal === SIGKILL) return !isInit || isFromAbove ? 'ends' : 'dropped';
  const signals = kernel.processes.rows[kernel.processOf(target) | SIGNALS];
  if (signal === SIGCHLD) return isHandler(sigchldIn(signals)) ? 'handler' : 'dropped';
  const action = sigtermIn(signals);
  if (action === SIGTERM_EXIT) return 'handler';
  if (action !== SIGTERM_DEFAULT) return 'ignored';
  return isInit ? 'dropped' : 'ends';
}

/** What a process does first when it runs (`get_signal`). True: a signal has killed it, and it has ended. */
export function dieOfSignal(kernel: KernelState, task: TaskId): boolean {
  if (!isKilled(kernel, task)) return false;
  exit(kernel, task, kernel.tasks.rows[task + STATUS]);
  return true;
}

/**
 * kill(0, …): every member of the sender's process group, whatever its namespace. The newest is woken first:
 * members are added at the head of the group's list (`attach_pid`, `__kill_pgrp_info`), at birth or, the
 * leader, when it makes the group. But the sender is running at that moment and comes first, unless it has
 * other threads: then it ends when these have been woken in their turn.
 */
export function killGroup(kernel: KernelState, sender: TaskId, signal: Signal): void {
  let members = livingMembers(kernel, kernel.tasks.rows[sender + GROUP]);
  if (isSingleThreaded(kernel, sender)) members = [sender, ...members.filter((task) => task !== sender)];
  const areBelow = members.map((member) => comesFromAbove(kernel, sender, member));
  for (const [index, member] of members.entries()) deliver(kernel, sender, member, signal, areBelow[index]);
}

/** The newest first. */
function livingMembers({ tasks, processes }: KernelState, group: number): TaskId[] {
  const { rows } = processes;
  const found: number[] = [];
  for (const process of processes)
    if (tasks.rows[rows[process | TASK] + GROUP] === group) found.push(process);
  found.sort((a, b) => (rows[b | BIRTH] - rows[a | BIRTH]) | 0);
  return found.map((process) => rows[process | TASK] as TaskId);
}

/** Every child that is there now, in the order of their PIDs: as `pkill -P` finds them in /proc. */
export function killChildren(kernel: KernelState, sender: TaskId, signal: Signal): void {
  const { level } = kernel.namespaceOf(sender);
  const pidOf = (task: TaskId): number => kernel.pids.pidAt(kernel.tasks.rows[task + PID], level);
  const children = kernel.children.inOrder(sender).sort((a, b) => pidOf(a) - pidOf(b));
  for (const child of children) kill(kernel, sender, child, signal);
}

/** Has the sender no PID in the target's namespace? Nothing is above the host's. */
function comesFromAbove(kernel: KernelState, sender: TaskId | typeof KERNEL, target: TaskId): boolean {
  const namespace = kernel.namespaceOf(target);
  if (namespace.parent === null) return false;
  return sender === KERNEL || !namespace.contains(kernel.namespaceOf(sender));
}

function post(kernel: KernelState, target: TaskId, pending: number): void {
  kernel.processes.rows[kernel.processOf(target) | SIGNALS] |= pending;
  kernel.hooks.wake(target);
}
