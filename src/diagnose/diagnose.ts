/**
 * From process lists to findings.
 *
 *     Capture ─► census: zombies by parent, adopters, pinned PIDs ─┬─► verdict
 *                        start times ─► rate, and whether it goes on┤
 *     two captures ─► what came in between ─────────────────────────┤
 *     limits, given or found ─► room, until when ───────────────────┘
 *
 * What the columns do not show is null here, and has an identifier among the warnings.
 */
import type { Capture } from '../procfs/capture.js';
import { dateText } from '../procfs/start-time.js';
import { type Comparison, compare, type Moment } from './compare.js';
import { aliveBesides, type Census, censusOf, type Family, isKernelThread } from './families.js';
import { type Rate, rateOf, type Starts } from './rate.js';
import { type Limits, type Room, roomsOf } from './room.js';

export interface Notice {
  id: string;
  /** What its sentence names. */
  of?: string;
}

/** Many of one name that a list cannot tell from zombies, or that are alive and never end. */
export interface Crowd {
  pid: number | null;
  comm: string | null;
  count: number;
  childComms: Record<string, number>;
}

export type Verdict =
  | 'leak'
  | 'nearly-full'
  | 'leak-stopped'
  | 'old-burst'
  | 'no-leak'
  | 'live-processes'
  | 'threads'
  | 'candidates'
  | 'cannot-see'
  | 'unusable';

export interface RatePerHour {
  value: number;
  tolerancePct: number;
  basis: 'start-times' | 'two-captures';
}

export interface Finding {
  source: string;
  format: string;
  columns: string[];
  usable: boolean;
  refusal: string | null;
  view: Census['view'];
  complete: boolean;
  container: string | null;
  /** null: the list does not show them. */
  processes: number | null;
  threads: number | null;
  zombies: number | null;
  zombiesAtMost: number | null;
  deadLeadersWithLiveThreads: number;
  zombiesByParent: Family[] | null;
  candidates: Crowd[];
  crowds: (Crowd & { rate: Rate })[];
  pinned: number | null;
  /** When it is not known: from none to this. */
  pinnedAtMost: number | null;
  ratePerHour: RatePerHour | null;
  currentRatePerHour: number | null;
  capturedAt: string | null;
  pidMax: number | null;
  rooms: Room[];
  verdict: Verdict;
  warnings: Notice[];
  missing: string[];
}

export interface Diagnosis {
  /** One for each list, in the order of time. */
  findings: Finding[];
  /** Between the first and the last of several. */
  comparison: Comparison | null;
  /** What is to be said: the last usable list, and the comparison. */
  main: Finding;
}

export interface DiagnoseOptions extends Limits {
  /** Hours between the first and the last capture. */
  apartHours?: number;
}

/** Fewer zombies of one parent are no leak yet. */
export const LEAK_MIN = 5;
/** From so much of a limit on, or so few hours before it, there is no time for a second look. */
const NEARLY_FULL = 0.75;
const NEARLY_FULL_HOURS = 1;
/** So many living processes of one name, or threads of one process, are a crowd. */
const CROWD_MIN = 30;
const THREADS_MIN = 500;

export function diagnose(captures: readonly Capture[], options: DiagnoseOptions = {}): Diagnosis {
  const moments = captures.map((capture) => ({ capture, census: censusOf(capture, isComplete(capture)) }));
  const ordered = inTime(moments);
  const findings = ordered.map((moment) => findingOf(moment, options));
  const usable = ordered.filter((_, index) => findings[index].usable);
  const main = findings.findLast((finding) => finding.usable) ?? findings[0];
  const comparison =
    usable.length > 1 ? compare(usable[0], usable.at(-1)!, options.apartHours ?? null) : null;
  if (comparison !== null) applyComparison(main, comparison, usable, options);
  return { findings, comparison, main };
}

function inTime(moments: Moment[]): Moment[] {
  const isTold = moments.every(({ capture }) => capture.nowS !== null && capture.clock === 'calendar');
  return isTold ? [...moments].sort((a, b) => a.capture.nowS! - b.capture.nowS!) : moments;
}

