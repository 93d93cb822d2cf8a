/** One line of the table that `npm run bench` prints. Each measurement runs in a process of its own. */
export interface BenchCase {
  name: string;
  /** What `run` measures: `cycles/s`, `s`, `bytes/task`. */
  unit: string;
  /** What must be reached, where something must be. */
  target?: number;
  /** Which side is the good one. */
  better: 'more' | 'less';
  /** Builds what is not to be timed, does the work once, and returns the figure. */
  run: () => number | Promise<number>;
  /** For what may be absent from a machine: what is missing, or null. May build what it needs. */
  missing?: () => string | null;
  /** The version of what is measured, if it is not our own. */
  version?: () => string;
}

/** A line that is worked out from other lines of the same run: how many times the best of `others` `of` is. */
export interface BenchRatio {
  name: string;
  of: string;
  others: string[];
  target: number;
}

/** Seconds that `work` takes. */
export function seconds(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}
