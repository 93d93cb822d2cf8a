/**
 * Everything a run writes, as a list: where, and how to make it. Nothing is computed before it is asked for.
 *
 *   <scenario>/  summary.json summary.md timeline.csv events.csv blame.csv
 *                {pids,limit,kubelet,symptoms,blame}.{vl.json,svg} index.html
 *   summary.json summary.md overview.vl.json overview.svg index.html
 */
import type { RunResult } from '../run/result.js';
import { chartsOf } from './charts/all.js';
import { overviewChart } from './charts/overview.js';
import type { ChartSpec } from './charts/theme.js';
import { blameCsv, eventsCsv, timelineCsv } from './csv.js';
import { toJson } from './document.js';
import { type DrawnChart, indexHtml, pagesHtml, scenarioHtml } from './html.js';
import { type ChartChoice, OVERVIEW_FILES } from './overview-files.js';
import { overviewJson, overviewMarkdown, summaryJson, summaryMarkdown } from './summary.js';

export type { ChartSpec };

/** Draws a chart; `read` gives the text behind a URL that the specification names. */
export type Draw = (spec: ChartSpec, read: (url: string) => string) => Promise<string>;

export interface OutputFile {
  path: string;
  text: (draw: Draw) => string | Promise<string>;
}

/** By this file a folder is known as written by us. */
export const MARKER_FILE = 'summary.json';

/** @throws Error if a name is no plain file name, or that of a file over all scenarios, or comes twice. */
export function checkNames(names: readonly string[]): void {
  for (const [index, name] of names.entries()) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name)) throw new Error(`not a folder name: ${name}`);
    if (OVERVIEW_FILES.includes(name)) throw new Error(`the name of a file: ${name}`);
    if (names.indexOf(name) < index) throw new Error(`two scenarios are called ${name}`);
  }
}

/** The last file is the page, in which all charts are. Paths with `/`, relative to the output folder. */
export function scenarioOutput(
  result: RunResult,
  choice: ChartChoice = 'all',
): { files: OutputFile[]; charts: Chart[] } {
  const folder = result.scenario.name;
  const data = dataOf(result);
  const charts = chartsOf(result, choice).map(({ name, spec }) => chartOf(name, () => spec(result), data));
  const files = [
    { path: `${folder}/${MARKER_FILE}`, text: () => summaryJson(result) },
    { path: `${folder}/summary.md`, text: () => summaryMarkdown(result) },
    ...Object.entries(data).map(([name, text]) => ({ path: `${folder}/${name}`, text })),
    ...charts.flatMap((chart) => chartFiles(`${folder}/${chart.name}`, chart)),
    {
      path: `${folder}/index.html`,
      text: async (draw: Draw) => scenarioHtml(result, await drawn(charts, draw)),
    },
  ];
  return { files, charts };
}

export function overviewFiles(results: readonly RunResult[]): OutputFile[] {
  const chart = overviewOf(results);
  return [
    { path: MARKER_FILE, text: () => overviewJson(results) },
    { path: 'summary.md', text: () => overviewMarkdown(results) },
    ...chartFiles('overview', chart),
    { path: 'index.html', text: async (draw) => indexHtml(results, await chart.svg(draw)) },
  ];
}

/** All results in one page. */
export async function onePage(
  results: readonly RunResult[],
  charts: DrawnChart[][],
  draw: Draw,
): Promise<string> {
  return pagesHtml(results, results.length === 1 ? '' : await overviewOf(results).svg(draw), charts);
}

export interface Chart {
  name: string;
  spec: () => ChartSpec;
  /** Drawn once, though the page and the SVG file both have it. */
  svg: (draw: Draw) => Promise<string>;
}

/** A CSV file is written once and read by up to four charts. */
function dataOf(result: RunResult): Record<string, () => string> {
  return {
    'timeline.csv': memo(() => timelineCsv(result)),
    'events.csv': memo(() => eventsCsv(result)),
    'blame.csv': memo(() => blameCsv(result)),
  };
}

function overviewOf(results: readonly RunResult[]): Chart {
  return chartOf('overview', () => overviewChart(results), { [MARKER_FILE]: () => overviewJson(results) });
}

function chartOf(name: string, make: () => ChartSpec, data: Record<string, () => string>): Chart {
  const read = (url: string): string => {
    const text = data[url];
    if (text === undefined) throw new Error(`${name}.vl.json names data that is not written: ${url}`);
    return text();
  };
  const spec = memo(make);
  let svg: Promise<string> | null = null;
  return { name, spec, svg: (draw) => (svg ??= draw(spec(), read)) };
}

export async function drawn(charts: readonly Chart[], draw: Draw): Promise<DrawnChart[]> {
  const all: DrawnChart[] = [];
  for (const { name, svg } of charts) all.push({ name, svg: await svg(draw) });
  return all;
}

function chartFiles(path: string, { spec, svg }: Chart): OutputFile[] {
  return [
    { path: `${path}.vl.json`, text: () => toJson(spec()) },
    { path: `${path}.svg`, text: svg },
  ];
}

/** A chart whose data is in its specification. */
export function chartFilesOf(name: string, spec: () => ChartSpec): OutputFile[] {
  return chartFiles(name, chartOf(name, spec, {}));
}

function memo<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
