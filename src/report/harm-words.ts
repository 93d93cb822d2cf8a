/** Harms in words: whose limit, when, how often; in a cell of a table, in a title, in a sentence. */
import { HARM_LASTS_SECONDS, harmsOf } from '../run/harm.js';
import type { Harm, HarmScope, Limit, PodRefusal, Projection, RunResult } from '../run/result.js';
import { formatSeconds } from '../text/duration.js';
import { cutInTheMiddle, formatCount, plural } from '../text/figures.js';
import { formatMoment } from '../text/wall-clock.js';

export const SCOPES: Record<HarmScope, string> = {
  container: 'container',
  service: 'service',
  user: 'user',
  pod: 'pod',
  'all-pods': 'all pods',
  node: 'node',
};

/** `node full`, `all pods full`, `pod refused` (for a moment), `evicted`, `cannot start`. */
export function harmName({ kind, scope, lasts }: Harm): string {
  if (kind === 'evicted') return 'evicted';
  if (kind === 'not-started') return lasts === 'moment' ? 'late start' : 'cannot start';
  return `${SCOPES[scope]} ${lasts === 'moment' ? 'refused' : 'full'}`;
}

/** `pids.max 1,024`. */
export function limitWords({ name, value }: Limit): string {
  return `${name} ${formatCount(value)}`;
}

/** Does the answer hang on what an assumed command leaves behind? */
export function isUnsure({ bracket }: RunResult): boolean {
  return bracket?.isSame === false;
}

/** For a cell: what comes first, or that nothing does within the run. */
export function harmCell(result: RunResult): string {
  const [first] = harmsOf(result);
  if (first !== undefined) return harmName(first);
  const none = `none in ${formatSeconds(result.endSeconds)}`;
  return isUnsure(result) ? `${none} (assumed)` : none;
}

/** `22.4 h`, or `2 Mar 08:24`; `~31 d` where that is when the node would be full at this rate; `-`. */
export function timeToHarm(result: RunResult): string {
  const [first] = harmsOf(result);
  if (first !== undefined) return formatMoment(first.atSeconds, result.start);
  const { projection } = result;
  return projection?.kind === 'exhausts' ? `~${formatMoment(projection.atSeconds, result.start)}` : '-';
}

/** `node full after 22.4 h (pid_max 32,768)`, `not full in 10 d (full after 32.7 d at this rate)`. */
export function shortAnswer(first: Harm | null, projection: Projection | null, endSeconds: number): string {
  if (first !== null) {
    const limit = first.limit === null ? '' : ` (${limitWords(first.limit)})`;
    return `${harmName(first)} after ${formatSeconds(first.atSeconds)}${limit}`;
  }
  const within = `not full in ${formatSeconds(endSeconds)}`;
  if (projection === null) return within;
  return projection.kind === 'never'
    ? `${within}, nor at this rate`
    : `${within} (full after ${formatSeconds(projection.atSeconds)} at this rate)`;
}

/** bad: harmed or down; doubtful: on its way, too short to say, or by assumption; good: not at this rate. */
export function toneOf(result: RunResult): 'bad' | 'doubtful' | 'good' {
  if (harmsOf(result).length > 0 || downUnlimited(result) !== null) return 'bad';
  return result.projection?.kind === 'never' && !isUnsure(result) ? 'good' : 'doubtful';
}

/**
 * From urgent to not: harmed; down for another reason, or full later; unharmed unless an assumption is wrong;
 * unharmed.
 */
function urgency(result: RunResult): [group: number, seconds: number] {
  const [first] = harmsOf(result);
  if (first !== undefined) return [0, first.atSeconds];
  const { projection, bracket } = result;
  const down = downUnlimited(result);
  if (down !== null) return [1, down.sinceSeconds];
  if (projection?.kind === 'exhausts') return [1, projection.atSeconds];
  return isUnsure(result) ? [2, bracket?.firstHarm?.atSeconds ?? result.endSeconds] : [3, 0];
}

export function byUrgency(results: readonly RunResult[]): RunResult[] {
  return [...results].sort((a, b) => {
    const [[groupA, timeA], [groupB, timeB]] = [urgency(a), urgency(b)];
    return groupA - groupB || timeA - timeB || (a.scenario.name < b.scenario.name ? -1 : 1);
  });
}

