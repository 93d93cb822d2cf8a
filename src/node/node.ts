/**
 * A running node, made from what was asked for.
 *
 *     NodeSpec ─► rules ─► host tasks ─► kubepods cgroup ─► runtime, execs, probe workers ─► kubelet with its pods
 *                                                       └─► ssh logins, cron jobs, pod churn, interventions, eviction
 *
 * Everything from here on happens in events of the simulation.
 */
import { type CgroupId, ROOT_CGROUP } from '../kernel/kernel.js';
import { startPodChurn } from './churn.js';
import type { NodeContext, NodeCounters, NodeParts } from './context.js';
import { bootHost } from './host/boot.js';
import { ChildWatch } from './host/child-watch.js';
import { startCronJob } from './host/cron.js';
import { startThreadNeeds } from './host/go-threads.js';
import { startSshLogins } from './host/logins.js';
import { scheduleInterventions } from './interventions.js';
import type { CellNode } from './kubelet/cell.js';
import { EvictionManager } from './kubelet/eviction.js';
import { startHandExecs } from './kubelet/hand-execs.js';
import { Kubelet } from './kubelet/kubelet.js';
import { NodeStatus } from './kubelet/node-status.js';
import { pidAvailable, pidCapacity } from './kubelet/pid-available.js';
import { ProbeWorkers } from './kubelet/probe-worker.js';
import { startRecurringPod } from './kubelet/recurring.js';
import { OriginNames } from './origins.js';
import { Execs } from './runtime/exec.js';
import { RuncCalls } from './runtime/runc.js';
import { SandboxRuntime } from './runtime/sandbox.js';
import type { NodeSpec } from './spec.js';
import { kubeletRules } from './versions/kubelet.js';
import { runtimeRules } from './versions/runtime.js';

export class Node {
  readonly context: NodeContext;
  /** The cgroup of all pods. */
  readonly kubepods: CgroupId;
  readonly kubelet: Kubelet;
  readonly counters: NodeCounters = {
    podsRunning: 0,
    podsCreated: 0,
    podsCreateFailed: 0,
    podsNeverCreated: 0,
    podsDeleted: 0,
    podsDeleteStuck: 0,
    probeRuns: 0,
    probeFailures: 0,
    sshOk: 0,
    sshRefused: 0,
  };

  constructor(
    readonly spec: NodeSpec,
    parts: NodeParts,
  ) {
    const { kernel } = parts.machine;
    const base = {
      ...parts,
      spec,
      kernel,
      kubeletRules: kubeletRules(spec.kubelet, spec.runtime),
      runtimeRules: runtimeRules(spec.runtime, spec.kubelet),
      origins: new OriginNames(),
      children: new ChildWatch(kernel),
      counters: this.counters,
    };
    const context: NodeContext = { ...base, host: bootHost(base, spec.baselineTaskCount) };
    this.context = context;
    this.kubepods = kernel.createCgroup(ROOT_CGROUP, this.#kubepodsMax());
    const runc = new RuncCalls(context);
    const runtime = new SandboxRuntime(context, runc, this.kubepods);
    const execs = new Execs(context, runc);
    const workers = new ProbeWorkers(context, execs);
    if (parts.fidelity === 'forwarded') workers.forwardBy(bootCell, this.kubepods);
    this.kubelet = new Kubelet(context, runtime, workers);
    startHandExecs(context, this.kubelet, execs);
    if (spec.sshLogins !== null) startSshLogins(context, spec.sshLogins);
    if (spec.podChurn !== null) startPodChurn(context, this.kubelet, spec.podChurn);
    for (const job of spec.cronJobs) startCronJob(context, job);
    if (spec.daemonThreadsEveryUs !== null) startThreadNeeds(context, spec.daemonThreadsEveryUs);
    for (const pod of spec.pods) {
      if (pod.recurs !== undefined) startRecurringPod(context, this.kubelet, pod, pod.recurs);
    }
    new NodeStatus(context);
    const { evictionPidAvailable: hard, evictionSoftPid: soft = null } = spec.kubelet;
    if ((hard !== null || soft !== null) && context.kubeletRules.evictsForPids) {
      new EvictionManager(context, this.kubelet, { hard, soft });
    }
    scheduleInterventions(context, this.kubelet);
  }

  /** R20, R21: what the kubelet would report. */
  get pidAvailable(): number {
    return pidAvailable(this.context.kernel, this.context.kubeletRules);
  }

  /** R22. Computed once, when the kubelet starts: a pid_max that is raised later does not raise it. */
  #kubepodsMax(): number {
    const { kernel, kubeletRules: rules } = this.context;
    const isKubernetes = this.spec.runtime.name !== 'bare';
    if (!rules.limitsKubepods || !isKubernetes) return Number.POSITIVE_INFINITY;
    return pidCapacity(kernel, rules) - this.spec.kubelet.reservedPids;
  }
}

/** A node of one pod, of one container and one probe. */
export function bootCell(spec: NodeSpec, parts: NodeParts): CellNode {
  const { context, kubelet } = new Node(spec, parts);
  const [slot] = kubelet.slots;
  return {
    context,
    get totals() {
      return kubelet.probes[0].totals;
    },
    get container() {
      return slot.current!.containers[0].runtime;
    },
  };
}
