/** One look for every chart: sizes, colours, type, and how a title is broken into lines. */
import { cutInTheMiddle, unbroken } from '../../text/figures.js';
import { fillLines } from '../../text/table.js';
import theme from './theme.json' with { type: 'json' };

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
/** A Vega-Lite specification: plain JSON. Data is named by a URL relative to the file that holds it. */
export type ChartSpec = { [key: string]: Json };

/** Of the finished picture, in pixels: what fits a slide, a README and a phone held sideways. */
export const CHART_WIDTH = 700;

/** Okabe and Ito's palette, which survives all common kinds of colour blindness. */
export const COLOURS = theme.colours;
type Colour = keyof typeof COLOURS;

/** What holds a PID, in stacking order from below; the keys are columns of timeline.csv and blame.csv. */
export const KINDS = [
  { key: 'tasks', label: 'live tasks', colour: COLOURS.live },
  { key: 'zombies', label: 'zombies', colour: COLOURS.zombies },
  { key: 'pinned', label: 'pinned PIDs (no process left)', colour: COLOURS.pinned },
] as const;

/** The look of axes, titles and legends: theme.json, in which `@ink` is a colour by its name. */
const CONFIG: ChartSpec = JSON.parse(JSON.stringify(theme.config), (_key, value) =>
  typeof value === 'string' && value.startsWith('@') ? COLOURS[value.slice(1) as Colour] : value,
);

/** Average advance of a character of the title, as a part of the font size, in DejaVu, the widest we meet. */
const BOLD_ADVANCE = 0.62;
const PLAIN_ADVANCE = 0.55;
const NAME_SHARE = 0.6;

/** Breaks a text into as few lines as fit, about equally long. A name that would fill most of one is cut. */
export function wrap(text: string, charactersMax: number): string[] {
  const tied = unbroken(text);
  const nameMax = Math.floor(NAME_SHARE * charactersMax);
  const words = tied.split(/ +/).map((word) => cutInTheMiddle(word, nameMax));
  const count = fillLines(words, charactersMax).length;
  let width = Math.ceil(words.join(' ').length / count);
  while (fillLines(words, width).length > count) width++;
  return fillLines(words, width);
}

const TITLE_CHARACTERS = Math.floor((CHART_WIDTH - 24) / (17 * BOLD_ADVANCE));
const SUBTITLE_CHARACTERS = Math.floor((CHART_WIDTH - 24) / (13 * PLAIN_ADVANCE));

/** The height of title and subtitle, in pixels, so that a long title does not eat the plot. */
export function titleHeight(title: string, subtitle: string): number {
  return 21 * wrap(title, TITLE_CHARACTERS).length + 17 * wrap(subtitle, SUBTITLE_CHARACTERS).length + 19;
}

/** The frame every chart stands in. `description` is what a screen reader says. */
export function chart(title: string, subtitle: string, body: ChartSpec): ChartSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: `${title}. ${subtitle}`,
    title: { text: wrap(title, TITLE_CHARACTERS), subtitle: wrap(subtitle, SUBTITLE_CHARACTERS) },
    ...body,
    config: CONFIG,
  };
}

/** An axis of counts up to `top`: `35,000`, but `4 M` where whole numbers would be too wide. */
export function countAxis(top: number, tickCount = 6): ChartSpec {
  const millions = "datum.value === 0 ? '0' : format(datum.value / 1e6, '~r') + ' M'";
  return { ...(top < 1e6 ? { format: ',d' } : { labelExpr: millions }), tickCount, tickMinStep: 1 };
}

/**
 * Colours by name, and the legend over the plot that says what they are.
 *
 * @param offset between the legend and the plot, in pixels.
 * @param symbol what is special about the legend's symbols.
 */
export function colourLegend(
  series: readonly { key: string; label: string; colour: string }[],
  offset: number,
  symbol: ChartSpec = {},
): ChartSpec {
  const labels = Object.fromEntries(series.map(({ key, label }) => [key, label]));
  return {
    scale: { domain: series.map(({ key }) => key), range: series.map(({ colour }) => colour) },
    legend: {
      title: null,
      orient: 'top',
      direction: 'horizontal',
      symbolType: 'square',
      ...symbol,
      offset,
      labelLimit: 0,
      labelExpr: `${JSON.stringify(labels)}[datum.label]`,
    },
  };
}

/** An encoding of a field that holds a quantity. */
export function quantity(field: string, more: ChartSpec = {}): ChartSpec {
  return { field, type: 'quantitative', ...more };
}

/** A layer that draws one mark, not one per row of the chart's data. */
export function once(mark: ChartSpec, encoding: ChartSpec): ChartSpec {
  return { data: { values: [{}] }, mark: { aria: false, ...mark }, encoding };
}
