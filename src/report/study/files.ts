/** What studies write into a folder: the data, and a chart of it. */
import type { Compared } from '../../study/compare.js';
import { rangeChart, survivalChart } from '../charts/study.js';
import { csvTable } from '../csv.js';
import { toJson } from '../document.js';
import { type ChartSpec, chartFilesOf, MARKER_FILE, type OutputFile } from '../files.js';
import { COMPARE_CSV_COLUMNS, compareDocument, compareRows } from './compare.js';

export function compareFiles(compared: readonly Compared[]): OutputFile[] {
  return [
    { path: MARKER_FILE, text: () => toJson(compareDocument(compared)) },
    { path: 'runs.csv', text: () => csvTable(COMPARE_CSV_COLUMNS, compareRows(compared)) },
    ...chartFilesOf('compare', (): ChartSpec => rangeChart(compared)),
    ...chartFilesOf('survival', (): ChartSpec => survivalChart(compared)),
  ];
}
