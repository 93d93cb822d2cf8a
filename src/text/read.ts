/**
 * Reads a plain value by a zod schema, and goes on after every mistake.
 *
 *     value + schema ──► typed value with defaults, or INVALID     and all that is wrong, each at its place
 *
 * zod itself gives up on an object as soon as one of its parts is wrong, so that what depends on several
 * fields could not be checked in the same pass. Here a wrong optional part takes its default, a wrong list
 * entry is left out, and only what cannot do without makes its owner INVALID. What is valid is the same for
 * both.
 *
 * null counts as absent, as it does for kubectl: `sshLogins:` with nothing behind it is no ssh login.
 */
import type * as z from 'zod';
import { below, type Findings, type Place } from './findings.js';
import { knownOf } from './leaf.js';
import { didYouMean } from './suggest.js';
import { isMapping, shorten } from './value.js';

export const INVALID = Symbol('invalid');
type Invalid = typeof INVALID;

/** The shapes of schema that are read here; zod's own definitions, narrowed. */
type Definition =
  | { type: 'optional'; innerType: z.ZodType }
  | { type: 'default' | 'prefault'; innerType: z.ZodType; defaultValue: unknown }
  | { type: 'object'; shape: Record<string, z.ZodType>; catchall?: z.ZodType }
  | { type: 'array'; element: z.ZodType }
  | { type: 'record'; valueType: z.ZodType }
  | { type: 'union'; options: z.ZodType[]; discriminator?: string }
  | { type: 'literal'; values: unknown[] }
  | { type: 'enum'; entries: Record<string, string> }
  | { type: 'lazy'; getter: () => z.ZodType }
  | { type: 'number'; format?: string }
  | { type: 'string' | 'boolean' | 'unknown' };

type ObjectDefinition = Extract<Definition, { type: 'object' }>;

type OptionalDefinition = Extract<Definition, { innerType: z.ZodType }>;

function isOptional(definition: Definition): definition is OptionalDefinition {
  return 'innerType' in definition;
}

function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

export interface ReaderOptions {
  /** Schemas whose values are read elsewhere: they come out as they went in. */
  opaque?: z.ZodType;
  /** What `pidsim explain` calls the root of the document; null when it does not know it. */
  root?: string | null;
}

export class Reader {
  constructor(
    private readonly findings: Findings,
    private readonly options: ReaderOptions = {},
  ) {}

  /** The value with defaults filled in; INVALID when a part is wrong that it cannot do without. */
  read<T extends z.ZodType>(schema: T, value: unknown, place: Place): z.output<T> | Invalid {
    return this.any(schema, value, place) as z.output<T> | Invalid;
  }

  /** An object, with what is wrong or missing in it left undefined. */
  readParts<T extends z.ZodObject>(schema: T, value: unknown, place: Place): Partial<z.output<T>> {
    if (!this.expectMapping(value, place)) return {};
    const definition = definitionOf(schema) as ObjectDefinition;
    return this.parts(definition, value, place).parts as Partial<z.output<T>>;
  }

  private any(schema: z.ZodType, value: unknown, place: Place): unknown {
    if (schema === this.options.opaque) return value;
    const definition = definitionOf(schema);
    switch (definition.type) {
      case 'lazy':
        return this.any(definition.getter(), value, place);
      case 'object':
        return this.object(schema, definition, value, place);
      case 'array':
        return this.array(schema, definition.element, value, place);
      case 'record':
        return this.record(definition.valueType, value, place);
      case 'union':
        if (knownOf(schema).choice || definition.discriminator)
          return this.choose(schema, definition, value, place);
    }
    return this.leaf(schema, value, place);
  }

  private object(schema: z.ZodType, definition: ObjectDefinition, value: unknown, place: Place): unknown {
    if (!this.expectMapping(value, place)) return INVALID;
    const { parts, isWhole } = this.parts(definition, value, place);
    return isWhole ? this.meets(schema, parts, place) : INVALID;
  }

  /** The value, unless a condition on several of its parts is not met. */
  private meets(schema: z.ZodType, value: object, place: Place): unknown {
    const isRight = !this.findings.isInvalid(value) && !this.findings.isIncomplete(value);
    const objection = isRight ? knownOf(schema).condition?.(value) : undefined;
    if (!objection) return value;
    this.findings.addObjection(place, objection);
    return INVALID;
  }

