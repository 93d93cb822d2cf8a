import type { Container } from '../runtime/container.js';
import type { ContainerSpec, PodSpec } from '../spec.js';
import type { ProbeHost, ProbeWorker } from './probe-worker.js';

/** Its pod, as the container and the kubelet see it. */
export interface ContainerOwner {
  readonly name: string;
  readonly spec: PodSpec;
  readonly workers: ProbeWorker[];
  containerIsUp(): void;
  restartContainer(container: PodContainer, detail: string): void;
  /** The back-off is over. */
  retryContainer(container: PodContainer): void;
  graceOver(container: PodContainer): void;
}

/** A container with what the kubelet remembers about it. */
export class PodContainer implements ProbeHost {
  state: 'waiting' | 'starting' | 'running' | 'exited' = 'waiting';
  restarts = 0;
  started: boolean;
  /** The wait before the next start; 0 before the first restart. */
  backOffUs = 0;
  /** Outdates back-off and grace events that are on their way. */
  token = 0;
  /** Why it has to start again, for the event when it does. */
  reason = '';
  /** A start or stop of it has been refused, and none has succeeded since. */
  refused = false;
  /** It has ended, and its restart policy leaves it at that. */
  isComplete = false;
  /** It is being stopped: what has been done so far. */
  stopping: 'no' | 'asked' | 'pre-stop' | 'term-sent' | 'kill-sent' = 'no';
  /** Its lifecycle hook that runs now. */
  hook: 'none' | 'postStart' | 'preStop' = 'none';
  /** When the preStop hook began; what it takes comes off the grace period. */
  stopAskedAtUs = 0;

  constructor(
    readonly pod: ContainerOwner,
    readonly spec: ContainerSpec,
    readonly runtime: Container,
  ) {
    this.started = !this.hasStartupProbe;
  }

  get path(): string {
    return `${this.pod.name}/${this.spec.name}`;
  }

  get hasStartupProbe(): boolean {
    return this.spec.probes.some((probe) => probe.type === 'startup');
  }

  get probesInPod(): number {
    return this.pod.workers.length;
  }

  get isStillStarting(): boolean {
    return this.hook === 'postStart';
  }

  probeStarts(): void {
    this.started = true;
    this.pod.containerIsUp();
  }

  probeKills(detail: string): void {
    this.pod.restartContainer(this, detail);
  }
}
