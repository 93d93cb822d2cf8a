/**
 * The answer of a run: in one line, and in sentences. First harm first, then what else matters: the node's
 * table, what is down, what people noticed.
 *
 * A title is an answer, not a topic ("Full after 22.4 h: 8,117 zombies hold 16,234 PIDs").
 */
import type { Refuser, RunResult } from '../run/result.js';
import { fullForSeconds, lastReading, type Reading, tellStory } from '../run/story.js';
import { formatSeconds } from '../text/duration.js';
import { formatCount, listOf, plural } from '../text/figures.js';
import { downClause, downUnlimited, harmClauses, isUnsure, shortAnswer } from './harm-words.js';
import { explainPodRefusal, REFUSALS } from './refusal.js';

/** What fills the table: `8,117 zombies hold 16,234 PIDs`, or `30,120 tasks alive`. */
function holders(reading: Reading): string {
  const dead = reading.zombies + reading.pinned;
  if (dead * 2 < reading.allocated || dead === 0) return `${plural(reading.tasks, 'task')} alive`;
  if (reading.zombies === 0) return `${plural(reading.pinned, 'PID')} pinned by groups and sessions`;
  const verb = reading.zombies === 1 ? 'holds' : 'hold';
  return `${plural(reading.zombies, 'zombie')} ${verb} ${plural(dead, 'PID')}`;
}

/** The run in one line: the title of its main chart. */
export function headline(result: RunResult): string {
  const { bracket, endSeconds } = result;
  const isHarmed = tellStory(result).kind === 'full' || harmClauses(result).length > 0;
  if (bracket === undefined || isHarmed || !isUnsure(result)) return asAssumed(result);
  const other = shortAnswer(bracket.firstHarm, bracket.projection, endSeconds);
  const orphans = plural(bracket.orphansPerRun, 'orphan');
  return `${asAssumed(result)}; but ${other} if assumed commands leave ${orphans} a run`;
}

function asAssumed(result: RunResult): string {
  const [first] = harmClauses(result);
  const story = tellStory(result);
  if (story.kind === 'harmed') return `${capitalised(first.clause)}; the node has room: ${inUse(story.end)}`;
  const node = nodeHeadline(result);
  const down = downUnlimited(result);
  if (down !== null && first === undefined && story.kind !== 'full')
    return `${capitalised(down.clause)}; node: ${node.charAt(0).toLowerCase()}${node.slice(1)}`;
  if (story.kind !== 'full' || first === undefined || first.harm.atSeconds >= story.atSeconds) return node;
  return `${capitalised(first.clause)}; the node is ${node.charAt(0).toLowerCase()}${node.slice(1)}`;
}

function nodeHeadline(result: RunResult): string {
  const story = tellStory(result);
  switch (story.kind) {
    case 'full': {
      const { relief, again } = story;
      const rescue =
        relief === null ? '' : `; free again ${afterwards(relief.after.timeSeconds, story.atSeconds)}`;
      const relapse = again === null ? '' : `, full again at ${formatSeconds(again.atSeconds)}`;
      return `Full after ${formatSeconds(story.atSeconds)}: ${holders(story.reading)}${rescue}${relapse}`;
    }
    case 'recovered': {
      const { before } = story.relief;
      const most = `${formatCount(before.allocated)} of ${formatCount(before.pidMax)}`;
      return `Not full: ${most} in use at ${formatSeconds(before.timeSeconds)}, then given back`;
    }
    case 'would-fill': {
      const when = formatSeconds(story.atSeconds);
      if (story.relief !== null) {
        const { before, after } = story.relief;
        const given = `${formatCount(before.allocated - after.allocated)} PIDs given back`;
        return `${given} at ${formatSeconds(after.timeSeconds)}, yet full after ${when} at this rate`;
      }
      const end = formatSeconds(story.end.timeSeconds);
      return `Not full in ${end}, but after ${when} at this rate: ${holders(story.end)}`;
    }
    default: {
      const used = inUse(lastReading(result));
      return `Not full in ${formatSeconds(result.endSeconds)}: ${used}${outlook(result)}`;
    }
  }
}

/** What a run that was not harmed says of the time after it. */
function outlook({ projection }: RunResult): string {
  if (projection?.kind !== 'never') return '';
  return isBounded(projection) ? ', and each pod is full before it' : ', and not at this rate';
}

/** PIDs accumulate, and yet the node will never be full: every pod has a limit of its own. */
function isBounded({ pidsPerHour }: { pidsPerHour: number }): boolean {
  return pidsPerHour > 0;
}

