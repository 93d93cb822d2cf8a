/**
 * Several runs of one world, standing at different moments, so that the way to any moment is short: the
 * nearest run before it goes on. A run cannot be copied, so that leaves its place empty. While no question is
 * asked, the run before it moves up to that place, the one before that moves up too, and so on; for the first
 * place a new run is begun.
 */
import type { Act } from '../../node/by-hand.js';
import { Run } from '../../run/run.js';
import type { Transition } from '../../run/transitions.js';
import type { Scenario } from '../../scenario/scenario.js';
import { momentUs, type TimedAct } from './messages.js';

/** One run of the scenario. It repeats what the reader has done by hand, each act at its time. */
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

  /**
   * To the end of the next event that tells a transition, or past an act by hand that comes before it. False:
   * there is neither.
   */
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

/** Share of the time line that the current run goes on, even if another one stands nearer. */
const NEAR = 1 / 100;

export class Passages {
  readonly #make: () => Passage;
  readonly #endUs: number;
  /** Where runs are to stand. */
  #places: readonly number[] = [];
  /** Runs that stand at a place, and those on their way to one. */
  #standing: Passage[] = [];
  /** The run that was asked for last. */
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

  /** After an act by hand everything later is different: runs that stand there are dropped. */
  forgetAfter(timeUs: number): void {
    this.#standing = this.#standing.filter(({ nowUs }) => nowUs <= timeUs);
  }

  /** Moves a run a little towards a place where none stands. False: one stands at each place. */
  tend(): boolean {
    const isEmpty = (place: number): boolean => !this.#standing.some(({ nowUs }) => nowUs === place);
    // The last empty place first: it is the one that was left, and the next moment is often near it.
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
