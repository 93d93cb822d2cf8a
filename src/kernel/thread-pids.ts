/** The PIDs of threads, beyond those in the row of their process (threads.ts). */
import { lengthened } from './arena.js';
import type { PidNamespace } from './namespaces.js';

/**
 * The PIDs of those extra threads of a process that did not come with its first burst. A burst is a length,
 * and for each namespace level, from the innermost outwards, where the run of PIDs starts.
 */
export class ThreadPids {
  private bursts = new Int32Array(8);
  private end = 0;

  /** Takes `length` PIDs on every level, from `burstStart` on, where so many must be free. */
  take(namespace: PidNamespace, length: number): void {
    const size = namespace.level + 2;
    while (this.end + size > this.bursts.length) this.bursts = lengthened(this.bursts, size);
    const { bursts } = this;
    bursts[this.end++] = length;
    for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
      level.takeBurst(length);
      bursts[this.end++] = level.burstStart;
    }
  }

  /** Gives the PIDs of the youngest thread back. */
  drop(namespace: PidNamespace): void {
    const { bursts } = this;
    const last = this.end - (namespace.level + 2);
    const length = --bursts[last];
    let at = last + 1;
    for (let level: PidNamespace | null = namespace; level !== null; level = level.parent) {
      level.taken.free(bursts[at++] + length);
    }
    if (length === 0) this.end = last;
  }

  /** The PIDs on the level of `of`, which `namespace` is in or is. */
  pidsIn(of: PidNamespace, namespace: PidNamespace): number[] {
    const pids: number[] = [];
    for (let at = 0; at < this.end; at += namespace.level + 2) {
      const start = this.bursts[at + 1 + namespace.level - of.level];
      for (let offset = 0; offset < this.bursts[at]; offset++) pids.push(start + offset);
    }
    return pids;
  }
}
