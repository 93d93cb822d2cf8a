/**
 * Since when a workload is down, and for how long in all: a pod of which a container should run and does not.
 */
import type { EventKind } from '../../sim/simulation.js';
import { US_PER_MINUTE } from '../../sim/time.js';
import { formatDuration } from '../../text/duration.js';
import type { NodeContext } from '../context.js';

/** A shorter downtime is a restart, and is not reported. */
const LONG_US = US_PER_MINUTE;

export class Downtime {
  /** null: it is up, or it is not meant to be. */
  sinceUs: number | null = null;
  #pastUs = 0;
  /** Where a time begins of which it may be down for most, and what `totalUs` was then. */
  #mostly: { fromUs: number; totalUs: number } | null = null;
  #isTold = false;
  /** Distinguishes one downtime from the next. */
  #token = 0;

  constructor(
    private readonly context: NodeContext,
    private readonly subject: string,
    private readonly index: number,
    private readonly isLong: EventKind,
  ) {}

  /** All of it, to this moment. */
  get totalUs(): number {
    return this.#pastUs + (this.sinceUs === null ? 0 : this.context.sim.nowUs - this.sinceUs);
  }

  /** Since when it has been down for at least half of the time, and for how long it was up since then. */
  get mostly(): { sinceUs: number; upUs: number } | null {
    if (this.#mostly === null) return null;
    const { fromUs, totalUs } = this.#mostly;
    const [downUs, pastUs] = [this.totalUs - totalUs, this.context.sim.nowUs - fromUs];
    return 2 * downUs < pastUs ? null : { sinceUs: fromUs, upUs: pastUs - downUs };
  }

  /** Whether it is down now; the same again is nothing new. */
  note(isDown: boolean): void {
    const { sim } = this.context;
    if (isDown === (this.sinceUs !== null)) return;
    if (isDown) {
      if (this.mostly === null) this.#mostly = { fromUs: sim.nowUs, totalUs: this.#pastUs };
      this.sinceUs = sim.nowUs;
      sim.after(LONG_US, this.isLong, this.index, ++this.#token);
      return;
    }
    const lastedUs = sim.nowUs - this.sinceUs!;
    this.#pastUs += lastedUs;
    this.sinceUs = null;
    if (this.#isTold) this.#tell('workload-up', `after ${formatDuration(lastedUs)}`);
    this.#isTold = false;
  }

  /** It may have been down for long. */
  tellIfDown(token: number): void {
    if (this.sinceUs === null || token !== this.#token) return;
    this.#isTold = true;
    this.#tell('workload-down', `since ${formatDuration(this.sinceUs)}: what should run does not`);
  }

  #tell(kind: 'workload-down' | 'workload-up', detail: string): void {
    this.context.observer.moment(kind, this.subject, detail);
  }
}
