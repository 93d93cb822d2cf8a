/** The plain types that several kinds of file have: how each is written, and what is said if it is not. */
import * as z from 'zod';
import { formatDuration, parseDurationUs, printDuration } from './duration.js';
import { leaf, type Objection, type Words } from './leaf.js';
import { shorten } from './value.js';

export const whole = (least: number, most: number): z.ZodInt => z.int().min(least).max(most);

export const nonEmpty = (): z.ZodString => z.string().min(1);

export interface Bounds {
  /** Default: 0. */
  leastUs?: number;
  mostUs?: number;
}

/** A duration as a field of a file. */
export function durationLeaf({ leastUs, mostUs, ...words }: Bounds & Partial<Words> = {}): z.ZodString {
  return leaf(z.string(), (value) => checkDuration(String(value), { leastUs, mostUs }), {
    noun: 'a duration such as `10s`',
    unit: 's',
    ...words,
  });
}

export function checkDuration(text: string, { leastUs = 0, mostUs }: Bounds): Objection | null {
  if (/^-\s*\d/.test(text) && parseDurationUs(text.slice(1).trim()) !== null)
    return { code: 'out-of-range', message: `\`${text}\` is negative` };
  const us = parseDurationUs(text);
  if (us === null) return { code: 'bad-duration', message: `\`${shorten(text)}\` is not a duration` };
  if (mostUs !== undefined && us > mostUs)
    return { code: 'out-of-range', message: `\`${text}\` is too long: at most ${formatDuration(mostUs)}` };
  if (us >= leastUs) return null;
  return { code: 'out-of-range', message: `\`${text}\` is too short: at least ${printDuration(leastUs)}` };
}

/** RFC 1123, as Kubernetes names pods. */
const NAME_PATTERN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAME_LETTERS_MAX = 63;

export const nameLeaf = (): z.ZodString =>
  leaf(z.string(), (value) => checkName(String(value)), {
    noun: 'a name',
    id: 'Name',
    description: 'Lower-case letters, digits, `-` and `.`; at most 63.',
    examples: ['rabbitmq'],
  });

function checkName(text: string, lettersMax = NAME_LETTERS_MAX): Objection | null {
  if (text.length <= lettersMax && NAME_PATTERN.test(text)) return null;
  return { code: 'bad-name', message: `\`${shorten(text)}\` cannot be a name` };
}

/** Names of pods and nodes may be as long as a host name. */
const LONG_NAME_LETTERS_MAX = 253;

export const nodeNameLeaf = (): z.ZodString =>
  leaf(z.string(), (value) => checkName(String(value), LONG_NAME_LETTERS_MAX), {
    noun: 'a name',
    id: 'NodeName',
    description: 'Lower-case letters, digits, `-` and `.`; at most 253.',
    examples: ['node-1'],
  });

export const podNameLeaf = (): z.ZodString =>
  leaf(z.string(), (value) => checkPodName(String(value)), {
    noun: 'a name',
    id: 'PodName',
    description: 'A name of at most 253 letters; a namespace and a slash may stand before it.',
    examples: ['rabbitmq', 'shop/web'],
  });

function checkPodName(text: string): Objection | null {
  const slash = text.indexOf('/');
  const isRight = checkName(text.slice(slash + 1), LONG_NAME_LETTERS_MAX) === null;
  if (isRight && (slash === -1 || checkName(text.slice(0, slash)) === null)) return null;
  return { code: 'bad-name', message: `\`${shorten(text)}\` cannot be a name` };
}
