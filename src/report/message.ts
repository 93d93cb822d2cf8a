/**
 * Every sentence a person reads, in one file: answers, chart titles. The refusals are explained in
 * refusal.ts.
 *
 * A title is an answer, not a topic ("Full after 22.4 h: 8,117 zombies hold 16,234 PIDs"). A warning names
 * the consequence and a remedy. Short labels (column heads, axis titles) stay where they are used.
 */
import { podsRefused, type Refuser, type RunResult, STANDARD_INPUT } from '../run/result.js';
import {
  blameToTell,
  type Culprit,
  culprits,
  endSeconds,
  fullForSeconds,
  lastReading,
  type Reading,
  tellStory,
} from '../run/story.js';
import { formatSeconds } from '../text/duration.js';
import { formatCount, formatShare, listOf, plural } from '../text/figures.js';
import { explainPodRefusal, REFUSALS } from './refusal.js';

// ---------------------------------------------------------------------------------------------- the answer

/** What fills the table: `8,117 zombies hold 16,234 PIDs`, or `30,120 tasks alive`. */
function holders(reading: Reading): string {
  const dead = reading.zombies + reading.pinned;
  if (dead * 2 < reading.allocated || dead === 0) return `${plural(reading.tasks, 'task')} alive`;
  if (reading.zombies === 0) return `${plural(reading.pinned, 'PID')} pinned by groups and sessions`;
  return `${plural(reading.zombies, 'zombie')} hold${reading.zombies === 1 ? 's' : ''} ${plural(dead, 'PID')}`;
}

/** The run in one line: the title of its main chart. */
export function headline(result: RunResult): string {
  const story = tellStory(result);
  switch (story.kind) {
    case 'full': {
      const { relief, again } = story;
      const rescue =
        relief === null ? '' : `; free again ${afterwards(relief.after.timeSeconds, story.atSeconds)}`;
      const relapse = again === null ? '' : `, full again at ${formatSeconds(again.atSeconds)}`;
      return `Full after ${formatSeconds(story.atSeconds)}: ${holders(story.reading)}${rescue}${relapse}`;
    }
    case 'pod-full':
      return `${capitalised(refusedPods(result))}; the node has room: ${inUse(story.end)}`;
    case 'recovered': {
      const { before } = story.relief;
      const most = `${formatCount(before.allocated)} of ${formatCount(before.pidMax)}`;
      return `Not full: ${most} in use at ${formatSeconds(before.timeSeconds)}, then given back`;
    }
    case 'would-fill': {
      const when = formatSeconds(story.atSeconds);
      if (story.relief === null) {
        return `Would be full after ${when} at this rate: ${holders(story.end)} by ${formatSeconds(story.end.timeSeconds)}`;
      }
      const { before, after } = story.relief;
      const given = formatCount(before.allocated - after.allocated);
      return `${given} PIDs given back at ${formatSeconds(after.timeSeconds)}, yet full after ${when} at this rate`;
    }
    case 'never': {
      const never = isBounded(story.projection) ? 'Never, the pods are full before' : 'Never at this rate';
      return `${never}: ${inUse(story.end)} after ${formatSeconds(story.end.timeSeconds)}`;
    }
    case 'open':
      return `Not full within ${formatSeconds(result.horizonSeconds)}: ${inUse(story.end)}`;
  }
}

