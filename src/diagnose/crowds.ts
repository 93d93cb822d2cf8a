/** Many processes of one name: where a list does not tell the dead from the living, or all are alive. */
import type { Capture } from '../procfs/capture.js';
import { type Census, isKernelThread, LEAK_MIN } from './families.js';
import { type Rate, rateOf, type Starts } from './rate.js';

export interface Crowd {
  /** Of the parent; null: several, or not told. */
  pid: number | null;
  comm: string | null;
  count: number;
  childComms: Record<string, number>;
  rate?: Rate;
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
export function livingCrowds({ rows, nowS }: Capture, { byPid }: Census): Crowd[] {
  const hasKthreadd = byPid.get(2)?.name === 'kthreadd';
  const groups = new Map<string, { count: number; starts: Starts; ppids: Set<number | null> }>();
  for (const row of rows) {
    if (row.stat?.startsWith('Z') || row.mark !== 'plain' || isKernelThread(row, hasKthreadd)) continue;
    let group = groups.get(row.name);
    if (group === undefined)
      groups.set(row.name, (group = { count: 0, starts: new Map(), ppids: new Set() }));
    group.count++;
    group.ppids.add(row.ppid);
    if (row.start !== null) group.starts.set(row.start, (group.starts.get(row.start) ?? 0) + 1);
  }
  const crowds = [...groups].filter(([, { count }]) => count >= CROWD_MIN);
  return bySize(
    crowds.map(([name, { count, starts, ppids }]) => {
      const pid = ppids.size === 1 ? [...ppids][0] : null;
      const comm = byPid.get(pid ?? 0)?.name ?? null;
      return { pid, comm, count, childComms: { [name]: count }, rate: rateOf(starts, nowS) };
    }),
  );
}

function bySize(crowds: Crowd[]): Crowd[] {
  return crowds.sort((a, b) => b.count - a.count);
}