function applyComparison(
  main: Finding,
  comparison: Comparison,
  moments: Moment[],
  options: DiagnoseOptions,
): void {
  const { obstacle, hours, perHour, wrapped } = comparison;
  if (obstacle !== null) main.warnings.push({ id: `${obstacle}-between-captures` });
  else if (hours === null) main.warnings.push({ id: 'time-between-unknown' });
  if (wrapped && obstacle !== 'parent-restarted') main.warnings.push({ id: 'pids-wrapped-between-captures' });
  if (perHour === null) return;
  const tolerancePct = Math.max(3, 100 / Math.max(1, Math.abs(perHour * hours!)));
  main.ratePerHour = perHour > 0 ? { value: perHour, tolerancePct, basis: 'two-captures' } : null;
  main.currentRatePerHour = Math.max(0, perHour);
  if (perHour <= 0 && main.verdict === 'leak') main.verdict = 'leak-stopped';
  main.rooms = roomsIn(main, moments.at(-1)!, options);
}

// -------------------------------------------------------------------------------------------------- one list

function findingOf({ capture, census }: Moment, options: DiagnoseOptions): Finding {
  const refusal = refusalOf(capture, census);
  const complete = isComplete(capture);
  const { zombies, families, pinned, doubtful } = census;
  const shown = Math.max(zombies ?? 0, capture.headerCounts?.zombie ?? 0);
  const isCounts = capture.rows.length === 0;
  const countedZombies = capture.counted.filter(({ isZombie }) => isZombie === true);
  const byCounts = countedZombies.reduce((sum, { count }) => sum + count, 0);
  const finding: Finding = {
    source: capture.source,
    format: capture.format,
    columns: capture.columns,
    usable: refusal === null,
    refusal,
    view: census.view,
    complete,
    container: capture.around.container,
    processes: isCounts && capture.format !== 'ps-ef' ? null : census.processes,
    threads: threadsOf(capture),
    zombies: isCounts ? (byCounts > 0 ? byCounts : null) : zombies === null ? null : shown,
    zombiesAtMost: doubtful > 0 ? shown + doubtful : null,
    deadLeadersWithLiveThreads: census.deadLeaders,
    zombiesByParent: parentsOf(capture, census),
    candidates: zombies === null || isCounts ? candidatesOf(capture, census) : [],
    crowds: zombies === null ? [] : crowdsOf(capture, census),
    pinned,
    pinnedAtMost: pinned === null && zombies !== null ? shown : null,
    ...totalRate(families, shown),
    capturedAt: capturedAt(capture),
    pidMax: options.pidMax ?? capture.around.pidMax,
    rooms: [],
    verdict: 'unusable',
    warnings: noticesOf(capture, census, complete),
    missing: missingOf(capture, complete),
  };
  finding.rooms = refusal === null ? roomsIn(finding, { capture, census }, options) : [];
  finding.verdict = refusal === null ? verdictOf(finding, capture) : 'unusable';
  return finding;
}

function threadsOf({ threadRows, rows }: Capture): number | null {
  if (threadRows !== null) return threadRows;
  if (rows.length === 0 || rows.some(({ threads }) => threads === null)) return null;
  return rows.reduce((sum, { threads }) => sum + threads!, 0);
}

function parentsOf({ rows, counted }: Capture, { zombies, families, view }: Census): Family[] | null {
  if (rows.length === 0 && counted.some(({ isZombie, ppid }) => isZombie && ppid !== null))
    return familiesOfCounts(counted);
  if (zombies === null || rows.length === 0) return null;
  const hasParents = rows.some(({ ppid }) => ppid !== null);
  return hasParents || (view === 'container' && zombies > 0) ? families : null;
}

function familiesOfCounts(counted: Capture['counted']): Family[] {
  const byParent = new Map<number, Family>();
  for (const { ppid, name, count, isZombie } of counted) {
    if (ppid === null || isZombie !== true) continue;
    const family = byParent.get(ppid) ?? {
      pid: ppid,
      comm: null,
      adopter: ppid === 0 ? 'shim' : null,
      count: 0,
      deadLeaders: 0,
      zombieComms: {},
      pinned: null,
      ownSession: null,
      rate: rateOf(new Map(), null),
      where: null,
      row: null,
    };
    family.count += count;
    family.zombieComms[name] = (family.zombieComms[name] ?? 0) + count;
    byParent.set(ppid, family);
  }
  return [...byParent.values()].sort((a, b) => b.count - a.count);
}

