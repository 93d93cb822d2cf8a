/** Scenarios of which many runs were made: a row each, what the answer hangs on, what was expected of it. */

import type { ExpectationResult } from '../../run/result.js';
import { type Estimate, estimateOf, figureOf, figureWords, holdsOf } from '../../study/estimate.js';
import type { Replicated } from '../../study/replicate.js';
import { tornado } from '../../study/tornado.js';
import { formatShare } from '../../text/figures.js';
import { printable } from '../../text/printable.js';
import { type Align, fillLines, plainTable } from '../../text/table.js';
import { csvTable } from '../csv.js';
import { harmedWords, hitsWords, medianWords, spreadWords, tornadoLines } from './words.js';

const HEADS = ['SCENARIO', 'FIRST HARM', '9 IN 10 RUNS', 'HARMED', '95 % INTERVAL', 'HITS'];
const ALIGN: Align[] = ['left', 'right', 'left', 'right', 'left', 'left'];

export function replicationsTable(all: readonly Replicated[], width: number): string {
  const rows = all.map(({ scenario, rows: runs }) => {
    const estimate = estimateOf(runs);
    const { low, high } = estimate.harmed;
    return [
      printable(scenario.name),
      medianWords(estimate),
      spreadWords(estimate),
      harmedWords(estimate),
      estimate.runs === 1 ? 'no chance in it' : `${formatShare(low)} to ${formatShare(high)}`,
      hitsWords(estimate),
    ];
  });
  const notes = all.flatMap((one) =>
    tornadoLines(tornado(one)).map((line) => (all.length === 1 ? line : `${one.scenario.name}: ${line}`)),
  );
  const partial = all.filter(({ isComplete }) => !isComplete).map(({ scenario }) => scenario.name);
  if (partial.length > 0) notes.push(`Interrupted: not all runs were made of ${partial.join(', ')}.`);
  const below = notes.flatMap((note) => ['', ...fillLines(printable(note).split(' '), width)]);
  return `${[...plainTable([HEADS, ...rows], { align: ALIGN }), ...below].join('\n')}\n`;
}

/** Of many runs; what is expected of one run is for a single run to say. */
export function expectationsOf({ scenario, rows }: Replicated): ExpectationResult[] {
  return scenario.expect
    .filter(({ over }) => over !== undefined)
    .map((expectation) => {
      const figure = figureOf(expectation, rows);
      const { text } = expectation;
      return { text, ok: holdsOf(expectation, figure) ?? false, actual: figureWords(expectation, figure) };
    });
}

export function replicationsDocument(all: readonly Replicated[]) {
  const items = all.map((one): { name: string } & Estimate & Record<string, unknown> => ({
    name: one.scenario.name,
    ...estimateOf(one.rows),
    isComplete: one.isComplete,
    hangsOn: tornado(one),
    expectations: expectationsOf(one),
  }));
  return { apiVersion: 'pidsim/v1', kind: 'Replications', items };
}

/** A line for each run, with what was drawn for it. */
export function replicationsCsv(all: readonly Replicated[]): string {
  const names = [...new Set(all.flatMap(({ inputs }) => inputs.map(({ name }) => name)))];
  const figures = Object.keys(all[0]?.rows[0]?.values ?? {}).filter((name) => name !== 'firstHarm');
  const columns = ['scenario', 'replication', 'end_s', 'first_harm_s', 'kind', 'scope', ...figures, ...names];
  const rows = all.flatMap(({ scenario, rows: runs, draws }) =>
    runs.map(({ replication, endSeconds, firstHarm, values }, index) => [
      scenario.name,
      replication,
      endSeconds,
      firstHarm?.atSeconds ?? '',
      firstHarm?.kind ?? '',
      firstHarm?.scope ?? '',
      ...figures.map((name) => values[name] ?? ''),
      ...names.map((name) => String(draws[index].get(name)?.value ?? '')),
    ]),
  );
  return csvTable(columns, rows);
}
