/** The incident for real beside the incident on the model, as a table. */

import type { NearlyFullRun } from './nearly-full.js';
import { type ExhaustionRun, pidsPerProbe, zombiesAtTenths } from './rabbitmq.js';

/** One column of the table. */
export interface ExhaustionColumn {
  title: string;
  runs: readonly ExhaustionRun[];
}

/** Markdown: probe of first failure, and zombies at each tenth probe; each column's runs as median and range. */
export function formatExhaustion(columns: readonly ExhaustionColumn[]): string {
  const all = columns.flatMap(({ runs }) => runs);
  const tenths = new Set(all.flatMap((run) => [...zombiesAtTenths(run).keys()]));
  const row = (what: string, value: (run: ExhaustionRun) => number | null): string[] => [
    what,
    ...columns.map(({ runs }) => spread(runs.map(value))),
  ];
  const rows = [
    [`pid_max ${all[0].pidMax}`, ...columns.map(({ title }) => title)],
    ['---', ...columns.map(() => '---')],
    row('first probe that fails', ({ firstFailure }) => firstFailure),
    row('zombies then', ({ steps }) => steps.at(-1)!.zombies),
    row('PIDs that a probe leaves (zombies and pinned), mean', (run) => Number(pidsPerProbe(run).toFixed(2))),
    row('zombies that the start of the server leaves', ({ steps }) => steps[0].zombies),
    ...[...tenths]
      .sort((a, b) => a - b)
      .map((probe) => row(`zombies after probe ${probe}`, (run) => zombiesAtTenths(run).get(probe) ?? null)),
  ];
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n') + '\n';
}

/** Markdown: with so many PIDs free, how the probes of each column ended, how long they took and what they left. */
export function formatNearlyFull(
  columns: readonly { title: string; runs: readonly NearlyFullRun[] }[],
): string {
  const counts = new Set(columns.flatMap(({ runs }) => runs.map(({ free }) => free)));
  const titles = columns.flatMap(({ title }) => [`${title}: status`, 's', 'zombies left', 'pinned left']);
  const header = ['free', ...titles];
  const rows = [header, header.map(() => '---')];
  for (const free of [...counts].sort((a, b) => b - a)) {
    const cells = columns.map(({ runs }) => nearlyFullCells(runs.filter((run) => run.free === free)));
    rows.push([String(free), ...cells.flat()]);
  }
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n') + '\n';
}

function nearlyFullCells(runs: readonly NearlyFullRun[]): string[] {
  if (runs.length === 0) return ['', '', '', ''];
  const statuses = new Set(runs.map(({ status }) => status ?? 'none'));
  const mean = (of: (run: NearlyFullRun) => number): string =>
    String(Number((runs.reduce((sum, run) => sum + of(run), 0) / runs.length).toFixed(2)));
  return [
    [...statuses].sort().join(', '),
    spread(runs.map(({ seconds }) => Number(seconds.toFixed(1)))),
    mean(({ zombies }) => zombies),
    mean(({ pinned }) => pinned),
  ];
}

/** `119 (116 to 122)`: median, and the range where there is one; `none` counts as later than any. */
function spread(values: readonly (number | null)[]): string {
  const sorted = values.map((value) => value ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const text = (value: number): string => (Number.isFinite(value) ? String(value) : 'none');
  const [min, median, max] = [sorted[0], sorted[(sorted.length - 1) >> 1], sorted[sorted.length - 1]];
  return min === max ? text(median) : `${text(median)} (${text(min)} to ${text(max)})`;
}
