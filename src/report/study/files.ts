/** What studies write into a folder: the data, and a chart of it. */
import type { Compared } from '../../study/compare.js';
import type { Replicated } from '../../study/replicate.js';
import type { Restarts } from '../../study/restarts.js';
import type { Axis } from '../../study/sweep.js';
import { fanChart, rangeChart, survivalChart } from '../charts/study.js';
import { sweepChart } from '../charts/sweep.js';
import { csvTable } from '../csv.js';
import { toJson } from '../document.js';
import { type ChartSpec, chartFilesOf, MARKER_FILE, type OutputFile } from '../files.js';
import { COMPARE_CSV_COLUMNS, compareDocument, compareRows } from './compare.js';
import { replicationsCsv, replicationsDocument } from './replications.js';
import { type Cell, sweepCsv, sweepDocument } from './sweep.js';

export function compareFiles(compared: readonly Compared[], restarts: Restarts | null): OutputFile[] {
  return [
    { path: MARKER_FILE, text: () => toJson(compareDocument(compared, restarts)) },
    { path: 'runs.csv', text: () => csvTable(COMPARE_CSV_COLUMNS, compareRows(compared)) },
    ...chartFilesOf('compare', (): ChartSpec => rangeChart(compared)),
    ...chartFilesOf('survival', (): ChartSpec => survivalChart(compared)),
  ];
}

/** A chart has one axis or two. */
export function sweepFiles(axes: readonly Axis[], cells: readonly Cell[]): OutputFile[] {
  return [
    { path: MARKER_FILE, text: () => toJson(sweepDocument(axes, cells)) },
    { path: 'sweep.csv', text: () => sweepCsv(axes, cells) },
    ...(axes.length > 2 ? [] : chartFilesOf('sweep', (): ChartSpec => sweepChart(axes, cells))),
  ];
}

export function replicationFiles(all: readonly Replicated[]): OutputFile[] {
  const isFleet = all.some(({ scenario }) => scenario.group !== undefined);
  return [
    { path: MARKER_FILE, text: () => toJson(replicationsDocument(all)) },
    { path: 'runs.csv', text: () => replicationsCsv(all) },
    ...(isFleet ? chartFilesOf('fleet', (): ChartSpec => fanChart(all)) : []),
  ];
}
