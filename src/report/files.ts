/**
 * Everything a run writes, as a list: where, and how to make it. Nothing is computed before it is asked for.
 *
 *   <scenario>/  summary.json summary.md timeline.csv events.csv blame.csv
 *                {pids,kubelet,symptoms,blame}.{vl.json,svg}
 *   summary.json summary.md overview.vl.json overview.svg index.html
 */
import type { RunResult } from '../run/result.js';
import { chosenCharts, type RunChart } from './charts/all.js';
import { overviewChart } from './charts/overview.js';
import type { ChartSpec } from './charts/theme.js';
import { blameCsv, eventsCsv, timelineCsv } from './csv.js';
import { toJson } from './document.js';
import { indexHtml } from './html.js';
import { type ChartChoice, OVERVIEW_FILES } from './overview-files.js';
import { overviewJson, overviewMarkdown, summaryJson, summaryMarkdown } from './summary.js';

export type OutputFile =
  | { kind: 'text'; path: string; text: () => string }
  /** To be drawn; `read` gives the text behind a URL that the specification names. */
  | { kind: 'svg'; path: string; spec: () => ChartSpec; read: (url: string) => string };

/** By this file a folder is known as written by us. */
export const MARKER_FILE = 'summary.json';

/**
 * @returns paths with `/`, relative to the output folder: the scenarios' files first, the index last.
 * @throws Error if two results have one name, one that is not a plain file name, or that of a file over all
 *   of them: a reader of scenarios leaves out all three.
 */
export function outputFiles(results: readonly RunResult[], choice: ChartChoice = 'all'): OutputFile[] {
  const names = new Set<string>();
  for (const { scenario } of results) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(scenario.name))
      throw new Error(`not a folder name: ${scenario.name}`);
    if (OVERVIEW_FILES.includes(scenario.name)) throw new Error(`the name of a file: ${scenario.name}`);
    if (names.has(scenario.name)) throw new Error(`two scenarios are called ${scenario.name}`);
    names.add(scenario.name);
  }
  const charts = chosenCharts(choice);
  return [...results.flatMap((result) => scenarioFiles(result, charts)), ...overviewFiles(results, charts)];
}

function scenarioFiles(result: RunResult, charts: readonly RunChart[]): OutputFile[] {
  const folder = result.scenario.name;
  // A CSV file is written once and read by up to three charts.
  const data: Record<string, () => string> = {
    'timeline.csv': memo(() => timelineCsv(result)),
    'events.csv': memo(() => eventsCsv(result)),
    'blame.csv': memo(() => blameCsv(result)),
  };
  return [
    textFile(`${folder}/${MARKER_FILE}`, () => summaryJson(result)),
    textFile(`${folder}/summary.md`, () => summaryMarkdown(result)),
    ...Object.entries(data).map(([name, text]) => textFile(`${folder}/${name}`, text)),
    ...charts.flatMap(({ name, spec }) => chartFiles(`${folder}/${name}`, () => spec(result), data)),
  ];
}

function overviewFiles(results: readonly RunResult[], charts: readonly RunChart[]): OutputFile[] {
  const summary = memo(() => overviewJson(results));
  return [
    textFile(MARKER_FILE, summary),
    textFile('summary.md', () => overviewMarkdown(results)),
    ...chartFiles('overview', () => overviewChart(results), { [MARKER_FILE]: summary }),
    textFile('index.html', () => indexHtml(results, charts)),
  ];
}

function textFile(path: string, text: () => string): OutputFile {
  return { kind: 'text', path, text };
}

function chartFiles(path: string, spec: () => ChartSpec, data: Record<string, () => string>): OutputFile[] {
  const read = (url: string): string => {
    const text = data[url];
    if (text === undefined) throw new Error(`${path}.vl.json names data that is not written: ${url}`);
    return text();
  };
  const made = memo(spec);
  return [
    textFile(`${path}.vl.json`, () => toJson(made())),
    { kind: 'svg', path: `${path}.svg`, spec: made, read },
  ];
}

function memo<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
