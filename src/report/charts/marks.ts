/** Marks over the rows of a picture: restarts and evictions, and values that show where a pointer rests. */
import type { RunResult } from '../../run/result.js';
import { rowAt } from '../../run/story.js';
import { plural } from '../../text/figures.js';
import { type ChartSpec, COLOURS, type Json } from './theme.js';
import { clockExpression, type TimeFrame } from './time.js';

/** Of those that happened within the picture; of none there is no mark. */
function countsOf({ timeline }: RunResult, frame: TimeFrame): { restarts: number; evictions: number } {
  const row = rowAt(timeline, frame.endSeconds);
  return { restarts: timeline.restarts[row], evictions: timeline.evictions[row] };
}

/** `675 restarts`, `1 eviction`: those that there are. */
export function interruptionWords(result: RunResult, frame: TimeFrame): string[] {
  const { restarts, evictions } = countsOf(result, frame);
  const words = [restarts > 0 && plural(restarts, 'restart'), evictions > 0 && plural(evictions, 'eviction')];
  return words.filter((each) => each !== false);
}

/**
 * A tick for restarts and a diamond for evictions since the row before, at the bottom of the plot.
 *
 * @param x the time encoding of the chart: layers have one axis.
 */
export function interruptionLayers(result: RunResult, frame: TimeFrame, x: ChartSpec): ChartSpec[] {
  const counts = countsOf(result, frame);
  const mark = (column: 'restarts' | 'evictions', style: ChartSpec): ChartSpec[] =>
    counts[column] === 0
      ? []
      : [
          {
            transform: [
              { window: [{ op: 'lag', field: column, as: 'known' }], sort: [{ field: 't' }] },
              { filter: `datum.${column} > (datum.known || 0)` },
            ],
            mark: { color: COLOURS.ink, clip: true, aria: false, ...style },
            encoding: { x },
          },
        ];
  return [
    ...mark('restarts', { type: 'rule', y: { expr: 'height - 9' }, y2: 'height', strokeWidth: 1 }),
    ...mark('evictions', {
      ...{ type: 'point', shape: 'diamond', size: 80, opacity: 1, filled: true },
      y: { expr: 'height - 8' },
    }),
  ];
}

/** So many columns can be pointed at. */
const COLUMNS = 60;

/** Over the whole plot, invisible: a column tells the first reading in it. @param parts expressions. */
export function hoverLayer(frame: TimeFrame, x: ChartSpec, parts: readonly string[]): ChartSpec {
  const width = frame.endSeconds / frame.unit.seconds / COLUMNS;
  const transform: Json[] = [
    { calculate: `floor(datum.t / ${width})`, as: 'column' },
    { window: [{ op: 'lag', field: 'column', as: 'columnBefore' }], sort: [{ field: 't' }] },
    { filter: `datum.column !== datum.columnBefore && datum.column < ${COLUMNS}` },
    { calculate: `datum.column * ${width}`, as: 'from' },
    { calculate: `datum.from + ${width}`, as: 'to' },
    { calculate: `${clockExpression(frame)} + ': ' + ${parts.join(" + ', ' + ")}`, as: 'value' },
  ];
  return {
    transform,
    mark: { type: 'rect', y: 0, y2: 'height', opacity: 0, color: COLOURS.ink },
    encoding: {
      x: { ...x, field: 'from' },
      x2: { field: 'to' },
      description: { field: 'value', type: 'nominal' },
    },
  };
}

/** `16,234 PIDs in use`, as an expression. */
export function counted(column: string, what: string): string {
  return `format(datum.${column}, ',d') + ' ${what}'`;
}
