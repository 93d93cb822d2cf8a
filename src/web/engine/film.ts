/**
 * A run of a world to its end, in slices between which the worker can answer: what the chart needs, and the
 * world at the moments of the time line. Each of these is kept whole, tree and table, so that to go there is
 * to look it up.
 */
import { headline } from '../../report/answer.js';
import { headlineMoments } from '../../report/moments.js';
import { US_PER_SECOND } from '../../sim/time.js';
import { FILM_COLUMNS, type Film, type Frame, MOMENTS, momentUs, type Row } from './messages.js';
import type { Passage } from './passages.js';
import type { World } from './world.js';

const SLICE_MS = 25;
/** Events between two runs that stand: a browser simulates so many in about 50 ms. */
const EVENTS_APART = 100_000;
/** A run that stands takes 5 MB. */
const PLACES_MAX = 24;

export class FilmMaker {
  readonly #world: World;
  readonly #passage: Passage;
  /** Events up to each moment. */
  readonly #events: number[] = [];
  readonly #frames: Frame[] = [];
  /** A line that is as it was is kept once. */
  readonly #rows = new Map<string, Row>();
  readonly #film: Film;

  constructor(world: World) {
    this.#world = world;
    this.#passage = world.again();
    const columns = Object.fromEntries(FILM_COLUMNS.map((column) => [column, [] as number[]]));
    this.#film = {
      columns: columns as Film['columns'],
      marks: [],
      endUs: world.scenario.horizonUs,
      progress: 0,
      digest: null,
      headline: '',
    };
  }

  get isDone(): boolean {
    return this.#events.length > MOMENTS;
  }

  /** Goes on for a slice of real time. */
  goOn(): Film {
    const from = performance.now();
    while (!this.isDone && performance.now() - from < SLICE_MS) this.#shoot();
    this.#film.progress = Math.min(1, this.#events.length / MOMENTS);
    if (this.isDone) this.#finish();
    return this.#film;
  }

  #shoot(): void {
    const { run } = this.#passage;
    this.#passage.to(momentUs(this.#events.length, this.#film.endUs));
    this.#events.push(run.sim.eventCount);
    const { isFar = false } = this.#world.opening;
    const frame = this.#world.frame(!isFar, run);
    if (!isFar) this.#frames.push({ ...frame, rows: frame.rows?.map((row) => this.#once(row)) });
    const { columns } = this.#film;
    const values = { ...frame.counts, timeUs: frame.timeUs };
    for (const column of FILM_COLUMNS) columns[column].push(values[column]);
  }

  #once(row: Row): Row {
    const key = JSON.stringify(row);
    const known = this.#rows.get(key);
    if (known === undefined) this.#rows.set(key, row);
    return known ?? row;
  }

  #finish(): void {
    const result = this.#passage.run.result();
    this.#film.digest = result.digest;
    this.#film.headline = headline(result);
    this.#film.marks = headlineMoments(result).map(({ seconds, label, main }) => ({
      timeUs: seconds * US_PER_SECOND,
      text: label,
      kind: main ? 'main' : 'other',
    }));
  }

  /** Moments with about equally many events between them, few enough to be simulated while a reader waits. */
  get places(): number[] {
    const events = this.#events;
    const apart = Math.max(EVENTS_APART, events[events.length - 1] / PLACES_MAX);
    const isNext = (count: number, index: number): boolean =>
      index > 0 && Math.floor(count / apart) > Math.floor(events[index - 1] / apart);
    return events.flatMap((count, index) => (isNext(count, index) ? momentUs(index, this.#film.endUs) : []));
  }

  /** The world at one of the moments. Null: it is another moment, or not filmed yet. */
  at(timeUs: number): Frame | null {
    const { endUs } = this.#film;
    const index = Math.round((timeUs / endUs) * MOMENTS);
    if (index >= this.#frames.length || momentUs(index, endUs) !== timeUs) return null;
    return this.#frames[index];
  }
}