/** Harms of one kind and scope are told by the first. Those of the node's table are told elsewhere. */
function harmsTold(result: RunResult): Harm[] {
  const told = new Set<string>();
  return harmsOf(result).filter(({ kind, scope }) => {
    const { size } = told;
    return scope !== 'node' && told.add(`${kind} ${scope}`).size > size;
  });
}

export function harmClauses(result: RunResult): { harm: Harm; clause: string }[] {
  return harmsTold(result).map((harm) => ({ harm, clause: clauseOf(result, harm) }));
}

/** For a mark in a chart: `pod web-0 full: 5 h`. */
export function harmLabels(result: RunResult): { seconds: number; label: string }[] {
  return harmsTold(result).map((harm) => {
    const { kind, scope, of, atSeconds, lasts } = harm;
    const refused = lasts === 'moment' ? 'refused' : 'full';
    const what = { refused, evicted: 'evicted', 'not-started': 'not started' }[kind];
    const who = whose(scope, cutInTheMiddle(of, NAME_MAX));
    return { seconds: atSeconds, label: `${who} ${what}: ${formatMoment(atSeconds, result.start)}` };
  });
}

/** Of a name in a chart. */
const NAME_MAX = 24;

function clauseOf(result: RunResult, harm: Harm): string {
  if (harm.kind === 'evicted') return evictions(result);
  if (harm.kind === 'refused') return refusals(result, harm);
  const at = formatSeconds(harm.atSeconds);
  const { untilSeconds } = result.symptoms.firstPodNotCreated!;
  if (untilSeconds === null) return `pod ${harm.of} cannot be started from ${at} on`;
  return `pod ${harm.of} is started ${formatSeconds(untilSeconds - harm.atSeconds)} late at ${at}`;
}

function evictions({ pods }: RunResult): string {
  const hit = pods.filter(({ evicted }) => evicted !== null);
  const [first] = hit.sort((a, b) => a.evicted!.atSeconds - b.evicted!.atSeconds);
  const { atSeconds, times } = first.evicted!;
  const at = formatSeconds(atSeconds);
  const gone = hit.filter(({ comesBack }) => !comesBack).length;
  if (hit.length === 1) {
    const back = gone === 0 ? 'it comes back' : 'it does not come back';
    return `pod ${first.name} is evicted ${times > 1 ? `${times} times, first ` : ''}at ${at}, and ${back}`;
  }
  const rest = hit.length - gone;
  const back = rest === 0 ? 'none comes back' : `${rest} ${rest === 1 ? 'comes' : 'come'} back`;
  return `${hit.length} pods are evicted, ${first.name} first at ${at}; ${back}`;
}

/** `pod web`, `container web/app`, `all pods`, `service containerd`, `uid 1000`. */
function whose(scope: HarmScope, of: string): string {
  return scope === 'all-pods' || scope === 'user' ? of : `${SCOPES[scope]} ${of}`;
}

function refusals({ symptoms, pods }: RunResult, { scope, of, atSeconds, limit, lasts }: Harm): string {
  const alike = symptoms.podRefusals.filter(({ limitOf }) => limitOf === scope);
  const owners = new Set(alike.map((refusal) => refusal.of));
  const limited = limit === null ? '' : ` (${limitWords(limit)})`;
  const hit = new Set(alike.map(({ pod }) => pod));
  const restarts = pods.reduce((sum, pod) => sum + (hit.has(pod.name) ? pod.restarts : 0), 0);
  const again = restarts === 0 ? '' : `; ${plural(restarts, 'restart')}`;
  if (owners.size > 1) {
    const verb = lasts === 'moment' ? 'refused forks' : 'full';
    const what = `${owners.size} ${SCOPES[scope]}s`;
    return `${what} ${verb}, ${of} first at ${formatSeconds(atSeconds)}${limited}${ended(alike)}${again}`;
  }
  const who = `${whose(scope, of)}`;
  const affected =
    scope === 'all-pods' ? `: ${plural(hit.size, 'pod')} ${hit.size === 1 ? 'is' : 'are'} refused forks` : '';
  return `${who}${spell(alike, lasts)}${limited}${affected}${again}`;
}

