/**
 * The schema as a tree of documented fields, for `pidsim explain` and for the reference page.
 *
 *     zod schema ─► JSON Schema ─► FieldDoc: name, type, description, facts, the fields inside
 */
import { fleetJsonSchema, scenarioJsonSchema } from './schema.js';

/** The part of JSON Schema (draft 2020-12) that zod writes. */
interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  examples?: unknown[];
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
}

/** One of several forms that an object may have; most have only one. */
export interface FormDoc {
  /** What tells it apart: `manifest`, `do: bump-pause`; null when there is only one. */
  title: string | null;
  description: string;
  fields: FieldDoc[];
}

export interface FieldDoc {
  name: string;
  /** For people: `integer`, `Interval`, `[]Pod`, `map[string]Program`, `Object`. */
  type: string;
  description: string;
  isRequired: boolean;
  /** Printed; null when there is none, or when it is an object's `{}`. */
  default: string | null;
  /** Sentences: bounds, allowed words, examples. */
  facts: string[];
  /** The forms of the object inside: of the value, of the list's entries, of the mapping's values. */
  forms(): FormDoc[];
  /** The alternatives of a union, each by its constant or its first key; none for anything else. */
  alternatives(): FieldDoc[];
}

/** The types that have a name of their own, and are explained once. */
export function namedTypes(): FieldDoc[] {
  const root = scenarioJsonSchema() as JsonSchema;
  return Object.entries(root.$defs ?? {}).map(([name, schema]) => describe(name, schema, true, root));
}

/** The whole document. */
export function scenarioFields(): FieldDoc {
  const root = scenarioJsonSchema() as JsonSchema;
  return describe('scenario', root, true, root);
}

export function fleetFields(): FieldDoc {
  const root = fleetJsonSchema() as JsonSchema;
  return describe('fleet', root, true, root);
}

function describe(name: string, schema: JsonSchema, isRequired: boolean, root: JsonSchema): FieldDoc {
  const target = dereference(schema, root);
  return {
    name,
    type: typeOf(schema, root),
    description: schema.description ?? target.description ?? '',
    isRequired,
    default: defaultOf(schema),
    facts: factsOf(target),
    forms: () => formsOf(inner(target, root), root),
    alternatives: () =>
      (target.anyOf ?? target.oneOf ?? []).map((option) => {
        const word = option.const ?? Object.keys(option.properties ?? {})[0];
        return describe(String(word), option, true, root);
      }),
  };
}

function dereference(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (schema.$ref === undefined) return schema;
  return root.$defs?.[nameOfRef(schema.$ref)] ?? {};
}

function nameOfRef(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1);
}

function typeOf(schema: JsonSchema, root: JsonSchema): string {
  if (schema.$ref !== undefined) return nameOfRef(schema.$ref);
  if (schema.items) return `[]${typeOf(schema.items, root)}`;
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return [...new Set(options.map((option) => typeOf(option, root)))].join(' or ');
  if (schema.type === 'object' && !schema.properties && typeof schema.additionalProperties === 'object') {
    return `map[string]${typeOf(schema.additionalProperties, root)}`;
  }
  return schema.type === 'object' ? 'Object' : (schema.type ?? 'any');
}

function defaultOf({ default: value }: JsonSchema): string | null {
  if (value === undefined) return null;
  const isEmptyObject = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  if (isEmptyObject) return Array.isArray(value) ? '[]' : null;
  return value === '' ? '""' : String(value);
}

function factsOf(schema: JsonSchema): string[] {
  const facts: string[] = [];
  if (schema.const !== undefined) facts.push(`Always \`${schema.const}\`.`);
  if (schema.enum) facts.push(`One of ${schema.enum.map((word) => `\`${word}\``).join(', ')}.`);
  if (schema.minimum !== undefined && schema.maximum !== undefined)
    facts.push(rangeOf(schema.minimum, schema.maximum));
  if (schema.examples) facts.push(`Examples: ${schema.examples.map((value) => `\`${value}\``).join(', ')}.`);
  return facts;
}

/** Bounds that only say that the number fits somewhere are no news. */
const NO_BOUND = 2_147_483_647;

function rangeOf(least: number, most: number): string {
  return most >= NO_BOUND ? `At least ${least}.` : `From ${least} to ${most}.`;
}

/** What a list or a mapping holds, or the schema itself. */
function inner(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (schema.items) return inner(dereference(schema.items, root), root);
  if (!schema.properties && typeof schema.additionalProperties === 'object') {
    return inner(dereference(schema.additionalProperties, root), root);
  }
  return schema;
}

function formsOf(schema: JsonSchema, root: JsonSchema): FormDoc[] {
  const options = schema.anyOf ?? schema.oneOf;
  if (options) {
    const objects = options.map((option) => dereference(option, root)).filter(({ properties }) => properties);
    return objects.map((option) => formOf(option, titleOf(option, objects), root));
  }
  return schema.properties ? [formOf(schema, null, root)] : [];
}

function formOf(schema: JsonSchema, title: string | null, root: JsonSchema): FormDoc {
  const fields = Object.entries(schema.properties!).map(([name, property]) =>
    describe(name, property, schema.required?.includes(name) ?? false, root),
  );
  return { title, description: schema.description ?? '', fields };
}

/** The constant that tells an option apart, or the keys that only it requires. */
function titleOf(option: JsonSchema, all: readonly JsonSchema[]): string {
  for (const name of option.required ?? []) {
    const word = option.properties![name].const;
    if (word !== undefined) return `${name}: ${word}`;
  }
  const others = all.filter((other) => other !== option).flatMap(({ required = [] }) => required);
  return `with \`${(option.required ?? []).filter((name) => !others.includes(name)).join('`, `')}\``;
}

/** Every PATH that `--set` takes, for completion; what a list or a mapping holds is below a `*`. */
export function settingPaths(): string[] {
  const [document] = scenarioFields().forms();
  const spec = document.fields.find(({ name }) => name === 'spec')!;
  return [...new Set(pathsIn(spec, [], []))];
}

/** A type that contains itself (a step in a step) is entered once, or its paths would have no end. */
function pathsIn(field: FieldDoc, path: readonly string[], entered: readonly string[]): string[] {
  const { type } = field;
  const forms = entered.includes(type) ? [] : field.forms();
  if (forms.length === 0) return [path.join('.')];
  const isNamed = type !== 'Object';
  const inside = type.startsWith('[]') || type.startsWith('map[') ? [...path, '*'] : path;
  return forms.flatMap(({ fields }) =>
    fields.flatMap((each) =>
      pathsIn(each, [...inside, each.name.replaceAll('.', '\\.')], isNamed ? [...entered, type] : entered),
    ),
  );
}
