/** Pods that are refused forks while the node has room. */
import { type CgroupId, cgroupId, type ForkRefusal, type TaskId } from '../kernel/kernel.js';
import type { PodSlot } from '../node/kubelet/kubelet.js';
import type { Node } from '../node/node.js';
import { US_PER_SECOND } from '../sim/time.js';
import { nodeLimitOf } from './fullness.js';
import type { LeakAccounts } from './leak.js';
import type { Observers, RunObserver } from './observer.js';
import type { PodRefusal } from './result.js';

export class PodRefusals implements RunObserver {
  /** In the order of the first refusals. */
  readonly all: PodRefusal[] = [];
  /** When a limit below the node's began to refuse, most recently. */
  lastSeconds = 0;
  /** Refusals that are known already: the pod, by the namespace that is full, or else by -1 - origin. */
  readonly #seen = new Map<number, string>();

  constructor(
    private readonly node: Node,
    private readonly leaks: LeakAccounts,
    private readonly observers: Observers,
  ) {}

  /** In the middle of a system call. A full pod refuses often, so all but the first refusal is cheap. */
  refused(parent: TaskId, refusal: ForkRefusal): void {
    if (nodeLimitOf(refusal) !== null) return;
    const origin = this.node.context.kernel.originOf(parent);
    const key = refusal.refusedBy === 'pid-max' ? refusal.at : -1 - origin;
    if (this.#seen.has(key)) return;
    const pod = this.#podOf(origin, refusal);
    this.#seen.set(key, pod);
    this.#begin(pod, refusal);
  }

  #begin(pod: string, { errno, refusedBy, at }: ForkRefusal): void {
    this.leaks.close(this.node.kubelet.probes.filter((probe) => probe.pod === pod));
    this.observers.moment('fork-refused', pod, `${errno} (${refusedBy})`);
    const atSeconds = this.#nowSeconds;
    this.lastSeconds = atSeconds;
    const isKnown = this.all.some((known) => known.pod === pod && known.untilSeconds === null);
    if (pod === 'node' || isKnown) return;
    const isUser = refusedBy === 'rlimit-nproc';
    const limitOf = refusedBy === 'pids-cgroup' ? this.#holderOf(cgroupId(at)) : isUser ? 'user' : 'pod';
    this.all.push({ pod, atSeconds, untilSeconds: null, limitOf, errno, refusedBy });
  }

  #holderOf(cgroup: CgroupId): PodRefusal['limitOf'] {
    if (cgroup === this.node.kubepods) return 'all-pods';
    if (cgroup === this.node.context.host.service) return 'service';
    return this.node.kubelet.runtime.isOfContainer(cgroup) ? 'container' : 'pod';
  }

  /** A namespace of a pod ends, and so do the refusals to the pod; later ones are counted anew. */
  namespaceEnds(init: TaskId): void {
    const { kernel, origins } = this.node.context;
    const { pod } = origins.all[kernel.originOf(init)];
    if (pod === null) return;
    for (const [key, refused] of this.#seen) if (refused === pod) this.#seen.delete(key);
    for (const refusal of this.all) if (refusal.pod === pod) refusal.untilSeconds ??= this.#nowSeconds;
  }

  /** The pod whose namespace is full, or else the pod of the process that wanted to fork. */
  #podOf(origin: number, { refusedBy, at }: ForkRefusal): string {
    const { kubelet, context } = this.node;
    const isFull = (slot: PodSlot): boolean =>
      slot.current?.containers.some(({ runtime }) => runtime.namespace === at) ?? false;
    const slot = refusedBy === 'pid-max' ? kubelet.slots.find(isFull) : undefined;
    return slot?.name ?? context.origins.all[origin].pod ?? 'node';
  }

  get #nowSeconds(): number {
    return this.node.context.sim.nowUs / US_PER_SECOND;
  }
}
