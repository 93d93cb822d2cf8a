/** The charts of one run, by the name of their files. */
import type { RunResult } from '../../run/result.js';
import { headline } from '../answer.js';
import type { ChartChoice } from '../overview-files.js';
import { blameHeadline, kubeletHeadline, symptomsHeadline } from '../titles.js';
import { blameChart } from './blame.js';
import { kubeletChart } from './kubelet.js';
import { pidsChart } from './pids.js';
import { symptomsChart } from './symptoms.js';
import type { ChartSpec } from './theme.js';

export interface RunChart {
  /** `pids.vl.json` and `pids.svg`. */
  name: string;
  /** What it shows, in a list of charts. */
  shows: string;
  title: (result: RunResult) => string;
  spec: (result: RunResult) => ChartSpec;
}

/** The first one is the main chart. */
export const RUN_CHARTS: readonly RunChart[] = [
  { name: 'pids', shows: 'what is in use', title: headline, spec: pidsChart },
  { name: 'kubelet', shows: 'what the kubelet sees', title: kubeletHeadline, spec: kubeletChart },
  { name: 'symptoms', shows: 'what people notice', title: symptomsHeadline, spec: symptomsChart },
  { name: 'blame', shows: 'what holds the PIDs', title: blameHeadline, spec: blameChart },
];

/** What is drawn for a run, whatever the choice. */
export const CHART_FILES: readonly string[] = RUN_CHARTS.flatMap(({ name }) => [
  `${name}.vl.json`,
  `${name}.svg`,
]);

export function chosenCharts(choice: ChartChoice): readonly RunChart[] {
  return choice === 'all' ? RUN_CHARTS : RUN_CHARTS.slice(0, 1);
}
