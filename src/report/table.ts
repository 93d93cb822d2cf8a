/** Results on a terminal, in the forms of `-o`: `table`, `wide`, `csv`, `json`, `yaml`. */
import { stringify as toYaml } from 'yaml';
import type { RunResult } from '../run/result.js';
import { tellStory } from '../run/story.js';
import { formatSeconds } from '../text/duration.js';
import { formatCount, plural } from '../text/figures.js';
import { type Align, columnWidths, fillLines, plainTable } from '../text/table.js';
import { resultsCsv } from './csv.js';
import { resultsDocument, toJson } from './document.js';
import { fleetSentence, fleetsOf } from './fleet.js';
import { expectationTally, timeToExhaustion } from './message.js';
import { printable } from './terminal.js';

export const OUTPUT_FORMATS = ['table', 'wide', 'csv', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export interface TableOptions {
  /** Columns of the terminal; null: not a terminal, as wide as it takes. */
  width: number | null;
  /** Whether escape sequences may be used; the caller knows about NO_COLOR. */
  color: boolean;
}

const PLAIN: TableOptions = { width: null, color: false };

/** @returns text that ends in a newline. */
export function renderResults(
  results: readonly RunResult[],
  format: OutputFormat,
  options: TableOptions = PLAIN,
): string {
  switch (format) {
    case 'table':
      return resultTable(results, TABLE_COLUMNS, options) + fleetLines(results) + assumptionLines(results);
    case 'wide':
      // Asked for by name: never folded.
      return (
        resultTable(results, [...TABLE_COLUMNS, ...WIDE_COLUMNS], { ...options, width: null }) +
        fleetLines(results) +
        assumptionLines(results)
      );
    case 'csv':
      return resultsCsv(results);
    case 'json':
      return toJson(resultsDocument(results));
    case 'yaml':
      return toYaml(resultsDocument(results), {
        lineWidth: 0,
        aliasDuplicateObjects: false,
      });
  }
}

/** Below the rows of its nodes, what a fleet has come to. */
function fleetLines(results: readonly RunResult[]): string {
  const lines = [...fleetsOf(results)].map(
    ([name, members]) => `${printable(fleetSentence(name, members))}\n`,
  );
  return lines.length === 0 ? '' : `\n${lines.join('')}`;
}

type Tone = 'bad' | 'doubtful' | 'good' | 'plain';

interface Column {
  head: string;
  align: Align;
  cell: (result: RunResult) => string;
  tone?: (result: RunResult) => Tone;
}

function outcomeTone(result: RunResult): Tone {
  if (result.outcome.kind === 'exhausted') return 'bad';
  return result.projection?.kind === 'never' ? 'good' : 'doubtful';
}

function when(seconds: number | null): string {
  return seconds === null ? '-' : formatSeconds(seconds);
}

function refusedBy(result: RunResult): string {
  if (result.outcome.kind === 'exhausted') return result.outcome.refusedBy;
  return tellStory(result).kind === 'pod-full' ? 'in a pod' : '-';
}

/** Of the pods that are down at the end, the one that has been so for longest. */
function downSince({ pods }: RunResult): number | null {
  const since = pods.flatMap(({ downSinceSeconds }) => downSinceSeconds ?? []);
  return since.length === 0 ? null : Math.min(...since);
}

const TABLE_COLUMNS: readonly Column[] = [
  { head: 'SCENARIO', align: 'left', cell: ({ scenario }) => printable(scenario.name) },
  { head: 'OUTCOME', align: 'left', cell: ({ outcome }) => outcome.kind, tone: outcomeTone },
  { head: 'FULL AFTER', align: 'right', cell: timeToExhaustion, tone: outcomeTone },
  { head: 'ZOMBIES', align: 'right', cell: ({ final }) => formatCount(final.zombies) },
  { head: 'PINNED', align: 'right', cell: ({ final }) => formatCount(final.pinned) },
  { head: 'REFUSED BY', align: 'left', cell: refusedBy },
  { head: 'SSH REFUSED', align: 'right', cell: ({ symptoms }) => when(symptoms.firstSshRefusedSeconds) },
  { head: 'POD REFUSED', align: 'right', cell: ({ symptoms }) => when(symptoms.firstPodCreateFailedSeconds) },
];

const WIDE_COLUMNS: readonly Column[] = [
  { head: 'PROBE FAILED', align: 'right', cell: ({ symptoms }) => when(symptoms.firstProbeFailureSeconds) },
  { head: 'NEVER CREATED', align: 'right', cell: ({ symptoms }) => formatCount(symptoms.podsNeverCreated) },
  { head: 'DOWN SINCE', align: 'right', cell: (result) => when(downSince(result)) },
  { head: 'TASKS', align: 'right', cell: ({ final }) => formatCount(final.tasks) },
  { head: 'ALLOCATED', align: 'right', cell: ({ final }) => formatCount(final.allocated) },
  { head: 'PID_MAX', align: 'right', cell: ({ final }) => formatCount(final.pidMax) },
  { head: 'HORIZON', align: 'right', cell: ({ horizonSeconds }) => formatSeconds(horizonSeconds) },
  {
    head: 'EXPECTATIONS',
    align: 'left',
    cell: (result) => expectationTally(result) || '-',
    tone: ({ expectations }) => (expectations.every(({ ok }) => ok) ? 'plain' : 'bad'),
  },
  { head: 'SEED', align: 'right', cell: ({ seed }) => String(seed) },
  { head: 'DIGEST', align: 'left', cell: ({ digest }) => digest },
  { head: 'EVENTS', align: 'right', cell: ({ engineEvents }) => formatCount(engineEvents) },
];

const GAP = '  ';

function resultTable(
  results: readonly RunResult[],
  columns: readonly Column[],
  options: TableOptions,
): string {
  const rows = [
    columns.map(({ head }) => head),
    ...results.map((result) => columns.map(({ cell }) => cell(result))),
  ];
  const total = columnWidths(rows).reduce((sum, width) => sum + width + GAP.length, -GAP.length);
  if (options.width !== null && total > options.width) return resultCards(results, columns, options);
  const lines = plainTable(rows, {
    align: columns.map(({ align }) => align),
    gap: GAP,
    // The first row is the head.
    paint: (text, row, column) =>
      row === 0 ? text : paint(text, columns[column].tone?.(results[row - 1]) ?? 'plain', options),
  });
  return `${lines.join('\n')}\n`;
}

/** Whether it matters what the assumed commands do. */
function bracketLine(result: RunResult): string[] {
  const { bracket } = result;
  if (bracket === undefined) return [];
  const each = `if each of these commands left ${plural(bracket.orphansPerRun, 'orphan')} a run`;
  if (bracket.isSame) return [`The command does not matter: the answer is the same ${each}.\n`];
  const { outcome, projection, firstPodRefused } = bracket;
  const pod =
    firstPodRefused === null
      ? ''
      : `; a pod is refused forks after ${formatSeconds(firstPodRefused.atSeconds)}`;
  return [
    `${timeToExhaustion({ ...result, outcome, projection })} ${each}${pod}.\n`.replace(/^/, 'Full after '),
  ];
}

/** One line for each scenario that takes something for granted. */
function assumptionLines(results: readonly RunResult[]): string {
  const lines = results.flatMap((result) => {
    const {
      scenario,
      assumptions: [first, ...more],
    } = result;
    if (first === undefined) return [];
    const others = more.length === 0 ? '' : `; and ${plural(more.length, 'assumption')} more (-o json)`;
    const whose = results.length === 1 ? 'Assumed' : `Assumed in ${scenario.name}`;
    const line = `${printable(`${whose}: ${first.what}: ${first.effect}${others}`)}\n`;
    return [line, ...bracketLine(result)];
  });
  return lines.length === 0 ? '' : `\n${lines.join('')}`;
}

/** For a narrow terminal: name and answer on one line, the other columns below, as many as fit a line. */
function resultCards(
  results: readonly RunResult[],
  columns: readonly Column[],
  options: TableOptions,
): string {
  const [name, outcome, time, ...rest] = columns;
  const width = options.width ?? Number.POSITIVE_INFINITY;
  const cards = results.map((result) => {
    const answer = `${outcome.cell(result)}  ${time.cell(result)}`;
    const painted = paint(answer, outcomeTone(result), options);
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
