/** A run's node: its versions, its limits, and which program is PID 1 for which pods. */
import type { Node } from '../node/node.js';
import type { ContainerSpec, PodSpec } from '../node/spec.js';
import { reapsStrangers } from '../program/reaps.js';
import type { Scenario } from '../scenario/scenario.js';
import type { FirstProcess, NodeFacts } from './result.js';

export function nodeFacts(
  { node: spec, limitsFrom: from }: Scenario,
  { context, kubepods }: Node,
): NodeFacts {
  const { kernel, kubeletRules, programs } = context;
  const { podPidsLimit } = spec.kubelet;
  const hasKubelet = spec.pods.some(({ sandboxless }) => !sandboxless) || spec.podChurn !== null;
  const limits: NodeFacts['limits'] = [
    { scope: 'node', limit: { name: 'pid_max', value: spec.kernel.pidMax }, from: from?.pidMax },
    { scope: 'node', limit: { name: 'threads-max', value: spec.kernel.threadsMax }, from: from?.threadsMax },
  ];
  const ofAllPods = kernel.pidsMax(kubepods);
  if (hasKubelet && ofAllPods <= spec.kernel.pidMax)
    limits.push({ scope: 'all-pods', limit: { name: 'pids.max', value: ofAllPods }, from: 'derived' });
  if (kubeletRules.limitsPods && podPidsLimit >= 0 && hasKubelet)
    limits.push({ scope: 'pod', limit: { name: 'pids.max', value: podPidsLimit }, from: from?.podPidsLimit });
  const first = new Map<string, FirstProcess>();
  const note = (of: string, program: ContainerSpec['program']): void => {
    const known = first.get(program.name) ?? {
      of: [],
      program: program.name,
      reaps: reapsStrangers(program),
    };
    known.of.push(of);
    first.set(program.name, known);
  };
  for (const pod of spec.pods) {
    const mode = pidModeOf(pod, kubeletRules.defaultPidMode);
    if (mode === 'pod') note(pod.name, programs.pause(spec.pause));
    if (mode === 'container')
      for (const container of pod.containers) note(nameOf(pod, container), container.program);
  }
  return {
    kernel: spec.kernel.version,
    kubelet: hasKubelet ? spec.kubelet.version : null,
    runtime: spec.runtime.name === 'bare' ? 'bare' : `${spec.runtime.name} ${spec.runtime.version}`,
    pause: hasKubelet ? spec.pause : null,
    limits,
    firstProcesses: [...first.values()],
  };
}

/** Which PID namespace the containers of a pod are in. */
export function pidModeOf(pod: PodSpec, byDefault: NonNullable<PodSpec['pidMode']>) {
  return pod.pidMode ?? (pod.sandboxless ? 'container' : byDefault);
}

function nameOf(pod: PodSpec, container: ContainerSpec): string {
  return pod.containers.length === 1 ? pod.name : `${pod.name}/${container.name}`;
}