  private parts(
    { shape, catchall }: ObjectDefinition,
    value: Record<string, unknown>,
    place: Place,
  ): { parts: Record<string, unknown>; isWhole: boolean } {
    const parts: Record<string, unknown> = {};
    const keys = Object.keys(shape);
    this.findings.place(parts, place);
    let isWhole = true;
    for (const key of keys) {
      const own = Object.hasOwn(value, key) ? value[key] : undefined;
      const isAbsent = own === undefined || own === null;
      const definition = definitionOf(shape[key]);
      if (isOptional(definition)) {
        const read = isAbsent ? undefined : this.any(definition.innerType, own, below(place, key));
        if (read === INVALID) this.findings.markInvalid(parts, key);
        if (read !== undefined && read !== INVALID) parts[key] = read;
        else if ('defaultValue' in definition) {
          parts[key] = this.any(definition.innerType, definition.defaultValue, below(place, key));
        }
      } else if (isAbsent) {
        this.reportMissing(key, Object.hasOwn(value, key) ? below(place, key) : place, keys, value);
        isWhole = false;
      } else {
        parts[key] = this.any(shape[key], own, below(place, key));
        if (parts[key] === INVALID) {
          parts[key] = undefined;
          isWhole = false;
        }
      }
    }
    const isStrict = catchall !== undefined;
    if (isStrict) this.reportUnknownKeys(value, keys, parts, place);
    return { parts, isWhole };
  }

  /** A missing key that was only misspelt is reported once, at the misspelt one. */
  private reportMissing(key: string, place: Place, keys: string[], value: Record<string, unknown>): void {
    const strangers = Object.keys(value).filter((name) => !keys.includes(name));
    if (strangers.some((stranger) => didYouMean(stranger, [key]))) return;
    const { root = 'scenario' } = this.options;
    const explained = [root, ...place.path, ...(place.path.at(-1) === key ? [] : [key])];
    const more = root === null ? '' : `; \`pidsim explain ${fieldPath(explained)}\` tells what it is`;
    this.findings.error(place, 'missing-key', `\`${key}\` is missing`, { hint: `Add \`${key}:\`${more}.` });
  }

  private reportUnknownKeys(
    value: Record<string, unknown>,
    keys: string[],
    parts: object,
    place: Place,
  ): void {
    // Nobody means one that is there already.
    const absent = keys.filter((key) => !Object.hasOwn(value, key));
    for (const key of Object.keys(value)) {
      if (keys.includes(key)) continue;
      const hint = didYouMean(key, absent) ?? `Keys here: ${keys.join(', ')}.`;
      const message = `unknown key \`${shorten(key)}\``;
      this.findings.markInvalid(parts, key);
      this.findings.error(below(place, key), 'unknown-key', message, { hint, aim: 'key' });
    }
  }

  private array(schema: z.ZodType, element: z.ZodType, value: unknown, place: Place): unknown {
    if (!Array.isArray(value)) {
      this.findings.error(place, 'wrong-type', `a list is needed here, not ${nameOf(value)}`, {
        hint: 'Begin each entry with `- `.',
      });
      return INVALID;
    }
    const objection = countObjection(schema, value.length);
    const read: unknown[] = [];
    this.findings.place(read, place);
    if (objection) {
      this.findings.error(place, 'out-of-range', objection);
      // To read all of far too many takes a while; of a list that is too short the other mistakes are shown.
      this.findings.markIncomplete(read);
      if (value.length > ENTRIES_CHECKED_MAX) return read;
    }
    for (const [index, item] of value.entries()) {
      const entry = this.any(element, item, below(place, index));
      if (entry === INVALID) this.findings.markIncomplete(read);
      else read.push(entry);
    }
    if (objection) return value.length === 0 ? INVALID : read;
    return this.meets(schema, read, place);
  }

  private record(valueType: z.ZodType, value: unknown, place: Place): unknown {
    if (!this.expectMapping(value, place)) return INVALID;
    const read: Record<string, unknown> = Object.create(null);
    this.findings.place(read, place);
    for (const [key, item] of Object.entries(value)) {
      const entry = this.any(valueType, item, below(place, key));
      if (entry === INVALID) this.findings.markIncomplete(read);
      else read[key] = entry;
    }
    return read;
  }

  private choose(
    schema: z.ZodType,
    definition: Extract<Definition, { type: 'union' }>,
    value: unknown,
    place: Place,
  ): unknown {
    const choice = knownOf(schema).choice?.(value);
    if (typeof choice === 'number') return this.any(definition.options[choice], value, place);
    if (choice !== undefined) {
      this.findings.addObjection(place, choice);
      return INVALID;
    }
    if (!this.expectMapping(value, place)) return INVALID;
    const key = definition.discriminator!;
    const words = definition.options.map((option) => literalOf(option, key));
    const word = value[key];
    const option = definition.options[words.indexOf(String(word))];
    if (option) return this.any(option, value, place);
    if (word === undefined || word === null) {
      this.findings.error(place, 'missing-key', `\`${key}\` is missing`, {
        hint: `One of ${words.join(', ')}.`,
      });
    } else {
      this.reportUnknownValue(word, words, below(place, key));
    }
    return INVALID;
  }

