/** docs/scenario-reference.md, generated from the schema: `npm run docs:reference`. */
import type { ProgramLibrary } from '../../src/program/step.js';
import { EXPECTATION_SUBJECTS, FAMILIES, SUBJECT_DOCUMENTATION, wordsOf } from '../../src/scenario/expect.js';
import {
  type FieldDoc,
  type FormDoc,
  fleetFields,
  namedTypes,
  scenarioFields,
} from '../../src/scenario/fields.js';
import { DEFAULT_PRESET, PRESET_NAMES, PRESETS } from '../../src/scenario/presets.js';
import { API_VERSION } from '../../src/scenario/schema.js';
import { CODE_DOCUMENTATION, DIAGNOSTIC_CODES } from '../../src/text/codes.js';
import { COMPARISONS } from '../../src/text/comparison.js';

/** The whole page, in Markdown. */
export function scenarioReference(catalogue: ProgramLibrary): string {
  const types = namedTypes();
  const byName = new Map(types.map((type) => [type.name, type]));
  const compound = ['Pod', 'Container', 'Probe', 'Hook', 'Intervention'].map((name) => byName.get(name)!);
  const plain = types.filter((type) => type.alternatives().length > 0 || type.forms().length === 0);
  const pages = new SectionWriter();
  pages.object('The document', scenarioFields(), []);
  pages.object('Fleet', fleetFields(), ['fleet']);
  for (const type of compound) pages.object(type.name, type, [type.name]);
  const sections = [
    introduction(),
    ...pages.sections,
    presetSection(),
    plainTypes(plain.filter(({ name }) => !['Pod', 'Intervention', 'Step', 'Steps'].includes(name))),
    stepSection(byName.get('Program')!, byName.get('Step')!),
    catalogueSection(catalogue),
    expectationSection(),
    codeSection(),
  ];
  return `${sections.join('\n\n')}\n`;
}

function introduction(): string {
  return `# Scenario file reference

<!-- Generated from src/scenario/schema.ts by \`npm run docs:reference\`. Do not edit. -->

A scenario file is YAML: one scenario, or one fleet, for each document (\`---\` between them). Kubernetes’ own objects need
no scenario: \`pidsim run\` reads them, and \`pidsim import\` writes the scenario that it makes of them. Words and units are Kubernetes' own
wherever Kubernetes has one. An unknown key is an error. A key with nothing behind it counts as absent. The same text
is on the command line: \`pidsim explain scenario.spec.node.kernel\`.

The smallest scenario:

\`\`\`yaml
apiVersion: ${API_VERSION}
kind: Scenario
metadata: {name: one-pod}
spec:
  pods:
    - name: app
      containers:
        - name: app
          program: app
\`\`\``;
}

/** One section for each object, those inside it after it; an object that appears in several places has one. */
class SectionWriter {
  readonly sections: string[] = [];
  private readonly bodies = new Set<string>();

  object(title: string, field: FieldDoc, path: readonly string[]): void {
    const body = [field.description, ...field.forms().map(formTable)].join('\n\n');
    if (this.bodies.has(body)) return;
    this.bodies.add(body);
    this.sections.push(`## ${title}\n\n${body}`);
    for (const form of field.forms()) {
      for (const part of form.fields) {
        if (!isAnonymous(part) || part.forms().length === 0) continue;
        const inside = [...path, part.name];
        const which = form.title?.includes('manifest') ? `, ${form.title}` : '';
        this.object(`\`${inside.join('.')}\`${which}`, part, inside);
      }
    }
  }
}

/** The type has no name, so it is explained where it stands. */
function isAnonymous({ type }: FieldDoc): boolean {
  return /Object$/.test(type);
}

