/**
 * Would the alert have fired? Series of simulated nodes, as unit tests for promtool; from what it finds, how
 * long before the first refused fork each alert fires.
 *
 *     Metered ─► unit test: series, and questions whose answer is expected to be nothing ─► promtool
 *     its objections: what it got instead ─► when each alert fired first, and how often ─► lead times
 */
import type { Metered, Metric } from '../run/meter.js';

/** Of one run. */
export interface AlertRun {
  /** The first refused fork; null: there was none. */
  refusedSeconds: number | null;
  /** Nothing refused, but it is on its way there: neither a warning nor a false alarm can be told. */
  isHeading: boolean;
  endSeconds: number;
  fired: ReadonlyMap<string, Firing>;
}

export interface Firing {
  firstSeconds: number;
  /** It fired anew, for whichever instance. */
  times: number;
  /** It was firing, for one instance at least. */
  forSeconds: number;
}

/** Of one alert, over the runs of one scenario. */
export interface AlertVerdict {
  alert: string;
  runs: number;
  /** Runs in which it fired before the first refused fork; or at all, where none was refused. */
  fired: number;
  /** From firing to the first refused fork. null: in so many runs it had not fired by then. */
  leadSeconds: { p5: number | null; p50: number | null } | null;
  /** null: no run was of a healthy node. */
  falseAlarmsPer30d: number | null;
  /** Of the time of healthy nodes, how much it fires. null: no run was of one. */
  falseAlarmShare: number | null;
}

/** Readings that one question is about: promtool takes no more than 10,000 samples for one. */
const CHUNK = 120;
const FIRST = 'min by (alertname) (min_over_time(timestamp(ALERTS{alertstate="firing"})[RANGE:STEP]))';
const TIMES =
  'sum by (alertname) (count_over_time((ALERTS{alertstate="firing"} unless ALERTS{alertstate="firing"} ' +
  'offset STEP)[RANGE:STEP]))';

const READINGS = 'max by (alertname) (count_over_time(ALERTS{alertstate="firing"}[RANGE:STEP]))';

/** `1268+0x3 _x2 7+0x0`: values, and how often each comes again. What ends is stale, as after a scrape. */
export function seriesNotation(values: readonly (number | undefined)[], length: number): string {
  const parts: string[] = [];
  for (let at = 0; at < length; ) {
    const value = values[at];
    let next = at + 1;
    while (next < length && values[next] === value) next++;
    if (value !== undefined) parts.push(`${value}+0x${next - at - 1}`);
    else {
      // A gap would let the last value be seen for five minutes more, and `for: 5m` with it.
      if (at > 0) parts.push('stale');
      const gaps = next - at - (at > 0 ? 1 : 0);
      if (gaps > 0) parts.push(`_x${gaps}`);
    }
    at = next;
  }
  return parts.join(' ');
}

