/** The charts of one run, by the name of their files. */
import type { RunResult } from '../../run/result.js';
import { blameHeadline, headline, kubeletHeadline, symptomsHeadline } from '../message.js';
import { blameChart } from './blame.js';
import { kubeletChart } from './kubelet.js';
import { numbersChart } from './numbers.js';
import { symptomsChart } from './symptoms.js';
import type { ChartSpec } from './theme.js';

export interface RunChart {
  /** `numbers.vl.json` and `numbers.svg`. */
  name: string;
  title: (result: RunResult) => string;
  spec: (result: RunResult) => ChartSpec;
}

/** The first one is the main chart. */
export const RUN_CHARTS: readonly RunChart[] = [
  { name: 'numbers', title: headline, spec: numbersChart },
  { name: 'kubelet', title: kubeletHeadline, spec: kubeletChart },
  { name: 'symptoms', title: symptomsHeadline, spec: symptomsChart },
  { name: 'blame', title: blameHeadline, spec: blameChart },
];
