/** What is left of the host's table of pids. */
import { HOST_NS, type Kernel, type PidNsId } from '../kernel/kernel.js';
import { RESERVED_PIDS } from '../kernel/limits.js';
import type { NodeSpec, PidMode } from '../node/spec.js';

/**
 * The most PIDs that can be taken at once. Once the cursor has passed 300, a free PID below that is lost, but
 * one that is taken still counts (K3, K4).
 */
export function usablePids(kernel: Kernel, namespace: PidNsId = HOST_NS): number {
  const pidMax = kernel.pidMax(namespace);
  return kernel.cursor(namespace) > RESERVED_PIDS
    ? pidMax - RESERVED_PIDS + kernel.lowPidsHeld(namespace)
    : pidMax - 1;
}

/** How many more PIDs can be handed out. Those beyond a lowered `pid_max` do not count against it (K7). */
export function freePids(kernel: Kernel, namespace: PidNsId = HOST_NS): number {
  const taken = kernel.allocated(namespace) - kernel.pidsBeyondMax(namespace);
  return Math.max(0, usablePids(kernel, namespace) - taken);
}

/**
 * The most pids that can ever be taken while what is outside of the pods stays as it is. Infinity, unless
 * every namespace of a pod has a `pid_max` of its own (K7): it is full long before the node, and leaks no
 * further.
 */
export function mostPids(kernel: Kernel, { pods, podChurn, cronJobs }: NodeSpec, byDefault: PidMode): number {
  if (!kernel.rules.perNamespacePidMax || podChurn !== null || cronJobs.length > 0)
    return Number.POSITIVE_INFINITY;
  return pods.reduce((sum, { count, containers, pidMode, pidMax }) => {
    const mode = pidMode ?? byDefault;
    if (pidMax === null || mode === 'node') return Number.POSITIVE_INFINITY;
    // With a namespace for each container there is one for pause too, which forks nobody.
    return sum + count * (mode === 'pod' ? pidMax : containers.length * pidMax + 1);
  }, kernel.ownPids());
}
