/** The timeline and the events of a run. A run with `record: false` has none. */
import type { Node } from '../node/node.js';
import { Columns } from './columns.js';
import type { RunObserver } from './observer.js';
import { readLimits } from './reading.js';
import {
  READING_COLUMNS,
  RECORDED_COLUMNS,
  type RunEvent,
  type Timeline,
  type TimelineRow,
} from './result.js';

export class Recording implements RunObserver {
  readonly #rows = new Columns(READING_COLUMNS);
  readonly #limits = new Columns(RECORDED_COLUMNS);
  readonly #events: RunEvent[] = [];

  constructor(private readonly node: Node) {}

  moment(event: RunEvent): void {
    this.#events.push(event);
  }

  row(row: TimelineRow): void {
    this.#rows.add(row);
    this.#limits.add(readLimits(this.node, row.time_s));
  }

  /** A copy as it would be with this row, and with these events besides. */
  with(row: TimelineRow, events: readonly RunEvent[]): { timeline: Timeline; events: RunEvent[] } {
    return {
      timeline: { ...this.#rows.with(row), ...this.#limits.with(readLimits(this.node, row.time_s)) },
      events: [...this.#events, ...events].map((event) => ({ ...event })),
    };
  }
}
