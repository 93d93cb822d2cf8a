/**
 * The three signals that decide which process reaps which: SIGCHLD, SIGTERM, SIGKILL.
 *
 * Every signal has one slot: a second one while the first is pending is lost (K25). The kernel marks it and
 * wakes the process; the owner of the process (the program interpreter, a worker) runs the handler and clears
 * the mark.
 */
import { NONE } from './ids.js';

export const SIGKILL = 9;
export const SIGTERM = 15;
export const SIGCHLD = 17;
export type Signal = typeof SIGKILL | typeof SIGTERM | typeof SIGCHLD;

/** As the sender of a signal: the kernel itself, or a process in an ancestor namespace. */
export const KERNEL = NONE;

export const STATUS_KILLED = 128 + SIGKILL;
export const STATUS_TERMINATED = 128 + SIGTERM;

/**
 * What a process does about SIGCHLD. To the kernel the last two are both "a handler"; which of them it is, is
 * remembered here for the owner of the process: `reap-all` loops over `waitpid`, `reap-one` calls it once.
 */
export const SIGCHLD_DISPOSITIONS = ['default', 'ignore', 'nocldwait', 'reap-all', 'reap-one'] as const;
export type SigchldDisposition = (typeof SIGCHLD_DISPOSITIONS)[number];
export const SIGCHLD_DEFAULT = 0;
export const SIGCHLD_IGNORE = 1;
export const SIGCHLD_NOCLDWAIT = 2;
export const SIGCHLD_REAP_ALL = 3;
export const SIGCHLD_REAP_ONE = 4;

export function isHandler(sigchld: number): boolean {
  return sigchld >= SIGCHLD_REAP_ALL;
}

/** What a process does about SIGTERM; `exit` is a handler that exits with status 0. */
export const SIGTERM_DISPOSITIONS = ['default', 'ignore', 'exit'] as const;
export type SigtermDisposition = (typeof SIGTERM_DISPOSITIONS)[number];
export const SIGTERM_DEFAULT = 0;
export const SIGTERM_IGNORE = 1;
export const SIGTERM_EXIT = 2;

/*
 * All of it is kept in one number, as `struct signal_struct` keeps it in one place: a fork copies it, an exec
 * changes most of it.
 *
 *     bits 0-2    pending signals
 *     bits 4-7    the action for SIGCHLD
 *     bits 8-11   the action for SIGTERM
 *     bits 12, 13 subreaper flags
 */
export const PENDING_SIGCHLD = 1;
export const PENDING_SIGTERM = 2;
/** A signal is to end the process, and it has not run since. */
export const PENDING_DEATH = 4;
export const PENDING_ANY = PENDING_SIGCHLD | PENDING_SIGTERM | PENDING_DEATH;
const SIGCHLD_SHIFT = 4;
const SIGTERM_SHIFT = 8;
const ACTION_MASK = 0xf;
const ACTIONS = (ACTION_MASK << SIGCHLD_SHIFT) | (ACTION_MASK << SIGTERM_SHIFT);
/** PR_SET_CHILD_SUBREAPER is set. Not inherited (K21). */
export const IS_SUBREAPER = 1 << 12;
/** Some ancestor is or was a subreaper: worth looking for one (K20, K21). Inherited. */
export const HAS_SUBREAPER = 1 << 13;

export function sigchldIn(signals: number): number {
  return (signals >> SIGCHLD_SHIFT) & ACTION_MASK;
}

export function sigtermIn(signals: number): number {
  return (signals >> SIGTERM_SHIFT) & ACTION_MASK;
}

export function withSigchld(signals: number, action: number): number {
  return (signals & ~(ACTION_MASK << SIGCHLD_SHIFT)) | (action << SIGCHLD_SHIFT);
}

export function withSigterm(signals: number, action: number): number {
  return (signals & ~(ACTION_MASK << SIGTERM_SHIFT)) | (action << SIGTERM_SHIFT);
}

/** What a child has of it: actions are inherited, pending signals and the subreaper's own flag are not. */
export function inherited(signals: number): number {
  return (signals & ACTIONS) | ((signals & (IS_SUBREAPER | HAS_SUBREAPER)) === 0 ? 0 : HAS_SUBREAPER);
}

/** After an exec: handlers go, and a pending SIGCHLD with them; an ignored signal stays ignored (K18). */
export function afterExec(signals: number): number {
  let after = signals & ~PENDING_SIGCHLD;
  if (sigchldIn(signals) !== SIGCHLD_IGNORE) after = withSigchld(after, SIGCHLD_DEFAULT);
  if (sigtermIn(signals) !== SIGTERM_IGNORE) after = withSigterm(after, SIGTERM_DEFAULT);
  return after;
}
