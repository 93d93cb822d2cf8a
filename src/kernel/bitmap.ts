/**
 * Which PIDs of one PID namespace are taken.
 *
 *   full3  one bit for 32 words of full2     \
 *   full2  one bit for 32 words of full1      > set when every bit below is set
 *   full1  one bit for 32 words of used      /
 *   used   one bit a PID, set when taken
 *
 * The next free PID is found by climbing until a word has a clear bit at or after the place, then descending:
 * at most seven words are looked at, however full the table is. A plain scan made a run against a full table
 * 40 times slower.
 *
 * The map grows with the highest PID taken; what lies beyond its end is free. So a namespace with `pid_max`
 * 4194304 and ten processes costs a few hundred bytes.
 */
import { lesser } from './arena.js';

const WORD_FULL = -1;
const TOP = 3;

/** Index of the lowest set bit; `word` is not zero. */
function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** How many bits are set. */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

export class PidBitmap {
  /** used, full1, full2, full3. */
  private levels = [new Int32Array(32), new Int32Array(2), new Int32Array(1), new Int32Array(1)];
  private used = this.levels[0];

  /** The smallest free PID in [from, limit), or -1. */
  nextFree(from: number, limit: number): number {
    if (from >= limit) return -1;
    const { used } = this;
    let word = from >>> 5;
    if (word >= used.length) return from;
    let free = ~used[word] & (-1 << (from & 31));
    if (free === 0) {
      word = this.nextOpen(0, word + 1);
      free = word < used.length ? ~used[word] : 1;
    }
    const found = (word << 5) + lowestBit(free);
    return found < limit ? found : -1;
  }

  /**
   * How many PIDs from `from` on, which is free, are free without a gap: at most `count`, and at most to
   * the end of the second word looked at. A burst of threads is taken in one or two such runs.
   */
  runLength(from: number, count: number, limit: number): number {
    const most = lesser(count, limit - from);
    const word = from >>> 5;
    if (word >= this.used.length) return most;
    const bit = from & 31;
    const taken = this.used[word] >>> bit;
    let run = taken === 0 ? 32 - bit : lowestBit(taken);
    if (run === 32 - bit && run < most) {
      const next = word + 1 < this.used.length ? this.used[word + 1] : 0;
      run += next === 0 ? 32 : lowestBit(next);
    }
    return lesser(run, most);
  }

  /** The place behind the next `count` free PIDs in [from, limit), at least one; or -1 if there are fewer. */
  behindFree(from: number, count: number, limit: number): number {
    const { used } = this;
    let left = count;
    let place = from;
    while (place >>> 5 < used.length) {
      let free = ~used[place >>> 5] & (-1 << (place & 31));
      const here = bitCount(free);
      if (here >= left) {
        for (; left > 1; left--) free &= free - 1;
        place = (place & ~31) + lowestBit(free);
        return place < limit ? place + 1 : -1;
      }
      left -= here;
      place = (place | 31) + 1;
    }
    return place + left <= limit ? place + left : -1;
  }

  /** How many PIDs in [from, limit) are free. */
  countFree(from: number, limit: number): number {
    return from >= limit ? 0 : limit - from - (this.count(from) - this.count(limit));
  }

  /** Takes the smallest free PID in [from, limit), or returns -1. */
  takeNext(from: number, limit: number): number {
    const { used } = this;
    const word = from >>> 5;
    if (word < used.length) {
      const taken = used[word];
      const free = ~taken & (-1 << (from & 31));
      if (free !== 0) {
        const number = (word << 5) + lowestBit(free);
        if (number >= limit) return -1;
        const now = taken | (free & -free);
        used[word] = now;
        if (now === WORD_FULL) this.markFull(word);
        return number;
      }
    }
    const number = this.nextFree(from, limit);
    if (number !== -1) this.take(number);
    return number;
  }

  /** Takes `length` PIDs from `from` on if all are free; says whether they were. May say no to long runs. */
  takeIfFree(from: number, length: number): boolean {
    const { used } = this;
    const word = from >>> 5;
    const end = (from & 31) + length;
    if (length > 31 || end + (word << 5) > used.length << 5) return false;
    const here = ~(-1 << length) << (from & 31);
    if ((used[word] & here) !== 0) return false;
    if (end > 32) {
      const beyond = ~(-1 << (end - 32));
      if ((used[word + 1] & beyond) !== 0) return false;
      this.takeBits(word + 1, beyond);
    }
    this.takeBits(word, here);
    return true;
  }

