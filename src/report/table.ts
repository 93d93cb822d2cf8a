/** Results on a terminal, in the forms of `-o`: `table`, `wide`, `csv`, `json`, `yaml`. */
import { stringify as toYaml } from 'yaml';
import { harmsOf } from '../run/harm.js';
import type { AssumptionMade, RunResult, TimelineColumn } from '../run/result.js';
import { formatSeconds } from '../text/duration.js';
import { cutInTheMiddle, formatCount, plural } from '../text/figures.js';
import { printable } from '../text/printable.js';
import { type Align, columnWidths, fillLines, plainTable } from '../text/table.js';
import { formatMoment } from '../text/wall-clock.js';
import { resultsCsv } from './csv.js';
import { resultsDocument, toJson } from './document.js';
import { fleetSentence, fleetsOf } from './fleet.js';
import {
  byUrgency,
  downClause,
  downUnlimited,
  harmCell,
  limitWords,
  timeToHarm,
  toneOf,
} from './harm-words.js';
import { expectationTally } from './message.js';
import { bracketSentence, nodeLine, reapingLines } from './node-words.js';

export const OUTPUT_FORMATS = ['table', 'wide', 'csv', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** The rows of a table for people: the most urgent first, or in the order of the files. */
export const TABLE_SORTS = ['harm', 'file'] as const;
export type TableSort = (typeof TABLE_SORTS)[number];

export interface TableOptions {
  /** Columns of the terminal; null: not a terminal, as wide as it takes. */
  width: number | null;
  /** Whether escape sequences may be used; the caller knows about NO_COLOR. */
  color: boolean;
  sort: TableSort;
}

const PLAIN: TableOptions = { width: null, color: false, sort: 'harm' };

/** @returns text that ends in a newline. */
export function renderResults(
  results: readonly RunResult[],
  format: OutputFormat,
  options: TableOptions = PLAIN,
): string {
  const shown = options.sort === 'harm' ? byUrgency(results) : results;
  const width = format === 'wide' ? null : (options.width ?? WIDTH);
  const notes = [fleetLines(results), downLines(shown), nodeLines(results), assumptionLines(results)];
  const below = notes
    .flatMap((lines) => (lines.length === 0 ? [] : ['', ...lines]))
    .map((line) => wrapped(line, width))
    .join('');
  switch (format) {
    case 'table':
      return resultTable(shown, columnsThatFit(shown, width), { ...options, width }) + below;
    case 'wide':
      // Asked for by name: never folded.
      return resultTable(shown, WIDE_COLUMNS, { ...options, width }) + below;
    case 'csv':
      return resultsCsv(results);
    case 'json':
      return toJson(resultsDocument(results));
    case 'yaml':
      return toYaml(resultsDocument(results), { lineWidth: 0, aliasDuplicateObjects: false });
  }
}

/** A line of prose below the table, in a terminal's width. */
function wrapped(line: string, width: number | null): string {
  return `${width === null ? line : fillLines(line.split(' '), width).join('\n')}\n`;
}

/** Below the rows of its nodes, what a fleet has come to. */
function fleetLines(results: readonly RunResult[]): string[] {
  return [...fleetsOf(results)].map(([name, members]) => printable(fleetSentence(name, members)));
}

/** What is down though no limit did it harm: nothing in the row says why. */
function downLines(results: readonly RunResult[]): string[] {
  return results
    .filter((result) => downUnlimited(result) !== null)
    .map((result) =>
      printable(`Down in ${result.scenario.name}, though no limit is reached: ${downClause(result)}.`),
    );
}

type Tone = ReturnType<typeof toneOf> | 'plain';

interface Column {
  head: string;
  align: Align;
  cell: (result: RunResult) => string;
  tone?: (result: RunResult) => Tone;
}

function limitCell(result: RunResult): string {
  const [first] = harmsOf(result);
  return first?.limit ? limitWords(first.limit) : '-';
}

/** Of the pods that are down to the end, with breaks or without, the one that has been so for longest. */
function downSince({ pods, start }: RunResult): string {
  const since = pods.flatMap(({ mostlyDown }) => mostlyDown?.sinceSeconds ?? []);
  return since.length === 0 ? '-' : formatMoment(Math.min(...since), start);
}

function ofPods({ pods }: RunResult, count: (pod: RunResult['pods'][number]) => number): string {
  return formatCount(pods.reduce((sum, pod) => sum + count(pod), 0));
}

type FirstFailure = Extract<keyof RunResult['symptoms'], `first${string}Seconds`>;

/** When something first failed; that nothing did; that nobody tried. */
function failed(head: string, first: FirstFailure, worked: TimelineColumn): Column {
  const cell = ({ symptoms, timeline, start }: RunResult): string => {
    const seconds = symptoms[first];
    if (seconds !== null) return formatMoment(seconds, start);
    return (timeline[worked].at(-1) ?? 0) > 0 ? '-' : 'not tried';
  };
  return { head, align: 'right', cell };
}

/** What a table has, however narrow. */
const FIRST_COLUMNS: readonly Column[] = [
  { head: 'SCENARIO', align: 'left', cell: ({ scenario }) => printable(scenario.name) },
  { head: 'AFTER', align: 'right', cell: timeToHarm, tone: toneOf },
  { head: 'FIRST HARM', align: 'left', cell: harmCell, tone: toneOf },
  { head: 'LIMIT', align: 'left', cell: limitCell },
  { head: 'DOWN', align: 'right', cell: downSince },
];

/** Of these as many as fit. */
const MORE_COLUMNS: readonly Column[] = [
  { head: 'ZOMBIES', align: 'right', cell: ({ final }) => formatCount(final.zombies) },
  failed('SSH REFUSED', 'firstSshRefusedSeconds', 'ssh_ok'),
  failed('POD REFUSED', 'firstPodCreateFailedSeconds', 'pods_created'),
  { head: 'PINNED', align: 'right', cell: ({ final }) => formatCount(final.pinned) },
];

const WIDE_COLUMNS: readonly Column[] = [
  ...FIRST_COLUMNS,
  ...MORE_COLUMNS,
  failed('PROBE FAILED', 'firstProbeFailureSeconds', 'probe_runs'),
  { head: 'RESTARTS', align: 'right', cell: (result) => ofPods(result, ({ restarts }) => restarts) },
  { head: 'EVICTED', align: 'right', cell: (result) => ofPods(result, ({ evicted }) => evicted?.times ?? 0) },
  { head: 'NEVER CREATED', align: 'right', cell: ({ symptoms }) => formatCount(symptoms.podsNeverCreated) },
  { head: 'TASKS', align: 'right', cell: ({ final }) => formatCount(final.tasks) },
  { head: 'ALLOCATED', align: 'right', cell: ({ final }) => formatCount(final.allocated) },
  { head: 'PID_MAX', align: 'right', cell: ({ final }) => formatCount(final.pidMax) },
  { head: 'HORIZON', align: 'right', cell: ({ horizonSeconds }) => formatSeconds(horizonSeconds) },
  {
    head: 'EXPECTED',
    align: 'left',
    cell: (result) => expectationTally(result) || '-',
    tone: ({ expectations }) => (expectations.every(({ ok }) => ok !== false) ? 'plain' : 'bad'),
  },
  { head: 'SEED', align: 'right', cell: ({ seed }) => String(seed) },
  { head: 'DIGEST', align: 'left', cell: ({ digest }) => digest },
  { head: 'EVENTS', align: 'right', cell: ({ engineEvents }) => formatCount(engineEvents) },
];

/** Beside the name and the answer, on a page. */
const ON_A_PAGE = ['LIMIT', 'DOWN', 'ZOMBIES', 'SSH REFUSED', 'POD REFUSED', 'RESTARTS', 'EVICTED'];
export const PAGE_COLUMNS = WIDE_COLUMNS.filter(({ head }) => [...ON_A_PAGE, 'EXPECTED'].includes(head));

const GAP = '  ';
/** So many different nodes are described under a table. */
const NODES_MAX = 3;
/** … and so many different sets of assumptions. */
const ASSUMED_MAX = 10;

/** Of the plain table, where the output is no terminal that tells its own width. */
const WIDTH = 80;
/** A name is cut no shorter than this. */
const NAME_MIN = 12;

/** The table as text, the head first. */
function cellsOf(results: readonly RunResult[], columns: readonly Column[]): string[][] {
  return [
    columns.map(({ head }) => (head === 'AFTER' && results[0]?.start !== undefined ? 'AT' : head)),
    ...results.map((result) => columns.map(({ cell }) => cell(result))),
  ];
}

function columnsThatFit(results: readonly RunResult[], width: number | null): readonly Column[] {
  const columns = [...FIRST_COLUMNS, ...MORE_COLUMNS];
  const widths = columnWidths(cellsOf(results, columns));
  const room = (count: number) =>
    widths.slice(0, count).reduce((sum, each) => sum + each + GAP.length, -GAP.length);
  let count = columns.length;
  while (width !== null && count > FIRST_COLUMNS.length && room(count) > width) count--;
  return columns.slice(0, count);
}

function resultTable(
  results: readonly RunResult[],
  columns: readonly Column[],
  options: TableOptions,
): string {
  const rows = cellsOf(results, columns);
  const { width } = options;
  const widths = columnWidths(rows);
  const rest = widths.slice(1).reduce((sum, each) => sum + each + GAP.length, 0);
  if (width !== null && widths[0] + rest > width) {
    const room = Math.max(NAME_MIN, width - rest);
    for (const row of rows) row[0] = cutInTheMiddle(row[0], room);
    if (room + rest > width) return resultCards(results, columns, options);
  }
  const lines = plainTable(rows, {
    align: columns.map(({ align }) => align),
    gap: GAP,
    // The first row is the head.
    paint: (text, row, column) =>
      row === 0 ? text : paint(text, columns[column].tone?.(results[row - 1]) ?? 'plain', options),
  });
  return `${lines.join('\n')}\n`;
}

/** What each scenario assumes. The first assumption is told in full. */
function assumptionLines(results: readonly RunResult[]): string[] {
  const alike = new Map<string, RunResult[]>();
  for (const result of results) {
    // Assumptions that a bracket is about come first.
    const isAsked = ({ orphansPerRun }: AssumptionMade): boolean => orphansPerRun !== undefined;
    const first = result.assumptions.find(isAsked) ?? result.assumptions[0];
    if (first === undefined) continue;
    const more = result.assumptions.length - 1;
    const others = more === 0 ? '' : `; and ${plural(more, 'assumption')} more (-o json)`;
    const text = [`${first.what}: ${first.effect}${others}`, ...bracketSentence(result)].join('\n');
    alike.set(text, [...(alike.get(text) ?? []), result]);
  }
  const lines = [...alike].map(([text, [{ scenario }, ...more]]) => {
    const others = more.length === 0 ? '' : ` and ${plural(more.length, 'other')}`;
    const whose = results.length === 1 ? 'Assumed' : `Assumed in ${scenario.name}${others}`;
    return `${whose}: ${text}`.split('\n').map(printable);
  });
  const rest = lines.length - ASSUMED_MAX;
  const left = rest > 0 ? [`Other assumptions in ${plural(rest, 'more scenario')} (-o json)`] : [];
  return [...lines.slice(0, ASSUMED_MAX).flat(), ...left];
}

/**
 * The node of each answer, once for all scenarios with the same one. For many different nodes: only in which
 * of them PID 1 does not reap.
 */
function nodeLines(results: readonly RunResult[]): string[] {
  const nodes = new Map<string, string[]>();
  for (const { node, scenario } of results) {
    const line = nodeLine(node);
    nodes.set(line, [...(nodes.get(line) ?? []), scenario.name]);
  }
  if (nodes.size > NODES_MAX) return reapingLines(results).map(printable);
  return [...nodes].map(([line, [first, ...more]]) => {
    const others = more.length === 0 ? '' : ` and ${plural(more.length, 'other')}`;
    return printable(`${nodes.size === 1 ? 'Node' : `Node of ${first}${others}`}: ${line}`);
  });
}

/** For a narrow terminal: name and answer on one line, the other columns below, as many as fit a line. */
function resultCards(
  results: readonly RunResult[],
  columns: readonly Column[],
  options: TableOptions,
): string {
  const [name, time, harm, ...rest] = columns;
  const width = options.width ?? Number.POSITIVE_INFINITY;
  const cards = results.map((result) => {
    const answer = `${time.cell(result)}  ${harm.cell(result)}`;
    const painted = paint(answer, toneOf(result), options);
    const separator = name.cell(result).length + GAP.length + answer.length > width ? `\n${GAP}` : GAP;
    const items = rest.map(({ head, cell }) => `${head.toLowerCase()} ${cell(result)}`);
    return [
      `${name.cell(result)}${separator}${painted}`,
      ...fillLines(items, width - GAP.length, GAP).map((line) => GAP + line),
    ].join('\n');
  });
  return `${cards.join('\n\n')}\n`;
}

/** Of the sixteen colours every terminal has; colour only repeats what the words say. */
const SGR: Record<Exclude<Tone, 'plain'>, string> = { bad: '31', doubtful: '33', good: '32' };

function paint(text: string, tone: Tone, { color }: TableOptions): string {
  return color && tone !== 'plain' ? `\u001b[${SGR[tone]}m${text}\u001b[0m` : text;
}
