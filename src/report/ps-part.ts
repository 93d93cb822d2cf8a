/** A part of a process listing: without the kernel's threads, or only the descendants of some processes. */
import type { NodeProcess } from '../run/result.js';

export interface PsPart {
  /** Only descendants of the processes with this name, or of the one with this PID; undefined: everything. */
  under?: string;
  /** False: without the kernel's threads, which are many and have no part in a leak. */
  kernelThreads: boolean;
  /** With the ancestors of those, so that they form one tree. */
  withAncestors: boolean;
}

/** Null: no process has the name or PID. The order of the rows stays. */
export function partOf(rows: readonly NodeProcess[], part: PsPart): NodeProcess[] | null {
  const listed = part.kernelThreads ? [...rows] : rows.filter((row) => !isKernelThread(row));
  if (part.under === undefined) return listed;
  const tops = new Set(listed.filter((row) => isCalled(row, part.under!)).map(({ pid }) => pid));
  if (tops.size === 0) return null;
  const parents = new Map(listed.map(({ pid, ppid }) => [pid, ppid]));
  const shown = new Set<number>();
  for (const { pid } of listed) {
    const above = pathAbove(pid, parents);
    if (!above.some((ancestor) => tops.has(ancestor))) continue;
    for (const each of part.withAncestors ? [pid, ...above] : [pid]) shown.add(each);
  }
  return listed.filter(({ pid }) => shown.has(pid));
}

export function isKernelThread({ comm, ppid, pod }: NodeProcess): boolean {
  return comm === 'kthreadd' || (pod === null && ppid === 2);
}

function isCalled({ pid, comm }: NodeProcess, name: string): boolean {
  return comm === name || String(pid) === name;
}

/** Its parent, and the parent's parent, up to the one whose parent is not listed. */
function pathAbove(pid: number, parents: ReadonlyMap<number, number>): number[] {
  const path: number[] = [];
  for (let at = parents.get(pid); at !== undefined && at !== pid && parents.has(at); at = parents.get(at))
    path.push(at);
  return path;
}
