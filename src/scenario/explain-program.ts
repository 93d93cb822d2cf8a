/** `pidsim explain program NAME`: what a program of the catalogue does, and how we know. */
import { stringify } from 'yaml';
import { type Assumption, catalogue, resolveName } from '../program/catalogue/index.js';
import type { ProgramSource } from '../program/step.js';
import { didYouMean } from '../text/suggest.js';
import { type Explanation, indent, page } from './explanation.js';

/** Every program of the catalogue, with what it is. */
export function explainCatalogue(): Explanation {
  const library = catalogue();
  const lines = [...library.keys()].flatMap((name) => {
    const { description = '', source } = library.get(name)!;
    return [`  ${name}`, ...indent(source === undefined ? description : `${description} (${source})`, 4)];
  });
  return { ok: true, text: ['PROGRAMS:', ...lines, ''].join('\n') };
}

/** One program, or a command line made up of several: `tini -- rabbitmq-server`. */
export function explainProgram(name: string): Explanation {
  const library = catalogue();
  const resolution = resolveName(name, library);
  if (resolution.ok)
    return { ok: true, text: describe(resolution.name, resolution.source, resolution.assumed) };
  if (name.includes(' '))
    return { ok: false, message: resolution.problem.message, hint: resolution.problem.hint };
  const hint = didYouMean(name, library.keys()) ?? '`pidsim explain program` lists them all.';
  return { ok: false, message: `the catalogue has no program \`${name}\``, hint };
}

function describe(name: string, program: ProgramSource, assumed: readonly Assumption[]): string {
  const { comm, description = '', source = '', steps } = program;
  const about = page([`PROGRAM:  ${name}`, `COMM:     ${comm}`], {
    DESCRIPTION: description,
    SOURCE: source,
    ASSUMED: assumed.map(({ what, effect }) => `${what}: ${effect}.`).join(' '),
  });
  const yaml = stringify(steps, { lineWidth: 100, flowCollectionPadding: false }).trimEnd();
  return [`${about}\nSTEPS:`, ...yaml.split('\n').map((line) => `    ${line}`), ''].join('\n');
}
