/** Who holds the PIDs: read from the kernel's own counts by origin. */
import type { Kernel } from '../kernel/kernel.js';
import type { Node } from '../node/node.js';
import type { Origin } from '../node/origins.js';
import { US_PER_HOUR } from '../sim/time.js';
import type { BlameRow } from './result.js';

interface OriginCount {
  tasks: number;
  zombies: number;
  pinned: number;
  pids: number;
}

/** Live tasks, zombies and pinned PIDs are disjoint, and together they are the PIDs held. */
export function countsOf(kernel: Kernel, origin: number): OriginCount {
  const all = kernel.origins.tasks(origin);
  const dead = kernel.origins.zombies(origin);
  const held = kernel.origins.pids(origin);
  return { tasks: all - dead, zombies: dead, pinned: held - all, pids: held };
}

/** At this moment, most first; origins that never had a task are left out. */
export function blame(node: Node, nowUs: number): BlameRow[] {
  const { kernel, origins } = node.context;
  const hours = Math.max(nowUs, 1) / US_PER_HOUR;
  return origins.all
    .map((origin, index) => blameRow(kernel, origin, index, hours))
    .filter((row) => row.pids > 0 || row.createdPerHour > 0)
    .sort((a, b) => b.pids - a.pids);
}

function blameRow(kernel: Kernel, origin: Origin, index: number, hours: number): BlameRow {
  const { origins: counts } = kernel;
  return {
    pod: origin.pod ?? 'node',
    container: origin.container ?? '',
    origin: origin.kind,
    program: origin.program,
    ...countsOf(kernel, index),
    createdPerHour: counts.created(index) / hours,
    reapedPerHour: counts.released(index) / hours,
  };
}
