/** Variants side by side: as a table with a sentence below it, as data. */
import { type Compared, endsTheLeak, type Ran, ranOf } from '../../study/compare.js';
import type { Restarts } from '../../study/restarts.js';
import { tornado } from '../../study/tornado.js';
import { formatSeconds } from '../../text/duration.js';
import { formatCount, listOf } from '../../text/figures.js';
import { printable } from '../../text/printable.js';
import { type Align, fillLines, plainTable } from '../../text/table.js';
import { harmedWords, hitsWords, medianWords, spreadWords, tornadoLines } from './words.js';

interface Column {
  head: string;
  align: Align;
  cell: (compared: Ran, all: readonly Compared[]) => string;
}

const COLUMNS: readonly Column[] = [
  { head: 'VARIANT', align: 'left', cell: ({ variant }) => printable(variant.name) },
  { head: 'FIRST HARM', align: 'right', cell: ({ estimate }) => medianWords(estimate) },
  { head: '9 IN 10 RUNS', align: 'left', cell: ({ estimate }) => spreadWords(estimate) },
  { head: 'HITS', align: 'left', cell: ({ estimate }) => hitsWords(estimate) },
  { head: 'GAINS', align: 'right', cell: gainCell },
  { head: 'LEAK ENDS', align: 'left', cell: leakCell },
];

const ofDayAfter =
  (name: string) =>
  ({ dayAfter }: Ran) =>
    dayAfter === null ? '-' : formatCount(dayAfter.values[name] ?? 0);

const WIDE_COLUMNS: readonly Column[] = [
  ...COLUMNS,
  { head: 'HARMED', align: 'right', cell: ({ estimate }) => harmedWords(estimate) },
  { head: 'RESTARTS', align: 'right', cell: ofDayAfter('restarts') },
  {
    head: 'PODS DOWN',
    align: 'right',
    cell: ({ dayAfter }) => (dayAfter === null ? '-' : formatCount(dayAfter.podsDown)),
  },
  { head: 'SSH REFUSED', align: 'right', cell: ofDayAfter('sshRefused') },
  { head: 'PODS NOT CREATED', align: 'right', cell: ofDayAfter('podsNeverCreated') },
  { head: 'DELETES STUCK', align: 'right', cell: ofDayAfter('podDeletesStuck') },
  { head: 'ZOMBIES', align: 'right', cell: ofDayAfter('zombies') },
  { head: 'COSTS', align: 'left', cell: ({ variant }) => variant.costs ?? '' },
];

function gainCell({ gained, estimate }: Ran): string {
  if (gained === null) return '';
  const { value } = gained;
  if (Math.abs(value) < 0.01 * estimate.horizonSeconds && Math.abs(value) < 60) return '0';
  // The runs that came to no harm were only watched up to the horizon: the gain is at least this.
  const isLeast = estimate.harmed.value < 1 && value > 0;
  return `${isLeast ? '> ' : value < 0 ? '-' : '+'}${formatSeconds(Math.abs(value))}`;
}

function leakCell(compared: Ran, all: readonly Compared[]): string {
  if (compared === all[0]) return '';
  return compared.variant.aim !== 'symptom' && endsTheLeak(compared, all) ? 'yes' : 'no';
}

/** @param width null: the wide table, never folded. */
export function compareTable(
  all: readonly Compared[],
  restarts: Restarts | null,
  width: number | null,
): string {
  const ran = ranOf(all);
  const columns = width === null ? WIDE_COLUMNS : COLUMNS;
  const rows = [
    columns.map(({ head }) => head),
    ...ran.map((one) => columns.map(({ cell }) => cell(one, all))),
  ];
  const table = plainTable(rows, { align: columns.map(({ align }) => align), gap: '  ' });
  const notes = [
    sentence(all),
    restartSentence(restarts),
    notTried(all),
    unfinished(all),
    ...tornadoOf(all),
  ].filter((line) => line !== '');
  const lines = notes.flatMap((note) => [
    '',
    ...(width === null ? [note] : fillLines(note.split(' '), width)),
  ]);
  return `${[...table, ...lines].join('\n')}\n`;
}

