/**
 * Pages in one file each: an index over all scenarios of a run, one for each scenario, or all of a few in
 * one. No script, no font, no request to anybody: charts stand in the page, and a pointer on them shows
 * values.
 */
import type { RunResult } from '../run/result.js';
import { formatCount, unbroken } from '../text/figures.js';
import { printable } from '../text/printable.js';
import { formatMoment } from '../text/wall-clock.js';
import { answer, headline } from './answer.js';
import { chartsOf, type RunChart } from './charts/all.js';
import { byUrgency, downUnlimited, harmCell, timeToHarm, toneOf } from './harm-words.js';
import { expectationTally, reproduce, reproduceCommand } from './message.js';
import { basisLines } from './node-words.js';
import { STYLE } from './style.js';
import { momentsThatMatter } from './summary.js';
import { PAGE_COLUMNS } from './table.js';
import { overviewHeadline, overviewLabel, question } from './titles.js';

/** The data files of one scenario, in the order of the links. */
const DATA_FILES = ['summary.md', 'summary.json', 'timeline.csv', 'events.csv', 'blame.csv'] as const;

/** A chart that has been drawn: the text of its SVG. */
export type DrawnChart = Pick<RunChart, 'name'> & { svg: string };

/** `index.html` over all scenarios, each of which has a page in its own folder. */
export function indexHtml(results: readonly RunResult[], overview: string): string {
  const title = overviewHeadline(results);
  const link = ({ scenario }: RunResult): string => `${encodeURIComponent(scenario.name)}/index.html`;
  const data = links(['summary.json', 'summary.md', 'overview.svg', 'overview.vl.json']);
  return page(title, overviewPart(results, overview, link), `<p>Data of the whole run: ${data}.</p>`);
}

/** `NAME/index.html`: all that there is to say of one scenario. */
export function scenarioHtml(result: RunResult, charts: readonly DrawnChart[]): string {
  const specs = charts.flatMap(({ name }) => [`${name}.svg`, `${name}.vl.json`]);
  const data = links([...DATA_FILES, ...specs]);
  const footer = `<p class="data">Data: ${data}. <a href="../index.html">All scenarios</a></p>`;
  return page(question(result), scenarioPart(result, charts, 'h2'), footer, result.scenario.name);
}

/** A few scenarios in one file: what `--html` writes. */
export function pagesHtml(results: readonly RunResult[], overview: string, charts: DrawnChart[][]): string {
  if (results.length === 1)
    return page(
      question(results[0]),
      scenarioPart(results[0], charts[0], 'h2'),
      '',
      results[0].scenario.name,
    );
  const parts = results.map((result, index) => {
    const id = anchor(result);
    return `<section class="card" id="${id}" aria-labelledby="${id}-question">
<p class="kicker">${escapeHtml(result.scenario.name)}</p>
<h2 id="${id}-question">${escapeHtml(question(result))}</h2>
${scenarioPart(result, charts[index], 'h3')}</section>`;
  });
  const all = overviewPart(results, overview, (result) => `#${anchor(result)}`);
  return page(overviewHeadline(results), [all, ...parts].join('\n'), '');
}

function page(title: string, body: string, footer: string, name?: string): string {
  const about = name === undefined ? 'when does a node run out of PIDs?' : escapeHtml(name);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
${STYLE}</style>
</head>
<body>
<header>
<p class="kicker">pidsim: ${about}</p>
<h1>${escapeHtml(title)}</h1>
</header>
<main>
${body}
</main>
<footer>
${footer}</footer>
</body>
</html>
`;
}

function overviewPart(
  results: readonly RunResult[],
  svg: string,
  link: (result: RunResult) => string,
): string {
  const rows = byUrgency(results).map((result) => {
    const cells = PAGE_COLUMNS.map(({ align, cell }) => td(cell(result), align));
    const name = `<a href="${link(result)}">${escapeHtml(result.scenario.name)}</a>`;
    return `<tr>\n<th scope="row">${name}</th>\n<td>${badge(result)}</td>\n${cells.join('\n')}\n</tr>`;
  });
  const heads = PAGE_COLUMNS.map(({ head, align }) => th(head.toLowerCase(), align));
  const alt = `${overviewHeadline(results)}. ${results.map(overviewAlt).join(' ')}`;
  return `<section aria-labelledby="all">
<h2 id="all">All scenarios</h2>
${figure('overview', svg, alt)}
${scrolled('Results as a table', [th('scenario'), th('first harm'), ...heads], rows)}
</section>`;
}

function overviewAlt(result: RunResult): string {
  return `${result.scenario.name}: ${overviewLabel(result)}.`;
}

function th(text: string, align = 'left'): string {
  return `<th scope="col" class="${align}">${escapeHtml(text)}</th>`;
}

function td(text: string, className = 'left'): string {
  return `<td class="${className}">${escapeHtml(text)}</td>`;
}

/** A table that scrolls sideways on a narrow screen. */
function scrolled(label: string, heads: readonly string[], rows: readonly string[]): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${label}">
<table>
<thead><tr>${heads.join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</div>`;
}

