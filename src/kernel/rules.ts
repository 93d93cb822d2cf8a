/**
 * What changed between kernel versions, as data. A version string becomes such a record here and nowhere else.
 */
export interface KernelRules {
  /** What a refused number allocation returns: ENOMEM before 4.1, EAGAIN since (K5; commit 35f71bc0a09a). */
  exhaustionErrno: 'EAGAIN' | 'ENOMEM';
  /**
   * Before 4.11 the search for a subreaper could walk out of the namespace, so that orphans of an exec'd process
   * went to the shim outside (K24; commit c6c70f4455d1).
   */
  orphansLeaveNamespace: boolean;
  /**
   * Since 4.11 a new subreaper gets the orphans of the descendants that are there already; before, only of those
   * forked afterwards (K21; commit 749860ce2427).
   */
  subreaperCoversExisting: boolean;
  /** Since 6.14 every PID namespace has a `pid_max` of its own, at first 4194304 (K7; commit 7863dcc72d0f). */
  perNamespacePidMax: boolean;
  /**
   * Whose `pids.events` counts a refusal: the forking task's cgroup, or, with cgroup v2 since 6.11, the one that is full
   * (K37; commit 73e75e6fc352).
   */
  pidsEventsOn: 'forker' | 'limiter';
}

/**
 * The rules of a kernel, from a version as `uname -r` begins (`4.14`, `6.18.44-amd64`), or null if that is not one.
 * `cgroup` is a property of the node, not of the version: both hierarchies exist side by side.
 */
export function kernelRules(version: string, cgroup: 'v1' | 'v2' = 'v1'): KernelRules | null {
  const match = /^(\d+)\.(\d+)/.exec(version);
  if (match === null) return null;
  const major = Number(match[1]);
  const minor = Number(match[2]);
  const atLeast = (wantMajor: number, wantMinor: number): boolean =>
    major > wantMajor || (major === wantMajor && minor >= wantMinor);
  return {
    exhaustionErrno: atLeast(4, 1) ? 'EAGAIN' : 'ENOMEM',
    orphansLeaveNamespace: !atLeast(4, 11),
    subreaperCoversExisting: atLeast(4, 11),
    perNamespacePidMax: atLeast(6, 14),
    pidsEventsOn: cgroup === 'v2' && atLeast(6, 11) ? 'limiter' : 'forker',
  };
}
