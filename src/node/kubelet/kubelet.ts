/** The kubelet: which pods there are, when they come and go, and what their probes find. */
import type { OriginId } from '../../kernel/kernel.js';
import type { RandomStream } from '../../sim/random.js';
import type { EventKind } from '../../sim/simulation.js';
import type { NodeContext } from '../context.js';
import type { SandboxRuntime } from '../runtime/sandbox.js';
import type { PodSpec, ProbeSpec, ProbeType } from '../spec.js';
import { Downtime } from './downtime.js';
import { Hooks } from './hooks.js';
import { Pod, type PodHost } from './pod.js';
import { PodContainer } from './pod-container.js';
import type { ProbeTotals, ProbeWorker, ProbeWorkers } from './probe-worker.js';

/** What a probe has come to, over all incarnations of its pod. */
export interface ProbeAccount {
  pod: string;
  container: string;
  type: ProbeType;
  origin: OriginId;
  totals: ProbeTotals;
}

/** A pod of the specification, by its name on the node: it lasts, pods come and go. */
export interface PodSlot {
  readonly name: string;
  spec: PodSpec;
  current: Pod | null;
  /** Of its containers, in pods that are gone too. */
  restarts: number;
  pastRestarts: number;
  recreate: boolean;
  /** null: it never was. `threshold`: of pid.available, the first time. */
  evicted: { firstUs: number; times: number; threshold: number } | null;
  /** From its creation on, until it is deleted for good; an eviction does not change that. */
  isWanted: boolean;
  readonly downtime: Downtime;
}

export class Kubelet implements PodHost {
  readonly slots: PodSlot[] = [];
  /** In all slots: each row has them, and there may be thousands of slots. */
  restarts = 0;
  evictions = 0;
  /** Of the pods that are there. */
  readonly #slotOf = new Map<Pod, PodSlot>();
  readonly probes: ProbeAccount[] = [];
  /** The same, by pod, container and type. */
  readonly #accounts = new Map<string, ProbeAccount>();
  readonly retryPod: EventKind;
  readonly retryContainer: EventKind;
  readonly graceOver: EventKind;
  #admits = true;
  pauseVersion: string;
  /** By index; those that are gone are left out. */
  readonly #pods: Pod[] = [];
  readonly #containers: PodContainer[] = [];
  readonly #indexOf = new Map<PodContainer, number>();
  readonly #startSlot: EventKind;
  readonly #stopSlot: EventKind;
  readonly #isLongDown: EventKind;
  readonly #retryJitter: RandomStream;
  readonly #drainQueue: PodSlot[] = [];
  /** What came while it was down. */
  readonly #missed: (() => void)[] = [];
  readonly hooks: Hooks;

