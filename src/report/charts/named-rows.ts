/** Charts with a name on the left of each row, and one logarithmic time axis for all of them. */
import { formatSeconds } from '../../text/duration.js';
import { cutInTheMiddle } from '../../text/figures.js';
import { CHART_WIDTH, type ChartSpec, COLOURS, quantity } from './theme.js';

const DAY = 86_400;
const YEAR = 365.25 * DAY;
/** Where a tick can stand: durations that people have a feeling for. */
const TICKS = [
  ...[0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600],
  ...[1, 3, 7, 14, 30, 90].map((days) => days * DAY),
  ...[1, 3, 10, 30, 100, 1000, 10_000, 100_000].map((years) => years * YEAR),
];
const TICK_ROOM = 52;

/** Of the names, in pixels and characters. */
const NAME_WIDTH = 190;
const NAME_MAX = 24;
export const ROW_HEIGHT = 24;
export const PLOT_WIDTH = CHART_WIDTH - 24 - NAME_WIDTH;
/** From this part of the plot on, a label stands on the left of its mark. */
const LEFT_FROM = 0.5;

export const ROW = { field: 'place', type: 'ordinal' };

/** The rows with their names beside them. */
export function namedRow(names: readonly string[]): ChartSpec {
  return {
    ...ROW,
    axis: {
      title: null,
      labelExpr: `${JSON.stringify(names.map((name) => cutInTheMiddle(name, NAME_MAX)))}[datum.value]`,
      labelLimit: NAME_WIDTH,
      labelColor: COLOURS.ink,
      grid: true,
    },
  };
}

export interface LogAxis {
  from: number;
  to: number;
  ticks: number[];
  labels: string[];
  /** Where the left part ends. */
  middle: number;
  /** Where a moment is drawn. A logarithmic axis has no zero: the start of the run is at its left end. */
  place(seconds: number): number;
}

/** From a tick below the earliest moment to just beyond the latest; ticks where their labels have room. */
export function logAxis(seconds: readonly number[]): LogAxis {
  const later = seconds.filter((value) => value > 0);
  const positive = later.length === 0 ? [TICKS[0]] : later;
  const earliest = Math.min(...positive) / 1.5;
  const to = Math.max(...positive, earliest * 10) * 1.25;
  const from = TICKS.filter((tick) => tick <= earliest).at(-1) ?? earliest;
  const pixels = (value: number): number => (Math.log(value / from) / Math.log(to / from)) * PLOT_WIDTH;
  const ticks: number[] = [];
  for (const tick of TICKS) {
    if (tick < from || tick > to) continue;
    if (ticks.length === 0 || pixels(tick) - pixels(ticks.at(-1)!) >= TICK_ROOM) ticks.push(tick);
  }
  const middle = from * (to / from) ** LEFT_FROM;
  return { from, to, ticks, labels: ticks.map(tickLabel), middle, place: (at) => Math.max(at, from) };
}

function tickLabel(seconds: number): string {
  if (seconds === 3600) return '1 h';
  if (seconds === DAY) return '1 d';
  if (seconds === YEAR) return '1 year';
  return formatSeconds(seconds);
}

export function timeAlong(axis: LogAxis, field: string, title: string): ChartSpec {
  return quantity(field, {
    scale: { type: 'log', domain: [axis.from, axis.to], nice: false },
    title,
    axis: {
      values: axis.ticks,
      labelExpr: `${JSON.stringify(axis.labels)}[datum.index * ${axis.ticks.length - 1}]`,
    },
  });
}

/** A label stands on paper, whatever lies below it. */
const HALOS: ChartSpec[] = [{ color: COLOURS.paper, stroke: COLOURS.paper, strokeWidth: 5 }, {}];

/** Labels beside the marks: on the right in the left part of the plot, and the other way round. */
export function sideLabels(
  side: (isLeft: boolean) => { filter: string; x: ChartSpec; pixels: number },
): ChartSpec[] {
  return HALOS.flatMap((halo) =>
    [false, true].map((isLeft): ChartSpec => {
      const { filter, x, pixels } = side(isLeft);
      return {
        transform: [{ filter }],
        mark: {
          type: 'text',
          baseline: 'middle',
          align: isLeft ? 'right' : 'left',
          dx: isLeft ? -pixels : pixels,
          aria: false,
          ...halo,
        },
        encoding: { y: ROW, x, text: { field: 'label', type: 'nominal' } },
      };
    }),
  );
}
