/**
 * A running 64-bit digest of integers: two runs that fold the same numbers in the same order have the same
 * digest.
 *
 * Two lanes of multiply and rotate, the step and the finish of MurmurHash3 (Austin Appleby, public domain),
 * with different constants. Only 32-bit integer operations, so it is the same on every machine and engine. It
 * guards against accidents, not against adversaries.
 */
export class Digest {
  private low = 0;
  private high = 0;
  private count = 0;
  /** Folded, but not yet mixed in: mixing many at once keeps the lanes in registers. */
  private readonly pending = new Int32Array(PENDING_MAX);
  private pendingCount = 0;

  /** Folds a 32-bit integer; of a wider number its low 32 bits. */
  fold(value: number): void {
    const count = (this.pendingCount + 1) | 0;
    this.pending[this.pendingCount] = value;
    this.pendingCount = count;
    if (count === PENDING_MAX) this.mix();
  }

  /** Folds a time in integer microseconds, exactly, up to 2^63. */
  foldTime(timeUs: number): void {
    this.fold(timeUs);
    this.fold(Math.floor(timeUs / 2 ** 32));
  }

  /** Sixteen hexadecimal digits. Reading does not change the digest. */
  hex(): string {
    this.mix();
    const low = finish(this.low ^ this.count);
    const high = finish((this.high + low) ^ this.count);
    return hex32(high) + hex32((low + high) | 0);
  }

  private mix(): void {
    let { low, high, count } = this;
    const { pending, pendingCount } = this;
    for (let i = 0; i < pendingCount; i++) {
      const value = pending[i];
      count = (count + 1) | 0;
      let k = Math.imul(value, 0xcc9e2d51);
      k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
      low ^= k;
      low = (Math.imul((low << 13) | (low >>> 19), 5) + 0xe6546b64) | 0;
      high ^= Math.imul(value ^ count, 0x239b961b);
      high = (Math.imul((high << 17) | (high >>> 15), 5) + 0x561ccd1b + k) | 0;
    }
    this.low = low;
    this.high = high;
    this.count = count;
    this.pendingCount = 0;
  }
}

const PENDING_MAX = 1024;

/** Lets every bit of `h` change about half the bits of the result (MurmurHash3's finalizer). */
function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