/** What a person would say of it. */
export function sentence(all: readonly Compared[]): string {
  const [first, ...others] = ranOf(all);
  if (first === undefined) return '';
  const never = others.filter(({ estimate }) => estimate.harmed.value === 0);
  const later = others
    .filter(({ estimate, gained }) => estimate.harmed.value > 0 && gained!.low > 0)
    .sort((a, b) => b.gained!.value - a.gained!.value);
  const sooner = others.filter(({ gained }) => gained!.high < 0);
  const rest = others.filter((one) => ![...never, ...later, ...sooner].includes(one));
  const names = (some: readonly Ran[]): string => listOf(some.map(({ variant }) => printable(variant.name)));
  const { median, horizonSeconds } = first.estimate;
  const horizon = formatSeconds(horizonSeconds);
  const range = spreadWords(first.estimate);
  const spread = range.includes(' to ') ? ` (${range})` : '';
  const start =
    median.value === null
      ? `${harmedWords(first.estimate)} runs were harmed in ${horizon}`
      : `first harm after ${formatSeconds(median.value)}${spread}`;
  return [
    `${printable(first.variant.name)}: ${start}.`,
    never.length === 0 ? '' : `Without harm in ${horizon}: ${names(never)}.`,
    ...later.map(({ variant, estimate, gained }) => {
      const more = estimate.harmed.value < 1 ? ' or more' : '';
      return `${printable(variant.name)} buys ${formatSeconds(gained!.value)}${more}.`;
    }),
    ...sooner.map(
      ({ variant, gained }) => `${printable(variant.name)} costs ${formatSeconds(-gained!.value)}.`,
    ),
    rest.length === 0 ? '' : `${rest.length === 1 ? 'Buys nothing' : 'Buy nothing'}: ${names(rest)}.`,
    downSentence(ranOf(all), names),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** No limit harms them, and yet their pods are down: a probe that always fails, for one. */
function downSentence(ran: readonly Ran[], names: (some: readonly Ran[]) => string): string {
  const down = ran.filter(
    ({ estimate, replicated }) =>
      estimate.harmed.value === 0 && replicated!.rows.every(({ podsDown }) => podsDown > 0),
  );
  if (down.length === 0) return '';
  const up = ran.filter((one) => !down.includes(one));
  const most = up.length === 0 ? 'every variant' : `every variant but ${names(up)}`;
  const which = up.length < down.length ? most : names(down);
  return `Pods are down at the end, though no limit is reached, with ${which}: \`pidsim run\` says why.`;
}

function restartSentence(restarts: Restarts | null): string {
  if (restarts === null) return '';
  const { enough, tooRare } = restarts;
  if (enough === null) return `Restarts alone: not even every ${tooRare} is often enough.`;
  const rarer = tooRare === null ? '' : `; every ${tooRare} is not often enough`;
  return `Restarts alone: made anew every ${enough}, the pods with exec probes do no harm${rarer}.`;
}

function notTried(all: readonly Compared[]): string {
  const reasons = new Map<string, string[]>();
  for (const { variant } of all) {
    if (variant.template !== null) continue;
    reasons.set(variant.why, [...(reasons.get(variant.why) ?? []), variant.name]);
  }
  if (reasons.size === 0) return '';
  const parts = [...reasons].map(([why, names]) => `${listOf(names)} (${why})`);
  return `Not tried: ${parts.join('; ')}.`;
}

function unfinished(all: readonly Compared[]): string {
  return all.some(({ replicated }) => replicated?.isComplete === false)
    ? 'Interrupted: of some variants fewer runs were made than of others.'
    : '';
}

/** Of the first variant: what it hangs on is much the same in the others. */
function tornadoOf([first]: readonly Compared[]): string[] {
  return first?.replicated ? tornadoLines(tornado(first.replicated)) : [];
}

export function compareDocument(all: readonly Compared[], restarts: Restarts | null = null) {
  return {
    apiVersion: 'pidsim/v1',
    kind: 'Comparison',
    sentence: sentence(all),
    ...(restarts === null ? {} : { restarts }),
    variants: all.map((compared) => {
      const { variant, estimate, dayAfter, gained, replicated } = compared;
      const { name, costs, settings } = variant;
      if (estimate === null)
        return { name, costs, settings, notTried: variant.template === null ? variant.why : 'interrupted' };
      return {
        name,
        costs,
        settings,
        ...estimate,
        gainedSeconds: gained,
        endsTheLeak: compared === all[0] ? null : leakCell(compared as Ran, all) === 'yes',
        dayAfterHarm: dayAfter && { ...dayAfter.values, podsDown: dayAfter.podsDown },
        hangsOn: tornado(replicated!),
      };
    }),
  };
}

export const COMPARE_CSV_COLUMNS = [
  'variant',
  'replication',
  'first_harm_s',
  'kind',
  'scope',
  'limit',
  'end_s',
];

/** A line for each run. */
export function compareRows(all: readonly Compared[]): (string | number)[][] {
  return all.flatMap(({ variant, replicated }) =>
    (replicated?.rows ?? []).map(({ replication, firstHarm, endSeconds }) => [
      variant.name,
      replication,
      firstHarm?.atSeconds ?? '',
      firstHarm?.kind ?? '',
      firstHarm?.scope ?? '',
      firstHarm?.limit?.name ?? '',
      endSeconds,
    ]),
  );
}
