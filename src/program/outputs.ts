/**
 * Who holds the stdout of an exec (R19, R42).
 *
 * A child inherits the stdout of its parent, and the runtime that reads the other end sees its end when the
 * last of them has ended. A process that calls setsid is taken to have given it up, as a daemon does that
 * leaves its terminal.
 */
import type { EventKind, Simulation } from '../sim/simulation.js';

/** NO_OUTPUT: of no exec that anybody reads. */
export type OutputId = number;
export const NO_OUTPUT: OutputId = 0;

/** Nobody has asked to be told. */
const UNTOLD: EventKind = -1;

export class Outputs {
  /** By id; those that nobody holds are in `free`. */
  private readonly holderCounts: number[] = [0];
  private readonly owners: number[] = [0];
  private readonly told: EventKind[] = [UNTOLD];
  private readonly numbers: number[] = [0];
  private readonly free: OutputId[] = [];

  constructor(private readonly sim: Simulation) {}

  /** A new one. `owner` has one at a time. */
  open(owner: number): OutputId {
    const output = this.free.pop() ?? this.holderCounts.length;
    this.holderCounts[output] = 0;
    this.owners[output] = owner;
    this.told[output] = UNTOLD;
    return output;
  }

  isHeld(output: OutputId, owner: number): boolean {
    return this.holderCounts[output] > 0 && this.owners[output] === owner;
  }

  /** An event of this kind, with the owner and `number`, comes when the last holder has let go. */
  tellWhenClosed(output: OutputId, kind: EventKind, number: number): void {
    this.told[output] = kind;
    this.numbers[output] = number;
  }

  hold(output: OutputId): void {
    this.holderCounts[output]++;
  }

  /** Maybe in the middle of a system call: the owner is told later, at this instant. */
  letGo(output: OutputId): void {
    if (--this.holderCounts[output] > 0) return;
    const kind = this.told[output];
    if (kind !== UNTOLD) this.sim.soon(kind, this.owners[output], this.numbers[output]);
    this.free.push(output);
  }
}
