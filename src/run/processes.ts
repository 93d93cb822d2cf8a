/** The simulated `ps`. */
import { HOST_NS, type PidNsId } from '../kernel/kernel.js';
import type { Node } from '../node/node.js';
import { processRow } from '../procfs/from-kernel.js';
import type { NodeProcess } from './result.js';

/** Every process of the node, or of a pod's PID namespace, in the order of PIDs. Null: no such pod, or nothing of it runs. */
export function nodeProcesses(node: Node, pod: string | null): NodeProcess[] | null {
  const namespace = pod === null ? HOST_NS : namespaceOf(node, pod);
  if (namespace === null) return null;
  const { kernel, origins } = node.context;
  return kernel.listTasks(namespace).map((row) => {
    const { pod, container } = origins.all[row.origin];
    return { ...processRow(row), pod, container };
  });
}

/**
 * The namespace in which `kubectl exec` would start a process: that of the first running container, which may
 * be the host's, or else that of the sandbox.
 */
function namespaceOf(node: Node, name: string): PidNsId | null {
  const slots = node.kubelet.slotsNamed(name);
  const pod = slots.find(({ current }) => current !== null)?.current;
  if (!pod) return null;
  const running = pod.containers.find(({ runtime }) => runtime.running);
  if (running !== undefined) return running.runtime.namespace;
  return pod.sandbox.namespace === HOST_NS ? null : pod.sandbox.namespace;
}