  private leaf(schema: z.ZodType, value: unknown, place: Place): unknown {
    const result = schema.safeParse(value);
    if (result.success) {
      // How a number was written is known here only, and not to zod.
      const leaf = typeof value === 'number' ? knownOf(schema).leaf : undefined;
      const objection = leaf?.check(value as number, place.document.written(place.path));
      if (!objection) return result.data;
      this.findings.addObjection(place, objection);
      return INVALID;
    }
    this.reportLeaf(schema, value, result.error.issues[0], place);
    return INVALID;
  }

  private reportLeaf(schema: z.ZodType, value: unknown, issue: z.core.$ZodIssue, place: Place): void {
    const definition = definitionOf(schema);
    const isPlain = typeof value === 'string' || typeof value === 'number';
    const objection = isPlain
      ? knownOf(schema).leaf?.check(value, place.document.written(place.path))
      : undefined;
    if (issue.code === 'custom' && objection) {
      this.findings.addObjection(place, objection);
    } else if (definition.type === 'literal' || definition.type === 'enum') {
      const words = definition.type === 'literal' ? definition.values : Object.values(definition.entries);
      this.reportUnknownValue(value, words.map(String), place);
    } else if (issue.code === 'too_small' || issue.code === 'too_big') {
      this.findings.error(place, 'out-of-range', rangeMessage(value, issue));
    } else if (typeof value === 'number' && Number.isFinite(value) && definition.type === 'number') {
      this.findings.error(place, 'not-an-integer', `${value} is not a whole number`);
    } else {
      const message = `${needed(schema, definition)} is needed here, not ${nameOf(value)}`;
      this.findings.error(place, 'wrong-type', message, { hint: typeHint(schema, definition, value) });
    }
  }

  private reportUnknownValue(value: unknown, words: string[], place: Place): void {
    const list = words.map((word) => `\`${word}\``).join(', ');
    const hint = typeof value === 'string' ? didYouMean(value, words) : undefined;
    const need = words.length === 1 ? list : `one of ${list}`;
    this.findings.error(place, 'unknown-value', `${need} is needed here, not ${nameOf(value)}`, { hint });
  }

  private expectMapping(value: unknown, place: Place): value is Record<string, unknown> {
    if (isMapping(value)) return true;
    this.findings.error(place, 'not-a-mapping', `a mapping is needed here, not ${nameOf(value)}`);
    return false;
  }
}

function literalOf(option: z.ZodType, key: string): string {
  const object = definitionOf(option) as ObjectDefinition;
  return String((definitionOf(object.shape[key]) as Extract<Definition, { type: 'literal' }>).values[0]);
}

/** Of a list with too many entries: beyond this none of them is read. */
const ENTRIES_CHECKED_MAX = 10_000;

/** Bounds on the number of entries, which zod keeps as checks of the list. */
function countObjection(schema: z.ZodType, count: number): string | null {
  for (const check of schema._zod.def.checks ?? []) {
    const bound = check._zod.def as { check: string; minimum?: number; maximum?: number };
    if (bound.check === 'min_length' && count < bound.minimum!)
      return `the list needs at least ${bound.minimum} ${bound.minimum === 1 ? 'entry' : 'entries'}`;
    if (bound.check === 'max_length' && count > bound.maximum!) {
      return `the list has ${count} entries; at most ${bound.maximum} are allowed`;
    }
  }
  return null;
}

function rangeMessage(value: unknown, issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  if (typeof value === 'string') return 'the text is empty';
  return issue.code === 'too_small'
    ? `${value} is too small: at least ${issue.minimum}`
    : `${value} is too large: at most ${issue.maximum}`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: '`true` or `false`',
  union: 'a text or a number',
};

function needed(schema: z.ZodType, definition: Definition): string {
  if (definition.type === 'number' && definition.format) return 'a whole number';
  return knownOf(schema).leaf?.noun ?? TYPE_WORDS[definition.type] ?? 'another value';
}

function typeHint(schema: z.ZodType, definition: Definition, value: unknown): string | undefined {
  const unit = knownOf(schema).leaf?.unit;
  if (typeof value === 'number' && unit) return `Write the unit: \`${value}${unit}\`.`;
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  if (definition.type === 'string' && isPlain) return `Put it in quotes: "${value}".`;
  if (definition.type === 'number' && typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) {
    return `Write it without quotes: ${value}.`;
  }
  if (definition.type === 'boolean' && typeof value === 'string')
    return 'Write true or false, without quotes.';
  return undefined;
}

/** A value as a message names it. */
export function nameOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return `the text \`${shorten(value)}\``;
  return typeof value === 'number' ? `the number ${value}` : `\`${value}\``;
}

/** A path as `pidsim explain` takes it: without the indices of lists. */
function fieldPath(path: readonly (string | number | null)[]): string {
  return path.filter((step) => typeof step === 'string').join('.');
}
