/**
 * The three signals that decide who reaps whom: SIGCHLD, SIGTERM, SIGKILL.
 *
 * Every signal has one slot: a second one while the first is pending is lost (K25). The kernel marks it and wakes the
 * process; whoever runs the process (the program interpreter, a worker) runs the handler and clears the mark.
 */
import { NONE } from './arena.js';

export const SIGKILL = 9;
export const SIGTERM = 15;
export const SIGCHLD = 17;
export type Signal = typeof SIGKILL | typeof SIGTERM | typeof SIGCHLD;

/** As the sender of a signal: the kernel itself, or somebody in an ancestor namespace. */
export const KERNEL = NONE;

export const STATUS_KILLED = 128 + SIGKILL;
export const STATUS_TERMINATED = 128 + SIGTERM;

/**
 * What a process does about SIGCHLD. To the kernel the last two are both "a handler"; which of them it is, is
 * remembered here for whoever runs the process: `reap-all` loops over `waitpid`, `reap-one` calls it once.
 */
export const SIGCHLD_ACTIONS = ['default', 'ignore', 'nocldwait', 'reap-all', 'reap-one'] as const;
export type SigchldAction = (typeof SIGCHLD_ACTIONS)[number];
export const SIGCHLD_DEFAULT = 0;
export const SIGCHLD_IGNORE = 1;
export const SIGCHLD_NOCLDWAIT = 2;
export const SIGCHLD_REAP_ALL = 3;
export const SIGCHLD_REAP_ONE = 4;

export function isHandler(sigchld: number): boolean {
  return sigchld >= SIGCHLD_REAP_ALL;
}

/** What a process does about SIGTERM; `exit` is a handler that exits with status 0. */
export const SIGTERM_ACTIONS = ['default', 'ignore', 'exit'] as const;
export type SigtermAction = (typeof SIGTERM_ACTIONS)[number];
export const SIGTERM_DEFAULT = 0;
export const SIGTERM_IGNORE = 1;
export const SIGTERM_EXIT = 2;

export const PENDING_SIGCHLD = 1;
export const PENDING_SIGTERM = 2;
