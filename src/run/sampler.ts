/** Reads the node every so often, and at the end of each instant with news: a row for the observers. */
import type { Node } from '../node/node.js';
import type { EventKind, Simulation } from '../sim/simulation.js';
import type { Fullness } from './fullness.js';
import type { Observers, RunObserver } from './observer.js';
import { readNode } from './reading.js';

/** Rows for news, beyond the regular ones. */
const NEWS_ROWS_MAX = 1_000;

export class Sampler implements RunObserver {
  readonly #sim: Simulation;
  readonly #regularRow: EventKind;
  readonly #extraRow: EventKind;
  #newsRows = 0;
  /** Extra rows still to come at the end of this instant. They would be the same: only the last is read. */
  #pending = 0;

  /** Begins at once, with a row at the end of this instant. */
  constructor(
    private readonly node: Node,
    private readonly observers: Observers,
    private readonly fullness: Fullness,
    private readonly everyUs: number,
  ) {
    this.#sim = node.context.sim;
    this.#regularRow = this.#sim.register(() => this.#readRegularly());
    this.#extraRow = this.#sim.register(() => {
      if (--this.#pending === 0) this.#read();
    });
    this.#sim.atEndOf(this.#sim.nowUs, this.#regularRow, 0, 0);
  }

  moment(): void {
    if (this.#newsRows >= NEWS_ROWS_MAX) return;
    this.#newsRows++;
    this.#readAtEndOfInstant();
  }

  /** What the namespace holds is about to be freed: a full node may have room again. */
  namespaceEnds(): void {
    if (this.fullness.isFull) this.#readAtEndOfInstant();
  }

  #readAtEndOfInstant(): void {
    this.#pending++;
    this.#sim.atEndOf(this.#sim.nowUs, this.#extraRow, 0, 0);
  }

  #readRegularly(): void {
    this.#read();
    this.#sim.atEndOf(this.#sim.nowUs + this.everyUs, this.#regularRow, 0, 0);
  }

  #read(): void {
    this.observers.row(readNode(this.node));
  }
}
