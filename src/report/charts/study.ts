/** Many runs as pictures: when each variant, or each node of a fleet, comes to harm. */
import { type Compared, type Ran, ranOf } from '../../study/compare.js';
import type { Estimate } from '../../study/estimate.js';
import { survivalOf } from '../../study/estimate.js';
import type { Replicated } from '../../study/replicate.js';
import { formatSeconds } from '../../text/duration.js';
import { fan } from '../study/fleet.js';
import { hitsWords, medianWords, spreadWords } from '../study/words.js';
import { logAxis, namedRow, PLOT_WIDTH, ROW, ROW_HEIGHT, sideLabels, timeAlong } from './named-rows.js';
import { CHART_WIDTH, type ChartSpec, COLOURS, chart, type Json, quantity } from './theme.js';

const DAY = 86_400;

/** A dot for the median of each variant and a bar for nine in ten of its runs, on one logarithmic axis. */
export function rangeChart(all: readonly Compared[]): ChartSpec {
  const ran = ranOf(all);
  const marks = ran.map(({ estimate }) => {
    const { early, median, late, horizonSeconds } = estimate;
    return {
      from: early.value ?? horizonSeconds,
      at: median.value ?? horizonSeconds,
      to: late.value ?? horizonSeconds,
    };
  });
  const axis = logAxis(marks.flatMap(({ from, to }) => [from, to]));
  const values = ran.map(
    ({ variant, estimate }, place): Json => ({
      place,
      name: variant.name,
      from: axis.place(marks[place].from),
      at: axis.place(marks[place].at),
      to: axis.place(marks[place].to),
      harmed: estimate.median.value !== null,
      label: labelOf(estimate),
      isLeft: marks[place].at > axis.middle,
    }),
  );
  const x = (field: string): ChartSpec =>
    timeAlong(axis, field, 'Simulated time until the first harm (logarithmic)');
  const colour = {
    condition: { test: 'datum.harmed', value: COLOURS.failed },
    value: COLOURS.live,
  };
  return chart(rangeTitle(ran), rangeSubtitle(ran), {
    width: PLOT_WIDTH,
    height: { step: ROW_HEIGHT },
    data: { values },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 3, opacity: 0.45, aria: false },
        encoding: {
          y: namedRow(ran.map(({ variant }) => variant.name)),
          x: x('from'),
          x2: { field: 'to' },
          color: colour,
        },
      },
      {
        mark: { type: 'point', size: 80, strokeWidth: 2, opacity: 1, aria: false },
        encoding: {
          y: ROW,
          x: x('at'),
          stroke: colour,
          fill: { condition: { test: 'datum.harmed', value: COLOURS.failed }, value: COLOURS.paper },
          shape: { condition: { test: 'datum.harmed', value: 'circle' }, value: 'triangle-right' },
        },
      },
      ...sideLabels((isLeft) => {
        return { filter: `datum.isLeft === ${isLeft}`, x: x(isLeft ? 'from' : 'to'), pixels: 12 };
      }),
    ],
  });
}

function labelOf(estimate: Estimate): string {
  const hits = hitsWords(estimate);
  return hits === '-' ? medianWords(estimate) : `${medianWords(estimate)}, ${hits}`;
}

function rangeTitle(ran: readonly Ran[]): string {
  const [first, ...others] = ran;
  const { median, horizonSeconds } = first.estimate;
  const without = others.filter(({ estimate }) => estimate.harmed.value === 0).length;
  const horizon = formatSeconds(horizonSeconds);
  const start =
    median.value === null
      ? `No harm to half of the runs in ${horizon}`
      : `First harm after ${formatSeconds(median.value)}`;
  if (others.length === 0) return start;
  return `${start}; ${without} of ${others.length} variants come to no harm in ${horizon}`;
}

function rangeSubtitle(ran: readonly Ran[]): string {
  const runs = ran.map(({ estimate }) => estimate.runs);
  const range =
    Math.min(...runs) === Math.max(...runs) ? `${runs[0]}` : `${Math.min(...runs)} to ${Math.max(...runs)}`;
  const spread = ran.some(({ estimate }) => spreadWords(estimate) !== '');
  const bars = spread ? ' Bars: nine in ten runs.' : '';
  return `Dots: the median of ${range} runs of each.${bars} Hollow: no harm to the end of the runs.`;
}

/** Okabe and Ito's, those of the theme first; a dash tells them apart without colour. */
const LINES = [
  COLOURS.failed,
  COLOURS.live,
  '#009e73',
  COLOURS.pinned,
  '#cc79a7',
  '#56b4e9',
  '#000000',
  '#8a6d00',
];
const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
  [10, 3],
  [6, 2, 2, 2],
  [1, 0],
  [6, 3],
  [2, 2],
];
/** Names of variants with one line. */
const LINE_NAMES = 3;