/** A limit that has room for a smaller share of the time is full, with breaks. */
const MOSTLY = 0.9;

/** One limit: full from then on, for a while, or again and again. */
function spell(alike: readonly PodRefusal[], lasts: Harm['lasts']): string {
  const [{ atSeconds, lastAtSeconds, untilSeconds, times, forSeconds }] = alike;
  const at = formatSeconds(atSeconds);
  if (times > 1) {
    const everySeconds = (lastAtSeconds - atSeconds) / (times - 1);
    if (forSeconds / times > MOSTLY * everySeconds) {
      const end = untilSeconds === null ? 'on' : `to ${formatSeconds(untilSeconds)}`;
      return ` full from ${at} ${end}, with ${plural(times - 1, 'short break')}`;
    }
    const every = formatSeconds(everySeconds);
    const seconds = Math.round(forSeconds / times);
    const each = seconds < 1 ? 'a moment' : formatSeconds(seconds);
    const what = seconds < HARM_LASTS_SECONDS ? ': forks refused' : ' full';
    return `${what} ${formatCount(times)} times, every ${every} from ${at} on, ${each} each`;
  }
  if (lasts === 'moment') return `: forks refused for a moment at ${at}`;
  if (untilSeconds === null) return ` full after ${at}`;
  const until = formatSeconds(untilSeconds);
  return until === at
    ? ` full at ${at} for ${formatSeconds(untilSeconds - atSeconds)}`
    : ` full from ${at} to ${until}`;
}

function ended(alike: readonly PodRefusal[]): string {
  const ongoing = alike.filter(({ untilSeconds }) => untilSeconds === null).length;
  if (ongoing === alike.length) return '';
  if (ongoing > 0) return `, ${ongoing} to the end`;
  return `, until ${formatSeconds(Math.max(...alike.map(({ untilSeconds }) => untilSeconds!)))}`;
}

/** Pods that are down to the end, with breaks or without; the one that has been so for longest is told. */
interface Down {
  pods: number;
  /** `3 pods are mostly down`, `pod web-0 is down`. */
  clause: string;
  name: string;
  sinceSeconds: number;
  upSeconds: number;
}

function downOf({ pods }: RunResult): Down | null {
  const down = pods.flatMap(({ name, mostlyDown }) => (mostlyDown === null ? [] : { name, ...mostlyDown }));
  if (down.length === 0) return null;
  const first = down.reduce((earliest, each) =>
    each.sinceSeconds < earliest.sinceSeconds ? each : earliest,
  );
  const state = down.some(({ upSeconds }) => upSeconds >= 1) ? 'mostly down' : 'down';
  const clause = down.length === 1 ? `pod ${first.name} is ${state}` : `${down.length} pods are ${state}`;
  return { pods: down.length, clause, ...first };
}

/** Pods that are down to the end, with what breaks and why; empty: none is. */
export function downClause(result: RunResult): string {
  const down = downOf(result);
  if (down === null) return '';
  const { pods, clause, name, sinceSeconds, upSeconds } = down;
  const breaks = upSeconds < 1 ? '' : ` (up for ${formatSeconds(upSeconds)} of it)`;
  const who = pods === 1 ? '' : `, ${name}`;
  return `${clause}${who} from ${formatSeconds(sinceSeconds)} on${breaks}${whyRestarted(result, down)}`;
}

/** Of a pod that comes up again and again: what ends it. */
function whyRestarted({ events }: RunResult, { name, sinceSeconds }: Down): string {
  const restart = events.find(
    ({ kind, subject, timeSeconds }) =>
      kind === 'container-restarted' && subject.startsWith(`${name}/`) && timeSeconds >= sinceSeconds,
  );
  return restart === undefined ? '' : `; restarts of ${restart.subject}: ${restart.detail}`;
}

/** Pods that are down and were so before any limit did harm: no limit is the reason. Null: it is not so. */
export function downUnlimited(result: RunResult): { clause: string; sinceSeconds: number } | null {
  const down = downOf(result);
  const [harm] = harmsOf(result);
  if (down === null || (harm !== undefined && harm.atSeconds <= down.sinceSeconds)) return null;
  const { clause, sinceSeconds } = down;
  return { clause: `${clause} from ${formatSeconds(sinceSeconds)} on`, sinceSeconds };
}
