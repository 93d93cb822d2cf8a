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
  startUs = 0;
  /** Events from here on belong to the next rung out. */
  endUs = -1;
  /** A power of two, so that slot and boundary arithmetic is exact. */
  widthUs = 1;
  /** 1 / widthUs. */
  slotsPerUs = 1;

  /** Puts the empty rung over another stretch of time. `slotCount` is a multiple of 32. */
  reset(startUs: number, endUs: number, widthUs: number, slotCount: number): void {
    this.wordCount = slotCount >> 5;
    if (this.slots.length < slotCount) {
      this.slots = new Int32Array(slotCount);
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
