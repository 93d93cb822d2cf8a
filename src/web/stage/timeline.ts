/** The run from its beginning to its end: PIDs in use below pid_max, moments as marks, and a place to go to. */
import { formatCompact } from '../../text/figures.js';
import { h, svg } from '../dom.js';
import type { Film } from '../engine/messages.js';
import { timeText } from './time-text.js';

const HEIGHT = 190;
const LEFT = 46;
const TOP = 16;
const BOTTOM = 22;

type Point = readonly [timeUs: number, pids: number];

export class Timeline {
  readonly #plot = svg('svg', { role: 'img' });
  readonly #range = h('input', { type: 'range', min: 0, max: 1000, step: 1, value: 0, 'aria-label': 'Time' });
  readonly #words = h('figcaption', {});
  readonly #legend = h('ul', { class: 'legend' });
  readonly #now = svg('line', { class: 'now', y1: TOP - 6, y2: HEIGHT - BOTTOM });
  #film: Film | null = null;
  /** The same world with something else in it: a line to compare. */
  #other: Film | null = null;
  #timeUs = 0;
  /** In the units of the plot, which are pixels. */
  #width = 720;
  #isHidden = false;
  /** What somebody has drawn, in the order of time. */
  #drawn: Point[] = [];
  #isDrawing = false;
  onDraw: ((points: readonly Point[]) => void) | null = null;

