/** From untrusted data to a program that compiles. */
import type { Findings, Place } from '../text/findings.js';
import { INVALID, Reader } from '../text/read.js';
import { checkBreaks, checkLabels, checkSize } from './check.js';
import { normaliseProgram } from './normalise.js';
import { programSchemas } from './schema.js';
import type { ProgramSource } from './step.js';

/**
 * Reads one program, `{comm, steps, source?, description?}`, as YAML or JSON gives it; null when something is
 * wrong.
 *
 *     raw ── size ──► shape (schema.ts) ──► labels, breaks ──► one spelling ──► ProgramSource
 *
 * All that is wrong is in the findings, except that these are looked at only in steps that have the right
 * shape. Names of other programs are checked by `checkProgramNames`, when the whole library is known.
 */
export function readProgram(raw: unknown, place: Place, findings: Findings): ProgramSource | null {
  const tooLarge = checkSize(raw);
  if (tooLarge !== null) {
    findings.addObjection(place, tooLarge);
    return null;
  }
  const before = findings.total;
  const shape = new Reader(findings, { root: null }).read(programSchemas().program, raw, place);
  if (shape === INVALID || findings.total > before) return null;
  const problems = [...checkLabels(shape.steps, ['steps']), ...checkBreaks(shape.steps, ['steps'])];
  for (const problem of problems) findings.addObjection(place, problem);
  return problems.length > 0 ? null : normaliseProgram(shape);
}
