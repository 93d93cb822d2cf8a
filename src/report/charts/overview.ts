/** All scenarios of a run, a dot each on one logarithmic time axis: when it comes to harm, or would. */
import { harmsOf } from '../../run/harm.js';
import type { Harm, RunResult } from '../../run/result.js';
import { byUrgency, isUnsure } from '../harm-words.js';
import { overviewHeadline, overviewLabel, overviewSubtitle } from '../titles.js';
import { logAxis, namedRow, PLOT_WIDTH, ROW_HEIGHT, sideLabels, timeAlong } from './named-rows.js';
import { type ChartSpec, COLOURS, chart, type Json } from './theme.js';

/** How an answer looks: shape and filling tell the same without colour, and the label says it. */
const LOOKS = {
  'node full': { colour: COLOURS.failed, shape: 'circle', filled: true },
  'a limit below is full': { colour: COLOURS.failed, shape: 'square', filled: true },
  evicted: { colour: COLOURS.failed, shape: 'diamond', filled: true },
  'cannot start': { colour: COLOURS.failed, shape: 'cross', filled: true },
  'full at this rate': { colour: COLOURS.pinned, shape: 'circle', filled: false },
  'hangs on an assumption': { colour: COLOURS.pinned, shape: 'triangle-right', filled: false },
  'not full in the run': { colour: COLOURS.live, shape: 'triangle-right', filled: false },
} as const;
type Look = keyof typeof LOOKS;

/** How a scenario is drawn, and where its mark stands. */
function markOf(result: RunResult): { look: Look; seconds: number } {
  const [first] = harmsOf(result);
  if (first !== undefined) return { look: lookOf(first), seconds: first.atSeconds };
  const { projection } = result;
  if (projection?.kind === 'exhausts') return { look: 'full at this rate', seconds: projection.atSeconds };
  if (isUnsure(result)) return { look: 'hangs on an assumption', seconds: result.endSeconds };
  return { look: 'not full in the run', seconds: result.endSeconds };
}

function lookOf({ kind, scope }: Harm): Look {
  if (kind === 'evicted') return 'evicted';
  if (kind === 'not-started') return 'cannot start';
  return scope === 'node' ? 'node full' : 'a limit below is full';
}

export function overviewChart(results: readonly RunResult[]): ChartSpec {
  const ordered = byUrgency(results);
  const marks = ordered.map(markOf);
  const axis = logAxis(marks.map(({ seconds }) => seconds));
  const x = timeAlong(axis, 'at', 'Simulated time (logarithmic)');
  const looks = (Object.keys(LOOKS) as Look[]).filter((look) => marks.some((mark) => mark.look === look));
  const by = (range: string[]) => ({
    field: 'look',
    type: 'nominal',
    scale: { domain: looks, range },
    legend: {
      title: null,
      orient: 'top',
      direction: 'horizontal',
      columns: 3,
      labelLimit: 0,
      symbolOpacity: 1,
    },
  });
  const colours = looks.map((look) => LOOKS[look].colour);
  return chart(overviewHeadline(results), overviewSubtitle(), {
    width: PLOT_WIDTH,
    height: { step: ROW_HEIGHT },
    data: { url: 'summary.json', format: { type: 'json', property: 'items' } },
    transform: itemTransforms(
      ordered,
      marks.map(({ look, seconds }) => ({ look, seconds: axis.place(seconds) })),
    ),
    layer: [
      {
        mark: { type: 'point', size: 90, strokeWidth: 2, opacity: 1, aria: false },
        encoding: {
          y: namedRow(ordered.map(({ scenario }) => scenario.name)),
          x,
          shape: by(looks.map((look) => LOOKS[look].shape)),
          stroke: by(colours),
          fill: by(looks.map((look, index) => (LOOKS[look].filled ? colours[index] : COLOURS.paper))),
        },
      },
      ...sideLabels((isLeft) => {
        return { filter: `${isLeft ? '' : '!'}(datum.at > ${axis.middle})`, x, pixels: 10 };
      }),
    ],
  });
}

/** Times and looks are looked up by name, as order and words are: summary.json has them in other words. */
function itemTransforms(ordered: readonly RunResult[], marks: readonly ReturnType<typeof markOf>[]): Json[] {
  const byName = (values: readonly Json[]): string => {
    const entries = ordered.map(({ scenario }, index) => [scenario.name, values[index]]);
    return `${JSON.stringify(Object.fromEntries(entries))}[datum.metadata.name]`;
  };
  return [
    { calculate: byName(ordered.map((_, index) => index)), as: 'place' },
    { calculate: byName(ordered.map(overviewLabel)), as: 'label' },
    { calculate: byName(marks.map(({ look }) => look)), as: 'look' },
    { calculate: byName(marks.map(({ seconds }) => seconds)), as: 'at' },
  ];
}
