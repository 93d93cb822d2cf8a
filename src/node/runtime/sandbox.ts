/**
 * What the runtime makes of a pod: sets up its sandbox and its containers, and ends them.
 *
 *     daemon ─► shim ─► runc ─► pause        PID 1 of the pod's namespace (R8), or of one of its own (R7)
 *        │       └────► runc ─► application  in the pod's namespace, or PID 1 of its own
 *        └────► shim (one per container where the runtime does so, R28)
 *
 * Nothing here decides when something is started, stopped or tried again (pod.ts does).
 */
import { PIDS_UNLIMITED } from '../../kernel/cgroups.js';
import {
  type CgroupId,
  KERNEL,
  NONE,
  type OriginId,
  type PidNsId,
  ROOT_CGROUP,
  SIGKILL,
  SIGTERM,
  type TaskId,
} from '../../kernel/kernel.js';
import type { Program } from '../../program/code.js';
import type { RandomStream } from '../../sim/random.js';
import type { EventKind } from '../../sim/simulation.js';
import { failureText, type NodeContext } from '../context.js';
import type { ChildKind } from '../host/child-watch.js';
import type { TaskUser } from '../spec.js';
import { Container, Sandbox, type SandboxRequest } from './container.js';
import { PodNetworks } from './network.js';
import { HOST_NAMESPACE, NEW_NAMESPACE, type RuncCallKind, type RuncCalls, type RuncTarget } from './runc.js';

/** The kubelet has no part in what is outside its own cgroup of all pods. */
const HOST_CGROUP = ROOT_CGROUP;

/** Status of `runc init` when it cannot exec the command. */
const EXEC_FAILED = 128;

export class SandboxRuntime {
  /** By index; those of pods that are gone are left out. */
  private readonly sandboxes: Sandbox[] = [];
  private readonly containers: Container[] = [];
  private readonly readyWithoutInfra: EventKind;
  private readonly infraCall: RuncCallKind;
  private readonly mainCall: RuncCallKind;
  private readonly killInfraCall: RuncCallKind;
  private readonly killMainCall: RuncCallKind;
  private readonly networkUp: RuncCallKind;
  private readonly networkDown: RuncCallKind;
  private readonly networks: PodNetworks;
  private readonly infraChild: ChildKind;
  private readonly mainChild: ChildKind;
  private readonly podShimLost: EventKind;
  private readonly containerShimLost: EventKind;
  /** R63. */
  private readonly leaks: RandomStream;

  constructor(
    private readonly context: NodeContext,
    private readonly runc: RuncCalls,
    private readonly kubepods: CgroupId,
  ) {
    const { sim, children } = context;
    this.readyWithoutInfra = sim.register((index) => this.ready(this.sandboxes[index]));
    this.infraCall = runc.register((index, task, ns) => this.infraReady(this.sandboxes[index], task, ns));
    this.mainCall = runc.register((index, task, ns) => this.mainReady(this.containers[index], task, ns));
    this.killInfraCall = runc.register((index) => this.kill(this.sandboxes[index]?.infra, SIGKILL));
    this.killMainCall = runc.register((request) =>
      this.kill(this.containers[request >> 1]?.main, (request & 1) === 1 ? SIGKILL : SIGTERM),
    );
    this.networks = new PodNetworks(context, runc);
    this.leaks = context.streams.stream('runtime', 'shims-that-stay');
    this.networkUp = runc.register((index) => this.addNetwork(this.sandboxes[index]));
    this.networkDown = runc.register((index) => this.dropNetwork(this.sandboxes[index]));
    this.podShimLost = sim.register((index) => this.endWithShim(this.sandboxes[index]));
    this.containerShimLost = sim.register((index) => this.endMain(this.containers[index]));
    this.infraChild = children.register((index) => this.infraExited(this.sandboxes[index]));
    this.mainChild = children.register((index, _task, status) =>
      this.mainExited(this.containers[index], status),
    );
  }

  addSandbox(request: SandboxRequest): Sandbox {
    const sandbox = new Sandbox(this.sandboxes.length, request);
    this.sandboxes.push(sandbox);
    return sandbox;
  }

  addContainer(
    sandbox: Sandbox,
    name: string,
    program: Program,
    stream: RandomStream,
    origin: OriginId,
    /** Of its own cgroup (R58). Default: as the runtime has it (R48). */
    pidsMax = this.context.runtimeRules.containerPidsMax,
    user: TaskUser | null = null,
  ): Container {
    const { length } = this.containers;
    const container = new Container(length, sandbox, name, program, stream, origin, pidsMax, user);
    this.containers.push(container);
    return container;
  }

