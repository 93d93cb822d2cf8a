/**
 * Every behaviour that changed between versions of the kubelet and of the container runtimes, as data.
 *
 * This is the one place where a version string becomes behaviour. R-numbers are the rule table of the node model
 * (docs/validity.md); each field has a test per value.
 */
import { US_PER_MS, US_PER_SECOND } from '../../sim/time.js';
import type { KubeletSpec, RuntimeSpec } from '../spec.js';
import { atLeast } from './compare.js';

/** Who a pod's processes have as PID 1: see `PodSpec.pidMode`. */
export type PidMode = 'container' | 'pod' | 'node';

export interface KubeletRules {
  /** R3: only kubelet 1.7 with Docker >= 1.13.1 shares one PID namespace per pod by default. */
  defaultPidMode: PidMode;
  /**
   * R11: a new probe worker sleeps a uniform part of its period first: always (<= 1.20), or only within one period
   * of the kubelet's own start.
   */
  startJitter: 'always' | 'near-kubelet-start';
  /** R18, ExecProbeTimeout: a probe that times out has failed (>= 1.20); before, it is an error and discarded. */
  timeoutCounts: boolean;
  /** R15: tries within one tick while the runtime cannot start the command (`maxProbeRetries`). */
  startErrorTries: number;
  /** R20: capacity is min(pid_max, threads-max) (>= 1.24), or pid_max alone. */
  capacityKnowsThreadsMax: boolean;
  /** R21: tasks in use come from sysinfo.procs, which is 16 bits wide (<= 1.23), or from /proc/loadavg. */
  taskCountBits: 16 | 32;
  /** R22: the kubepods cgroup has a pids.max (>= 1.15). */
  limitsKubepods: boolean;
  /** R24: can pid.available evict at all? (>= 1.14, when #72844 repaired it.) */
  evictsForPids: boolean;
  /** R25: pods are ranked by their number of processes (>= 1.31, #124101); before, in effect, in no order. */
  evictionRanksByProcesses: boolean;
  /** R30: waits before a container's second, third, ... restart. */
  restartBackOffUs: { first: number; most: number; resetAfter: number };
  /** A pod that could not be set up or torn down is tried again after this, plus up to half of it at random. */
  syncRetryUs: number;
}

export interface RuntimeRules {
  /** R15: a command that could not be started is discarded by the kubelet (CRI), or fails the probe (dockershim). */
  startErrors: 'discarded' | 'counted';
  /** R17: what happens to the command when the probe times out. */
  onTimeout: 'ignored' | 'left-running' | 'kill-main' | 'kill-group';
  /** R28: one shim for every container, pause included, or one for the pod; `none`: the daemon itself is the parent. */
  shimPer: 'container' | 'pod' | 'none';
  /** R28: tasks of a shim, its leader included. */
  shimTaskCount: number;
  /** What `ps` calls the daemon that forks the shims, and a shim. */
  daemonComm: string;
  shimComm: string;
  /** A process of its own watches each exec, as conmon does for CRI-O. */
  monitorPerExec: boolean;
  /** R34: CRI-O >= 1.22 runs no pause in a pod that shares no PID namespace. */
  infraWhenIsolated: boolean;
  /** pids.max of each container's cgroup; Infinity: none. CRI-O had 1,024 up to 1.22. */
  containerPidsMax: number;
  /** R29; null: the daemon enters the namespace itself, with nothing between (`bare`). */
  runc: RuncRules | null;
  /** The exec'd process becomes a session leader (runc's last nsexec stage; K11). */
  setsid: boolean;
}

/**
 * R29: what one call of runc occupies while it runs, about 17 numbers. Its first two nsexec stages live shorter
 * than its threads do; they are counted with the threads, as nothing but `ps` could tell.
 */
export interface RuncRules {
  /** Tasks on the host: runc's leader, its threads, the first two nsexec stages. */
  hostTaskCount: number;
  /** Tasks born in the container's namespace: the stage that becomes the command, and its threads until it execs. */
  initTaskCount: number;
  /** From fork to exec of the command. */
  setupUs: number;
}

