/**
 * What a zod schema cannot say by itself: named plain types with a check of their own, conditions on several
 * keys, and how a union is told apart. zod alone gives the same verdict as `Reader`, which adds words and
 * places.
 */
import * as z from 'zod';
import type { Objection } from './objection.js';

export type { Objection };

/** Looks at a value, and at how it was written where that is known. Null: nothing is wrong. */
export type Check = (value: string | number, written: string | undefined) => Objection | null;

export interface Words {
  /** What is needed, if the value has another type: `a duration such as `10s``. */
  noun: string;
  /** The unit that a bare number lacks. */
  unit?: string;
  /** A type with an id is explained once, under that name. */
  id?: string;
  description?: string;
  examples?: (string | number)[];
}

/** A named plain type. */
export interface Leaf extends Words {
  check: Check;
}

/** What is known of a schema here. zod's registry passes it on to the copies that `describe` makes. */
interface Known {
  leaf?: Leaf;
  condition?: (value: unknown) => Objection | null;
  choice?: Choice;
}
const known = z.registry<Known>();

export function knownOf(schema: z.ZodType): Known {
  return known.get(schema) ?? {};
}

export function leaf<T extends z.ZodType<string | number>>(base: T, check: Check, words: Words): T {
  const refined = base.superRefine((value, context) => {
    const objection = check(value, undefined);
    if (objection) context.addIssue({ code: 'custom', message: objection.message });
  });
  const { noun: _noun, unit: _unit, ...meta } = words;
  const schema = refined.meta(meta);
  known.add(schema, { leaf: { check, ...words } });
  return schema;
}

/** An object or a list with a check of several of its parts; it is asked when each of them is right. */
export function conditioned<T extends z.ZodType>(
  base: T,
  check: (value: z.output<T>) => Objection | null,
): T {
  const schema = base.superRefine((value, context) => {
    const objection = check(value);
    if (objection) context.addIssue({ code: 'custom', message: objection.message });
  });
  known.add(schema, { condition: check as Known['condition'] });
  return schema;
}

/** Which option of a union a value means, by index; or why it can mean none. */
export type Choice = (value: unknown) => number | Objection;

/** For a union that is told apart by more than one key's value. */
export function tellApart<T extends z.ZodType>(union: T, choice: Choice): T {
  known.add(union, { choice });
  return union;
}
