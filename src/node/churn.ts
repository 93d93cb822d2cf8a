/**
 * Pods that come and go, as on any node with jobs and deployments: at every period the previous short-lived pod is
 * deleted and a new one is made, at a moment of its own. What happens to them is what a user of the cluster sees of a full PID table.
 */
import type { NodeContext } from './context.js';
import type { Kubelet } from './kubelet/kubelet.js';
import type { Pod } from './kubelet/pod.js';
import { everyNowAndThen } from './periods.js';
import type { PodSpec } from './spec.js';

export function startPodChurn(context: NodeContext, kubelet: Kubelet, everyUs: number): void {
  const { sim, streams } = context;
  const moments = streams.stream('churn', 'moments');
  const spec: PodSpec = {
    name: 'churn',
    count: 1,
    pidMode: null,
    sandboxless: false,
    pidMax: null,
    startAtUs: 0,
    stopAtUs: null,
    restartPolicy: 'Always',
    terminationGraceUs: 30_000_000,
    containers: [{ name: 'app', program: context.programs.churn, probes: [] }],
  };
  let previous: Pod | null = null;
  const next = sim.register((round) => {
    previous?.stop();
    if (kubelet.admits) previous = kubelet.create(`churn-${round}`, spec, 'churn');
  });
  everyNowAndThen(sim, moments, everyUs, (round, atUs) => sim.at(atUs, next, round, 0));
}
