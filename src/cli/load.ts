/** From named files to scenarios; everything that is wrong with any of them is said before anything runs. */
import { METRICS_FILE, OVERVIEW_FILES } from '../report/overview-files.js';
import { diagnosticTally, formatDiagnostic } from '../report/terminal.js';
import type { ManifestText } from '../scenario/manifest/cluster.js';
import { isManifest } from '../scenario/manifest/text.js';
import { type ParsedScenarios, parseManifests, parseScenario } from '../scenario/parse.js';
import { isPreset, PRESET_NAMES, type PresetName } from '../scenario/presets.js';
import type { Assume } from '../scenario/programs.js';
import type { Scenario } from '../scenario/scenario.js';
import type { Setting } from '../scenario/settings.js';
import type { Variation } from '../study/inputs.js';
import type { Template } from '../study/replicate.js';
import type { Diagnostic, Parsed } from '../text/diagnostic.js';
import { listOf } from '../text/figures.js';
import { didYouMean } from '../text/suggest.js';
import type { SourceDocument } from '../text/yaml.js';
import { CommandError, EXIT, invalid, usageError } from './exit.js';
import { readerBeside, readSources } from './files.js';

export interface Loaded {
  /** One scenario file; or all the manifests that were named, which are about one cluster. */
  sources: ManifestText[];
  /** Empty when there are errors. */
  scenarios: Scenario[];
  /** Reads them again, with other assumptions and more settings. */
  parse: (assume: Assume, change?: Change) => ParsedScenarios;
  assume: Assume;
  diagnostics: Diagnostic[];
}

/** Settings before and after those of the command line; of a fleet one node alone. */
interface Change {
  before?: readonly Setting[];
  after?: readonly Setting[];
  onlyNode?: string;
}

export interface LoadOptions {
  /** `--node`. */
  node?: string;
  /** `--strict`, `--assume`. */
  assume?: Assume;
  /** `--set`. */
  settings?: readonly Setting[];
}

export function load(paths: readonly string[], options: LoadOptions = {}): Loaded[] {
  const sources = readSources(paths);
  const litmus = sources.find(({ text }) => isLitmus(text));
  if (litmus === undefined) return loadTexts(sources, readerBeside, options);
  const hint = `\`pidsim lab verify ${litmus.path}\` runs it on the model and on the kernel.`;
  throw usageError(`${litmus.path} is a litmus file and no scenario`, hint);
}

