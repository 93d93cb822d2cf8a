import { Rung } from './rung.js';
import { LATEST_US } from './time.js';

/**
 * The event calendar: what is to happen, in the order in which it is to happen.
 *
 * Events are ordered by (time, order, sequence): earlier first; at one time those of order 0 before those of
 * order 1; and events that tie on both come out in the order in which they went in. An event is three 32-bit
 * integers, (kind, a, b). There is no cancelling: the owner of an event knows whether it still means anything
 * when it comes.
 *
 * It is a ladder queue:
 *
 *     now ──────────────────────────────────────────────────────────────────────────► time
 *         ├─ run ─┤                                          sorted: the next few to pop
 *                 ├┬┬┬┬┬┬┬┬┬┬┤                               rung 2: one slot of rung 1, cut finer
 *                            ├───┬───┬───┬───┬───┬───┤       rung 1: slots of equal width
 *                                                    ├─────  top: all that is later, not sorted at all
 *
 * A push drops the event into the one part that covers its time, without comparing it with other events.
 * Sorting is put off until the time has nearly come, and then there is hardly any to do: when the rungs are
 * used up, a new rung is cut from the top with so many slots that most of them hold one event, which is
 * popped where it lies. A slot with a few events is sorted into the run. A slot with many becomes a rung of
 * its own. So the width of the slots follows from the events that are there; nothing is tuned to a scenario,
 * and milliseconds beside months cost one more rung.
 *
 * Every list is last in, first out, and every move of a list from one part to another keeps it so, from the
 * newest event down to the oldest. That is what makes ties pop in the order of their pushes without a
 * sequence number. A slot full of ties is already sorted.
 *
 * After Wai Teng Tang, Rick Siow Mong Goh and Ian Li-Jin Thng, "Ladder queue: an O(1) priority queue
 * structure for large-scale discrete event simulation", ACM TOMACS 15(3), 2005. What differs: slots are a
 * power of two wide, for exact arithmetic; a bitmap finds the next slot in use; there are many more slots
 * than events, because mispredicted branches are what a queue of this kind pays for; a run that grows too
 * long becomes a rung. docs/performance.md has the figures.
 *
 * Three things are as they are for V8's sake. Fields are `private` and not `#`, which makes longer bytecode:
 * V8 puts a function into its caller only if it is short, and `push` and `pop` just are. The places in an
 * event are an `enum`, whose numbers the build writes into the code. And no field for a time starts as 0:
 * that would count as a small integer, and all that is compiled for one is thrown away at 2^31.
 */
export class Calendar {
  /** Time of the last popped event, in microseconds; NaN before the first. */
  timeUs = Number.NaN;
  /** Payload of the last popped event. */
  kind = 0;
  a = 0;
  b = 0;

  /** All events, pending and free, as 32-bit numbers; and the same memory as doubles, for the times. */
  private events = new Int32Array(0);
  private times = new Float64Array(0);
  /** The free events: the first `freeCount` of an array that has room for all events. */
  private free = new Int32Array(0);
  private freeCount = 0;

  /** The run: events and their times, the next to pop at the end, the newest of equals first. */
  private run = new Int32Array(0);
  private runTimes = new Float64Array(0);
  private runLength = 0;
  /** Events before this time belong to the run. Those at this time come behind all that the run has. */
  private runEndUs = Number.NEGATIVE_INFINITY;

  /** Rungs from the widest to the narrowest, `#depth` of them in use; the first stands for having none. */
  private readonly rungs = [new Rung()];
  private depth = 0;
  /** The narrowest rung in use; and its parts, since going through it each time takes a tenth longer. */
  private rung = this.rungs[0];
  private slots = this.rung.slots;
  private words = this.rung.words;
  private wordCount = this.rung.wordCount;
  private startUs = this.rung.startUs;
  private endUs = this.rung.endUs;
  private slotsPerUs = this.rung.slotsPerUs;
  /** No word of it before this one has a bit set. */
  private cursor = 0;

  /** The newest event of the top. */
  private top: number = Event.None;

  /** The place of the last event in the order of scheduling. */
  private lastPlace = 0;

  /** The few events of order 1, which close an instant, in a calendar of their own; the earliest's time. */
  private closing: Calendar | null = null;
  closingUs = Number.POSITIVE_INFINITY;

  constructor() {
    this.grow(64);
  }

  get size(): number {
    return this.free.length - this.freeCount + (this.closing === null ? 0 : this.closing.size);
  }

