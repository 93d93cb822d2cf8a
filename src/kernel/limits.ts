/** The limits of the kernel model and its fixed numbers. Values are Linux's own; the unit is in the name. */

/** What can refuse a fork. */
export type Refuser = (typeof MACHINE_LIMITS)[number] | 'rlimit-nproc' | 'pids-cgroup' | 'namespace-dead';

/** The limits of the whole machine; `pid-max` is one if it is that of the host's PID namespace. */
export const MACHINE_LIMITS = ['pid-max', 'threads-max'] as const;

/** After the first pass, PIDs below this are never handed out again (K3; include/linux/pid.h). */
export const RESERVED_PIDS = 300;

/** The most that `kernel.pid_max` can be on 64-bit, and what systemd sets (K6). */
export const PID_MAX_LIMIT = 4_194_304;

/** The least that can be written to `kernel.pid_max` on a machine with few CPUs: RESERVED_PIDS + 1 (K6). */
export const PID_MAX_MIN = RESERVED_PIDS + 1;

/** Default of `kernel.pid_max` on a machine with few CPUs (K6). */
export const PID_MAX_DEFAULT = 32_768;
const PIDS_PER_CPU_DEFAULT = 1024;
const PIDS_PER_CPU_MIN = 8;

/** A kernel stack is 16 KiB and tasks may take an eighth of memory: one task for each 128 KiB (K40). */
const MEMORY_BYTES_PER_TASK = 8 * 16 * 1024;

/** RLIM_INFINITY of RLIMIT_NPROC, as far as the table can hold it. */
export const NPROC_UNLIMITED = 2 ** 31 - 1;

/** What `kernel.pid_max` is when nobody has set it (K6; `pid_idr_init`). `cpus` are possible CPUs. */
export function defaultPidMax(cpus: number): number {
  return Math.min(PID_MAX_LIMIT, Math.max(PID_MAX_DEFAULT, PIDS_PER_CPU_DEFAULT * cpus));
}

/** The least that can be written to `kernel.pid_max` (K6). */
export function minPidMax(cpus: number): number {
  return Math.max(PID_MAX_MIN, PIDS_PER_CPU_MIN * cpus);
}

/** What `kernel.threads-max` is when nobody has set it (K40; `set_max_threads`). */
export function defaultThreadsMax(memoryBytes: number): number {
  return Math.floor(memoryBytes / MEMORY_BYTES_PER_TASK);
}
