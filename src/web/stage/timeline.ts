/** The run from its beginning to its end: PIDs in use below pid_max, moments as marks, where to go. */

import { US_PER_SECOND } from '../../sim/time.js';
import { formatDuration } from '../../text/duration.js';
import { formatCompact } from '../../text/figures.js';
import { svg } from '../dom.js';
import { type Film, MOMENTS, momentUs } from '../engine/messages.js';

const HEIGHT = 190;
const LEFT = 46;
const TOP = 16;
/** Above the limit. */
const ROOM = 1.04;
const FLOOR = HEIGHT - 22;

type Point = readonly [timeUs: number, pids: number];

export class Timeline {
  readonly #plot: SVGElement;
  readonly #range: HTMLInputElement;
  readonly #words: HTMLElement;
  readonly #now = svg('line', { class: 'now', y1: TOP - 6, y2: FLOOR });
  #film: Film | null = null;
  /** The same world with something else in it: a line to compare. */
  #other: Film | null = null;
  #timeUs = 0;
  /** In the units of the plot, which are pixels. */
  #width = 720;
  #isHidden = false;
  /** What has been drawn by hand, in the order of time. */
  #drawn: Point[] = [];
  #isDrawing = false;
  onDraw: ((points: readonly Point[]) => void) | null = null;