  /** The container whose own cgroup it is; null: it is a pod's, or of nobody here. */
  containerOf(cgroup: CgroupId): Container | null {
    return this.containers.find((container) => container?.cgroup === cgroup) ?? null;
  }

  /**
   * Begins to set up a sandbox: its cgroup and network, then its shim and infra process. False: the runtime
   * is down, or a fork was refused.
   */
  create(sandbox: Sandbox): boolean {
    const { kernel, host } = this.context;
    if (!host.runtime.isUp) return false;
    const above = sandbox.sandboxless ? HOST_CGROUP : this.kubepods;
    if (sandbox.cgroup === NONE) sandbox.cgroup = kernel.createCgroup(above, sandbox.podPidsMax);
    sandbox.settingUp = this.needsNetwork(sandbox)
      ? this.runPlugin('add', sandbox, this.networkUp)
      : this.startProcesses(sandbox);
    return sandbox.settingUp;
  }

  private needsNetwork({ sandboxless, hostNetwork }: Sandbox): boolean {
    return this.networks.hasPlugin && !sandboxless && !hostNetwork;
  }

  /** The kubelet itself runs it where the runtime is docker (dockershim). */
  private runPlugin(command: 'add' | 'delete', sandbox: Sandbox, done: RuncCallKind): boolean {
    const { host, spec } = this.context;
    const daemon = spec.runtime.name === 'docker' && host.kubelet !== null ? host.kubelet : host.runtime;
    return daemon.isUp && this.networks.run(command, daemon.task, sandbox.shimOrigin, done, sandbox.index);
  }

  private addNetwork(sandbox: Sandbox | undefined): void {
    if (sandbox === undefined) return;
    sandbox.hasNetwork = true;
    if (this.context.host.runtime.isUp && this.startProcesses(sandbox)) return;
    sandbox.settingUp = false;
    sandbox.hasNetwork = false;
    sandbox.owner.sandboxFailed(failureText(this.context));
  }

  private dropNetwork(sandbox: Sandbox | undefined): void {
    if (sandbox === undefined) return;
    sandbox.hasNetwork = false;
    sandbox.ending = false;
    sandbox.owner.networkGone();
  }

  private startProcesses(sandbox: Sandbox): boolean {
    if (this.startSandboxShim(sandbox) && this.startInfra(sandbox)) return true;
    this.endShimOfSandbox(sandbox);
    return false;
  }

  private startInfra(sandbox: Sandbox): boolean {
    if (!this.hasInfra(sandbox)) {
      this.context.sim.soon(this.readyWithoutInfra, sandbox.index, 0);
      return true;
    }
    const target: RuncTarget = {
      command: 'create',
      namespace: sandbox.pidMode === 'node' ? HOST_NAMESPACE : NEW_NAMESPACE,
      pidMax: sandbox.pidMode === 'pod' ? sandbox.pidMax : null,
      cgroup: sandbox.cgroup,
      joinsLate: false,
    };
    const parent = this.parentFor(sandbox.shim);
    return this.runc.start(this.infraCall, sandbox.index, parent, sandbox.infraOrigin, target);
  }

  /** R34: is there a pause process at all? */
  hasInfra(sandbox: Sandbox): boolean {
    if (sandbox.sandboxless) return false;
    return sandbox.pidMode === 'pod' || this.context.runtimeRules.infraWhenIsolated;
  }

  /** Begins to start a container in a sandbox that is ready. False: as for `create`, and nothing is left. */
  start(container: Container): boolean {
    const { sandbox } = container;
    if (!this.context.host.runtime.isUp || !this.startShimOf(container)) return false;
    container.cgroup = this.context.kernel.createCgroup(sandbox.cgroup, PIDS_UNLIMITED);
    const own = sandbox.pidMode === 'container';
    const target: RuncTarget = {
      command: 'create',
      namespace: own ? NEW_NAMESPACE : sandbox.namespace,
      pidMax: own ? sandbox.pidMax : null,
      cgroup: container.cgroup,
      joinsLate: false,
    };
    const parent = this.parentFor(container.shim);
    if (this.runc.start(this.mainCall, container.index, parent, container.origin, target)) return true;
    this.notStarted(container);
    return false;
  }

  /**
   * The pod's, which may have been killed and is then replaced, or one of its own. False: a fork was refused.
   */
  private startShimOf(container: Container): boolean {
    const { sandbox } = container;
    const { shimPer } = this.context.runtimeRules;
    if (shimPer === 'container') {
      const lost = () => {
        container.shim = NONE;
        this.context.sim.soon(this.containerShimLost, container.index, 0);
      };
      container.shim = this.startShim(sandbox.shimOrigin, lost);
      return container.shim !== NONE;
    }
    if (shimPer === 'pod' && sandbox.shim === NONE && !this.startSandboxShim(sandbox)) return false;
    container.shim = sandbox.shim;
    return true;
  }

