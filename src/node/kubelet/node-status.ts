/**
 * What the cluster sees of the node (R52): NotReady when the kubelet has not reported for 40 s, or has
 * reported that the runtime has been down for 30 s. Pods that run go on all the same.
 */
import type { EventKind } from '../../sim/simulation.js';
import { US_PER_SECOND } from '../../sim/time.js';
import type { HostDaemon, NodeContext } from '../context.js';

/**
 * The default of the node controller's `--node-monitor-grace-period`, and the kubelet's own patience with the
 * runtime.
 */
const KUBELET_GRACE_US = 40 * US_PER_SECOND;
const RUNTIME_GRACE_US = 30 * US_PER_SECOND;

export class NodeStatus {
  readonly #downSince = new Map<HostDaemon, number>();
  readonly #look: EventKind;
  #isReady = true;

  constructor(private readonly context: NodeContext) {
    this.#look = context.sim.register(() => this.#lookAgain());
    const { kubelet, runtime } = context.host;
    if (kubelet === null) return;
    this.#watch(kubelet, KUBELET_GRACE_US);
    this.#watch(runtime, RUNTIME_GRACE_US);
  }

  #watch(daemon: HostDaemon, graceUs: number): void {
    const { sim } = this.context;
    daemon.onChange(() => {
      if (daemon.isUp) this.#downSince.delete(daemon);
      else this.#downSince.set(daemon, sim.nowUs);
      sim.after(daemon.isUp ? 0 : graceUs, this.#look, 0, 0);
    });
  }

  #lookAgain(): void {
    const { sim, host, observer } = this.context;
    const lost = [...this.#downSince].find(
      ([daemon, sinceUs]) =>
        sim.nowUs - sinceUs >= (daemon === host.kubelet ? KUBELET_GRACE_US : RUNTIME_GRACE_US),
    );
    const isReady = lost === undefined;
    if (isReady === this.#isReady) return;
    this.#isReady = isReady;
    if (isReady) observer.moment('node-ready', 'node', '');
    else observer.moment('node-not-ready', 'node', `${lost[0].comm} is down`);
  }
}
