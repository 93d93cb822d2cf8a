/** What the kubelet sees against what is allocated: in use above, free below; the gap is the hidden half. */
import type { RunResult } from '../../run/result.js';
import { kubeletHeadline, kubeletSubtitle } from '../titles.js';
import { type Level, levelOf, levelScale, limitLabels, limitLayers } from './level.js';
import { axisFormat, type ChartSpec, COLOURS, chart, colourLegend } from './theme.js';
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

const SERIES = [
  { key: 'truth', label: 'what the kernel counts', colour: COLOURS.truth },
  { key: 'seen', label: 'what the kubelet sees', colour: COLOURS.seen },
  { key: 'hidden', label: 'hidden from the kubelet', colour: COLOURS.hidden },
] as const;

type SeriesKey = (typeof SERIES)[number]['key'];

/** In the legend, lines and the area look alike. */
const SYMBOL = { symbolOpacity: 1, symbolStrokeWidth: 0 };

const USED_HEIGHT = 210;
const FREE_HEIGHT = 120;
/** Room for the labels of the vertical axes, the same in both panels: so they stand above each other. */
const AXIS_EXTENT = 52;

export function kubeletChart(result: RunResult): ChartSpec {
  const frame = timeFrame(result);
  const moments = placeMoments(result, frame);
  const used = levelOf(result, frame, ['allocated']);
  const free: Level = { ...levelOf(result, frame, ['free']), limitInSight: false };
  const usedX = timeEncoding(result, frame, { axis: false });
  return chart(kubeletHeadline(result), kubeletSubtitle(), {
    data: timelineData(['loadavg_tasks', 'free', 'kubelet_pid_available', 'pid_max']),
    transform: timelineTransforms(result, frame),
    spacing: 18,
    bounds: 'flush',
    vconcat: [
      {
        width: PLOT_WIDTH,
        height: USED_HEIGHT,
        layer: [
          ...gapLayers(
            usedX,
            { truth: 'allocated', seen: 'loadavg_tasks', hidden: 'max' },
            'PIDs in use',
            used,
            {
              legendOffset: 6,
            },
          ),
          ...limitLayers(used, usedX),
          ...momentLayers(moments, frame),
          ...limitLabels(used),
        ],
      },
      {
        width: PLOT_WIDTH,
        height: FREE_HEIGHT,
        layer: [...freeLayers(result, frame, free), ...momentLayers(moments, frame, { labels: false })],
      },
    ],
  });
}

function freeLayers(result: RunResult, frame: TimeFrame, level: Level): ChartSpec[] {
  const x = timeEncoding(result, frame);
  const columns = { truth: 'free', seen: 'kubelet_pid_available', hidden: 'min' } as const;
  return gapLayers(x, columns, ['free PIDs', '(pid.available)'], { ...level, top: level.top / 1.1 }, {});
}

/**
 * Two lines, and the gap between them as an area where the kubelet believes too well of the node. It may also
 * see fewer free PIDs than there are, for instance because it takes threads-max into account.
 *
 * @param columns `hidden` says on which side of what the kubelet sees the hidden part lies.
 */
function gapLayers(
  x: ChartSpec,
  { hidden, ...columns }: { truth: string; seen: string; hidden: 'max' | 'min' },
  title: string | string[],
  level: Level,
  options: { legendOffset?: number },
): ChartSpec[] {
  const { legendOffset } = options;
  const y = (column: string): ChartSpec => ({
    field: column,
    type: 'quantitative',
    scale: levelScale(level),
    axis: {
      title,
      ...axisFormat(level.top),
      tickCount: legendOffset === undefined ? 3 : 6,
      tickMinStep: 1,
      minExtent: AXIS_EXTENT,
      maxExtent: AXIS_EXTENT,
    },
  });
  // Only one panel has the legend; the other is painted in the same colours by hand.
  const mark = (style: ChartSpec, key: SeriesKey): ChartSpec => ({
    clip: true,
    aria: false,
    ...(legendOffset === undefined ? { color: SERIES.find((series) => series.key === key)!.colour } : {}),
    ...style,
  });
  const color = (key: SeriesKey): ChartSpec =>
    legendOffset === undefined
      ? {}
      : { color: { datum: key, type: 'nominal', ...colourLegend(SERIES, legendOffset, SYMBOL) } };
  const line = (column: string, key: SeriesKey, strokeWidth: number): ChartSpec => ({
    mark: mark({ type: 'line', strokeWidth }, key),
    encoding: { x, y: y(column), ...color(key) },
  });
  return [
    {
      transform: [{ calculate: `${hidden}(datum.${columns.truth}, datum.${columns.seen})`, as: 'edge' }],
      mark: mark({ type: 'area', opacity: 0.55 }, 'hidden'),
      encoding: { x, y: y(columns.seen), y2: { field: 'edge' }, ...color('hidden') },
    },
    line(columns.truth, 'truth', 3.5),
    line(columns.seen, 'seen', 2),
  ];
}
