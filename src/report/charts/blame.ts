/** What holds the PIDs, at the end or as the node became full: a bar per origin, split by kind. */
import type { BlameRow, RunResult } from '../../run/result.js';
import { blameToTell } from '../../run/story.js';
import { blameHeadline, blameSubtitle, manyPods, otherHolders } from '../titles.js';
import { kindColour } from './pids.js';
import {
  CHART_WIDTH,
  type ChartSpec,
  COLOURS,
  chart,
  countAxis,
  type Json,
  KINDS,
  quantity,
} from './theme.js';

/** More rows than this are taken together: first the copies of a pod, then whatever is smallest. */
const HOLDERS_MAX = 10;
/** Longer names of pod and container make the picture wider. Cut in the middle they still differ. */
const NAMES_MAX = 60;
const SHORT =
  "length(datum.holder) > 88 ? slice(datum.holder, 0, 40) + '…' + slice(datum.holder, -47) : datum.holder";
const STEP = 40;
const BAR_HEIGHT = 15;
/** On the right, for the value of the longest bar. */
const VALUE_ROOM = 1.24;

export function blameChart(result: RunResult): ChartSpec {
  const { rows, whenFull } = blameToTell(result);
  const held = rows.filter(({ pids }) => pids > 0);
  const copiesTogether = held.length > HOLDERS_MAX + 1;
  const isLong = held.some(({ pod, container }) => pod.length + container.length > NAMES_MAX);
  const longest = longestBar(copiesTogether ? sumBy(held, copyKey) : held.map(({ pids }) => pids));
  const y = { field: 'place', type: 'ordinal', axis: null, scale: { padding: 0 } };
  const x = {
    title: 'PIDs held',
    scale: { domain: [0, Math.ceil(longest * VALUE_ROOM)], nice: false },
    axis: countAxis(longest),
  };
  return chart(blameHeadline(result), blameSubtitle(result), {
    width: CHART_WIDTH - 24 - 8,
    height: { step: STEP },
    data: {
      url: 'blame.csv',
      format: {
        type: 'csv',
        parse: { pod: 'string', container: 'string', origin: 'string', program: 'string', pids: 'number' },
      },
    },
    transform: [
      { filter: `datum.when === '${whenFull ? 'full' : 'end'}'` },
      ...holderTransforms(copiesTogether),
      ...(isLong ? [{ calculate: SHORT, as: 'short' }] : []),
    ],
    layer: [
      {
        transform: [{ fold: KINDS.map(({ key }) => key), as: ['kind', 'count'] }],
        mark: { type: 'bar', height: BAR_HEIGHT, yOffset: 8, aria: false },
        encoding: {
          y,
          x: { aggregate: 'sum', field: 'count', type: 'quantitative', ...x },
          color: kindColour(10),
          order: { field: 'kind', sort: 'descending' },
        },
      },
      {
        mark: { type: 'text', align: 'left', baseline: 'middle', yOffset: -11, x: 0 },
        encoding: { y, text: { field: isLong ? 'short' : 'holder', type: 'nominal' } },
      },
      {
        mark: { type: 'text', align: 'left', baseline: 'middle', yOffset: 8, dx: 6, color: COLOURS.faint },
        encoding: {
          y,
          x: quantity('pids'),
          text: { field: 'value', type: 'nominal' },
        },
      },
    ],
  });
}

function copyKey({ container, origin, program }: BlameRow): string {
  return JSON.stringify([container, origin, program]);
}

function sumBy(rows: readonly BlameRow[], keyOf: (row: BlameRow) => string): number[] {
  const sums = new Map<string, number>();
  for (const row of rows) sums.set(keyOf(row), (sums.get(keyOf(row)) ?? 0) + row.pids);
  return [...sums.values()];
}

function longestBar(pids: number[]): number {
  const sorted = pids.sort((a, b) => b - a);
  const rest = sorted.length > HOLDERS_MAX + 1 ? sorted.slice(HOLDERS_MAX) : [];
  return Math.max(1, sorted[0] ?? 0, sum(rest));
}

function sum(pids: readonly number[]): number {
  return pids.reduce((total, number) => total + number, 0);
}

/** Names each row, takes copies together if asked, keeps the largest and adds up the rest. */
function holderTransforms(copiesTogether: boolean): Json[] {
  const copies: Json[] = [
    {
      joinaggregate: [{ op: 'distinct', field: 'pod', as: 'pods' }],
      groupby: ['container', 'origin', 'program'],
    },
    { calculate: `datum.pods > 1 ? ${manyPods('datum.pods')} : datum.pod`, as: 'pod' },
  ];
  // An empty cell of a CSV file is null in Vega.
  const container = "(!datum.container || datum.container === datum.pod ? '' : '/' + datum.container)";
  const name = `datum.pod + ${container} + ' · ' + datum.origin + ' · ' + datum.program`;
  const sums = ['tasks', 'zombies', 'pinned', 'pids'].map((field) => ({ op: 'sum', field, as: field }));
  const share = 'datum.pids / datum.total';
  return [
    { filter: 'datum.pids > 0' },
    ...(copiesTogether ? copies : []),
    { calculate: name, as: 'holder' },
    { aggregate: sums, groupby: ['holder'] },
    { window: [{ op: 'row_number', as: 'rank' }], sort: [{ field: 'pids', order: 'descending' }] },
    { joinaggregate: [{ op: 'count', as: 'holders' }] },
    { calculate: `datum.holders > ${HOLDERS_MAX + 1} && datum.rank > ${HOLDERS_MAX}`, as: 'rest' },
    { calculate: `datum.rest ? ${HOLDERS_MAX + 1} : datum.rank`, as: 'place' },
    {
      calculate: `datum.rest ? ${otherHolders(`(datum.holders - ${HOLDERS_MAX})`)} : datum.holder`,
      as: 'holder',
    },
    { aggregate: sums, groupby: ['place', 'holder'] },
    { joinaggregate: [{ op: 'sum', field: 'pids', as: 'total' }] },
    { calculate: `${share} < 0.01 ? '< 1 %' : format(100 * ${share}, '.0f') + ' %'`, as: 'share' },
    { calculate: "format(datum.pids, ',d') + ' (' + datum.share + ')'", as: 'value' },
  ];
}
