/**
 * One pod, as the kubelet keeps it: set up, kept running, torn down.
 *
 *     create ─► sandbox ─► container, container, … ─► running ─► stop: TERM, grace, KILL ─► sandbox ends ─► gone
 *        ▲         │            │       ▲    └─ exits: back-off (R30), start again
 *        └─ retry ─┘  refused   └───────┘ refused
 *
 * Every arrow needs forks, and every one of them can be refused; then it is tried again later, for as long as
 * it takes.
 */
import { NONE, SIGKILL, SIGTERM } from '../../kernel/kernel.js';
import type { EventKind } from '../../sim/simulation.js';
import { US_PER_SECOND } from '../../sim/time.js';
import { failureText, type NodeContext } from '../context.js';
import type { Container, Sandbox, SandboxOwner } from '../runtime/container.js';
import type { SandboxRuntime } from '../runtime/sandbox.js';
import type { PodSpec } from '../spec.js';
import { type BackOff, DOCKER_BACK_OFF_US } from '../versions/kubelet.js';
import type { Hooks } from './hooks.js';
import type { ContainerOwner, PodContainer } from './pod-container.js';
import type { ProbeWorker } from './probe-worker.js';
import { hasOnlySidecarsLeft, mayStop, nextToStart } from './start-order.js';

/** `minimumGracePeriodInSeconds` of the kubelet: after a preStop hook that took it all. */
const GRACE_US_MIN = 2 * US_PER_SECOND;
/** What the kubelet or docker takes for the exit status of a container that could not be started. */
const STATUS_OF_REFUSED = 128;

export type PodState = 'new' | 'creating' | 'running' | 'stopping' | 'gone';

/** What pods share: the runtime, and the events by which they come back to what they could not do at once. */
export interface PodHost {
  readonly context: NodeContext;
  readonly runtime: SandboxRuntime;
  readonly hooks: Hooks;
  /** Events: a = index of the pod (or of the container among all), b = token. */
  readonly retryPod: EventKind;
  readonly retryContainer: EventKind;
  readonly graceOver: EventKind;
  retryDelayUs(pod: Pod): number;
  containerIndex(container: PodContainer): number;
  /** It may have come up, or gone down. */
  podChanged(pod: Pod): void;
  podGone(pod: Pod): void;
}

export class Pod implements SandboxOwner, ContainerOwner {
  state: PodState = 'new';
  readonly containers: PodContainer[] = [];
  readonly workers: ProbeWorker[] = [];
  sandbox!: Sandbox;
  createFailed = false;
  deleteStuck = false;
  token = 0;
  private sandboxIsReady = false;
  private hasRun = false;
  private hasFailed = false;
  /** Its init containers have ended, in the sandbox that it has now. */
  private isInitialised = false;
  /** Overrides the pod's own grace period: an eviction gives a second (R25). */
  private graceUs: number;

  constructor(
    private readonly host: PodHost,
    readonly index: number,
    readonly name: string,
    readonly spec: PodSpec,
  ) {
    this.graceUs = spec.terminationGraceUs;
  }

  /** Has it not been up yet, and has nothing of it been refused? */
  get isComing(): boolean {
    return !this.hasRun && !this.createFailed;
  }

  /** Does a container not run that should? */
  get isDown(): boolean {
    return this.containers.some(({ state, isComplete }) => state !== 'running' && !isComplete);
  }

  /** Succeeded or failed: all containers have ended for good, or an init container has failed for good. */
  get hasEnded(): boolean {
    return (
      this.hasFailed || (this.state === 'running' && this.containers.every(({ isComplete }) => isComplete))
    );
  }

  /** Begins to set the pod up. */
  create(): void {
    this.state = 'creating';
    this.createSandbox();
  }

  /** Begins to take the pod down; `podGone` is called when nothing of it is left. */
  stop(graceUs = this.spec.terminationGraceUs): void {
    if (this.state === 'stopping' || this.state === 'gone') return;
    if (this.state === 'running') this.host.context.counters.podsRunning--;
    this.state = 'stopping';
    this.graceUs = graceUs;
    // Readiness is probed to the end of the grace period.
    for (const worker of this.workers) worker.stopped ||= worker.spec.type !== 'readiness';
    this.token++;
    this.advanceStop();
  }

  /** A probe or an operator wants the container stopped; it starts again as its restart policy says. */
  restartContainer(container: PodContainer, detail: string): void {
    if (container.state !== 'running' || container.stopping !== 'no') return;
    container.stopping = 'asked';
    container.reason = detail;
    this.advanceContainerStop(container);
  }

  // The sandbox.

