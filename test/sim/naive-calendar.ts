/** The event calendar as its documentation says it: a sorted array. Slow and obvious. */
export interface NaiveEvent {
  timeUs: number;
  order: 0 | 1;
  kind: number;
  a: number;
  b: number;
}

export class NaiveCalendar {
  readonly #sorted: NaiveEvent[] = [];

  get size(): number {
    return this.#sorted.length;
  }

  /** Behind everything that is not later. */
  push(timeUs: number, kind: number, a: number, b: number, order: 0 | 1 = 0): void {
    const event = { timeUs, order, kind, a, b };
    let place = this.#sorted.length;
    while (place > 0 && isLater(this.#sorted[place - 1], timeUs, order)) place--;
    this.#sorted.splice(place, 0, event);
  }

  /** Of the next event of order 0. */
  nextUs(): number {
    return this.#sorted.find(({ order }) => order === 0)?.timeUs ?? Number.POSITIVE_INFINITY;
  }

  pop(limitUs: number, limitOrder: 0 | 1 = 1): NaiveEvent | undefined {
    const next = this.#sorted[0];
    if (next === undefined || isLater(next, limitUs, limitOrder)) return undefined;
    return this.#sorted.shift();
  }
}

function isLater(event: NaiveEvent, timeUs: number, order: 0 | 1): boolean {
  return event.timeUs > timeUs || (event.timeUs === timeUs && event.order > order);
}