/** A litmus file asks a question and has no kind. */
export function isLitmus(text: string): boolean {
  return (
    /^[\s{]*"?question"?:|[\n,]\s*"?question"?:/.test(text) && !/^"?kind"?:|[{,]\s*"?kind"?:/m.test(text)
  );
}

/** @param readerFor gives what a text refers to, by its path. */
export function loadTexts(
  sources: ManifestText[],
  readerFor: (path: string) => (reference: string) => string | null,
  { node, assume = {}, settings = [] }: LoadOptions = {},
): Loaded[] {
  const preset = presetNamed(node);
  const manifests = sources.filter(({ text }) => isManifest(text));
  const scenarios = sources.filter((source) => !manifests.includes(source));
  const loaded = scenarios.map((source) => {
    const { path, text } = source;
    const options = { path, preset, readFile: readerFor(path) };
    return outcome([source], assume, (assumed, { before = [], after = [], onlyNode } = {}) =>
      parseScenario(text, {
        ...options,
        onlyNode,
        settings: [...before, ...settings, ...after],
        assume: assumed,
      }),
    );
  });
  if (manifests.length > 0)
    loaded.push(
      outcome(manifests, assume, (assumed, { before = [], after = [] } = {}) =>
        parseManifests(manifests, { preset, settings: [...before, ...settings, ...after], assume: assumed }),
      ),
    );
  // The other files of a chart that nobody has rendered are not wrong in themselves.
  const templates = loaded.filter(({ diagnostics }) => diagnostics.some(({ code }) => code === 'template'));
  return templates.length > 0 ? templates : loaded;
}

function outcome(sources: ManifestText[], assume: Assume, parse: Loaded['parse']): Loaded {
  const parsed = parse(assume);
  return parsed.ok
    ? { sources, parse, assume, scenarios: parsed.value, diagnostics: parsed.warnings }
    : { sources, parse, assume, scenarios: [], diagnostics: parsed.diagnostics };
}

/** Without `--replications` a fleet of groups is run once: its nodes are many enough. */
export function hasGroups(loaded: readonly Loaded[]): boolean {
  return loaded.some(({ scenarios }) => scenarios.some(({ group }) => group !== undefined));
}

export function presetNamed(name: string | undefined): PresetName | undefined {
  if (name === undefined || isPreset(name)) return name;
  const hint = didYouMean(name, PRESET_NAMES) ?? `there are: ${PRESET_NAMES.join(', ')}`;
  throw usageError(`--node ${name}: there is no such kind of node`, hint);
}

/**
 * The scenarios as they would be if programs that are assumed left so many orphans a run.
 *
 * @returns a scenario by its place: all its assumed programs (null), or one command alone. The nodes of a
 *   fleet are read together, once for each command.
 */
export function withOrphans(
  loaded: readonly Loaded[],
  orphans: number,
): (index: number, command: string | null) => Scenario {
  const places = loaded.flatMap((one) => one.scenarios.map((scenario, place) => ({ one, scenario, place })));
  const read = new Map<Loaded, Map<string | null, readonly Scenario[]>>();
  return (index, command) => {
    const { one, scenario, place } = places[index];
    const known = read.get(one) ?? new Map<string | null, readonly Scenario[]>();
    read.set(one, known);
    const { parse, assume } = one;
    const orphansOf = new Map(assume.orphansOf).set(command ?? '', orphans);
    if (!known.has(command)) {
      const parsed = parse(command === null ? { ...assume, orphans } : { ...assume, orphansOf });
      known.set(command, parsed.ok ? parsed.value : one.scenarios);
    }
    return known.get(command)![place] ?? scenario;
  };
}

/** For studies: each scenario, and how to read it again with draws and fixes in it. */
export interface LoadedTemplate extends Template {
  /** The document that it comes from; null: there is none to change. */
  source: SourceDocument | null;
  /** The same with more settings, after those of the command line. */
  with: (settings: readonly Setting[]) => Parsed<LoadedTemplate>;
}

export function templatesOrExit(
  loaded: readonly Loaded[],
  change: (scenario: Scenario) => Scenario,
  hasBeenSaid = false,
): LoadedTemplate[] {
  scenariosOrExit(
    hasBeenSaid ? loaded.map((one) => ({ ...one, diagnostics: errorsOf(one.diagnostics) })) : loaded,
  );
  return loaded.flatMap((one) => {
    const count = one.scenarios.length;
    return Array.from({ length: count }, (_, index) => orExit(templateOf(one, index, [], change)));
  });
}

function errorsOf(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === 'error');
}

export function orExit<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw invalid(parsed.diagnostics);
}

function templateOf(
  loaded: Loaded,
  index: number,
  after: readonly Setting[],
  change: (scenario: Scenario) => Scenario,
): Parsed<LoadedTemplate> {
  const { parse, assume } = loaded;
  const read = ({ settings, orphansOf, shareOf }: Variation) => {
    const orphans = new Map([...orphansOf, ...(assume.orphansOf ?? [])]);
    return parse({ ...assume, orphansOf: orphans, shareOf }, { before: settings, after, onlyNode });
  };
  // Reading a thousand nodes for each of a thousand would take a million.
  const { group, nodeName } = loaded.scenarios[index];
  const onlyNode = group === undefined ? undefined : nodeName;
  const place = onlyNode === undefined ? index : 0;
  const own = (parsed: ParsedScenarios): Parsed<Scenario> =>
    parsed.ok ? { ...parsed, value: change(parsed.value[place]) } : parsed;
  const isAsLoaded = after.length === 0 && onlyNode !== undefined;
  const written: ParsedScenarios = isAsLoaded
    ? { ok: true, value: [loaded.scenarios[index]], warnings: [] }
    : parse(assume, { after, onlyNode });
  const scenario = own(written);
  if (!scenario.ok) return scenario;
  const template: LoadedTemplate = {
    scenario: scenario.value,
    source: written.sources?.[place] ?? null,
    vary: (variation) => own(read(variation)),
    with: (settings) => templateOf(loaded, index, [...after, ...settings], change),
  };
  return { ...scenario, value: template };
}

