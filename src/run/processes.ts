/** The simulated `ps`. */
import { HOST_NS, type PidNsId } from '../kernel/kernel.js';
import type { Pod } from '../node/kubelet/pod.js';
import type { Node } from '../node/node.js';
import { processRow } from '../procfs/from-kernel.js';
import { US_PER_SECOND } from '../sim/time.js';
import type { NamespaceProcesses, NodeProcess } from './result.js';

/**
 * Every process of the node, or of the pod's first PID namespace, in the order of PIDs. Null: no such pod, or
 * nothing of it runs.
 */
export function nodeProcesses(node: Node, pod: string | null): NodeProcess[] | null {
  if (pod === null) return listed(node, HOST_NS);
  return podProcesses(node, pod)?.[0]?.processes ?? null;
}

/**
 * One listing for each PID namespace in which containers of the pod run: where `kubectl exec` would start a
 * process. That may be the host's; without a running container it is that of the sandbox. Null: there is no
 * such pod now.
 */
export function podProcesses(node: Node, name: string): NamespaceProcesses[] | null {
  const pod = podNamed(node, name);
  if (!pod) return null;
  return [...namespacesOf(pod)].map(([namespace, containers]) => ({
    containers,
    processes: listed(node, namespace),
  }));
}

/** The first of them. */
export function namespaceOfPod(node: Node, name: string): PidNsId | null {
  const pod = podNamed(node, name);
  return pod ? ([...namespacesOf(pod).keys()][0] ?? null) : null;
}

function podNamed(node: Node, name: string): Pod | null {
  return node.kubelet.slotsNamed(name).find(({ current }) => current !== null)?.current ?? null;
}

/** With the containers that are in each. */
function namespacesOf(pod: Pod): Map<PidNsId, string[]> {
  const found = new Map<PidNsId, string[]>();
  for (const { runtime, spec } of pod.containers) {
    if (runtime.running) found.set(runtime.namespace, [...(found.get(runtime.namespace) ?? []), spec.name]);
  }
  if (found.size === 0 && pod.sandbox.namespace !== HOST_NS) found.set(pod.sandbox.namespace, []);
  return found;
}

function listed({ context: { kernel, origins, machine } }: Node, namespace: PidNsId): NodeProcess[] {
  const { startsUs } = machine;
  return kernel.listTasks(namespace).map((row) => {
    const { pod, container } = origins.all[row.origin];
    const process = { ...processRow(row), pod, container };
    if (startsUs === null) return process;
    return { ...process, uid: row.uid, startSeconds: (startsUs.get(row.task) ?? 0) / US_PER_SECOND };
  });
}
