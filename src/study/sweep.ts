/** Every combination of some values: a grid of cells, each many runs. */

import { parsePath, parseSetting, type Setting } from '../scenario/settings.js';
import { scalarOf } from '../scenario/uncertain.js';

/** What is varied: a PATH, and its values as they are written. */
export interface Axis {
  path: string;
  values: string[];
}

export const CELLS_MAX = 10_000;

/** `PATH=a,b,c`, `PATH=from..to:step` with the last value not beyond `to`. null: neither. */
export function parseAxis(text: string): Axis | null {
  const match = /^([^=\s]+)=(.+)$/s.exec(text);
  if (match === null || parsePath(match[1]) === null) return null;
  const [, path, written] = match;
  const range = /^([^,]+?)\.\.([^,:]+):(.+)$/.exec(written);
  const values = range === null ? written.split(',').map((value) => value.trim()) : steps(range.slice(1, 4));
  if (values === null || values.length > CELLS_MAX || values.some((value) => value === '')) return null;
  return { path, values };
}

function steps(written: string[]): string[] | null {
  const [from, to, step] = written.map(scalarOf);
  if (from === null || to === null || step === null || step.number <= 0 || to.number < from.number)
    return null;
  const count = Math.floor((to.number - from.number) / step.number + 1e-9) + 1;
  if (count > CELLS_MAX) return null;
  return Array.from({ length: count }, (_, index) => {
    // Sums of decimal steps: 0.1 three times is 0.3.
    const number = Number((from.number + index * step.number).toPrecision(12));
    return String(from.write(number));
  });
}

/** One cell for each combination, the last axis changing fastest. */
export function cellsOf(axes: readonly Axis[]): string[][] {
  return axes.reduce<string[][]>(
    (cells, { values }) => cells.flatMap((cell) => values.map((value) => [...cell, value])),
    [[]],
  );
}

export function settingsOfCell(axes: readonly Axis[], cell: readonly string[]): Setting[] {
  return axes.map(({ path }, index) => parseSetting(`${path}=${cell[index]}`)!);
}
