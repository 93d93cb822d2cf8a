/**
 * From the text of a scenario file to scenarios, or to everything that is wrong with it.
 *
 *     text ──► YAML documents ──► read: shape, types, defaults ──► resolve: names, units, versions ──► Scenario[]
 *                   │                        │                              │
 *                   └────────────────────────┴──────────────────────────────┴──► Diagnostic[], with file:line:column
 *
 * A mistake in one place does not hide another: each stage goes on with what is valid.
 */
import type { ProgramLibrary } from '../program/step.js';
import type { Diagnostic, Parsed } from '../text/diagnostic.js';
import { Findings, inReadingOrder, type Place } from '../text/findings.js';
import { Reader } from '../text/read.js';
import { isMapping } from '../text/value.js';
import { documentOf, readYaml, type SourceDocument } from '../text/yaml.js';
import type { Assume } from './programs.js';
import { resolveScenario } from './resolve.js';
import type { Scenario } from './scenario.js';
import { schemas } from './schema.js';

export interface ParseOptions {
  /** The file as the user named it. Default: `<text>`. */
  path?: string;
  /**
   * Text of a file that the scenario refers to (`manifest:`), by its path as it is written there, which is relative to
   * the scenario file; null when it cannot be read.
   */
  readFile?: (path: string) => string | null;
  /** Programs laid over the catalogue, below the scenario's own. */
  library?: ProgramLibrary;
  /** What is assumed of commands that nobody knows. Default: that they start no process. */
  assume?: Assume;
}

/** What a scenario from a string is called in diagnostics. */
export const NO_PATH = '<text>';

/**
 * Reads a scenario file: one scenario for each YAML document in it.
 *
 * Never throws because of its input. When anything is an error there is no scenario, and every error and warning is
 * in `diagnostics`, in reading order.
 */
export function parseScenario(text: string, options: ParseOptions = {}): Parsed<Scenario[]> {
  const yaml = readYaml(text, options.path ?? NO_PATH);
  return parseDocuments(yaml.documents, yaml.diagnostics, options);
}

/** The same for a scenario that is data already. Diagnostics then have no line. */
export function parseScenarioValue(value: unknown, options: ParseOptions = {}): Parsed<Scenario[]> {
  return parseDocuments([documentOf(value, options.path ?? NO_PATH)], [], options);
}

function parseDocuments(
  documents: readonly SourceDocument[],
  earlier: readonly Diagnostic[],
  options: ParseOptions,
): Parsed<Scenario[]> {
  const findings = new Findings();
  const scenarios: Scenario[] = [];
  const names = new Set<string>();
  for (const document of documents) {
    const scenario = parseDocument(document, findings, options);
    if (!scenario) continue;
    scenarios.push(scenario);
    if (names.has(scenario.name)) {
      const place = { document, path: ['metadata', 'name'] };
      findings.error(place, 'duplicate-name', `an earlier document is called \`${scenario.name}\` too`);
    }
    if (scenario.name !== '') names.add(scenario.name);
  }
  const diagnostics = inReadingOrder([...earlier, ...findings.diagnostics], options.path ?? NO_PATH);
  const isValid = diagnostics.every(({ severity }) => severity === 'warning');
  return isValid ? { ok: true, value: scenarios, warnings: diagnostics } : { ok: false, diagnostics };
}

/** The scenario of one document; what is invalid in it is replaced by defaults, so it is good for checking only. */
function parseDocument(document: SourceDocument, findings: Findings, options: ParseOptions): Scenario | null {
  const { scenario: schema, program } = schemas();
  const root: Place = { document, path: [] };
  const reader = new Reader(findings, { opaque: program });
  if (isMapping(document.value) && isForeign(document.value)) {
    const { kind } = document.value;
    findings.error(
      { document, path: ['kind'] },
      'unknown-value',
      `this is a Kubernetes ${kind}, not a Scenario`,
      {
        hint: 'Name this file in a scenario: `pods: [{manifest: FILE}]`.',
      },
    );
    return null;
  }
  const { metadata, spec } = reader.readParts(schema, document.value, root);
  return resolveScenario(
    { metadata, spec },
    {
      document,
      findings,
      library: options.library,
      assume: options.assume,
      readFile: options.readFile ?? (() => null),
    },
  );
}

const KUBERNETES_KINDS = ['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'List'];

function isForeign({ kind, apiVersion }: Record<string, unknown>): boolean {
  return (
    KUBERNETES_KINDS.includes(String(kind)) &&
    typeof apiVersion === 'string' &&
    !apiVersion.startsWith('pidsim/')
  );
}
