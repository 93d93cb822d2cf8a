/**
 * What the kubelet believes about the PID table: capacity and use, as `pid.available` and the eviction
 * manager see it.
 */
import type { Kernel } from '../../kernel/kernel.js';
import type { KubeletRules } from '../versions/kubelet.js';

const UINT16_MASK = 0xffff;

/** R20: what it takes for the most that the node can have. */
export function pidCapacity(kernel: Kernel, rules: KubeletRules): number {
  return rules.capacityKnowsThreadsMax ? Math.min(kernel.pidMax(), kernel.threadsMax) : kernel.pidMax();
}

/**
 * R21: threads and zombies; pinned PIDs are in no count that it reads. In 16 bits it starts again at 65,536.
 */
function pidsInUse(kernel: Kernel, rules: KubeletRules): number {
  return rules.taskCountBits === 16 ? kernel.nrThreads & UINT16_MASK : kernel.nrThreads;
}

export function pidAvailable(kernel: Kernel, rules: KubeletRules): number {
  return pidCapacity(kernel, rules) - pidsInUse(kernel, rules);
}