  /**
   * Adds an event at a time up to `LATEST_US` (RangeError), whole microseconds or not. `order` 1 puts it
   * behind every event of the same time with order 0, whenever that is added. No event may be before the last
   * popped one: the caller checks that (`Simulation.at` does), not this method.
   *
   * Memory is allocated only when more events are pending, or a rung is larger, than ever before.
   */
  push(timeUs: number, kind: number, a: number, b: number, order: 0 | 1 = 0): void {
    if (!(timeUs <= LATEST_US)) throw tooLate(timeUs);
    if (order === 1) {
      this.pushClosing(timeUs, kind, a, b);
      return;
    }
    if (this.freeCount === 0) this.grow(this.free.length * 2);
    const lastFree = (this.freeCount - 1) | 0;
    const event = this.free[lastFree];
    this.freeCount = lastFree;
    const events = this.events;
    this.times[event >> 1] = timeUs;
    events[event | Event.Kind] = kind;
    events[event | Event.A] = a;
    events[event | Event.B] = b;
    events[event | Event.Place] = this.lastPlace = (this.lastPlace + 1) | 0;

    if (timeUs < this.runEndUs) {
      this.insert(event);
    } else if (timeUs < this.endUs) {
      const slot = ((timeUs - this.startUs) * this.slotsPerUs) | 0;
      events[event | Event.Next] = this.slots[slot];
      this.slots[slot] = event;
      this.words[slot >> 5] |= 1 << slot;
    } else {
      this.pushFar(event);
    }
  }

  /** The next place in the order of pushes, for an event that may be pushed there later. */
  takePlace(): number {
    this.lastPlace = (this.lastPlace + 1) | 0;
    return this.lastPlace;
  }

  /**
   * Adds an event of order 0 as if it had been pushed when `place` was taken: at its time it comes ahead of
   * what was pushed later, and behind others with that place. No pending event may be earlier than it.
   */
  pushAt(timeUs: number, kind: number, a: number, b: number, place: number): void {
    this.push(timeUs, kind, a, b);
    const events = this.events;
    const equals: number[] = [];
    while (this.nextUs() === timeUs) equals.push(this.run[--this.runLength]);
    const event = equals.pop()!;
    events[event | Event.Place] = place;
    const behind = equals.findIndex((other) => ((events[other | Event.Place] - place) | 0) > 0);
    equals.splice(behind === -1 ? equals.length : behind, 0, event);
    for (const each of equals) this.putBack(each);
  }

  /**
   * Takes the next event out if it is not later than (`limitUs`, `limitOrder`); says whether it did. Its time
   * and payload are then in the fields of the calendar, until the next event is popped.
   */
  pop(limitUs: number, limitOrder: 0 | 1 = 1): boolean {
    const events = this.events;
    let event: number = Event.None;
    let timeUs = 0;
    for (;;) {
      if (this.runLength > 0) {
        const last = (this.runLength - 1) | 0;
        timeUs = this.runTimes[last];
        if (timeUs > limitUs || timeUs > this.closingUs) return this.popClosing(limitUs, limitOrder);
        event = this.run[last];
        this.runLength = last;
        break;
      }
      // A single event in its slot is popped where it lies.
      const words = this.words;
      let index = this.cursor;
      while (index < this.wordCount && words[index] === 0) index++;
      if (index < this.wordCount) {
        const word = words[index];
        const slot = (index << 5) | lowestBit(word);
        event = this.slots[slot];
        if (events[event | Event.Next] === Event.None) {
          timeUs = this.times[event >> 1];
          if (timeUs > limitUs || timeUs > this.closingUs) return this.popClosing(limitUs, limitOrder);
          this.slots[slot] = Event.None;
          words[index] = word & (word - 1);
          this.cursor = index;
          break;
        }
      }
      if (!this.open()) return this.popClosing(limitUs, limitOrder);
    }
    this.timeUs = timeUs;
    this.kind = events[event | Event.Kind];
    this.a = events[event | Event.A];
    this.b = events[event | Event.B];
    this.free[this.freeCount] = event;
    this.freeCount = (this.freeCount + 1) | 0;
    return true;
  }

  private pushClosing(timeUs: number, kind: number, a: number, b: number): void {
    this.closing ??= new Calendar();
    this.closing.push(timeUs, kind, a, b);
    if (timeUs < this.closingUs) this.closingUs = timeUs;
  }

  /** `pop` when there is no ordinary event within the limit, nor before the earliest closing one. */
  private popClosing(limitUs: number, limitOrder: 0 | 1): boolean {
    if (this.closingUs > limitUs || (this.closingUs === limitUs && limitOrder === 0)) return false;
    const closing = this.closing;
    if (closing === null || !closing.pop(limitUs)) return false;
    this.closingUs = closing.nextUs();
    this.timeUs = closing.timeUs;
    this.kind = closing.kind;
    this.a = closing.a;
    this.b = closing.b;
    return true;
  }

