/**
 * Runs of one world that stand at several moments. To go anywhere, the nearest one before it goes on from there: so no way
 * is long. A run cannot be copied, so one that has left its place is followed by a new one, made while nobody waits.
 */
import type { Act } from '../../node/by-hand.js';
import { Run } from '../../run/run.js';
import type { Transition } from '../../run/transitions.js';
import type { Scenario } from '../../scenario/scenario.js';
import { momentUs, type TimedAct } from './messages.js';

/** Goes through a scenario, and does by hand what has been done at its time. */
export class Passage {
  readonly run: Run;
  #acted = 0;

  constructor(
    scenario: Scenario,
    private readonly acts: readonly TimedAct[],
    transition?: (told: Transition) => void,
  ) {
    this.run = new Run(scenario, { strokes: transition === undefined, transition });
    this.run.isWatched = false;
  }

  get nowUs(): number {
    return this.run.sim.nowUs;
  }

  to(untilUs: number): void {
    for (let next = this.acts[this.#acted]; next !== undefined && next.atUs <= untilUs; ) {
      while (!this.run.advance(next.atUs));
      this.run.act(next.act);
      next = this.acts[++this.#acted];
    }
    while (!this.run.advance(untilUs));
  }

  /** To the end of the next event that tells a transition, or past what is done by hand before it. False: there is none. */
  step(untilUs: number): boolean {
    const next = this.acts[this.#acted];
    if (next === undefined || next.atUs > untilUs) return this.run.step(untilUs);
    if (!this.run.step(next.atUs)) this.to(next.atUs);
    return true;
  }

  /** Something new is done now. */
  act(act: Act): string | null {
    this.#acted++;
    return this.run.act(act);
  }
}

/** A part of the time line; the current one goes on so far even if another one stands nearer. */
const NEAR = 1 / 100;

export class Passages {
  readonly #make: () => Passage;
  readonly #endUs: number;
  /** Where one is to stand. */
  #places: readonly number[] = [];
  #standing: Passage[] = [];
  /** On its way to a place. */
  #going: Passage | null = null;
  /** The one that was asked for last. */
  current: Passage;

  constructor(endUs: number, make: () => Passage) {
    this.#endUs = endUs;
    this.#make = make;
    this.current = make();
  }

  /** From the very beginning, before anything has happened. */
  fresh(): Passage {
    this.current = this.#make();
    return this.current;
  }

  at(timeUs: number): Passage {
    const ahead = timeUs - this.current.nowUs;
    if (ahead < 0 || ahead > this.#endUs * NEAR) this.current = this.#nearest(timeUs);
    this.current.to(timeUs);
    return this.current;
  }

  #nearest(timeUs: number): Passage {
    const before = [this.current, ...this.#standing].filter(({ nowUs }) => nowUs <= timeUs);
    if (before.length === 0) return this.#make();
    const nearest = before.reduce((best, each) => (each.nowUs > best.nowUs ? each : best));
    this.#standing = this.#standing.filter((each) => each !== nearest);
    return nearest;
  }

  standAt(places: readonly number[]): void {
    this.#places = places;
    this.#standing = this.#standing.filter(({ nowUs }) => places.includes(nowUs));
  }

  /** What stands after a moment is of a world that will not be. */
  forgetAfter(timeUs: number): void {
    this.#standing = this.#standing.filter(({ nowUs }) => nowUs <= timeUs);
    this.#going = null;
  }

  /** A little of the way to a place where none stands. False: one stands at each. */
  tend(): boolean {
    const isEmpty = (place: number): boolean => !this.#standing.some(({ nowUs }) => nowUs === place);
    const place = this.#places.find(isEmpty);
    if (place === undefined) return false;
    this.#going ??= this.#make();
    this.#going.to(Math.min(place, this.#going.nowUs + momentUs(1, this.#endUs)));
    if (this.#going.nowUs < place) return true;
    this.#standing.push(this.#going);
    this.#going = null;
    return true;
  }
}
