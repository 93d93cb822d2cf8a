/** What is written beside the folders of the scenarios, none of which can be called so. */
export const OVERVIEW_FILES: readonly string[] = [
  'summary.json',
  'summary.md',
  'overview.vl.json',
  'overview.svg',
  'index.html',
];
