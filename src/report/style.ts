/** The look of the pages: readable in the dark, on a phone and on paper; colours repeat what words say. */
import { COLOURS } from './charts/theme.js';

/** A chart is drawn for white paper. In the dark its colours change places; hues stay as far apart. */
const IN_THE_DARK: Record<string, string> = {
  [COLOURS.paper]: '#1e2226',
  [COLOURS.ink]: '#e8eaed',
  [COLOURS.truth]: '#ffffff',
  [COLOURS.faint]: '#a8b1ba',
  [COLOURS.grid]: '#3a4147',
  [COLOURS.live]: '#56b4e9',
  [COLOURS.zombies]: '#f0733a',
  [COLOURS.pinned]: '#f0c75e',
  [COLOURS.worked]: '#5c6a75',
};

const CHARTS_IN_THE_DARK = Object.entries(IN_THE_DARK)
  .map(([from, to]) => `  svg [fill="${from}"] { fill: ${to}; } svg [stroke="${from}"] { stroke: ${to}; }\n`)
  .join('');

export const STYLE = `:root {
  color-scheme: light dark;
  --paper: #f5f6f8; --card: #ffffff; --ink: #1b1f24; --faint: #57606a; --line: #d6dbe0; --link: #0058a3;
  --bad: #a33c00; --bad-paper: #fde9dd; --doubtful: #7a5200; --doubtful-paper: #fdf1d3;
  --good: #00573f; --good-paper: #d9f2e8;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1e2226; --ink: #e8eaed; --faint: #a8b1ba; --line: #3a4147; --link: #7cc0ff;
    --bad: #ffb48a; --bad-paper: #4a2410; --doubtful: #ffd479; --doubtful-paper: #43330c;
    --good: #7fe0bd; --good-paper: #0f3b2d;
  }
${CHARTS_IN_THE_DARK}}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem; max-width: 64rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
  overflow-wrap: anywhere;
}
a { color: var(--link); }
h1 { font-size: clamp(1.4rem, 5vw, 2rem); line-height: 1.2; margin: 0 0 1rem; text-wrap: balance; }
h2, h3 { font-size: 1.2rem; line-height: 1.3; margin: 1.5rem 0 .5rem; text-wrap: balance; }
h3 { font-size: 1.05rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.25rem;
  margin: 0 0 1.5rem; }
.card > h2:first-of-type { margin-top: 0; }
.kicker { color: var(--faint); font-size: .9rem; margin: 0 0 .25rem; }
.answer { font-size: 1.15rem; font-weight: 600; margin: 0 0 .5rem; }
.about, .data, footer { color: var(--faint); font-size: .9rem; }
.about { white-space: pre-line; }
figure { margin: 1rem 0; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; }
.scroll { overflow-x: auto; margin-bottom: 1.5rem; }
svg { display: block; width: 100%; min-width: 31rem; height: auto; }
svg [opacity="0"]:hover { opacity: .14; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .35rem .45rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top;
  overflow-wrap: normal; }
tbody th { min-width: 9rem; overflow-wrap: anywhere; }
td.fixed { white-space: nowrap; }
thead th { color: var(--faint); font-weight: 600; }
tbody th { font-weight: 400; }
th.right, td.right { text-align: right; }
.badge { display: inline-block; padding: 0 .55em; border-radius: .7em; font-weight: 600; }
.badge.bad { background: var(--bad-paper); } .badge.doubtful { background: var(--doubtful-paper); }
.badge.good { background: var(--good-paper); }
.bad { color: var(--bad); } .doubtful { color: var(--doubtful); } .good { color: var(--good); }
.expectations { list-style: none; padding: 0; }
code { font-size: .95em; }
@media screen and (min-width: 76rem) {
  #all ~ .scroll { margin-inline: -4rem; } #all ~ .scroll td { white-space: nowrap; }
}
@media print {
  body { max-width: none; background: #fff; padding: 0; font-size: 10pt; }
  .card { border: 0; padding: 0; }
  .scroll { overflow: visible; }
  svg { min-width: 0; } figure, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
  table { font-size: 8.5pt; } th, td { padding: .2rem .3rem; } td.fixed { white-space: normal; }
  .card + .card { break-before: page; }
}
`;