function formTable({ title, description, fields }: FormDoc): string {
  const head = title === null ? [] : [`### ${title.includes('`') ? title : `\`${title}\``}`, ''];
  const text = title === null || description === '' ? [] : [description, ''];
  const rows = fields.map((field) => {
    const standard = field.isRequired ? 'required' : field.default === null ? '' : `\`${field.default}\``;
    return [`\`${field.name}\``, field.type, standard, [field.description, ...ownFacts(field)].join(' ')];
  });
  return [...head, ...text, table(['field', 'type', 'default', 'meaning'], rows)].join('\n');
}

/** The facts of a named type stand with the type. */
function ownFacts(field: FieldDoc): string[] {
  return /^[A-Z]/.test(field.type) ? [] : field.facts;
}

function presetSection(): string {
  const rows = PRESET_NAMES.flatMap((name) => {
    const { title, facts, unknown } = PRESETS[name];
    const set = facts.map(({ set: fact, why }) => [fact === null ? '' : `\`${fact[0]}: ${fact[1]}\``, why]);
    return [[`**\`${name}\`**`, `**${title}.**`], ...set, ['not known', unknown]];
  });
  const text =
    'Kinds of node for `node.preset` and `--node`: what each sets, and why. A value that is written goes before. A manifest ' +
    `that names no node is put on \`${DEFAULT_PRESET}\`.`;
  return `## Presets\n\n${text}\n\n${table(['what', 'why'], rows)}`;
}

function plainTypes(types: readonly FieldDoc[]): string {
  const rows = types.map((type) => {
    const forms = type
      .forms()
      .map((form) => `\`{${form.fields.map(({ name }) => name).join(', ')}}\`: ${form.description}`);
    return [type.name, [type.description, ...forms, ...type.facts].join(' ')];
  });
  return `## Types\n\n${table(['type', 'how it is written'], rows)}`;
}

function stepSection(program: FieldDoc, steps: FieldDoc): string {
  const rows = steps.alternatives().map((step) => [`\`${step.name}\``, stepText(step)]);
  const text =
    'A step is one of these words; a step with an argument is a mapping with that word as its key. The list is closed: ' +
    'every program can also be run on a real kernel, which is how the model is checked.';
  const head = ['## Program', program.description, ...program.forms().map(formTable)];
  return [...head, text, table(['step', 'meaning'], rows)].join('\n\n');
}

/** What a step does, and what its arguments are. */
function stepText(step: FieldDoc): string {
  const own = step.forms().flatMap((form) => form.fields);
  const inner = own.filter(isAnonymous).flatMap((field) => field.forms().flatMap((form) => form.fields));
  const details = [...own, ...inner]
    .filter(({ type, description }) => description !== '' && !/^(Steps|Duration)$/.test(type))
    .map((field) => `\`${field.name}\`: ${field.description}`);
  const facts = own.filter(({ name }) => name === step.name).flatMap((field) => field.facts);
  return [step.description, ...facts, ...new Set(details)].join(' ');
}

function catalogueSection(catalogue: ProgramLibrary): string {
  // Programs that do the same under different names share a row.
  const names = new Map<string, string[]>();
  for (const name of catalogue.keys()) {
    const { description = '', source } = catalogue.get(name)!;
    const text = [description, source && `Source: ${source}.`].filter(Boolean).join(' ');
    names.set(text, [...(names.get(text) ?? []), `\`${name}\``]);
  }
  const rows = [...names].map(([text, same]) => [same.join(', '), text]);
  return `## Programs of the catalogue\n\n${table(['name', 'what it does'], rows)}`;
}

function expectationSection(): string {
  const rows = EXPECTATION_SUBJECTS.map((subject) => {
    const { kind, meaning } = SUBJECT_DOCUMENTATION[subject];
    return [`\`${subject}\``, wordsOf(kind), meaning];
  });
  for (const [family, { which, metrics }] of Object.entries(FAMILIES)) {
    for (const [metric, { kind, meaning }] of Object.entries(metrics))
      rows.push([`\`${family} WHICH ${metric}\``, wordsOf(kind), `${meaning}; WHICH: ${which}`]);
  }
  const comparisons = COMPARISONS.map((comparison) => `\`${comparison}\``).join(', ');
  return `## Expectations

Each line of \`expect:\` is SUBJECT COMPARISON VALUE, such as \`timeToExhaustion < 36h\`. If one does not hold, the exit
code is 99. Comparisons: ${comparisons}; for \`true\`, \`false\` and words only \`==\` and \`!=\`. Of what there is
many, the line says which: \`probe web/app/liveness zombiesPerRun == 0\`, \`pod shop/web-0 downFor < 5m\`,
\`limit all-pods timeToRefusal > 3d\`. A name with a blank is in quotes: \`firstHarm.of == 'all pods'\`.

What has not come within the run is later than any time within the run; whether it is later than a time beyond
the run is not known, and such a line fails. A run with \`--until exhaustion\` ends when the node is full: what it
did not get to is "not reached", which is no failure.

${table(['subject', 'value', 'what it is'], rows)}`;
}

function codeSection(): string {
  const rows = DIAGNOSTIC_CODES.map((code) => {
    const { meaning, remedy } = CODE_DOCUMENTATION[code];
    return [`\`${code}\``, meaning, remedy];
  });
  return `## Diagnostics

What is wrong with a file is said as \`FILE:LINE:COLUMN: error[CODE]: MESSAGE\`, all of it at once. Codes are stable.

${table(['code', 'meaning', 'what to do'], rows)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
