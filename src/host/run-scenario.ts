/**
 * One scenario of `pidsim run`, from its first event to its last file: here, or on a thread of the pool. What
 * comes back is small, so that a thousand of them can be kept.
 */
import type { DrawnChart } from '../report/html.js';
import type { ChartChoice } from '../report/overview-files.js';
import { bracketOf } from '../run/bracket.js';
import { Meter, type Metered } from '../run/meter.js';
import type { Fidelity, RunEnd, RunResult } from '../run/result.js';
import { Run } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';

export interface RunOrder {
  scenario: Scenario;
  /** The same with an orphan a run of all assumed commands (null), or of one alone; empty: no bracket. */
  others: { command: string | null; scenario: Scenario }[];
  options: { until: RunEnd; fidelity: Fidelity };
  start?: string;
  charts: ChartChoice;
  /** Where a folder with its files is written; null: nowhere. */
  folder: string | null;
  wants: { metrics: boolean; page: boolean; allRows: boolean };
}

export interface Finished {
  /** With the last row alone and without events, unless `allRows` is wanted. */
  result: RunResult;
  metered: Metered | null;
  charts: DrawnChart[];
}

/** Of each run of an assumed command, in the other half of the bracket. */
export const ORPHANS = 1;

/** Takes a run to its end; false: it was stopped before. */
export type Drive = (run: Run) => Promise<boolean>;

/** @returns null: it was stopped. @throws ScenarioRunError, or an error of the file system. */
export async function runScenario(order: RunOrder, drive: Drive): Promise<Finished | null> {
  const { scenario, others, options, start, wants, folder, charts: choice } = order;
  // A thousand scenarios spend more time on their rows than on what happens in them.
  const record = folder !== null || wants.page || wants.allRows;
  let meter: Meter | null = null;
  const clock = (): number => performance.now() / 1000;
  const run = new Run(scenario, {
    ...options,
    record,
    clock,
    ...(wants.metrics && { observe: (node) => (meter = new Meter(node, scenario.name)) }),
  });
  if (!(await drive(run))) return null;
  const result = record ? run.result() : { ...run.summary(), ...run.lastRow() };
  if (start !== undefined) result.start = start;
  if (others.length > 0) {
    const rerun = async (command: string | null) => {
      const other = others.find((each) => each.command === command)!;
      const again = new Run(other.scenario, { until: 'harm', record: false });
      return (await drive(again)) ? again.summary() : null;
    };
    const bracket = await bracketOf(result, ORPHANS, rerun, others.length - 1);
    if (bracket === null) return null;
    result.bracket = bracket;
  }
  let charts: DrawnChart[] = [];
  if (folder !== null || wants.page) {
    // Charting is a large part of the program, and not everybody wants a chart.
    const [{ drawn, scenarioOutput }, { writeFiles }, { renderSvg }] = await Promise.all([
      import('../report/files.js'),
      import('./write-files.js'),
      import('./render.js'),
    ]);
    const output = scenarioOutput(result, choice);
    if (folder !== null) await writeFiles(folder, output.files);
    if (wants.page) charts = await drawn(output.charts, renderSvg);
  }
  const metered = (meter as Meter | null)?.metered ?? null;
  // Tables and the index need no more.
  return { result: wants.allRows ? result : { ...result, ...run.lastRow() }, metered, charts };
}
