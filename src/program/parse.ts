/** From untrusted data to a program that compiles. */
import { checkLabels, checkSize } from './check.js';
import { normaliseProgram } from './normalise.js';
import { problemsOf } from './problem.js';
import { programSchemas } from './schema.js';
import type { ProgramProblem, ProgramSource } from './step.js';

export type ParsedProgram = { ok: true; source: ProgramSource } | { ok: false; problems: ProgramProblem[] };

/**
 * Reads one program, `{comm, steps, source?, description?}`, as YAML or JSON gives it.
 *
 *     raw ── size ──► shape (zod) ──► one spelling ──► labels ──► ProgramSource
 *
 * All problems at once, except that labels are looked at only in steps that have the right shape. Names of other
 * programs are checked by `checkProgramNames`, when the whole library is known.
 */
export function parseProgram(raw: unknown): ParsedProgram {
  const tooLarge = checkSize(raw);
  if (tooLarge !== null) return { ok: false, problems: [tooLarge] };
  const shape = programSchemas().program.safeParse(raw);
  if (!shape.success) return { ok: false, problems: problemsOf(shape.error.issues, raw) };
  const problems = checkLabels(shape.data.steps, ['steps']);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, source: normaliseProgram(shape.data) };
}