  private createSandbox(): void {
    const { runtime, context } = this.host;
    if (runtime.create(this.sandbox)) return;
    this.creationRefused(`sandbox: ${failureText(context)}`);
    this.retryLater();
  }

  sandboxReady(): void {
    this.sandboxIsReady = true;
    if (this.state === 'stopping') this.advanceStop();
    else this.startNext();
  }

  sandboxFailed(why: string): void {
    if (this.state === 'stopping') {
      this.advanceStop();
      return;
    }
    this.creationRefused(`sandbox: ${why}`);
    this.retryLater();
  }

  networkGone(): void {
    this.advanceStop();
  }

  /** By our will, or because pause was killed: then everything in the pod is made anew. */
  sandboxExited(): void {
    this.sandboxIsReady = false;
    if (this.state === 'stopping') {
      this.advanceStop();
      return;
    }
    for (const container of this.containers) {
      if (container.state === 'running') this.restartContainer(container, 'the sandbox died');
    }
    this.recreateWhenEmpty();
  }

  private recreateWhenEmpty(): void {
    if (this.sandboxIsReady || this.containers.some(({ runtime }) => runtime.main !== NONE)) return;
    if (this.state === 'running') this.host.context.counters.podsRunning--;
    this.state = 'creating';
    this.isInitialised = false;
    this.host.runtime.remove(this.sandbox);
    for (const container of this.containers) this.toWaiting(container);
    this.createSandbox();
  }

  // Containers: start.

  private startNext(): void {
    const next = nextToStart(this.containers, this.isInitialised);
    if (next !== null) this.startContainer(next);
    else if (this.state === 'creating' && this.hasStartedAll()) this.created();
  }

  private hasStartedAll(): boolean {
    return this.containers.every(
      ({ state, spec, hook, runtime }) =>
        hook !== 'postStart' &&
        state !== 'starting' &&
        (state !== 'waiting' || spec.role === 'init') &&
        (runtime.generation > 0 || !this.spec.sandboxless),
    );
  }

  /** A hook or a startup probe for which others may have waited has ended. */
  containerIsUp(): void {
    if (this.state === 'stopping' || this.state === 'gone' || this.sandboxLost()) return;
    this.startNext();
    this.host.podChanged(this);
  }

  private created(): void {
    const { counters } = this.host.context;
    this.state = 'running';
    counters.podsRunning++;
    if (this.hasRun) return;
    this.hasRun = true;
    counters.podsCreated++;
    if (this.createFailed) counters.podsNeverCreated--;
    this.moment('pod-created', this.name, this.createFailed ? 'after refused attempts' : '');
    this.host.podChanged(this);
  }

  private startContainer(container: PodContainer): void {
    container.state = 'starting';
    if ((container.spec.role ?? 'main') === 'main') this.isInitialised = true;
    if (!this.host.runtime.start(container.runtime)) this.startRefused(container);
  }

  containerStarted(runtime: Container): void {
    const container = this.containerOf(runtime);
    container.state = 'running';
    container.stopping = 'no';
    container.hook = 'none';
    container.started = !container.hasStartupProbe;
    container.refused = false;
    if (runtime.generation > 1) {
      container.restarts++;
      this.moment('container-restarted', container.path, container.reason);
    }
    this.host.podChanged(this);
    if (this.state === 'stopping') this.advanceStop();
    else {
      this.runPostStart(container);
      this.startNext();
    }
  }

  /** If it fails, the container is killed, and its restart policy decides. */
  private runPostStart(container: PodContainer): void {
    const { postStart } = container.spec;
    if (postStart === undefined) return;
    const { generation } = container.runtime;
    container.hook = 'postStart';
    this.host.hooks.run(postStart, container.runtime, this.name, (failure) => {
      if (container.runtime.generation !== generation || container.hook !== 'postStart') return;
      container.hook = 'none';
      if (failure !== null) this.restartContainer(container, `the postStart hook failed: ${failure}`);
      else this.containerIsUp();
    });
  }

  containerFailed(runtime: Container): void {
    const container = this.containerOf(runtime);
    if (this.state !== 'stopping') {
      this.startRefused(container);
      return;
    }
    container.state = 'exited';
    this.advanceStop();
  }

  /**
   * R30: the kubelet takes it for a crash, where there is a container at all. Docker itself does not try a
   * start again (moby daemon/monitor.go).
   */
  private startRefused(container: PodContainer): void {
    const { context } = this.host;
    const refusal = failureText(context);
    if (this.hasRun) this.containerRefused(container, `cannot be started: ${refusal}`);
    else this.creationRefused(`${container.spec.name}: ${refusal}`);
    container.state = 'exited';
    if (this.spec.sandboxless) this.startNext();
    else if (!context.runtimeRules.refusedStartExits || this.restarts(container, STATUS_OF_REFUSED, false))
      this.backOff(container);
    else this.endForGood(container, STATUS_OF_REFUSED);
  }