/** The part of the runs without harm so far, a step line for each variant: Kaplan and Meier's estimate. */
export function survivalChart(all: readonly Compared[]): ChartSpec {
  const groups = alike(ranOf(all)).slice(0, LINES.length);
  const top = Math.max(...groups.map(([{ estimate }]) => estimate.horizonSeconds));
  const unit = unitOf(top);
  const values = groups.flatMap((group): Json[] => {
    const [{ replicated, estimate }] = group;
    const points = survivalOf(replicated!.rows);
    const last = points.at(-1)?.survival ?? 1;
    return [
      { time: 0, left: 1 },
      ...points.map(({ time, survival }) => ({ time, left: survival })),
      { time: estimate.horizonSeconds, left: last },
    ].map(({ time, left }) => ({ name: groupName(group), time: time / unit.seconds, left }));
  });
  const domain = groups.map(groupName);
  const legend = {
    title: null,
    orient: 'bottom',
    columns: 1,
    labelLimit: 0,
    symbolType: 'stroke',
    symbolSize: 300,
  };
  const by = (range: Json[]): ChartSpec => {
    return {
      field: 'name',
      type: 'nominal',
      sort: null,
      scale: { domain, range: range.slice(0, domain.length) },
      legend,
    };
  };
  return chart('How many runs are without harm so far?', SURVIVAL_SUBTITLE, {
    width: CHART_WIDTH - 24 - 60,
    height: 240,
    data: { values },
    mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2.5, clip: true, aria: false },
    encoding: {
      x: timeIn(unit),
      y: quantity('left', {
        title: null,
        scale: { domain: [0, 1.02] },
        axis: { format: '.0%', values: [0, 0.25, 0.5, 0.75, 1] },
      }),
      color: by(LINES),
      strokeDash: by(DASHES),
    },
  });
}

const SURVIVAL_SUBTITLE =
  'A line falls when a run of its variant comes to harm; where it ends above 0 %, the others had none.';

/** Variants whose lines would lie on each other: as many harmed, and at times within a hundredth. */
function alike(ran: readonly Ran[]): Ran[][] {
  const groups = new Map<string, Ran[]>();
  for (const one of ran) {
    const { median, harmed } = one.estimate;
    const key = `${harmed.value.toFixed(2)} ${median.value?.toPrecision(2)}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

function groupName(group: readonly Ran[]): string {
  const names = group.map(({ variant }) => variant.name);
  const rest = names.length - LINE_NAMES;
  return rest > 0 ? `${names.slice(0, LINE_NAMES).join(', ')} and ${rest} more` : names.join(', ');
}

export function unitOf(seconds: number): { seconds: number; name: string } {
  return seconds > 3 * DAY ? { seconds: DAY, name: 'd' } : { seconds: 3600, name: 'h' };
}

function timeIn(unit: { name: string }): ChartSpec {
  return quantity('time', { title: `Simulated time (${unit.name})`, axis: { grid: false } });
}

/** How many nodes of a fleet have come to harm: the middle of the replications, and nine in ten of them. */
export function fanChart(all: readonly Replicated[]): ChartSpec {
  const points = fan(all);
  const last = points[points.length - 1];
  const unit = unitOf(last.time);
  const values = points.map(({ time, ...counts }): Json => ({ time: time / unit.seconds, ...counts }));
  // Half a node makes no sense.
  const axis = { tickMinStep: 1, format: 'd' };
  const scale = { domain: [0, Math.max(1, last.high)] };
  const y = (field: string): ChartSpec => quantity(field, { title: 'Nodes harmed', axis, scale });
  const x = timeIn(unit);
  const many = all.some(({ rows }) => rows.length > 1);
  const title = `${last.middle} of ${all.length} nodes are harmed in ${formatSeconds(last.time)}`;
  const subtitle = many
    ? 'The line: the middle of the replications; the band: nine in ten of them.'
    : 'One run of each node.';
  return chart(title, subtitle, {
    width: CHART_WIDTH - 24 - 60,
    height: 260,
    data: { values },
    layer: [
      {
        mark: { type: 'area', interpolate: 'step-after', opacity: 0.25, color: COLOURS.failed, aria: false },
        encoding: { x, y: y('low'), y2: { field: 'high' } },
      },
      {
        mark: {
          type: 'line',
          interpolate: 'step-after',
          strokeWidth: 2.5,
          color: COLOURS.failed,
          aria: false,
        },
        encoding: { x, y: y('middle') },
      },
    ],
  });
}
