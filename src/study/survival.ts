/**
 * How long until it happens, when some runs have ended before it did: those are censored, and count as long
 * as they were watched.
 *
 *     Kaplan, Meier, "Nonparametric estimation from incomplete observations", JASA 53 (1958), 457-481
 *     Klein, Moeschberger, "Survival Analysis" (2003), chapter 4: variance, intervals, restricted mean
 */
import { normalQuantile } from '../sim/distribution.js';

/** A time, in any unit: when it happened, or until when it had not. */
export interface Observation {
  time: number;
  happened: boolean;
}

/** The curve just after a time at which at least one event happened. */
export interface SurvivalPoint {
  time: number;
  atRisk: number;
  events: number;
  /** The part to which it has not happened. */
  survival: number;
  /** Greenwood's standard error of that part. */
  standardError: number;
  /** On the log-minus-log scale, which stays within 0 and 1. null: not known, since no run is left. */
  low: number | null;
  high: number | null;
}

/** null: not reached by the time at which the last was watched. */
export interface Interval {
  value: number | null;
  low: number | null;
  high: number | null;
}

const CONFIDENCE = 0.95;
const Z = normalQuantile((1 + CONFIDENCE) / 2);

/** The product-limit estimate: one point for each time at which it happened, in order. */
export function kaplanMeier(observations: readonly Observation[]): SurvivalPoint[] {
  const sorted = [...observations].sort((a, b) => a.time - b.time);
  const points: SurvivalPoint[] = [];
  let survival = 1;
  let variance = 0;
  for (let index = 0; index < sorted.length; ) {
    const { time } = sorted[index];
    const atRisk = sorted.length - index;
    let events = 0;
    for (; index < sorted.length && sorted[index].time === time; index++)
      if (sorted[index].happened) events++;
    if (events === 0) continue;
    survival *= 1 - events / atRisk;
    variance += events / (atRisk * (atRisk - events));
    points.push({
      time,
      atRisk,
      events,
      survival,
      standardError: survival === 0 ? 0 : survival * Math.sqrt(variance),
      ...limitsOf(survival, variance),
    });
  }
  return points;
}

function limitsOf(survival: number, variance: number): Pick<SurvivalPoint, 'low' | 'high'> {
  if (survival === 0) return { low: null, high: null };
  const spread = (Z * Math.sqrt(variance)) / Math.abs(Math.log(survival));
  return { low: survival ** Math.exp(spread), high: survival ** Math.exp(-spread) };
}

/** Rounding errors of a product of many factors are no difference. */
const TOLERANCE = 1e-9;

/**
 * The time by which it has happened to a part `p` of all, with the interval in which the curve's own interval
 * crosses that part (Brookmeyer, Crowley 1982). Where the curve lies exactly at it for a while: the middle.
 */
export function survivalQuantile(points: readonly SurvivalPoint[], p: number): Interval {
  const left = 1 - p;
  const crossing = (at: (point: SurvivalPoint) => number | null): number | null => {
    const index = points.findIndex((point) => {
      const value = at(point);
      return value !== null && value <= left + TOLERANCE;
    });
    if (index < 0) return null;
    const isLevel = Math.abs(at(points[index])! - left) <= TOLERANCE && index + 1 < points.length;
    return isLevel ? (points[index].time + points[index + 1].time) / 2 : points[index].time;
  };
  return {
    value: crossing(({ survival }) => survival),
    low: crossing(({ low }) => low),
    high: crossing(({ high }) => high),
  };
}

/** The mean of all times, each counted up to `limit`: the area under the curve. */
export function restrictedMean(
  points: readonly SurvivalPoint[],
  limit: number,
): { mean: number; standardError: number } {
  const within = points.filter(({ time }) => time < limit);
  const areas = within.map(({ time, survival }, index) => {
    const until = within[index + 1]?.time ?? limit;
    return survival * (until - time);
  });
  const mean = (within[0]?.time ?? limit) + areas.reduce((sum, area) => sum + area, 0);
  let rest = 0;
  let variance = 0;
  for (let index = within.length - 1; index >= 0; index--) {
    rest += areas[index];
    const { atRisk, events } = within[index];
    if (atRisk > events) variance += (rest * rest * events) / (atRisk * (atRisk - events));
  }
  return { mean, standardError: Math.sqrt(variance) };
}

/**
 * A part, of which `count` of `total` have been seen: E. B. Wilson, "Probable inference, the law of
 * succession, and statistical inference", JASA 22 (1927), 209-212.
 */
export function wilson(
  count: number,
  total: number,
): Interval & { value: number; low: number; high: number } {
  const value = count / total;
  const square = (Z * Z) / total;
  const centre = (value + square / 2) / (1 + square);
  const half = (Z / (1 + square)) * Math.sqrt((value * (1 - value)) / total + square / (4 * total));
  return { value, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** The mean of differences, with the interval of a normal mean. */
export function meanInterval(values: readonly number[]): { value: number; low: number; high: number } {
  const { length } = values;
  const value = values.reduce((sum, each) => sum + each, 0) / length;
  const squares = values.reduce((sum, each) => sum + (each - value) ** 2, 0);
  const half = length < 2 ? 0 : Z * Math.sqrt(squares / (length - 1) / length);
  return { value, low: value - half, high: value + half };
}
