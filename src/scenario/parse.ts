/**
 * From the text of a file to scenarios, or to everything that is wrong with it.
 *
 *     scenario, fleet ─► YAML documents ─┐
 *                                        ├─► read: shape, types ─► resolve: names ─► Scenario[]
 *     manifests, dumps ─► made document ─┘       │                     │
 *                                                └──► Diagnostic[] ◄───┘  file:line:column
 *
 * A mistake in one place does not hide another: each stage goes on with what is valid.
 */
import type { ProgramLibrary } from '../program/step.js';
import { DUMP_YAML_CHARACTERS_MAX, FLEET_VALUES_MAX } from '../text/bounds.js';
import type { Diagnostic, Parsed } from '../text/diagnostic.js';
import { below, Findings, inReadingOrder, type Place } from '../text/findings.js';
import { Reader } from '../text/read.js';
import { isMapping, shorten } from '../text/value.js';
import { documentOf, readYaml, type SourceDocument, type TextSize } from '../text/yaml.js';
import { AssumedImages } from './assumed-images.js';
import type { ResolveContext } from './context.js';
import { parseFleet } from './fleet.js';
import { withoutGroups } from './groups.js';
import { type ClusterOptions, type ManifestText, scenarioOfCluster } from './manifest/cluster.js';
import { isManifest } from './manifest/text.js';
import { isPreset, type PresetName, withPreset } from './presets.js';
import type { Assume } from './programs.js';
import { resolveScenario } from './resolve.js';
import { nodesOfPods } from './resolve-pods.js';
import type { Scenario } from './scenario.js';
import { FLEET_KIND, schemas } from './schema.js';
import { type Setting, withSettings } from './settings.js';

export interface ParseOptions {
  /** The file as the user named it. Default: `<text>`. */
  path?: string;
  /**
   * Text of a file that the scenario refers to (`manifest:`), by its path as it is written there, which is
   * relative to the scenario file; null when it cannot be read.
   */
  readFile?: (path: string) => string | null;
  /** Programs laid over the catalogue, below the scenario's own. */
  library?: ProgramLibrary;
  /** The kind of node, instead of what the file says. */
  preset?: PresetName;
  /** What is assumed of commands that nobody knows. Default: that they start no process. */
  assume?: Assume;
  /** Of a fleet this node alone. */
  onlyNode?: string;
  /** What is set in each scenario before it is read. */
  settings?: readonly Setting[];
}

/** With the document of each scenario, as it was read: settings are in it, and what manifests have made. */
export type ParsedScenarios = Parsed<Scenario[]> & { sources?: SourceDocument[] };

/** Each of its nodes may be as large as a scenario. */
const FLEET_SIZE: TextSize = { charactersMax: DUMP_YAML_CHARACTERS_MAX, valuesMax: FLEET_VALUES_MAX };

/** What a scenario from a string is called in diagnostics. */
const NO_PATH = '<text>';

/**
 * Reads a scenario file: one scenario for each YAML document in it, and one for each node of a fleet. A file
 * of Kubernetes objects is a scenario, or a fleet if they say on which nodes they are.
 *
 * Never throws because of its input. When anything is an error there is no scenario, and every error and
 * warning is in `diagnostics`, in reading order.
 */
export function parseScenario(text: string, options: ParseOptions = {}): ParsedScenarios {
  const path = options.path ?? NO_PATH;
  if (isManifest(text)) return parseManifests([{ path, text }], options);
  const yaml = readYaml(text, path, /^kind:[ \t]*Fleet\b/m.test(text) ? FLEET_SIZE : undefined);
  return parseDocuments(yaml.documents, new Findings(yaml.diagnostics), options);
}

/** The same for a `ScenarioDocument`: a scenario that is data already. Diagnostics then have no line. */
export function parseScenarioValue(value: unknown, options: ParseOptions = {}): ParsedScenarios {
  return parseDocuments([documentOf(value, options.path ?? NO_PATH)], new Findings(), options);
}

/** Files of Kubernetes objects, taken together: pods, their nodes, how their kubelets are set. */
export function parseManifests(
  texts: readonly ManifestText[],
  options: Omit<ParseOptions, 'path'> & ClusterOptions = {},
): ParsedScenarios {
  const findings = new Findings();
  const made = scenarioOfCluster(texts, options, findings);
  const { path } = texts[0];
  const documents = made === null ? [] : [made.document];
  const parsed = parseDocuments(documents, findings, { ...options, path, preset: undefined });
  if (!parsed.ok) return parsed;
  const files = texts.map((text) => text.path);
  const madeFrom = options.preset === undefined ? { files } : { files, preset: options.preset };
  return { ...parsed, value: parsed.value.map((scenario) => ({ ...scenario, madeFrom })) };
}

