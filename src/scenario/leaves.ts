/** The plain values of a scenario file: how each is written, and what is said when it is not. */
import * as z from 'zod';
import { PID_MAX_LIMIT, PID_MAX_MIN } from '../kernel/limits.js';
import { type Check, leaf, type Objection } from '../text/leaf.js';
import {
  checkDuration,
  durationLeaf,
  nameLeaf,
  nodeNameLeaf,
  nonEmpty,
  podNameLeaf,
} from '../text/leaves.js';
import { parseCountOrPercentage, parseQuantity, VERSION_PATTERN } from '../text/quantity.js';
import { shorten } from '../text/value.js';
import { HORIZON_US_MAX, INT32_MAX, INTERVAL_US_MIN } from './bounds.js';
import words from './leaves.json' with { type: 'json' };

/** What x86-64 can address: 52 bits. */
const MEMORY_BYTES_MAX = 2 ** 52;

function checkQuantity(value: string | number): Objection | null {
  const bytes = parseQuantity(value);
  if (bytes === null)
    return { code: 'bad-quantity', message: `\`${shorten(String(value))}\` is not a memory quantity` };
  if (bytes > 0 && bytes <= MEMORY_BYTES_MAX) return null;
  const what = bytes > 0 ? 'more memory than a machine can have: at most 4Pi' : 'no memory at all';
  return { code: 'out-of-range', message: `\`${value}\` is ${what}` };
}

/** YAML reads an unquoted 1.7 as a number, which is harmless; but from 1.10 it makes 1.1. */
function checkVersion(value: string | number, written: string | undefined): Objection | null {
  if (typeof value === 'number' && written !== undefined && written !== String(value)) {
    return {
      code: 'ambiguous-version',
      message: `${written} without quotes is read as the number ${value}`,
      hint: `Write "${written}".`,
    };
  }
  if (VERSION_PATTERN.test(String(value))) return null;
  return { code: 'bad-version', message: `\`${shorten(String(value))}\` is not a version` };
}

function checkCountOrPercentage(value: string | number): Objection | null {
  if (parseCountOrPercentage(value, 1) !== null) return null;
  const message = `\`${shorten(String(value))}\` is neither a count nor a percentage up to 100%`;
  return { code: 'bad-percentage', message };
}

/** A part that may be left out; the second is made when a file has one. */
export const part = <S extends z.ZodRawShape>(text: string, shape: S) =>
  z.strictObject(shape).optional().describe(text);
export const rarePart = <S extends z.ZodRawShape>(text: string, shape: () => S) =>
  z
    .lazy(() => z.strictObject(shape()))
    .optional()
    .describe(text);

/** A part with a default for each of its fields. */
export const section = <S extends z.ZodRawShape>(text: string, shape: S) =>
  z
    .strictObject(shape)
    .prefault({} as never)
    .describe(text);

/** One of each, made when the schemas are. What they are called: leaves.json. */
export function scenarioLeaves() {
  const textOrNumber = z.union([z.string(), z.number()]);
  const sampling: Check = (value) => (value === 'auto' ? null : checkDuration(String(value), { leastUs: 1 }));
  return {
    time: durationLeaf(words.time),
    // Its upper bound has a diagnostic of its own (resolve.ts).
    horizon: durationLeaf({ leastUs: INTERVAL_US_MIN, ...words.horizon }),
    interval: durationLeaf({ leastUs: INTERVAL_US_MIN, mostUs: HORIZON_US_MAX, ...words.interval }),
    sampling: leaf(z.string(), sampling, words.sampling),
    quantity: leaf(textOrNumber, checkQuantity, words.quantity),
    version: leaf(textOrNumber, checkVersion, words.version),
    countOrPercentage: leaf(textOrNumber, checkCountOrPercentage, words.countOrPercentage),
    name: nameLeaf(),
    podName: podNameLeaf(),
    nodeName: nodeNameLeaf(),
    pidMax: z.int().min(PID_MAX_MIN).max(PID_MAX_LIMIT),
    pidsLimit: z.int().min(-1).max(PID_MAX_LIMIT),
    uid: z.int().min(0).max(INT32_MAX),
    seed: z.int().min(0),
    probability: z.number().min(0).max(1),
    chance: z.number().min(0).max(1).default(0),
    flag: z.boolean().optional(),
    off: z.boolean().default(false),
    on: z.boolean().default(true),
    text: z.string().optional(),
    command: z.array(z.string()).min(1).optional(),
    program: nonEmpty().optional(),
    ulimits: z.strictObject({
      nproc: z
        .int()
        .min(0)
        .max(INT32_MAX)
        .optional()
        .describe(
          'RLIMIT_NPROC: tasks that the user may have on the whole machine. Root may have any number.',
        ),
    }),
  };
}
export type Leaves = ReturnType<typeof scenarioLeaves>;
