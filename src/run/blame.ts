/** Who holds the PIDs: read from the kernel's own counts by origin. */
import { type Kernel, type OriginId, originId } from '../kernel/kernel.js';
import type { Node } from '../node/node.js';
import { US_PER_HOUR } from '../sim/time.js';
import type { BlameRow } from './result.js';

/** Live tasks, zombies and pinned PIDs are disjoint, and together they are the PIDs held. */
export function countsOf(
  kernel: Kernel,
  origin: OriginId,
): Pick<BlameRow, 'tasks' | 'zombies' | 'pinned' | 'pids'> {
  const { tasks, zombies, pids } = kernel.originCount(origin);
  return { tasks: tasks - zombies, zombies, pinned: pids - tasks, pids };
}

/** At this moment, most first; origins that never had a task are left out. */
export function blame(node: Node, nowUs: number): BlameRow[] {
  const { kernel, origins } = node.context;
  const hours = Math.max(nowUs, 1) / US_PER_HOUR;
  return origins.all
    .map(({ pod, container, kind, program }, index) => {
      const { created, released } = kernel.originCount(originId(index));
      return {
        pod: pod ?? 'node',
        container: container ?? '',
        origin: kind,
        program,
        ...countsOf(kernel, originId(index)),
        createdPerHour: created / hours,
        reapedPerHour: released / hours,
      };
    })
    .filter((row) => row.pids > 0 || row.createdPerHour > 0)
    .sort((a, b) => b.pids - a.pids);
}