/** `pod web is refused forks from 5 h on`, `pod web was refused forks from 5 h to 6 h`; or several pods. */
function refusedPods({ symptoms }: RunResult): string {
  const { podRefusals } = symptoms;
  const [first] = podRefusals;
  const from = `from ${formatSeconds(first.atSeconds)}`;
  const ongoing = podRefusals.filter(({ untilSeconds }) => untilSeconds === null);
  const ends = podRefusals.map(({ untilSeconds }) => untilSeconds ?? 0);
  const lastEnd = formatSeconds(Math.max(...ends));
  const count = podsRefused(symptoms);
  if (count > 1) {
    if (ongoing.length === 0)
      return `${count} pods were refused forks, the first ${from} on, until ${lastEnd}`;
    const still =
      ongoing.length < count ? `; ${ongoing.length} still ${ongoing.length === 1 ? 'is' : 'are'}` : '';
    return `${count} pods ${still === '' ? 'are' : 'were'} refused forks, the first ${from} on${still}`;
  }
  if (ongoing.length === 0) return `pod ${first.pod} was refused forks ${from} to ${lastEnd}`;
  const [now] = ongoing;
  const before =
    now === first ? `${from} on` : `${from} to ${lastEnd}, again from ${formatSeconds(now.atSeconds)} on`;
  return `pod ${first.pod} is refused forks ${before}`;
}

/** PIDs accumulate, and yet the node will never be full: every pod has a limit of its own. */
function isBounded({ pidsPerHour }: { pidsPerHour: number }): boolean {
  return pidsPerHour > 0;
}

function inUse(reading: Reading): string {
  return `${formatCount(reading.allocated)} of ${formatCount(reading.pidMax)} PIDs in use`;
}

/** `22.4 h`, `~31 d` (projected), `never`, `> 30 d` (censored, no projection). For table cells and labels. */
export function timeToExhaustion(result: RunResult): string {
  const { outcome, projection } = result;
  if (outcome.kind === 'exhausted') return formatSeconds(outcome.atSeconds);
  if (projection === null) return `> ${formatSeconds(result.horizonSeconds)}`;
  return projection.kind === 'never' ? 'never' : `~${formatSeconds(projection.atSeconds)}`;
}

