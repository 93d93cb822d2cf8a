/**
 * Pods that come and go, as on any node with jobs and deployments: at every period the previous short-lived pod is
 * deleted and a new one is made. What happens to them is what a user of the cluster sees of a full PID table.
 */
import type { NodeContext } from './context.js';
import type { Kubelet } from './kubelet.js';
import type { Pod } from './pod.js';
import type { PodSpec } from './spec.js';

export function startPodChurn(context: NodeContext, kubelet: Kubelet, everyUs: number): void {
  const { sim } = context;
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
    sim.after(everyUs, next, round + 1, 0);
  });
  sim.after(everyUs, next, 1, 0);
}
