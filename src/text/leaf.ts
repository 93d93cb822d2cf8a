/**
 * What a zod schema cannot say by itself: named plain types with a check of their own, and how a union is told apart.
 */
import type * as z from 'zod';
import type { DiagnosticCode } from './codes.js';

/** What is wrong with a value that has the right type. */
export interface Objection {
  code: DiagnosticCode;
  message: string;
  hint?: string;
}

/** Looks at a value, and at how it was written where that is known. Null: nothing is wrong. */
export type Check = (value: string | number, written: string | undefined) => Objection | null;

/** A named plain type. */
export interface Leaf {
  id: string;
  check: Check;
}

const leaves = new WeakMap<z.ZodType, Leaf>();

/** Which named plain type a schema is. `describe` makes a copy, which knows what it was copied from. */
export function leafOf(schema: z.ZodType): Leaf | undefined {
  let ancestor: z.ZodType | undefined = schema;
  while (ancestor !== undefined) {
    const known = leaves.get(ancestor);
    if (known) return known;
    ancestor = ancestor._zod.parent as z.ZodType | undefined;
  }
  return undefined;
}

export interface Words {
  id: string;
  description: string;
  examples: (string | number)[];
}

/** A schema whose refinement is the check, so that zod alone gives the same verdict as `Reader`. */
export function leaf<T extends z.ZodType<string | number>>(base: T, check: Check, words: Words): T {
  const refined = base.superRefine((value, context) => {
    const objection = check(value, undefined);
    if (objection) context.addIssue({ code: 'custom', message: objection.message });
  });
  const schema = refined.meta({ ...words });
  leaves.set(schema, { id: words.id, check });
  return schema;
}

const choices = new WeakMap<z.ZodType, (value: unknown) => number>();

/** For a union that is told apart by more than one key's value: which of its options is meant. */
export function tellApart(union: z.ZodType, choose: (value: unknown) => number): void {
  choices.set(union, choose);
}

export function choiceOf(union: z.ZodType): ((value: unknown) => number) | undefined {
  return choices.get(union);
}
