/**
 * `struct pid`: one set of numbers, one for each namespace level, and what is attached to it.
 *
 * A process attaches to a pid as its own PID, to one as its process group and to one as its session. The numbers are
 * free again when the last attachment goes: that is why a session leader that has been reaped long ago still costs
 * its number while one zombie carries it as sid (K10, K12). Stands for `struct pid`, `attach_pid`, `detach_pid`.
 *
 * Extra threads attach to nothing but their own pid and are never anyone's group or session, so they hold their
 * numbers without such a record (threads.ts).
 *
 * A row is four 32-bit numbers and a pid is named by the index of its first, as tasks are (tasks.ts). Numbers beyond
 * the second level, of namespaces within a pod's, are kept aside.
 */
import { asFree, lengthened, NONE } from './arena.js';

/** Attachments. In a free row the next one, as `asFree` has it. */
export const REFS = 0;
/** The innermost namespace that its numbers are from, and who asked for it: 16 bits each. */
const LABEL = 1;
/** The number on the host; behind it the one in the namespace below. */
export const HOST_PID = 2;
const ROW_LENGTH = 4;
const LEVELS_IN_ROW = 2;

/** A namespace and an origin in one number. */
export function labelOf(namespace: number, origin: number): number {
  return (origin << 16) | namespace;
}

/** The namespace in a label. */
export function namespaceIn(label: number): number {
  return label & 0xffff;
}

/** The origin in a label. */
export function originIn(label: number): number {
  return label >>> 16;
}

/** So many namespaces, and so many origins, can be told apart. */
export const LABELS_MAX = 65_536;

export class Pids {
  rows = new Int32Array(64 * ROW_LENGTH);
  /** By level less LEVELS_IN_ROW: the number of each pid, by its row. */
  private deeper: Int32Array[] = [];
  private firstFree = NONE;
  private end = 0;

  /** Makes room for namespaces of this level. */
  addLevel(level: number): void {
    while (this.deeper.length <= level - LEVELS_IN_ROW) {
      this.deeper.push(new Int32Array(this.rows.length / ROW_LENGTH));
    }
  }

  numberAt(pid: number, level: number): number {
    if (level < LEVELS_IN_ROW) return this.rows[pid | (HOST_PID + level)];
    return this.deeper[level - LEVELS_IN_ROW][pid >> 2];
  }

  setNumber(pid: number, level: number, number: number): void {
    if (level < LEVELS_IN_ROW) this.rows[pid | (HOST_PID + level)] = number;
    else this.deeper[level - LEVELS_IN_ROW][pid >> 2] = number;
  }

  namespaceId(pid: number): number {
    return namespaceIn(this.rows[pid | LABEL]);
  }

  /** Accounting label: who asked for this process (kernel.ts, `forkAs`). */
  origin(pid: number): number {
    return originIn(this.rows[pid | LABEL]);
  }

  setLabel(pid: number, label: number): void {
    this.rows[pid | LABEL] = label;
  }

  allocate(): number {
    const pid = this.firstFree;
    if (pid !== NONE) {
      this.firstFree = asFree(this.rows[pid | REFS]);
      return pid;
    }
    const fresh = this.end;
    if (fresh === this.rows.length) this.grow();
    this.end = fresh + ROW_LENGTH;
    return fresh;
  }

  release(pid: number): void {
    this.rows[pid | REFS] = asFree(this.firstFree);
    this.firstFree = pid;
  }

  /** Every pid in use; for observation and checks. */
  *[Symbol.iterator](): Generator<number> {
    for (let pid = 0; pid < this.end; pid += ROW_LENGTH) {
      if (this.rows[pid | REFS] > 0) yield pid;
    }
  }

  private grow(): void {
    this.rows = lengthened(this.rows, ROW_LENGTH);
    this.deeper = this.deeper.map((numbers) => lengthened(numbers, 1));
  }
}