  constructor(
    readonly element: HTMLElement,
    private readonly endUs: () => number,
    onScrub: (timeUs: number) => void,
  ) {
    this.#plot = element.querySelector<SVGElement>('.plot')!;
    this.#range = element.querySelector('input')!;
    this.#words = element.querySelector('figcaption')!;
    this.#range.max = String(MOMENTS);
    this.#range.addEventListener('input', () => onScrub(momentUs(Number(this.#range.value), this.endUs())));
    this.#plot.addEventListener('pointerdown', (event) => {
      this.#isDrawing = this.onDraw !== null;
      if (this.#isDrawing) this.#drawn = [];
      else onScrub(this.#momentAt(event));
      this.#plot.setPointerCapture((event as PointerEvent).pointerId);
    });
    this.#plot.addEventListener('pointermove', (event) => {
      if (((event as PointerEvent).buttons & 1) === 0) return;
      if (this.#isDrawing) this.#drawAt(event as PointerEvent);
      else onScrub(this.#momentAt(event));
    });
    this.#plot.addEventListener('pointerup', () => {
      if (this.#isDrawing) this.onDraw?.(this.#drawn);
      this.#isDrawing = false;
    });
  }

  /** @param isHidden the curves are not to be seen yet, but what is to be guessed under. */
  show(film: Film | null, isHidden: boolean, other: Film | null = null): void {
    this.#film = film;
    this.#other = other;
    this.#isHidden = isHidden;
    this.#draw();
  }

  at(timeUs: number): void {
    this.#timeUs = timeUs;
    this.#range.value = String(Math.round((timeUs / this.endUs()) * MOMENTS));
    this.#range.setAttribute('aria-valuetext', formatDuration(timeUs));
    this.#moveNow();
  }

  guess(points: readonly Point[]): void {
    this.#drawn = [...points];
    this.#draw();
  }

  #timeAt(event: Event): number {
    const { left, width } = this.#plot.getBoundingClientRect();
    const x = (((event as PointerEvent).clientX - left) / width) * this.#width;
    return Math.max(0, Math.min(1, (x - LEFT) / (this.#width - LEFT - 8))) * this.endUs();
  }

  /** The nearest one that is kept. */
  #momentAt(event: Event): number {
    const endUs = this.endUs();
    return momentUs(Math.round((this.#timeAt(event) / endUs) * MOMENTS), endUs);
  }

  #drawAt(event: PointerEvent): void {
    const { top, height } = this.#plot.getBoundingClientRect();
    const y = ((event.clientY - top) / height) * HEIGHT;
    const part = Math.max(0, Math.min(1, (FLOOR - y) / (FLOOR - TOP)));
    const timeUs = this.#timeAt(event);
    this.#drawn = [...this.#drawn.filter(([at]) => at < timeUs), [timeUs, part * this.#most]];
    this.#draw();
  }

  get #most(): number {
    const { pidMax, allocated } = this.#film?.columns ?? { pidMax: [1], allocated: [1] };
    // A table that is hardly used is drawn to be seen.
    const used = Math.max(1, ...allocated);
    const limit = Math.max(1, ...pidMax);
    return used > limit / 20 || this.#isHidden ? limit * ROOM : used * 1.3;
  }

  #x = (timeUs: number): number => LEFT + (timeUs / this.endUs()) * (this.#width - LEFT - 8);
  #y = (pids: number): number => FLOOR - (pids / this.#most) * (FLOOR - TOP);

  #draw(): void {
    const film = this.#film;
    if (film === null) return;
    this.#width = Math.max(280, this.#plot.clientWidth);
    this.#plot.setAttribute('viewBox', `0 0 ${this.#width} ${HEIGHT}`);
    const { timeUs, allocated, zombies, pinned, pidMax, free, kubelet } = film.columns;
    const parts: Node[] = this.#axes();
    if (this.#isHidden) parts.push(this.#line('limit', [0, film.endUs], [pidMax[0], pidMax[0]]));
    else if (timeUs.length > 1) {
      const live = allocated.map((all, at) => all - zombies[at] - pinned[at]);
      // Each in front of what is higher. What is neither in use nor free cannot be had any more.
      const reserved = pidMax.map((limit, at) => Math.max(allocated[at], limit - free[at]));
      const unpinned = allocated.map((all, at) => all - pinned[at]);
      for (const [name, pids] of Object.entries({ reserved, pinned: allocated, zombie: unpinned, live }))
        parts.push(this.#area(name, timeUs, pids));
      parts.push(this.#line('kubelet', timeUs, kubelet));
      const other = this.#other?.columns;
      if (other !== undefined) parts.push(this.#line('other', other.timeUs, other.allocated));
      if (this.#most > Math.max(...pidMax)) parts.push(this.#line('limit', timeUs, pidMax));
      parts.push(...film.marks.flatMap((mark) => this.#mark(mark)));
    }
    const [times, pids] = [this.#drawn.map(([at]) => at), this.#drawn.map(([, count]) => count)];
    if (times.length > 1) parts.push(this.#line('guess', times, pids));
    this.#plot.replaceChildren(...parts, this.#now);
    this.#moveNow();
    const state = film.progress < 1 ? 'the run is being computed …' : film.headline;
    this.#words.textContent = this.#isHidden ? 'PIDs in use: your guess' : `PIDs in use: ${state}`;
    this.#plot.setAttribute('aria-label', this.#words.textContent);
  }

  /** Alone, for it does so in every frame. */
  #moveNow(): void {
    const x = String(this.#x(this.#timeUs));
    this.#now.setAttribute('x1', x);
    this.#now.setAttribute('x2', x);
  }

  #axes(): Node[] {
    const ticks: Node[] = [];
    const end = this.endUs();
    const nice = NICE_SECONDS.map((seconds) => seconds * US_PER_SECOND);
    const every = nice.find((step) => end / step <= this.#width / 80) ?? nice[nice.length - 1];
    for (let at = 0; at <= end; at += every) {
      const x = this.#x(at);
      ticks.push(svg('line', { class: 'tick', x1: x, x2: x, y1: FLOOR, y2: FLOOR + 4 }));
      const anchor = at === 0 ? 'start' : at > 0.97 * end ? 'end' : 'middle';
      ticks.push(svg('text', { x, y: HEIGHT - 6, 'text-anchor': anchor }, formatDuration(at)));
    }
    for (const part of [0, 0.5, 1]) {
      const pids = Math.round((part * this.#most) / ROOM);
      const y = this.#y(pids);
      ticks.push(svg('line', { class: 'grid', x1: LEFT, x2: this.#width - 8, y1: y, y2: y }));
      ticks.push(svg('text', { x: LEFT - 6, y: y + 4, 'text-anchor': 'end' }, formatCompact(pids)));
    }
    return ticks;
  }

  /** The main one in words, the others when the pointer is on them. */
  #mark({ timeUs, text, kind }: Film['marks'][number]): Node[] {
    const x = this.#x(timeUs);
    const isMain = kind === 'main';
    const place = { class: `mark ${kind}`, x1: x, x2: x, y1: TOP - 8, y2: isMain ? FLOOR : TOP + 4 };
    const line = svg('line', place, svg('title', {}, text));
    const isLate = x > this.#width * 0.6;
    const beside = { x: x + (isLate ? -5 : 5), y: TOP + 2, 'text-anchor': isLate ? 'end' : 'start' };
    return isMain ? [line, svg('text', { class: 'mark main', ...beside }, text)] : [line];
  }

  #path(times: readonly number[], pids: readonly number[]): string {
    const points = times.map((at, index) => `${this.#x(at).toFixed(1)} ${this.#y(pids[index]).toFixed(1)}`);
    return `M${points.join('L')}`;
  }

  #line(name: string, times: readonly number[], pids: readonly number[]): Node {
    return svg('path', { class: name, d: this.#path(times, pids) });
  }

  #area(name: string, times: readonly number[], pids: readonly number[]): Node {
    const floor = `L${this.#x(times[times.length - 1])} ${FLOOR}L${this.#x(times[0])} ${FLOOR}Z`;
    return svg('path', { class: `area ${name}`, d: this.#path(times, pids) + floor });
  }
}

const NICE_SECONDS = [
  1, 2, 5, 10, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 432_000, 2_592_000,
];
