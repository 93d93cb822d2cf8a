/** OpenShift's Template: objects with `${NAME}` in their texts, and default values for the names. */
import { isMapping, textOf } from '../../text/value.js';

const DEPTH_MAX = 100;

/** The objects with what the parameters are by default; one without a default stays as it is written. */
export function withParameters(template: Record<string, unknown>): unknown[] {
  const values = new Map<string, string>();
  for (const parameter of Array.isArray(template.parameters) ? template.parameters : []) {
    if (!isMapping(parameter) || typeof parameter.name !== 'string') continue;
    const { name, value, generate } = parameter;
    if (value !== undefined && value !== null) values.set(name, textOf(value));
    // Made up when the template is processed: it is a part of a name or a password.
    else if (generate !== undefined) values.set(name, 'generated');
  }
  return fill(template.objects, values, 0) as unknown[];
}

function fill(value: unknown, values: ReadonlyMap<string, string>, depth: number): unknown {
  if (depth > DEPTH_MAX) return value;
  if (typeof value === 'string') return fillText(value, values);
  if (Array.isArray(value)) return value.map((item) => fill(item, values, depth + 1));
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [fillText(key, values), fill(item, values, depth + 1)]),
  );
}

/** `${{NAME}}` alone is not a text but what the value says: a number, true. */
function fillText(text: string, values: ReadonlyMap<string, string>): unknown {
  const whole = /^\$\{\{([A-Za-z0-9_]+)\}\}$/.exec(text)?.[1];
  if (whole !== undefined && values.has(whole)) return plain(values.get(whole)!);
  return text.replace(/\$\{([A-Za-z0-9_]+)\}/g, (written, name) => values.get(name) ?? written);
}

function plain(text: string): unknown {
  if (/^-?\d+$/.test(text)) return Number(text);
  return text === 'true' ? true : text === 'false' ? false : text;
}
