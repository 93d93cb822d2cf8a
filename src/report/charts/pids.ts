/** PIDs over time, stacked by what holds them, under the pid_max line. */
import type { RunResult } from '../../run/result.js';
import { lastReading } from '../../run/story.js';
import { headline } from '../answer.js';
import { question } from '../titles.js';
import { type Level, levelOf, levelScale, limitLabels, limitLayers } from './level.js';
import { counted, hoverLayer, interruptionLayers, interruptionWords } from './marks.js';
import {
  CHART_WIDTH,
  type ChartSpec,
  COLOURS,
  chart,
  colourLegend,
  countAxis,
  KINDS,
  quantity,
  titleHeight,
} from './theme.js';
import {
  axisTime,
  momentLayers,
  momentsHeight,
  placeMoments,
  type TimeFrame,
  timeEncoding,
  timeFrame,
  timelineRows,
} from './time.js';

/** Of the plot with its axis and legend, without title and marked moments. */
const BODY_HEIGHT = 340;

export function pidsChart(result: RunResult): ChartSpec {
  const frame = timeFrame(result, { projection: true });
  const level = levelOf(result, frame, ['allocated']);
  const moments = placeMoments(result, frame);
  const x = timeEncoding(result, frame, { axis: true, note: interruptionWords(result, frame) });
  const [title, subtitle] = [headline(result), question(result)];
  return chart(title, subtitle, {
    width: CHART_WIDTH,
    height: BODY_HEIGHT + titleHeight(title, subtitle) + momentsHeight(moments),
    autosize: { type: 'fit', contains: 'padding' },
    ...timelineRows(result, frame, [...COLUMNS, 'pid_max', 'restarts', 'evictions']),
    layer: [
      areas(x, level, momentsHeight(moments) + 8),
      ...projectionLayers(result, frame, level),
      ...limitLayers(level, x),
      ...momentLayers(moments, frame),
      ...limitLabels(level),
      ...interruptionLayers(result, frame, x),
      hoverLayer(frame, x, HOVER),
    ],
  });
}

const HOVER = [
  counted('allocated', 'PIDs in use'),
  counted('tasks', 'live tasks'),
  counted('zombies', 'zombies'),
  counted('pinned', 'pinned PIDs'),
];

const COLUMNS = KINDS.map(({ key }) => key);

function areas(x: ChartSpec, level: Level, legendOffset: number): ChartSpec {
  return {
    transform: [
      { fold: [...COLUMNS], as: ['kind', 'pids'] },
      // Vega-Lite stacks in the order of a field, not of the colour's domain.
      { calculate: `indexof(${JSON.stringify(COLUMNS)}, datum.kind)`, as: 'place' },
    ],
    mark: { type: 'area', clip: true, aria: false },
    encoding: {
      x,
      y: quantity('pids', {
        stack: 'zero',
        title: 'PIDs in use',
        scale: levelScale(level),
        axis: countAxis(level.top),
      }),
      color: kindColour(legendOffset),
      order: quantity('place'),
    },
  };
}

/** From the end of the run on as it would go on: the limit, and a broken line up to it. */
function projectionLayers(result: RunResult, frame: TimeFrame, level: Level): ChartSpec[] {
  const { projection } = result;
  if (projection?.kind !== 'exhausts' || !frame.projected) return [];
  const end = lastReading(result);
  const hours = (projection.atSeconds - end.timeSeconds) / 3600;
  const from = { t: axisTime(end.timeSeconds, frame), pids: end.allocated };
  const to = {
    t: axisTime(projection.atSeconds, frame),
    pids: Math.min(Math.round(end.allocated + hours * projection.pidsPerHour), Math.round(level.top)),
  };
  const line = (values: ChartSpec[], style: ChartSpec): ChartSpec => ({
    data: { values },
    mark: { type: 'line', color: COLOURS.ink, strokeWidth: 1.5, clip: true, aria: false, ...style },
    encoding: { x: quantity('t'), y: quantity('pids') },
  });
  const limit = [from.t, axisTime(frame.endSeconds, frame)].map((t) => ({ t, pids: end.pidMax }));
  return [line([from, to], { strokeDash: [6, 4] }), line(limit, {})];
}

/** @param offset between the legend and the plot, in pixels. */
export function kindColour(offset: number): ChartSpec {
  return { field: 'kind', type: 'nominal', ...colourLegend(KINDS, offset) };
}