  // Containers: end.

  containerExited(runtime: Container, status: number): void {
    const container = this.containerOf(runtime);
    const wasStopped = container.stopping !== 'no';
    container.state = 'exited';
    container.hook = 'none';
    container.token++;
    if (this.state === 'stopping') this.advanceStop();
    else if (this.sandboxLost()) this.recreateWhenEmpty();
    else this.afterExit(container, status, wasStopped);
    this.host.podChanged(this);
  }

  private afterExit(container: PodContainer, status: number, wasStopped: boolean): void {
    if (!wasStopped) container.reason = `exited with status ${status}`;
    if (this.restarts(container, status, wasStopped)) {
      this.forgetOldCrashes(container);
      this.backOff(container);
    } else this.endForGood(container, status);
  }

  private endForGood(container: PodContainer, status: number): void {
    container.isComplete = true;
    const isLast = this.state === 'creating' && this.containers.every(({ isComplete }) => isComplete);
    if (status === 0 || (container.spec.role !== 'init' && !isLast)) this.completed();
    else this.hasFailed = true;
    this.host.podChanged(this);
  }

  /** The next may start; or nothing is left to do but to end what runs beside the others. */
  private completed(): void {
    if (!hasOnlySidecarsLeft(this.containers)) {
      this.startNext();
      return;
    }
    for (const container of this.containers) {
      if (container.spec.role === 'sidecar') container.isComplete = true;
      this.restartContainer(container, 'the pod has ended');
    }
  }

  private sandboxLost(): boolean {
    return !this.sandboxIsReady && this.host.runtime.hasInfra(this.sandbox);
  }

  /** An init container that has failed is tried again, unless the pod's policy is `Never`. */
  private restarts({ spec, isComplete }: PodContainer, status: number, wasStopped: boolean): boolean {
    const { role = 'main' } = spec;
    if (role === 'sidecar') return !isComplete;
    const policy = spec.restartPolicy ?? this.spec.restartPolicy;
    if (policy === 'Always' && role === 'main') return true;
    return policy !== 'Never' && (status !== 0 || wasStopped);
  }

  /** R30: a container that has run for long begins anew. */
  private forgetOldCrashes(container: PodContainer): void {
    const ranUs = this.host.context.sim.nowUs - container.runtime.startedAtUs;
    if (ranUs >= this.restartBackOffUs.resetAfter) container.backOffUs = 0;
  }

  private get restartBackOffUs(): BackOff {
    return this.spec.sandboxless ? DOCKER_BACK_OFF_US : this.host.context.kubeletRules.restartBackOffUs;
  }

  /** R30 */
  private backOff(container: PodContainer): void {
    const { first, second, most } = this.restartBackOffUs;
    const waitUs = container.backOffUs || first;
    container.backOffUs = container.backOffUs === 0 ? second : Math.min(most, 2 * waitUs);
    const index = this.host.containerIndex(container);
    this.host.context.sim.after(waitUs, this.host.retryContainer, index, ++container.token);
  }

  /** The back-off is over. */
  retryContainer(container: PodContainer): void {
    if (this.state === 'stopping' || this.state === 'gone' || this.sandboxLost()) return;
    if (container.isComplete) return;
    this.toWaiting(container);
    this.startNext();
  }

  private toWaiting(container: PodContainer): void {
    container.state = 'waiting';
    container.isComplete = false;
    container.stopping = 'no';
    container.token++;
  }

  // Stopping.

  /** Takes the next step that is possible now; called again whenever something has changed. */
  private advanceStop(): void {
    if (this.state !== 'stopping') return;
    for (const container of this.containers) {
      if (!mayStop(container, this.containers)) continue;
      if (container.state === 'running' && container.stopping === 'no') container.stopping = 'asked';
      if (container.state === 'running') this.advanceContainerStop(container);
    }
    if (this.containers.some(({ state }) => state === 'running' || state === 'starting')) return;
    this.advanceSandboxStop();
  }

  private advanceSandboxStop(): void {
    const { runtime, context } = this.host;
    // While the set-up is under way, `sandboxReady` or `sandboxFailed` comes back to this.
    if (this.sandbox.settingUp) return;
    if (runtime.isEnded(this.sandbox)) this.finishStop();
    else if (!runtime.stop(this.sandbox)) this.stuck(failureText(context));
  }

