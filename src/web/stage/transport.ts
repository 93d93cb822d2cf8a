/** Step, play, speed: the buttons, and the clock that runs while a world is played. */

import { US_PER_SECOND } from '../../sim/time.js';
import { formatClock, parseDurationUs } from '../../text/duration.js';
import { byId } from '../dom.js';

/** A frame that took longer than this is not caught up with. */
const LATE_MS = 100;

export interface Player {
  /** Goes to a moment; the promise is kept when it is shown. */
  goTo(timeUs: number, isLast: boolean): Promise<void>;
  step(direction: 1 | -1): Promise<void>;
  readonly timeUs: number;
  readonly endUs: number;
}

export class Transport {
  readonly #play = inTransport('.play');
  readonly #speed = inTransport<HTMLSelectElement>('select');
  readonly #time = inTransport<HTMLInputElement>('.clock');
  #isPlaying = false;

  constructor(private readonly player: Player) {
    this.#play.addEventListener('click', () => this.toggle());
    for (const direction of [-1, 1] as const)
      inTransport(`[data-step="${direction}"]`).addEventListener('click', () => this.step(direction));
    this.#time.addEventListener('change', () => this.#goToTyped());
  }

  set speed(speed: number) {
    this.#speed.value = String(speed);
  }

  show(timeUs: number): void {
    this.#time.value = formatClock(timeUs);
  }

  #goToTyped(): void {
    const timeUs = momentOf(this.#time.value);
    this.stop();
    if (timeUs === null) this.show(this.player.timeUs);
    else void this.player.goTo(Math.min(timeUs, this.player.endUs), true);
  }

  step(direction: 1 | -1): void {
    this.stop();
    void this.player.step(direction);
  }

  toggle(): void {
    if (this.#isPlaying) this.stop();
    else void this.play(this.player.endUs, Number(this.#speed.value));
  }

  stop(): void {
    this.#isPlaying = false;
    this.#play.textContent = 'play';
  }

  /** Plays to a moment, so many times as fast as it would happen. */
  async play(toUs: number, speed: number): Promise<void> {
    this.stop();
    await nextFrame();
    this.#isPlaying = true;
    this.#play.textContent = 'pause';
    let now = this.player.timeUs >= toUs ? 0 : this.player.timeUs;
    for (let before = await nextFrame(); this.#isPlaying && now < toUs; ) {
      const at = await nextFrame();
      now = Math.min(toUs, now + Math.min(LATE_MS, at - before) * 1000 * speed);
      before = at;
      if (this.#isPlaying) await this.player.goTo(now, now >= toUs);
    }
    if (this.#isPlaying) this.stop();
  }
}

function inTransport<T extends HTMLElement>(selector: string): T {
  return byId('transport').querySelector<T>(selector)!;
}

const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));

/** `20:34:31`, as the clock shows it; or `90s`, `5h30m`. Null: it is no moment. */
function momentOf(text: string): number | null {
  if (!text.includes(':')) return parseDurationUs(text.replaceAll(' ', ''));
  const seconds = text.split(':').reduce((sum, part) => 60 * sum + Number(part), 0);
  return seconds >= 0 ? Math.round(seconds * US_PER_SECOND) : null;
}