/** Parts of an expression that name no series: strings and comments; labels and ranges; calls and figures. */
const STRINGS = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#.*/g;
const LABELS = /\b(?:by|without|on|ignoring|group_(?:left|right))\s*\([^)]*\)|\[[^\]]*\]|\{[^}]*\}/gi;
const CALLS = /[a-zA-Z_][\w:]*\s*\(|\b\d[\w.]*/g;
const WORDS = /^(and|or|unless|bool|offset|inf|nan|start|end|atan2|group_left|group_right)$/i;

/** The series that a PromQL expression asks for. */
export function seriesIn(expr: string): string[] {
  const names =
    expr
      .replace(STRINGS, ' ')
      .replace(LABELS, ' ')
      .replace(CALLS, '(')
      .match(/[a-zA-Z_:][\w:]*/g) ?? [];
  return [...new Set(names.filter((name) => !WORDS.test(name)))];
}

export interface RuleTest {
  ruleFiles: readonly string[];
  /** Series that no rule names are left out. */
  isUsed: (name: string) => boolean;
  intervalSeconds: number;
  /** PromQL, as in `{node="a"}`. */
  labelsText: (labels: Metric['labels']) => string;
}

/** A unit test as promtool reads it; JSON is YAML. */
export function promtoolTest(
  { timesSeconds, metrics }: Metered,
  { ruleFiles, isUsed, intervalSeconds, labelsText }: RuleTest,
): string {
  // Between two scrapes nothing is seen: rows of news have times of their own.
  const scraped = timesSeconds.flatMap((time, row) => (time % intervalSeconds === 0 ? row : []));
  const length = scraped.length;
  const step = `${intervalSeconds}s`;
  const ask = (expr: string): object[] => {
    const asked: object[] = [];
    for (let from = 0; from < length; from += CHUNK) {
      const end = Math.min(from + CHUNK, length) - 1;
      // Not back to the last reading of the question before, whether or not a range includes its beginning.
      const range = `${(end - from + 0.5) * intervalSeconds * 1000}ms`;
      asked.push({
        expr: expr.replaceAll('RANGE', range).replaceAll('STEP', step),
        eval_time: `${end * intervalSeconds}s`,
      });
    }
    return asked;
  };
  return JSON.stringify({
    rule_files: ruleFiles,
    evaluation_interval: step,
    tests: [
      {
        interval: step,
        input_series: metrics
          .filter(({ name }) => isUsed(name))
          .map(({ name, labels, values }) => ({
            series: name + labelsText(labels),
            values: seriesNotation(
              scraped.map((row) => values[row]),
              length,
            ),
          })),
        promql_expr_test: [...ask(FIRST), ...ask(TIMES), ...ask(READINGS)],
      },
    ],
  });
}

/** What promtool objects to; null: it is no answer to our questions, but an error. */
export function readFirings(text: string, intervalSeconds: number): Map<string, Firing> | null {
  const fired = new Map<string, Firing>();
  let asked = '';
  let isAsked = false;
  for (const line of text.split('\n')) {
    if (/^\s*(expr|exp|got):/.test(line)) isAsked = true;
    if (/^\s*err(or)?:|\berr:/.test(line)) return null;
    const expr = /^\s*expr: "(min|sum|max) by/.exec(line);
    if (expr !== null) asked = expr[1];
    if (!/^\s*got:/.test(line)) continue;
    for (const [, alert, written] of line.matchAll(/\{alertname=\\?"(.*?)\\?"\} ([\d.E+-]+)/g)) {
      const value = Number(written);
      const known = fired.get(alert) ?? { firstSeconds: Number.POSITIVE_INFINITY, times: 0, forSeconds: 0 };
      if (asked === 'sum') known.times += value;
      else if (asked === 'max') known.forSeconds += value * intervalSeconds;
      else known.firstSeconds = Math.min(known.firstSeconds, value);
      fired.set(alert, known);
    }
  }
  return isAsked || fired.size > 0 || !/FAILED/.test(text) ? fired : null;
}

export function verdictOf(alert: string, runs: readonly AlertRun[]): AlertVerdict {
  const refused = runs.filter(({ refusedSeconds }) => refusedSeconds !== null);
  const healthy = runs.filter(({ refusedSeconds, isHeading }) => refusedSeconds === null && !isHeading);
  const leads = refused.map(({ refusedSeconds, fired }) => {
    const lead = refusedSeconds! - (fired.get(alert)?.firstSeconds ?? Number.POSITIVE_INFINITY);
    return lead > 0 ? lead : Number.NEGATIVE_INFINITY;
  });
  leads.sort((a, b) => a - b);
  const quantile = (p: number): number | null => {
    const lead = leads[Math.max(0, Math.ceil(p * leads.length) - 1)];
    return Number.isFinite(lead) ? lead : null;
  };
  const warned = leads.filter(Number.isFinite).length;
  const others = runs.filter((run) => run.refusedSeconds === null && run.fired.has(alert)).length;
  const seconds = healthy.reduce((sum, { endSeconds }) => sum + endSeconds, 0);
  const sumOf = (what: 'times' | 'forSeconds'): number =>
    healthy.reduce((sum, { fired }) => sum + (fired.get(alert)?.[what] ?? 0), 0);
  return {
    alert,
    runs: runs.length,
    fired: warned + others,
    leadSeconds: leads.length === 0 ? null : { p5: quantile(0.05), p50: quantile(0.5) },
    falseAlarmsPer30d: healthy.length === 0 ? null : (sumOf('times') / (seconds / 86_400)) * 30,
    // A reading stands for the time after it, also the last.
    falseAlarmShare: healthy.length === 0 ? null : Math.min(1, sumOf('forSeconds') / seconds),
  };
}
