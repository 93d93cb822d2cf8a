/**
 * One node, looked at again and again.
 *
 *     scan, by itself: when its zombies started           ┬─► the better rate ─► time left
 *     an earlier scan and this one: what came in between ─┘
 */
import type { Capture } from '../procfs/capture.js';
import type { CapturedRow } from '../procfs/captured-row.js';
import type { RowLookup } from '../procfs/rows-by-pid.js';
import {
  type Diagnosis,
  diagnoseRead,
  type Finding,
  type Read,
  readAlone,
  type Verdict,
} from './diagnose.js';
import { whereOf } from './families.js';
import { rateOf, type Starts } from './rate.js';
import type { Limits, Room } from './room.js';

export interface Interval {
  value: number;
  low: number;
  high: number;
}

/** Zombies that came from one place: a container, or where that is not told a parent. */
interface Blamed {
  where: string;
  zombies: number;
  perHour: number | null;
}

export interface LiveReading {
  zombies: number;
  /** null: not all processes are seen. */
  pinned: number | null;
  /** What counts against the limit that is reached first. */
  room: Room;
  zombiesPerHour: Interval | null;
  /** How many more PIDs per hour are held by live processes and threads. null: none, or not known. */
  livingPerHour: number | null;
  /** null: not known, or no end: nothing leaks. */
  hoursLeft: Interval | null;
  /** Most first. */
  blame: Blamed[];
  diagnosis: Diagnosis;
}

/** A rate is that of the last hour, or half of it. */
const WINDOW_S = 3600;
const LEAKS: readonly Verdict[] = ['leak', 'nearly-full', 'live-processes', 'threads'];
/** Half a 95 % interval of a count of chance events, in square roots of the count. */
const Z95 = 1.96;

export class LiveWatch {
  /** The scan that the newest is compared with, and the one that replaces it when it is too old. */
  #base: Read | null = null;
  #next: Read | null = null;

  constructor(private readonly limits: Limits) {}

  add(capture: Capture): LiveReading {
    const read = readAlone(capture, this.limits);
    const alone = diagnoseRead([read], this.limits);
    const pair = this.#base === null ? null : diagnoseRead([this.#base, read], this.limits);
    const zombies = alone.main.zombies ?? 0;
    const came = zombies - (pair?.findings[0].zombies ?? 0);
    const best = [
      { diagnosis: alone, error: errorOf(alone.main, zombies, alone.main.livingCrowds[0]?.count) },
      ...(pair === null ? [] : [{ diagnosis: pair, error: errorOf(pair.main, came, livingCame(pair)) }]),
    ].sort((a, b) => a.error - b.error)[0];
    // Fewer zombies than before: they have been cleaned up, and a new count begins.
    this.#remember(read, pair !== null && (pair.comparison?.obstacle !== null || came < 0));
    // What passes in a moment is no leak, however fast it came.
    const leaks = LEAKS.includes(best.diagnosis.main.verdict);
    return reading(capture, best.diagnosis, best.error, leaks);
  }

  #remember(read: Read, isAnew: boolean): void {
    const age = (read.capture.nowS ?? 0) - (this.#base?.capture.nowS ?? 0);
    if (this.#base === null || isAnew) [this.#base, this.#next] = [read, null];
    else if (this.#next === null && age > WINDOW_S / 2) this.#next = read;
    else if (this.#next !== null && age > WINDOW_S) [this.#base, this.#next] = [this.#next, read];
  }
}

function livingCame({ comparison }: Diagnosis): number {
  return (comparison?.livingPerHour ?? 0) * (comparison?.hours ?? 0);
}

/** By how much the rate may be off, as a part of it, after so many zombies or live tasks. */
function errorOf(finding: Finding, count: number, living = 0): number {
  const { ratePerHour, currentRatePerHour, livingPerHour } = finding;
  if (livingPerHour !== null) return living > 0 ? Z95 / Math.sqrt(living) : Number.POSITIVE_INFINITY;
  if (currentRatePerHour === 0) return count > 0 ? Z95 / Math.sqrt(count) : Number.POSITIVE_INFINITY;
  if (ratePerHour === null || count <= 0) return Number.POSITIVE_INFINITY;
  return Math.max(ratePerHour.tolerancePct / 100, Z95 / Math.sqrt(count));
}

function reading(capture: Capture, diagnosis: Diagnosis, error: number, leaks: boolean): LiveReading {
  const { main } = diagnosis;
  const rate = main.currentRatePerHour ?? main.ratePerHour?.value ?? null;
  // Without a rate the one that is fullest comes first.
  const order = ({ hours, left }: Room): number => hours?.[0] ?? left * 1e6;
  const room = main.rooms.reduce((first, each) => (order(each) < order(first) ? each : first));
  const isSure = leaks && error < 1;
  return {
    zombies: main.zombies ?? 0,
    pinned: main.pinned,
    room,
    zombiesPerHour:
      rate === null ? null : { value: rate, low: rate * Math.max(0, 1 - error), high: rate * (1 + error) },
    livingPerHour: main.livingPerHour,
    hoursLeft:
      isSure && room.hours !== null
        ? {
            value: (room.hours[0] + room.hours[1]) / 2,
            low: room.hours[0] / (1 + error),
            high: room.hours[1] / (1 - error),
          }
        : null,
    blame: blameOf(capture),
    diagnosis,
  };
}

/** By the cgroup that a zombie keeps until it is reaped: of what a probe leaves, its container. */
function blameOf({ rows, byPid, nowS }: Capture): Blamed[] {
  const groups = new Map<string, { zombies: number; starts: Starts }>();
  const places = new Map<string, string>();
  for (const row of rows) {
    if (!row.stat?.startsWith('Z') || (row.threads ?? 1) > 1) continue;
    const key = `${row.ppid} ${row.cgroup}`;
    let where = places.get(key);
    if (where === undefined) places.set(key, (where = placeOf(row, byPid)));
    let group = groups.get(where);
    if (group === undefined) groups.set(where, (group = { zombies: 0, starts: new Map() }));
    group.zombies++;
    if (row.start !== null) group.starts.set(row.start, 1);
  }
  return [...groups]
    .map(([where, { zombies, starts }]) => {
      const { currentPerHour, perHour } = rateOf(starts, nowS);
      return { where, zombies, perHour: currentPerHour ?? perHour };
    })
    .sort((a, b) => b.zombies - a.zombies);
}

function placeOf(row: CapturedRow, byPid: RowLookup): string {
  const parent = byPid.get(row.ppid ?? 0);
  const name = parent === undefined ? 'a parent outside' : `${parent.name} (PID ${parent.pid})`;
  return whereOf(row, byPid) ?? name;
}
