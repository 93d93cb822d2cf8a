/** What is left of the host's table of pids. */
import type { Kernel } from '../kernel/kernel.js';
import { RESERVED_PIDS } from '../kernel/limits.js';
import type { NodeSpec, PidMode } from '../node/spec.js';

/** How many of the pids below 300 are taken: they stay useful to who has them, and to nobody else (K3, K4). */
export function lowPidsHeld(kernel: Kernel): number {
  const { taken } = kernel.namespaces[0];
  let held = 0;
  for (let number = 1; number < RESERVED_PIDS; number++) if (taken.has(number)) held++;
  return held;
}

/** The most pids that can be taken at once. Once the cursor has passed 300, free low pids are lost (K3). */
export function usablePids(kernel: Kernel): number {
  const { cursor, pidMax } = kernel.namespaces[0];
  return cursor > RESERVED_PIDS ? pidMax - RESERVED_PIDS + lowPidsHeld(kernel) : pidMax - 1;
}

/** How many more pids can be handed out. Those beyond a `pid_max` that was lowered are in nobody's way (K7). */
export function freePids(kernel: Kernel): number {
  const { taken, pidMax } = kernel.namespaces[0];
  return Math.max(0, usablePids(kernel) - (kernel.allocated(0) - taken.count(pidMax)));
}

/**
 * The most pids that can ever be taken while what is outside of the pods stays as it is. Infinity, unless every namespace
 * of a pod has a `pid_max` of its own (K7): it is full long before the node, and leaks no further.
 */
export function mostPids(kernel: Kernel, { pods, podChurn, cronJobs }: NodeSpec, byDefault: PidMode): number {
  const [host] = kernel.namespaces;
  if (!kernel.rules.perNamespacePidMax || podChurn !== null || cronJobs.length > 0)
    return Number.POSITIVE_INFINITY;
  return pods.reduce((sum, { count, containers, pidMode, pidMax }) => {
    const mode = pidMode ?? byDefault;
    if (pidMax === null || mode === 'node') return Number.POSITIVE_INFINITY;
    // With a namespace for each container there is one for pause too, which forks nobody.
    return sum + count * (mode === 'pod' ? pidMax : containers.length * pidMax + 1);
  }, host.ownTasks + host.ownPinned);
}
