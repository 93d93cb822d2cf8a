/**
 * Pods that come and go, as on any node with jobs and deployments. In every period one short-lived pod is
 * created and the oldest one is deleted, each at a moment of its own: neither waits for the other or makes
 * room for it. What happens to them is what a user of the cluster sees of a full PID table.
 */
import type { NodeContext } from './context.js';
import type { Kubelet } from './kubelet/kubelet.js';
import type { Pod } from './kubelet/pod.js';
import { everyNowAndThen } from './periods.js';
import type { PodChurnSpec, PodSpec } from './spec.js';

/** A pod of one container, whose process sleeps until it is told to end. */
export function plainPod({ programs }: NodeContext, name: string): PodSpec {
  return {
    name,
    count: 1,
    pidMode: null,
    sandboxless: false,
    hostNetwork: false,
    pidMax: null,
    startAtUs: 0,
    stopAtUs: null,
    restartPolicy: 'Always',
    terminationGraceUs: 30_000_000,
    containers: [{ name: 'app', program: programs.churn, probes: [] }],
  };
}

export function startPodChurn(
  context: NodeContext,
  kubelet: Kubelet,
  { everyUs, lastsUs }: PodChurnSpec,
): void {
  const { sim, streams } = context;
  const spec = plainPod(context, 'churn');
  /** Pods that have not been asked to end, the oldest first. */
  const pods: Pod[] = [];
  const create = sim.register((round) => {
    if (kubelet.admits) pods.push(kubelet.create(`churn-${round}`, spec, 'churn'));
  });
  const deleteOldest = sim.register(() => kubelet.deletePod(pods.shift()));
  const startDeleting = sim.register(() =>
    everyNowAndThen(sim, streams.stream('churn', 'deletions'), everyUs, (_round, atUs) =>
      sim.at(atUs, deleteOldest, 0, 0),
    ),
  );
  everyNowAndThen(sim, streams.stream('churn', 'moments'), everyUs, (round, atUs) =>
    sim.at(atUs, create, round, 0),
  );
  sim.at(lastsUs, startDeleting, 0, 0);
}
