/**
 * One line of the table that `npm run bench` prints. Each measurement runs in a process of its own, which
 * prints a figure: a just-in-time compiler makes of a function what its callers so far have taught it, so in
 * one process the order of the cases would be part of the result.
 */
export interface BenchCase {
  /** The heading that the line stands under. */
  group: string;
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

/** A line that is worked out from the medians of others in the same run. */
export interface BenchRatio {
  group: string;
  name: string;
  unit: string;
  target?: number;
  better: 'more' | 'less';
  /** Null if one of those that it needs was not measured. `of` gives a median by `keyOf`. */
  value: (of: (key: string) => number | undefined) => number | null;
}

/** What a case is called in the JSON file and on the command line. */
export function keyOf({ group, name }: { group: string; name: string }): string {
  return `${group}: ${name}`;
}

/** How many times the best of the others, of those that were measured, the first is; all are rates. */
export function timesTheBest(first: BenchCase, others: BenchCase[]): BenchRatio['value'] {
  return (of) => {
    const own = of(keyOf(first));
    const known = others.map((other) => of(keyOf(other))).filter((figure) => figure !== undefined);
    return own === undefined || known.length === 0 ? null : own / Math.max(...known);
  };
}

/** Seconds that `work` takes. */
export function seconds(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

/** Seconds of CPU that `work` takes, in all threads of the process: V8's own among them. */
export function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
