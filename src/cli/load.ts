/** From named files to scenarios; everything that is wrong with any of them is said before anything runs. */
import { OVERVIEW_FILES } from '../report/overview-files.js';
import { diagnosticTally, formatDiagnostic } from '../report/terminal.js';
import { assumesPrograms } from '../run/bracket.js';
import { parseScenario } from '../scenario/parse.js';
import type { Assume } from '../scenario/programs.js';
import type { Scenario } from '../scenario/scenario.js';
import type { Diagnostic } from '../text/diagnostic.js';
import { CommandError, EXIT } from './exit.js';
import { readerBeside, readSources, type SourceText } from './files.js';

export interface Loaded {
  source: SourceText;
  /** Empty when there are errors. */
  scenarios: Scenario[];
  diagnostics: Diagnostic[];
}

export function load(paths: readonly string[], assume: Assume = {}): Loaded[] {
  return readSources(paths).map((source) => {
    const parsed = parse(source, assume);
    return parsed.ok
      ? { source, scenarios: parsed.value, diagnostics: parsed.warnings }
      : { source, scenarios: [], diagnostics: parsed.diagnostics };
  });
}

function parse({ text, path }: SourceText, assume: Assume) {
  return parseScenario(text, { path, readFile: readerBeside(path), assume });
}

/** The same scenarios with so many orphans a run of each program that is assumed. */
export function withOrphans(loaded: readonly Loaded[], assume: Assume, orphans: number): Scenario[] {
  return loaded.flatMap(({ source, scenarios }) => {
    if (!scenarios.some(assumesPrograms)) return scenarios;
    const parsed = parse(source, { ...assume, orphans });
    return parsed.ok ? parsed.value : scenarios;
  });
}

/** All scenarios, warnings said on stderr; or every diagnostic and exit 2. */
export function loadOrExit(paths: readonly string[], assume: Assume = {}): Scenario[] {
  return scenariosOrExit(load(paths, assume));
}

export function scenariosOrExit(loaded: readonly Loaded[]): Scenario[] {
  const diagnostics = loaded.flatMap((each) => each.diagnostics);
  const text = describe(loaded);
  if (diagnostics.some((diagnostic) => diagnostic.severity === 'error'))
    throw new CommandError(EXIT.usage, text);
  if (text !== '') process.stderr.write(`${text}\n`);
  const scenarios = loaded.flatMap((each) => each.scenarios);
  refuseNamesOfFiles(scenarios);
  refuseSameNames(scenarios);
  return scenarios;
}

/** Every diagnostic with the line it is about, and how many there are. */
export function describe(loaded: readonly Loaded[]): string {
  const diagnostics = loaded.flatMap((each) => each.diagnostics);
  if (diagnostics.length === 0) return '';
  const texts = loaded.flatMap(({ source, diagnostics: own }) =>
    own.map((diagnostic) =>
      formatDiagnostic(diagnostic, diagnostic.file === source.path ? source.text : undefined),
    ),
  );
  return [...texts, diagnosticTally(diagnostics)].join('\n');
}

/** Beside the folders of the scenarios there are files. */
function refuseNamesOfFiles(scenarios: readonly Scenario[]): void {
  for (const { name, path } of scenarios) {
    if (!OVERVIEW_FILES.includes(name)) continue;
    throw new CommandError(
      EXIT.usage,
      `error: ${path}: a scenario cannot be named "${name}", which is a file of the output\n  hint: change metadata.name`,
    );
  }
}

/** Results are filed by name: two scenarios of one name would overwrite each other. */
function refuseSameNames(scenarios: readonly Scenario[]): void {
  const paths = new Map<string, string>();
  for (const { name, path } of scenarios) {
    const other = paths.get(name);
    if (other !== undefined) {
      throw new CommandError(
        EXIT.usage,
        `error: ${path}: a scenario named "${name}" comes from ${other} already\n  hint: change metadata.name of one`,
      );
    }
    paths.set(name, path);
  }
}
