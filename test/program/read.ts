import { readProgram } from '../../src/program/parse.js';
import type { ProgramProblem, ProgramSource } from '../../src/program/step.js';
import { Findings } from '../../src/text/findings.js';
import { documentOf, NOWHERE, type Path } from '../../src/text/yaml.js';

export type ReadProgram = { ok: true; source: ProgramSource } | { ok: false; problems: ProgramProblem[] };

/** A program that is data and not part of a file: what is wrong stands at paths instead of lines. */
export function readAlone(raw: unknown): ReadProgram {
  const paths: (string | number)[][] = [];
  const locate = (path: Path) => {
    paths.push([...path]);
    return NOWHERE;
  };
  const findings = new Findings();
  const place = { document: { ...documentOf(raw, '<data>'), locate }, path: [] };
  const source = readProgram(raw, place, findings);
  if (source !== null) return { ok: true, source };
  const problems = findings.diagnostics.map(({ code, message, hint }, index) => {
    return { path: paths[index], code: code as ProgramProblem['code'], message, hint };
  });
  return { ok: false, problems };
}
