/** The limits on a new task besides that it needs PIDs: RLIMIT_NPROC, threads-max, the pids cgroups. */
import { lesser } from './arena.js';
import type { Cgroup } from './cgroups.js';
import { NONE, type TaskId } from './ids.js';
import { NPROC_UNLIMITED } from './limits.js';
import type { PidNamespace } from './namespaces.js';
import { NPROC_MAX, RUN_LEVELS_MAX } from './processes.js';
import { type KernelState, ROOT } from './state.js';
import { PROCESS, USER } from './tasks.js';

/** RLIMIT_NPROC and threads-max: a refusal here moves no cursor (K8, K38). */
export function hasRoom(kernel: KernelState, parent: TaskId): boolean {
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
  for (let level: PidNamespace | null = namespace; level !== failed && level !== null; level = level.parent)
    level.putBack(count);
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

/** Charges one task to the parent's cgroup and all above, or refuses and names the full one (K34, K37). */
export function chargeOne(kernel: KernelState, parent: TaskId): boolean {
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
