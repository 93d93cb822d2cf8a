/** The titles of charts and of the page, with the sentences under them: each is an answer. */
import { harmsOf } from '../run/harm.js';
import type { Limited, RunResult } from '../run/result.js';
import {
  bindingOf,
  blameToTell,
  type Culprit,
  culprits,
  type Reading,
  readingAt,
  rowAt,
  type Story,
  tellStory,
} from '../run/story.js';
import { formatSeconds } from '../text/duration.js';
import { formatCount, formatShare, listOf, plural } from '../text/figures.js';
import { formatMoment } from '../text/wall-clock.js';
import { capitalised, firstFailures, headline } from './answer.js';
import {
  byUrgency,
  downClause,
  downUnlimited,
  harmClauses,
  harmName,
  isUnsure,
  shortAnswer,
} from './harm-words.js';
import words from './words.json' with { type: 'json' };

/** Under the answer: the question. */
export function question(result: RunResult): string {
  const { title, name, node } = result.scenario;
  const asked = title === '' ? name : title;
  return node === undefined ? asked : `${asked} (${node})`;
}

/** How much of what is allocated the kubelet, ps and /proc/loadavg do not see, 0 to 1. */
function hiddenShare(reading: Reading): number {
  return reading.allocated === 0 ? 0 : Math.max(0, 1 - reading.loadavgTasks / reading.allocated);
}

/** With less of the table left the kubelet is not surprised. */
const SEEN_FROM = 0.02;
/** Below this share there is nothing to tell. */
const HIDDEN_WORTH_TELLING = 0.05;

export function kubeletHeadline(result: RunResult): string {
  const story = tellStory(result);
  const allPods = harmsOf(result).find(({ scope }) => scope === 'all-pods');
  if (bindingOf(result) === 'all-pods' && allPods !== undefined) {
    const { pidAvailable } = readingAt(result, allPods.atSeconds);
    const at = formatSeconds(allPods.atSeconds);
    return `All pods full after ${at}, while the kubelet counts ${plural(pidAvailable, 'free PID')}`;
  }
  const reading = readingToTell(result, story);
  const when = formatSeconds(reading.timeSeconds);
  const hidden = hiddenShare(reading);
  if (story.kind === 'full') {
    return hidden < HIDDEN_WORTH_TELLING || reading.pidAvailable <= SEEN_FROM * reading.pidMax
      ? `Full after ${when}, and the kubelet sees it coming: ${plural(reading.pidAvailable, 'PID')} left`
      : `Full after ${when}, yet the kubelet still counts ${formatCount(reading.pidAvailable)} free PIDs`;
  }
  if (reading.loadavgTasks === reading.allocated) {
    return `Nothing is hidden: the kubelet sees all ${plural(reading.allocated, 'PID')} in use`;
  }
  const at = story.kind === 'harmed' && story.harm.kind === 'evicted' ? ` at ${when}` : '';
  const seen = formatCount(reading.loadavgTasks);
  if (hidden < HIDDEN_WORTH_TELLING)
    return `Nothing much is hidden: the kubelet sees ${seen} of ${plural(reading.allocated, 'PID')}${at}`;
  const missed = `The kubelet misses ${formatShare(hidden)} of what is in use${at}`;
  return `${missed}: it sees ${seen} of ${formatCount(reading.allocated)}`;
}

/** What was in use before it was given back, or the end of the run. */
function readingToTell(result: RunResult, story: Story): Reading {
  if (story.kind === 'full') return story.reading;
  if (story.kind === 'harmed' && story.harm.kind === 'evicted') return readingAt(result, story.atSeconds);
  return story.kind === 'recovered' ? story.relief.before : story.end;
}

export function kubeletSubtitle(result: RunResult): string {
  const binding = bindingOf(result);
  if (binding === 'threads-max')
    return 'threads-max refuses: it counts what the kubelet, ps and /proc/loadavg count, threads and zombies';
  if (binding === 'all-pods')
    return (
      'pids.max of all pods refuses: it counts their threads and zombies, and the kubelet does not look ' +
      'at it'
    );
  return (
    'The kubelet, ps and /proc/loadavg count threads and zombies, not the PIDs that groups and sessions ' +
    'pin'
  );
}

