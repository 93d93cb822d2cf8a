/** What every part of a node shares. */
import type { CgroupId, Kernel, TaskId } from '../kernel/kernel.js';
import type { Program } from '../program/code.js';
import type { Machine } from '../program/machine.js';
import type { RandomStreams } from '../sim/random.js';
import type { Simulation } from '../sim/simulation.js';
import type { ChildWatch } from './host/child-watch.js';
import type { OriginNames } from './origins.js';
import type { NodeSpec } from './spec.js';
import type { KubeletRules } from './versions/kubelet.js';
import type { RuntimeRules } from './versions/runtime.js';

/** Moments that a node reports: the first of a kind, or a change of state; never each repetition. */
export const NODE_MOMENT_KINDS = [
  'pod-created',
  'pod-create-failed',
  'pod-deleted',
  'pod-delete-stuck',
  'container-restarted',
  'probe-failed',
  'probe-errored',
  'recovered',
  'ssh-ok',
  'ssh-refused',
  'fork-refused',
  'intervention',
  /** An intervention that changes nothing. */
  'no-effect',
  'evicted',
  'pressure',
  /** A pod has not run for a minute, or does again. */
  'workload-down',
  'workload-up',
  /** A service of the host: the runtime, kubelet, sshd, cron. */
  'daemon-died',
  'daemon-restarted',
  /** What the cluster sees of the node. */
  'node-not-ready',
  'node-ready',
] as const;
type NodeMomentKind = (typeof NODE_MOMENT_KINDS)[number];

export interface NodeObserver {
  /** `subject` is a pod, `pod/container`, `pod/container/liveness`, or `node`. */
  moment(kind: NodeMomentKind, subject: string, detail: string): void;
}

/** Running totals. All of them only grow, but `podsRunning` and `podsNeverCreated`. */
export interface NodeCounters {
  podsRunning: number;
  /** Pods, not attempts: a pod that is retried a hundred times has failed once. */
  podsCreated: number;
  podsCreateFailed: number;
  /** Of those that failed: pods that have not come up since. */
  podsNeverCreated: number;
  podsDeleted: number;
  podsDeleteStuck: number;
  probeRuns: number;
  /** Failed and errored. */
  probeFailures: number;
  sshOk: number;
  sshRefused: number;
}

export interface NodePrograms {
  /** The infra program of an image version (R1). */
  pause(version: string): Program;
  /** What the pods of `podChurn` run: a process that sleeps until it is told to end. */
  churn: Program;
}

/** A service of the host that acts in the simulation (host/daemon.ts). */
export interface HostDaemon {
  readonly comm: string;
  /** NONE while it is down. */
  readonly task: TaskId;
  readonly isUp: boolean;
  /** Told when it has gone down or come up, in an event of its own. */
  onChange(tell: () => void): void;
}

export interface HostDaemons {
  /** Forks the shims; for a bare runtime, what enters the namespaces. */
  readonly runtime: HostDaemon;
  readonly sshd: HostDaemon;
  readonly cron: HostDaemon;
  /** null: a bare runtime, without one. */
  readonly kubelet: HostDaemon | null;
  /** The cgroup of the runtime's service; NONE: it has no limit, and is not told apart. */
  readonly service: CgroupId;
}

export interface NodeContext {
  readonly spec: NodeSpec;
  readonly sim: Simulation;
  readonly machine: Machine;
  readonly kernel: Kernel;
  readonly kubeletRules: KubeletRules;
  readonly runtimeRules: RuntimeRules;
  readonly origins: OriginNames;
  readonly streams: RandomStreams;
  readonly children: ChildWatch;
  readonly host: HostDaemons;
  readonly programs: NodePrograms;
  readonly counters: NodeCounters;
  readonly observer: NodeObserver;
}

/** `EAGAIN (pid-max)`: why the last fork was refused, for an event's detail. */
export function refusalText(kernel: Kernel): string {
  return `${kernel.refusal.errno} (${kernel.refusal.refusedBy})`;
}

/** Why the runtime could not do what it was just asked to. */
export function failureText({ host, kernel }: NodeContext): string {
  return host.runtime.isUp ? refusalText(kernel) : `${host.runtime.comm} is down`;
}

/**
 * `events`: each run of a probe is simulated. `forwarded`: except those whose result is known beforehand; all
 * that can be seen of the node is the same.
 */
export const FIDELITIES = ['events', 'forwarded'] as const;
export type Fidelity = (typeof FIDELITIES)[number];

export interface NodeParts {
  sim: Simulation;
  /** Its kernel has just been made: init is its only process. */
  machine: Machine;
  streams: RandomStreams;
  programs: NodePrograms;
  observer: NodeObserver;
  fidelity: Fidelity;
}
