/** One world on the stage: its engine, the processes, the table of PIDs, the programs. */
import type { Act } from '../../node/by-hand.js';
import { h } from '../dom.js';
import { Engine } from '../engine/client.js';
import type { Film, Frame, Opened, Opening } from '../engine/messages.js';
import { PidTable } from './pid-table.js';
import { Processes } from './processes.js';
import { Programs } from './programs.js';

/** Of a large world so many transitions are got ready at a time; of a small one, all. */
const STEPS_AHEAD = 12;
const STEPS_MAX = 600;

export class Scene {
  readonly element = h('section', { class: 'scene' });
  readonly #engine: Engine;
  readonly #table: PidTable;
  readonly #processes: Processes;
  readonly #programs = new Programs();
  film: Film | null = null;
  endUs = 1;
  #isSmall = false;
  /** Transitions that are ready to be shown; of a small world all of them. */
  #steps: Frame[] = [];
  /** How many of them have been shown; of a large world -1: none, the frame is of a moment. */
  step = -1;
  frame: Frame | null = null;

  constructor(title: string, isSmall: boolean, onFilm: () => void) {
    this.#engine = new Engine((film) => {
      this.film = film;
      onFilm();
    });
    this.#table = new PidTable(title, (pid) => this.#holderOf(pid));
    this.#processes = new Processes((pid) => {
      if (this.#isSmall) this.#table.focus(pid);
    });
    const parts = [this.#processes.element, this.#programs.element, this.#table.element];
    // Of a machine, the table is what matters.
    this.element.append(...(isSmall ? parts : parts.reverse()));
  }

  async open(opening: Opening): Promise<Opened> {
    const opened = await this.#engine.ask('open', opening);
    if (!opened.ok) return opened;
    this.endUs = opened.endUs;
    this.film = null;
    this.step = -1;
    this.#isSmall = opening.isSmall;
    this.#steps = opening.isSmall ? await this.#engine.ask('steps', 0, STEPS_MAX) : [];
    return opened;
  }

  /** Exactly that moment. */
  async seek(timeUs: number, withRows: boolean): Promise<void> {
    if (this.#isSmall) {
      const next = this.#steps.findIndex((frame) => frame.timeUs > timeUs);
      this.toStep(next < 0 ? this.#steps.length : next, timeUs);
      return;
    }
    this.step = -1;
    this.#steps = [];
    this.#show(await this.#engine.ask('seek', timeUs, withRows));
  }

  /** Of a small world: as it is after so many transitions. */
  toStep(step: number, timeUs?: number): void {
    this.step = Math.max(1, Math.min(step, this.#steps.length));
    const frame = this.#steps[this.step - 1];
    if (frame !== undefined) this.#show({ ...frame, timeUs: timeUs ?? frame.timeUs });
  }

  /** The next transition, or the one before. */
  async go(direction: 1 | -1): Promise<void> {
    if (this.#isSmall) {
      this.toStep(this.step + direction);
      return;
    }
    const timeUs = this.frame?.timeUs ?? 0;
    const at = this.step + direction;
    if (this.step < 0 || this.#steps[at - 1] === undefined) {
      const ahead = direction > 0;
      this.#steps = await this.#engine.ask(ahead ? 'steps' : 'stepsBefore', timeUs, STEPS_AHEAD);
      this.step = ahead ? 1 : this.#steps.length;
    } else this.step = at;
    const frame = this.#steps[this.step - 1];
    if (frame !== undefined) this.#show(frame);
  }

  async act(act: Act): Promise<{ words: string[]; timeUs: number }> {
    return this.#engine.ask('act', act, this.frame?.timeUs ?? 0);
  }

  litmus(pod: string | null): Promise<string | null> {
    return this.#engine.ask('litmus', pod);
  }

  #holderOf(pid: number): Promise<string> {
    const { holders, timeUs = 0 } = this.frame ?? {};
    if (holders !== undefined) return Promise.resolve(holders[pid] ?? `PID ${pid} is free.`);
    return this.#engine.ask('holder', pid, timeUs);
  }

  #show(frame: Frame): void {
    this.frame = frame;
    this.#table.show(frame);
    this.#processes.show(frame);
    if (frame.programs !== undefined) this.#programs.show(frame.programs);
  }

  /** The window or the colours have changed. */
  refresh(): void {
    this.#table.readColours();
  }

  close(): void {
    this.#engine.close();
    this.element.remove();
  }
}
