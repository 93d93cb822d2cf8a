/** Every ceiling of a node, and what is below it now. */

import { PIDS_UNLIMITED } from '../kernel/cgroups.js';
import { type CgroupId, HOST_NS, type Kernel, NONE, type PidNsId } from '../kernel/kernel.js';
import { RESERVED_PIDS } from '../kernel/limits.js';
import type { PodSlot } from '../node/kubelet/kubelet.js';
import type { Pod } from '../node/kubelet/pod.js';
import type { Node } from '../node/node.js';
import type { Limited } from './result.js';

/** What a full ceiling refuses forks to. */
export type CeilingScope = 'node' | 'service' | 'all-pods' | 'pod' | 'container' | 'namespace' | 'user';

export interface Ceiling {
  /** `pid_max`, `threads-max`, `pids.max`. */
  limit: string;
  scope: CeilingScope;
  /** The pod, `pod/container`, service or uid; null: the machine, or all pods. */
  of: string | null;
  value: number;
  /** What counts against it now. */
  used: number;
  left: number;
  /** So many pods have the same; this is the one with the least room. */
  copies: number;
  /** In words: what counts. */
  counts: string;
}

const TASKS = 'tasks and zombies';
const PIDS = 'tasks, zombies and pinned PIDs';

/** The one with the least room first: if what grows counts against all of them, it binds first. */
export function ceilingsOf(node: Node): Ceiling[] {
  return [...nodeCeilings(node), ...podsCeilings(node), ...userCeilings(node)].sort(
    (a, b) => a.left - b.left,
  );
}

/** Of the copies of a pod, that with the least room stands for all. */
function podsCeilings(node: Node): Ceiling[] {
  const nearest = new Map<string, Ceiling>();
  for (const slot of node.kubelet.slots) {
    for (const found of podCeilings(node, slot)) {
      const key = `${found.scope} ${slot.spec.name} ${found.of?.slice(slot.name.length)}`;
      const known = nearest.get(key);
      const copies = (known?.copies ?? 0) + 1;
      nearest.set(key, { ...(known !== undefined && known.left <= found.left ? known : found), copies });
    }
  }
  return [...nearest.values()];
}

function ceiling(
  limit: string,
  scope: CeilingScope,
  of: string | null,
  value: number,
  used: number,
  counts = TASKS,
): Ceiling {
  return { limit, scope, of, value, used, left: Math.max(0, value - used), copies: 1, counts };
}

/**
 * Tells the value of each ceiling below the node's and what counts against it. It is the part of `ceilingsOf`
 * that each row needs, and is cheap enough for it on a node with thousands of pods.
 */
export function eachLimit(node: Node, tell: (of: Limited, used: number, value: number) => void): void {
  const { context, kubepods, kubelet } = node;
  const { kernel, host } = context;
  const ofGroup = (of: Limited, cgroup: CgroupId): void => {
    const value = cgroup === NONE ? PIDS_UNLIMITED : kernel.pidsMax(cgroup);
    if (value < PIDS_UNLIMITED) tell(of, kernel.pidsCurrent(cgroup), value);
  };
  ofGroup('all_pods', kubepods);
  ofGroup('service', host.service);
  // Mostly no pod has one, and to look at thousands takes long. Two of the node's are no cgroup's.
  const haveLimits = kernel.limitsSet > nodeCeilings(node).length - 2;
  for (const { name, spec, current } of kubelet.slots) {
    if (current === null || (!haveLimits && spec.pidMax === null)) continue;
    ofGroup('pod', current.sandbox.cgroup);
    for (const { runtime } of current.containers) ofGroup('container', runtime.cgroup);
    if (spec.pidMax === null || current.sandbox.cgroup === NONE) continue;
    const { used, value } = namespaceCeiling(kernel, name, spec.pidMax, current);
    tell('namespace', used, value);
  }
  for (const [uid, value] of lowestNproc(node)) tell('user', kernel.tasksOfUser(uid), value);
}

function nodeCeilings({ context, kubepods }: Node): Ceiling[] {
  const { kernel, host } = context;
  // Free PIDs below 300 are lost once the cursor has passed them (K3).
  const usable = kernel.pidMax() - RESERVED_PIDS + kernel.lowPidsHeld();
  return [
    ceiling('pid_max', 'node', null, usable, kernel.allocated(), PIDS),
    ceiling('threads-max', 'node', null, kernel.threadsMax, kernel.nrThreads),
    ...ofCgroup(kernel, kubepods, 'all-pods', null),
    ...ofCgroup(kernel, host.service, 'service', host.runtime.comm),
  ];
}

/** The lowest RLIMIT_NPROC of each uid. A process is refused by its own: the lowest binds first (R62). */
function lowestNproc({ context: { spec } }: Node): [uid: number, nprocMax: number][] {
  const lasting = spec.pods.filter(({ recurs }) => recurs === undefined);
  const users = lasting.flatMap(({ containers }) => containers.flatMap(({ user }) => user ?? []));
  if (spec.sshLogins?.user) users.push(spec.sshLogins.user);
  const lowest = new Map<number, number>();
  for (const { uid, nprocMax } of users) lowest.set(uid, Math.min(nprocMax, lowest.get(uid) ?? nprocMax));
  return [...lowest].filter(([, nprocMax]) => Number.isFinite(nprocMax));
}

function userCeilings(node: Node): Ceiling[] {
  const { kernel } = node.context;
  return lowestNproc(node).map(([uid, value]) =>
    ceiling('RLIMIT_NPROC', 'user', `${uid}`, value, kernel.tasksOfUser(uid)),
  );
}

function podCeilings({ context }: Node, { name, spec, current }: PodSlot): Ceiling[] {
  const { kernel } = context;
  if (current === null) return [];
  const { cgroup } = current.sandbox;
  const found = [...ofCgroup(kernel, cgroup, 'pod', name)];
  for (const { runtime } of current.containers)
    found.push(...ofCgroup(kernel, runtime.cgroup, 'container', `${name}/${runtime.name}`));
  if (spec.pidMax !== null && cgroup !== NONE)
    found.push(namespaceCeiling(kernel, name, spec.pidMax, current));
  return found;
}

/** Of the namespaces of a pod that have a limit of their own, that with the least room. */
function namespaceCeiling(
  kernel: Kernel,
  name: string,
  pidMax: number,
  { sandbox, containers }: Pod,
): Ceiling {
  const { namespace: shared } = sandbox;
  // A namespace of its own is forgotten with the container that runs in it.
  const own = containers.flatMap(({ state, runtime }) => (state === 'running' ? runtime.namespace : []));
  // Free PIDs below 300 are lost here too (K3, K7).
  const room = (each: PidNsId) => pidMax - RESERVED_PIDS + (each > HOST_NS ? kernel.lowPidsHeld(each) : 0);
  const namespaces = [...new Set([shared, ...own])].map((each) =>
    ceiling('pid_max', 'namespace', name, room(each), each > HOST_NS ? kernel.allocated(each) : 0, PIDS),
  );
  return namespaces.reduce((least, each) => (each.left < least.left ? each : least));
}

/** None without a limit: as many tasks as the kernel can count. */
function ofCgroup(kernel: Kernel, cgroup: CgroupId, scope: CeilingScope, of: string | null): Ceiling[] {
  const value = cgroup === NONE ? PIDS_UNLIMITED : kernel.pidsMax(cgroup);
  if (value >= PIDS_UNLIMITED) return [];
  return [ceiling('pids.max', scope, of, value, kernel.pidsCurrent(cgroup))];
}
