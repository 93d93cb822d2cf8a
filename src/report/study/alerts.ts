/** `pidsim alerts test`: alerts, and how early each was. */
import type { AlertRun, AlertVerdict } from '../../study/alerts.js';
import { formatSeconds } from '../../text/duration.js';
import { formatCount, listOf } from '../../text/figures.js';
import { plainTable } from '../../text/table.js';

export interface AlertsOfScenario {
  scenario: string;
  runs: readonly AlertRun[];
  verdicts: readonly AlertVerdict[];
}

const HEAD = ['ALERT', 'FIRED', 'LEAD p5', 'LEAD p50', 'FALSE ALARMS'];

/** If it fires for so much of the time, how often it began is no measure of how much it disturbs. */
const LONG = 0.1;
/** `for:` and the first scrapes take a little of the time. */
const ALWAYS = 0.95;

/** Of an alert, the series that it asks for and no simulated exporter has. */
export type Unheard = Readonly<Record<string, readonly string[]>>;

export function alertsTable(all: readonly AlertsOfScenario[], unheard: Unheard = {}): string {
  const lines = all.flatMap(({ scenario, runs, verdicts }) => [
    `${scenario}: ${fateOf(runs)}`,
    ...plainTable([HEAD, ...verdicts.map((verdict) => cells(verdict, verdict.alert in unheard))], {
      align: ['left', 'right', 'right', 'right', 'right'],
    }).map((line) => `  ${line}`),
    '',
  ]);
  const isAnyHealthy = all.some(({ verdicts }) => verdicts.some((one) => one.falseAlarmsPer30d !== null));
  lines.push('LEAD: from firing to the first refused fork, in all but 5 % of the runs, and in half of them.');
  if (!isAnyHealthy)
    lines.push('False alarms are not known: name a healthy node too, --scenario scenarios/healthy-node.yaml');
  for (const [alert, series] of Object.entries(unheard))
    lines.push(`? ${alert} asks for ${listOf(series)}, which is not simulated: nothing can be said of it.`);
  return `${lines.join('\n')}\n`;
}

function fateOf(runs: readonly AlertRun[]): string {
  const refused = runs.flatMap(({ refusedSeconds }) => refusedSeconds ?? []).sort((a, b) => a - b);
  const of = runs.length === 1 ? 'one run' : `${runs.length} runs`;
  if (refused.length > 0) {
    const [first, last] = [refused[0], refused.at(-1)!].map(formatSeconds);
    const when = first === last ? first : `${first} to ${last}`;
    const some = refused.length === runs.length ? '' : ` in ${refused.length} of them`;
    return `first fork refused after ${when}${some} (${of})`;
  }
  const ends = formatSeconds(runs[0].endSeconds);
  return runs.some(({ isHeading }) => isHeading)
    ? `nothing refused within ${ends}, but it is filling: a longer --horizon tells (${of})`
    : `healthy, nothing refused within ${ends} (${of})`;
}

function cells({ alert, runs, fired, leadSeconds, ...alarms }: AlertVerdict, isUnheard: boolean): string[] {
  // Series that are not there fire nothing, or `absent()`: both say nothing of a real node.
  if (isUnheard) return [alert, '?', '-', '-', '-'];
  const lead = (seconds: number | null | undefined): string =>
    seconds === undefined ? '-' : seconds === null ? 'too late' : formatSeconds(seconds);
  return [
    alert,
    fired === 0 ? 'no' : fired === runs ? 'yes' : `${fired} of ${runs}`,
    lead(leadSeconds?.p5),
    lead(leadSeconds?.p50),
    falseAlarms(alarms),
  ];
}

/** One alarm that does not end is no rare one. */
function falseAlarms({
  falseAlarmsPer30d: per30d,
  falseAlarmShare: share,
}: Pick<AlertVerdict, 'falseAlarmsPer30d' | 'falseAlarmShare'>): string {
  if (per30d === null || share === null) return '-';
  if (share >= LONG) return share >= ALWAYS ? 'all the time' : `${Math.round(share * 100)} % of the time`;
  return `${formatCount(per30d)} in 30 d`;
}

export function alertsDocument(all: readonly AlertsOfScenario[], notSimulated: Unheard = {}): object {
  return {
    apiVersion: 'pidsim/v1',
    kind: 'AlertTest',
    notSimulated,
    items: all.map(({ scenario, runs, verdicts }) => ({
      scenario,
      verdicts,
      runs: runs.map(({ fired, ...run }) => ({ ...run, fired: Object.fromEntries(fired) })),
    })),
  };
}
