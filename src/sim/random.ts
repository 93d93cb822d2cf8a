import alea from 'seedrandom/lib/alea.js';

/** Which of the values that a draw can have, counted from 0, it has by this stream. */
export type Draw = (stream: RandomStream) => number;

/** A source of chance for one purpose of one entity. */
export interface RandomStream {
  /** The next number in [0, 1): a multiple of 2^-32. */
  uniform(): number;
  /**
   * Of a stream that is to give each possible value in turn, and no random one: one of so many values, from
   * 0. Infinity: they cannot be counted. `draw` finds the value that another stream gives.
   */
  choose?(count: number, draw: Draw): number;
  /** A look at the numbers that come next: taking them there does not take them here. */
  ahead?(): RandomStream;
}

/**
 * One stream of random numbers for each (seed, replication, entity, purpose).
 *
 * No stream is affected by how many numbers another has given. So two scenarios that differ in one thing
 * (pause 3.0 and 3.1) meet the same luck in everything else: common random numbers, which make their
 * difference far less noisy than two independent runs would.
 *
 * The generator is Alea (Johannes Baagøe, 2010; period about 2^116) in the `seedrandom` package, keyed by the
 * text `seed/replication/entity/purpose`.
 */
export class RandomStreams {
  readonly #prefix: string;
  /** Has any of them given a number? If not, every other seed and replication gives the same run. */
  isUsed = false;

  constructor(seed: number, replication = 0) {
    this.#prefix = `${seed}/${replication}/`;
  }

  /** A stream at its beginning. The same names start the same numbers again: keep the stream. */
  stream(entity: string, purpose: string): RandomStream {
    // Most streams of a large node are never drawn from, and to start one takes microseconds.
    let started: (() => number) | null = null;
    const next = () => (started ??= alea(`${this.#prefix}${entity}/${purpose}`))();
    /** Numbers that were looked at ahead. */
    const seen: number[] = [];
    const uniform = (): number => {
      this.isUsed = true;
      return seen.length === 0 ? next() : seen.shift()!;
    };
    const ahead = (): RandomStream => {
      let taken = 0;
      return { uniform: () => (seen[taken++] ??= next()) };
    };
    return { uniform, ahead };
  }
}
