/**
 * Acts on a running node: a login, a pod created or deleted. They fork as everything else does, and may be
 * refused.
 */
import { US_PER_SECOND } from '../sim/time.js';
import { plainPod } from './churn.js';
import type { NodeContext } from './context.js';
import { Logins } from './host/logins.js';
import { intervene } from './interventions.js';
import type { Kubelet } from './kubelet/kubelet.js';
import type { Pod } from './kubelet/pod.js';
import type { Intervention } from './spec.js';

export type Act =
  | { do: 'login' }
  /** A pod with one process that sleeps. */
  | { do: 'create-pod'; pod: string }
  | Intervention;

const LOGIN_LASTS_US = 1_800 * US_PER_SECOND;

export class ByHand {
  readonly #logins: Logins;
  readonly #pods = new Map<string, Pod>();

  constructor(
    private readonly context: NodeContext,
    private readonly kubelet: Kubelet,
  ) {
    this.#logins = new Logins(context, LOGIN_LASTS_US, undefined);
  }

  /**
   * Why it cannot be done, or not yet, where that is known at once; else null. Whether a pod comes up, the
   * run's moments tell.
   */
  do(act: Act): string | null {
    if (act.do === 'login') return this.#logins.login();
    if (act.do === 'create-pod') {
      this.#pods.set(act.pod, this.kubelet.create(act.pod, plainPod(this.context, act.pod)));
      return null;
    }
    const made = act.do === 'delete-pod' ? this.#pods.get(act.pod) : undefined;
    if (made === undefined) return intervene(this.context, this.kubelet, act);
    this.kubelet.deletePod(made);
    return null;
  }
}
