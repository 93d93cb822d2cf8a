/** Many processes of one name: where a list does not tell the dead from the living, or all are alive. */
import type { Capture } from '../procfs/capture.js';
import type { CapturedRow } from '../procfs/captured-row.js';
import { type Census, isKernelThread, LEAK_MIN } from './families.js';
import { type Rate, rateOf, type Starts } from './rate.js';

export interface Crowd {
  /** Of the parent; null: several, or not told. */
  pid: number | null;
  comm: string | null;
  count: number;
  childComms: Record<string, number>;
  rate?: Rate;
  /** They have PIDs of their own, as threads have in some lists, which do not tell one from the other. */
  mayBeThreads?: boolean;
}

/** So many living processes of one name are a crowd. */
const CROWD_MIN = 30;

/** Equal children of one parent, where the list does not say whether they are alive. */
export function candidatesOf({ rows, counted }: Capture, { byPid }: Census): Crowd[] {
  const hasKthreadd = byPid.get(2)?.name === 'kthreadd';
  const parents = new Set(rows.map(({ ppid }) => ppid));
  const crowds = new Map<string, Crowd>();
  const add = (pid: number | null, comm: string | null, name: string, count: number): void => {
    const key = `${pid} ${comm}`;
    const crowd = crowds.get(key) ?? { pid, comm, count: 0, childComms: {} };
    crowd.childComms[name] = (crowd.childComms[name] ?? 0) + count;
    crowds.set(key, crowd);
  };
  for (const row of rows)
    if (!parents.has(row.pid) && !isKernelThread(row, hasKthreadd))
      add((row.ppid ?? -1) < 0 ? null : row.ppid, byPid.get(row.ppid ?? 0)?.name ?? null, row.name, 1);
  for (const { ppid, parent, name, count, isZombie } of counted)
    if (isZombie !== true) add(ppid, parent, name, count);
  const many = ({ childComms, ...crowd }: Crowd): Crowd => {
    const some = Object.entries(childComms).filter(([, count]) => count >= LEAK_MIN);
    return { ...crowd, childComms: Object.fromEntries(some), count: some.reduce((sum, [, n]) => sum + n, 0) };
  };
  return bySize([...crowds.values()].map(many).filter(({ count }) => count >= LEAK_MIN));
}

/** Living processes of one name, and when they came. */
export function livingCrowds(capture: Capture, { byPid }: Census): Crowd[] {
  const hasKthreadd = byPid.get(2)?.name === 'kthreadd';
  const { rows, nowS } = capture;
  const groups = new Map<string, { members: CapturedRow[]; starts: Starts; ppids: Set<number | null> }>();
  for (const row of rows) {
    if (row.stat?.startsWith('Z') || row.mark !== 'plain' || isKernelThread(row, hasKthreadd)) continue;
    let group = groups.get(row.name);
    if (group === undefined)
      groups.set(row.name, (group = { members: [], starts: new Map(), ppids: new Set() }));
    group.members.push(row);
    group.ppids.add(row.ppid);
    if (row.start !== null) group.starts.set(row.start, (group.starts.get(row.start) ?? 0) + 1);
  }
  const crowds = [...groups].filter(([, { members }]) => members.length >= CROWD_MIN);
  return bySize(
    crowds.map(([name, { members, starts, ppids }]) => {
      const count = members.length;
      const pid = ppids.size === 1 ? [...ppids][0] : null;
      const comm = byPid.get(pid ?? 0)?.name ?? null;
      const mayBeThreads = ppids.size === 1 && areAsThreads(members, capture);
      return { pid, comm, count, childComms: { [name]: count }, rate: rateOf(starts, nowS), mayBeThreads };
    }),
  );
}

/** As threads of one process are listed by `ps -T` of busybox, `top -H` without its head, /proc/PID/task. */
function areAsThreads(rows: readonly CapturedRow[], { format, headerCounts }: Capture): boolean {
  if (format === 'proc-stat') return rows.every(({ threads }) => threads! >= rows.length);
  if (format !== 'busybox-ps' && (format !== 'top' || headerCounts !== null)) return false;
  let [least, most] = [rows[0].pid, rows[0].pid];
  for (const { pid } of rows) [least, most] = [Math.min(least, pid), Math.max(most, pid)];
  return most - least < 2 * rows.length;
}

function bySize(crowds: Crowd[]): Crowd[] {
  return crowds.sort((a, b) => b.count - a.count);
}
