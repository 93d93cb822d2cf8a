/** What a sweep in one piece and one in parts share: what is varied, and how the answer is printed. */
import { toJson } from '../report/document.js';
import { type Cell, sweepCsv, sweepDocument, sweepTable } from '../report/study/sweep.js';
import { type Axis, parseAxis } from '../study/sweep.js';
import { usageError } from './exit.js';
import { terminalWidth } from './study.js';

export const FORMATS = ['table', 'csv', 'json'] as const;
export type SweepFormat = (typeof FORMATS)[number];

export function axisOrExit(text: string): Axis {
  const axis = parseAxis(text);
  if (axis === null)
    throw usageError(`--vary ${text}: not PATH=a,b,c or PATH=from..to:step`, '--vary node.pause=3.0,3.1');
  return axis;
}

export function renderSweep(axes: readonly Axis[], cells: readonly Cell[], format: SweepFormat): string {
  if (format === 'csv') return sweepCsv(axes, cells);
  if (format === 'json') return toJson(sweepDocument(axes, cells));
  return sweepTable(axes, cells, terminalWidth());
}
