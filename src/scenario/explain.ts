/** `pidsim explain scenario.spec.node.kernel.pidMax`, as `kubectl explain` does it. */
import { CODE_DOCUMENTATION, DIAGNOSTIC_CODES, type DiagnosticCode } from '../text/codes.js';
import { didYouMean } from '../text/suggest.js';
import { explainCatalogue, explainProgram } from './explain-program.js';
import { type Explanation, indent, page } from './explanation.js';
import { type FieldDoc, type FormDoc, fleetFields, namedTypes, scenarioFields } from './fields.js';
import { explainTerm, findTerm, similarTerm } from './glossary.js';
import { explainPreset, explainPresets } from './presets.js';
import { API_VERSION, FLEET_KIND, KIND } from './schema.js';

/**
 * Explains a field by its path, a named type (`Interval`), a diagnostic code (`alias-bomb`), the catalogue
 * (`program`), a program (`program tini`) or a term of the glossary (`zombie`). List indices are left out of
 * paths, and `scenario.` at the beginning may be.
 */
export function explain(path: string): Explanation {
  const [first, ...rest] = path.trim().split(/\s+/);
  if (first === 'program') return rest.length === 0 ? explainCatalogue() : explainProgram(rest.join(' '));
  if (first === 'presets' || (first === 'preset' && rest.length === 0)) return explainPresets();
  if (first === 'preset') return explainPreset(rest.join(' '));
  if (isCode(path)) return { ok: true, text: explainCode(path) };
  const named = namedTypes().find(({ name }) => name === path);
  if (named) return { ok: true, text: render([named], [], KIND) };
  const steps = path
    .replace(/\[\d*\]/g, '')
    .split('.')
    .filter(Boolean);
  const isFleet = steps[0]?.toLowerCase() === 'fleet';
  if (isFleet || steps[0]?.toLowerCase() === 'scenario') steps.shift();
  const found = walk(steps, isFleet ? fleetFields() : scenarioFields());
  if (found.ok) return found;
  const term = findTerm(path);
  if (term !== null) return { ok: true, text: explainTerm(term) };
  const similar = steps.length === 1 ? similarTerm(path) : undefined;
  return similar === undefined || found.hint?.startsWith('Did you mean')
    ? found
    : { ...found, hint: similar };
}

function walk(steps: readonly string[], root: FieldDoc): Explanation {
  let fields: FieldDoc[] = [root];
  for (let index = 0; index < steps.length; index++) {
    const offered = fields.flatMap((field) => field.forms()).flatMap((form) => form.fields);
    // `evictionHard.pid.available`: some keys have dots of their own.
    const rest = steps.slice(index).join('.');
    const whole = offered.filter(({ name }) => name === rest);
    const found = whole.length > 0 ? whole : offered.filter(({ name }) => name === steps[index]);
    if (found.length === 0) return notFound([root.name, ...steps.slice(0, index)], steps[index], offered);
    fields = distinct(found);
    if (whole.length > 0) break;
  }
  return { ok: true, text: render(fields, steps, root.name === 'fleet' ? FLEET_KIND : KIND) };
}

/** The same field in several forms of one object (`at` of every intervention) is explained once. */
function distinct(fields: readonly FieldDoc[]): FieldDoc[] {
  const seen = new Map(fields.map((field) => [`${field.type} ${field.description}`, field]));
  return [...seen.values()];
}

function notFound(parents: readonly string[], step: string, offered: readonly FieldDoc[]): Explanation {
  const names = [...new Set(offered.map(({ name }) => name))];
  const parent = parents.join('.');
  if (names.length === 0) return { ok: false, message: `\`${parent}\` has no fields` };
  const hint = didYouMean(step, names) ?? `Its fields: ${names.join(', ')}.`;
  return { ok: false, message: `\`${parent}\` has no field \`${step}\``, hint };
}

function render(fields: readonly FieldDoc[], steps: readonly string[], kind: string): string {
  const head = [`KIND:     ${kind}`, `VERSION:  ${API_VERSION}`];
  return `${[...head, ...fields.flatMap((field) => ['', ...renderField(field, steps)])].join('\n')}\n`;
}

function renderField(field: FieldDoc, steps: readonly string[]): string[] {
  const lines = [`FIELD:    ${steps.length === 0 ? field.name : steps.join('.')} <${field.type}>`, ''];
  lines.push('DESCRIPTION:', ...indent(paragraph(field), 4));
  for (const form of field.forms()) lines.push('', ...renderForm(form));
  return lines;
}

function paragraph(field: FieldDoc): string {
  const standard = field.default === null ? [] : [`Default: ${field.default}.`];
  const required = field.isRequired && field.name !== 'scenario' && field.name !== 'fleet' ? [] : standard;
  return [field.description, ...required, ...field.facts].join(' ');
}

function renderForm({ title, description, fields }: FormDoc): string[] {
  const lines = [title === null ? 'FIELDS:' : `FIELDS (${title.replaceAll('`', '')}):`];
  if (title !== null && description !== '') lines.push(...indent(description, 2));
  for (const field of fields) {
    lines.push(`  ${field.name} <${field.type}>${field.isRequired ? ' -required-' : ''}`);
    lines.push(...indent(paragraph(field), 4));
  }
  return lines;
}

function isCode(word: string): word is DiagnosticCode {
  return (DIAGNOSTIC_CODES as readonly string[]).includes(word);
}

function explainCode(code: DiagnosticCode): string {
  const { meaning, remedy } = CODE_DOCUMENTATION[code];
  return page([`CODE:     ${code}`], { MEANING: meaning, REMEDY: remedy });
}
