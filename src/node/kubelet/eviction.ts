/**
 * The eviction manager, for the one signal pid.available (pkg/kubelet/eviction): it exists only where a
 * threshold has been set, because there is none by default (R24). A soft threshold has to be met for its
 * grace period, and the pod then has no time to end: `evictionMaxPodGracePeriod` is 0 by default (R56).
 *
 *     every 10 s: below the threshold? ─► one pod is evicted ─► wait for its end, 30 s at most ─► look again at once
 *                 below within the last 5 min? PIDPressure: no new pods (R26)
 *
 * All pods here have one priority, so the ranking is by processes alone, or, before that worked, no ranking
 * (R25).
 */
import type { RandomStream } from '../../sim/random.js';
import type { EventKind } from '../../sim/simulation.js';
import { US_PER_MINUTE, US_PER_SECOND } from '../../sim/time.js';
import type { NodeContext } from '../context.js';
import type { Kubelet, PodSlot } from './kubelet.js';
import { pidAvailable } from './pid-available.js';

const PERIOD_US = 10 * US_PER_SECOND;
const CLEANUP_POLL_US = US_PER_SECOND;
const CLEANUP_POLLS_MAX = 30;
/** evictionPressureTransitionPeriod. */
const PRESSURE_LASTS_US = 5 * US_PER_MINUTE;
const HARD_GRACE_US = US_PER_SECOND;
const SOFT_GRACE_US = 0;

export interface Thresholds {
  hard: number | null;
  soft: { available: number; graceUs: number } | null;
}

export class EvictionManager {
  readonly #pass: EventKind;
  readonly #waitForCleanup: EventKind;
  readonly #choice: RandomStream;
  #belowAtUs = Number.NEGATIVE_INFINITY;
  /** Since when the soft threshold has been met without a break; null: it is not. */
  #softSinceUs: number | null = null;
  #victim: PodSlot | null = null;

  constructor(
    private readonly context: NodeContext,
    private readonly kubelet: Kubelet,
    private readonly thresholds: Thresholds,
  ) {
    const { sim, streams } = context;
    this.#choice = streams.stream('eviction', 'choice');
    this.#pass = sim.register(() => this.#synchronize());
    this.#waitForCleanup = sim.register((polls) => this.#lookAfterCleanup(polls));
    sim.after(PERIOD_US, this.#pass, 0, 0);
  }

  #synchronize(): void {
    const { sim, kernel, kubeletRules } = this.context;
    const available = pidAvailable(kernel, kubeletRules);
    if (this.#isBelowAny(available)) this.#belowAtUs = sim.nowUs;
    this.#setPressure(sim.nowUs - this.#belowAtUs < PRESSURE_LASTS_US, available);
    const met = this.#thresholdToAct(available);
    this.#victim = met === null ? null : this.#rank();
    if (met === null || this.#victim === null) {
      sim.after(PERIOD_US, this.#pass, 0, 0);
      return;
    }
    this.#evict(this.#victim, available, met);
    sim.after(CLEANUP_POLL_US, this.#waitForCleanup, 1, 0);
  }

  /** Pressure is told at once, whatever the grace period. */
  #isBelowAny(available: number): boolean {
    const { hard, soft } = this.thresholds;
    return available < Math.max(hard ?? 0, soft?.available ?? 0);
  }

  /** The threshold for which a pod has to go now, if there is one. */
  #thresholdToAct(available: number): { value: number; graceUs: number } | null {
    const { hard, soft } = this.thresholds;
    const { nowUs } = this.context.sim;
    if (soft !== null && available < soft.available) this.#softSinceUs ??= nowUs;
    else this.#softSinceUs = null;
    if (hard !== null && available < hard) return { value: hard, graceUs: HARD_GRACE_US };
    if (soft === null || this.#softSinceUs === null || nowUs - this.#softSinceUs < soft.graceUs) return null;
    return { value: soft.available, graceUs: SOFT_GRACE_US };
  }

  #lookAfterCleanup(polls: number): void {
    const { sim } = this.context;
    const isGone = this.#victim?.current === null;
    if (isGone || polls >= CLEANUP_POLLS_MAX) sim.soon(this.#pass, 0, 0);
    else sim.after(CLEANUP_POLL_US, this.#waitForCleanup, polls + 1, 0);
  }

  #setPressure(pressure: boolean, available: number): void {
    if (this.kubelet.admits === !pressure) return;
    this.kubelet.admits = !pressure;
    const detail = pressure ? `PIDPressure: pid.available is ${available}` : 'PIDPressure is over';
    this.context.observer.moment('pressure', 'node', detail);
  }

  #rank(): PodSlot | null {
    const running = this.kubelet.slots.filter(
      ({ current, spec }) => current?.state === 'running' && !spec.sandboxless,
    );
    if (running.length === 0) return null;
    if (!this.context.kubeletRules.evictionRanksByProcesses) {
      return running[Math.floor(this.#choice.uniform() * running.length)];
    }
    const processes = (slot: PodSlot) => this.context.kernel.pidsCurrent(slot.current!.sandbox.cgroup);
    return running.reduce((most, slot) => (processes(slot) > processes(most) ? slot : most));
  }

  #evict(slot: PodSlot, available: number, { value, graceUs }: { value: number; graceUs: number }): void {
    this.context.observer.moment('evicted', slot.name, `pid.available is ${available} < ${value}`);
    this.kubelet.evict(slot, graceUs, value);
  }
}