  constructor(
    readonly context: NodeContext,
    readonly runtime: SandboxRuntime,
    private readonly workers: ProbeWorkers,
  ) {
    const { sim, spec, streams } = context;
    this.pauseVersion = spec.pause;
    this.#retryJitter = streams.stream('kubelet', 'retry');
    this.retryPod = sim.register((index, token) => {
      const pod = this.#pods[index];
      if (pod?.token === token) this.#whenUp(() => pod.retry());
    });
    this.retryContainer = sim.register((index, token) => {
      const container = this.#containers[index];
      if (container?.token === token) this.#whenUp(() => container.pod.retryContainer(container));
    });
    this.graceOver = sim.register((index, token) => {
      const container = this.#containers[index];
      if (container?.token === token) container.pod.graceOver(container);
    });
    this.#isLongDown = sim.register((slot, token) => this.slots[slot].downtime.tellIfDown(token));
    this.#startSlot = sim.register((slot) => this.createInSlot(this.slots[slot]));
    this.#stopSlot = sim.register((slot) => this.deleteFromSlot(this.slots[slot], false));
    this.hooks = new Hooks(context, workers.execs);
    for (const pod of spec.pods) if (pod.recurs === undefined) this.#addSlots(pod);
    context.host.kubelet?.onChange(() => this.#changed());
  }

  /** R51: what was to be done meanwhile is done now. */
  #changed(): void {
    this.workers.kubeletChanged(this.#isUp);
    if (this.#isUp) for (const act of this.#missed.splice(0)) act();
  }

  get #isUp(): boolean {
    return this.context.host.kubelet?.isUp ?? true;
  }

  #whenUp(act: () => void): void {
    if (this.#isUp) act();
    else this.#missed.push(act);
  }

  #addSlots(spec: PodSpec): void {
    const { sim } = this.context;
    for (let copy = 0; copy < spec.count; copy++) {
      const name = spec.count === 1 ? spec.name : `${spec.name}-${copy}`;
      const slot = this.slots.length;
      const downtime = new Downtime(this.context, name, slot, this.#isLongDown);
      const nothingYet = { current: null, pastRestarts: 0, recreate: false, evicted: null, isWanted: false };
      this.slots.push({ name, spec, downtime, restarts: 0, ...nothingYet });
      sim.at(spec.startAtUs, this.#startSlot, slot, 0);
      if (spec.stopAtUs !== null) sim.at(spec.stopAtUs, this.#stopSlot, slot, 0);
    }
  }

  /** No new pods while the node is under pressure (R26). */
  get admits(): boolean {
    return this.#admits;
  }

  /** By the eviction manager. What was not let in meanwhile comes back afterwards. */
  set admits(admits: boolean) {
    this.#admits = admits;
    if (!admits) return;
    for (const slot of this.slots) if (slot.recreate && slot.current === null) this.createInSlot(slot);
  }

  /** Its controller makes it again if the pod's spec says so. */
  evict(slot: PodSlot, graceUs: number, threshold: number): void {
    slot.evicted ??= { firstUs: this.context.sim.nowUs, times: 0, threshold };
    slot.evicted.times++;
    this.evictions++;
    slot.recreate = slot.spec.recreate ?? false;
    slot.current!.stop(graceUs);
  }

  createInSlot(slot: PodSlot): void {
    slot.recreate = false;
    slot.isWanted = true;
    slot.current = this.create(slot.name, slot.spec);
    this.#slotOf.set(slot.current, slot);
    this.#lookAt(slot);
  }

  deleteFromSlot(slot: PodSlot, recreate: boolean): void {
    slot.recreate = recreate;
    slot.isWanted = recreate;
    this.deletePod(slot.current ?? undefined);
    this.#lookAt(slot);
  }

  /** Begins to take it down, as soon as the kubelet hears of it. */
  deletePod(pod: Pod | undefined): void {
    if (pod !== undefined) this.#whenUp(() => pod.stop());
  }

  /** A pod that is on its way and has met no refusal is neither up nor down. */
  #lookAt({ isWanted, current, downtime }: PodSlot): void {
    if (isWanted && current?.isComing) return;
    downtime.note(isWanted && (current === null || current.isDown));
  }

  /** Every slot that a name means: a pod, or all copies of one. */
  slotsNamed(name: string): PodSlot[] {
    return this.slots.filter((slot) => slot.name === name || slot.spec.name === name);
  }

  /** Deletes every pod, one after another, as `kubectl drain` on a node with one pod disruption at a time. */
  drain(): void {
    this.#drainQueue.push(...this.slots);
    this.#drainNext();
  }

  #drainNext(): void {
    const next = this.#drainQueue[0];
    if (next === undefined) return;
    if (next.current === null) {
      this.#drainQueue.shift();
      this.#drainNext();
    } else this.deleteFromSlot(next, false);
  }

  /** Makes a pod and begins to set it up and to probe it. */
  create(name: string, spec: PodSpec, account = name): Pod {
    const pod = new Pod(this, this.#pods.length, name, spec);
    this.#pods.push(pod);
    this.#addSandbox(pod, account);
    for (const container of spec.containers) {
      const entity = `${account}/${container.name}`;
      const { name, program } = container;
      const pidsMax = container.pidsLimit ?? this.context.spec.runtime.containerPidsLimit;
      const stream = this.context.streams.stream(entity, 'main');
      const origin = this.context.origins.of('main', program.comm, account, name);
      const runtime = this.runtime.addContainer(
        pod.sandbox,
        name,
        program,
        stream,
        origin,
        pidsMax,
        container.user,
      );
      const podContainer = new PodContainer(pod, container, runtime);
      pod.containers.push(podContainer);
      this.#indexOf.set(podContainer, this.#containers.push(podContainer) - 1);
      for (const probe of container.probes) this.addProbe(podContainer, probe);
    }
    this.#whenUp(() => pod.create());
    return pod;
  }

  #addSandbox(pod: Pod, account: string): void {
    const { context } = this;
    const { origins, streams, kubeletRules, runtimeRules, programs } = context;
    const infraProgram = programs.pause(this.pauseVersion);
    pod.sandbox = this.runtime.addSandbox({
      owner: pod,
      pidMode: pod.spec.pidMode ?? (pod.spec.sandboxless ? 'container' : kubeletRules.defaultPidMode),
      sandboxless: pod.spec.sandboxless,
      hostNetwork: pod.spec.hostNetwork,
      pidMax: pod.spec.pidMax,
      podPidsMax: this.#podPidsMax(pod.spec),
      infraProgram,
      shimOrigin: origins.of('shim', runtimeRules.shimComm, account, null),
      infraOrigin: origins.of('infra', infraProgram.comm, account, null),
      infraStream: streams.stream(account, 'infra'),
    });
  }

  /** R22, R43. A container of plain docker is none of the kubelet's. */
  #podPidsMax({ sandboxless }: PodSpec): number {
    const { spec, kubeletRules } = this.context;
    const { podPidsLimit } = spec.kubelet;
    const isLimited = kubeletRules.limitsPods && !sandboxless && podPidsLimit >= 0;
    return isLimited ? podPidsLimit : Number.POSITIVE_INFINITY;
  }

