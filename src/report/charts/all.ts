/** The charts of one run, by the name of their files. */
import type { RunResult } from '../../run/result.js';
import { headline } from '../answer.js';
import type { ChartChoice } from '../overview-files.js';
import { blameHeadline, kubeletHeadline, symptomsHeadline } from '../titles.js';
import { blameChart } from './blame.js';
import { kubeletChart } from './kubelet.js';
import { limitChart, limitTitle, limitToTell } from './limit.js';
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
  /** Absent: every run has it. */
  isFor?: (result: RunResult) => boolean;
}

/** The first one is the main chart. */
export function chartsOf(result: RunResult, choice: ChartChoice = 'all'): RunChart[] {
  const charts = RUN_CHARTS.filter(({ isFor }) => isFor?.(result) ?? true);
  return choice === 'all' ? charts : charts.slice(0, 1);
}

const RUN_CHARTS: readonly RunChart[] = [
  { name: 'pids', shows: 'what is in use', title: headline, spec: pidsChart },
  {
    name: 'limit',
    shows: 'what the limit counts that refuses',
    title: limitTitle,
    spec: limitChart,
    isFor: (result) => limitToTell(result) !== null,
  },
  { name: 'kubelet', shows: 'what the kubelet sees', title: kubeletHeadline, spec: kubeletChart },
  { name: 'symptoms', shows: 'what people notice', title: symptomsHeadline, spec: symptomsChart },
  { name: 'blame', shows: 'what holds the PIDs', title: blameHeadline, spec: blameChart },
];

/** What is drawn for a run, whatever the choice. */
export const CHART_FILES: readonly string[] = RUN_CHARTS.flatMap(({ name }) => [
  `${name}.vl.json`,
  `${name}.svg`,
]);
