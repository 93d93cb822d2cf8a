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
import { USER } from './tasks.js';

/** Makes up to `count` threads; returns how many. Fewer than asked: the reason is in `kernel.refusal`. */
export function cloneThreads(kernel: KernelState, task: TaskId, count: number): number {
  const { threadNumbers } = kernel.processes;
  const index = processIndex(kernel.processOf(task));
  const numbers = threadNumbers[index] ?? new ThreadNumbers();
  threadNumbers[index] = numbers;
  const namespace = kernel.namespaceOf(task);
  let made = 0;
  while (made < count) {
    const burst = burstLength(kernel, task, namespace, count - made);
    if (burst === 0) {
      refuseOne(kernel, task, namespace);
      break;
    }
    // One at a time, each cursor would have gone through just these numbers.
    numbers.take(namespace, burst);
    countThreads(kernel, task, namespace, burst);
    made += burst;
  }
  return made;
}

/** How many threads the limits allow whose numbers lie side by side on every level, from the next one on. */
function burstLength(kernel: KernelState, task: TaskId, namespace: PidNamespace, count: number): number {
  let length = Math.min(count, roomFor(kernel, task));
  for (let level: PidNamespace | null = namespace; level !== null && length > 0; level = level.parent) {
    const start = level.nextNumber();
    level.burstStart = start;
    length = start === NONE ? 0 : level.taken.runLength(start, length, level.pidMax);
  }
  return length;
}

/** How many threads the limits other than numbers leave room for. */
function roomFor(kernel: KernelState, task: TaskId): number {
  const { rows } = kernel.tasks;
  const user = rows[task + USER];
  let room = Math.min(
    kernel.threadsMax - kernel.nrThreads,
    roomIn(kernel.cgroups[kernel.tasks.cgroup(task)]),
  );
  if (user !== 0) {
    room = Math.min(room, kernel.processes.rows[kernel.processOf(task) | NPROC_MAX] - kernel.userTasks[user]);
  }
  return Math.max(0, room);
}

/**
 * Finds out what refuses the next thread, and says so. What had been allocated by then is given back, but the cursors
 * have moved, as a fork's do (K1, K8).
 */
function refuseOne(kernel: KernelState, task: TaskId, namespace: PidNamespace): void {
  if (!hasRoom(kernel, task)) return;
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    const number = level.nextNumber();
    if (number === NONE) {
      kernel.refuse(task, 'pid-max', level.id);
      return;
    }
    level.cursor = number + 1;
  }
  chargeOne(kernel, task);
}

/** The youngest extra thread ends. The caller sees to a leader that has been waiting for it (exit.ts). */
export function dropThread(kernel: KernelState, task: TaskId): void {
  threadNumbersOf(kernel, task).drop(kernel.namespaceOf(task));
  uncountThreads(kernel, task, 1);
}

/** All extra threads end; there must be some. */
export function dropThreads(kernel: KernelState, task: TaskId): void {
  threadNumbersOf(kernel, task).drain(kernel.namespaceOf(task));
  uncountThreads(kernel, task, kernel.processes.rows[kernel.processOf(task) | THREADS]);
}

function threadNumbersOf(kernel: KernelState, task: TaskId): ThreadNumbers {
  return kernel.processes.threadNumbers[processIndex(kernel.processOf(task))] as ThreadNumbers;
}

function countThreads(kernel: KernelState, task: TaskId, namespace: PidNamespace, count: number): void {
  const { rows } = kernel.tasks;
  kernel.processes.rows[kernel.processOf(task) | THREADS] += count;
  namespace.ownTasks += count;
  namespace.ownAllocated += count;
  kernel.nrThreads += count;
  kernel.userTasks[rows[task + USER]] += count;
  charge(kernel.cgroups[kernel.tasks.cgroup(task)], count);
  kernel.origins.countBorn(kernel.tasks.origin(task), count);
}

function uncountThreads(kernel: KernelState, task: TaskId, count: number): void {
  const { rows } = kernel.tasks;
  const namespace = kernel.namespaceOf(task);
  kernel.processes.rows[kernel.processOf(task) | THREADS] -= count;
  namespace.ownTasks -= count;
  namespace.ownAllocated -= count;
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    if (level.dead) kernel.hasShrunk(level);
  }
  kernel.nrThreads -= count;
  kernel.userTasks[rows[task + USER]] -= count;
  charge(kernel.cgroups[kernel.tasks.cgroup(task)], -count);
  kernel.origins.countFreed(kernel.tasks.origin(task), count);
  kernel.origins.countReleased(kernel.tasks.origin(task), count);
}