function parseDocuments(
  documents: readonly SourceDocument[],
  findings: Findings,
  options: ParseOptions,
): ParsedScenarios {
  const scenarios: Scenario[] = [];
  const sources: SourceDocument[] = [];
  const names = new Set<string>();
  for (const written of documents) {
    const settings = options.settings ?? [];
    const isOfGroups = ({ path }: Setting): boolean => path[0] === 'groups';
    const grouped = withSettings(written, settings.filter(isOfGroups), findings);
    const nodes = withoutGroups(grouped, options.onlyNode);
    const document = withSettings(
      nodes,
      settings.filter((setting) => !isOfGroups(setting)),
      findings,
    );
    const own = parseDocument(document, findings, options);
    scenarios.push(...own);
    for (const _each of own) sources.push(document);
    const name = own[0]?.fleet?.name ?? own[0]?.name ?? '';
    if (names.has(name)) {
      const place = { document, path: ['metadata', 'name'] };
      findings.error(place, 'duplicate-name', `an earlier document is called \`${name}\` too`);
    }
    if (name !== '') names.add(name);
  }
  const said = worthSaying(inReadingOrder(findings.all(), options.path ?? NO_PATH));
  const diagnostics = scenarios.some(({ group }) => group !== undefined) ? distinct(said) : said;
  const isValid = diagnostics.every(({ severity }) => severity === 'warning');
  if (!isValid) return { ok: false, diagnostics };
  const settings = (options.settings ?? []).flatMap(({ text, place }) => (place === undefined ? text : []));
  const value = settings.length === 0 ? scenarios : scenarios.map((scenario) => ({ ...scenario, settings }));
  return { ok: true, value, warnings: diagnostics, sources };
}

/** A mistake in the template of a hundred nodes is one. */
function distinct(diagnostics: Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter(({ file, line, column, code }) => {
    const { size } = seen;
    return seen.add(`${file} ${line} ${column} ${code}`).size > size;
  });
}

/** Of a template nothing else is true. */
function worthSaying(diagnostics: Diagnostic[]): Diagnostic[] {
  const template = diagnostics.find(({ code }) => code === 'template');
  return template === undefined ? diagnostics : [template];
}

/** The scenarios of one document. With anything invalid in it they are good for checking only. */
function parseDocument(document: SourceDocument, findings: Findings, options: ParseOptions): Scenario[] {
  const root: Place = { document, path: [] };
  const { value } = document;
  if (isMapping(value) && isForeign(value)) {
    const message = `this is a Kubernetes ${shorten(value.kind)}, not a Scenario`;
    const hint =
      'Put it into a file of its own, which `pidsim run` reads, or name that in a scenario: `pods: ' +
      '[{manifest: FILE}]`.';
    findings.error(below(root, 'kind'), 'unknown-value', message, { hint });
    return [];
  }
  const { scenario: schema, program } = schemas();
  const surroundings = {
    document,
    findings,
    library: options.library,
    assume: options.assume,
    readFile: options.readFile ?? (() => null),
    manifests: new Map<string, null>(),
    assumedImages: new AssumedImages(),
    said: new Set<string>(),
  };
  const reader = new Reader(findings, { opaque: program });
  const filled = withPresets(value, options.preset);
  const scenarios =
    isMapping(value) && value.kind === FLEET_KIND
      ? parseFleet(filled, root, reader, surroundings)
      : onItsNodes(reader.readParts(schema, filled, root), surroundings);
  surroundings.assumedImages.tell(findings);
  return scenarios;
}

type Surroundings = Parameters<typeof resolveScenario>[1];

/** One scenario; but one for each node on which the pods of its manifests are, if that is several. */
function onItsNodes(parts: Parameters<typeof resolveScenario>[0], surroundings: Surroundings): Scenario[] {
  const nodes = parts.spec === undefined ? [] : nodesOfPods(parts.spec.pods, surroundings as ResolveContext);
  if (nodes.length < 2) {
    const scenario = resolveScenario(parts, surroundings);
    return scenario === null ? [] : [scenario];
  }
  const { metadata } = parts;
  const name = metadata?.name ?? '';
  const fleet = { name, title: metadata?.title ?? name, description: metadata?.description ?? '' };
  return nodes.flatMap((node) => {
    const spec = { ...parts.spec!, pods: parts.spec!.pods };
    return (
      resolveScenario({ metadata, spec }, { ...surroundings, node }, { fleet, node, programs: {} }) ?? []
    );
  });
}

/** What a preset says stands below what is written. A preset that there is not is an error of the reader. */
function withPresets(value: unknown, preset: PresetName | undefined): unknown {
  if (!isMapping(value) || !isMapping(value.spec)) return value;
  const filled = (spec: unknown): unknown => {
    if (!isMapping(spec)) return spec;
    const { node = {} } = spec;
    const name = preset ?? (isMapping(node) ? node.preset : undefined);
    return isPreset(name) ? { ...spec, node: withPreset(node, name) } : spec;
  };
  const { nodes } = value.spec;
  if (value.kind !== FLEET_KIND || !Array.isArray(nodes)) return { ...value, spec: filled(value.spec) };
  return { ...value, spec: { ...value.spec, nodes: nodes.map(filled) } };
}

const KUBERNETES_KINDS = ['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'List'];

function isForeign(value: Record<string, unknown>): value is Record<string, unknown> & { kind: string } {
  const { kind, apiVersion } = value;
  return (
    typeof kind === 'string' &&
    KUBERNETES_KINDS.includes(kind) &&
    typeof apiVersion === 'string' &&
    !apiVersion.startsWith('pidsim/')
  );
}
