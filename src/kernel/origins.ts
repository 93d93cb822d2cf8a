/**
 * Who asked for the pids: counters by accounting label. A label is a small integer that a process inherits from
 * its parent, as it does its cgroup; unlike the cgroup it also remembers pinned pids, which no cgroup counts.
 */
import { LABELS_MAX } from './pids.js';

/** Tasks ever created, tasks gone for good, zombies now, pids now pinned by others when their task is gone. */
const CREATED = 0;
const RELEASED = 1;
const ZOMBIES = 2;
const PINNED = 3;
const ROW_LENGTH = 4;

export class Origins {
  private counts = new Float64Array(16 * ROW_LENGTH);

  /** Makes sure that `origin` can be counted. */
  reserve(origin: number): void {
    const needed = (origin + 1) * ROW_LENGTH;
    if (needed <= this.counts.length) return;
    if (origin >= LABELS_MAX) throw new RangeError(`more than ${LABELS_MAX} origins`);
    const longer = new Float64Array(Math.max(needed, this.counts.length * 2));
    longer.set(this.counts);
    this.counts = longer;
  }

  countBorn(origin: number, tasks: number): void {
    this.counts[(origin << 2) | CREATED] += tasks;
  }

  countReleased(origin: number, tasks: number): void {
    this.counts[(origin << 2) | RELEASED] += tasks;
  }

  /** A zombie is gone. */
  countReaped(origin: number): void {
    this.counts[(origin << 2) | ZOMBIES]--;
    this.counts[(origin << 2) | RELEASED]++;
  }

  countZombies(origin: number, change: number): void {
    this.counts[(origin << 2) | ZOMBIES] += change;
  }

  countPinned(origin: number, change: number): void {
    this.counts[(origin << 2) | PINNED] += change;
  }

  /** Live threads and zombies. */
  tasks(origin: number): number {
    return this.created(origin) - this.released(origin);
  }

  /** Since boot. */
  created(origin: number): number {
    return this.counts[(origin << 2) | CREATED] ?? 0;
  }

  /** Since boot. */
  released(origin: number): number {
    return this.counts[(origin << 2) | RELEASED] ?? 0;
  }

  zombies(origin: number): number {
    return this.counts[(origin << 2) | ZOMBIES] ?? 0;
  }

  /** Numbers held in the host's table: of its live threads and zombies, and pinned. */
  pids(origin: number): number {
    return this.tasks(origin) + (this.counts[(origin << 2) | PINNED] ?? 0);
  }
}
