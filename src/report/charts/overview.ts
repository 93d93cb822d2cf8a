/** All scenarios of a run on one logarithmic time axis: when each is full, would be full, or never is. */
import type { RunResult } from '../../run/result.js';
import { tellStory } from '../../run/story.js';
import { formatSeconds } from '../../text/duration.js';
import { overviewHeadline, overviewLabel, overviewSubtitle } from '../message.js';
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
  'pod-full': { colour: COLOURS.failed, shape: 'square' },
  'would-fill': { colour: COLOURS.pinned, shape: 'circle' },
  never: { colour: COLOURS.live, shape: 'triangle-right' },
} as const;
type Look = keyof typeof LOOKS;

/** How a scenario is drawn, and where its mark stands. */
function markOf(result: RunResult): { look: Look; seconds: number } {
  const story = tellStory(result);
  switch (story.kind) {
    case 'full':
    case 'pod-full':
    case 'would-fill':
      return { look: story.kind, seconds: story.atSeconds };
    default:
      return { look: 'never', seconds: result.horizonSeconds };
  }
}

/** First those that fill up, in order of time; then pods that do, the projected, and those that never do. */
export function overviewOrder(results: readonly RunResult[]): RunResult[] {
  const looks = Object.keys(LOOKS);
  return [...results].sort(
    (a, b) =>
      looks.indexOf(markOf(a).look) - looks.indexOf(markOf(b).look) ||
      markOf(a).seconds - markOf(b).seconds ||
      (a.scenario.name < b.scenario.name ? -1 : 1),
  );
}

export function overviewChart(results: readonly RunResult[]): ChartSpec {
  const ordered = overviewOrder(results);
  const axis = logAxis(ordered.flatMap((result) => [markOf(result).seconds, result.horizonSeconds]));
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
  const [outcome, projection] = ['datum.status.outcome', 'datum.status.projection'];
  const refused = 'datum.status.symptoms.firstForkRefusedSeconds';
  const looks = [
    [`${outcome}.kind === 'exhausted'`, "'full'", `${outcome}.atSeconds`],
    [`${refused} !== null`, "'pod-full'", refused],
    [`${projection} && ${projection}.kind === 'exhausts'`, "'would-fill'", `${projection}.atSeconds`],
  ];
  const choose = (pick: 1 | 2, otherwise: string): string =>
    looks.reduceRight((rest, look) => `${look[0]} ? ${look[pick]} : ${rest}`, otherwise);
  return [
    { calculate: 'datum.metadata.name', as: 'name' },
    { calculate: `${JSON.stringify(places)}[datum.name]`, as: 'place' },
    { calculate: `${JSON.stringify(labels)}[datum.name]`, as: 'label' },
    { calculate: `${JSON.stringify(horizons)}[datum.name]`, as: 'horizon' },
    { calculate: choose(1, "'never'"), as: 'look' },
    { calculate: choose(2, 'datum.horizon'), as: 'at' },
  ];
}

interface LogAxis {
  from: number;
  to: number;
  ticks: number[];
  labels: string[];
}

/** From a tick below the earliest moment to just beyond the latest; ticks where their labels have room. */
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
