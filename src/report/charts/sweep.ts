/** How settings change the first harm, as a picture: a line for one setting, a heat map for two. */
import type { Estimate } from '../../study/estimate.js';
import type { Axis } from '../../study/sweep.js';
import type { Cell } from '../study/sweep.js';
import { medianWords } from '../study/words.js';
import { unitOf } from './study.js';
import { CHART_WIDTH, type ChartSpec, COLOURS, chart, type Json, quantity } from './theme.js';

/** One axis: the median and nine in ten runs by value. Two: a heat map with the medians in its cells. */
export function sweepChart(axes: readonly Axis[], cells: readonly Cell[]): ChartSpec {
  const top = Math.max(...cells.map(({ estimate }) => estimate.horizonSeconds));
  const unit = unitOf(top);
  const timeOf = (seconds: number | null, { horizonSeconds }: Estimate): number =>
    (seconds ?? horizonSeconds) / unit.seconds;
  const values = cells.map(({ at, estimate }): Json => {
    const { early, median, late } = estimate;
    const [from, mid, to] = [early, median, late].map(({ value }) => timeOf(value, estimate));
    return {
      a: at[0],
      b: at[1] ?? '',
      from,
      mid,
      to,
      harmed: median.value !== null,
      label: medianWords(estimate),
    };
  });
  const title = `The first harm by ${axes.map(({ path }) => path.split('.').at(-1)).join(' and ')}`;
  const data = { values };
  return axes.length === 1 ? lineOf(axes[0], title, unit.name, data) : heatOf(axes, title, unit.name, data);
}

function lineOf({ path, values }: Axis, title: string, unit: string, data: ChartSpec): ChartSpec {
  const isNumeric = values.every((value) => Number.isFinite(Number(value)));
  const x: ChartSpec = isNumeric
    ? quantity('a', {
        title: path,
        scale: { zero: false, nice: false },
        axis: { grid: false },
      })
    : { field: 'a', type: 'ordinal', sort: [...values], title: path, axis: { labelAngle: 0 } };
  const y = (field: string): ChartSpec =>
    quantity(field, {
      title: `First harm after (${unit})`,
      scale: { domainMin: 0 },
    });
  return chart(
    title,
    'The line: the median of the runs; bars: nine in ten. Hollow: none within the horizon.',
    {
      width: CHART_WIDTH - 24 - 70,
      height: 280,
      data,
      transform: isNumeric ? [{ calculate: 'toNumber(datum.a)', as: 'a' }] : [],
      layer: [
        { mark: { type: 'line', color: COLOURS.failed, aria: false }, encoding: { x, y: y('mid') } },
        {
          mark: { type: 'rule', strokeWidth: 4, opacity: 0.4, color: COLOURS.failed, aria: false },
          encoding: { x, y: y('from'), y2: { field: 'to' } },
        },
        {
          mark: { type: 'point', size: 70, strokeWidth: 2, opacity: 1, aria: false },
          encoding: {
            x,
            y: y('mid'),
            stroke: { condition: { test: 'datum.harmed', value: COLOURS.failed }, value: COLOURS.live },
            fill: { condition: { test: 'datum.harmed', value: COLOURS.failed }, value: COLOURS.paper },
          },
        },
      ],
    },
  );
}

function heatOf([down, across]: readonly Axis[], title: string, unit: string, data: ChartSpec): ChartSpec {
  const x = {
    field: 'b',
    type: 'ordinal',
    sort: [...across.values],
    title: across.path,
    axis: { labelAngle: 0 },
  };
  const y = { field: 'a', type: 'ordinal', sort: [...down.values], title: down.path };
  return chart(title, 'Each cell: the median of the runs. Darker: earlier.', {
    width: CHART_WIDTH - 24 - 120,
    height: { step: 34 },
    data,
    layer: [
      {
        mark: { type: 'rect', aria: false },
        encoding: {
          x,
          y,
          color: quantity('mid', {
            title: `First harm after (${unit})`,
            scale: { type: 'linear', range: ['#b2430f', '#fbe3d6'], domainMin: 0 },
          }),
        },
      },
      {
        mark: { type: 'text', aria: false },
        encoding: {
          x,
          y,
          text: { field: 'label', type: 'nominal' },
          color: { value: COLOURS.ink },
        },
      },
    ],
  });
}