  addProbe(container: PodContainer, spec: ProbeSpec): ProbeWorker {
    const { pod } = container;
    const entity = `${container.path}/${spec.type}`;
    const account = this.#account(container, spec);
    const worker = this.workers.add({
      spec,
      container: container.runtime,
      host: container,
      origin: account.origin,
      totals: account.totals,
      stream: this.context.streams.stream(entity, 'program'),
      jitter: this.context.streams.stream(entity, 'jitter'),
      dockerHealthCheck: pod.spec.sandboxless,
    });
    pod.workers.push(worker);
    return worker;
  }

  #account(container: PodContainer, spec: ProbeSpec): ProbeAccount {
    const pod = container.pod.name;
    const { name } = container.spec;
    const key = `${container.path}/${spec.type}`;
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const program = spec.action.kind === 'exec' ? spec.action.program.comm : spec.action.how;
    const origin = this.context.origins.of(spec.type, program, pod, name);
    const totals = { runs: 0, succeeded: 0, failed: 0, errored: 0, firstFailedRun: 0 };
    const account = { pod, container: name, type: spec.type, origin, totals };
    this.probes.push(account);
    this.#accounts.set(key, account);
    return account;
  }

  // What pods ask of their host.

  /** The pod worker's own back-off: a retry after 10 s and up to half as much again. */
  retryDelayUs(): number {
    const { syncRetryUs } = this.context.kubeletRules;
    return Math.floor(syncRetryUs * (1 + this.#retryJitter.uniform() / 2));
  }

  containerIndex(container: PodContainer): number {
    return this.#indexOf.get(container)!;
  }

  podChanged(pod: Pod): void {
    if (pod.hasEnded && !pod.spec.sandboxless) this.#endForGood(pod);
    const slot = this.#slotOf.get(pod);
    if (slot === undefined) return;
    const restarts = pod.containers.reduce((sum, each) => sum + each.restarts, slot.pastRestarts);
    this.restarts += restarts - slot.restarts;
    slot.restarts = restarts;
    this.#lookAt(slot);
  }

  /**
   * R57: of a pod that has succeeded or failed nothing is left on the node. It is no longer wanted, and not
   * down.
   */
  #endForGood(pod: Pod): void {
    const slot = this.#slotOf.get(pod);
    if (slot !== undefined) slot.isWanted = false;
    pod.stop();
  }

  podGone(pod: Pod): void {
    this.#forget(pod);
    const slot = this.#slotOf.get(pod);
    if (slot === undefined) return;
    slot.pastRestarts = slot.restarts;
    slot.current = null;
    this.#slotOf.delete(pod);
    this.#lookAt(slot);
    if (slot.recreate && (this.admits || slot.spec.sandboxless)) this.createInSlot(slot);
    if (this.#drainQueue[0] === slot) this.#drainNext();
  }

  #forget(pod: Pod): void {
    this.runtime.forget(
      pod.sandbox,
      pod.containers.map(({ runtime }) => runtime),
    );
    delete this.#pods[pod.index];
    for (const container of pod.containers) {
      delete this.#containers[this.containerIndex(container)];
      this.#indexOf.delete(container);
    }
  }
}
