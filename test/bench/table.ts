import { type BenchCase, type BenchRatio, keyOf } from './bench-case.js';
import { type Figures, spread } from './figures.js';

/** Two runs of a noisy machine differ by as much without any change. */
const NOISE_MIN = 0.1;

type Line = BenchCase | BenchRatio;

/**
 * Under a heading for each group, one line a case: the median, the spread of the runs around it, the aim, the
 * change since `base`. Ratios close their group.
 */
export function table(lines: readonly Line[], figures: Figures, base: Figures | null): string {
  const rows = new Map<string, string[][]>();
  for (const { group } of lines) rows.set(group, rowsOf(group, lines, figures, base));
  const widths: number[] = [];
  for (const row of [...rows.values()].flat()) {
    row.forEach((cell, column) => {
      // A reason for leaving a case out may be long; it stands where no column has to line up behind it.
      if (row.length > 2) widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const text = [...rows]
    .filter(([, { length }]) => length > 0)
    .map(([group, list]) => [group, ...list.map((row) => `  ${laidOut(row, widths)}`)].join('\n'));
  return `${text.join('\n\n')}\n\n${notes(lines, figures, base).join('\n')}\n`;
}

/** Name, figure, unit, spread, aim, verdict, change; or name and reason. */
function rowsOf(group: string, lines: readonly Line[], figures: Figures, base: Figures | null): string[][] {
  return lines
    .filter((line) => line.group === group)
    .flatMap((line) => {
      const key = keyOf(line);
      const reason = figures.missing[key];
      if (reason !== undefined) return [[line.name, `skipped: ${reason}`.slice(0, 110 - line.name.length)]];
      const value = figures.medians[key];
      if (value === undefined) return [];
      const runs = figures.runs[key] ?? [];
      return [
        [
          line.name,
          short(value),
          line.unit,
          runs.length > 1 ? `±${Math.round(spread(runs) * 100)} %` : '',
          line.target === undefined ? '' : `${line.better === 'more' ? '>=' : '<='} ${short(line.target)}`,
          line.target === undefined ? '' : isReached(line, figures) ? 'reached' : 'MISSED',
          change(line, figures, base),
        ],
      ];
    });
}

function laidOut(row: string[], widths: number[]): string {
  const cells = row.map((cell, column) =>
    column === 1 && row.length > 2 ? cell.padStart(widths[column]) : cell.padEnd(widths[column] ?? 0),
  );
  return cells.join('  ').trimEnd();
}

/** Undefined figures and lines without a target count as reached. */
export function isReached(line: Line, { medians }: Figures): boolean {
  const value = medians[keyOf(line)];
  if (value === undefined || line.target === undefined) return true;
  return line.better === 'more' ? value >= line.target : value <= line.target;
}

/** A change counts when it is larger than the runs of either side differ among themselves. */
function change(line: Line, figures: Figures, base: Figures | null): string {
  const key = keyOf(line);
  const before = base?.medians[key];
  if (base === null || before === undefined) return '';
  const share = figures.medians[key] / before - 1;
  const percent = `${share > 0 ? '+' : ''}${Math.round(share * 100)} %`;
  const noise = Math.max(
    NOISE_MIN,
    ...[figures, base].map(({ runs }) => (runs[key] === undefined ? 0 : spread(runs[key]))),
  );
  if (Math.abs(share) < noise) return `${percent} (noise)`;
  return `${percent} ${share > 0 === (line.better === 'more') ? 'better' : 'WORSE'}`;
}

function notes(lines: readonly Line[], figures: Figures, base: Figures | null): string[] {
  const { node, cpu, loadAverage, versions, medians } = figures;
  const aims = lines.filter((line) => line.target !== undefined && medians[keyOf(line)] !== undefined);
  const missed = aims.filter((line) => !isReached(line, figures));
  const list = [
    `${aims.length - missed.length} of ${aims.length} targets reached. Medians, ± half the range of the runs.`,
    `Node ${node}, ${cpu}.`,
    ...[...new Set(Object.values(versions))].map((version) => `Compared with ${version}.`),
  ];
  if (loadAverage > 0.5) {
    list.push(
      `Other work was going on (load ${loadAverage.toFixed(1)}): figures may be lower than they need be.`,
    );
  }
  if (base !== null && (base.node !== node || base.cpu !== cpu)) {
    list.push(`The figures compared with are of Node ${base.node}, ${base.cpu}.`);
  }
  return list;
}

function short(value: number): string {
  if (value >= 1e5) return `${(value / 1e6).toFixed(value < 1e6 ? 2 : 1)} M`;
  if (value >= 1e3) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value < 0.1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0);
}
