/**
 * What was asked for: one node, fully resolved, in engine units (µs, bytes, counts). Plain data.
 *
 * `scenario/` turns YAML into this; `node/` builds a running `Node` from it. Every version string has been
 * kept as written; it becomes behaviour in exactly one place, node/versions/.
 */
import type { Program } from '../program/code.js';
import type { Comparison } from '../text/comparison.js';

export interface KernelSpec {
  /** As `uname -r` begins: `4.14`, `6.18`. */
  version: string;
  pidMax: number;
  threadsMax: number;
}

export interface KubeletSpec {
  version: string;
  /** -1: no limit of its own per pod (R22). */
  podPidsLimit: number;
  /** `pid=N` in system- and kube-reserved together; lowers the pids.max of the kubepods cgroup (R22). */
  reservedPids: number;
  /** Hard eviction threshold on pid.available, as a count of free PIDs; null: none, the default (R24). */
  evictionPidAvailable: number | null;
  /** Soft threshold: pods are evicted when it has been met for so long. Absent: none (R56). */
  evictionSoftPid?: { available: number; graceUs: number };
  /** `--docker-disable-shared-pid` of the 1.7-1.11 era; null: the version's default (R3). */
  dockerDisableSharedPid: boolean | null;
}

export const RUNTIME_NAMES = ['docker', 'containerd', 'cri-o', 'bare'] as const;
export type RuntimeName = (typeof RUNTIME_NAMES)[number];

/** `none`: nothing is run for a pod's network. */
export const NETWORK_PLUGIN_NAMES = ['bridge', 'ptp', 'none'] as const;
export type NetworkPluginName = (typeof NETWORK_PLUGIN_NAMES)[number];

export interface RuntimeSpec {
  name: RuntimeName;
  version: string;
  /** Only for `bare`: does the exec'd process become a session leader, as runc makes it? */
  setsid: boolean;
  /**
   * Probability that an exec gets into a container with fewer free slots in its cgroups than a start needs
   * (R41).
   */
  execIntoFullCgroup: number;
  /** The CNI plugin that makes the network of a pod (R50). */
  networkPlugin: NetworkPluginName;
  /** `pids.max` of each container's cgroup; infinite: no limit. Absent: as the runtime has it (R48, R58). */
  containerPidsLimit?: number;
  /** `TasksMax` of the runtime's service (R59). Absent: no limit. */
  tasksMax?: number;
  /** Probabilities of what the runtime itself leaves behind (R35, R63). Absent: nothing. */
  leaks?: RuntimeLeaks;
}

export interface RuntimeLeaks {
  /** Of a deleted pod the shim stays. */
  shimPerPodDelete: number;
  /** The runc of an exec hangs, and stays. */
  stuckExec: number;
}

/** One container's probe. Times in µs; Kubernetes' defaults have been filled in (R13). */
export const PROBE_TYPES = ['liveness', 'readiness', 'startup'] as const;
export type ProbeType = (typeof PROBE_TYPES)[number];

export type ProbeAction =
  | { kind: 'exec'; program: Program }
  /** httpGet, tcpSocket, grpc: no process in the container (R14). */
  | { kind: 'network'; how: 'httpGet' | 'tcpSocket' | 'grpc' };

export interface ProbeSpec {
  type: ProbeType;
  action: ProbeAction;
  initialDelayUs: number;
  periodUs: number;
  timeoutUs: number;
  successThreshold: number;
  failureThreshold: number;
}

/**
 * What the kubelet does right after a container's start, or before its end. `wait`: no process (httpGet,
 * sleep, …).
 */
export type HookAction = { kind: 'exec'; program: Program } | { kind: 'wait'; us: number };

/** An exec that is no probe: `kubectl exec` or `docker exec` of a person, a script, an agent (R60). */
export interface ExecSpec {
  everyUs: number;
  startAtUs: number;
  program: Program;
}

/**
 * When a container runs: to its end before the others; from before them on, for as long as the pod; or with
 * them.
 */
export const CONTAINER_ROLES = ['init', 'sidecar', 'main'] as const;
export type ContainerRole = (typeof CONTAINER_ROLES)[number];

export const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'] as const;
export type RestartPolicy = (typeof RESTART_POLICIES)[number];

/** The user of a process, and its RLIMIT_NPROC: how many tasks the user may have on the machine (K39). */
export interface TaskUser {
  uid: number;
  /** Infinite: no limit. */
  nprocMax: number;
}

