import type { EventKind } from '../sim/simulation.js';

/** For `whenClosed`: nobody is told. */
export const UNTOLD: EventKind = -1;

/**
 * The stdout of an exec (R19, R42).
 *
 * A child inherits the stdout of its parent, and the runtime that reads the other end sees its end when the
 * last of them has ended. A process that calls setsid is taken to have given it up, as a daemon does that
 * leaves its terminal.
 */
export class Output {
  /** How many processes hold it open. */
  holders = 0;
  /** An event of this kind, with `owner` and `number`, comes when the last of them has let go. */
  whenClosed: EventKind = UNTOLD;
  number = 0;

  constructor(readonly owner: number) {}
}
