/** What a list leaves open: whether it is whole, what its columns lack, and what must be said of it. */
import type { Capture, Notice } from '../procfs/capture.js';
import { type CapturedRow, LISTERS } from '../procfs/captured-row.js';
import { keepsZombies } from '../procfs/other-lists.js';
import { aliveBesides, type Census } from './families.js';

export function isComplete(capture: Capture): boolean {
  const { rows, byPid, headerCounts, isPart, format, around, threadRows } = capture;
  if (format === 'none' || isPart) return false;
  const command = around.command ?? '';
  if (/\b(ps|top)\b.*\|\s*(head|tail|e?grep|awk|sed)/.test(command)) return false;
  if (headerCounts !== null && threadRows === null && headerCounts.total > rows.length + 2) return false;
  // What made the list is neither PID 1 nor a kernel thread: if nothing else stands there, it was cut off.
  const isKernels = ({ ppid, pid, mark }: CapturedRow): boolean => pid < 3 || ppid === 2 || mark === 'bare';
  if (byPid.get(2)?.name === 'kthreadd' && rows.every(isKernels)) return false;
  // docker's has the processes of one container, with the PIDs of the host.
  return rows.length === 0 || format === 'docker-top' || rows.some(({ pid }) => pid === 1 || pid < 0);
}

/**
 * Is a zombie or a crowd that is not listed not there either? PID 1 and the `ps` itself are the two ends of a
 * list, also of one whose head is missing. A filter for `defunct` keeps every zombie; top counts them.
 */
export function isNothingMissing(capture: Capture): boolean {
  const { rows, byPid, isElided, headerCounts, around } = capture;
  if (isComplete(capture) || headerCounts !== null) return true;
  // A grep that finds itself tells what it let through.
  const found = rows.find(({ name }) => name === 'grep')?.args;
  const command = around.command ?? (found === undefined ? '' : `| ${found}`);
  if (isElided || /\|\s*(head|tail)/.test(command)) return false;
  if (/\|/.test(command)) return /defunct/.test(command) && keepsZombies(command);
  return byPid.has(1) && rows.some(({ name, mark }) => mark === 'plain' && LISTERS.test(name));
}

/** Why it is no process list of a Linux machine; null: it is one. */
export function refusalOf({ rows, counted, format, others }: Capture, { byPid }: Census): string | null {
  if (byPid.get(1)?.name === 'launchd' || rows.some(({ name }) => name === 'WindowServer'))
    return 'not-linux';
  if (rows.length > 0 || counted.length > 0) return null;
  return format !== 'none' ? 'empty-list' : (others[0] ?? 'no-process-list');
}

const COLUMNS: [missing: string, has: (capture: Capture) => boolean][] = [
  ['ppid', ({ rows, counted }) => [rows, counted].some((some) => some.some(({ ppid }) => ppid !== null))],
  [
    'stat',
    ({ rows, counted }) => rows.some(({ stat }) => stat) || counted.some(({ isZombie }) => isZombie !== null),
  ],
  ['start times', ({ rows }) => rows.some(({ start }) => start !== null)],
  ['pgid/sid', ({ rows }) => rows.some(({ pgid, sid }) => pgid !== null && sid !== null)],
];

export function missingOf(capture: Capture): string[] {
  const missing = COLUMNS.filter(([, has]) => !has(capture)).map(([column]) => column);
  return isComplete(capture) ? missing : [...missing, 'full list'];
}

export function noticesOf(capture: Capture, census: Census): Notice[] {
  const { format, others, rows, around, headerCounts } = capture;
  const isList = rows.length > 0;
  const missing = missingOf(capture);
  const asides = others.filter((id) => id !== 'empty' && id !== 'binary').join(', ');
  const part = headerCounts === null ? '' : ` (${rows.length} of ${headerCounts.total} rows)`;
  const isBare = rows.some(({ mark }) => mark === 'bare');
  const hasNoPpid = isList && missing.includes('ppid');
  const inferred = census.families.some(({ pid }) => pid === null);
  const told: [boolean, string, string?][] = [
    [format === 'docker-top', 'docker-top-hides-zombies'],
    [isList && !isComplete(capture), 'truncated-list', part],
    [/\|.*grep/.test(around.command ?? ''), 'filtered-by-grep'],
    [format === 'ps' && !rows.some(({ pid }) => pid === 1), 'own-terminal-only'],
    [!isList && capture.counted.length > 0, 'counts-only'],
    [
      !capture.showsState && !['docker-top', 'none'].includes(format) && missing.includes('stat'),
      'no-state-column',
    ],
    [census.doubtful > 0, 'kernel-threads-or-zombies', String(census.doubtful)],
    [hasNoPpid, 'no-ppid-column'],
    [isBare && missing.includes('stat'), 'no-stat-column'],
    [isList && missing.includes('start times') && (census.zombies ?? 0) > 0, 'no-start-times'],
    [asides !== '', 'other-tables-ignored', asides],
    [others.includes('binary'), 'binary'],
    [hasCycle(capture), 'ppid-cycle'],
    [inferred && aliveBesides(capture).length === 0, 'parent-inferred'],
    [inferred && aliveBesides(capture).length > 0, 'parent-one-of-several'],
    [census.families.some(({ pid }) => pid === 0), 'parent-outside'],
    [census.deadLeaders > 0, 'dead-leaders', String(census.deadLeaders)],
  ];
  const own = told.filter(([holds]) => holds).map(([, id, of]) => (of === undefined ? { id } : { id, of }));
  return [...own, ...capture.notices];
}

/** Nobody is an ancestor of itself: then the list is not of one moment, or not of one machine. */
function hasCycle({ rows, byPid }: Capture): boolean {
  const seenFrom = new Map<number, number>();
  for (const { ppid } of rows) {
    if (ppid === null || seenFrom.has(ppid)) continue;
    let pid: number | null | undefined = ppid;
    for (; pid && !seenFrom.has(pid); pid = byPid.get(pid)?.ppid) seenFrom.set(pid, ppid);
    if (pid && seenFrom.get(pid) === ppid) return true;
  }
  return false;
}
