/** `programs: {NAME: {file: PATH}}`: a program, or what `lab record` wrote, from a file of its own. */
import { readProgram } from '../program/parse.js';
import type { ProgramSource } from '../program/step.js';
import type { Findings, Place } from '../text/findings.js';
import { below } from '../text/findings.js';
import { isMapping } from '../text/value.js';
import { readYaml } from '../text/yaml.js';

/** The programs of the file, the one that is meant under `name`; none if it cannot be read. */
export function readProgramFile(
  name: string,
  reference: Readonly<Record<string, unknown>>,
  place: Place,
  findings: Findings,
  readFile: (path: string) => string | null,
): Map<string, ProgramSource> {
  const { file } = reference;
  const nothing = new Map<string, ProgramSource>();
  const text = typeof file === 'string' ? readFile(file) : null;
  if (text === null) {
    const message = typeof file === 'string' ? `\`${file}\` cannot be read` : '`file` is the path of a file';
    findings.error(below(place, 'file'), 'missing-file', message);
    return nothing;
  }
  const yaml = readYaml(text, file as string);
  findings.addAll(yaml.diagnostics);
  const [document] = yaml.documents;
  if (document === undefined) return nothing;
  const { value } = document;
  const programs = isMapping(value) && isMapping(value.programs) ? value.programs : null;
  if (programs === null) {
    const source = readProgram(value, { document, path: [] }, findings);
    return source === null ? nothing : new Map([[name, source]]);
  }
  const found = new Map<string, ProgramSource>();
  for (const [each, raw] of Object.entries(programs)) {
    const source = readProgram(raw, { document, path: ['programs', each] }, findings);
    if (source !== null) found.set(each, source);
  }
  const [first] = found.values();
  if (first !== undefined && !found.has(name)) found.set(name, first);
  return found;
}
