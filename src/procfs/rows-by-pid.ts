/** Rows of one list, found by their PID: a table of integers, which a million rows fill faster than a Map. */
import { PID_MAX_LIMIT } from '../kernel/limits.js';
import type { CapturedRow } from './captured-row.js';

export interface RowLookup {
  get(pid: number): CapturedRow | undefined;
  has(pid: number): boolean;
}

export class RowsByPid implements RowLookup {
  /** Where a PID's row stands, plus one; 0: nowhere. */
  #places = new Int32Array(1 << 12);
  /** Rows whose PID is missing (it is below 0) or higher than Linux gives. */
  readonly #others = new Map<number, CapturedRow>();

  constructor(readonly rows: CapturedRow[] = []) {
    for (const [index, row] of rows.entries()) this.#note(row, index);
  }

  add(row: CapturedRow): void {
    this.#note(row, this.rows.length);
    this.rows.push(row);
  }

  get(pid: number): CapturedRow | undefined {
    if (isOther(pid)) return this.#others.get(pid);
    const place = pid < this.#places.length ? this.#places[pid] : 0;
    return place === 0 ? undefined : this.rows[place - 1];
  }

  has(pid: number): boolean {
    return this.get(pid) !== undefined;
  }

  #note(row: CapturedRow, index: number): void {
    const { pid } = row;
    if (isOther(pid)) {
      this.#others.set(pid, row);
      return;
    }
    if (pid >= this.#places.length) {
      const places = new Int32Array(Math.max(pid + 1, 2 * this.#places.length));
      places.set(this.#places);
      this.#places = places;
    }
    this.#places[pid] = index + 1;
  }
}

function isOther(pid: number): boolean {
  return pid < 0 || pid > PID_MAX_LIMIT;
}
