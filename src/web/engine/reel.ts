/** Tables of cells, one after another: every sixteenth as it is, the others as what has changed. */

const EVERY = 16;

export class Reel {
  /** A table, or index and value by turns. */
  readonly #kept: (Uint8Array | Uint32Array)[] = [];
  #last: Uint8Array = new Uint8Array(0);

  add(cells: Uint8Array): void {
    const isWhole = this.#kept.length % EVERY === 0 || cells.length !== this.#last.length;
    this.#kept.push(isWhole ? cells.slice() : changesOf(this.#last, cells));
    this.#last = cells;
  }

  at(index: number): Uint8Array {
    let from = index;
    while (this.#kept[from] instanceof Uint32Array) from--;
    const cells = (this.#kept[from] as Uint8Array).slice();
    for (const changes of this.#kept.slice(from + 1, index + 1))
      for (let at = 0; at < changes.length; at += 2) cells[changes[at]] = changes[at + 1];
    return cells;
  }
}

function changesOf(before: Uint8Array, after: Uint8Array): Uint32Array {
  const changes: number[] = [];
  for (let index = 0; index < after.length; index++)
    if (after[index] !== before[index]) changes.push(index, after[index]);
  return Uint32Array.from(changes);
}
