/** The event calendar as its documentation says it: a sorted array. Slow and obvious. */
export interface NaiveEvent {
  timeUs: number;
  order: 0 | 1;
  kind: number;
  a: number;
  b: number;
  /** In the order of pushes. */
  place: number;
}

export class NaiveCalendar {
  readonly #sorted: NaiveEvent[] = [];
  #lastPlace = 0;

  get size(): number {
    return this.#sorted.length;
  }

  /** Behind everything that is not later. */
  push(timeUs: number, kind: number, a: number, b: number, order: 0 | 1 = 0): void {
    this.#insert({ timeUs, order, kind, a, b, place: this.takePlace() });
  }

  takePlace(): number {
    return ++this.#lastPlace;
  }

  /**
   * Behind everything that is earlier, and everything at its time that was pushed before the place was taken.
   */
  pushAt(timeUs: number, kind: number, a: number, b: number, place: number): void {
    this.#insert({ timeUs, order: 0, kind, a, b, place });
  }

  #insert(event: NaiveEvent): void {
    const { timeUs, order, place } = event;
    const isBehind = (other: NaiveEvent) =>
      isLater(other, timeUs, order) ||
      (other.timeUs === timeUs && other.order === order && other.place > place);
    let index = this.#sorted.length;
    while (index > 0 && isBehind(this.#sorted[index - 1])) index--;
    this.#sorted.splice(index, 0, event);
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
