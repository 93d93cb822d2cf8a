/**
 * Extra threads of a process: each holds a number on every level and counts against every limit, as a process does
 * (K9), and gives all of it back the moment it ends, joined or not.
 */
import { NONE } from './arena.js';
import { charge, roomIn } from './cgroups.js';
import { chargeOne, hasRoom } from './fork.js';
import type { PidNamespace } from './namespaces.js';
import { NPROC_MAX, processIndex, THREADS, ThreadNumbers } from './processes.js';
import type { KernelState, TaskId } from './state.js';
import { CGROUP, ORIGIN, USER } from './tasks.js';

/** Makes up to `count` threads; returns how many. Fewer than asked: the reason is in `kernel.refusal`. */
export function cloneThreads(kernel: KernelState, task: TaskId, count: number): number {
  const { threadNumbers } = kernel.processes;
  const index = processIndex(kernel.processOf(task));
  const numbers = threadNumbers[index] ?? new ThreadNumbers();
  threadNumbers[index] = numbers;
  const namespace = kernel.namespaceOf(task);
  let made = 0;
  while (made < count) {
    let burst = burstLength(kernel, task, namespace, count - made);
    if (burst > 1) takeBurst(kernel, task, namespace, numbers, burst);
    else burst = cloneOne(kernel, task, namespace, numbers);
    if (burst === 0) break;
    countThreads(kernel, task, namespace, burst);
    made += burst;
  }
  return made;
}

/**
 * How many threads the limits allow that lie side by side in the table of every level: up to the longest run that
 * starts at the number which is next there. 0 or 1: to be tried alone.
 */
function burstLength(kernel: KernelState, task: TaskId, namespace: PidNamespace, count: number): number {
  let length = Math.min(count, roomFor(kernel, task));
  for (let level: PidNamespace | null = namespace; level !== null && length > 1; level = level.parent) {
    const start = level.nextNumber();
    length = start === NONE ? 0 : level.taken.runLength(start, length, level.pidMax);
  }
  return length;
}

/** How many threads the limits other than numbers leave room for. */
function roomFor(kernel: KernelState, task: TaskId): number {
  const { rows } = kernel.tasks;
  const user = rows[task | USER];
  let room = Math.min(kernel.threadsMax - kernel.nrThreads, roomIn(kernel.cgroups[rows[task | CGROUP]]));
  if (user !== 0) {
    room = Math.min(room, kernel.processes.rows[kernel.processOf(task) | NPROC_MAX] - kernel.userTasks[user]);
  }
  return Math.max(0, room);
}

/**
 * A burst of threads: the same numbers as one by one, because each cursor would have gone through just that run.
 */
function takeBurst(
  kernel: KernelState,
  task: TaskId,
  namespace: PidNamespace,
  numbers: ThreadNumbers,
  length: number,
): void {
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    const start = level.nextNumber();
    level.taken.takeRun(start, length);
    level.cursor = start + length;
    numbers.push(level.level, start, length);
  }
  charge(kernel.cgroups[kernel.tasks.rows[task | CGROUP]], length);
}

/** One thread, with a number on every level; or 0, after a refusal that leaves the cursors as a fork's does. */
function cloneOne(
  kernel: KernelState,
  task: TaskId,
  namespace: PidNamespace,
  numbers: ThreadNumbers,
): number {
  if (!hasRoom(kernel, task)) return 0;
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    const number = level.nextNumber();
    if (number === NONE) {
      giveBack(numbers, namespace, level);
      kernel.refuse(task, 'pid-max', level.id);
      return 0;
    }
    level.cursor = number + 1;
    level.taken.take(number);
    numbers.push(level.level, number, 1);
  }
  if (chargeOne(kernel, task)) return 1;
  giveBack(numbers, namespace, null);
  return 0;
}

/** Undoes what one thread has taken below the level that refused; null: everywhere. */
function giveBack(numbers: ThreadNumbers, namespace: PidNamespace, refused: PidNamespace | null): void {
  for (let level = namespace; level !== refused; level = level.parent as PidNamespace) {
    level.taken.free(numbers.pop(level.level));
    if (level.parent === null) return;
  }
}

/** The youngest extra thread ends. The caller sees to a leader that has been waiting for it (exit.ts). */
export function dropThread(kernel: KernelState, task: TaskId): void {
  const numbers = kernel.processes.threadNumbers[processIndex(kernel.processOf(task))] as ThreadNumbers;
  for (let level: PidNamespace | null = kernel.namespaceOf(task); level !== null; level = level.parent) {
    level.taken.free(numbers.pop(level.level));
    kernel.numbersGivenBack(level, 1);
  }
  uncountThreads(kernel, task, 1);
}

/** All extra threads end. */
export function dropThreads(kernel: KernelState, task: TaskId): void {
  const process = kernel.processOf(task);
  const count = kernel.processes.rows[process | THREADS];
  if (count === 0) return;
  const numbers = kernel.processes.threadNumbers[processIndex(process)] as ThreadNumbers;
  for (let level: PidNamespace | null = kernel.namespaceOf(task); level !== null; level = level.parent) {
    numbers.drain(level.level, level.taken);
    kernel.numbersGivenBack(level, count);
  }
  uncountThreads(kernel, task, count);
}

function countThreads(kernel: KernelState, task: TaskId, namespace: PidNamespace, count: number): void {
  const { rows } = kernel.tasks;
  kernel.processes.rows[kernel.processOf(task) | THREADS] += count;
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    level.tasks += count;
    level.allocated += count;
  }
  kernel.nrThreads += count;
  kernel.userTasks[rows[task | USER]] += count;
  kernel.origins.countBorn(rows[task | ORIGIN], count);
}

/** The opposite of `countThreads`, less the numbers, which have been given back already. */
function uncountThreads(kernel: KernelState, task: TaskId, count: number): void {
  const { rows } = kernel.tasks;
  const origin = rows[task | ORIGIN];
  kernel.processes.rows[kernel.processOf(task) | THREADS] -= count;
  for (let level: PidNamespace | null = kernel.namespaceOf(task); level !== null; level = level.parent)
    level.tasks -= count;
  kernel.nrThreads -= count;
  kernel.userTasks[rows[task | USER]] -= count;
  charge(kernel.cgroups[rows[task | CGROUP]], -count);
  kernel.origins.countFreed(origin, count);
  kernel.origins.countReleased(origin, count);
}