/** The sum of those that go on; null when one that matters has none. */
function totalRate(
  families: readonly Family[],
  zombies: number,
): Pick<Finding, 'ratePerHour' | 'currentRatePerHour'> {
  const many = families.filter(
    ({ count, deadLeaders }) => count - deadLeaders >= Math.max(LEAK_MIN, zombies / 50),
  );
  const none = { ratePerHour: null, currentRatePerHour: null };
  if (many.length === 0) return none;
  const going = many.filter(({ rate }) => rate.course !== 'stopped' && rate.course !== 'burst');
  const counted = going.length > 0 ? going : many;
  const currentRatePerHour =
    going.length === 0 ? 0 : sum(going.map(({ rate }) => rate.currentPerHour ?? rate.perHour));
  const value = sum(counted.map(({ rate }) => rate.perHour));
  if (value === null) return { ...none, currentRatePerHour: going.length === 0 ? 0 : null };
  const tolerancePct = Math.max(...counted.map(({ rate }) => rate.tolerancePct));
  return { ratePerHour: { value, tolerancePct, basis: 'start-times' }, currentRatePerHour };
}

function sum(values: (number | null)[]): number | null {
  return values.some((value) => value === null)
    ? null
    : values.reduce<number>((total, value) => total + value!, 0);
}

function roomsIn(finding: Finding, { capture, census }: Moment, options: DiagnoseOptions): Room[] {
  const { zombies, pinned, complete } = finding;
  const perZombie: [number, number] =
    pinned === null || !zombies ? [1, pinned === null ? 2 : 1] : [1 + pinned / zombies, 1 + pinned / zombies];
  const zombiesPerHour = finding.currentRatePerHour ?? finding.ratePerHour?.value ?? null;
  return roomsOf(capture, census, complete, { zombiesPerHour, pidsPerZombie: perZombie }, options);
}

/** Equal children of one parent, where the list does not say whether they are alive. */
function candidatesOf({ rows, counted }: Capture, { byPid }: Census): Crowd[] {
  const hasKthreadd = byPid.get(2)?.name === 'kthreadd';
  const parents = new Set(rows.map(({ ppid }) => ppid));
  const crowds = new Map<string, Crowd>();
  const add = (pid: number | null, comm: string | null, name: string, count: number): void => {
    const key = `${pid} ${pid === null ? comm : ''}`;
    const crowd = crowds.get(key) ?? { pid, comm, count: 0, childComms: {} };
    crowd.childComms[name] = (crowd.childComms[name] ?? 0) + count;
    crowds.set(key, crowd);
  };
  for (const row of rows)
    if (!parents.has(row.pid) && row.ppid !== null && !isKernelThread(row, hasKthreadd))
      add(row.ppid < 0 ? null : row.ppid, byPid.get(row.ppid)?.name ?? null, row.name, 1);
  for (const { ppid, parent, name, count } of counted) add(ppid, parent, name, count);
  return [...crowds.values()]
    .map((crowd) => {
      const many = Object.entries(crowd.childComms).filter(([, count]) => count >= LEAK_MIN);
      return {
        ...crowd,
        childComms: Object.fromEntries(many),
        count: many.reduce((total, [, n]) => total + n, 0),
      };
    })
    .filter(({ count }) => count >= LEAK_MIN)
    .sort((a, b) => b.count - a.count);
}

/** Living processes of one name, and when they came. */
function crowdsOf({ rows, nowS }: Capture, { byPid }: Census): Finding['crowds'] {
  const hasKthreadd = byPid.get(2)?.name === 'kthreadd';
  const groups = new Map<string, { count: number; starts: Starts; ppids: Set<number | null> }>();
  for (const row of rows) {
    if (row.stat?.startsWith('Z') || row.mark !== 'plain' || isKernelThread(row, hasKthreadd)) continue;
    const group = groups.get(row.name) ?? { count: 0, starts: new Map(), ppids: new Set() };
    group.count++;
    group.ppids.add(row.ppid);
    if (row.start !== null) group.starts.set(row.start, (group.starts.get(row.start) ?? 0) + 1);
    groups.set(row.name, group);
  }
  return [...groups]
    .filter(([, { count }]) => count >= CROWD_MIN)
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([name, { count, starts, ppids }]) => {
      const pid = ppids.size === 1 ? [...ppids][0] : null;
      const comm = pid === null ? null : (byPid.get(pid)?.name ?? null);
      return { pid, comm, count, childComms: { [name]: count }, rate: rateOf(starts, nowS) };
    });
}

