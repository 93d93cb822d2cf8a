/** What the kubelet sees against what is allocated: in use above, free below; the gap is the hidden half. */
import type { RunResult, TimelineColumn } from '../../run/result.js';
import { type Binding, bindingOf, rowAt, threadsMaxOf } from '../../run/story.js';
import { limitWords } from '../harm-words.js';
import { evictsLabel, kubeletHeadline, kubeletSubtitle } from '../titles.js';
import { type Bound, levelOf, levelScale, limitLabels, limitLayers, PID_MAX, withHalo } from './level.js';
import { counted, hoverLayer } from './marks.js';
import { type ChartSpec, COLOURS, chart, colourLegend, countAxis, once, quantity } from './theme.js';
import {
  momentLayers,
  PLOT_WIDTH,
  placeMoments,
  type TimeFrame,
  timeEncoding,
  timeFrame,
  timelineRows,
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

/** Below so many free PIDs the kubelet has evicted a pod. */
function thresholdLayers({ pods }: RunResult): ChartSpec[] {
  return [...new Set(pods.flatMap(({ evicted }) => evicted?.threshold ?? []))].flatMap((threshold) => {
    const y = { y: { datum: threshold, type: 'quantitative' } };
    const text = { type: 'text', text: evictsLabel(threshold), x: 'width', align: 'right', dx: -6, dy: -4 };
    const rule = once({ type: 'rule', color: COLOURS.ink, strokeDash: [8, 3] }, y);
    return [rule, ...withHalo({ ...text, baseline: 'bottom', fontWeight: 'bold' }, y)];
  });
}

/** What the limit that refuses counts, and how it is called. */
const COUNTED: Record<Binding, { column: TimelineColumn; title: string | string[] }> = {
  pid_max: { column: 'allocated', title: 'PIDs in use' },
  'threads-max': { column: 'loadavg_tasks', title: ['tasks and zombies', '(threads-max)'] },
  'all-pods': { column: 'all_pods_pids', title: ['tasks and zombies', 'of all pods'] },
};

function boundOf(result: RunResult, binding: Binding): Bound {
  const words = (name: 'threads-max' | 'pids.max', of: string) => (value: number) =>
    limitWords({ name, value }) + of;
  if (binding === 'threads-max')
    return { column: null, value: threadsMaxOf(result), words: words('threads-max', '') };
  if (binding === 'all-pods') return { column: 'all_pods_pids_max', words: words('pids.max', ' (all pods)') };
  return PID_MAX;
}

/** How many more a limit lets in, the one with the least room: as a Vega expression. */
function roomExpression(result: RunResult, binding: Binding): string {
  const threadsMax = threadsMaxOf(result);
  const rooms = ['datum.free'];
  if (Number.isFinite(threadsMax)) rooms.push(`${threadsMax} - datum.loadavg_tasks`);
  if (binding === 'all-pods') rooms.push('datum.all_pods_pids_max - datum.all_pods_pids');
  return `max(0, min(${rooms.join(', ')}))`;
}

export function kubeletChart(result: RunResult): ChartSpec {
  const frame = timeFrame(result);
  const moments = placeMoments(result, frame);
  const binding = bindingOf(result);
  const { column, title } = COUNTED[binding];
  const used = { ...levelOf(result, frame, [column], boundOf(result, binding)), also: [] };
  const columns = [
    ...['loadavg_tasks', 'free', 'kubelet_pid_available', 'pid_max'],
    ...(binding === 'all-pods' ? ['all_pods_pids', 'all_pods_pids_max'] : []),
  ];
  const usedX = timeEncoding(result, frame, { axis: false });
  return chart(kubeletHeadline(result), kubeletSubtitle(result), {
    ...timelineRows(result, frame, columns, [{ calculate: roomExpression(result, binding), as: 'room' }]),
    spacing: 18,
    bounds: 'flush',
    vconcat: [
      {
        width: PLOT_WIDTH,
        height: USED_HEIGHT,
        layer: [
          ...gapLayers(usedX, { truth: column, seen: 'loadavg_tasks', hidden: 'max' }, title, used.top, {
            legendOffset: 6,
          }),
          ...limitLayers(used, usedX),
          ...momentLayers(moments, frame),
          ...limitLabels(used),
          hoverLayer(frame, usedX, [
            counted(column, 'counted by the kernel'),
            counted('loadavg_tasks', 'seen by the kubelet'),
          ]),
        ],
      },
      {
        width: PLOT_WIDTH,
        height: FREE_HEIGHT,
        layer: [
          ...freeLayers(result, frame),
          ...momentLayers(moments, frame, { labels: false }),
          ...thresholdLayers(result),
          hoverLayer(frame, timeEncoding(result, frame), [
            counted('room', 'free'),
            counted('kubelet_pid_available', 'free as the kubelet counts'),
          ]),
        ],
      },
    ],
  });
}

function freeLayers(result: RunResult, frame: TimeFrame): ChartSpec[] {
  const x = timeEncoding(result, frame);
  const columns = { truth: 'room', seen: 'kubelet_pid_available', hidden: 'min' } as const;
  const { timeline } = result;
  const rows = rowAt(timeline, frame.endSeconds) + 1;
  const room = (row: number) =>
    Math.min(timeline.free[row], threadsMaxOf(result) - timeline.loadavg_tasks[row]);
  let top = 10;
  for (let row = 0; row < rows; row++) top = Math.max(top, room(row), timeline.kubelet_pid_available[row]);
  return gapLayers(x, columns, ['free PIDs', '(pid.available)'], top, {});
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
  top: number,
  options: { legendOffset?: number },
): ChartSpec[] {
  const { legendOffset } = options;
  const y = (column: string): ChartSpec => {
    const ticks = countAxis(top, legendOffset === undefined ? 3 : 6);
    const axis = { title, ...ticks, minExtent: AXIS_EXTENT, maxExtent: AXIS_EXTENT };
    return quantity(column, { scale: levelScale({ top }), axis });
  };
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
