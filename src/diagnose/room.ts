/** How much room is left below a limit, and until when it lasts. */
import { PID_MAX_DEFAULT, PID_MAX_LIMIT, RESERVED_PIDS } from '../kernel/limits.js';
import type { Capture } from '../procfs/capture.js';
import type { Census } from './families.js';

export interface Limits {
  pidMax?: number;
  threadsMax?: number;
  /** pids.max of the pod or container that leaks. */
  pidsMax?: number;
}

export interface Room {
  limit: 'pid_max' | 'threads-max' | 'pids.max';
  value: number;
  /** Of pid_max what can be handed out: after the first wrap no free PID below 300 is (K3). */
  usable: number;
  used: number;
  /** Threads, or what the list does not show, come on top. */
  isUsedAtLeast: boolean;
  left: number;
  /** Until it is full, at the present rate: soonest and latest. null: no rate, or no end. */
  hours: [soonest: number, latest: number] | null;
  /** The limit stands in no capture and was not given: a usual value. */
  isAssumed: boolean;
}

/** The kernel's own default on a small machine, and what systemd sets (K6). */
const USUAL_PID_MAX = [PID_MAX_DEFAULT, PID_MAX_LIMIT];

export interface Growth {
  zombiesPerHour: number | null;
  /** PIDs that a zombie costs, itself and what it pins. */
  pidsPerZombie: [min: number, max: number];
  /** PIDs that live processes and threads take besides. */
  livingPerHour: number | null;
}

/** Threads and zombies, as far as the list tells. */
export function tasksOf({ rows, threadRows, headerCounts }: Capture): number {
  const threads = threadRows ?? rows.reduce((sum, row) => sum + Math.max(1, row.threads ?? 1), 0);
  return Math.max(threads, headerCounts?.total ?? 0);
}

export function roomsOf(
  capture: Capture,
  census: Census,
  isComplete: boolean,
  growth: Growth,
  given: Limits,
): Room[] {
  const { around, rows, threadRows } = capture;
  const zombies = census.zombies ?? 0;
  const isThreadsKnown = threadRows !== null || rows.every((row) => row.threads !== null);
  const tasks = tasksOf(capture);
  const isUsedAtLeast = !isThreadsKnown || !isComplete;
  let low = 0;
  let highest = 0;
  const note = (pid: number): void => {
    if (pid > 0 && pid < RESERVED_PIDS) low++;
    if (pid > highest) highest = pid;
  };
  for (const { pid } of rows) note(pid);
  for (const pid of census.pins ?? []) note(pid);
  // In a young namespace the first pass has those between still to come.
  if (isComplete && highest < RESERVED_PIDS) low += RESERVED_PIDS - 1 - highest;
  const room = (
    limit: Room['limit'],
    value: number,
    used: number,
    perZombie: [number, number],
    isAssumed: boolean,
  ): Room => {
    const usable = limit === 'pid_max' ? Math.max(0, value - RESERVED_PIDS) + low : value;
    const left = Math.max(0, usable - used);
    const [rate, living] = [Math.max(0, growth.zombiesPerHour ?? 0), Math.max(0, growth.livingPerHour ?? 0)];
    const hours: Room['hours'] =
      rate + living === 0
        ? null
        : [left / (rate * perZombie[1] + living), left / (rate * perZombie[0] + living)];
    return { limit, value, usable, used, isUsedAtLeast, left, hours, isAssumed };
  };
  const pidMax = given.pidMax ?? around.pidMax;
  const usedPids = tasks + (census.pins?.size ?? 0);
  const rooms = (pidMax === null ? USUAL_PID_MAX : [pidMax]).map((value) =>
    room('pid_max', value, usedPids, growth.pidsPerZombie, pidMax === null),
  );
  const threadsMax = given.threadsMax ?? around.threadsMax;
  if (threadsMax !== null) rooms.push(room('threads-max', threadsMax, tasks, [1, 1], false));
  const pidsMax = given.pidsMax ?? around.pidsMax;
  // Of a node the cgroup of one container is a part that no column tells: its zombies are the least of it.
  const ofCgroup = around.pidsCurrent ?? (census.view === 'container' ? tasks : Math.max(zombies, 1));
  if (pidsMax !== null) rooms.push(room('pids.max', pidsMax, ofCgroup, [1, 1], false));
  return rooms;
}

/** From so much of a limit on, or so few hours before it, there is no time for a second look. */
export function isTight({ isAssumed, used, usable, hours }: Room): boolean {
  return !isAssumed && (used >= 0.75 * usable || (hours?.[1] ?? Number.POSITIVE_INFINITY) < 1);
}
