/** What is written beside the folders of the scenarios, none of which can be called so. */
export const OVERVIEW_FILES: readonly string[] = [
  'summary.json',
  'summary.md',
  'overview.vl.json',
  'overview.svg',
  'index.html',
];

/** There too, with `run --export openmetrics --dir`. */
export const METRICS_FILE = 'openmetrics.txt';

/** Which charts of a run are drawn: where runs are many, one picture of each is enough. */
export const CHART_CHOICES = ['all', 'main'] as const;
export type ChartChoice = (typeof CHART_CHOICES)[number];
