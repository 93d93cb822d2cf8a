/** What the projection of a run is made from. A run without a recording keeps it too. */
import { Columns } from './columns.js';
import type { RunObserver } from './observer.js';
import { GROWTH_COLUMNS, type Growth } from './projection.js';
import type { RunEvent, RunEventKind, TimelineRow } from './result.js';

/** A trend must not reach across one of these. */
const CHANGES: ReadonlySet<RunEventKind> = new Set([
  'intervention',
  'pod-created',
  'pod-deleted',
  'evicted',
  'pod-create-failed',
]);

export class GrowthLog implements RunObserver {
  lastChangeSeconds = 0;
  readonly #rows = new Columns(GROWTH_COLUMNS);

  moment({ kind, timeSeconds }: RunEvent): void {
    if (CHANGES.has(kind)) this.lastChangeSeconds = timeSeconds;
  }

  row(row: TimelineRow): void {
    this.#rows.add(row);
  }

  /** A copy as it would be with this row. */
  with(row: TimelineRow): Growth {
    return this.#rows.with(row);
  }
}
