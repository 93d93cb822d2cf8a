/**
 * `struct pid`: one set of numbers, one for each namespace level, and what is attached to it.
 *
 * A process attaches to a pid as its own PID, to one as its process group and to one as its session. The numbers are
 * free again when the last attachment goes: that is why a session leader that has been reaped long ago still costs
 * its number while one zombie carries it as sid (K10, K12). Stands for `struct pid`, `attach_pid`, `detach_pid`.
 *
 * Extra threads attach to nothing but their own pid and are never anyone's group or session, so they hold their
 * numbers without such a record (threads.ts).
 */
import { lengthened, NONE, nextCapacity } from './arena.js';

export class Pids {
  /** Attachments; in a free slot, the next free slot. */
  refs = new Int32Array(64);
  /** The innermost namespace that the numbers are from. */
  namespace = new Int32Array(64);
  /** Accounting label: who asked for this process (kernel.ts, `setOrigin`). */
  origin = new Uint16Array(64);
  /** `numbers[level][pid]`: 0 is the host's level. */
  numbers: Int32Array[] = [new Int32Array(64)];
  private firstFree = NONE;
  private end = 0;

  /** Makes room for namespaces of this level. */
  addLevel(level: number): void {
    while (this.numbers.length <= level) this.numbers.push(new Int32Array(this.refs.length));
  }

  allocate(): number {
    const pid = this.firstFree;
    if (pid !== NONE) {
      this.firstFree = this.refs[pid];
      return pid;
    }
    if (this.end === this.refs.length) this.grow();
    return this.end++;
  }

  release(pid: number): void {
    this.refs[pid] = this.firstFree;
    this.namespace[pid] = NONE;
    this.firstFree = pid;
  }

  /** Every pid in use; for observation and checks. */
  *[Symbol.iterator](): Generator<number> {
    for (let pid = 0; pid < this.end; pid++) if (this.namespace[pid] !== NONE) yield pid;
  }

  private grow(): void {
    const capacity = nextCapacity(this.refs.length);
    this.refs = lengthened(this.refs, capacity);
    this.namespace = lengthened(this.namespace, capacity);
    this.origin = lengthened(this.origin, capacity);
    this.numbers = this.numbers.map((level) => lengthened(level, capacity));
  }
}