  /** The time of the next event of order 0, in microseconds; Infinity if there is none. */
  nextUs(): number {
    while (this.runLength === 0) if (!this.open()) return Number.POSITIVE_INFINITY;
    return this.runTimes[this.runLength - 1];
  }

  /** The time of the next event of either order; Infinity if there is none. */
  earliestUs(): number {
    const nextUs = this.nextUs();
    return nextUs <= this.closingUs ? nextUs : this.closingUs;
  }

  /**
   * Drops events of order 1 that `isNeedless` says would do nothing, up to the first event that has to be
   * handled.
   */
  dropClosing(isNeedless: (timeUs: number, kind: number, a: number) => boolean): void {
    const { closing } = this;
    while (closing !== null && this.closingUs < this.nextUs()) {
      const timeUs = closing.nextUs();
      const event = closing.run[closing.runLength - 1];
      if (!isNeedless(timeUs, closing.events[event | Event.Kind], closing.events[event | Event.A])) return;
      closing.pop(timeUs);
      this.closingUs = closing.nextUs();
    }
  }

  // The functions below are given events, not times: V8 allocates memory for every double that is passed to a
  // function it has not inlined, and it inlines only so much.

  /** Puts an event that was taken out where `push` had put it. */
  private putBack(event: number): void {
    const timeUs = this.times[event >> 1];
    if (timeUs < this.runEndUs) this.insert(event);
    else if (timeUs < this.endUs) this.drop(this.rung, event);
    else this.pushFar(event);
  }

  private drop(rung: Rung, event: number): void {
    const slot = ((this.times[event >> 1] - rung.startUs) * rung.slotsPerUs) | 0;
    this.events[event | Event.Next] = rung.slots[slot];
    rung.slots[slot] = event;
    rung.words[slot >> 5] |= 1 << slot;
  }

  /** Adds an event that is later than the narrowest rung reaches. */
  private pushFar(event: number): void {
    const timeUs = this.times[event >> 1];
    for (let depth = this.depth - 1; depth > 0; depth--) {
      const rung = this.rungs[depth];
      if (timeUs < rung.endUs) {
        this.drop(rung, event);
        return;
      }
    }
    this.events[event | Event.Next] = this.top;
    this.top = event;
  }

  /** Inserts into the run, before its equals, as the newest of them. */
  private insert(event: number): void {
    const timeUs = this.times[event >> 1];
    const run = this.run;
    const times = this.runTimes;
    const length = this.runLength;
    let place = length;
    for (; place > 0 && times[place - 1] <= timeUs; place--) {
      times[place] = times[place - 1];
      run[place] = run[place - 1];
    }
    times[place] = timeUs;
    run[place] = event;
    this.runLength = length + 1;
    if (length - place > STEPS_MAX) this.overflow();
  }

  /**
   * Makes a rung of the run: so many events have come between the events of the run that insertion became
   * dear. It reaches as far as the run did, or what falls behind its end would be before the start of the
   * rung that comes next.
   */
  private overflow(): void {
    const length = this.runLength;
    const firstUs = this.runTimes[length - 1];
    this.runLength = 0;
    this.cut(length, firstUs, this.runEndUs, this.runEndUs);
  }

  /**
   * Goes one step towards having a run: sorts the next slot in use into the run, or makes a rung of it, or
   * leaves the narrowest rung because it is empty, or opens the top. False if there is no event at all.
   */
  private open(): boolean {
    const words = this.words;
    let index = this.cursor;
    while (index < this.wordCount && words[index] === 0) index++;
    if (index < this.wordCount) {
      const word = words[index];
      const slot = (index << 5) | lowestBit(word);
      const list = this.slots[slot];
      this.slots[slot] = Event.None;
      words[index] = word & (word - 1);
      this.cursor = index;
      this.spread(list, slot);
      return true;
    }
    if (this.depth > 0) {
      // It is empty. What is pushed later, and is due before its end, belongs to the run from now on: the next
      // rung out may begin only at that end.
      this.runEndUs = this.endUs;
      this.use(this.rungs[--this.depth]);
      return true;
    }
    const list = this.top;
    if (list === Event.None) return false;
    this.top = Event.None;
    this.spread(list, 0);
    return true;
  }

