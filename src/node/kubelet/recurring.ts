/**
 * A CronJob's pods: one each time, with the same names each time. It is deleted when all its containers have
 * ended, and after its time in any case, as a job with `activeDeadlineSeconds`. The next does not wait for it
 * (`concurrencyPolicy: Allow`).
 */
import type { NodeContext } from '../context.js';
import type { PodSpec } from '../spec.js';
import type { Kubelet } from './kubelet.js';
import type { Pod } from './pod.js';

type Recurrence = NonNullable<PodSpec['recurs']>;

export function startRecurringPod(
  { sim }: NodeContext,
  kubelet: Kubelet,
  spec: PodSpec,
  { everyUs, lastsUs }: Recurrence,
): void {
  const pods = new Map<number, Pod>();
  const end = sim.register((round) => {
    pods.get(round)?.stop();
    pods.delete(round);
  });
  const create = sim.register((round) => {
    if (spec.stopAtUs !== null && sim.nowUs >= spec.stopAtUs) return;
    if (kubelet.admits) {
      pods.set(round, kubelet.create(spec.name, spec));
      sim.after(lastsUs, end, round, 0);
    }
    sim.after(everyUs, create, round + 1, 0);
  });
  sim.at(spec.startAtUs + everyUs, create, 0, 0);
}
