/**
 * Runs of one world that stand at several moments. To go anywhere, the nearest one before it goes on from there: so no way
 * is long. A run cannot be copied. So, while nobody waits, the one before goes on to the place that has become empty, the one
 * before that to the place of this one, and so on to the first, which is a new run.
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
  /** Those that stand at a place, and one or two on their way. */
  #standing: Passage[] = [];
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
    const nearest = latestBefore([this.current, ...this.#standing], timeUs);
    this.#standing = this.#standing.filter((each) => each !== nearest);
    return nearest ?? this.#make();
  }

  standAt(places: readonly number[]): void {
    this.#places = places;
    this.#standing = this.#standing.filter(({ nowUs }) => places.includes(nowUs));
  }

  /** What stands after a moment is of a world that will not be. */
  forgetAfter(timeUs: number): void {
    this.#standing = this.#standing.filter(({ nowUs }) => nowUs <= timeUs);
  }

  /** A little of the way to a place where none stands. False: one stands at each. */
  tend(): boolean {
    const isEmpty = (place: number): boolean => !this.#standing.some(({ nowUs }) => nowUs === place);
    // Were it the first of them, a seek to somewhere near would have to wait until all before it stand.
    const place = this.#places.findLast(isEmpty);
    if (place === undefined) return false;
    let going = latestBefore(this.#standing, place);
    if (going === null) {
      going = this.#make();
      this.#standing.push(going);
    }
    going.to(Math.min(place, going.nowUs + momentUs(1, this.#endUs)));
    return true;
  }
}

function latestBefore(passages: readonly Passage[], timeUs: number): Passage | null {
  return passages.reduce<Passage | null>(
    (best, each) => (each.nowUs <= timeUs && each.nowUs > (best?.nowUs ?? -1) ? each : best),
    null,
  );
}