/** All scenarios, warnings said on stderr; or every diagnostic and exit 2. */
export function loadOrExit(paths: readonly string[], options: LoadOptions = {}): Scenario[] {
  return scenariosOrExit(load(paths, options));
}

export function scenariosOrExit(loaded: readonly Loaded[]): Scenario[] {
  const diagnostics = loaded.flatMap((each) => each.diagnostics);
  if (diagnostics.some((diagnostic) => diagnostic.severity === 'error'))
    throw new CommandError(EXIT.usage, describe(loaded));
  const text = describe(loaded, WARNINGS_BEFORE_AN_ANSWER);
  if (text !== '') process.stderr.write(`${text}\n`);
  const scenarios = loaded.flatMap((each) => each.scenarios);
  refuseNames(scenarios);
  return scenarios;
}

/** To look for a line in a larger text takes longer than the line is worth. */
const QUOTED_CHARACTERS_MAX = 8_000_000;

/** So many of a kind: the answer to a question should be on the same screen. */
const WARNINGS_BEFORE_AN_ANSWER = 3;

/**
 * The diagnostics with the lines they are about, and how many there are. A hint that several have is given
 * once.
 *
 * @param most of a kind are shown.
 */
export function describe(
  loaded: readonly Pick<Loaded, 'sources' | 'diagnostics'>[],
  most = Number.POSITIVE_INFINITY,
): string {
  const diagnostics = loaded.flatMap((each) => each.diagnostics);
  if (diagnostics.length === 0) return '';
  const counts = new Map<string, number>();
  const hints = new Set<string | undefined>();
  const texts = loaded.flatMap(({ sources, diagnostics: own }) =>
    own.flatMap(({ hint, ...diagnostic }) => {
      const { code, file } = diagnostic;
      const count = (counts.get(code) ?? 0) + 1;
      counts.set(code, count);
      if (count > most) return [];
      const text = sources.find(({ path }) => path === file)?.text;
      const isLarge = text !== undefined && text.length > QUOTED_CHARACTERS_MAX;
      const isSaid = hint === undefined || hints.has(hint);
      hints.add(hint);
      return formatDiagnostic(isSaid ? diagnostic : { ...diagnostic, hint }, isLarge ? undefined : text);
    }),
  );
  const rest = [...counts].flatMap(([code, count]) => (count > most ? `${count - most} more ${code}` : []));
  if (rest.length > 0) texts.push(`and ${listOf(rest)}: \`pidsim validate\` lists them`);
  return [...texts, diagnosticTally(diagnostics)].join('\n');
}

/** Results are filed by name: no two may have the same, and none that of a file beside the folders. */
function refuseNames(scenarios: readonly Scenario[]): void {
  const paths = new Map<string, string>();
  for (const { name, path } of scenarios) {
    if (OVERVIEW_FILES.includes(name) || name === METRICS_FILE) {
      const message = `${path}: a scenario cannot be named "${name}", which is a file of the output`;
      throw usageError(message, 'change metadata.name');
    }
    const other = paths.get(name);
    if (other !== undefined) {
      const message = `${path}: a scenario named "${name}" comes from ${other} already`;
      throw usageError(message, 'change metadata.name of one');
    }
    paths.set(name, path);
  }
}
