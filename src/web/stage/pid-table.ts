/** The PID table as a picture, a cell for each PID. Pointing at a cell tells what holds the PID, and why. */
import { CELLS } from '../../kernel/kernel.js';
import { formatCount } from '../../text/figures.js';
import { colour, fromTemplate, h } from '../dom.js';
import type { Frame } from '../engine/messages.js';

/** By the size of the table: how wide it is, where the screen has room for it. */
function columnsFor(cells: number, width: number): number {
  const wide = cells > 16_384 ? 256 : cells > 2_048 ? 128 : 64;
  return width < 560 ? wide / 2 : wide;
}

const HOW = 'Point at a cell, or go there with the arrow keys, to read which process holds its PID.';

/** In pixels. Smaller cells would be mostly hatching. */
const HATCHED_FROM = 4;

export class PidTable {
  readonly element = fromTemplate('pid-table');
  readonly #canvas = this.element.querySelector('canvas')!;
  readonly #holder = this.element.querySelector('.holder')!;
  readonly #numbers = this.element.querySelector('dl')!;
  readonly #scroller = this.element.querySelector('.scroll')!;
  #frame: Frame | null = null;
  #colours: number[] = [];
  #ink = '';
  #image: ImageData | null = null;
  #columns = 64;
  #zoom = 1;
  #focused = -1;
  #asked = 0;

  constructor(
    title: string,
    private readonly holderOf: (pid: number) => Promise<string>,
  ) {
    if (title !== '') this.element.querySelector('strong')!.textContent = title;
    const [smaller, larger] = this.element.querySelectorAll('button');
    smaller.addEventListener('click', () => this.#zoomTo(this.#zoom / 2));
    larger.addEventListener('click', () => this.#zoomTo(this.#zoom * 2));
    this.#canvas.addEventListener('pointermove', (event) => this.focus(this.#pidAt(event)));
    this.#canvas.addEventListener('pointerleave', () => this.focus(-1));
    this.#canvas.addEventListener('keydown', (event) => this.#key(event));
    this.#holder.textContent = HOW;
    this.readColours();
  }

  /** Again, when the scheme has changed. */
  readColours(): void {
    this.#colours = CELLS.map((name) => packed(colour(`--${name}`)));
    this.#ink = colour('--ink');
    this.#draw();
  }

  show(frame: Frame): void {
    this.#frame = frame;
    this.#draw();
    const { live, zombies, pinned, free, pidMax } = frame.counts;
    const parts = Object.entries({ alive: live, zombies, pinned, free });
    this.#numbers.replaceChildren(
      ...parts.map(([name, count]) => h('div', {}, h('dt', {}, name), h('dd', {}, formatCount(count)))),
    );
    const words = parts.map(([name, count]) => `${formatCount(count)} ${name}`).join(', ');
    const label = `${formatCount(pidMax)} PIDs: ${words}. Arrow keys go from one to another.`;
    this.#canvas.setAttribute('aria-label', label);
  }

  /** Says which process holds a PID, and marks it; -1: none. */
  focus(pid: number): void {
    if (pid === this.#focused) return;
    this.#focused = pid;
    this.#draw();
    const asked = ++this.#asked;
    if (pid < 1) this.#holder.textContent = HOW;
    else
      void this.holderOf(pid).then((words) => {
        if (asked === this.#asked) this.#holder.textContent = words;
      });
  }

  #zoomTo(zoom: number): void {
    this.#zoom = Math.max(1, Math.min(8, zoom));
    this.#draw();
  }

  #pidAt({ offsetX, offsetY }: PointerEvent): number {
    const pitch = this.#canvas.clientWidth / this.#columns;
    const pid = Math.floor(offsetY / pitch) * this.#columns + Math.floor(offsetX / pitch);
    return pid < (this.#frame?.cells.length ?? 0) ? pid : -1;
  }

  #key(event: KeyboardEvent): void {
    const move = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.#columns, ArrowUp: -this.#columns }[
      event.key
    ];
    if (move === undefined || this.#frame === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.focus(Math.max(1, Math.min(this.#frame.cells.length - 1, Math.max(1, this.#focused) + move)));
  }

  #draw(): void {
    const { cells = null, cursor = 0 } = this.#frame ?? {};
    const width = this.#scroller.clientWidth;
    if (cells === null || cells.length === 0 || width === 0) return;
    const ratio = Math.min(2, devicePixelRatio);
    this.#columns = columnsFor(cells.length, width);
    const wide = Math.round(width * ratio * this.#zoom);
    const high = Math.round((Math.ceil(cells.length / this.#columns) * wide) / this.#columns);
    if (this.#canvas.width !== wide || this.#canvas.height !== high) {
      this.#canvas.width = wide;
      this.#canvas.height = high;
      this.#canvas.style.width = `${width * this.#zoom}px`;
    }
    const context = this.#canvas.getContext('2d')!;
    context.putImageData(this.#paint(cells, wide, high), 0, 0);
    this.#ring(context, cursor);
    if (this.#focused > 0) this.#ring(context, this.#focused);
  }

  /** Where a column begins, or a row: in whole pixels, so one cell may be a pixel larger than the next. */
  #edge(index: number): number {
    return Math.round((index * this.#canvas.width) / this.#columns);
  }

  #paint(cells: Uint8Array, wide: number, high: number): ImageData {
    if (this.#image?.width !== wide || this.#image.height !== high) this.#image = new ImageData(wide, high);
    const image = this.#image;
    const pixels = new Uint32Array(image.data.buffer);
    pixels.fill(0);
    const plain = this.#colours;
    const pinned = CELLS.indexOf('pinned');
    const paper = plain[CELLS.indexOf('free')];
    const size = wide / this.#columns;
    const gap = size >= 6 ? 1 : 0;
    // The hatching runs through at 45 degrees, where a cell has room for it.
    const hatch = Math.max(3, Math.round(size / 2));
    const edges = Array.from({ length: Math.max(this.#columns, cells.length / this.#columns) + 2 }, (_, at) =>
      this.#edge(at),
    );
    for (let pid = 0; pid < cells.length; pid++) {
      const column = pid % this.#columns;
      const row = Math.floor(pid / this.#columns);
      const kind = cells[pid];
      const right = edges[column + 1] - gap;
      const bottom = Math.min(high, edges[row + 1] - gap);
      for (let y = edges[row]; y < bottom; y++) {
        const from = y * wide + edges[column];
        if (kind !== pinned || size < HATCHED_FROM) pixels.fill(plain[kind], from, y * wide + right);
        else
          for (let x = edges[column]; x < right; x++)
            pixels[y * wide + x] = (x + y) % hatch === 0 ? paper : plain[kind];
      }
    }
    return image;
  }

  /** Around the cursor, and around what is pointed at. */
  #ring(context: CanvasRenderingContext2D, pid: number): void {
    const size = this.#canvas.width / this.#columns;
    const [left, top] = [this.#edge(pid % this.#columns), this.#edge(Math.floor(pid / this.#columns))];
    context.strokeStyle = this.#ink;
    context.lineWidth = Math.max(2, size / 5);
    const around = Math.max(1, 5 - size);
    context.strokeRect(left - around, top - around, size + 2 * around, size + 2 * around);
  }
}

/** `#d55e00` as four bytes of a picture, the lowest first, as on every machine that runs a browser. */
function packed(text: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16));
  return (255 << 24) | (blue << 16) | (green << 8) | red;
}
