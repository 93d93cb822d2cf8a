/** Rows of readings, kept by column. */
import type { TimelineColumn } from './result.js';

type Row<Name extends TimelineColumn> = Record<Name | 'time_s', number>;

export class Columns<Name extends TimelineColumn> {
  readonly #times: number[] = [];
  readonly #columns: Record<Name, number[]>;

  constructor(private readonly names: readonly Name[]) {
    this.#columns = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  }

  /** If the last row is of the same instant, this one replaces it: what counts is how the instant ended. */
  add(row: Row<Name>): void {
    const place = this.#lengthBefore(row);
    this.#times[place] = row.time_s;
    for (const name of this.names) this.#columns[name][place] = row[name];
  }

  /** A copy as it would be with this row added. */
  with(row: Row<Name>): Record<Name, number[]> {
    const length = this.#lengthBefore(row);
    const copy = (name: Name): number[] => [...this.#columns[name].slice(0, length), row[name]];
    return Object.fromEntries(this.names.map((name) => [name, copy(name)])) as Record<Name, number[]>;
  }

  #lengthBefore({ time_s }: Row<Name>): number {
    return this.#times.length - (this.#times.at(-1) === time_s ? 1 : 0);
  }
}
