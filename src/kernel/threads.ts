/**
 * Extra threads of a process: each holds a PID on every level and counts against every limit, as a process
 * does (K9), and gives all of it back the moment it ends, joined or not.
 *
 * Threads are made in bursts and end together: so their PIDs are kept as runs: a length, and where the run
 * starts on each level. The run of the first burst is in the row of the process (RUN_LENGTH, RUN_STARTS), and
 * with most processes that is all of them; those of further bursts are kept aside (thread-pids.ts).
 */
import { admitInSteps, roomFor, takeAtOnce } from './admission.js';
import { lesser } from './arena.js';
import { NONE, type TaskId } from './ids.js';
import type { PidNamespace } from './namespaces.js';
import { processIndex, RUN_LENGTH, RUN_LEVELS_MAX, RUN_STARTS, THREADS } from './processes.js';
import type { KernelState } from './state.js';
import { LIVE, PROCESS, STATE, USER } from './tasks.js';
import { ThreadPids } from './thread-pids.js';

/** Makes up to `count` threads; returns how many. Fewer than asked: the reason is in `kernel.refusal`. */
export function cloneThreads(kernel: KernelState, task: TaskId, count: number): number {
  if (count <= 0) return 0;
  const namespace = kernel.namespaceOf(task);
  const process = kernel.processOf(task);
  if (kernel.processes.rows[process | THREADS] === 0 && takeAtOnce(kernel, task, namespace, count)) {
    setFirstRun(kernel, process, namespace, count, 0);
    countThreads(kernel, task, count);
    return count;
  }
  let made = 0;
  while (made < count) {
    const burst = burstLength(kernel, task, namespace, count - made);
    if (burst === 0) {
      // Tried once more, to name the limit and to move the cursors as a fork does (K1, K8).
      admitInSteps(kernel, task, namespace);
      break;
    }
    takeBurst(kernel, task, burst);
    made += burst;
  }
  return made;
}

/** How many tasks the limits allow whose PIDs lie side by side on every level, from the next one on. */
function burstLength(kernel: KernelState, task: TaskId, namespace: PidNamespace, count: number): number {
  let length = namespace.dead ? 0 : lesser(count, roomFor(kernel, task));
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    const start = level.nextPid();
    level.burstStart = start;
    length = start === NONE ? 0 : level.taken.runLength(start, length, level.pidMax);
  }
  return length;
}

/** One at a time, each cursor would have gone through just these PIDs. */
function takeBurst(kernel: KernelState, task: TaskId, length: number): void {
  const { rows } = kernel.processes;
  const namespace = kernel.namespaceOf(task);
  const process = kernel.processOf(task);
  if (rows[process | THREADS] > 0 || namespace.level >= RUN_LEVELS_MAX) {
    furtherThreads(kernel, process).take(namespace, length);
    // Not what the process before it has left there.
    if (rows[process | THREADS] === 0) rows[process | RUN_LENGTH] = 0;
  } else {
    for (let level: PidNamespace | null = namespace; level !== null; level = level.parent)
      level.takeBurst(length);
    setFirstRun(kernel, process, namespace, length, 0);
  }
  kernel.cgroups[kernel.tasks.cgroup(task)].charge(length);
  countThreads(kernel, task, length);
}

/** Notes the first run of a process: it begins `offset` behind the start of the burst that has been taken. */
export function setFirstRun(
  kernel: KernelState,
  process: number,
  namespace: PidNamespace,
  length: number,
  offset: number,
): void {
  const { rows } = kernel.processes;
  rows[process | RUN_LENGTH] = length;
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent)
    rows[process | (RUN_STARTS + level.level)] = level.burstStart + offset;
}

function furtherThreads(kernel: KernelState, process: number): ThreadPids {
  const { furtherThreads } = kernel.processes;
  furtherThreads[processIndex(process)] ??= new ThreadPids();
  return furtherThreads[processIndex(process)] as ThreadPids;
}

/**
 * So many extra threads end, the youngest first; there must be as many. The caller sees to a leader that has
 * been waiting for them (exit.ts).
 */
export function dropYoungest(kernel: KernelState, task: TaskId, count: number): void {
  const { rows } = kernel.processes;
  const process = kernel.processOf(task);
  const namespace = kernel.namespaceOf(task);
  const further = lesser(count, rows[process | THREADS] - rows[process | RUN_LENGTH]);
  for (let left = further; left > 0; left--) furtherThreads(kernel, process).drop(namespace);
  const ofFirstRun = count - further;
  const kept = (rows[process | RUN_LENGTH] -= ofFirstRun);
  countThreads(kernel, task, -count);
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    if (ofFirstRun > 0) level.taken.freeRun(rows[process | (RUN_STARTS + level.level)] + kept, ofFirstRun);
  }
}

/** Is the calling thread the only one? The main thread calls as long as it lives. */
export function isSingleThreaded(kernel: KernelState, task: TaskId): boolean {
  const { rows } = kernel.tasks;
  const threads = kernel.processes.rows[rows[task + PROCESS] | THREADS];
  return threads === (rows[task + STATE] === LIVE ? 0 : 1);
}

export function dropOtherThreads(kernel: KernelState, task: TaskId): void {
  const calling = kernel.tasks.rows[task + STATE] === LIVE ? 0 : 1;
  const others = kernel.processes.rows[kernel.processOf(task) | THREADS] - calling;
  if (others > 0) dropYoungest(kernel, task, others);
}

export function dropThreads(kernel: KernelState, task: TaskId): void {
  dropYoungest(kernel, task, kernel.processes.rows[kernel.processOf(task) | THREADS]);
}

/** The PIDs of all extra threads of a process on the level of `of`. Its own namespace is `of` or in it. */
export function threadPidsIn(
  kernel: KernelState,
  process: number,
  namespace: PidNamespace,
  of: PidNamespace,
): number[] {
  const { rows, furtherThreads } = kernel.processes;
  if (rows[process | THREADS] === 0) return [];
  const start = rows[process | (RUN_STARTS + of.level)];
  const first = Array.from({ length: rows[process | RUN_LENGTH] }, (_, offset) => start + offset);
  return first.concat(furtherThreads[processIndex(process)]?.pidsIn(of, namespace) ?? []);
}

/** So many extra threads more, which have PIDs and are charged; or fewer, whose charge is given back. */
function countThreads(kernel: KernelState, task: TaskId, change: number): void {
  const { tasks, origins } = kernel;
  kernel.processes.rows[kernel.processOf(task) | THREADS] += change;
  kernel.namespaceOf(task).ownTasks += change;
  kernel.nrThreads += change;
  kernel.countUser(tasks.rows[task + USER], change);
  if (kernel.watcher !== null) kernel.watcher.threads(task, change);
  if (change > 0) origins.countBorn(tasks.origin(task), change);
  else {
    kernel.cgroups[tasks.cgroup(task)].charge(change);
    origins.countReleased(tasks.origin(task), -change);
  }
}
