/** Whether a new task is admitted: RLIMIT_NPROC, threads-max, a PID on every level, the pids cgroups. */
import { lesser } from './arena.js';
import type { Cgroup } from './cgroups.js';
import { NONE, type TaskId } from './ids.js';
import { NPROC_UNLIMITED } from './limits.js';
import type { PidNamespace } from './namespaces.js';
import { NPROC_MAX, RUN_LEVELS_MAX } from './processes.js';
import { type KernelState, ROOT } from './state.js';
import { PROCESS, USER } from './tasks.js';

/** RLIMIT_NPROC and threads-max: a refusal here moves no cursor (K8, K38). */
function hasRoom(kernel: KernelState, parent: TaskId): boolean {
  if (userRoom(kernel, parent) < 1) {
    kernel.refuse(parent, 'rlimit-nproc', kernel.uids[kernel.tasks.rows[parent + USER]]);
    return false;
  }
  if (kernel.nrThreads >= kernel.threadsMax) {
    kernel.refuse(parent, 'threads-max', NONE);
    return false;
  }
  return true;
}

/**
 * PIDs and charges for `count` tasks, in the usual case: no limit is near, and the next PIDs of every level
 * are free and side by side, from `burstStart` on. Then the order of the checks does not matter. False: a
 * check has failed, and nothing has happened; the caller takes the way in steps, which names the limit.
 */
export function takeAtOnce(
  kernel: KernelState,
  task: TaskId,
  namespace: PidNamespace,
  count: number,
): boolean {
  if (namespace.dead || namespace.level >= RUN_LEVELS_MAX || !hasRoomFor(kernel, task, count)) return false;
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    if (level.takeNext(count)) continue;
    putBack(namespace, level, count);
    return false;
  }
  if (kernel.cgroups[kernel.tasks.cgroup(task)].tryCharge(count) === null) return true;
  putBack(namespace, null, count);
  return false;
}

/** Undoes `takeNext` up to the level where it failed; null: on all of them. */
function putBack(namespace: PidNamespace, failed: PidNamespace | null, count: number): void {
  for (let level = namespace; level !== failed; level = level.parent as PidNamespace) level.putBack(count);
}

/** `hasRoom` for several tasks at once, without a refusal: it only says whether they fit. */
function hasRoomFor(kernel: KernelState, parent: TaskId, tasks: number): boolean {
  return userRoom(kernel, parent) >= tasks && kernel.nrThreads <= kernel.threadsMax - tasks;
}

/** How many more tasks RLIMIT_NPROC lets the task's user have. Root may have any number. */
function userRoom(kernel: KernelState, task: TaskId): number {
  const { rows } = kernel.tasks;
  const user = rows[task + USER];
  if (user === ROOT) return NPROC_UNLIMITED;
  return kernel.processes.rows[rows[task + PROCESS] | NPROC_MAX] - kernel.userTasks[user];
}

/**
 * A `struct pid` and a charge for one task; or NONE, and the reason in `kernel.refusal`. The limits are asked
 * in the kernel's order: RLIMIT_NPROC, threads-max, the PIDs from the innermost namespace outwards, the pids
 * cgroup (K38).
 */
export function admitInSteps(kernel: KernelState, parent: TaskId, namespace: PidNamespace): number {
  if (!hasRoom(kernel, parent)) return NONE;
  const pidRow = allocatePid(kernel, parent, namespace);
  return pidRow !== NONE && isAdmitted(kernel, parent, pidRow, namespace) ? pidRow : NONE;
}

/** The last checks: a namespace into which no fork can succeed any more (K31), and the cgroups. */
function isAdmitted(kernel: KernelState, parent: TaskId, pidRow: number, namespace: PidNamespace): boolean {
  if (namespace.dead) kernel.refuse(parent, 'namespace-dead', namespace.id);
  else if (chargeOne(kernel, parent)) return true;
  giveBack(kernel, pidRow, namespace, null);
  // A namespace whose first process fails this late gets no second attempt (`free_pid`).
  if (namespace.isUnused) namespace.dead = true;
  return false;
}

/**
 * A new `struct pid` with the next PID of every level, from the innermost outwards, or NONE. The first full
 * level refuses: the PIDs taken further in are given back, but the cursors stay where they are now (K1, K8).
 */
function allocatePid(kernel: KernelState, parent: TaskId, namespace: PidNamespace): number {
  const { pids } = kernel;
  const pidRow = pids.allocate();
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
    const pid = level.takePid();
    if (pid === NONE) {
      giveBack(kernel, pidRow, namespace, level);
      // The first process of a namespace is PID 1, however many attempts it takes.
      if (namespace.isUnused) namespace.cursor = 0;
      kernel.refuse(parent, 'pid-max', level.id);
      return NONE;
    }
    pids.setPid(pidRow, level.level, pid);
  }
  return pidRow;
}

/** Undoes an allocation that got as far as the level that is full; null: through all of them. */
function giveBack(
  kernel: KernelState,
  pidRow: number,
  namespace: PidNamespace,
  full: PidNamespace | null,
): void {
  const { pids } = kernel;
  for (let level: PidNamespace | null = namespace; level !== full && level !== null; level = level.parent) {
    level.taken.free(pids.pidAt(pidRow, level.level));
  }
  pids.release(pidRow);
}

/** Charges one task to the parent's cgroup and all above, or refuses and names the full one (K34, K37). */
function chargeOne(kernel: KernelState, parent: TaskId): boolean {
  const own = kernel.cgroups[kernel.tasks.cgroup(parent)];
  const full = own.tryCharge(1);
  if (full === null) return true;
  if (kernel.rules.pidsEventsOn === 'forker') own.events++;
  else for (let at: Cgroup = full; at.parent !== null; at = at.parent) at.events++;
  kernel.refuse(parent, 'pids-cgroup', full.id);
  return false;
}

/** How many tasks fit under all limits but those on PIDs. */
export function roomFor(kernel: KernelState, task: TaskId): number {
  let room = kernel.cgroups[kernel.tasks.cgroup(task)].room;
  room = lesser(room, kernel.threadsMax - kernel.nrThreads);
  room = lesser(room, userRoom(kernel, task));
  return room < 0 ? 0 : room;
}
