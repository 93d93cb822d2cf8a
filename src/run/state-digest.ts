/**
 * A fingerprint of what can be seen of a node: all counts of each row, and how far PIDs have been handed
 * out. Whether runs of probes are simulated or forwarded, it is the same.
 */
import type { Kernel } from '../kernel/kernel.js';
import { Digest } from '../sim/digest.js';
import { US_PER_SECOND } from '../sim/time.js';
import type { RunObserver } from './observer.js';
import { READING_COLUMNS, type TimelineRow } from './result.js';

const COUNTS = READING_COLUMNS.filter((column) => column !== 'time_s');

export class StateDigest implements RunObserver {
  readonly digest = new Digest();

  constructor(private readonly kernel: Kernel) {}

  row(row: TimelineRow): void {
    this.digest.foldTime(Math.round(row.time_s * US_PER_SECOND));
    for (const count of COUNTS) this.digest.fold(row[count]);
    this.digest.fold(this.kernel.cursor());
  }
}