const RUNC: RuncRules = { hostTaskCount: 12, initTaskCount: 5, setupUs: 50 * US_PER_MS };

/** Resolves a kubelet version, its flags and its runtime (the default PID mode depends on both). */
export function kubeletRules(kubelet: KubeletSpec, runtime: RuntimeSpec): KubeletRules {
  const since = (minimum: string) => atLeast(kubelet.version, minimum);
  return {
    defaultPidMode: defaultPidMode(kubelet, runtime),
    startJitter: since('1.21') ? 'near-kubelet-start' : 'always',
    timeoutCounts: since('1.20'),
    startErrorTries: 3,
    capacityKnowsThreadsMax: since('1.24'),
    taskCountBits: since('1.24') ? 32 : 16,
    limitsKubepods: since('1.15'),
    evictsForPids: since('1.14'),
    evictionRanksByProcesses: since('1.31'),
    restartBackOffUs: {
      first: 10 * US_PER_SECOND,
      most: 300 * US_PER_SECOND,
      resetAfter: 600 * US_PER_SECOND,
    },
    syncRetryUs: 10 * US_PER_SECOND,
  };
}

/** R3. The flag `--docker-disable-shared-pid` existed from 1.7 to 1.11; its default changed in 1.8. */
function defaultPidMode(kubelet: KubeletSpec, runtime: RuntimeSpec): PidMode {
  const canShare = runtime.name === 'docker' && atLeast(runtime.version, '1.13.1');
  const hasFlag = atLeast(kubelet.version, '1.7') && !atLeast(kubelet.version, '1.12');
  if (!canShare || !hasFlag) return 'container';
  const disabled = kubelet.dockerDisableSharedPid ?? atLeast(kubelet.version, '1.8');
  return disabled ? 'container' : 'pod';
}

/** Resolves a runtime and its version; what dockershim does with timeouts depends on the kubelet it is part of. */
export function runtimeRules(runtime: RuntimeSpec, kubelet: KubeletSpec): RuntimeRules {
  const since = (minimum: string) => atLeast(runtime.version, minimum);
  const common = {
    startErrors: 'discarded',
    shimTaskCount: 11,
    monitorPerExec: false,
    infraWhenIsolated: true,
    containerPidsMax: Number.POSITIVE_INFINITY,
    runc: RUNC,
    setsid: true,
  } as const;
  switch (runtime.name) {
    case 'docker':
      return {
        ...common,
        startErrors: 'counted',
        daemonComm: 'dockerd',
        shimComm: since('18.09') ? 'containerd-shim' : 'docker-containerd-shim',
        onTimeout: atLeast(kubelet.version, '1.20') ? 'left-running' : 'ignored',
        shimPer: 'container',
      };
    case 'containerd':
      return {
        ...common,
        daemonComm: 'containerd',
        shimComm: 'containerd-shim',
        onTimeout: 'kill-main',
        shimPer: since('1.4') ? 'pod' : 'container',
      };
    case 'cri-o':
      return {
        ...common,
        daemonComm: 'crio',
        shimComm: 'conmon',
        onTimeout: since('1.20') ? 'kill-group' : 'kill-main',
        shimPer: 'container',
        shimTaskCount: 2,
        monitorPerExec: true,
        infraWhenIsolated: !since('1.22'),
        containerPidsMax: since('1.24') ? Number.POSITIVE_INFINITY : 1024,
      };
    case 'bare':
      return {
        ...common,
        daemonComm: 'nsenter',
        shimComm: 'nsenter',
        onTimeout: 'kill-main',
        shimPer: 'none',
        infraWhenIsolated: false,
        runc: null,
        setsid: runtime.setsid,
      };
  }
}

/** R1: nothing in a pause version matters but this. The catalogue has a program for each of the two. */
export function pauseProgramName(version: string): 'pause-3.0' | 'pause-3.1' {
  return atLeast(version, '3.1') ? 'pause-3.1' : 'pause-3.0';
}