export function symptomsHeadline(result: RunResult): string {
  const firsts = firstFailures(result);
  const harms = harmClauses(result).filter(({ harm }) => harm.kind === 'evicted');
  const list = firsts.map(
    ({ seconds, what }, index) => `${what}${index === 0 ? ' fail' : ''} at ${formatSeconds(seconds)}`,
  );
  const told = [...(list.length === 0 ? [] : [list.join(', ')]), ...harms.map(({ clause }) => clause)];
  const down = downClause(result);
  if (told.length === 0 && down !== '') told.push(down);
  if (told.length > 0) return capitalised(told.join('; '));
  const where =
    tellStory(result).kind === 'harmed' ? 'Nothing that was tried outside the pod' : 'Nothing that was tried';
  return `${where} fails within ${formatSeconds(result.endSeconds)}`;
}

const LIMITED_NAMES: Readonly<Record<Limited, string>> = words.limited;

export function limitHeadline(result: RunResult, of: Limited): string {
  const scope = of === 'all_pods' ? 'all-pods' : of === 'namespace' ? 'pod' : of;
  const told = harmClauses(result).find(({ harm }) => harm.kind === 'refused' && harm.scope === scope);
  if (told !== undefined) return capitalised(told.clause);
  const used = result.timeline[`${of}_pids`];
  const most = used.reduce((row, count, index) => (count > used[row] ? index : row), 0);
  const max = result.timeline[`${of}_pids_max`][most];
  return `${capitalised(LIMITED_NAMES[of])}: at most ${formatCount(used[most])} of ${formatCount(max)}`;
}

export function limitSubtitle(of: Limited): string {
  if (of === 'user') return `What counts against RLIMIT_NPROC of ${LIMITED_NAMES[of]}: tasks and zombies`;
  if (of === 'namespace')
    return `What ${LIMITED_NAMES[of]} holds under its own pid_max: tasks, zombies and pinned PIDs`;
  const what = 'tasks and zombies, not the PIDs that groups and sessions pin';
  return `What the cgroup of ${LIMITED_NAMES[of]} counts: ${what}`;
}

/** What people and controllers try of a node, by columns of the timeline: what worked, what failed. */
const TRIED = [
  { column: 'probe_failures', worked: 'probe_runs', one: 'probe', failed: 'failed probe' },
  {
    column: 'pods_create_failed',
    worked: 'pods_created',
    one: 'pod creation',
    failed: 'failed pod creation',
  },
  { column: 'ssh_refused', worked: 'ssh_ok', one: 'login', failed: 'refused login' },
  { column: 'pods_delete_stuck', worked: 'pods_deleted', one: 'pod deletion', failed: 'stuck deletion' },
] as const;

/** @param untilSeconds where the picture ends before the run does: its counts are up to there. */
export function symptomsSubtitle({ timeline, endSeconds }: RunResult, untilSeconds: number | null): string {
  const row = rowAt(timeline, untilSeconds ?? endSeconds);
  const counts = TRIED.map((each) => ({
    ...each,
    bad: timeline[each.column][row],
    good: timeline[each.worked][row],
  }));
  const failed = counts.filter(({ bad }) => bad > 0);
  const tried = counts.filter(({ good, bad }) => good + bad > 0);
  const untried = counts.filter(({ good, bad }) => good + bad === 0);
  const not = untried.length === 0 ? '' : `; not tried: ${listOf(untried.map(({ one }) => `${one}s`))}`;
  const whole = formatSeconds(endSeconds);
  const within =
    untilSeconds === null
      ? `In the whole run of ${whole}`
      : `In the first ${formatSeconds(untilSeconds)} of ${whole}`;
  if (tried.length === 0) return `${within} nothing was tried`;
  if (failed.length > 0)
    return `${within}: ${listOf(failed.map(({ bad, failed: one }) => plural(bad, one)))}${not}`;
  return `${within}: ${listOf(tried.map(({ good, one }) => plural(good, one)))}, and every one worked${not}`;
}

/** Of one, and of many, by origins as the engine calls them. */
const ORIGIN_NAMES = words.origins as Readonly<Record<string, string[]>>;
const PLURAL_ORIGINS = ['ssh', 'cron', 'hook', 'exec'];

