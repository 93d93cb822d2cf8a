/**
 * From process lists to findings.
 *
 *     Capture ─► census: zombies by parent, adopters, pinned PIDs ┐
 *                start times ─► rate, and whether it goes on      ├─► verdict
 *     two captures ─► what came in between                        │
 *     limits, given or found ─► room, until when                  ┘
 *
 * What the columns do not show is null here, and has an identifier among the warnings.
 */
import type { Capture, Notice } from '../procfs/capture.js';
import { type CapturedRow, LISTERS } from '../procfs/captured-row.js';
import { dateText } from '../text/wall-clock.js';
import { type Comparison, compare, type Moment } from './compare.js';
import { type Crowd, candidatesOf, livingCrowds } from './crowds.js';
import { type Census, censusOf, type Family, familiesOfCounts, LEAK_MIN, leakers } from './families.js';
import { isComplete, isNothingMissing, missingOf, noticesOf, refusalOf } from './limits-of-a-list.js';
import { isTight, type Limits, type Room, roomsOf } from './room.js';

/** What it comes down to. `candidates`, `cannot-see`: the list does not tell the dead from the living. */
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

interface RatePerHour {
  value: number;
  tolerancePct: number;
  basis: 'start-times' | 'two-captures';
}

/** Of one list. null: the list does not show it. */
export interface Finding {
  source: string;
  format: string;
  columns: string[];
  usable: boolean;
  refusal: string | null;
  view: Census['view'];
  complete: boolean;
  container: string | null;
  processes: number | null;
  threads: number | null;
  zombies: number | null;
  zombiesAtMost: number | null;
  deadLeadersWithLiveThreads: number;
  zombieComms: Record<string, number>;
  zombiesByParent: Family[] | null;
  candidates: Crowd[];
  livingCrowds: Crowd[];
  /** The process with most of them, if they are very many. PID null: the list does not tell which. */
  mostThreads: { pid: number | null; comm: string; threads: number } | null;
  pinned: number | null;
  /** When it is not known: from none to this. */
  pinnedAtMost: number | null;
  ratePerHour: RatePerHour | null;
  currentRatePerHour: number | null;
  /** How many more PIDs per hour are held by what does not end. null: none, or not known. */
  livingPerHour: number | null;
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

/** If fewer zombies than this were to come between two lists, their not coming is chance. */
const EXPECTED_MIN = 3;
/** So many threads of one process are worth a word. */
const THREADS_MIN = 500;
/** So many living processes of one name are a finding, whenever they came. */
const CROWD_LARGE = 200;

export function diagnose(captures: readonly Capture[], options: DiagnoseOptions = {}): Diagnosis {
  const read = captures.map((capture) => readAlone(capture, options));
  const [{ clock }] = captures;
  // Seconds before now are of two moments; those of a calendar, or since boot, are of one.
  if (clock !== 'elapsed' && captures.every((each) => each.nowS !== null && each.clock === clock))
    read.sort((a, b) => a.capture.nowS! - b.capture.nowS!);
  return diagnoseRead(read, options);
}

/** A list, and what it says by itself. */
export interface Read extends Moment {
  finding: Finding;
}

export function readAlone(capture: Capture, options: Limits): Read {
  const moment = { capture, census: censusOf(capture, isComplete(capture)) };
  return { ...moment, finding: findingOf(moment, options) };
}

/** @param moments in the order of time. */
export function diagnoseRead(moments: readonly Read[], options: DiagnoseOptions): Diagnosis {
  // What is added to a finding here is true of these lists together.
  const findings = moments.map(({ finding }) => ({ ...finding, warnings: [...finding.warnings] }));
  const usable = moments.filter((_, index) => findings[index].usable);
  const main = findings.findLast((finding) => finding.usable) ?? findings[0];
  if (usable.length < 2) return { findings, main, comparison: null };
  const comparison = compare(usable[0], usable.at(-1)!, options.apartHours ?? null);
  applyComparison(main, comparison, usable.at(-1)!, options);
  return { findings, main, comparison };
}

function applyComparison(main: Finding, comparison: Comparison, moment: Moment, options: Limits): void {
  const { obstacle, hours, doubt, perHour, wrapped } = comparison;
  if (obstacle !== null) main.warnings.push({ id: `${obstacle}-between-captures` });
  else if (hours === null) main.warnings.push({ id: 'time-between-unknown' });
  if (wrapped && obstacle !== 'parent-restarted') main.warnings.push({ id: 'pids-wrapped-between-captures' });
  if (perHour === null) return;
  if (['live-processes', 'threads', 'nearly-full'].includes(main.verdict))
    main.livingPerHour = comparison.livingPerHour;
  // So few were to be expected that none says nothing: the start times tell more.
  const expected = (main.currentRatePerHour ?? main.ratePerHour?.value ?? Infinity) * hours!;
  if (perHour === 0 && expected > 0 && expected < EXPECTED_MIN) return;
  const tolerancePct = Math.max(3, 100 * doubt, 100 / Math.max(1, Math.abs(perHour * hours!)));
  main.ratePerHour = perHour > 0 ? { value: perHour, tolerancePct, basis: 'two-captures' } : null;
  main.currentRatePerHour = Math.max(0, perHour);
  if (perHour <= 0 && main.verdict === 'leak') main.verdict = 'leak-stopped';
  const hasEnded = main.verdict === 'old-burst' || main.verdict === 'leak-stopped';
  if (perHour * hours! >= LEAK_MIN && hasEnded) main.verdict = 'leak';
  main.rooms = roomsIn(main, moment, options);
  const grows = ['leak', 'live-processes', 'threads'].includes(main.verdict);
  if (grows && main.rooms.some(isTight)) main.verdict = 'nearly-full';
}

function findingOf(moment: Moment, options: DiagnoseOptions): Finding {
  const { capture, census } = moment;
  const { source, format, columns, rows, counted, headerCounts, around } = capture;
  const refusal = refusalOf(capture, census);
  const ofCounts = counted.reduce((sum, { isZombie, count }) => sum + (isZombie === true ? count : 0), 0);
  const isCounts = rows.length === 0 || ofCounts > 0;
  const listed = census.zombies === null ? null : Math.max(census.zombies, headerCounts?.zombie ?? 0);
  const zombies = isCounts ? ofCounts || null : listed;
  const crowds = census.zombies === null ? [] : livingCrowds(capture, census);
  const finding: Finding = {
    source,
    format,
    columns,
    usable: refusal === null,
    refusal,
    view: census.view,
    complete: isComplete(capture),
    container: around.container,
    processes: format === 'none' || format === 'ppid-count' ? null : census.processes,
    threads: crowds.some(({ mayBeThreads }) => mayBeThreads) ? null : threadsOf(capture),
    zombies,
    zombiesAtMost: census.doubtful > 0 ? (zombies ?? 0) + census.doubtful : null,
    deadLeadersWithLiveThreads: census.deadLeaders,
    zombiesByParent: refusal === null ? parentsOf(capture, census, zombies) : null,
    candidates: zombies === null ? candidatesOf(capture, census) : [],
    livingCrowds: capture.isOfThreads ? [] : crowds,
    mostThreads: mostThreadsOf(capture, crowds),
    pinned: census.pins?.size ?? null,
    pinnedAtMost: census.pins === null ? zombies : null,
    zombieComms: commsOf(census),
    ...totalRate(
      (census.unattributed === null ? census.families : [census.unattributed]).filter(
        (family) => !isPassing(family, capture.nowS),
      ),
      zombies ?? 0,
    ),
    livingPerHour: null,
    capturedAt: capturedAt(capture),
    pidMax: options.pidMax ?? around.pidMax,
    rooms: [],
    verdict: 'unusable',
    warnings: noticesOf(capture, census),
    missing: missingOf(capture),
  };
  if (refusal !== null) return finding;
  finding.rooms = roomsIn(finding, moment, options);
  finding.verdict = verdictOf(finding, capture);
  // The newest zombies may be among those that are not listed.
  if (finding.verdict === 'leak' && finding.currentRatePerHour === 0) finding.currentRatePerHour = null;
  if (finding.verdict === 'no-leak' && finding.threads === null)
    finding.warnings.push({ id: 'no-thread-column' });
  // A list without the ps or top that made it may have been cut off: each is near the end of its own list.
  const isOfLister = /^(ps|top|busybox)/.test(format) && finding.complete;
  if (finding.verdict === 'no-leak' && isOfLister && !rows.some(({ name }) => LISTERS.test(name)))
    finding.warnings.push({ id: 'lister-missing' });
  const [crowd] = finding.livingCrowds;
  if (crowd?.mayBeThreads) finding.warnings.push({ id: 'rows-may-be-threads', of: String(crowd.count) });
  // If the crowd no longer grows, new processes only replace old ones.
  if (finding.verdict === 'live-processes' && crowd.rate?.course === 'goes-on') {
    finding.livingPerHour = crowd.rate.currentPerHour ?? crowd.rate.perHour;
    finding.rooms = roomsIn(finding, moment, options);
    if (finding.rooms.some(isTight)) finding.verdict = 'nearly-full';
  }
  return finding;
}

/** Where rows are threads of processes that are not told, those of one name may be threads of one. */
function mostThreadsOf({ rows, isOfThreads }: Capture, [crowd]: readonly Crowd[]): Finding['mostThreads'] {
  if (isOfThreads) {
    if (crowd === undefined || crowd.count < CROWD_LARGE) return null;
    return { pid: null, comm: Object.keys(crowd.childComms)[0], threads: crowd.count };
  }
  let most: CapturedRow | null = null;
  for (const row of rows)
    if ((row.threads ?? 0) >= Math.max(THREADS_MIN, (most?.threads ?? 0) + 1)) most = row;
  return most === null ? null : { pid: most.pid, comm: most.name, threads: most.threads! };
}

function commsOf({ families, unattributed }: Census): Record<string, number> {
  const comms: Record<string, number> = {};
  for (const { zombieComms } of unattributed === null ? families : [unattributed])
    for (const [name, count] of Object.entries(zombieComms)) comms[name] = (comms[name] ?? 0) + count;
  return comms;
}

function threadsOf({ threadRows, rows }: Capture): number | null {
  if (threadRows !== null) return threadRows;
  if (rows.length === 0 || rows.some(({ threads }) => threads === null)) return null;
  return rows.reduce((sum, { threads }) => sum + threads!, 0);
}

function parentsOf({ rows, counted }: Capture, census: Census, zombies: number | null): Family[] | null {
  if (rows.length === 0) return zombies === null ? null : familiesOfCounts(counted);
  if (census.zombies === null) return null;
  const hasParents = rows.some(({ ppid }) => ppid !== null);
  return hasParents || (census.view === 'container' && census.zombies > 0) ? census.families : null;
}

/** The sum of those that go on; null when one that matters has none. */
function totalRate(
  families: readonly Family[],
  zombies: number,
): Pick<Finding, 'ratePerHour' | 'currentRatePerHour'> {
  const many = leakers(families).filter(({ count }) => count >= zombies / 50);
  const going = many.filter(({ rate }) => rate.course !== 'stopped' && rate.course !== 'burst');
  const rates = (going.length > 0 ? going : many).map(({ rate }) => rate);
  const hasStopped = many.length > 0 && going.length === 0;
  if (rates.length === 0 || rates.some(({ perHour }) => perHour === null))
    return { ratePerHour: null, currentRatePerHour: hasStopped ? 0 : null };
  const value = rates.reduce((sum, { perHour }) => sum + perHour!, 0);
  const current = rates.reduce((sum, { currentPerHour, perHour }) => sum + (currentPerHour ?? perHour!), 0);
  const tolerancePct = Math.max(...rates.map((rate) => rate.tolerancePct));
  return {
    ratePerHour: { value, tolerancePct, basis: 'start-times' },
    currentRatePerHour: hasStopped ? 0 : current,
  };
}

function roomsIn(finding: Finding, { capture, census }: Moment, options: Limits): Room[] {
  const { zombies, pinned, complete } = finding;
  const each = pinned === null ? 0 : pinned / (zombies || 1);
  const pidsPerZombie: [number, number] = pinned === null ? [1, 2] : [1 + each, 1 + each];
  const zombiesPerHour = finding.currentRatePerHour ?? finding.ratePerHour?.value ?? null;
  const { livingPerHour } = finding;
  return roomsOf(capture, census, complete, { zombiesPerHour, pidsPerZombie, livingPerHour }, options);
}

function verdictOf(finding: Finding, capture: Capture): Verdict {
  const { format, rows, nowS } = capture;
  const { zombies, zombiesByParent, candidates, livingCrowds } = finding;
  if (format === 'docker-top') return 'cannot-see';
  if (finding.rooms.some(isTight)) return 'nearly-full';
  if (finding.zombiesAtMost !== null && (zombies ?? 0) < LEAK_MIN) return 'cannot-see';
  if (zombies === null) return candidates.length > 0 ? 'candidates' : 'cannot-see';
  const lasting = leakers(zombiesByParent ?? []).filter((family) => !isPassing(family, nowS));
  const courses = lasting.map(({ rate }) => rate.course);
  const isWhole = isNothingMissing(capture);
  const isLatest = isWhole || (!capture.isElided && rows.every(isZombieOrLister));
  if (courses.some((course) => course === 'goes-on' || course === 'unknown')) return 'leak';
  if (courses.length > 0 && !isLatest) return 'leak';
  if (courses.length > 0) return courses.includes('stopped') ? 'leak-stopped' : 'old-burst';
  const listed = zombiesByParent?.reduce((sum, { count }) => sum + count, 0) ?? 0;
  if (zombies - finding.deadLeadersWithLiveThreads >= LEAK_MIN && listed < zombies) return 'leak';
  const isCrowd = ({ count, rate }: Crowd): boolean =>
    rate?.course === 'goes-on' || count >= CROWD_LARGE || count * 2 > rows.length;
  const threads = finding.mostThreads?.threads ?? 0;
  if (livingCrowds.some(isCrowd) && threads < livingCrowds[0].count) return 'live-processes';
  if (threads > 0) return 'threads';
  const hidden = (capture.headerCounts?.total ?? 0) - rows.length;
  return isWhole && hidden < CROWD_LARGE ? 'no-leak' : 'cannot-see';
}

function isZombieOrLister({ stat, mark, name }: CapturedRow): boolean {
  return (stat === null ? mark !== 'plain' : stat.startsWith('Z')) || LISTERS.test(name);
}

/** Zombies of this very second: their parent is about to wait. */
function isPassing({ rate: { firstS, lastS }, count }: Family, nowS: number | null): boolean {
  return nowS !== null && firstS !== null && nowS - firstS <= 2 && lastS! - firstS <= 2 && count < 50;
}

function capturedAt({ nowS, clock, isDayAssumed }: Capture): string | null {
  if (nowS === null || clock !== 'calendar') return null;
  return isDayAssumed ? dateText(nowS).slice(11, 16) : dateText(nowS);
}
