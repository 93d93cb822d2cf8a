import type { BenchCase, BenchRatio } from './bench-case.js';

/** What a run of the benchmarks writes, and `--compare` reads. */
export interface Figures {
  node: string;
  cpu: string;
  /** Of the minute before the run: above 0, other work was going on. */
  loadAverage: number;
  /** By name of the case. */
  medians: Record<string, number>;
  runs: Record<string, number[]>;
  versions: Record<string, string>;
  missing: Record<string, string>;
}

/** Two runs of a noisy machine differ by as much without any change. */
const NOISE = 0.15;

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** One line a case: the median, the spread of the runs around it, the aim, the change since `base`. */
export function table(
  cases: BenchCase[],
  ratios: BenchRatio[],
  figures: Figures,
  base: Figures | null,
): string {
  const rows = [
    ...cases.map((each) => caseRow(each, figures, base)),
    ...ratios.flatMap((ratio) => ratioRow(ratio, figures)),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column].length))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 1 || column === 3 ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  );
  return `${[...lines, '', ...notes(figures, base)].join('\n')}\n`;
}

/** Name, figure, unit, spread, aim, verdict, change. */
function caseRow(each: BenchCase, figures: Figures, base: Figures | null): string[] {
  const { name, unit, target, better } = each;
  const missing = figures.missing[name];
  if (missing !== undefined) return [name, '-', '', '', '', `skipped: ${missing}`, ''];
  const value = figures.medians[name];
  const values = figures.runs[name];
  const spread = (Math.max(...values) - Math.min(...values)) / 2 / value;
  const before = base?.medians[name];
  return [
    name,
    short(value),
    unit,
    `±${Math.round(spread * 100)} %`,
    ...verdict(value, target, better),
    before === undefined ? '' : change(value / before - 1, better),
  ];
}

function ratioRow({ name, of, others, target }: BenchRatio, { medians }: Figures): string[][] {
  const present = others.filter((other) => medians[other] !== undefined);
  if (medians[of] === undefined || present.length === 0) return [];
  const value = medians[of] / Math.max(...present.map((other) => medians[other]));
  return [[name, short(value), 'times', '', ...verdict(value, target, 'more'), '']];
}

function verdict(value: number, target: number | undefined, better: 'more' | 'less'): [string, string] {
  if (target === undefined) return ['', ''];
  const reached = better === 'more' ? value >= target : value <= target;
  return [`${better === 'more' ? '>=' : '<='} ${short(target)}`, reached ? 'reached' : 'MISSED'];
}

function change(share: number, better: 'more' | 'less'): string {
  const percent = `${share > 0 ? '+' : ''}${Math.round(share * 100)} %`;
  if (Math.abs(share) < NOISE) return `${percent} (noise)`;
  return `${percent} ${share > 0 === (better === 'more') ? 'better' : 'WORSE'}`;
}

function notes({ node, cpu, loadAverage, versions }: Figures, base: Figures | null): string[] {
  const list = [`Node ${node}, ${cpu}`, ...new Set(Object.values(versions))];
  const lines = [`Medians, and half the range of the runs. ${list.join('; ')}.`];
  if (loadAverage > 0.5) {
    lines.push(
      `Other work is going on (load ${loadAverage.toFixed(1)}): the figures are lower than they might be.`,
    );
  }
  if (base !== null && (base.node !== node || base.cpu !== cpu)) {
    lines.push(`The figures compared with are of Node ${base.node}, ${base.cpu}.`);
  }
  return lines;
}

function short(value: number): string {
  if (value >= 1e5) return `${(value / 1e6).toFixed(1)} M`;
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}