  constructor(
    readonly element: HTMLElement,
    private readonly endUs: () => number,
    onScrub: (timeUs: number) => void,
  ) {
    element.append(this.#words, this.#plot, this.#range, this.#legend);
    this.#range.addEventListener('input', () => onScrub((Number(this.#range.value) / 1000) * this.endUs()));
    this.#plot.addEventListener('pointerdown', (event) => {
      this.#isDrawing = this.onDraw !== null;
      if (this.#isDrawing) this.#drawn = [];
      else onScrub(this.#timeAt(event));
      this.#plot.setPointerCapture((event as PointerEvent).pointerId);
    });
    this.#plot.addEventListener('pointermove', (event) => {
      if (((event as PointerEvent).buttons & 1) === 0) return;
      if (this.#isDrawing) this.#drawAt(event as PointerEvent);
      else onScrub(this.#timeAt(event));
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
    this.#range.value = String(Math.round((timeUs / this.endUs()) * 1000));
    this.#range.setAttribute('aria-valuetext', timeText(timeUs));
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

  #drawAt(event: PointerEvent): void {
    const { top, height } = this.#plot.getBoundingClientRect();
    const y = ((event.clientY - top) / height) * HEIGHT;
    const part = Math.max(0, Math.min(1, (HEIGHT - BOTTOM - y) / (HEIGHT - BOTTOM - TOP)));
    const timeUs = this.#timeAt(event);
    this.#drawn = [...this.#drawn.filter(([at]) => at < timeUs), [timeUs, part * this.#most]];
    this.#draw();
  }

  get #most(): number {
    const { pidMax, allocated } = this.#film?.columns ?? { pidMax: [1], allocated: [1] };
    // A table that is hardly used is drawn to be seen.
    const used = Math.max(1, ...allocated);
    const limit = Math.max(1, ...pidMax);
    return used > limit / 20 || this.#isHidden ? limit * 1.04 : used * 1.3;
  }

  #x = (timeUs: number): number => LEFT + (timeUs / this.endUs()) * (this.#width - LEFT - 8);
  #y = (pids: number): number => HEIGHT - BOTTOM - (pids / this.#most) * (HEIGHT - BOTTOM - TOP);

  #draw(): void {
    const film = this.#film;
    if (film === null) return;
    this.#width = Math.max(280, this.#plot.clientWidth);
    this.#plot.setAttribute('viewBox', `0 0 ${this.#width} ${HEIGHT}`);
    const { timeUs, allocated, zombies, pinned, pidMax, kubelet } = film.columns;
    const parts: (Node | string)[] = [...this.#axes()];
    if (!this.#isHidden && timeUs.length > 1) {
      const live = allocated.map((all, at) => all - zombies[at] - pinned[at]);
      const dead = live.map((count, at) => count + zombies[at]);
      const none = live.map(() => 0);
      parts.push(
        this.#area('live', none, live),
        this.#area('zombie', live, dead),
        this.#area('pinned', dead, allocated),
      );
      parts.push(this.#line('kubelet', kubelet));
      if (this.#other !== null)
        parts.push(this.#line('other', this.#other.columns.allocated, this.#other.columns.timeUs));
      if (this.#most > Math.max(...pidMax)) parts.push(this.#line('limit', pidMax));
    } else if (timeUs.length > 0) parts.push(this.#line('limit', [pidMax[0], pidMax[0]], [0, film.endUs]));
    if (!this.#isHidden) parts.push(...this.#marks(film));
    if (this.#drawn.length > 1)
      parts.push(
        svg('path', {
          class: 'guess',
          d: this.#path(
            this.#drawn.map(([at]) => at),
            this.#drawn.map(([, pids]) => pids),
          ),
        }),
      );
    this.#plot.replaceChildren(...parts, this.#now);
    this.#moveNow();
    const state = film.progress < 1 ? 'the run is being computed …' : film.headline;
    this.#words.textContent = this.#isHidden ? 'PIDs in use: your guess' : `PIDs in use: ${state}`;
    this.#plot.setAttribute('aria-label', this.#words.textContent);
    const names = Object.keys(LEGEND).filter((name) => name !== 'other' || this.#other !== null);
    this.#legend.replaceChildren(
      ...names.map((name) => h('li', {}, h('span', { class: `swatch ${name}` }), LEGEND[name])),
    );
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
    const every = NICE_US.find((step) => end / step <= this.#width / 80) ?? NICE_US[NICE_US.length - 1];
    for (let at = 0; at <= end; at += every) {
      const x = this.#x(at);
      ticks.push(svg('line', { class: 'tick', x1: x, x2: x, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 4 }));
      const anchor = at === 0 ? 'start' : at > 0.97 * end ? 'end' : 'middle';
      ticks.push(svg('text', { x, y: HEIGHT - 6, 'text-anchor': anchor }, timeText(at)));
    }
    for (const part of [0, 0.5, 1]) {
      const pids = (part * this.#most) / 1.04;
      ticks.push(
        svg('line', { class: 'grid', x1: LEFT, x2: this.#width - 8, y1: this.#y(pids), y2: this.#y(pids) }),
      );
      ticks.push(
        svg(
          'text',
          { x: LEFT - 6, y: this.#y(pids) + 4, 'text-anchor': 'end' },
          formatCompact(Math.round(pids)),
        ),
      );
    }
    return ticks;
  }

  #marks({ marks }: Film): Node[] {
    return marks.flatMap(({ timeUs, text, kind }) => {
      const x = this.#x(timeUs);
      const isLate = x > this.#width * 0.6;
      const attributes = {
        class: `mark ${kind}`,
        x: x + (isLate ? -5 : 5),
        y: TOP + 2,
        'text-anchor': isLate ? 'end' : 'start',
      };
      const line = svg('line', { class: `mark ${kind}`, x1: x, x2: x, y1: TOP - 8, y2: HEIGHT - BOTTOM });
      return kind === 'main'
        ? [line, svg('text', attributes, text)]
        : [svg('line', { class: 'mark', x1: x, x2: x, y1: TOP - 8, y2: TOP + 4 }, svg('title', {}, text))];
    });
  }

  #path(times: readonly number[], values: readonly number[]): string {
    return times
      .map(
        (at, index) =>
          `${index === 0 ? 'M' : 'L'}${this.#x(at).toFixed(1)} ${this.#y(values[index]).toFixed(1)}`,
      )
      .join('');
  }

  #line(name: string, values: readonly number[], times = this.#film!.columns.timeUs): Node {
    return svg('path', { class: name, d: this.#path(times, values) });
  }

  #area(name: string, below: readonly number[], above: readonly number[]): Node {
    const times = this.#film!.columns.timeUs;
    const back = this.#path([...times].reverse(), [...below].reverse()).replace('M', 'L');
    return svg('path', { class: `area ${name}`, d: `${this.#path(times, above)}${back}Z` });
  }
}

const LEGEND: Record<string, string> = {
  live: 'processes and threads',
  zombie: 'zombies',
  pinned: 'pinned',
  kubelet: 'what the kubelet counts',
  other: 'in use with the other pause',
};

const [S, M, H] = [1e6, 60e6, 3600e6];
const NICE_US = [
  S,
  2 * S,
  5 * S,
  10 * S,
  M,
  5 * M,
  10 * M,
  30 * M,
  H,
  3 * H,
  6 * H,
  12 * H,
  24 * H,
  120 * H,
  720 * H,
];
