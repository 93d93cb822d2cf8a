/**
 * Accounts of tasks and PIDs, by origin. An origin is a small integer that a process inherits from its
 * parent, as it does its cgroup; unlike a cgroup, an account also has the pinned PIDs. The node gives origins
 * their names (node/origins.ts).
 */
import type { OriginId } from './ids.js';
import { LABELS_MAX } from './pids.js';

/** Tasks ever created, tasks gone for good, zombies now, PIDs that are pinned now. */
const CREATED = 0;
const RELEASED = 1;
const ZOMBIES = 2;
const PINNED = 3;
const ROW_LENGTH = 4;

/** What is on one account. */
export interface OriginCount {
  /** Tasks since boot: made, and gone for good. */
  created: number;
  released: number;
  /** Live threads and zombies. */
  tasks: number;
  zombies: number;
  /** PIDs held on the host: those of its tasks, and pinned ones. */
  pids: number;
}

export class OriginCounts {
  private counts = new Float64Array(16 * ROW_LENGTH);

  /** Makes sure that `origin` can be counted. */
  reserve(origin: OriginId): void {
    const needed = (origin + 1) * ROW_LENGTH;
    if (needed <= this.counts.length) return;
    if (origin >= LABELS_MAX) throw new RangeError(`more than ${LABELS_MAX} origins`);
    const longer = new Float64Array(Math.max(needed, this.counts.length * 2));
    longer.set(this.counts);
    this.counts = longer;
  }

  countBorn(origin: OriginId, tasks: number): void {
    this.counts[(origin << 2) | CREATED] += tasks;
  }

  countReleased(origin: OriginId, tasks: number): void {
    this.counts[(origin << 2) | RELEASED] += tasks;
  }

  /** A zombie is gone. */
  countReaped(origin: OriginId): void {
    this.counts[(origin << 2) | ZOMBIES]--;
    this.counts[(origin << 2) | RELEASED]++;
  }

  countZombies(origin: OriginId, change: number): void {
    this.counts[(origin << 2) | ZOMBIES] += change;
  }

  countPinned(origin: OriginId, change: number): void {
    this.counts[(origin << 2) | PINNED] += change;
  }

  /** All 0 of an account that nothing was ever on. */
  countOf(origin: OriginId): OriginCount {
    const [created = 0, released = 0, zombies = 0, pinned = 0] = this.counts.slice(
      origin << 2,
      (origin + 1) << 2,
    );
    const tasks = created - released;
    return { created, released, tasks, zombies, pids: tasks + pinned };
  }
}
