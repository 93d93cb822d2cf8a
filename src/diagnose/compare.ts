/** What came between two lists, if they are of the same machine and its parents have not been restarted. */
import type { Capture } from '../procfs/capture.js';
import type { CapturedRow } from '../procfs/captured-row.js';
import type { Census } from './families.js';
import { tasksOf } from './room.js';

export interface Comparison {
  /** Why there is no rate; null: there is one, or the time between is not known. */
  obstacle: 'other-machine' | 'parent-restarted' | 'pids-reused' | null;
  hours: number | null;
  /** By which part of it the time between may be off. */
  doubt: number;
  perHour: number | null;
  /** The same for live processes and threads. null: not known, or too few to call it growth. */
  livingPerHour: number | null;
  /** The newer list made later forks than its PIDs tell: the counter has begun again. */
  wrapped: boolean;
}

export interface Moment {
  capture: Capture;
  census: Census;
}

/** Zombies of a parent stay: of the earlier ones fewer than this are there after a new beginning. */
const STILL_THERE = 0.9;

/** Two lists that show minutes only, less than four minutes apart, are too vague for a rate. */
const DOUBT_MAX = 0.25;

export function compare(earlier: Moment, later: Moment, apartHours: number | null): Comparison {
  const told = hoursBetween(earlier, later);
  const doubtHours = Math.max(earlier.capture.nowDoubtS, later.capture.nowDoubtS) / 3600;
  const doubt = apartHours !== null || told === null ? 0 : doubtHours / Math.abs(told);
  const hours = apartHours ?? (doubt > DOUBT_MAX ? null : told);
  const wrapped = highest(later) < highest(earlier);
  const obstacle = obstacleOf(earlier, later, wrapped);
  const [before, after] = [earlier.census.zombies, later.census.zombies];
  const perHour =
    obstacle !== null || hours === null || hours <= 0 || before === null || after === null
      ? null
      : (after - before) / hours;
  const came = livingOf(later) - livingOf(earlier);
  const livingPerHour = perHour === null || came < LIVING_MIN ? null : came / hours!;
  return { obstacle, hours, doubt, perHour, livingPerHour, wrapped };
}

/** Processes come and go: an increase below this is not called growth. */
const LIVING_MIN = 30;

function livingOf({ capture, census }: Moment): number {
  return tasksOf(capture) - (census.zombies ?? 0);
}

/** The last PID that was handed out, as far as the list shows: that of what made it. */
function highest({ capture: { rows, nowS } }: Moment): number {
  const made = rows.findLast(
    ({ name, start }) => name === 'ps' && (start === null || nowS === null || start.untilS >= nowS - 60),
  );
  return made?.pid ?? 0;
}

function obstacleOf(earlier: Moment, later: Moment, wrapped: boolean): Comparison['obstacle'] {
  const [a, b] = [earlier.capture.around, later.capture.around];
  const differ = (x: string | null, y: string | null): boolean => x !== null && y !== null && x !== y;
  if (differ(a.host, b.host) || differ(a.container, b.container)) return 'other-machine';
  const before = earlier.census.families.filter(({ pid, row }) => pid === null || row !== null);
  for (const family of before) {
    const row = later.census.byPid.get(family.pid ?? 1);
    if (family.row !== null && (row === undefined || isAnother(family.row, row, earlier, later)))
      return family.pid === 1 || row === undefined || family.row.name === row.name
        ? 'parent-restarted'
        : 'other-machine';
  }
  const first = [earlier.census.byPid.get(1), later.census.byPid.get(1)];
  if (first[0] && first[1] && first[0].name !== first[1].name) return 'other-machine';
  if (first[0] && first[1] && isAnother(first[0], first[1], earlier, later))
    return earlier.census.view === 'container' ? 'parent-restarted' : 'other-machine';
  const zombies = earlier.capture.rows.filter((row) => isIn(row, earlier.census));
  if (zombies.length === 0) return null;
  const still = zombies.filter((row) => {
    const now = later.census.byPid.get(row.pid);
    return now !== undefined && now.ppid === row.ppid && now.name === row.name;
  });
  if (still.length >= STILL_THERE * zombies.length) return null;
  return wrapped ? 'pids-reused' : 'parent-restarted';
}

function isIn({ stat, mark }: CapturedRow, { view }: Census): boolean {
  return stat === null
    ? mark === 'defunct' || (mark === 'bare' && view === 'container')
    : stat.startsWith('Z');
}

/** Of one PID another process: its start is told, and is another. */
function isAnother(row: CapturedRow, other: CapturedRow, earlier: Moment, later: Moment): boolean {
  if (row.name !== other.name) return true;
  if (row.start === null || other.start === null) return false;
  const { clock } = earlier.capture;
  if (clock !== later.capture.clock) return false;
  if (clock === 'elapsed') return other.start.fromS > row.start.fromS;
  const isDated = !earlier.capture.isDayAssumed && !later.capture.isDayAssumed;
  // A clock without a date is the same on every day; the start of a process moves by a second.
  return isDated && (other.start.fromS > row.start.untilS + 2 || other.start.untilS < row.start.fromS - 2);
}

function hoursBetween(earlier: Moment, later: Moment): number | null {
  const [a, b] = [earlier.capture, later.capture];
  if (a.clock !== b.clock) return null;
  if (a.clock === 'elapsed') {
    const row = earlier.capture.rows.find(({ pid, name, start }) => {
      const other = later.census.byPid.get(pid);
      return start !== null && other?.start && other.name === name && other.start.fromS <= start.fromS;
    });
    if (row === undefined) return null;
    return (row.start!.fromS - later.census.byPid.get(row.pid)!.start!.fromS) / 3600;
  }
  return a.nowS === null || b.nowS === null ? null : (b.nowS - a.nowS) / 3600;
}
