/** Pod sandboxes and containers: plain data with an owner, which is told what became of it. */
import { type CgroupId, NONE, type OriginId, type PidNsId, type TaskId } from '../../kernel/kernel.js';
import type { Program } from '../../program/code.js';
import type { RandomStream } from '../../sim/random.js';
import type { PidMode, TaskUser } from '../spec.js';
import { HOST_NAMESPACE } from './runc.js';

/** What a sandbox's owner is told. All calls come in an event of their own, never from within a request. */
export interface SandboxOwner {
  sandboxReady(): void;
  /** The set-up was cut short, or refused after it had begun. */
  sandboxFailed(why: string): void;
  sandboxExited(): void;
  /** The network plugin has taken its network down. */
  networkGone(): void;
  containerStarted(container: Container): void;
  containerFailed(container: Container): void;
  containerExited(container: Container, status: number): void;
}

/** What is asked for. */
export interface SandboxRequest {
  owner: SandboxOwner;
  pidMode: PidMode;
  /** `docker run`: no infra process, and no cgroup of the kubelet's. */
  sandboxless: boolean;
  hostNetwork: boolean;
  /** The pid_max of its namespace or namespaces (K7); null: the kernel's default. */
  pidMax: number | null;
  podPidsMax: number;
  infraProgram: Program;
  shimOrigin: OriginId;
  infraOrigin: OriginId;
  infraStream: RandomStream;
}

/**
 * A class, as `Container` is, and not an object spread together: every probe looks at both, and objects that
 * come from a spread share no hidden class, so that each of these looks would be a search by name.
 */
export class Sandbox {
  readonly owner: SandboxOwner;
  readonly pidMode: PidMode;
  readonly sandboxless: boolean;
  readonly hostNetwork: boolean;
  readonly pidMax: number | null;
  readonly podPidsMax: number;
  readonly infraProgram: Program;
  readonly shimOrigin: OriginId;
  readonly infraOrigin: OriginId;
  readonly infraStream: RandomStream;
  /** Made once, and kept over attempts that are refused. */
  cgroup: CgroupId = NONE;
  settingUp = false;
  /** Something has been begun to end it, and is not over. */
  ending = false;
  /** The network plugin has made it a network. */
  hasNetwork = false;
  /** NONE when there is none, or not now. */
  shim: TaskId = NONE;
  infra: TaskId = NONE;
  /** Of the infra process; HOST_NAMESPACE without one. */
  namespace: PidNsId = HOST_NAMESPACE;

  constructor(
    readonly index: number,
    request: SandboxRequest,
  ) {
    this.owner = request.owner;
    this.pidMode = request.pidMode;
    this.sandboxless = request.sandboxless;
    this.hostNetwork = request.hostNetwork;
    this.pidMax = request.pidMax;
    this.podPidsMax = request.podPidsMax;
    this.infraProgram = request.infraProgram;
    this.shimOrigin = request.shimOrigin;
    this.infraOrigin = request.infraOrigin;
    this.infraStream = request.infraStream;
  }
}

export class Container {
  /** One for each start that succeeded: the container ID. */
  generation = 0;
  running = false;
  startedAtUs = Number.NaN;
  cgroup: CgroupId = NONE;
  shim: TaskId = NONE;
  main: TaskId = NONE;
  namespace: PidNsId = HOST_NAMESPACE;

  constructor(
    readonly index: number,
    readonly sandbox: Sandbox,
    readonly name: string,
    readonly program: Program,
    readonly stream: RandomStream,
    readonly origin: OriginId,
    readonly pidsMax: number,
    readonly user: TaskUser | null,
  ) {}
}
