/**
 * `uncertain:` says what is not known for sure, and how likely each value is. A study draws one value for
 * each replication; a single run has what the scenario says.
 *
 *     node.baseline.tasks: 150 to 400                 # nine times in ten between them
 *     pods.web.startAt: {uniform: [0s, 1h]}
 *     node.pause: ["3.0", {value: "3.1", weight: 3}]
 */
import { normalQuantile } from '../sim/distribution.js';
import { parseDurationUs, printDuration } from '../text/duration.js';
import { parseQuantity } from '../text/quantity.js';
import { isMapping, shorten } from '../text/value.js';
import type { Position } from '../text/yaml.js';
import type { ResolveContext } from './context.js';
import { parsePath, type Setting } from './settings.js';

export interface UncertainInput {
  /** As it is written: the PATH of a `--set`. */
  path: string;
  place: Position;
  /** As it is written. */
  distribution: unknown;
}

/** The value of a part of all draws, 0 < p < 1: a larger part gives a larger value. */
export type ValueAt = (p: number) => DrawnValue;

export interface DrawnValue {
  value: unknown;
  /** For comparisons: a number of the value's own unit, or the place of the value in its list. */
  rank: number;
}

/** What is drawn stays between these parts of all draws, so that its two ends can be tried before any run. */
export const PART_MIN = 0.001;
export const PART_MAX = 0.999;

/** Of a standard normal variable: nine tenths of all draws are within it. */
const NINETY = normalQuantile(0.95);

/** A number with the unit that it was written in. */
export interface Scalar {
  number: number;
  isWhole: boolean;
  write: (number: number) => unknown;
}

/** One input. null: it is none of the forms. */
export function readDistribution(raw: unknown): ValueAt | null {
  if (Array.isArray(raw)) return weighted(raw);
  if (isMapping(raw)) {
    const { uniform, ...rest } = raw;
    if (!Array.isArray(uniform) || uniform.length !== 2 || Object.keys(rest).length > 0) return null;
    return between(scalarOf(uniform[0]), scalarOf(uniform[1]), (low, high, p) => low + (high - low) * p);
  }
  const ends = typeof raw === 'string' ? /^\s*(\S+)\s+to\s+(\S+)\s*$/.exec(raw) : null;
  if (ends === null) return null;
  return between(scalarOf(ends[1]), scalarOf(ends[2]), ninetyPercent);
}

/** Lognormal where both ends are above zero, as times, rates and counts are; else normal. */
function ninetyPercent(low: number, high: number, p: number): number {
  const part = 0.5 + normalQuantile(p) / (2 * NINETY);
  return low > 0 ? low * (high / low) ** part : low + (high - low) * part;
}

function between(
  low: Scalar | null,
  high: Scalar | null,
  at: (low: number, high: number, p: number) => number,
): ValueAt | null {
  if (low === null || high === null || low.number >= high.number) return null;
  // From 0 to 1 is a share; from 1 to 5 is a count.
  const isCount = low.isWhole && high.isWhole && high.number - low.number > 1;
  return (p) => {
    const drawn = at(low.number, high.number, p);
    const number = isCount ? Math.round(drawn) : Number(drawn.toPrecision(6));
    return { value: high.write(number), rank: number };
  };
}

export function scalarOf(raw: unknown): Scalar | null {
  if (typeof raw === 'number' && Number.isFinite(raw)) return plainNumber(raw);
  if (typeof raw !== 'string') return null;
  if (/^-?\d+(\.\d+)?$/.test(raw)) return plainNumber(Number(raw));
  const us = parseDurationUs(raw);
  if (us !== null)
    return { number: us, isWhole: true, write: (number) => printDuration(Math.max(0, number)) };
  const quantity = parseQuantity(raw);
  return quantity === null ? null : { number: quantity, isWhole: true, write: (number) => String(number) };
}

function plainNumber(number: number): Scalar {
  return { number, isWhole: Number.isInteger(number), write: (drawn) => drawn };
}

function weighted(raw: readonly unknown[]): ValueAt | null {
  const choices = raw.map((entry) =>
    isMapping(entry) && 'value' in entry
      ? { value: entry.value, weight: Number(entry.weight ?? 1) }
      : { value: entry, weight: 1 },
  );
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);
  const isValid = choices.every(({ weight }) => weight >= 0 && Number.isFinite(weight));
  if (choices.length < 2 || !isValid || total === 0) return null;
  return (p) => {
    let sum = 0;
    const rank = choices.findIndex(({ weight }) => (sum += weight) > p * total);
    return { value: choices[rank].value, rank };
  };
}

/** The setting that puts a drawn value into the scenario. */
export function settingOf({ path, place }: Pick<UncertainInput, 'path' | 'place'>, value: unknown): Setting {
  const written = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return { text: `${path}=${shorten(written)}`, path: parsePath(path)!, value, written, place };
}

export function resolveUncertain(
  raw: Readonly<Record<string, unknown>>,
  { document, findings }: Pick<ResolveContext, 'document' | 'findings'>,
): UncertainInput[] {
  return Object.entries(raw).flatMap(([path, distribution]) => {
    const place = findings.of(raw, path);
    if (parsePath(path) === null)
      findings.error(place, 'bad-uncertain', `\`${shorten(path)}\` is no PATH`, { aim: 'key', hint: PATHS });
    else if (readDistribution(distribution) === null)
      findings.error(place, 'bad-uncertain', 'this says of no value how likely it is', { hint: FORMS });
    else return [{ path, place: document.locate(place.path, 'key'), distribution }];
    return [];
  });
}

const PATHS = 'As for --set: node.baseline.tasks, pods.*.containers.*.livenessProbe.periodSeconds.';
const FORMS =
  'Write `8s to 15s` (nine times in ten between them), `{uniform: [8s, 15s]}`, or a list: `[a, {value: ' +
  'b, weight: 3}]`.';
