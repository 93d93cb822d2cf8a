import type { ProgramLibrary, ProgramSource } from '../../src/program/step.js';
import { type ParseOptions, parseScenario } from '../../src/scenario/parse.js';
import type { Scenario } from '../../src/scenario/scenario.js';
import type { Diagnostic } from '../../src/text/diagnostic.js';

/** A few programs, so that these tests are about scenarios and not about the catalogue. */
export const LIBRARY: ProgramLibrary = new Map<string, ProgramSource>([
  ['app', { comm: 'app', steps: ['pause'] }],
  ['quick-check', { comm: 'quick-check', steps: [{ sleep: '10ms' }] }],
  ['slow-check', { comm: 'slow-check', steps: [{ sleep: '30s' }] }],
]);

/** Everything up to and including `spec:`; what follows begins in line 5. */
export const HEAD = `apiVersion: pidsim/v1
kind: Scenario
metadata: {name: case}
spec:
`;

export function parse(text: string, options: ParseOptions = {}) {
  return parseScenario(text, { path: 'case.yaml', library: LIBRARY, ...options });
}

/** The scenario of a text that must be valid; `spec` is what stands below `spec:`. */
export function scenarioOf(spec: string, options: ParseOptions = {}): Scenario {
  const parsed = parse(HEAD + spec, options);
  if (!parsed.ok) throw new Error(briefs(parsed.diagnostics).join('\n'));
  return parsed.value[0];
}

/** Everything said about a text, warnings too. */
export function diagnosticsOf(text: string, options: ParseOptions = {}): Diagnostic[] {
  const parsed = parse(text, options);
  return parsed.ok ? parsed.warnings : parsed.diagnostics;
}

/** `5:3 unknown-key`; a warning has a question mark. */
export function briefs(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(
    ({ line, column, code, severity }) => `${line}:${column} ${code}${severity === 'warning' ? '?' : ''}`,
  );
}
