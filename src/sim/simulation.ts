import { Calendar } from './calendar.js';
import { Digest } from './digest.js';
import { InstantQueue } from './instant.js';

/** What `register` gives for a handler: a small integer that names it in an event. */
export type EventKind = number;

/**
 * The clock and the run loop.
 *
 * An event is (kind, a, b): which handler, and two 32-bit integers for it, most often the index of its
 * subject. There is no way to cancel an event; an owner that may change its mind puts a token into `b` and
 * compares.
 *
 * One instant passes like this, and the clock moves when there is nothing left of it:
 *
 *     at, after: scheduled before the instant came       in the order of scheduling
 *     soon:      scheduled at the instant itself         in the order of scheduling
 *     atEndOf:   when nothing of the above is left       in the order of scheduling; what one of these
 *                                                        schedules with `soon` goes before the next
 */
export class Simulation {
  /** Integer microseconds since the start. */
  nowUs = Number.NaN;
  eventCount = 0;
  /** A fingerprint of what happened in the simulated world. The machine folds events in, not the loop. */
  readonly digest = new Digest();

  /**
   * Called when all that was due is done, before the clock goes to the next event at `nextUs`. It may
   * schedule events before that. null: nothing is called.
   */
  meanwhile: ((nextUs: number) => void) | null = null;

  private readonly calendar = new Calendar();
  private readonly instant = new InstantQueue();
  private readonly handlers: ((a: number, b: number) => void)[] = [];
  private readonly needless: (((a: number, timeUs: number) => boolean) | undefined)[] = [];
  private readonly isNeedless = (timeUs: number, kind: EventKind, a: number): boolean =>
    this.needless[kind]?.(a, timeUs) ?? false;
  /** The count of events at which `run` leaves. */
  private lastEvent = 0;

  constructor() {
    // Not at once 0: that would count as a small integer, and what is compiled for one is thrown away at
    // 2^31.
    this.nowUs = 0;
  }

  /**
   * @param isNeedless asked about an event that is to close an instant, before `meanwhile` is told when the
   *   next event comes: would it do nothing? Then it is dropped.
   */
  register(
    handler: (a: number, b: number) => void,
    isNeedless?: (a: number, timeUs: number) => boolean,
  ): EventKind {
    this.needless.push(isNeedless);
    return this.handlers.push(handler) - 1;
  }

  /** At an absolute time, which must not be in the past (RangeError). */
  at(timeUs: number, kind: EventKind, a: number, b: number): void {
    // What is scheduled for now comes behind what is already due now, so the queue of this instant is its
    // place.
    if (timeUs > this.nowUs) this.calendar.push(timeUs, kind, a, b);
    else if (timeUs === this.nowUs) this.instant.put(kind, a, b);
    else throw tooEarly(timeUs, this.nowUs);
  }

  /** After a delay of integer microseconds, zero or more (RangeError). */
  after(delayUs: number, kind: EventKind, a: number, b: number): void {
    this.at(this.nowUs + delayUs, kind, a, b);
  }

  /** At this same instant, after everything already due. */
  soon(kind: EventKind, a: number, b: number): void {
    this.instant.put(kind, a, b);
  }

  /**
   * For `atPlace`: what was scheduled before this call has an earlier place, what is scheduled after it a
   * later one.
   */
  takePlace(): number {
    return this.calendar.takePlace();
  }

  /** As `at`, at a time in the future before which nothing is due, as if scheduled when `place` was taken. */
  atPlace(timeUs: number, kind: EventKind, a: number, b: number, place: number): void {
    this.calendar.pushAt(timeUs, kind, a, b, place);
  }

  /** At the very end of an instant, present or future, when everything else of it has happened. */
  atEndOf(timeUs: number, kind: EventKind, a: number, b: number): void {
    if (!(timeUs >= this.nowUs)) throw tooEarly(timeUs, this.nowUs);
    this.calendar.push(timeUs, kind, a, b, 1);
  }

  /** Is any other event to close this instant? */
  get isClosingDue(): boolean {
    return this.calendar.closingUs <= this.nowUs;
  }

  /** Is nothing else due at this instant, but what is to be at the very end of it? */
  get isLastDue(): boolean {
    return this.instant.isEmpty && this.calendar.nextUs() > this.nowUs;
  }

  /**
   * Handles every event up to and including `untilUs`, which must not be in the past (RangeError), then sets
   * the clock to that time. After `stop`, or after `mostEvents`, it leaves at once, the clock stays, and
   * another `run` goes on where this one left.
   *
   * @returns true if it got to `untilUs`.
   */
  run(untilUs: number, mostEvents = Number.POSITIVE_INFINITY): boolean {
    if (!(untilUs >= this.nowUs)) throw tooEarly(untilUs, this.nowUs);
    const calendar = this.calendar;
    const instant = this.instant;
    const handlers = this.handlers;
    this.lastEvent = this.eventCount + mostEvents;
    while (this.eventCount < this.lastEvent) {
      if (instant.isEmpty) {
        if (this.meanwhile !== null) {
          calendar.dropClosing(this.isNeedless);
          const nextUs = calendar.earliestUs();
          this.meanwhile(nextUs <= untilUs ? nextUs : untilUs + 1);
          if (!instant.isEmpty) continue;
        }
        if (!calendar.pop(untilUs)) {
          this.nowUs = untilUs;
          return true;
        }
        this.nowUs = calendar.timeUs;
        this.eventCount++;
        handlers[calendar.kind](calendar.a, calendar.b);
        continue;
      }
      // Something is to happen soon. What was due at this instant already comes first, and there will be no
      // more of it.
      while (this.eventCount < this.lastEvent && calendar.pop(this.nowUs, 0)) {
        this.eventCount++;
        handlers[calendar.kind](calendar.a, calendar.b);
      }
      while (this.eventCount < this.lastEvent && instant.take()) {
        this.eventCount++;
        handlers[instant.kind](instant.a, instant.b);
      }
    }
    return false;
  }

  /** Leaves `run` after the current event. */
  stop(): void {
    this.lastEvent = this.eventCount;
  }
}

/**
 * Apart from where it is thrown: V8 takes writing numbers as text for a pure function, and computes it ahead
 * of the comparison that makes it necessary, for every event. That took nine tenths of the time of a run, on
 * some days only.
 */
function tooEarly(timeUs: number, nowUs: number): RangeError {
  return new RangeError(`${timeUs} us is in the past: it is ${nowUs} us already`);
}
