/** What changed between versions of the Linux kernel. */
import type { KernelRules } from '../../kernel/rules.js';
import { type Fact, type History, valuesAt } from './fact.js';

function kernel<T>(rule: string, what: string, source: string, ...history: History<T>): Fact<T> {
  return { rule, what, source, history: { kernel: history } };
}

export const KERNEL = {
  exhaustionErrno: kernel<KernelRules['exhaustionErrno']>(
    'K5',
    'The error of a fork that gets no PID.',
    'commit 35f71bc0a09a',
    'ENOMEM',
    ['4.1', 'EAGAIN'],
  ),
  orphansLeaveNamespace: kernel(
    'K24',
    'Orphans of an exec go to the shim outside the namespace and not to its PID 1.',
    'commit c6c70f4455d1; moby issue 29700, runc issue 971',
    true,
    ['4.11', false],
  ),
  subreaperCoversExisting: kernel(
    'K21',
    'A new subreaper also adopts the orphans of descendants that are there already.',
    'commit 749860ce2427',
    false,
    ['4.11', true],
  ),
  perNamespacePidMax: kernel(
    'K7',
    'Every PID namespace has a `pid_max` of its own, at first 4194304.',
    'commits 7863dcc72d0f and d385c8bceb14',
    false,
    ['6.14', true],
  ),
  execRefusedIf: kernel<KernelRules['execRefusedIf']>(
    'R62',
    'An execve after setuid fails if the user was at its RLIMIT_NPROC, or only if above it.',
    'commit 21d1c5e386bc; moby issue 12695',
    'at-limit',
    ['5.14', 'above-limit'],
  ),
  pidsEventsOn: {
    rule: 'K37',
    what: 'The cgroup whose `pids.events` counts a refused fork: the forking task’s, or the full one.',
    source: 'commit 73e75e6fc352',
    history: { 'cgroup v1': ['forker'], 'cgroup v2': ['forker', ['6.11', 'limiter']] },
  } as Fact<KernelRules['pidsEventsOn']>,
};

/**
 * The rules of a kernel, from a version as `uname -r` begins (`4.14`, `6.18.44-amd64`), or null if that is
 * not one. `cgroup` is a property of the node, not of the version: both hierarchies exist side by side.
 */
export function kernelRules(version: string, cgroup: 'v1' | 'v2' = 'v1'): KernelRules | null {
  if (!/^\d+\.\d+/.test(version)) return null;
  return valuesAt(KERNEL, [
    [`cgroup ${cgroup}`, version],
    ['kernel', version],
  ]);
}
