/**
 * A chart specification becomes an SVG.
 *
 *   Vega-Lite spec --compile--> Vega spec --parse--> runtime --View--> scene --toSVG--> text
 *
 * Vega takes a third of a second to load, so it is loaded when the first chart is drawn. There is no canvas
 * in Node: text widths are estimated, by a table of our own, so that the SVG is the same bytes on every
 * machine.
 */
import type { ChartSpec } from '../report/charts/theme.js';
import { printable } from '../text/printable.js';

/** Gives the text behind a URL that a specification names, such as `timeline.csv`. */
export type ReadData = (url: string) => string;

/** @throws Error when the specification names data that `read` does not have, or does not compile. */
export async function renderSvg(spec: ChartSpec, read: ReadData): Promise<string> {
  const { vega, compile } = await loadVega();
  // Ids of clip paths are counted per process; start over, or a second rendering would differ from the first.
  vega.resetSVGDefIds();
  // Vega does not pass on what goes wrong with data: it logs, and draws an empty chart.
  let failure: Error | null = null;
  const load = async (url: string): Promise<string> => {
    try {
      return narrowed(read(url), spec);
    } catch (error) {
      failure ??= asError([error]);
      throw error;
    }
  };
  const logger = { ...quietLogger(), error: (...reasons: unknown[]) => (failure ??= asError(reasons)) };
  const loader = { load, sanitize: async (href: string) => ({ href }), http: refuse, file: refuse };
  const view = new vega.View(vega.parse(compile(spec)), {
    renderer: 'none',
    loader,
    logger: logger as never,
  });
  try {
    const svg = await view.toSVG();
    if (failure !== null) throw failure;
    return `${printable(tidied(svg))}\n`;
  } finally {
    view.finalize();
  }
}

/**
 * The table with only the columns that the specification names. Vega makes an object of each row, and of
 * thirty columns a chart shows five.
 */
function narrowed(text: string, spec: ChartSpec): string {
  const lines = text.split('\n');
  if (lines[0].startsWith('{') || text.includes('"')) return text;
  const named = JSON.stringify(spec);
  const places = lines[0].split(',').flatMap((column, place) => (named.includes(column) ? place : []));
  const cut = (line: string): string => {
    const cells = line.split(',');
    return places.map((place) => cells[place]).join(',');
  };
  return lines.map((line) => (line === '' ? line : cut(line))).join('\n');
}

/** What a mark says is shown where a pointer rests on it. A thousandth of a pixel is fine enough. */
function tidied(svg: string): string {
  return svg
    .replaceAll(
      /<path aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="rect mark"([^>]*)\/>/g,
      '<path$2><title>$1</title></path>',
    )
    .replaceAll(/ (?:d|transform)="[^"]*"/g, (geometry) => geometry.replaceAll(/(\.\d{3})\d+/g, '$1'));
}

async function refuse(): Promise<never> {
  throw new Error('charts read nothing but the data they are given');
}

function asError(reasons: unknown[]): Error {
  return new Error(
    `chart: ${reasons.map((reason) => (reason instanceof Error ? reason.message : reason)).join(' ')}`,
  );
}

function quietLogger() {
  const logger = {
    level: () => logger,
    warn: () => logger,
    info: () => logger,
    debug: () => logger,
    error: () => logger,
  };
  return logger;
}

interface Loaded {
  vega: typeof import('vega');
  compile: (spec: ChartSpec) => import('vega').Spec;
}

let loaded: Promise<Loaded> | null = null;

function loadVega(): Promise<Loaded> {
  loaded ??= (async () => {
    const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
    // Not in Vega's types; a function put here is used in place of both canvas and Vega's own, coarser
    // estimate.
    (vega as unknown as { textMetrics: { width: TextWidth } }).textMetrics.width = textWidth;
    const compile = (spec: ChartSpec) =>
      vegaLite.compile(spec as never, { logger: strictLogger() as never }).spec as import('vega').Spec;
    return { vega, compile };
  })();
  return loaded;
}

/** A warning of the compiler is a mistake of ours: a property it dropped, a scale it could not merge. */
function strictLogger() {
  const fail = (...reasons: unknown[]): never => {
    throw asError(reasons);
  };
  return { ...quietLogger(), warn: fail, error: fail };
}

type TextWidth = (item: { fontSize?: number; fontWeight?: string | number }, text: unknown) => number;

/**
 * Advance widths of Helvetica in thousandths of the font size, by class of character, with an eighth added:
 * the fonts that stand in for it (Arial, DejaVu Sans) are as wide or wider.
 */
const ADVANCES: [RegExp, number][] = [
  [/[ijlI.,:;'|!`]/, 278],
  [/[frt()[\] \u00a0/-]/, 333],
  [/[mwMW%]/, 850],
  [/[A-Z]/, 690],
];
const ADVANCE_OTHER = 556;
const SAFETY = 1.125;
const BOLD = 1.08;

const textWidth: TextWidth = (item, text) => {
  let advance = 0;
  for (const character of String(text ?? '')) {
    advance += ADVANCES.find(([pattern]) => pattern.test(character))?.[1] ?? ADVANCE_OTHER;
  }
  const bold = item.fontWeight === 'bold' || Number(item.fontWeight) >= 600 ? BOLD : 1;
  return Math.round((advance / 1000) * (item.fontSize ?? 11) * SAFETY * bold);
};
