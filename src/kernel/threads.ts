/**
 * Extra threads of a process: each holds a number on every level and counts against every limit, as a process does
 * (K9), and gives all of it back the moment it ends, joined or not.
 */
import { NONE } from './arena.js';
import { charge, roomIn } from './cgroups.js';
import { chargeOne, hasRoom, reserveNumbers } from './fork.js';
import type { PidNamespace } from './namespaces.js';
import { ThreadNumbers } from './processes.js';
import type { KernelState, TaskId } from './state.js';

/** Makes up to `count` threads; returns how many. Fewer than asked: the reason is in `kernel.refusal`. */
export function cloneThreads(kernel: KernelState, task: TaskId, count: number): number {
  const process = kernel.tasks.process[task];
  const namespace = kernel.namespaces[kernel.processes.namespace[process]];
  kernel.processes.threadNumbers[process] ??= new ThreadNumbers();
  let made = 0;
  while (made < count) {
    const burst = cloneBurst(kernel, task, namespace, count - made);
    if (burst === 0) break;
    made += burst;
  }
  return made;
}

/** One thread, numbers on every level. */
function cloneOne(kernel: KernelState, task: TaskId, namespace: PidNamespace): number {
  if (!hasRoom(kernel, task) || !reserveNumbers(kernel, task, namespace) || !chargeOne(kernel, task))
    return 0;
  const numbers = kernel.processes.threadNumbers[kernel.tasks.process[task]] as ThreadNumbers;
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    const number = kernel.reserved[level.level];
    level.taken.take(number);
    numbers.push(level.level, number, 1);
  }
  countThreads(kernel, task, 1);
  return 1;
}

/**
 * A burst of threads: as many as the limits allow and as lie side by side in the table of every level, taken at once.
 * The same numbers as one by one, because each cursor would have gone through just that run.
 */
function cloneBurst(kernel: KernelState, task: TaskId, namespace: PidNamespace, count: number): number {
  const { reserved } = kernel;
  let length = Math.min(count, roomFor(kernel, task));
  for (let level: PidNamespace | null = namespace; level !== null && length > 1; level = level.parent) {
    const start = level.nextNumber();
    reserved[level.level] = start;
    length = start === NONE ? 0 : level.taken.runLength(start, length, level.pidMax);
  }
  // A single thread, or a refusal, which must move the cursors of the inner levels and say why.
  if (length <= 1) return cloneOne(kernel, task, namespace);
  const numbers = kernel.processes.threadNumbers[kernel.tasks.process[task]] as ThreadNumbers;
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    const start = reserved[level.level];
    level.taken.takeRun(start, length);
    level.cursor = start + length;
    numbers.push(level.level, start, length);
  }
  charge(kernel.cgroups[kernel.tasks.cgroup[task]], length);
  countThreads(kernel, task, length);
  return length;
}

/** How many threads the limits other than numbers leave room for. */
function roomFor(kernel: KernelState, task: TaskId): number {
  const user = kernel.tasks.user[task];
  const ofUser =
    user === 0
      ? Number.POSITIVE_INFINITY
      : kernel.processes.nprocMax[kernel.tasks.process[task]] - kernel.userTasks[user];
  const ofCgroup = roomIn(kernel.cgroups[kernel.tasks.cgroup[task]]);
  return Math.max(0, Math.min(kernel.threadsMax - kernel.nrThreads, ofUser, ofCgroup));
}

/** The youngest extra thread ends. The caller sees to a leader that has been waiting for it (exit.ts). */
export function dropThread(kernel: KernelState, task: TaskId): void {
  const process = kernel.tasks.process[task];
  const numbers = kernel.processes.threadNumbers[process] as ThreadNumbers;
  let level: PidNamespace | null = kernel.namespaces[kernel.processes.namespace[process]];
  for (; level !== null; level = level.parent) {
    level.taken.free(numbers.pop(level.level));
    kernel.numbersGivenBack(level, 1);
  }
  uncount(kernel, task, 1);
}

/** All extra threads end. */
export function dropThreads(kernel: KernelState, task: TaskId): void {
  const process = kernel.tasks.process[task];
  const count = kernel.processes.threads[process];
  if (count === 0) return;
  const numbers = kernel.processes.threadNumbers[process] as ThreadNumbers;
  let level: PidNamespace | null = kernel.namespaces[kernel.processes.namespace[process]];
  for (; level !== null; level = level.parent) {
    const { taken } = level;
    numbers.drain(level.level, taken);
    kernel.numbersGivenBack(level, count);
  }
  uncount(kernel, task, count);
}

function countThreads(kernel: KernelState, task: TaskId, count: number): void {
  const process = kernel.tasks.process[task];
  const origin = kernel.pids.origin[kernel.tasks.pid[task]];
  kernel.processes.threads[process] += count;
  let level: PidNamespace | null = kernel.namespaces[kernel.processes.namespace[process]];
  for (; level !== null; level = level.parent) {
    level.tasks += count;
    level.allocated += count;
  }
  kernel.nrThreads += count;
  kernel.userTasks[kernel.tasks.user[task]] += count;
  kernel.origins.tasks[origin] += count;
  kernel.origins.numbers[origin] += count;
  kernel.origins.created[origin] += count;
}

/** The opposite of `countThreads`, less the numbers, which have been given back already. */
function uncount(kernel: KernelState, task: TaskId, count: number): void {
  const process = kernel.tasks.process[task];
  const origin = kernel.pids.origin[kernel.tasks.pid[task]];
  kernel.processes.threads[process] -= count;
  let level: PidNamespace | null = kernel.namespaces[kernel.processes.namespace[process]];
  for (; level !== null; level = level.parent) level.tasks -= count;
  kernel.nrThreads -= count;
  kernel.userTasks[kernel.tasks.user[task]] -= count;
  charge(kernel.cgroups[kernel.tasks.cgroup[task]], -count);
  kernel.origins.tasks[origin] -= count;
  kernel.origins.numbers[origin] -= count;
  kernel.origins.released[origin] += count;
}
