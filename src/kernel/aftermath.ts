/**
 * A shortcut: writes at once what processes that have come and gone leave behind (decision 23).
 *
 * The plain way is fork, setsid, exit and wait of each of them. This writes only what is there when the last
 * has gone: how far the cursors have moved, the accounts, the zombies that PID 1 has adopted, and the PIDs
 * that these pin. test/run/fast-forward.test.ts holds it to the plain way.
 */
import { type CgroupId, NONE, type OriginId, type PidNsId, type TaskId } from './ids.js';
import type { PidNamespace } from './namespaces.js';
import { labelOf, REFS } from './pids.js';
import type { KernelState } from './state.js';
import {
  CGROUP_AND_COMM,
  GROUP,
  LABEL,
  PID,
  PROCESS,
  SESSION,
  STATE,
  STATUS,
  USER,
  ZOMBIE,
} from './tasks.js';

/** A PID that is left, and the zombie that has it. */
export interface Remnant {
  /** How many PIDs were taken between the remnant before and this one, and have been given back. */
  before: PassingPids;
  /** null: it is pinned. `group` and `session` are places in the list of remnants. */
  zombie: { comm: string; status: number; uid: number; group: number; session: number } | null;
}

/** PIDs taken in a namespace, and on every level around it; those taken around it alone are counted apart. */
interface PassingPids {
  own: number;
  around: number;
}

export interface Aftermath {
  /** In the order in which their PIDs were taken. */
  remnants: readonly Remnant[];
  /** Taken after the last of them. */
  after: PassingPids;
  /** The remnants that are zombies, in the order in which PID 1 adopted them. */
  adopted: readonly number[];
}

/** Where the processes were. */
export interface Place {
  namespace: PidNsId;
  cgroup: CgroupId;
  origin: OriginId;
}

/** As if so many tasks had been made and released; their PIDs are passed by `passPids`. */
export function comeAndGo(kernel: KernelState, origin: OriginId, tasks: number): void {
  kernel.origins.reserve(origin);
  kernel.origins.countBorn(origin, tasks);
  kernel.origins.countReleased(origin, tasks);
}

/** As if so many PIDs of a namespace had been taken and given back; the caller knows that enough are free. */
export function passPids(kernel: KernelState, namespace: PidNsId, pids: number): void {
  kernel.namespaces[namespace].pass(pids);
}

function pass(namespace: PidNamespace, { own, around }: PassingPids): void {
  namespace.pass(own);
  for (let level = namespace.parent; level !== null; level = level.parent) level.pass(own + around);
}

/** The zombies, in the order of their adoption. The caller knows that no limit is near. */
export function leave(kernel: KernelState, place: Place, { remnants, after, adopted }: Aftermath): TaskId[] {
  const namespace = kernel.namespaces[place.namespace];
  const pidRows: number[] = [];
  for (const { before } of remnants) {
    pass(namespace, before);
    pidRows.push(takePids(kernel, namespace, place.origin));
  }
  pass(namespace, after);
  const left = adopted.map((index) => adopt(kernel, place, namespace, pidRows, remnants[index], index));
  const zombies = left.length;
  const pinned = pidRows.length - zombies;
  namespace.ownTasks += zombies;
  namespace.ownZombies += zombies;
  namespace.ownPinned += pinned;
  kernel.nrThreads += zombies;
  kernel.nrZombies += zombies;
  kernel.nrPinned += pinned;
  kernel.cgroups[place.cgroup].charge(zombies);
  kernel.origins.reserve(place.origin);
  kernel.origins.countBorn(place.origin, zombies);
  kernel.origins.countZombies(place.origin, zombies);
  kernel.origins.countPinned(place.origin, pinned);
  return left;
}

function takePids(kernel: KernelState, namespace: PidNamespace, origin: OriginId): number {
  const { pids } = kernel;
  const row = pids.allocate();
  for (let level: PidNamespace | null = namespace; level !== null; level = level.parent)
    pids.setPid(row, level.level, level.takePid());
  pids.setLabel(row, labelOf(namespace.id, origin));
  pids.rows[row | REFS] = 0;
  return row;
}

function adopt(
  kernel: KernelState,
  { cgroup, origin }: Place,
  namespace: PidNamespace,
  pidRows: readonly number[],
  { zombie }: Remnant,
  index: number,
): TaskId {
  const { comm, status, uid, group, session } = zombie!;
  const task: TaskId = kernel.tasks.allocate();
  const { rows } = kernel.tasks;
  rows[task + PID] = pidRows[index];
  rows[task + GROUP] = pidRows[group];
  rows[task + SESSION] = pidRows[session];
  rows[task + PROCESS] = NONE;
  rows[task + LABEL] = labelOf(namespace.id, origin);
  rows[task + CGROUP_AND_COMM] = (kernel.comm(comm) << 16) | cgroup;
  rows[task + USER] = kernel.uids.indexOf(uid);
  rows[task + STATUS] = status;
  rows[task + STATE] = ZOMBIE;
  kernel.countUser(rows[task + USER], 1);
  for (const row of [pidRows[index], pidRows[group], pidRows[session]]) kernel.pids.rows[row | REFS]++;
  kernel.children.adopt(namespace.init, task, true);
  return task;
}
