/** What people notice: for each kind of request, how many have worked and failed so far, a strip each. */
import type { RunResult, TimelineColumn } from '../../run/result.js';
import { rowAt } from '../../run/story.js';
import { formatCompact } from '../../text/figures.js';
import { symptomsHeadline, symptomsSubtitle } from '../titles.js';
import { axisFormat, type ChartSpec, COLOURS, chart, once } from './theme.js';
import {
  momentLayers,
  PLOT_WIDTH,
  placeMoments,
  type TimeFrame,
  timeEncoding,
  timeFrame,
  timelineData,
  timelineTransforms,
} from './time.js';

interface Strip {
  title: string;
  worked: { label: string; columns: TimelineColumn[] };
  failed: { label: string; column: TimelineColumn };
}

const STRIPS: Strip[] = [
  {
    title: 'Probes',
    worked: { label: 'passed', columns: ['probe_runs', 'probe_failures'] },
    failed: { label: 'failed', column: 'probe_failures' },
  },
  {
    title: 'Pod creations',
    worked: { label: 'worked', columns: ['pods_created'] },
    failed: { label: 'failed', column: 'pods_create_failed' },
  },
  {
    title: 'ssh logins',
    worked: { label: 'let in', columns: ['ssh_ok'] },
    failed: { label: 'refused', column: 'ssh_refused' },
  },
];

const STRIP_HEIGHT = 92;
const AXIS_EXTENT = 52;
/** On the right, for the labels at the ends of the lines. */
const LABEL_ROOM = 104;
const STEPS_MAX = 60;
/** Labels closer than this would touch. */
const LABEL_HEIGHT = 15;

export function symptomsChart(result: RunResult): ChartSpec {
  const frame = timeFrame(result);
  const moments = placeMoments(result, frame, STRIP_WIDTH);
  const strips = STRIPS.filter((strip) => anyTried(result, strip));
  const shown = strips.length === 0 ? [STRIPS[0]] : strips;
  const columns = shown.flatMap(({ worked, failed }) => [...worked.columns, failed.column]);
  return chart(symptomsHeadline(result), symptomsSubtitle(result), {
    data: timelineData([...new Set(columns)]),
    transform: timelineTransforms(result, frame),
    spacing: 22,
    bounds: 'flush',
    vconcat: shown.map((strip, index) => ({
      width: STRIP_WIDTH,
      height: STRIP_HEIGHT,
      layer: [
        ...stripLayers(result, frame, strip, index === shown.length - 1),
        ...momentLayers(moments, frame, { labels: index === 0 }),
      ],
    })),
  });
}

const STRIP_WIDTH = PLOT_WIDTH - LABEL_ROOM + 16;

function anyTried(result: RunResult, { worked, failed }: Strip): boolean {
  const { timeline } = result;
  return [...worked.columns, failed.column].some((column) => (timeline[column].at(-1) ?? 0) > 0);
}

/** Cumulative counts at the end of the picture. */
function countsAt(
  result: RunResult,
  frame: TimeFrame,
  { worked, failed }: Strip,
): { ok: number; bad: number } {
  const { timeline } = result;
  const row = rowAt(timeline, frame.endSeconds);
  const [plus, minus] = worked.columns;
  const less = minus === undefined ? 0 : timeline[minus][row];
  return { ok: timeline[plus][row] - less, bad: timeline[failed.column][row] };
}

function stripLayers(result: RunResult, frame: TimeFrame, strip: Strip, last: boolean): ChartSpec[] {
  const x = timeEncoding(result, frame, { axis: last });
  const { ok, bad } = countsAt(result, frame, strip);
  const top = Math.max(ok, bad, 1) * 1.08;
  const y = {
    field: 'count',
    type: 'quantitative',
    scale: { domain: [0, top], nice: false },
    axis: {
      title: strip.title,
      ...axisFormat(top),
      tickCount: 3,
      tickMinStep: 1,
      minExtent: AXIS_EXTENT,
      maxExtent: AXIS_EXTENT,
    },
  };
  // Few enough to be seen one by one, they are steps; more are a slope, whatever the distance of the samples.
  const interpolate = top <= STEPS_MAX ? 'step-after' : 'linear';
  const line = (calculate: string, color: string, strokeWidth: number): ChartSpec => ({
    transform: [{ calculate, as: 'count' }],
    mark: { type: 'line', interpolate, color, strokeWidth, clip: true, aria: false },
    encoding: { x, y },
  });
  const [plus, minus] = strip.worked.columns;
  const workedExpression = `datum.${plus}${minus === undefined ? '' : ` - datum.${minus}`}`;
  // The labels stand where the lines end, pushed apart if need be.
  const height = (count: number): number => STRIP_HEIGHT * (1 - count / top);
  const [okY, badY] = apart(height(ok), height(bad));
  const label = (text: string, labelY: number, color: string): ChartSpec =>
    once(
      {
        type: 'text',
        text,
        x: STRIP_WIDTH,
        y: labelY,
        dx: 6,
        align: 'left',
        baseline: 'middle',
        color,
        fontWeight: 'bold',
      },
      {},
    );
  return [
    line(workedExpression, COLOURS.worked, 2),
    line(`datum.${strip.failed.column}`, COLOURS.failed, 2.5),
    label(`${formatCompact(ok)} ${strip.worked.label}`, okY, COLOURS.faint),
    label(`${formatCompact(bad)} ${strip.failed.label}`, badY, COLOURS.failed),
  ];
}

/** Moves two labels so far apart that they can be read, keeping their order and both within the strip. */
function apart(first: number, second: number): [number, number] {
  const gap = LABEL_HEIGHT - Math.abs(first - second);
  if (gap <= 0) return [first, second];
  const sign = first <= second ? 1 : -1;
  const shift = Math.min(0, STRIP_HEIGHT - (Math.max(first, second) + gap / 2));
  return [first - (sign * gap) / 2 + shift, second + (sign * gap) / 2 + shift];
}