/** The answer in full sentences, for a summary or a page. */
export function answer(result: RunResult): string {
  return [
    outcomeSentence(result),
    podSentence(result),
    reliefSentence(result),
    relapseSentence(result),
    symptomSentence(result),
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function outcomeSentence(result: RunResult): string {
  const story = tellStory(result);
  const horizon = formatSeconds(result.horizonSeconds);
  const rate = (pidsPerHour: number): string => `${signed(pidsPerHour)} PIDs per hour`;
  switch (story.kind) {
    case 'full': {
      const { outcome } = result;
      const refusedBy = outcome.kind === 'exhausted' ? outcome.refusedBy : 'pid-max';
      return (
        `The node refuses its first fork after ${formatSeconds(story.atSeconds)}: ${REFUSALS[refusedBy].cause}. ` +
        `It then holds ${inventory(story.reading)}.${reservedSentence(story.reading, refusedBy)}`
      );
    }
    case 'pod-full':
      return (
        `${capitalised(refusedPods(result))}: ${explainPodRefusal(story.first).cause}. ` +
        `The node does not fill up within ${horizon}: at the end it holds ${inventory(story.end)}.`
      );
    case 'recovered':
      return `The node does not fill up within ${horizon}.`;
    case 'would-fill':
      return (
        `The node does not fill up within ${horizon}, but at ${rate(story.projection.pidsPerHour)} it would after ` +
        `${formatSeconds(story.atSeconds)} (${story.projection.method}). At the end it holds ${inventory(story.end)}.`
      );
    case 'never':
      return (
        `The node never fills up ${isBounded(story.projection) ? 'by its pods: each is full by itself before' : 'at this rate'} ` +
        `(${rate(story.projection.pidsPerHour)}; ${story.projection.method}). After ${formatSeconds(story.end.timeSeconds)} it holds ${inventory(story.end)}.`
      );
    case 'open':
      return (
        `The node does not fill up within ${horizon}, and the run is too short or too uneven to say when it would. ` +
        `At the end it holds ${inventory(story.end)}.`
      );
  }
}

/** In a small table the PIDs that are never handed out again are a large part (K3). */
function reservedSentence(reading: Reading, refusedBy: Refuser): string {
  if (refusedBy !== 'pid-max' || (reading.pidMax - reading.allocated) * 20 < reading.pidMax) return '';
  return ' That is all there is: after the first wrap, PIDs below 300 are not handed out again.';
}

function signed(value: number): string {
  return value < 0 ? `−${formatCount(-value)}` : formatCount(value);
}

/** `330 live tasks, 8,117 zombies and 8,117 pinned PIDs (16,564 of 32,768)`. */
function inventory(reading: Reading): string {
  const items = [
    plural(reading.tasks, 'live task'),
    plural(reading.zombies, 'zombie'),
    plural(reading.pinned, 'pinned PID'),
  ];
  return `${listOf(items)}: ${inUse(reading)}`;
}

/** What a pod has come to that the story of the node says nothing of. */
function podSentence(result: RunResult): string {
  const [first] = result.symptoms.podRefusals;
  if (tellStory(result).kind === 'pod-full' || first === undefined) return '';
  return `${capitalised(refusedPods(result))}: ${explainPodRefusal(first).cause}.`;
}

/** What failed on the node, by when it did so first: as a clause, and in a word. */
function firstFailures({ symptoms }: RunResult): { seconds: number; clause: string; what: string }[] {
  return [
    { seconds: symptoms.firstProbeFailureSeconds, clause: 'the first probe fails', what: 'probes' },
    {
      seconds: symptoms.firstPodCreateFailedSeconds,
      clause: 'the first pod cannot be created',
      what: 'new pods',
    },
    { seconds: symptoms.firstSshRefusedSeconds, clause: 'the first ssh login is refused', what: 'logins' },
  ]
    .flatMap(({ seconds, ...words }) => (seconds === null ? [] : [{ seconds, ...words }]))
    .sort((a, b) => a.seconds - b.seconds);
}

/** `The first ssh login is refused at 22.5 h …`; empty when nothing failed. */
function symptomSentence(result: RunResult): string {
  const firsts = firstFailures(result);
  if (firsts.length === 0) return '';
  const clauses = firsts.map(({ seconds, clause }) => `${clause} at ${formatSeconds(seconds)}`);
  return `${capitalised(listOf(clauses))}.`;
}

function reliefSentence(result: RunResult): string {
  const story = tellStory(result);
  if (!('relief' in story) || story.relief === null) return '';
  const { before, after } = story.relief;
  if (after.pidMax === before.pidMax && after.allocated >= before.allocated)
    return `From ${formatSeconds(after.timeSeconds)} on, forks work again.`;
  if (story.kind === 'full' && after.pidMax > before.pidMax) {
    const raised = `pid_max is raised from ${formatCount(before.pidMax)} to ${formatCount(after.pidMax)}`;
    return `At ${formatSeconds(after.timeSeconds)}, ${raised}, and forks work again.`;
  }
  const given = formatCount(before.allocated - after.allocated);
  return (
    `At ${formatSeconds(after.timeSeconds)}, ${given} PIDs have been given back: of ${formatCount(before.allocated)} ` +
    `in use, ${formatCount(after.allocated)} are left.`
  );
}

/** `at 30 h`; `30 min later` where that would read as the same moment. */
function afterwards(seconds: number, sinceSeconds: number): string {
  const [moment, since] = [formatSeconds(seconds), formatSeconds(sinceSeconds)];
  return moment === since ? `${formatSeconds(seconds - sinceSeconds)} later` : `at ${moment}`;
}

/** `to 30 h`; `on for 30 min` where that would read as the same moment. */
function toMoment(fromSeconds: number, seconds: number): string {
  const [from, to] = [formatSeconds(fromSeconds), formatSeconds(seconds)];
  return from === to ? `on for ${formatSeconds(seconds - fromSeconds)}` : `to ${to}`;
}

/** What an SRE is asked afterwards: was that the end of it, and for how long did it last? */
function relapseSentence(result: RunResult): string {
  const { exhaustions } = result;
  if (exhaustions.length < 2) return '';
  const { atSeconds, untilSeconds, refusedBy } = exhaustions[exhaustions.length - 1];
  const times = exhaustions.length === 2 ? 'again' : `${exhaustions.length} times, the last`;
  const end = untilSeconds === null ? 'to the end of the run' : toMoment(atSeconds, untilSeconds);
  const why = refusedBy === exhaustions[0].refusedBy ? '' : ` because ${REFUSALS[refusedBy].cause}`;
  return (
    `The node is full ${times} from ${formatSeconds(atSeconds)} ${end}${why}: in all for ` +
    `${formatSeconds(fullForSeconds(result))} of ${formatSeconds(lastReading(result).timeSeconds)}.`
  );
}

export function capitalised(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

// ------------------------------------------------------------------------------------------- chart titles

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
  const reading =
    story.kind === 'full' ? story.reading : story.kind === 'recovered' ? story.relief.before : story.end;
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
  return hidden < HIDDEN_WORTH_TELLING
    ? `Nothing much is hidden: the kubelet sees ${formatCount(reading.loadavgTasks)} of ${plural(reading.allocated, 'PID')}`
    : `The kubelet misses ${formatShare(hidden)} of what is in use: it sees ${formatCount(reading.loadavgTasks)} of ` +
        `${formatCount(reading.allocated)}`;
}

export function kubeletSubtitle(): string {
  return 'The kubelet, ps and /proc/loadavg count threads and zombies, not the PIDs that groups and sessions pin';
}

export function symptomsHeadline(result: RunResult): string {
  const firsts = firstFailures(result);
  if (firsts.length === 0) {
    const where = tellStory(result).kind === 'pod-full' ? 'Nobody outside the pod' : 'Nobody';
    return `${where} notices anything within ${formatSeconds(endSeconds(result))}`;
  }
  const list = firsts.map(
    ({ seconds, what }, index) => `${what}${index === 0 ? ' fail' : ''} at ${formatSeconds(seconds)}`,
  );
  return capitalised(list.join(', '));
}

export function symptomsSubtitle(result: RunResult): string {
  const { timeline } = result;
  const last = timeline.time_s.length - 1;
  const failed = [
    { count: timeline.probe_failures[last], one: 'failed probe' },
    { count: timeline.pods_create_failed[last], one: 'failed pod creation' },
    { count: timeline.ssh_refused[last], one: 'refused login' },
    { count: timeline.pods_delete_stuck[last], one: 'stuck deletion' },
  ].filter(({ count }) => count > 0);
  const horizon = formatSeconds(endSeconds(result));
  if (failed.length > 0) {
    return `In the whole run of ${horizon}: ${listOf(failed.map(({ count, one }) => plural(count, one)))}`;
  }
  const tried = [
    { count: timeline.probe_runs[last], one: 'probe' },
    { count: timeline.pods_created[last], one: 'pod creation' },
    { count: timeline.ssh_ok[last], one: 'login' },
  ].filter(({ count }) => count > 0);
  if (tried.length === 0) return `Nothing was tried within ${horizon}`;
  return `${listOf(tried.map(({ count, one }) => plural(count, one)))} within ${horizon}, and every one worked`;
}

/** Origins as the engine calls them. Of the node itself there is one of each. */
const ORIGIN_NAMES: Record<string, [one: string, many: string]> = {
  host: ['the host itself', 'the host itself'],
  ssh: ['ssh logins', 'ssh logins'],
  cron: ['cron jobs', 'cron jobs'],
  liveness: ['the liveness probe', 'the liveness probes'],
  readiness: ['the readiness probe', 'the readiness probes'],
  startup: ['the startup probe', 'the startup probes'],
  hook: ['the lifecycle hooks', 'the lifecycle hooks'],
  exec: ['execs by hand', 'execs by hand'],
  main: ['the main process', 'the main processes'],
  infra: ['the infra process', 'the infra processes'],
  shim: ['the runtime shim', 'the runtime shims'],
};
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
  const full = results.flatMap(({ outcome, scenario }) =>
    outcome.kind === 'exhausted' ? [{ name: scenario.name, atSeconds: outcome.atSeconds }] : [],
  );
  if (full.length === 0) return `None of ${plural(results.length, 'scenario')} fills the PID table`;
  full.sort((a, b) => a.atSeconds - b.atSeconds);
  const [first] = full;
  const verb = full.length === 1 ? 'fills' : 'fill';
  return (
    `${full.length} of ${plural(results.length, 'scenario')} ${verb} the PID table, ` +
    `${first.name} first: after ${formatSeconds(first.atSeconds)}`
  );
}

export function overviewSubtitle(): string {
  return 'Time until the node refuses its first fork; a hollow mark: not reached within the run';
}

export function overviewLabel(result: RunResult): string {
  const story = tellStory(result);
  const watched = formatSeconds(result.horizonSeconds);
  switch (story.kind) {
    case 'full':
      return `full after ${formatSeconds(story.atSeconds)}`;
    case 'pod-full':
      return `a pod is full after ${formatSeconds(story.atSeconds)}`;
    case 'would-fill':
      return `would be full after ${formatSeconds(story.atSeconds)}`;
    case 'open':
      return `not full within ${watched}`;
    default:
      return `never at this rate (watched for ${watched})`;
  }
}

/** Under the time axis when the picture stops before the run does. */
export function restOfRun(horizonSeconds: number): string {
  return `the run goes on to ${formatSeconds(horizonSeconds)}`;
}

export function limitLabel(pidMax: number): string {
  return `pid_max ${formatCount(pidMax)}`;
}

/** When drawing the limit to scale would flatten everything below it. */
export function limitOutOfSight(pidMax: number, axisTop: number): string {
  return `↑ pid_max ${formatCount(pidMax)}: ${formatCount(Math.round(pidMax / axisTop))} times this height`;
}

export function reservedLabel(): string {
  return 'PIDs below 300 are not handed out again';
}

// ------------------------------------------------------------ expectations, limits

export function expectationFailures(result: RunResult): string[] {
  return result.expectations
    .filter((expectation) => !expectation.ok)
    .map(({ text, actual }) => `${result.scenario.name}: expected ${text}, but it was ${actual}`);
}

/** `3 of 3 hold`; empty when nothing was expected. */
export function expectationTally(result: RunResult): string {
  const { expectations } = result;
  if (expectations.length === 0) return '';
  return `${expectations.filter(({ ok }) => ok).length} of ${expectations.length} hold`;
}

/** For a shell. */
export function reproduceCommand({ scenario, seed, until }: RunResult): string {
  const { files = [scenario.path], preset } = scenario.madeFrom ?? {};
  const node = preset === undefined ? '' : ` --node ${preset}`;
  const options = `${node} --seed ${seed}${until === 'exhaustion' ? ' --until exhaustion' : ''}`;
  if (files[0] === STANDARD_INPUT) return `pidsim run -${options} < SCENARIO.yaml`;
  return `pidsim run ${files.map(quoted).join(' ')}${options}`;
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

export function reproduce(result: RunResult): string {
  return `Seed ${result.seed}, digest ${result.digest}: the same file and seed give the same digest on every machine.`;
}

// ------------------------------------------------------------------------------------------ simulated ps

export function pinnedFooter(pinned: number): string {
  if (pinned === 0) return 'No PID is pinned: ps shows every PID that is taken.';
  const [verb, leaders] = pinned === 1 ? ['is', 'leader has'] : ['are', 'leaders have'];
  return (
    `${plural(pinned, 'more PID')} ${verb} taken, which ps cannot show: their ${leaders} been reaped, but processes ` +
    'above still belong to the session or process group.'
  );
}

// ------------------------------------------------------------------------------------------ files

export function notOurs(path: string): string {
  return `${path} exists and was not written by pidsim, so it is left alone and nothing has been written`;
}
