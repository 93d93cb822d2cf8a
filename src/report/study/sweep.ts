/** A grid of cells, and what a search has found: as tables, sentences and data. */
import type { Expectation } from '../../scenario/expect.js';
import { type Estimate, figureWords } from '../../study/estimate.js';
import type { Replicated } from '../../study/replicate.js';
import type { Solved, Tried } from '../../study/solve.js';
import type { Axis } from '../../study/sweep.js';
import { tornado } from '../../study/tornado.js';
import { plural } from '../../text/figures.js';
import { columnWidths, fillLines, plainTable } from '../../text/table.js';
import { csvTable } from '../csv.js';
import { harmedWords, hitsWords, medianWords, spreadWords, tornadoLines } from './words.js';

/** One combination of values, and its runs. */
export interface Cell {
  /** In the order of the axes. */
  at: readonly string[];
  estimate: Estimate;
  replicated: Replicated;
}

/** Two axes are a table with one along each side, if it fits. */
export function sweepTable(axes: readonly Axis[], cells: readonly Cell[], width: number | null): string {
  const rows = axes.length === 2 ? crossRows(axes, cells) : null;
  const isNarrow = rows !== null && lineWidth(rows) <= (width ?? 80);
  const lines = plainTable(isNarrow ? rows : listRows(axes, cells), {
    align: isNarrow ? rows[0].map((_cell, column) => (column === 0 ? 'left' : 'right')) : undefined,
  });
  const caption = isNarrow
    ? ['', `Down: ${axes[0].path}. Across: ${axes[1].path}. Cells: the median time until the first harm.`]
    : [];
  const notes = cells.length === 1 ? tornadoLines(tornado(cells[0].replicated)) : [];
  return `${[...lines, ...caption, ...notes].join('\n')}\n`;
}

function lineWidth(rows: readonly (readonly string[])[]): number {
  return columnWidths(rows).reduce((sum, width) => sum + width + 2, -2);
}

function crossRows([down, across]: readonly Axis[], cells: readonly Cell[]): string[][] {
  const cellAt = (a: string, b: string): string => {
    const found = cells.find(({ at }) => at[0] === a && at[1] === b);
    return found === undefined ? '' : medianWords(found.estimate);
  };
  return [['', ...across.values], ...down.values.map((a) => [a, ...across.values.map((b) => cellAt(a, b))])];
}

function listRows(axes: readonly Axis[], cells: readonly Cell[]): string[][] {
  const heads = [
    ...axes.map(({ path }) => path.split('.').at(-1)!),
    'FIRST HARM',
    '9 IN 10 RUNS',
    'HARMED',
    'HITS',
  ];
  return [
    heads,
    ...cells.map(({ at, estimate }) => [
      ...at,
      medianWords(estimate),
      spreadWords(estimate),
      harmedWords(estimate),
      hitsWords(estimate),
    ]),
  ];
}

/** A line for each cell; times in seconds, empty: later than the horizon. */
export function sweepCsv(axes: readonly Axis[], cells: readonly Cell[]): string {
  const columns = [
    ...axes.map(({ path }) => path),
    ...['runs', 'harmed', 'p5_s', 'p50_s', 'p50_low_s', 'p50_high_s', 'p95_s', 'mean_s', 'horizon_s', 'hits'],
  ];
  const rows = cells.map(({ at, estimate }) => {
    const { runs, harmed, early, median, late, meanSeconds, horizonSeconds } = estimate;
    const times = [early.value, median.value, median.low, median.high, late.value].map((time) => time ?? '');
    const count = Math.round(harmed.value * runs);
    return [...at, runs, count, ...times, meanSeconds.mean, horizonSeconds, hitsWords(estimate)];
  });
  return csvTable(columns, rows);
}

export function sweepDocument(axes: readonly Axis[], cells: readonly Cell[]) {
  return {
    apiVersion: 'pidsim/v1',
    kind: 'Sweep',
    axes,
    cells: cells.map(({ at, estimate, replicated }) => ({
      at: Object.fromEntries(axes.map(({ path }, index) => [path, at[index]])),
      ...estimate,
      hangsOn: tornado(replicated),
    })),
  };
}

// -------------------------------------------------------------------------------------------------- searches

export function solvedText(path: string, condition: Expectation, solved: Solved, width: number): string {
  const rows = [
    [path.split('.').at(-1)!, 'HOLDS', condition.text.split(/\s*[=!<>]/)[0], 'RUNS'],
    ...solved.tried.map((tried) => [
      tried.written,
      `${tried.holds ? 'yes' : 'no'}${tried.isSure ? '' : ', perhaps'}`,
      figureWords(condition, tried.figure),
      String(tried.runs),
    ]),
  ];
  const answer = fillLines(answerOf(path, condition, solved).split(' '), width).join('\n');
  return `${answer}\n\n${plainTable(rows).join('\n')}\n`;
}

function answerOf(path: string, condition: Expectation, solved: Solved): string {
  const { text } = condition;
  if (solved.kind !== 'found') {
    const values = solved.tried.map(({ written }) => written);
    const range =
      values.length < 2 ? `${values[0] ?? 'the present value'}` : `${values[0]} to ${values.at(-1)}`;
    return `${text} holds with ${solved.kind === 'always' ? 'every' : 'no'} value of ${path} from ${range}.`;
  }
  const { holds, fails, elasticity } = solved;
  const kind = holds.number < fails.number ? 'largest' : 'smallest';
  const words = ({ written, figure }: Tried): string => `${written} (${figureWords(condition, figure)})`;
  const doubt = holds.isSure && fails.isSure ? '' : ` ${doubtOf(solved.tried)}`;
  const percent = Math.round((1.1 ** (elasticity ?? Number.NaN) - 1) * 100);
  const slope = Number.isFinite(percent)
    ? ` Near it, 10 % more of ${path.split('.').at(-1)} changes the figure by ${percent} %.`
    : '';
  const both = `it holds with ${words(holds)}, not with ${words(fails)}`;
  return `${path}: ${holds.written} is the ${kind} value with which ${text}: ${both}.${doubt}${slope}`;
}

/** Between which values the runs cannot tell. */
function doubtOf(tried: readonly Tried[]): string {
  const unsure = tried.filter(({ isSure }) => !isSure);
  const [first, last] = [unsure[0], unsure[unsure.length - 1]];
  const where = first === last ? `With ${first.written}` : `From ${first.written} to ${last.written}`;
  const few = `${plural(first.runs, 'run')} cannot tell; more --replications can`;
  return `${where} the interval lies on both sides of the bound: ${few}.`;
}

export function solvedDocument(path: string, { text }: Expectation, solved: Solved) {
  return { apiVersion: 'pidsim/v1', kind: 'Solution', path, condition: text, solved };
}
