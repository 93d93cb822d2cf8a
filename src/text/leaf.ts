/**
 * What a zod schema cannot say by itself: named plain types with a check of their own, conditions on several
 * keys, and how a union is told apart. zod alone gives the same verdict as `Reader`, which adds words and
 * places.
 */
import type * as z from 'zod';
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

/** By schema. `describe` makes a copy, which knows what it was copied from. */
class Registry<T> {
  private readonly known = new WeakMap<z.ZodType, T>();

  set(schema: z.ZodType, value: T): void {
    this.known.set(schema, value);
  }

  get(schema: z.ZodType): T | undefined {
    let ancestor: z.ZodType | undefined = schema;
    while (ancestor !== undefined && !this.known.has(ancestor))
      ancestor = ancestor._zod.parent as z.ZodType | undefined;
    return ancestor && this.known.get(ancestor);
  }
}

const leaves = new Registry<Leaf>();
const conditions = new Registry<(value: unknown) => Objection | null>();
const choices = new Registry<Choice>();

/** A plain type with a check. */
export function leaf<T extends z.ZodType<string | number>>(base: T, check: Check, words: Words): T {
  const refined = base.superRefine((value, context) => {
    const objection = check(value, undefined);
    if (objection) context.addIssue({ code: 'custom', message: objection.message });
  });
  const { noun: _noun, unit: _unit, ...meta } = words;
  const schema = refined.meta(meta);
  leaves.set(schema, { check, ...words });
  return schema;
}

export function leafOf(schema: z.ZodType): Leaf | undefined {
  return leaves.get(schema);
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
  conditions.set(schema, check as (value: unknown) => Objection | null);
  return schema;
}

export function conditionOf(schema: z.ZodType): ((value: unknown) => Objection | null) | undefined {
  return conditions.get(schema);
}

/** Which option of a union a value means, by index; or why it can mean none. */
export type Choice = (value: unknown) => number | Objection;

/** For a union that is told apart by more than one key's value. */
export function tellApart<T extends z.ZodType>(union: T, choice: Choice): T {
  choices.set(union, choice);
  return union;
}

export function choiceOf(union: z.ZodType): Choice | undefined {
  return choices.get(union);
}
