/**
 * What is still to happen at this very instant: a first-in first-out ring of (kind, a, b).
 *
 * The commonest event of all is "now, but after everything already due": a woken task, a started program.
 * Such an event needs no key and no search. The ring allocates only when it grows, and it grows by doubling.
 */
export class InstantQueue {
  /** The event last taken; or the oldest that waits, if it came when there was no other (`isFirstHere`). */
  kind = 0;
  a = 0;
  b = 0;

  /** Most events are taken before there is another: such a one never gets into the ring. */
  private isFirstHere = false;
  /** Four numbers a place (the fourth unused), so that a place begins at a multiple of four. */
  private ring = new Int32Array(64 * 4);
  private mask = this.ring.length - 1;
  /** Indices into the ring, in numbers; equal when there is nothing in it. */
  private head = 0;
  private tail = 0;

  get isEmpty(): boolean {
    return !this.isFirstHere && this.head === this.tail;
  }

  put(kind: number, a: number, b: number): void {
    if (this.isEmpty) {
      this.kind = kind;
      this.a = a;
      this.b = b;
      this.isFirstHere = true;
    } else this.append(kind, a, b);
  }

  private append(kind: number, a: number, b: number): void {
    const ring = this.ring;
    const tail = this.tail;
    ring[tail] = kind;
    ring[tail | 1] = a;
    ring[tail | 2] = b;
    this.tail = (tail + 4) & this.mask;
    if (this.tail === this.head) this.grow();
  }

  /** Takes the oldest; says whether there was one. */
  take(): boolean {
    if (this.isFirstHere) {
      this.isFirstHere = false;
      return true;
    }
    const head = this.head;
    if (head === this.tail) return false;
    const ring = this.ring;
    this.kind = ring[head];
    this.a = ring[head | 1];
    this.b = ring[head | 2];
    this.head = (head + 4) & this.mask;
    return true;
  }

  /** The ring is full: head and tail have met. The oldest goes to the front of a ring of twice the size. */
  private grow(): void {
    const old = this.ring;
    const ring = new Int32Array(old.length * 2);
    ring.set(old.subarray(this.head));
    ring.set(old.subarray(0, this.head), old.length - this.head);
    this.ring = ring;
    this.mask = ring.length - 1;
    this.head = 0;
    this.tail = old.length;
  }
}