  /**
   * Sorts a list, which was in that slot of the narrowest rung or was the top, into the empty run, by
   * insertion. If that turns out to be long work, makes a rung of it instead.
   */
  private spread(list: number, slot: number): void {
    const events = this.events;
    const run = this.run;
    const runTimes = this.runTimes;
    let length = 0;
    let place = 0;
    let event = list;
    // From the newest to the oldest, so of equals the one that comes first here stays in front, and pops
    // last.
    while (event !== Event.None && length - place <= STEPS_MAX) {
      const timeUs = this.times[event >> 1];
      place = length;
      for (; place > 0 && runTimes[place - 1] < timeUs; place--) {
        runTimes[place] = runTimes[place - 1];
        run[place] = run[place - 1];
      }
      runTimes[place] = timeUs;
      run[place] = event;
      length = (length + 1) | 0;
      event = events[event | Event.Next];
    }
    if (event === Event.None) {
      this.runLength = length;
      this.runEndUs = runTimes[0];
      return;
    }
    let firstUs = runTimes[length - 1];
    let lastUs = runTimes[0];
    for (; event !== Event.None; event = events[event | Event.Next]) {
      const timeUs = this.times[event >> 1];
      runTimes[length] = timeUs;
      run[length++] = event;
      if (timeUs < firstUs) firstUs = timeUs;
      if (timeUs > lastUs) lastUs = timeUs;
    }
    this.cut(
      length,
      firstUs,
      lastUs,
      this.depth === 0 ? Number.POSITIVE_INFINITY : this.rung.slotEndUs(slot),
    );
  }

  /**
   * Cuts a rung for what the arrays of the run hold: `length` events at times from `firstUs` to `lastUs`,
   * equals from the newest to the oldest. From now on it takes events before `endUs`, as far as its slots
   * reach.
   */
  private cut(length: number, firstUs: number, lastUs: number, endUs: number): void {
    let slotCount = SLOTS_MIN;
    while (slotCount < length * SLOTS_PER_EVENT && slotCount < SLOTS_MAX) slotCount *= 2;
    const spanUs = lastUs - firstUs;
    // Whole microseconds need no narrower slots than one; a crowd of fractions does, to be told apart at all.
    let widthUs = spanUs > 0 && spanUs < 1 ? 2 ** Math.floor(Math.log2(spanUs)) / slotCount : 1;
    while (widthUs * slotCount <= spanUs) widthUs *= 2;
    this.rung.cursor = this.cursor;
    const rung = (this.rungs[++this.depth] ??= new Rung());
    rung.reset(firstUs, Math.min(endUs, firstUs + slotCount * widthUs), widthUs, slotCount);
    this.use(rung);
    // What comes before its first event, if the clock is not there yet, belongs to the run.
    this.runEndUs = firstUs;
    for (let i = length - 1; i >= 0; i--) this.drop(rung, this.run[i]);
  }

  private use(rung: Rung): void {
    this.rung = rung;
    this.slots = rung.slots;
    this.words = rung.words;
    this.wordCount = rung.wordCount;
    this.startUs = rung.startUs;
    this.endUs = rung.endUs;
    this.slotsPerUs = rung.slotsPerUs;
    this.cursor = rung.cursor;
  }

  /** Makes room for `capacity` events. Those there are, all of them pending, keep their names. */
  private grow(capacity: number): void {
    const old = this.free.length;
    this.events = copy(new Int32Array((capacity + 1) * Event.Length), this.events);
    this.times = new Float64Array(this.events.buffer);
    this.free = new Int32Array(capacity);
    for (let number = capacity; number > old; number--) this.free[this.freeCount++] = number * Event.Length;
    // The run can hold every event there is, so the code that fills it need not check its length.
    this.run = copy(new Int32Array(capacity), this.run);
    this.runTimes = copy(new Float64Array(capacity), this.runTimes);
  }
}

/**
 * Layout of an event: eight 32-bit numbers, half a cache line. The first two are the time, a double. An event
 * is named by the index of its first number, a multiple of 8; the first eight numbers are no event's, so 0
 * can mean "none".
 */
enum Event {
  None = 0,
  Next = 2,
  Kind = 3,
  A = 4,
  B = 5,
  Place = 6,
  Length = 8,
}

/**
 * How many others an event may step over, while a slot is sorted or when it is inserted into the run; beyond
 * that the slot, or the run, becomes a rung.
 */
const STEPS_MAX = 8;
/** Slots of a rung, for each event it is cut for. */
const SLOTS_PER_EVENT = 32;
/** Least and most slots of a rung: powers of two. The most is what still fits into a second-level cache. */
const SLOTS_MIN = 32;
const SLOTS_MAX = 2 ** 18;

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function copy<T extends Int32Array | Float64Array>(target: T, source: T): T {
  target.set(source);
  return target;
}

/** Apart from where it is thrown: see `tooEarly` in simulation.ts. */
function tooLate(timeUs: number): RangeError {
  return new RangeError(`no event can be at ${timeUs} us, after the end of time`);
}
