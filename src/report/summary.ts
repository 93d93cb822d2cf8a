/** `summary.json` for machines, `summary.md` for an incident review: the answer, then how it came about. */
import { REPETITIONS_MAX, type RunEvent, type RunResult } from '../run/result.js';
import { blameToTell, culprits, readingAt } from '../run/story.js';
import { formatSeconds } from '../text/duration.js';
import { formatCount, formatShare } from '../text/figures.js';
import { printable } from '../text/printable.js';
import { formatMoment } from '../text/wall-clock.js';
import { answer, headline } from './answer.js';
import { chartsOf } from './charts/all.js';
import { listDocument, runResultDocument, toJson } from './document.js';
import { reproduce, reproduceCommand } from './message.js';
import { basisLines } from './node-words.js';
import { explainPodRefusal, explainRefusal } from './refusal.js';
import { blameHeadline, kubeletHeadline, overviewHeadline, overviewLabel, question } from './titles.js';

/** Without real time: the same seed gives the same bytes. */
const timeless = (result: RunResult) => runResultDocument(result, { wallSeconds: false });

export function summaryJson(result: RunResult): string {
  return toJson(timeless(result));
}

export function overviewJson(results: readonly RunResult[]): string {
  return toJson(listDocument(results.map(timeless)));
}

export function summaryMarkdown(result: RunResult): string {
  const [main] = chartsOf(result);
  const parts = [
    `# ${escapeMarkdown(question(result))}`,
    `**${escapeMarkdown(headline(result))}.**`,
    escapeMarkdown(answer(result)),
    `![${escapeMarkdown(headline(result))}](${main.name}.svg)`,
    basisPart(result),
    momentsPart(result),
    blamePart(result),
    probesPart(result),
    workloadsPart(result),
    meaningPart(result),
    expectationsPart(result),
    reproducePart(result),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

export function overviewMarkdown(results: readonly RunResult[]): string {
  const rows = results.map((result) => [
    `[${escapeMarkdown(result.scenario.name)}](${result.scenario.name}/summary.md)`,
    escapeMarkdown(question(result)),
    escapeMarkdown(overviewLabel(result)),
    formatCount(result.final.zombies),
    formatCount(result.final.pinned),
  ]);
  const title = escapeMarkdown(overviewHeadline(results));
  return [
    `# ${title}`,
    `![${title}](overview.svg)`,
    markdownTable(['scenario', 'question', 'answer', 'zombies at the end', 'pinned at the end'], rows),
    '',
  ].join('\n\n');
}

// ------------------------------------------------------------------------------------------------- the parts

/** Kinds of which every event is worth a line; of the others the first, on the node itself and elsewhere. */
const ALWAYS_TOLD: readonly RunEvent['kind'][] = [
  'exhausted',
  'intervention',
  'no-effect',
  'evicted',
  'pressure',
];
/** Kinds of which every event on the node itself is. */
const OF_NODE_TOLD: readonly RunEvent['kind'][] = ['recovered'];
const MOMENTS_MAX = 30;

/** The events a review would list. */
export function momentsThatMatter(result: RunResult): RunEvent[] {
  const told = new Set<string>();
  return result.events.filter(({ kind, subject }) => {
    if (ALWAYS_TOLD.includes(kind) || (subject === 'node' && OF_NODE_TOLD.includes(kind))) return true;
    const key = `${kind} ${subject === 'node' ? 'of the node' : 'elsewhere'}`;
    if (told.has(key)) return false;
    told.add(key);
    return true;
  });
}

function momentsPart(result: RunResult): string {
  const moments = momentsThatMatter(result);
  if (moments.length === 0) return '';
  const rows = moments
    .slice(0, MOMENTS_MAX)
    .map(({ timeSeconds, kind, subject, detail }) =>
      [formatMoment(timeSeconds, result.start), kind.replaceAll('-', ' '), subject, detail].map(
        escapeMarkdown,
      ),
    );
  const rest =
    moments.length > MOMENTS_MAX
      ? `\n\n${formatCount(moments.length - MOMENTS_MAX)} more`
      : `\n\nUp to ${REPETITIONS_MAX} of each`;
  return (
    `## What happened\n\n${markdownTable(['when', 'what', 'where', 'detail'], rows)}` +
    `${rest} in [events.csv](events.csv); the node over time in [timeline.csv](timeline.csv).`
  );
}

function basisPart(result: RunResult): string {
  const lines = basisLines(result).map((line) => `- ${escapeMarkdown(line)}`);
  return `## What it rests on\n\n${lines.join('\n')}`;
}

const CULPRITS_MAX = 8;

function blamePart(result: RunResult): string {
  const told = blameToTell(result);
  const rows = culprits(told)
    .filter(({ pids }) => pids > 0)
    .slice(0, CULPRITS_MAX)
    .map(({ origin, pods, containers, programs, pids, share }) => [
      escapeMarkdown(pods.length === 1 ? pods[0] : `${pods.length} pods`),
      escapeMarkdown(containers.join(', ') || '-'),
      escapeMarkdown(origin),
      escapeMarkdown(programs.join(', ')),
      formatCount(pids),
      formatShare(share),
    ]);
  if (rows.length === 0) return '';
  return [
    `## ${told.whenFull ? 'What held the PIDs when the node was full' : 'What holds the PIDs at the end'}`,
    `${escapeMarkdown(blameHeadline(result))}.`,
    markdownTable(['pod', 'container', 'origin', 'program', 'PIDs', 'share'], rows),
    'Row by row in [blame.csv](blame.csv).',
  ].join('\n\n');
}

function probesPart(result: RunResult): string {
  if (result.probes.length === 0) return '';
  const mean = (value: number | null): string => (value === null ? '-' : value.toFixed(2));
  const rows = result.probes
    .slice(0, MOMENTS_MAX)
    .map((probe) => [
      escapeMarkdown(`${probe.pod}/${probe.container} ${probe.type}`),
      formatCount(probe.runs),
      formatCount(probe.failed + probe.errored),
      probe.firstFailedRun === null ? '-' : `run ${formatCount(probe.firstFailedRun)}`,
      mean(probe.zombiesPerRun),
      mean(probe.pidsPerRun),
    ]);
  const rest =
    result.probes.length > MOMENTS_MAX
      ? `\n\n${formatCount(result.probes.length - MOMENTS_MAX)} more in [summary.json](summary.json).`
      : '';
  const heads = ['probe', 'runs', 'failed', 'first failure', 'zombies per run', 'PIDs per run'];
  return `## The probes\n\n${markdownTable(heads, rows)}${rest}`;
}

/** A restart is no downtime worth a line. */
const DOWN_SECONDS_MIN = 60;

function workloadsPart({ pods, symptoms, start }: RunResult): string {
  const down = pods.filter(
    ({ mostlyDown, downSeconds }) => mostlyDown !== null || downSeconds >= DOWN_SECONDS_MIN,
  );
  const rows = down
    .slice(0, MOMENTS_MAX)
    .map(({ name, mostlyDown, downSeconds, restarts }) => [
      escapeMarkdown(name),
      mostlyDown === null ? 'up again' : formatMoment(mostlyDown.sinceSeconds, start),
      mostlyDown === null ? '' : formatSeconds(mostlyDown.upSeconds),
      formatSeconds(downSeconds),
      formatCount(restarts),
    ]);
  const never = symptoms.podsNeverCreated;
  if (rows.length === 0 && never === 0) return '';
  const heads = ['pod', 'down since', 'up since then', 'down in all', 'restarts'];
  const table = rows.length === 0 ? [] : [markdownTable(heads, rows)];
  const sentence = never === 0 ? [] : [`Pods that were never created: ${formatCount(never)}.`];
  return ['## What did not run', ...table, ...sentence].join('\n\n');
}

function meaningPart(result: RunResult): string {
  const { exhaustions, symptoms } = result;
  const lines = [`${kubeletHeadline(result)}.`];
  const refusals = new Set(
    exhaustions.map(({ refusedBy, atSeconds }) => explainRefusal(refusedBy, readingAt(result, atSeconds))),
  );
  for (const refusal of symptoms.podRefusals) refusals.add(explainPodRefusal(refusal));
  for (const { consequence, remedy } of refusals) lines.push(consequence, remedy);
  return `## What it means\n\n${lines.map((line) => `- ${escapeMarkdown(line)}`).join('\n')}`;
}

function expectationsPart(result: RunResult): string {
  if (result.expectations.length === 0) return '';
  const rows = result.expectations.map(({ text, ok, actual }) => [
    `\`${text.replaceAll('`', "'").replaceAll('|', '\\|')}\``,
    ok === null ? '-' : ok ? 'yes' : '**no**',
    escapeMarkdown(actual),
  ]);
  return `## Expected\n\n${markdownTable(['expectation', 'holds', 'actual'], rows)}`;
}

function reproducePart(result: RunResult): string {
  return `## How to reproduce\n\n    ${reproduceCommand(result)}\n\n${escapeMarkdown(reproduce(result))}`;
}

// ------------------------------------------------------------------------------------------------- Markdown

function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text from a scenario file must not become markup, nor break a table. */
function escapeMarkdown(text: string): string {
  return printable(text)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*<>|[\]]/g, (character) => (character === '<' ? '&lt;' : `\\${character}`));
}