function verdictOf(finding: Finding, capture: Capture): Verdict {
  const { zombies, zombiesByParent, candidates, crowds, rooms, format } = finding;
  if (format === 'docker-top') return 'cannot-see';
  if (rooms.some(({ isAssumed, used, usable }) => !isAssumed && used >= NEARLY_FULL * usable))
    return 'nearly-full';
  if (zombies === null) return candidates.length > 0 ? 'candidates' : 'cannot-see';
  const leaking = zombiesByParent?.filter(({ count, deadLeaders }) => count - deadLeaders >= LEAK_MIN) ?? [];
  const courses = leaking.filter((family) => !isPassing(family, capture.nowS)).map(({ rate }) => rate.course);
  if (courses.some((course) => course === 'goes-on' || course === 'unknown')) return 'leak';
  if (courses.length > 0) return courses.includes('stopped') ? 'leak-stopped' : 'old-burst';
  if (zombiesByParent === null && zombies >= LEAK_MIN) return 'leak';
  if (crowds.some((crowd) => crowd.rate.course === 'goes-on' || crowd.count >= 200)) return 'live-processes';
  return capture.rows.some(({ threads }) => (threads ?? 0) >= THREADS_MIN) ? 'threads' : 'no-leak';
}

export function isNearlyFull({ isAssumed, used, usable, hours }: Room): boolean {
  return !isAssumed && (used >= NEARLY_FULL * usable || (hours?.[1] ?? Infinity) < NEARLY_FULL_HOURS);
}

/** Zombies of this very second: their parent is about to wait. */
export function isPassing({ rate, count }: Family, nowS: number | null): boolean {
  const { firstS, lastS } = rate;
  return nowS !== null && firstS !== null && nowS - firstS <= 2 && lastS! - firstS <= 2 && count < 50;
}

function capturedAt({ nowS, clock, isDayAssumed }: Capture): string | null {
  if (nowS === null || clock !== 'calendar') return null;
  const text = dateText(nowS);
  return isDayAssumed ? text.slice(11, 16) : text;
}

// ---------------------------------------------------------------------------------- what the list leaves open

function isComplete({
  rows,
  headerCounts,
  isElided,
  isHeadless,
  format,
  around,
  threadRows,
  others,
}: Capture): boolean {
  if (format === 'none' || isElided || isHeadless || format === 'ps' || others.includes('binary'))
    return false;
  if (/\bps\b.*\|\s*(head|tail|e?grep|awk|sed)|\btop\b.*\|\s*(head|tail|e?grep)/.test(around.command ?? ''))
    return false;
  if (headerCounts !== null && threadRows === null && headerCounts.total > rows.length + 2) return false;
  return rows.length === 0 || rows.some(({ pid }) => pid === 1 || pid < 0);
}

function refusalOf(capture: Capture, { byPid }: Census): string | null {
  const { rows, counted, format, others } = capture;
  if (byPid.get(1)?.name === 'launchd' || rows.some(({ name }) => name === 'WindowServer'))
    return 'not-linux';
  if (rows.length > 0 || counted.length > 0) return null;
  if (format !== 'none') return 'empty-list';
  return others[0] ?? 'no-process-list';
}

const HAS: [id: string, missing: string, has: (capture: Capture) => boolean][] = [
  [
    'no-ppid-column',
    'ppid',
    ({ rows, counted }) =>
      rows.length === 0 ? counted.some(({ ppid }) => ppid !== null) : rows.some(({ ppid }) => ppid !== null),
  ],
  [
    'no-stat-column',
    'stat',
    ({ rows, counted }) =>
      rows.some(({ stat }) => stat !== null) || counted.some(({ isZombie }) => isZombie !== null),
  ],
  ['no-start-times', 'start times', ({ rows }) => rows.some(({ start }) => start !== null)],
  ['no-pgid-sid', 'pgid/sid', ({ rows }) => rows.some(({ pgid, sid }) => pgid !== null && sid !== null)],
];

