/**
 * The event calendar: what is to happen, in the order in which it is to happen.
 *
 * Events are ordered by (time, order, sequence): earlier first; at one time, order 0 before order 1; and events that
 * tie on both come out in the order in which they went in. A binary heap over parallel arrays.
 */
export class Calendar {
  /** How many events are pending. */
  size = 0;
  /** Time of the last popped event, in microseconds. */
  timeUs = 0;
  /** Payload of the last popped event: three 32-bit integers. */
  kind = 0;
  a = 0;
  b = 0;

  #sequence = 0;
  #times = new Float64Array(64);
  /** Sequence number, plus 2^52 for order 1. */
  #ranks = new Float64Array(64);
  #payload = new Int32Array(64 * 3);

  /** Adds an event. `order` 1 puts it behind every event of the same time with order 0, whenever that is added. */
  push(timeUs: number, kind: number, a: number, b: number, order: 0 | 1 = 0): void {
    if (!(timeUs >= this.timeUs))
      throw new RangeError(`event at ${timeUs} us, but it is ${this.timeUs} us already`);
    if (this.size === this.#times.length) this.#grow();
    const rank = this.#sequence++ + order * 2 ** 52;
    let hole = this.size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!this.#isBefore(timeUs, rank, parent)) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#times[hole] = timeUs;
    this.#ranks[hole] = rank;
    this.#payload[hole * 3] = kind;
    this.#payload[hole * 3 + 1] = a;
    this.#payload[hole * 3 + 2] = b;
  }

  /** Takes the next event out if its time is at most `limitUs`; says whether it did. */
  pop(limitUs: number, limitOrder: 0 | 1 = 1): boolean {
    if (this.size === 0) return false;
    const timeUs = this.#times[0];
    if (timeUs > limitUs || (timeUs === limitUs && limitOrder === 0 && this.#ranks[0] >= 2 ** 52))
      return false;
    this.timeUs = timeUs;
    this.kind = this.#payload[0];
    this.a = this.#payload[1];
    this.b = this.#payload[2];
    const last = --this.size;
    const lastTimeUs = this.#times[last];
    const lastRank = this.#ranks[last];
    let hole = 0;
    for (let child = 1; child < last; child = hole * 2 + 1) {
      const right = child + 1;
      if (right < last && this.#isBefore(this.#times[right], this.#ranks[right], child)) child = right;
      if (this.#isBefore(lastTimeUs, lastRank, child)) break;
      this.#move(child, hole);
      hole = child;
    }
    this.#move(last, hole);
    return true;
  }

  #isBefore(timeUs: number, rank: number, other: number): boolean {
    return timeUs < this.#times[other] || (timeUs === this.#times[other] && rank < this.#ranks[other]);
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from];
    this.#ranks[to] = this.#ranks[from];
    this.#payload.copyWithin(to * 3, from * 3, from * 3 + 3);
  }

  #grow(): void {
    const times = new Float64Array(this.size * 2);
    times.set(this.#times);
    const ranks = new Float64Array(this.size * 2);
    ranks.set(this.#ranks);
    const payload = new Int32Array(this.size * 6);
    payload.set(this.#payload);
    this.#times = times;
    this.#ranks = ranks;
    this.#payload = payload;
  }
}
