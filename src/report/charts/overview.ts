/** All scenarios of a run on one logarithmic time axis: when each is full, would be full, or that it never is. */
import type { RunResult } from '../../experiment/result.js';
import { overviewHeadline, overviewLabel, overviewSubtitle } from '../message.js';
import { formatSeconds } from '../quantity.js';
import { tellStory } from '../story.js';
import { CHART_WIDTH, type ChartSpec, COLOURS, chart, type Json } from './theme.js';

const DAY = 86_400;
const YEAR = 365.25 * DAY;
/** Where a tick can stand: durations that people have a feeling for. */
const TICKS = [
  ...[0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600],
  ...[1, 3, 7, 14, 30, 90].map((days) => days * DAY),
  ...[1, 3, 10, 30, 100, 1000, 10_000, 100_000].map((years) => years * YEAR),
];

const STEP = 44;
const WIDTH = CHART_WIDTH - 24 - 8;
const TICK_ROOM = 52;

/** How an answer looks. The words are in the label; shape and line tell the same without colour. */
const LOOKS = {
  full: { colour: COLOURS.failed, shape: 'circle' },
  'would-fill': { colour: COLOURS.pinned, shape: 'circle' },
  never: { colour: COLOURS.live, shape: 'triangle-right' },
} as const;
type Look = keyof typeof LOOKS;

function lookOf(result: RunResult): Look {
  if (result.outcome.kind === 'exhausted') return 'full';
  return result.projection?.kind === 'exhausts' ? 'would-fill' : 'never';
}

/** Where a scenario's mark stands. */
function markSeconds(result: RunResult): number {
  const story = tellStory(result);
  return story.kind === 'full' || story.kind === 'would-fill' ? story.atSeconds : result.horizonSeconds;
}

/** First those that fill up, in order of time; then the projected; then those that never do. */
export function overviewOrder(results: readonly RunResult[]): RunResult[] {
  const looks = Object.keys(LOOKS);
  return [...results].sort(
    (a, b) =>
      looks.indexOf(lookOf(a)) - looks.indexOf(lookOf(b)) ||
      markSeconds(a) - markSeconds(b) ||
      (a.scenario.name < b.scenario.name ? -1 : 1),
  );
}

export function overviewChart(results: readonly RunResult[]): ChartSpec {
  const ordered = overviewOrder(results);
  const axis = logAxis(ordered.flatMap((result) => [markSeconds(result), result.horizonSeconds]));
  const y = { field: 'place', type: 'ordinal', axis: null, scale: { padding: 0 } };
  const x = {
    type: 'quantitative',
    scale: { type: 'log', domain: [axis.from, axis.to], nice: false },
    title: 'Simulated time (logarithmic)',
    axis: {
      values: axis.ticks,
      labelExpr: `${JSON.stringify(axis.labels)}[datum.index * ${axis.ticks.length - 1}]`,
    },
  };
  const line = (look: string, from: ChartSpec, to: ChartSpec, style: ChartSpec): ChartSpec => ({
    transform: [{ filter: look }],
    mark: { type: 'rule', strokeWidth: 3, yOffset: 9, aria: false, ...style },
    encoding: { y, x: { ...x, ...from }, x2: to },
  });
  const start = { datum: axis.from };
  return chart(overviewHeadline(results), overviewSubtitle(), {
    width: WIDTH,
    height: { step: STEP },
    data: { url: 'summary.json', format: { type: 'json', property: 'items' } },
    transform: itemTransforms(ordered),
    layer: [
      line("datum.look === 'full'", { field: 'at' }, start, { color: LOOKS.full.colour }),
      line("datum.look !== 'full'", { field: 'horizon' }, start, { color: COLOURS.worked }),
      line(
        "datum.look === 'would-fill'",
        { field: 'at' },
        { field: 'horizon' },
        {
          color: LOOKS['would-fill'].colour,
          strokeDash: [4, 4],
        },
      ),
      ...points(x, y),
      text(y, 'name', { align: 'left', x: 0, fontWeight: 'bold' }),
      text(y, 'label', { align: 'right', x: WIDTH }),
    ],
  });
}

function points(x: ChartSpec, y: ChartSpec): ChartSpec[] {
  return (Object.keys(LOOKS) as Look[]).map((look) => {
    const { colour, shape } = LOOKS[look];
    const fill = look === 'full' ? colour : '#ffffff';
    return {
      transform: [{ filter: `datum.look === '${look}'` }],
      mark: {
        type: 'point',
        shape,
        size: 110,
        stroke: colour,
        strokeWidth: 2.5,
        fill,
        yOffset: 9,
        opacity: 1,
        aria: false,
      },
      encoding: { y, x: { ...x, field: 'at' } },
    };
  });
}

function text(y: ChartSpec, field: string, style: ChartSpec): ChartSpec {
  return {
    mark: { type: 'text', baseline: 'middle', yOffset: -9, ...style },
    encoding: { y, text: { field, type: 'nominal' } },
  };
}

/** The outcomes come from summary.json; order and words, which it does not have, are looked up by name. */
function itemTransforms(ordered: readonly RunResult[]): Json[] {
  const places = Object.fromEntries(ordered.map(({ scenario }, index) => [scenario.name, index]));
  const labels = Object.fromEntries(ordered.map((result) => [result.scenario.name, overviewLabel(result)]));
  const horizons = Object.fromEntries(
    ordered.map(({ scenario, horizonSeconds }) => [scenario.name, horizonSeconds]),
  );
  const status = 'datum.status';
  const projected = `${status}.projection && ${status}.projection.kind === 'exhausts'`;
  const full = `${status}.outcome.kind === 'exhausted'`;
  return [
    { calculate: 'datum.metadata.name', as: 'name' },
    { calculate: `${JSON.stringify(places)}[datum.name]`, as: 'place' },
    { calculate: `${JSON.stringify(labels)}[datum.name]`, as: 'label' },
    { calculate: `${JSON.stringify(horizons)}[datum.name]`, as: 'horizon' },
    { calculate: `${full} ? 'full' : ${projected} ? 'would-fill' : 'never'`, as: 'look' },
    {
      calculate: `${full} ? ${status}.outcome.atSeconds : ${projected} ? ${status}.projection.atSeconds : datum.horizon`,
      as: 'at',
    },
  ];
}

interface LogAxis {
  from: number;
  to: number;
  ticks: number[];
  labels: string[];
}

/** From a tick below the earliest moment to a little beyond the latest; ticks where their labels have room. */
function logAxis(seconds: readonly number[]): LogAxis {
  const positive = seconds.filter((value) => value > 0);
  const earliest = Math.min(...positive) / 1.5;
  const to = Math.max(...positive, earliest * 10) * 1.25;
  const from = TICKS.filter((tick) => tick <= earliest).at(-1) ?? earliest;
  const pixels = (value: number): number => (Math.log(value / from) / Math.log(to / from)) * WIDTH;
  const ticks: number[] = [];
  for (const tick of TICKS) {
    if (tick < from || tick > to) continue;
    if (ticks.length === 0 || pixels(tick) - pixels(ticks.at(-1)!) >= TICK_ROOM) ticks.push(tick);
  }
  return { from, to, ticks, labels: ticks.map(tickLabel) };
}

function tickLabel(seconds: number): string {
  if (seconds === 3600) return '1 h';
  if (seconds === DAY) return '1 d';
  if (seconds === YEAR) return '1 year';
  return formatSeconds(seconds);
}
