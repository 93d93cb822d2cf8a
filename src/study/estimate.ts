/** What the rows of one scenario come to: how long until the first harm, and how likely it is at all. */
import type { Fidelity, Harm } from '../run/result.js';
import type { Expectation } from '../scenario/expect.js';
import { US_PER_SECOND } from '../sim/time.js';
import { HOLDS } from '../text/comparison.js';
import { formatDuration } from '../text/duration.js';
import type { Row } from './row.js';
import { type Interval, kaplanMeier, restrictedMean, survivalQuantile, wilson } from './survival.js';

/** Times in seconds. Intervals are of 95 %. */
export interface Estimate {
  runs: number;
  /** Were runs of probes that are known left out? */
  fidelity: Fidelity;
  /** By when one in twenty, half, and nineteen in twenty of the runs are harmed. */
  early: Interval;
  median: Interval;
  late: Interval;
  /** The part of the runs that are harmed within the horizon. */
  harmed: ReturnType<typeof wilson>;
  /** Of those, by what: evictions compete with refusals, since a run counts up to the first of them. */
  byKind: Record<Harm['kind'], number>;
  /** Time without harm, each run counted up to the horizon. */
  meanSeconds: { mean: number; standardError: number };
  /** Up to where the mean counts. */
  horizonSeconds: number;
  /** The harm that most runs come to first. null: none does. */
  usual: Pick<Harm, 'kind' | 'scope' | 'of' | 'limit'> | null;
}

/** @param rows one at least. */
export function estimateOf(rows: readonly Row[]): Estimate {
  const curve = survivalOf(rows);
  const harms = rows.flatMap(({ firstHarm }) => firstHarm ?? []);
  const [{ horizonSeconds }] = rows;
  const count = (kind: Harm['kind']): number => harms.filter((harm) => harm.kind === kind).length;
  return {
    runs: rows.length,
    fidelity: rows[0].fidelity,
    early: survivalQuantile(curve, 0.05),
    median: survivalQuantile(curve, 0.5),
    late: survivalQuantile(curve, 0.95),
    harmed: wilson(harms.length, rows.length),
    byKind: { refused: count('refused'), evicted: count('evicted'), 'not-started': count('not-started') },
    meanSeconds: restrictedMean(curve, horizonSeconds),
    horizonSeconds,
    usual: mostOften(harms),
  };
}

export function survivalOf(rows: readonly Row[]): ReturnType<typeof kaplanMeier> {
  return kaplanMeier(
    rows.map(({ firstHarm, endSeconds }) => ({
      time: firstHarm?.atSeconds ?? endSeconds,
      happened: firstHarm !== null,
    })),
  );
}

function mostOften(harms: readonly Harm[]): Estimate['usual'] {
  const counts = new Map<string, { count: number; harm: Harm }>();
  for (const harm of harms) {
    const key = `${harm.kind} ${harm.scope} ${harm.limit?.name}`;
    counts.set(key, { harm, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  const [first] = [...counts.values()].sort((a, b) => b.count - a.count);
  if (first === undefined) return null;
  const { kind, scope, of, limit } = first.harm;
  return { kind, scope, of, limit };
}

/** A figure of many runs, with its interval where it has one. */
export interface Figure extends Interval {
  /** The last moment that was watched: what has not come by then comes later. */
  horizon: number;
}

/** What an expectation such as `p5(firstHarm) > 72h` is about. Times in µs. */
export function figureOf({ over, subject }: Expectation, rows: readonly Row[]): Figure {
  if (over!.kind === 'share') {
    const { byUs } = over as { byUs: number | null };
    const limit = byUs === null ? Number.POSITIVE_INFINITY : byUs / US_PER_SECOND;
    const isHarmed = ({ firstHarm }: Row): boolean => firstHarm !== null && firstHarm.atSeconds <= limit;
    return { ...wilson(rows.filter(isHarmed).length, rows.length), horizon: Number.POSITIVE_INFINITY };
  }
  const name = subject as string;
  const curve = kaplanMeier(
    rows.map(({ values, endSeconds }) => ({
      time: values[name] ?? endSeconds * US_PER_SECOND,
      happened: values[name] !== null,
    })),
  );
  const horizon = rows[0].horizonSeconds * US_PER_SECOND;
  return { ...survivalQuantile(curve, (over as { p: number }).p), horizon };
}

/** Does it hold? null: that is not known, since it has not come within the horizon. */
export function holdsOf({ comparison, value, kind }: Expectation, figure: Figure): boolean | null {
  if (figure.value === null && (value as number) > figure.horizon) return null;
  const actual = figure.value ?? Number.POSITIVE_INFINITY;
  return HOLDS[comparison](kind === 'count' ? Math.round(actual) : actual, value);
}

/** `21.1 h [21.0 h, 21.2 h]`. */
export function figureWords(
  { kind }: Pick<Expectation, 'kind'>,
  { value, low, high, horizon }: Figure,
): string {
  const words = (figure: number | null): string =>
    figure === null
      ? `later than ${formatDuration(horizon)}`
      : kind === 'duration'
        ? formatDuration(figure)
        : String(Number(figure.toPrecision(3)));
  if (value === null) return `not reached in ${formatDuration(horizon)}`;
  return low === high ? words(value) : `${words(value)} [${words(low)}, ${words(high)}]`;
}