  private finishStop(): void {
    if (this.state === 'gone') return;
    this.state = 'gone';
    for (const worker of this.workers) worker.stopped = true;
    this.token++;
    this.host.runtime.remove(this.sandbox);
    this.host.context.counters.podsDeleted++;
    this.moment('pod-deleted', this.name, this.deleteStuck ? 'after refused attempts' : '');
    this.host.podGone(this);
  }

  /** The preStop hook, TERM, the grace period, KILL. */
  private advanceContainerStop(container: PodContainer): void {
    const { runtime, context } = this.host;
    if (container.stopping !== 'asked' || this.runsPreStop(container)) return;
    if (!runtime.signal(container.runtime, SIGTERM)) {
      this.stuck(failureText(context), container);
      return;
    }
    container.stopping = 'term-sent';
    const index = this.host.containerIndex(container);
    context.sim.after(this.graceLeftUs(container), this.host.graceOver, index, container.token);
  }

  /**
   * Once for each stop, if there is a grace period: SIGTERM comes when it has ended, or when the period is
   * over.
   */
  private runsPreStop(container: PodContainer): boolean {
    const { preStop } = container.spec;
    if (preStop === undefined || this.graceUs === 0 || container.hook === 'preStop') return false;
    const { sim } = this.host.context;
    const { token } = container;
    container.hook = 'preStop';
    container.stopping = 'pre-stop';
    container.stopAskedAtUs = sim.nowUs;
    const index = this.host.containerIndex(container);
    const goOn = () => this.preStopOver(container, token);
    this.host.hooks.run(preStop, container.runtime, this.name, goOn);
    sim.after(this.graceUs, this.host.graceOver, index, token);
    return true;
  }

  private preStopOver(container: PodContainer, token: number): void {
    if (container.stopping !== 'pre-stop' || container.token !== token) return;
    container.token++;
    container.stopping = 'asked';
    this.advanceContainerStop(container);
  }

  /** What the preStop hook took comes off, but two seconds are left to the container. */
  private graceLeftUs(container: PodContainer): number {
    if (container.hook !== 'preStop') return this.graceUs;
    const tookUs = this.host.context.sim.nowUs - container.stopAskedAtUs;
    return Math.max(GRACE_US_MIN, this.graceUs - tookUs);
  }

  graceOver(container: PodContainer): void {
    if (container.state !== 'running') return;
    if (container.stopping === 'pre-stop') {
      this.preStopOver(container, container.token);
      return;
    }
    if (this.host.runtime.signal(container.runtime, SIGKILL)) container.stopping = 'kill-sent';
    else this.stuck(failureText(this.host.context), container);
  }

  /** A fork for the tear-down was refused: it is stuck until a later try succeeds. */
  private stuck(detail: string, container?: PodContainer): void {
    const { context } = this.host;
    if (this.state === 'stopping' && !this.deleteStuck) {
      this.deleteStuck = true;
      context.counters.podsDeleteStuck++;
      this.moment('pod-delete-stuck', this.name, detail);
    }
    if (this.state !== 'stopping' && container)
      this.containerRefused(container, `cannot be stopped: ${detail}`);
    const delayUs = this.host.retryDelayUs(this);
    if (container?.stopping === 'term-sent') {
      context.sim.after(delayUs, this.host.graceOver, this.host.containerIndex(container), container.token);
    } else context.sim.after(delayUs, this.host.retryPod, this.index, ++this.token);
  }

  /** Time for another try of what was refused. */
  retry(): void {
    if (this.state === 'stopping') this.advanceStop();
    else if (this.state === 'creating' && !this.sandboxIsReady) this.createSandbox();
    for (const container of this.containers) this.advanceContainerStop(container);
  }

  // Shared.

  private containerRefused(container: PodContainer, detail: string): void {
    if (!container.refused) this.moment('fork-refused', container.path, detail);
    container.refused = true;
  }

  private creationRefused(detail: string): void {
    if (this.createFailed || this.hasRun) return;
    this.createFailed = true;
    this.host.context.counters.podsCreateFailed++;
    this.host.context.counters.podsNeverCreated++;
    this.moment('pod-create-failed', this.name, detail);
    this.host.podChanged(this);
  }

  private retryLater(): void {
    this.host.context.sim.after(this.host.retryDelayUs(this), this.host.retryPod, this.index, ++this.token);
  }

  private containerOf(runtime: Container): PodContainer {
    return this.containers.find((container) => container.runtime === runtime)!;
  }

  private moment(
    kind: Parameters<NodeContext['observer']['moment']>[0],
    subject: string,
    detail: string,
  ): void {
    this.host.context.observer.moment(kind, subject, detail);
  }
}