/** The answer in a few words; the colour only repeats it. */
function badge(result: RunResult): string {
  const at = timeToHarm(result);
  // A line may break before the time, but not within it.
  const what = downUnlimited(result) === null ? harmCell(result) : 'down';
  const words = at === '-' ? what : `${what}, ${at.replaceAll(' ', '\u00a0')}`;
  return `<span class="badge ${toneOf(result)}">${escapeHtml(words)}</span>`;
}

/** @param h the tag of its headings. */
function scenarioPart(result: RunResult, charts: readonly DrawnChart[], h: 'h2' | 'h3'): string {
  const { description } = result.scenario;
  const id = anchor(result);
  const about = description.trim() === '' ? '' : `<p class="about">${escapeHtml(description.trim())}</p>\n`;
  const basis = basisLines(result).map((line) => `<li>${escapeHtml(line)}</li>`);
  const titles = new Map(chartsOf(result).map(({ name, title }) => [name, title(result)]));
  const figures = charts.map(({ name, svg }) => figure(`${id}-${name}`, svg, `${titles.get(name)}.`));
  return `${expectationPart(result, h)}<p class="answer">${badge(result)} ${escapeHtml(headline(result))}.</p>
<p>${escapeHtml(answer(result))}</p>
${about}${figures[0] ?? ''}
<${h}>What it rests on</${h}>
<ul>
${basis.join('\n')}
</ul>
${figures.slice(1).join('\n')}
${momentsPart(result, h)}<p class="data"><code>${escapeHtml(reproduceCommand(result))}</code><br>
${escapeHtml(reproduce(result))}</p>
`;
}

const MOMENTS_MAX = 30;

function momentsPart(result: RunResult, h: string): string {
  const moments = momentsThatMatter(result);
  if (moments.length === 0) return '';
  const rows = moments.slice(0, MOMENTS_MAX).map(({ timeSeconds, kind, subject, detail }) => {
    const cells = [kind.replaceAll('-', ' '), subject, detail].map((text) => td(text));
    return `<tr>${td(formatMoment(timeSeconds, result.start), 'fixed')}${cells.join('')}</tr>`;
  });
  const rest = moments.length - rows.length;
  const more = rest > 0 ? `<p class="data">${formatCount(rest)} more in events.csv.</p>\n` : '';
  const heads = ['when', 'what', 'where', 'detail'].map((text) => th(text));
  const label = `What happened in ${escapeHtml(result.scenario.name)}`;
  return `<${h}>What happened</${h}>\n${scrolled(label, heads, rows)}\n${more}`;
}

function expectationPart(result: RunResult, h: string): string {
  if (result.expectations.length === 0) return '';
  const items = result.expectations.map(({ text, ok, actual }) => {
    const verdict =
      ok === null
        ? 'not reached'
        : ok
          ? '<strong class="good">✓ pass</strong>'
          : '<strong class="bad">✗ fail</strong>';
    const but = ok === false ? `, but it was ${escapeHtml(actual)}` : '';
    return `<li>${verdict} <code>${escapeHtml(text)}</code>${but}</li>`;
  });
  const head = `<${h}>Expected: ${expectationTally(result)}</${h}>`;
  return `${head}\n<ul class="expectations">\n${items.join('\n')}\n</ul>\n`;
}

function links(files: readonly string[]): string {
  return files.map((file) => `<a href="${file}">${file}</a>`).join(', ');
}

/** Scrolls sideways rather than shrink away. */
function figure(id: string, svg: string, alt: string): string {
  return `<figure class="scroll" tabindex="0" role="group" aria-label="${escapeHtml(`Chart: ${alt}`)}">
${inlineSvg(svg, id, alt)}</figure>`;
}

/** The page sets its size, and its ids get a prefix: with many charts in one page they would clash. */
function inlineSvg(svg: string, id: string, alt: string): string {
  return svg
    .replace(
      /<svg[^>]* viewBox="([^"]*)">/,
      `<svg viewBox="$1" role="img" aria-label="${escapeHtml(alt).replaceAll('$', '$$$$')}">`,
    )
    .replaceAll(/(id="|url\(#)((?:clip|gradient)\d+)/g, (_, before, name) => `${before}${id}-${name}`);
}

function anchor(result: RunResult): string {
  return `scenario-${encodeURIComponent(result.scenario.name)}`;
}

function escapeHtml(text: string): string {
  return printable(unbroken(text))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