function inUse(reading: Reading): string {
  return `${formatCount(reading.allocated)} of ${formatCount(reading.pidMax)} PIDs in use`;
}

/** The answer in full sentences, for a summary or a page. */
export function answer(result: RunResult): string {
  const [full] = result.exhaustions;
  const harms = harmSentences(result);
  const isEarlier = ({ atSeconds }: { atSeconds: number }) =>
    full === undefined || atSeconds < full.atSeconds;
  return [
    ...harms.filter(isEarlier).map(({ sentence }) => sentence),
    outcomeSentence(result),
    ...harms.filter((harm) => !isEarlier(harm)).map(({ sentence }) => sentence),
    reliefSentence(result),
    relapseSentence(result),
    downSentence(result),
    symptomSentence(result),
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

/** Why, for the refusals among them. */
function harmSentences(result: RunResult): { atSeconds: number; sentence: string }[] {
  return harmClauses(result).map(({ harm, clause }) => {
    const refusal = result.symptoms.podRefusals.find(({ limitOf }) => limitOf === harm.scope);
    const why = harm.kind === 'refused' ? ` ${capitalised(explainPodRefusal(refusal!).cause)}.` : '';
    return { atSeconds: harm.atSeconds, sentence: `${capitalised(clause)}.${why}` };
  });
}

/** What a user of the workload is asked first. */
function downSentence(result: RunResult): string {
  const clause = downClause(result);
  return clause === '' ? '' : `${capitalised(clause)}.`;
}

function outcomeSentence(result: RunResult): string {
  const story = tellStory(result);
  if (story.kind === 'full') {
    const { reading, atSeconds } = story;
    const [{ refusedBy }] = result.exhaustions;
    const when = `The node refuses its first fork after ${formatSeconds(atSeconds)}`;
    const held = `It then holds ${inventory(reading)}.${reservedSentence(reading, refusedBy)}`;
    return `${when}: ${REFUSALS[refusedBy].cause}. ${held}`;
  }
  const not = `The node does not fill up within ${formatSeconds(result.endSeconds)}`;
  if (story.kind === 'recovered') return `${not}.`;
  const end = `t the end it holds ${inventory(story.end)}.`;
  const rate = (pidsPerHour: number): string => `${signed(pidsPerHour)} PIDs per hour`;
  switch (story.kind) {
    case 'harmed':
      return `${not}: a${end}`;
    case 'would-fill': {
      const { method, pidsPerHour } = story.projection;
      const when = `it would after ${formatSeconds(story.atSeconds)}`;
      return `${not}, but at ${rate(pidsPerHour)} ${when} (${method}). A${end}`;
    }
    case 'never': {
      const { method, pidsPerHour } = story.projection;
      const why = isBounded(story.projection)
        ? 'not by its pods: each is full by itself before'
        : 'not at this rate';
      return `${not}, and ${why} (${rate(pidsPerHour)}; ${method}). A${end}`;
    }
    case 'open':
      return `${not}, and the run is too short or too uneven to say when it would. A${end}`;
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

/** What failed on the node, by when it did so first: as a clause, and in a word. */
export function firstFailures({ symptoms }: RunResult): { seconds: number; clause: string; what: string }[] {
  const { firstProbeFailureSeconds, firstPodCreateFailedSeconds, firstSshRefusedSeconds } = symptoms;
  const all: [number | null, clause: string, what: string][] = [
    [firstProbeFailureSeconds, 'the first probe fails', 'probes'],
    [firstPodCreateFailedSeconds, 'the first pod cannot be created', 'new pods'],
    [firstSshRefusedSeconds, 'the first ssh login is refused', 'logins'],
  ];
  return all
    .flatMap(([seconds, clause, what]) => (seconds === null ? [] : [{ seconds, clause, what }]))
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
  const [was, is] = [before.allocated, after.allocated].map(formatCount);
  const given = `${formatCount(before.allocated - after.allocated)} PIDs have been given back`;
  return `At ${formatSeconds(after.timeSeconds)}, ${given}: of ${was} in use, ${is} are left.`;
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
  const [inAll, of] = [fullForSeconds(result), lastReading(result).timeSeconds].map(formatSeconds);
  const from = `${formatSeconds(atSeconds)} ${end}${why}`;
  return `The node is full ${times} from ${from}: in all for ${inAll} of ${of}.`;
}

export function capitalised(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
