/**
 * `struct pid`: the PIDs of one task, one on each namespace level, and how many tasks are attached to them.
 *
 * A process is attached to one `struct pid` as its own PID, to one as its process group and to one as its
 * session. The PIDs are free again when the last attachment goes: so the PID of a session leader that was
 * reaped long ago is still pinned while one zombie belongs to its session (K10, K12). Stands for `struct
 * pid`, `attach_pid`, `detach_pid`.
 *
 * Extra threads are never a group or a session, so their PIDs need no such record (threads.ts).
 *
 * A row is four 32-bit numbers, and a `struct pid` is named by the index of its first, as tasks are
 * (tasks.ts). PIDs beyond the second level, of namespaces within a pod's, are kept aside.
 */
import { asFree, lengthened } from './arena.js';
import { NONE, type OriginId, type PidNsId } from './ids.js';

/** Attachments. In a free row the next one, as `asFree` has it. */
export const REFS = 0;
/** The innermost namespace of its PIDs, and its origin: 16 bits each. */
const LABEL = 1;
/** The PID on the host; behind it the one in the namespace below. */
export const HOST_PID = 2;
const ROW_LENGTH = 4;
const LEVELS_IN_ROW = 2;

/** A namespace and an origin in one number. */
export function labelOf(namespace: PidNsId, origin: OriginId): number {
  return (origin << 16) | namespace;
}

/** The namespace in a label. */
export function namespaceIn(label: number): PidNsId {
  return (label & 0xffff) as PidNsId;
}

/** The origin in a label. */
export function originIn(label: number): OriginId {
  return (label >>> 16) as OriginId;
}

/** So many namespaces, and so many origins, can be told apart. */
export const LABELS_MAX = 65_536;

export class Pids {
  rows = new Int32Array(64 * ROW_LENGTH);
  /** By level less LEVELS_IN_ROW, then by row: the PID there. */
  private deeper: Int32Array[] = [];
  private firstFree: number = NONE;
  private end = 0;

  /** Makes room for namespaces of this level. */
  addLevel(level: number): void {
    while (this.deeper.length <= level - LEVELS_IN_ROW) {
      this.deeper.push(new Int32Array(this.rows.length / ROW_LENGTH));
    }
  }

  pidAt(row: number, level: number): number {
    if (level < LEVELS_IN_ROW) return this.rows[row | (HOST_PID + level)];
    return this.deeper[level - LEVELS_IN_ROW][row >> 2];
  }

  setPid(row: number, level: number, pid: number): void {
    if (level < LEVELS_IN_ROW) this.rows[row | (HOST_PID + level)] = pid;
    else this.deeper[level - LEVELS_IN_ROW][row >> 2] = pid;
  }

  namespaceId(row: number): PidNsId {
    return namespaceIn(this.rows[row | LABEL]);
  }

  /** Its account (kernel.ts, `forkAs`). */
  origin(row: number): OriginId {
    return originIn(this.rows[row | LABEL]);
  }

  setLabel(row: number, label: number): void {
    this.rows[row | LABEL] = label;
  }

  allocate(): number {
    const row = this.firstFree;
    if (row !== NONE) {
      this.firstFree = asFree(this.rows[row | REFS]);
      return row;
    }
    const fresh = this.end;
    if (fresh === this.rows.length) this.grow();
    this.end = fresh + ROW_LENGTH;
    return fresh;
  }

  release(row: number): void {
    this.rows[row | REFS] = asFree(this.firstFree);
    this.firstFree = row;
  }

  /** Every row in use, for readers and checks. */
  *[Symbol.iterator](): Generator<number> {
    for (let row = 0; row < this.end; row += ROW_LENGTH) {
      if (this.rows[row | REFS] > 0) yield row;
    }
  }

  private grow(): void {
    this.rows = lengthened(this.rows, ROW_LENGTH);
    this.deeper = this.deeper.map((numbers) => lengthened(numbers, 1));
  }
}