export interface ContainerSpec {
  name: string;
  program: Program;
  probes: ProbeSpec[];
  /** Default: `main`. Those of the other two stand before it, in their order. */
  role?: ContainerRole;
  /** Default: the pod's. */
  restartPolicy?: RestartPolicy;
  /** `pids.max` of its own cgroup; infinite: no limit. Absent: as the runtime has it (R58). */
  pidsLimit?: number;
  /** Absent: root. */
  user?: TaskUser;
  postStart?: HookAction;
  preStop?: HookAction;
  /** Default: none. */
  execs?: ExecSpec[];
}

/** Which process is PID 1 for a pod's processes: see `PodSpec.pidMode`. */
export const PID_MODES = ['container', 'pod', 'node'] as const;
export type PidMode = (typeof PID_MODES)[number];

export interface PodSpec {
  name: string;
  /** Copies on this node; more than one are named `name-0`, `name-1`, … */
  count: number;
  /**
   * `container`: every container's entrypoint is PID 1 of its own namespace; `pod`: the infra process is PID
   * 1 for all; `node`: the host's own namespace; `null`: what this kubelet and runtime do by default (R3).
   */
  pidMode: PidMode | null;
  /** `docker run` without Kubernetes: no infra process and no kubelet; exec health checks still run. */
  sandboxless: boolean;
  /** It uses the host's network: no plugin is run for it. */
  hostNetwork: boolean;
  /** The namespace's own limit (kernel >= 6.14, K7); null: the kernel's default for a new namespace. */
  pidMax: number | null;
  startAtUs: number;
  /** null: runs to the horizon. */
  stopAtUs: number | null;
  restartPolicy: RestartPolicy;
  terminationGraceUs: number;
  /** Is it made again on this node after an eviction? Default: false. */
  recreate?: boolean;
  containers: ContainerSpec[];
  /**
   * A CronJob's: one is created each time, and ended if it has not ended by itself. Absent: one pod for good.
   */
  recurs?: { everyUs: number; lastsUs: number };
}

/** A program run on the host by a timer: a cron job. */
export interface CronJobSpec {
  name: string;
  everyUs: number;
  startAtUs: number;
  program: Program;
}

export const CONDITION_SUBJECTS = ['zombies', 'pinned', 'tasks', 'allocated'] as const;

/** What the node has to be like: `zombies > 500`. */
export interface Condition {
  subject: (typeof CONDITION_SUBJECTS)[number];
  comparison: Comparison;
  value: number;
}

/**
 * When something is done: at a moment, again each time `everyUs` has passed, and then only `when` the node is
 * so (R61).
 */
export interface Schedule {
  atUs: number;
  everyUs?: number;
  when?: Condition;
}

export type Intervention = Schedule &
  (
    | {
        /** Sandboxes created from now on use this pause (R1); running ones keep theirs. */
        do: 'bump-pause';
        version: string;
      }
    | { do: 'delete-pod'; pod: string; recreate: boolean }
    | { do: 'restart-container'; pod: string; container: string }
    | { do: 'set-pid-max'; pidMax: number }
    /** Unset fields stay as they are; `remove: true` takes the probe away. */
    | {
        do: 'change-probe';
        pod: string;
        container: string;
        probe: ProbeType;
        remove?: boolean;
        action?: ProbeAction;
        periodUs?: number;
        timeoutUs?: number;
        failureThreshold?: number;
      }
    /** Deletes every pod, one after another, and creates none. */
    | { do: 'drain' }
  );

/** Logins at random moments, one in each period. */
export interface SshLoginsSpec {
  everyUs: number;
  /** How long each stays. */
  lastsUs: number;
  /** The user that logs in. Absent: root. */
  user?: TaskUser;
}

/** Pods that come and go: one is created and one deleted in each period. */
export interface PodChurnSpec {
  everyUs: number;
  /** From the start to the first deletion; after that as many are deleted as are created. */
  lastsUs: number;
}

export interface NodeSpec {
  kernel: KernelSpec;
  /** Host tasks outside pods, the host's init among them. They hold the low PIDs from boot on. */
  baselineTaskCount: number;
  kubelet: KubeletSpec;
  runtime: RuntimeSpec;
  /** Version of the infra (pause) image for new sandboxes: `3.0`, `3.1`, … */
  pause: string;
  sshLogins: SshLoginsSpec | null;
  podChurn: PodChurnSpec | null;
  /** How often the kubelet and the runtime each need another thread; null: never (R51). */
  daemonThreadsEveryUs: number | null;
  cronJobs: CronJobSpec[];
  pods: PodSpec[];
  interventions: Intervention[];
}
