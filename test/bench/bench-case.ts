/** One line of the table that `npm run bench` prints. */
export interface BenchCase {
  name: string;
  /** What `run` measures: `cycles/s`, `s`, `bytes/task`. */
  unit: string;
  /** What must be reached, and which side of it is the good one. */
  target: number;
  better: 'more' | 'less';
  /** Builds what is not to be timed, does the work once, and returns the figure. */
  run: () => number | Promise<number>;
}

/** Seconds that `work` takes. */
export function seconds(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}