function missingOf(capture: Capture, complete: boolean): string[] {
  const missing = HAS.filter(([, , has]) => !has(capture)).map(([, column]) => column);
  return [...missing, ...(complete ? [] : ['full list'])];
}

function noticesOf(capture: Capture, census: Census, complete: boolean): Notice[] {
  const { format, skipped, cut, wrapped, duplicates, unreadStarts, others, rows, around } = capture;
  const isList = rows.length > 0;
  const lacks = HAS.filter(([, , has]) => !has(capture)).map(([id]) => id);
  const counts = capture.headerCounts;
  const asides = others.filter((id) => id !== 'empty' && id !== 'binary');
  const notices: [boolean, string, string?][] = [
    [format === 'docker-top', 'docker-top-hides-zombies'],
    [!complete && isList, 'truncated-list', counts === null ? '' : `${rows.length} of ${counts.total}`],
    [capture.isHeadless, 'header-missing'],
    [/\|.*grep/.test(around.command ?? ''), 'filtered-by-grep'],
    [format === 'ps', 'own-terminal-only'],
    [!isList && capture.counted.length > 0, 'counts-only'],
    [format !== 'none' && !capture.showsState && format !== 'docker-top', 'no-state-column'],
    [census.doubtful > 0, 'kernel-threads-or-zombies', String(census.doubtful)],
    [isList && lacks.includes('no-ppid-column'), 'no-ppid-column'],
    [lacks.includes('no-stat-column') && rows.some(({ mark }) => mark === 'bare'), 'no-stat-column'],
    [isList && lacks.includes('no-start-times') && (census.zombies ?? 0) > 0, 'no-start-times'],
    [skipped.count > 0, 'skipped-lines', skippedText(skipped)],
    [cut > 0, 'truncated-lines'],
    [wrapped > 0, 'wrapped-lines', String(wrapped)],
    [duplicates > 0, 'duplicate-pids', String(duplicates)],
    [capture.threadRows !== null && format !== 'pstree', 'rows-are-threads'],
    [unreadStarts > 0, 'unread-dates', String(unreadStarts)],
    [
      capture.isDayAssumed &&
        rows.some(({ start }) => start !== null && start.untilS - start.fromS >= 86_400),
      'day-assumed',
    ],
    [asides.length > 0, 'other-tables-ignored', asides.join(', ')],
    [others.includes('binary'), 'binary'],
    [hasCycle(census), 'ppid-cycle'],
    [census.families.some(({ pid }) => pid === null), 'parent-inferred'],
    [census.families.some(({ pid }) => pid === 0), 'parent-outside'],
    [census.deadLeaders > 0, 'dead-leaders', String(census.deadLeaders)],
    [
      (census.zombies ?? 0) > 0 &&
        census.view === 'container' &&
        aliveBesides(capture).length > 0 &&
        lacks.includes('no-ppid-column'),
      'parent-one-of-several',
    ],
  ];
  return notices.filter(([holds]) => holds).map(([, id, of]) => (of === undefined ? { id } : { id, of }));
}

function skippedText({ count, lines }: Capture['skipped']): string {
  return `${lines.join(', ')}${count > lines.length ? ` and ${count - lines.length} more` : ''}`;
}

/** Nobody is an ancestor of itself: then the list is not of one moment, or not of one machine. */
function hasCycle({ byPid }: Census): boolean {
  const cleared = new Set<number>();
  for (const start of byPid.keys()) {
    const path: number[] = [];
    const seen = new Set<number>();
    for (let pid: number | null | undefined = start; pid && !cleared.has(pid); pid = byPid.get(pid)?.ppid) {
      if (seen.has(pid)) return true;
      seen.add(pid);
      path.push(pid);
    }
    for (const pid of path) cleared.add(pid);
  }
  return false;
}
