/** A run of a world to its end, in slices between which the worker can answer: what the chart and a scrub need. */
import { headline } from '../../report/answer.js';
import { headlineMoments } from '../../report/moments.js';
import { US_PER_SECOND } from '../../sim/time.js';
import { FILM_COLUMNS, type Film, type Frame } from './messages.js';
import type { World } from './world.js';

/** As many as a wide screen has places to scrub to. */
const SHOTS = 480;
const SLICE_MS = 25;

export class FilmMaker {
  readonly #world: World;
  readonly #shots: Frame[] = [];
  readonly #film: Film;

  constructor(world: World) {
    this.#world = world.again();
    const columns = Object.fromEntries(FILM_COLUMNS.map((column) => [column, [] as number[]]));
    this.#film = {
      columns: columns as Film['columns'],
      marks: [],
      endUs: this.#world.scenario.horizonUs,
      progress: 0,
      digest: null,
      headline: '',
    };
  }

  get isDone(): boolean {
    return this.#shots.length > SHOTS;
  }

  /** Goes on for a slice of real time. */
  goOn(): Film {
    const from = performance.now();
    while (!this.isDone && performance.now() - from < SLICE_MS) this.#shoot();
    this.#film.progress = Math.min(1, this.#shots.length / SHOTS);
    if (this.isDone) this.#finish();
    return this.#film;
  }

  #shoot(): void {
    this.#world.seek(Math.round((this.#film.endUs * this.#shots.length) / SHOTS));
    const frame = this.#world.frame(false);
    this.#shots.push(frame);
    const { columns } = this.#film;
    const row = { ...frame.counts, timeUs: frame.timeUs };
    for (const column of FILM_COLUMNS) columns[column].push(row[column]);
  }

  #finish(): void {
    const result = this.#world.result();
    this.#film.digest = result.digest;
    this.#film.headline = headline(result);
    this.#film.marks = headlineMoments(result).map(({ seconds, label, main }) => ({
      timeUs: seconds * US_PER_SECOND,
      text: label,
      kind: main ? 'main' : 'other',
    }));
  }

  /** The last shot up to a moment. */
  at(timeUs: number): Frame | null {
    const index = Math.floor((timeUs / this.#film.endUs) * SHOTS);
    return this.#shots[Math.min(index, this.#shots.length - 1)] ?? null;
  }
}
