/** Every PATH that `--set` takes, from the schema: for the completion of the shell. */
import { type FieldDoc, scenarioFields } from './fields.js';

/** Below `spec`, in the order of the schema; what a list or a mapping holds is below a `*`. */
export function settingPaths(): string[] {
  const [document] = scenarioFields().forms();
  const spec = document.fields.find(({ name }) => name === 'spec')!;
  return [...new Set(pathsIn(spec, [], []))];
}

/** A type inside itself (a step in a step) goes on for ever: it is entered once. */
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
