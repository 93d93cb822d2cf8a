/** Every limit of what a scenario may ask for, in one place. The kernel's own are in kernel/limits.ts. */
import { US_PER_DAY, US_PER_SECOND } from '../sim/time.js';

/** Ten years, leap days included: no node stays as it is for longer. */
export const HORIZON_US_MAX = 3_653 * US_PER_DAY;

/** The shortest interval of anything that repeats: the kubelet's own shortest probe period (R13). */
export const INTERVAL_US_MIN = US_PER_SECOND;

/** Rows of a timeline. */
export const SAMPLES_MAX = 200_000;

/** Copies of one pod, and entries of any list. A kubelet's own default is 110 pods. */
export const POD_COUNT_MAX = 1_000;

/** Programs of one scenario: each may run all the others, and is compiled with them. */
export const PROGRAMS_MAX = 1_000;

/**
 * Kinds of process of one node: each pod's own two, and each container's with its probes, hooks and execs.
 * The kernel model tells 65,536 of them apart, and as many cgroups.
 */
export const ORIGINS_MAX = 60_000;

/** Nodes of a fleet: Kubernetes' own bound. */
export const NODES_MAX = 5_000;

/** threads-max (K40): kernel/fork.c, MIN_THREADS and MAX_THREADS. */
export const THREADS_MAX_MIN = 20;
export const THREADS_MAX_MAX = 0x3fff_ffff;

export const CPUS_MAX = 8_192;

/** Kubernetes' int32 fields. */
export const INT32_MAX = 2_147_483_647;
