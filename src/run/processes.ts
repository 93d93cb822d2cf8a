/** The simulated `ps`. */
import type { Node } from '../node/node.js';
import type { ProcessRow } from './result.js';

/** Every process of the node, or of a pod's PID namespace, by number. Null: no such pod, or nothing of it runs. */
export function processRows(node: Node, pod: string | null): ProcessRow[] | null {
  const namespace = pod === null ? 0 : namespaceOf(node, pod);
  if (namespace === null) return null;
  const { kernel, origins } = node.context;
  return kernel.listTasks(namespace).map((row) => {
    const origin = origins.all[row.origin];
    const { pid, ppid, pgid, sid, stat, comm, nspid, threads } = row;
    return { pid, ppid, pgid, sid, stat, comm, nspid, threads, pod: origin.pod, container: origin.container };
  });
}

/**
 * The namespace in which `kubectl exec` would start a process: that of the first running container, which may
 * be the host's, or else that of the sandbox.
 */
function namespaceOf(node: Node, name: string): number | null {
  const slots = node.kubelet.slotsNamed(name);
  const pod = slots.find(({ current }) => current !== null)?.current;
  if (!pod) return null;
  const running = pod.containers.find(({ runtime }) => runtime.running);
  if (running !== undefined) return running.runtime.namespace;
  return pod.sandbox.namespace === 0 ? null : pod.sandbox.namespace;
}
