/**
 * What a run of the benchmarks writes, and what `--compare` reads. Keys of `medians`, `runs`, `versions` and
 * `missing` are `group: name`, as in the table.
 */
export interface Figures {
  /** When it began, ISO 8601. */
  date: string;
  node: string;
  cpu: string;
  /** Of the minute before the run: above 0, other work was going on. */
  loadAverage: number;
  /** In the unit of the case; ratios are among them. */
  medians: Record<string, number>;
  /** Every single figure, in the order in which it was measured. */
  runs: Record<string, number[]>;
  units: Record<string, string>;
  /** Of other people's programs. */
  versions: Record<string, string>;
  /** Why a case was left out. */
  missing: Record<string, string>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Half the range of the values, as a share of their median. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values);
}
