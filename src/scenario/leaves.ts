/** The plain values of a scenario file: how each is written, and what is said when it is not. */
import * as z from 'zod';
import { PID_MAX_LIMIT, PID_MAX_MIN } from '../kernel/limits.js';
import { leaf, type Objection } from '../text/leaf.js';
import { checkDuration, durationLeaf, nameLeaf, nodeNameLeaf, podNameLeaf } from '../text/leaves.js';
import { parseCountOrPercentage, parseQuantity, VERSION_PATTERN } from '../text/quantity.js';
import { shorten } from '../text/value.js';
import { HORIZON_US_MAX, INT32_MAX, INTERVAL_US_MIN } from './bounds.js';

export const timeLeaf = (): z.ZodString =>
  durationLeaf({
    id: 'Time',
    description: 'A time since the start of the run: numbers with units d, h, m, s, ms, us.',
    examples: ['10s', '1h30m', '2d'],
  });

export const intervalLeaf = (): z.ZodString =>
  durationLeaf({
    leastUs: INTERVAL_US_MIN,
    mostUs: HORIZON_US_MAX,
    id: 'Interval',
    description: 'A length of time from one second to ten years: numbers with units d, h, m, s, ms, us.',
    examples: ['10s', '1h30m', '30d'],
  });

/** Its upper bound has a diagnostic of its own (resolve.ts). */
export const horizonLeaf = (): z.ZodString =>
  durationLeaf({
    leastUs: INTERVAL_US_MIN,
    id: 'Horizon',
    description: 'A length of time of at least one second: numbers with units d, h, m, s, ms, us.',
    examples: ['12h', '30d', '1h30m'],
  });

export const samplingLeaf = (): z.ZodString =>
  leaf(z.string(), (value) => (value === 'auto' ? null : checkDuration(String(value), { leastUs: 1 })), {
    noun: '`auto` or a duration such as `1m`',
    unit: 's',
    id: 'Sampling',
    description: '`auto` or a length of time.',
    examples: ['auto', '1m'],
  });

export const quantityLeaf = (): z.ZodUnion<readonly [z.ZodString, z.ZodNumber]> =>
  leaf(z.union([z.string(), z.number()]), checkQuantity, {
    noun: 'a memory quantity such as `16Gi`',
    id: 'Quantity',
    description: 'A Kubernetes memory quantity: bytes, or a number with a suffix such as Mi, Gi, M, G.',
    examples: ['16Gi', '512Mi'],
  });

/** What x86-64 can address: 52 bits. */
const MEMORY_BYTES_MAX = 2 ** 52;

function checkQuantity(value: string | number): Objection | null {
  const bytes = parseQuantity(value);
  if (bytes === null) {
    return { code: 'bad-quantity', message: `\`${shorten(String(value))}\` is not a memory quantity` };
  }
  if (bytes > MEMORY_BYTES_MAX)
    return {
      code: 'out-of-range',
      message: `\`${value}\` is more memory than a machine can have: at most 4Pi`,
    };
  return bytes > 0 ? null : { code: 'out-of-range', message: `\`${value}\` is no memory at all` };
}

export const versionLeaf = (): z.ZodUnion<readonly [z.ZodString, z.ZodNumber]> =>
  leaf(z.union([z.string(), z.number()]), checkVersion, {
    noun: 'a version such as `"1.7"`',
    id: 'Version',
    description: 'A version, best in quotes: two numbers at least.',
    examples: ['4.14', '1.7', '17.12.1-ce', 'v1.31.2'],
  });

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

export const countOrPercentageLeaf = (): z.ZodUnion<readonly [z.ZodString, z.ZodNumber]> =>
  leaf(
    z.union([z.string(), z.number()]),
    (value) =>
      parseCountOrPercentage(value, 1) === null
        ? {
            code: 'bad-percentage',
            message: `\`${shorten(String(value))}\` is neither a count nor a percentage up to 100%`,
          }
        : null,
    {
      noun: 'a count or a percentage',
      id: 'CountOrPercentage',
      description: 'A count, or a percentage.',
      examples: [1000, '10%'],
    },
  );

/** One of each, made when the schemas are. */
export function scenarioLeaves() {
  return {
    time: timeLeaf(),
    horizon: horizonLeaf(),
    interval: intervalLeaf(),
    sampling: samplingLeaf(),
    quantity: quantityLeaf(),
    version: versionLeaf(),
    countOrPercentage: countOrPercentageLeaf(),
    name: nameLeaf(),
    podName: podNameLeaf(),
    nodeName: nodeNameLeaf(),
    pidMax: z.int().min(PID_MAX_MIN).max(PID_MAX_LIMIT),
    pidsLimit: z.int().min(-1).max(PID_MAX_LIMIT),
    uid: z.int().min(0).max(INT32_MAX),
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
