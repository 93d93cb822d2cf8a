/**
 * What changed between kernel versions, as data. Which version has which value is said in
 * node/versions/kernel.ts; the kernel knows no version.
 */
export interface KernelRules {
  /** What a fork that gets no PID returns (K5). */
  exhaustionErrno: 'EAGAIN' | 'ENOMEM';
  /** Orphans of an exec can go to a subreaper outside of the namespace, the shim (K24). */
  orphansLeaveNamespace: boolean;
  /**
   * A new subreaper gets the orphans of the descendants that are there already, and not only of those forked
   * afterwards (K21).
   */
  subreaperCoversExisting: boolean;
  /** Every PID namespace has a `pid_max` of its own (K7). */
  perNamespacePidMax: boolean;
  /** The cgroup whose `pids.events` counts a refusal: the forking task's, or the one that is full (K37). */
  pidsEventsOn: 'forker' | 'limiter';
  /** What RLIMIT_NPROC refuses an execve after setuid: a user that is at it, or above it (R62). */
  execRefusedIf: 'at-limit' | 'above-limit';
}
