/**
 * A sweep in parts, for machines that know nothing of each other. A plan has all that is needed, texts too;
 * its units are numbered, a shard does every Nth of them, and merging puts the rows back in their places.
 *
 *     plan ─► shard 0/N ─► rows ─┐
 *          ─► shard 1/N ─► rows ─┼─► merge: the same as undivided
 *          ─► …                  ┘
 */
import * as z from 'zod';
import { FIDELITIES } from '../run/result.js';
import type { Prepared } from './replicate.js';
import type { Job, Row } from './row.js';
import { type Axis, cellsOf } from './sweep.js';

const PLAN_KIND = 'SweepPlan';
const SHARD_KIND = 'SweepShard';
const API_VERSION = 'pidsim/v1';
const UNITS_MAX = 10_000_000;
export const SHARDS_MAX = 100_000;

const textSchema = z.strictObject({ path: z.string(), text: z.string() });

/** All that a plan says, except into how many shards it is divided. */
const workSchema = z.strictObject({
  /** Of pidsim: another version may give other rows. */
  version: z.string(),
  sources: z.array(textSchema).min(1),
  /** What the sources refer to. */
  references: z.array(textSchema),
  axes: z.array(z.strictObject({ path: z.string(), values: z.array(z.string()).min(1) })),
  replications: z.int().min(1),
  /** As on the command line; null: not given. */
  node: z.string().nullable(),
  settings: z.array(z.string()),
  assume: z.array(z.string()),
  strict: z.boolean(),
  horizon: z.string().nullable(),
  seed: z.int().min(0).nullable(),
  fidelity: z.enum(FIDELITIES).nullable(),
});
export type Work = z.output<typeof workSchema>;

export const planSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(PLAN_KIND),
  shards: z.int().min(1).max(SHARDS_MAX),
  work: workSchema,
});
export type Plan = z.output<typeof planSchema>;

/** A finished shard. The rows are as they are in memory. */
export const shardSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(SHARD_KIND),
  /** Of the work, so that no rows of another plan are taken in. */
  digest: z.string(),
  shard: z.int().min(0),
  shards: z.int().min(1),
  rows: z.array(z.tuple([z.int().min(0), z.custom<Row>()])),
});
export type Shard = z.output<typeof shardSchema>;

export function planOf(work: Work, shards: number): Plan {
  return { apiVersion: API_VERSION, kind: PLAN_KIND, shards, work };
}

export function unitCount({ axes, replications }: Pick<Work, 'axes' | 'replications'>): number {
  return axes.reduce((product, { values }: Axis) => product * values.length, 1) * replications;
}

export function isTooMuch(work: Pick<Work, 'axes' | 'replications'>): boolean {
  return unitCount(work) > UNITS_MAX;
}

/** Every Nth unit: those of one cell are in many shards, so no shard has all the long ones. */
export function unitsOf({ work, shards }: Plan, shard: number): number[] {
  const units: number[] = [];
  for (let unit = shard; unit < unitCount(work); unit += shards) units.push(unit);
  return units;
}

/** The runs of some units. Each cell is prepared once, when its first unit comes. */
export function jobsOf(
  units: readonly number[],
  { replications, axes, fidelity }: Work,
  prepare: (cell: readonly string[]) => Prepared,
): Job[] {
  const cells = cellsOf(axes);
  const prepared = new Map<number, Prepared>();
  return units.map((unit) => {
    const index = Math.floor(unit / replications);
    const cell = prepared.get(index) ?? prepare(cells[index]);
    prepared.set(index, cell);
    return { ...cell.jobOf(unit % replications), until: 'harm', fidelity: fidelity ?? undefined };
  });
}

export function shardOf(digest: string, plan: Plan, shard: number, rows: readonly Row[]): Shard {
  const units = unitsOf(plan, shard);
  const numbered = rows.map((row, index): [number, Row] => [units[index], row]);
  return { apiVersion: API_VERSION, kind: SHARD_KIND, digest, shard, shards: plan.shards, rows: numbered };
}

/** The rows of every unit, in order; or what keeps the shards from being one whole. */
export function merged(work: Work, digest: string, shards: readonly Shard[]): Row[] | string {
  if (shards.some((shard) => shard.digest !== digest)) return 'a shard is of another plan';
  const rows = new Map<number, Row>();
  for (const { rows: own } of shards) for (const [unit, row] of own) rows.set(unit, row);
  const count = unitCount(work);
  if (rows.size < count) {
    const present = new Set(shards.map(({ shard }) => shard));
    const [{ shards: total } = { shards: 0 }] = shards;
    const missing = Array.from({ length: total }, (_, index) => index).filter((index) => !present.has(index));
    const absent = missing.length === 0 ? '' : `; shards that are missing: ${missing.join(', ')}`;
    return `${rows.size} of ${count} runs are there${absent}`;
  }
  return Array.from({ length: count }, (_, unit) => rows.get(unit)!);
}