  /** Nothing has come of a start. */
  private notStarted(container: Container): void {
    this.removeCgroup(container.cgroup);
    container.cgroup = NONE;
    this.endShimOf(container);
  }

  /** Begins to send a signal to a container's main process. False: as for `create`. */
  signal(container: Container, signal: typeof SIGTERM | typeof SIGKILL): boolean {
    if (!this.context.host.runtime.isUp) return false;
    const request = (container.index << 1) | (signal === SIGKILL ? 1 : 0);
    return this.runc.startKill(this.killMainCall, request, this.parentFor(container.shim));
  }

  /**
   * Takes the next step to end a sandbox whose containers have ended: its network goes and its infra process,
   * in the order of the runtime. False: as for `create`.
   */
  stop(sandbox: Sandbox): boolean {
    if (!this.context.host.runtime.isUp) return false;
    if (sandbox.ending) return true;
    const { networkTearDown } = this.context.runtimeRules;
    if (networkTearDown === 'last' && sandbox.infra !== NONE) return this.stopInfra(sandbox);
    if (!sandbox.hasNetwork) return this.stopInfra(sandbox);
    if (this.runPlugin('delete', sandbox, this.networkDown)) {
      sandbox.ending = true;
      return true;
    }
    // The kubelet is told that it failed, and pause is stopped all the same.
    if (networkTearDown === 'tried-first' && sandbox.infra !== NONE) this.stopInfra(sandbox);
    if (networkTearDown === 'tried-once') sandbox.hasNetwork = false;
    return false;
  }

  private stopInfra(sandbox: Sandbox): boolean {
    const parent = this.parentFor(sandbox.shim);
    sandbox.ending = this.runc.startKill(this.killInfraCall, sandbox.index, parent);
    return sandbox.ending;
  }

  /** Is nothing left of it, and nothing under way? */
  isEnded({ infra, hasNetwork, settingUp, ending }: Sandbox): boolean {
    return infra === NONE && !hasNetwork && !settingUp && !ending;
  }

  /** Removes a sandbox that has no process any more. */
  remove(sandbox: Sandbox): void {
    this.endShimOfSandbox(sandbox);
    if (sandbox.cgroup !== NONE) this.removeCgroup(sandbox.cgroup);
    sandbox.cgroup = NONE;
    sandbox.hasNetwork = false;
    sandbox.ending = false;
  }

  private removeCgroup(cgroup: CgroupId): void {
    this.context.kernel.removeCgroup(cgroup);
    this.context.kernel.forgetCgroup(cgroup);
  }

  /** Its pod will never ask for it again. */
  forget(sandbox: Sandbox, containers: readonly Container[]): void {
    delete this.sandboxes[sandbox.index];
    for (const { index } of containers) delete this.containers[index];
  }

  /** The process that a container's processes are children of. */
  private parentFor(shim: TaskId): TaskId {
    return shim === NONE ? this.context.host.runtime.task : shim;
  }

  private startSandboxShim(sandbox: Sandbox): boolean {
    const { shimPer } = this.context.runtimeRules;
    const needed = shimPer === 'pod' || (shimPer === 'container' && this.hasInfra(sandbox));
    if (!needed) return true;
    sandbox.shim = this.startShim(sandbox.shimOrigin, () => {
      this.shimEnded(sandbox);
      this.context.sim.soon(this.podShimLost, sandbox.index, 0);
    });
    return sandbox.shim !== NONE;
  }

  private shimEnded(sandbox: Sandbox): void {
    for (const container of this.containersOf(sandbox))
      if (container.shim === sandbox.shim) container.shim = NONE;
    sandbox.shim = NONE;
  }

  private containersOf(sandbox: Sandbox): Container[] {
    return this.containers.filter((container) => container?.sandbox === sandbox);
  }

  /**
   * The daemon finds that a shim is gone, and ends what it was the parent of: init has adopted it, and reaps
   * it.
   */
  private endWithShim(sandbox: Sandbox | undefined): void {
    if (sandbox === undefined) return;
    if (this.context.runtimeRules.shimPer === 'pod')
      for (const each of this.containersOf(sandbox)) this.endMain(each);
    this.kill(sandbox.infra, SIGKILL);
  }

  private endMain(container: Container | undefined): void {
    this.kill(container?.main, SIGKILL);
  }

