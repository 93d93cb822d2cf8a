/** What an operator does to the node, at its time. */
import { HOST_NS, type Kernel } from '../kernel/kernel.js';
import { HOLDS } from '../text/comparison.js';
import { grouped } from '../text/figures.js';
import type { NodeContext } from './context.js';
import type { Kubelet, PodSlot } from './kubelet/kubelet.js';
import type { PodContainer } from './kubelet/pod-container.js';
import type { Condition, Intervention, ProbeSpec } from './spec.js';

export function scheduleInterventions(context: NodeContext, kubelet: Kubelet): void {
  const { sim, spec, observer } = context;
  /** Of those that come again: what has been said to change nothing is not said each time. */
  const saidIdle = new Set<Intervention>();
  const perform = sim.register((index) => {
    const intervention = spec.interventions[index];
    const { everyUs, when } = intervention;
    if (everyUs !== undefined) sim.after(everyUs, perform, index, 0);
    if (when !== undefined && !holds(context, when)) return;
    const why = intervene(context, kubelet, intervention);
    if (why !== null && !saidIdle.has(intervention))
      observer.moment('no-effect', subjectOf(intervention), `${describe(intervention)}: ${why}`);
    if (why !== null) saidIdle.add(intervention);
  });
  spec.interventions.forEach(({ atUs }, index) => void sim.at(atUs, perform, index, 0));
}

/** Does it now. Why it changes nothing, as things are; null: it does. */
export function intervene(context: NodeContext, kubelet: Kubelet, intervention: Intervention): string | null {
  const why = whyIdle(context, kubelet, intervention);
  if (why === null) context.observer.moment('intervention', subjectOf(intervention), describe(intervention));
  apply(context, kubelet, intervention);
  return why;
}

function holds({ kernel }: NodeContext, { subject, comparison, value }: Condition): boolean {
  return HOLDS[comparison](NODE_ANSWERS[subject](kernel), value);
}

/** As the result of a run counts them. */
const NODE_ANSWERS: Record<Condition['subject'], (kernel: Kernel) => number> = {
  zombies: (kernel) => kernel.zombies(),
  pinned: (kernel) => kernel.pinned(),
  tasks: (kernel) => kernel.taskCount() - kernel.zombies(),
  allocated: (kernel) => kernel.allocated(),
};

function subjectOf(intervention: Intervention): string {
  return 'pod' in intervention ? intervention.pod : 'node';
}

/** For people: `pause 3.1 for new sandboxes`. */
function describe(intervention: Intervention): string {
  switch (intervention.do) {
    case 'bump-pause':
      return `pause ${intervention.version} for new sandboxes`;
    case 'delete-pod':
      return `delete pod ${intervention.pod}${intervention.recreate ? ' and make it again' : ''}`;
    case 'restart-container':
      return `restart container ${intervention.pod}/${intervention.container}`;
    case 'set-pid-max':
      return `set pid_max to ${grouped(intervention.pidMax)}`;
    case 'change-probe':
      return (
        `${intervention.remove ? 'remove' : 'change'} the ${intervention.probe} probe ` +
        `of ${intervention.pod}/${intervention.container}`
      );
    case 'drain':
      return 'drain: delete every pod';
  }
}

/** Why it changes nothing, as things are now; null: it does. */
function whyIdle(context: NodeContext, kubelet: Kubelet, intervention: Intervention): string | null {
  switch (intervention.do) {
    case 'bump-pause':
      return kubelet.pauseVersion === intervention.version ? 'it is that version already' : null;
    case 'delete-pod':
      return kubelet.slotsNamed(intervention.pod).some(isThere) ? null : 'there is no such pod now';
    case 'restart-container': {
      const all = containersOf(kubelet, intervention.pod, intervention.container);
      return all.length > 0 ? null : 'there is no such container now';
    }
    case 'set-pid-max':
      return context.kernel.pidMax() === intervention.pidMax ? 'it is that already' : null;
    case 'change-probe':
      return null;
    case 'drain':
      return kubelet.slots.some(isThere) ? null : 'there is no pod now';
  }
}

function isThere({ current }: PodSlot): boolean {
  return current !== null;
}

function apply(context: NodeContext, kubelet: Kubelet, intervention: Intervention): void {
  switch (intervention.do) {
    case 'bump-pause':
      kubelet.pauseVersion = intervention.version;
      return;
    case 'delete-pod':
      for (const slot of kubelet.slotsNamed(intervention.pod)) {
        kubelet.deleteFromSlot(slot, intervention.recreate);
      }
      return;
    case 'restart-container':
      for (const container of containersOf(kubelet, intervention.pod, intervention.container)) {
        container.pod.restartContainer(container, 'by an operator');
      }
      return;
    case 'set-pid-max':
      context.kernel.setPidMax(HOST_NS, intervention.pidMax);
      return;
    case 'change-probe':
      changeProbe(kubelet, intervention);
      return;
    case 'drain':
      kubelet.drain();
  }
}

function containersOf(kubelet: Kubelet, pod: string, container: string): PodContainer[] {
  return kubelet
    .slotsNamed(pod)
    .flatMap((slot) => slot.current?.containers.filter(({ spec }) => spec.name === container) ?? []);
}

type ChangeProbe = Extract<Intervention, { do: 'change-probe' }>;

/**
 * In the pods that run and in those that are made later. A running pod keeps its sandbox, and its worker
 * starts anew: to see a roll-out, which replaces the pods, add a `delete-pod` with `recreate`.
 */
function changeProbe(kubelet: Kubelet, change: ChangeProbe): void {
  for (const slot of kubelet.slotsNamed(change.pod)) {
    slot.spec = {
      ...slot.spec,
      containers: slot.spec.containers.map((container) =>
        container.name === change.container
          ? { ...container, probes: container.probes.flatMap((probe) => changed(probe, change)) }
          : container,
      ),
    };
    for (const worker of slot.current?.workers ?? []) {
      if (worker.container.name === change.container && worker.spec.type === change.probe)
        worker.stopped = true;
    }
  }
  for (const container of containersOf(kubelet, change.pod, change.container)) {
    const slot = kubelet.slots.find(({ current }) => current === container.pod)!;
    const spec = slot.spec.containers.find(({ name }) => name === change.container)!;
    const probe = spec.probes.find(({ type }) => type === change.probe);
    if (probe !== undefined) kubelet.addProbe(container, probe);
  }
}

function changed(probe: ProbeSpec, change: ChangeProbe): ProbeSpec[] {
  if (probe.type !== change.probe) return [probe];
  if (change.remove) return [];
  return [
    {
      ...probe,
      action: change.action ?? probe.action,
      periodUs: change.periodUs ?? probe.periodUs,
      timeoutUs: change.timeoutUs ?? probe.timeoutUs,
      failureThreshold: change.failureThreshold ?? probe.failureThreshold,
    },
  ];
}
