/** The type of a scenario file, `ScenarioDocument`, from the JSON Schema: every key, with what it is. */

/** @param {object} schema of a file. @returns the text of a declaration file. */
export function documentDeclaration(schema) {
  const definitions = Object.entries(schema.$defs ?? {}).map(
    ([name, each]) => `${comment(each, '')}type ${typeName(name)} = ${typeOf(each, '')};`,
  );
  const { $defs: _, ...file } = schema;
  const about = '/** A scenario, or a fleet, as it is written: what `parseScenarioValue` reads. */';
  return (
    [...definitions, `${about}\nexport type ScenarioDocument = ${typeOf(file, '')};`].join('\n\n') + '\n'
  );
}

function typeName(name) {
  return name.replace(/\W/g, '_');
}

/** A type in TypeScript; lines after the first begin with `indent`. */
function typeOf(schema, indent) {
  if (schema.$ref !== undefined) return typeName(schema.$ref.replace('#/$defs/', ''));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return [...new Set(choices.map((each) => typeOf(each, indent)))].join(' | ');
  if (schema.allOf !== undefined) return schema.allOf.map((each) => `(${typeOf(each, indent)})`).join(' & ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ type }, indent)).join(' | ');
  switch (schema.type) {
    case 'object':
      return objectOf(schema, indent);
    case 'array':
      if (schema.prefixItems !== undefined)
        return `[${schema.prefixItems.map((each) => typeOf(each, indent)).join(', ')}]`;
      return schema.items === undefined ? 'unknown[]' : `(${typeOf(schema.items, indent)})[]`;
    case 'integer':
      return 'number';
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return schema.type;
    default:
      return 'unknown';
  }
}

function objectOf({ properties = {}, required = [], additionalProperties }, indent) {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, each]) => {
    const key = /^\w+$/.test(name) ? name : JSON.stringify(name);
    return `${comment(each, inner)}${inner}${key}${required.includes(name) ? '' : '?'}: ${typeOf(each, inner)};`;
  });
  if (lines.length === 0)
    return typeof additionalProperties === 'object'
      ? `Record<string, ${typeOf(additionalProperties, indent)}>`
      : '{}';
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function comment({ description }, indent) {
  return description === undefined ? '' : `${indent}/** ${description.replaceAll('*/', '* /')} */\n`;
}

/**
 * A declaration file without imports of JSON, which few compilers are set up to follow: each becomes the type of its data.
 *
 * @param {string} text of the file. @param {(path: string) => unknown} read gives the data by the path in the import.
 */
export function withoutJson(text, read) {
  return text.replace(
    /^import (\w+) from '(.+\.json)'(?: with \{[^}]*\})?;$/gm,
    (_, name, path) => `declare const ${name}: ${typeOfData(read(path))};`,
  );
}

function typeOfData(data) {
  if (data === null) return 'null';
  if (Array.isArray(data)) return `(${[...new Set(data.map(typeOfData))].join(' | ') || 'unknown'})[]`;
  if (typeof data !== 'object') return typeof data;
  const fields = Object.entries(data).map(([key, value]) => `${JSON.stringify(key)}: ${typeOfData(value)}`);
  return `{ ${fields.join('; ')} }`;
}