  /**
   * A shim with its threads (R28), in no pod's cgroup (R59), a subreaper on the host (R4). NONE: refused.
   * `lost` is called if it is killed, in the middle of the system call.
   */
  private startShim(origin: OriginId, lost: () => void): TaskId {
    const { kernel, machine, children, runtimeRules, host } = this.context;
    const daemon = host.runtime.task;
    const shim = kernel.forkAs(daemon, kernel.commOf(daemon), origin, 0);
    if (shim === NONE) return NONE;
    if (!runtimeRules.shimInService) kernel.attach(shim, HOST_CGROUP);
    kernel.exec(shim, runtimeRules.shimComm);
    kernel.setsid(shim);
    kernel.setSubreaper(shim, true);
    machine.worker(shim, children);
    const threads = runtimeRules.shimTaskCount - 1;
    if (kernel.cloneThreads(shim, threads) < threads) {
      kernel.exit(shim, 1);
      return NONE;
    }
    children.onEnd(shim, lost);
    return shim;
  }

  private ready(sandbox: Sandbox): void {
    sandbox.settingUp = false;
    sandbox.owner.sandboxReady();
  }

  private infraReady(sandbox: Sandbox, task: TaskId, namespace: PidNsId): void {
    const { machine, children } = this.context;
    if (task === NONE) {
      sandbox.settingUp = false;
      this.endShimOfSandbox(sandbox);
      sandbox.hasNetwork = false;
      sandbox.owner.sandboxFailed('the sandbox process was killed during its set-up');
      return;
    }
    sandbox.infra = task;
    sandbox.namespace = namespace;
    machine.load(task, sandbox.infraProgram, sandbox.infraStream);
    children.expect(task, this.infraChild, sandbox.index);
    this.ready(sandbox);
  }

  private mainReady(container: Container, task: TaskId, namespace: PidNsId): void {
    const { kernel, machine, children, sim } = this.context;
    if (task === NONE) {
      this.notStarted(container);
      container.sandbox.owner.containerFailed(container);
      return;
    }
    container.main = task;
    container.namespace = namespace;
    // runc sets it when its init has been started, which so small a limit would not let through (R58).
    kernel.setPidsMax(container.cgroup, container.pidsMax);
    const { user } = container;
    const execs = user === null || kernel.becomeUser(task, user.uid, user.nprocMax);
    if (execs) machine.load(task, container.program, container.stream);
    children.expect(task, this.mainChild, container.index);
    if (!execs) kernel.exit(task, EXEC_FAILED);
    container.generation++;
    container.running = true;
    container.startedAtUs = sim.nowUs;
    container.sandbox.owner.containerStarted(container);
  }

  /** The process that it is for may be gone by now. */
  private kill(task: TaskId | undefined, signal: typeof SIGTERM | typeof SIGKILL): void {
    if (task !== undefined && task !== NONE) this.context.kernel.kill(KERNEL, task, signal);
  }

  /**
   * The main process of a container has been reaped. If it was PID 1 of its own namespace, everything in it
   * went with it (R7). If not, the shim kills what is left of the container (`ShouldKillAllOnExit`, R65), and
   * the dead are for the namespace's init to reap (R8).
   */
  private mainExited(container: Container, status: number): void {
    const { kernel } = this.context;
    container.running = false;
    container.main = NONE;
    if (container.sandbox.pidMode !== 'container') {
      for (const task of kernel.liveTasksIn(container.cgroup)) kernel.kill(KERNEL, task, SIGKILL);
    }
    this.removeCgroup(container.cgroup);
    container.cgroup = NONE;
    if (container.sandbox.pidMode === 'container') kernel.forgetNamespace(container.namespace);
    this.endShimOf(container);
    container.sandbox.owner.containerExited(container, status);
  }

  private endShimOf(container: Container): void {
    const { shim } = container;
    container.shim = NONE;
    if (shim !== NONE && shim !== container.sandbox.shim) this.context.children.retire(shim);
  }

  private infraExited(sandbox: Sandbox): void {
    sandbox.infra = NONE;
    sandbox.ending = false;
    if (sandbox.pidMode !== 'node') this.context.kernel.forgetNamespace(sandbox.namespace);
    sandbox.namespace = HOST_NAMESPACE;
    sandbox.owner.sandboxExited();
  }

  private endShimOfSandbox(sandbox: Sandbox): void {
    const { shimPerPodDelete = 0 } = this.context.spec.runtime.leaks ?? {};
    const { children } = this.context;
    if (sandbox.shim !== NONE && shimPerPodDelete > 0 && this.leaks.uniform() < shimPerPodDelete)
      children.forget(sandbox.shim);
    else if (sandbox.shim !== NONE) children.retire(sandbox.shim);
    sandbox.shim = NONE;
  }
}
