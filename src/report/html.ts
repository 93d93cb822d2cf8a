/**
 * `output/index.html`: one static page over all scenarios of a run. No script, no font, no request to
 * anybody; charts and data are files beside it. Readable in the dark, on a phone and by a screen reader.
 */
import type { RunResult } from '../run/result.js';
import { formatSeconds } from '../text/duration.js';
import { formatCount, listOf, unbroken } from '../text/figures.js';
import { answer, capitalised, headline } from './answer.js';
import { RUN_CHARTS, type RunChart } from './charts/all.js';
import { byUrgency, harmCell, timeToHarm, toneOf } from './harm-words.js';
import { reproduce } from './message.js';
import { overviewHeadline, overviewLabel, question } from './titles.js';

/** The data files of one scenario, in the order of the links. */
const DATA_FILES = ['summary.md', 'summary.json', 'timeline.csv', 'events.csv', 'blame.csv'] as const;

export function indexHtml(results: readonly RunResult[], charts: readonly RunChart[] = RUN_CHARTS): string {
  const title = overviewHeadline(results);
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
<p class="kicker">pidsim: when does a node run out of PIDs?</p>
<h1>${escapeHtml(title)}</h1>
</header>
<main>
${overviewPart(results)}
${results.map((result) => scenarioPart(result, charts)).join('\n')}
</main>
<footer>
<p>Data of the whole run: <a href="summary.json">summary.json</a>, <a href="summary.md">summary.md</a>,
<a href="overview.vl.json">overview.vl.json</a> (Vega-Lite).</p>
</footer>
</body>
</html>
`;
}

function overviewPart(results: readonly RunResult[]): string {
  const rows = byUrgency(results).map(
    (result) => `<tr>
<th scope="row"><a href="#${anchor(result)}">${escapeHtml(result.scenario.name)}</a></th>
<td>${badge(result)}</td>
<td class="number">${formatCount(result.final.zombies)}</td>
<td class="number">${formatCount(result.final.pinned)}</td>
<td class="number">${when(result.symptoms.firstSshRefusedSeconds)}</td>
<td class="number">${when(result.symptoms.firstPodCreateFailedSeconds)}</td>
</tr>`,
  );
  return `<section aria-labelledby="all">
<h2 id="all">All scenarios</h2>
${figure('overview', overviewHeadline(results), results.map(overviewAlt).join(' '), true)}
<div class="scroll" tabindex="0" role="region" aria-label="Results as a table">
<table>
<thead><tr><th scope="col">scenario</th><th scope="col">full after</th><th scope="col">zombies</th>
<th scope="col">pinned</th><th scope="col">ssh refused</th><th scope="col">pod refused</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</div>
</section>`;
}

function overviewAlt(result: RunResult): string {
  return `${result.scenario.name}: ${overviewLabel(result)}.`;
}

function when(seconds: number | null): string {
  return seconds === null ? '<span class="faint">never</span>' : escapeHtml(formatSeconds(seconds));
}

/** The answer in a few words; the colour only repeats it. */
function badge(result: RunResult): string {
  const at = timeToHarm(result);
  const words = at === '-' ? harmCell(result) : `${harmCell(result)}, ${at}`;
  return `<span class="badge ${toneOf(result)}">${escapeHtml(words)}</span>`;
}

function scenarioPart(result: RunResult, charts: readonly RunChart[]): string {
  const { name, description } = result.scenario;
  const [main, ...more] = charts;
  const id = anchor(result);
  const about = description.trim() === '' ? '' : `<p class="about">${escapeHtml(description.trim())}</p>\n`;
  return `<section class="card" id="${id}" aria-labelledby="${id}-question">
<p class="kicker">${escapeHtml(name)} ${badge(result)}</p>
<h2 id="${id}-question"><a href="#${id}">${escapeHtml(question(result))}</a></h2>
<p class="answer">${escapeHtml(headline(result))}.</p>
<p>${escapeHtml(answer(result))}</p>
${about}${chartFigure(result, main)}
${moreCharts(result, more)}${expectationPart(result)}<p class="data">Data: ${dataLinks(result, charts)}.<br>
${escapeHtml(reproduce(result))}</p>
</section>`;
}

function moreCharts(result: RunResult, charts: readonly RunChart[]): string {
  if (charts.length === 0) return '';
  return `<details>
<summary>${escapeHtml(capitalised(listOf(charts.map(({ shows }) => shows))))}</summary>
${charts.map((chart) => chartFigure(result, chart)).join('\n')}
</details>
`;
}

function expectationPart(result: RunResult): string {
  if (result.expectations.length === 0) return '';
  const items = result.expectations.map(({ text, ok, actual }) => {
    const verdict =
      ok === null
        ? actual
        : ok
          ? '<span class="good">holds</span>'
          : `<strong class="bad">fails</strong>: ${escapeHtml(actual)}`;
    return `<li><code>${escapeHtml(text)}</code> ${verdict}</li>`;
  });
  return `<ul class="expectations" aria-label="Expectations">\n${items.join('\n')}\n</ul>\n`;
}

function dataLinks(result: RunResult, charts: readonly RunChart[]): string {
  const folder = encodeURIComponent(result.scenario.name);
  const specs = charts.map(({ name }) => `${name}.vl.json`);
  return [...DATA_FILES, ...specs].map((file) => `<a href="${folder}/${file}">${file}</a>`).join(', ');
}

function chartFigure(result: RunResult, chart: RunChart): string {
  const title = chart.title(result);
  return figure(`${encodeURIComponent(result.scenario.name)}/${chart.name}`, title, `${title}.`, false);
}

/** A chart, on white in the dark too, as its colours need. Scrolls sideways rather than shrink away. */
function figure(path: string, title: string, alt: string, eager: boolean): string {
  const loading = eager ? '' : ' loading="lazy"';
  return `<figure class="scroll" tabindex="0" role="group" aria-label="${escapeHtml(`Chart: ${title}`)}">
<a href="${path}.svg"><img src="${path}.svg" alt="${escapeHtml(alt)}" width="700"${loading}></a>
</figure>`;
}

function anchor(result: RunResult): string {
  return `scenario-${encodeURIComponent(result.scenario.name)}`;
}

function escapeHtml(text: string): string {
  return unbroken(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

const STYLE = `:root {
  color-scheme: light dark;
  --paper: #f5f6f8; --card: #ffffff; --ink: #1b1f24; --faint: #57606a; --line: #d6dbe0; --link: #0058a3;
  --bad: #a33c00; --bad-paper: #fde9dd; --doubtful: #7a5200; --doubtful-paper: #fdf1d3;
  --good: #00573f; --good-paper: #d9f2e8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1e2226; --ink: #e8eaed; --faint: #a8b1ba; --line: #3a4147; --link: #7cc0ff;
    --bad: #ffb48a; --bad-paper: #4a2410; --doubtful: #ffd479; --doubtful-paper: #43330c;
    --good: #7fe0bd; --good-paper: #0f3b2d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem; max-width: 50rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
}
a { color: var(--link); }
h1 { font-size: clamp(1.5rem, 5vw, 2.1rem); line-height: 1.2; margin: 0 0 1rem; text-wrap: balance; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 0 0 .5rem; text-wrap: balance; }
h2 a { color: inherit; text-decoration: none; }
h2 a:hover, h2 a:focus { text-decoration: underline; }
section { margin: 0 0 1.5rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.25rem; }
.card:target { outline: 3px solid var(--link); }
.kicker { color: var(--faint); font-size: .9rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
.answer { font-size: 1.15rem; font-weight: 600; margin: 0 0 .5rem; }
.about, .data, footer { color: var(--faint); font-size: .9rem; overflow-wrap: anywhere; }
.about { white-space: pre-line; }
figure { margin: 1rem 0; background: #ffffff; border: 1px solid var(--line); border-radius: .4rem; }
.scroll { overflow-x: auto; }
img { display: block; width: 100%; min-width: 31rem; height: auto; margin: 0 auto; }
summary { cursor: pointer; font-weight: 600; padding: .4rem 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .95rem; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
thead th { color: var(--faint); font-weight: 600; }
tbody th { font-weight: 400; }
.number, thead th:nth-child(n+3) { text-align: right; }
.badge { display: inline-block; padding: 0 .55em; border-radius: 1em; font-weight: 600; white-space: nowrap; }
.badge.bad { background: var(--bad-paper); } .badge.doubtful { background: var(--doubtful-paper); }
.badge.good { background: var(--good-paper); }
.bad { color: var(--bad); } .doubtful { color: var(--doubtful); } .good { color: var(--good); }
.faint { color: var(--faint); }
.expectations { font-size: .95rem; padding-left: 1.2rem; }
code { font-size: .95em; overflow-wrap: anywhere; }
@media print { body { max-width: none; background: #fff; } .card { break-inside: avoid; } }
`;
