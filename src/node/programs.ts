/** The programs that a node runs without being asked to. */

import type { Program } from '../program/code.js';
import { compileProgram, compileSource } from '../program/compile.js';
import type { ProgramLibrary, ProgramSource } from '../program/step.js';
import type { NodePrograms } from './context.js';
import { pauseProgramName } from './versions/pause.js';

/** Ends when it is told to, as the images of most short-lived pods do. */
const CHURN: ProgramSource = { comm: 'app', steps: [{ 'on-term': 'exit' }, 'pause'] };

export function nodePrograms(catalogue: ProgramLibrary): NodePrograms {
  const pauses = new Map<string, Program>();
  return {
    churn: compiled(compileSource('churn', CHURN, catalogue)),
    pause(version) {
      const name = pauseProgramName(version);
      let program = pauses.get(name);
      if (program === undefined) pauses.set(name, (program = compiled(compileProgram(name, catalogue))));
      return program;
    },
  };
}

function compiled(result: ReturnType<typeof compileProgram>): Program {
  if (result.ok) return result.program;
  throw new Error(`the catalogue is broken: ${result.problems.map(({ message }) => message).join('; ')}`);
}
