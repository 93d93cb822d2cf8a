/**
 * A stretch of time in slots of equal width, each a list of events, for the event calendar.
 *
 * A rung is left only when it is empty, so one that is used again needs no clearing.
 */
export class Rung {
  /** For each slot its newest event, or 0. */
  slots = new Int32Array(0);
  /** For each slot one bit: it has an event. */
  words = new Int32Array(0);
  wordCount = 0;
  /** No word before this one has a bit set. */
  cursor = 0;
  startUs = Number.NaN;
  /** Events from here on belong to the next rung out. */
  endUs = Number.NEGATIVE_INFINITY;
  /** A power of two, so that slot and boundary arithmetic is exact. */
  widthUs = Number.NaN;
  slotsPerUs = Number.NaN;

  /** Puts the empty rung over another stretch of time. `slotCount` is a multiple of 32. */
  reset(startUs: number, endUs: number, widthUs: number, slotCount: number): void {
    // A word more than asked for: where times are fractions, the last slot may turn out one further by
    // rounding.
    this.wordCount = (slotCount >> 5) + 1;
    if (this.words.length < this.wordCount) {
      this.slots = new Int32Array(this.wordCount << 5);
      this.words = new Int32Array(this.wordCount);
    }
    this.cursor = 0;
    this.startUs = startUs;
    this.endUs = endUs;
    this.widthUs = widthUs;
    this.slotsPerUs = 1 / widthUs;
  }

  /** Where a slot ends: at its width, or with the rung, whose end may cut its last slot short. */
  slotEndUs(slot: number): number {
    return Math.min(this.endUs, this.startUs + (slot + 1) * this.widthUs);
  }
}