function culpritName({ origin, pods, containers }: Culprit): string {
  const one = pods.length <= 1;
  const noun = ORIGIN_NAMES[origin]?.[one ? 0 : 1] ?? origin;
  if (!one) return `${noun} of ${pods.length} pods`;
  if (pods[0] === 'node') return noun;
  const container = containers[0] !== undefined && containers[0] !== pods[0] ? `/${containers[0]}` : '';
  return `${noun} of ${pods[0]}${container}`;
}

export function blameHeadline(result: RunResult): string {
  const told = blameToTell(result);
  const top = culprits(told)[0];
  if (top === undefined || top.pids === 0) return 'No process holds a PID';
  const isOne = top.pods.length <= 1 && !PLURAL_ORIGINS.includes(top.origin);
  const verb = told.whenFull ? 'held' : isOne ? 'holds' : 'hold';
  return `${capitalised(culpritName(top))} ${verb} ${formatShare(top.share)} of the PIDs`;
}

export function blameSubtitle(result: RunResult): string {
  const { rows, atSeconds, whenFull } = blameToTell(result);
  const held = formatCount(rows.reduce((sum, { pids }) => sum + pids, 0));
  const at = formatSeconds(atSeconds);
  return whenFull
    ? `What held the ${held} PIDs in use when the node refused its first fork (${at})`
    : `What holds the ${held} PIDs in use at the end of the run (${at})`;
}

/** As Vega expressions: the chart counts from its data. @param count a Vega expression. */
export function otherHolders(count: string): string {
  return `${count} + ' others'`;
}

export function manyPods(count: string): string {
  return `${count} + ' pods'`;
}

export function overviewHeadline(results: readonly RunResult[]): string {
  if (results.length === 1) return headline(results[0]);
  const harmed = byUrgency(results).filter((result) => harmsOf(result).length > 0);
  if (harmed.length === 0)
    return `None of ${plural(results.length, 'scenario')} comes to harm${wouldFill(results)}`;
  const [first] = harmed;
  const [harm] = harmsOf(first);
  const verb = harmed.length === 1 ? 'comes' : 'come';
  return (
    `${harmed.length} of ${plural(results.length, 'scenario')} ${verb} to harm, ` +
    `${first.scenario.name} first: ${harmName(harm)} after ${formatSeconds(harm.atSeconds)}`
  );
}

/** A run of two hours without harm is no comfort if the node is full the next day. */
function wouldFill(results: readonly RunResult[]): string {
  const ends = results.flatMap(({ scenario, projection }) =>
    projection?.kind === 'exhausts' ? { name: scenario.name, seconds: projection.atSeconds } : [],
  );
  if (ends.length === 0) return '';
  const first = ends.reduce((earliest, each) => (each.seconds < earliest.seconds ? each : earliest));
  const when = `${first.name} first, full after ${formatSeconds(first.seconds)} at this rate`;
  return ` within its run, but ${ends.length} would: ${when}`;
}

export function overviewSubtitle(): string {
  return 'When a workload is harmed first; a hollow mark: not within the run';
}

export function overviewLabel(result: RunResult): string {
  const [first = null] = harmsOf(result);
  const { projection, bracket, endSeconds } = result;
  const assumed = shortAnswer(first, projection, endSeconds);
  const other = bracket?.firstHarm?.atSeconds;
  const down = first === null ? downUnlimited(result) : null;
  if (down !== null) return `down after ${formatSeconds(down.sinceSeconds)}; ${assumed}`;
  if (first !== null || projection?.kind === 'exhausts' || !isUnsure(result) || other === undefined)
    return assumed;
  return `not full in ${formatSeconds(endSeconds)}; with orphans ${formatSeconds(other)}`;
}

/** Under the time axis when the picture stops before the run does. */
export function restOfRun({ endSeconds, start }: RunResult): string {
  return `the run goes on to ${formatMoment(endSeconds, start)}`;
}

/** When drawing the limit to scale would flatten everything below it. */
export function limitOutOfSight(limit: string, times: number): string {
  return `↑ ${limit}: ${formatCount(Math.round(times))} times this height`;
}

export function reservedLabel(): string {
  return 'PIDs below 300 are not handed out again';
}

export function usableLabel(): string {
  return 'pid_max, without the PIDs below 300 that are not handed out again';
}

export function evictsLabel(threshold: number): string {
  return `evicts below ${formatCount(threshold)}`;
}