  has(number: number): boolean {
    return number >>> 5 < this.used.length && ((this.used[number >>> 5] >>> (number & 31)) & 1) === 1;
  }

  take(number: number): void {
    const word = number >>> 5;
    if (word >= this.used.length) this.grow(number);
    if ((this.used[word] |= 1 << (number & 31)) === WORD_FULL) this.markFull(word);
  }

  free(number: number): void {
    const { used } = this;
    const word = number >>> 5;
    const taken = used[word];
    if (taken === WORD_FULL) this.markNotFull(word);
    used[word] = taken & ~(1 << (number & 31));
  }

  /** Takes `length` free PIDs from `from` on: a run that `runLength` has found. */
  takeRun(from: number, length: number): void {
    const last = from + length - 1;
    if (last >>> 5 >= this.used.length) this.grow(last);
    let word = from >>> 5;
    let mask = -1 << (from & 31);
    let end = (from & 31) + length;
    for (; end > 32; end -= 32) {
      this.takeBits(word++, mask);
      mask = -1;
    }
    this.takeBits(word, mask & (-1 >>> (32 - end)));
  }

  freeRun(from: number, length: number): void {
    let word = from >>> 5;
    let mask = -1 << (from & 31);
    let end = (from & 31) + length;
    for (; end > 32; end -= 32) {
      this.freeBits(word++, mask);
      mask = -1;
    }
    this.freeBits(word, mask & (-1 >>> (32 - end)));
  }

  private takeBits(word: number, mask: number): void {
    if ((this.used[word] |= mask) === WORD_FULL) this.markFull(word);
  }

  private freeBits(word: number, mask: number): void {
    const { used } = this;
    const taken = used[word];
    if (taken === WORD_FULL) this.markNotFull(word);
    used[word] = taken & ~mask;
  }

  /** How many PIDs from `from` on are taken: counts every bit. */
  count(from = 0): number {
    let count = 0;
    for (let word = from >>> 5; word < this.used.length; word++) {
      const counted = word === from >>> 5 ? -1 << (from & 31) : -1;
      count += bitCount(this.used[word] & counted);
    }
    return count;
  }

  /** How many PIDs below `limit` are taken. */
  countBelow(limit: number): number {
    let count = 0;
    for (let word = 0; word << 5 < limit && word < this.used.length; word++) {
      const end = limit - (word << 5);
      count += bitCount(this.used[word] & (end < 32 ? ~(-1 << end) : -1));
    }
    return count;
  }

  /** The first word at or after `index` on a level that is not full; the level's length if there is none. */
  private nextOpen(level: number, index: number): number {
    const words = this.levels[level];
    if (index >= words.length) return words.length;
    if (words[index] !== WORD_FULL) return index;
    if (level === TOP) return this.nextOpen(level, index + 1);
    const above = this.levels[level + 1];
    let word = index >>> 5;
    let open = ~above[word] & (-1 << (index & 31));
    if (open === 0) {
      word = this.nextOpen(level + 1, word + 1);
      if (word >= above.length) return words.length;
      open = ~above[word];
    }
    return (word << 5) + lowestBit(open);
  }

  /** A word of `used` has become full: say so above, as far up as words become full. */
  private markFull(word: number): void {
    for (let level = 1, index = word; level <= TOP; level++, index >>>= 5) {
      if ((this.levels[level][index >>> 5] |= 1 << (index & 31)) !== WORD_FULL) return;
    }
  }

  private markNotFull(word: number): void {
    for (let level = 1, index = word; level <= TOP; level++, index >>>= 5) {
      const above = this.levels[level];
      const wasFull = above[index >>> 5] === WORD_FULL;
      above[index >>> 5] &= ~(1 << (index & 31));
      if (!wasFull) return;
    }
  }

  private grow(number: number): void {
    let words = this.used.length;
    while (words * 32 <= number) words *= 2;
    // Above, one bit more than there are words: the place just past the end must read as "not full".
    this.levels = this.levels.map((old, level) =>
      enlarged(old, level === 0 ? words : (words >>> (5 * level)) + 1),
    );
    this.used = this.levels[0];
  }
}

function enlarged(words: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (length <= words.length) return words;
  const larger = new Int32Array(length);
  larger.set(words);
  return larger;
}
