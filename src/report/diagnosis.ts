/** A diagnosis in at most 80 columns: the finding, then what to do. The sentences: diagnosis.json. */
import type { Crowd } from '../diagnose/crowds.js';
import type { Diagnosis, Finding } from '../diagnose/diagnose.js';
import { type Family, leakers } from '../diagnose/families.js';
import { isTight, type Room } from '../diagnose/room.js';
import { visible } from '../procfs/captured-row.js';
import { formatSeconds } from '../text/duration.js';
import { formatCount, listOf, plural } from '../text/figures.js';
import { fillLines } from '../text/table.js';
import { DAY_S } from '../text/wall-clock.js';
import words from './diagnosis.json' with { type: 'json' };

type Told = Record<string, string>;
type Steps = Record<string, string[]>;

const WIDTH = 80;
const LABEL = 9;
const FAMILIES_SHOWN_MAX = 5;
const FAR_HOURS = 10 * 365 * 24;
/** What shows everything at once. */
const ASK = 'ps -eo pid,ppid,pgid,sid,nlwp,stat,lstart,cgroup,comm';

export function renderDiagnosis(diagnosis: Diagnosis): string {
  const { main } = diagnosis;
  const lines = headline(main)
    .split('\n')
    .flatMap((line) => fillLines(line.split(' '), WIDTH));
  const add = (label: string, paragraphs: readonly string[]): void => {
    for (const [index, text] of paragraphs.entries())
      for (const [at, line] of fillLines(text.split(' '), WIDTH - LABEL).entries())
        lines.push(`${(index + at === 0 ? label : '').padEnd(LABEL)}${line}`);
  };
  lines.push('');
  add('WHO', who(main));
  add('COUNT', counts(main));
  add('RATE', rates(diagnosis));
  add('UNTIL', until(main));
  const kinds = [...new Set(leaking(main).map(kindOf))];
  add(
    'WHY',
    kinds.map((kind) => (words.why as Told)[kind]),
  );
  add(
    'NOW',
    nowSteps(main, kinds).map((step, index) => `${index + 1}. ${step}`),
  );
  add('NOT', kinds.length === 0 ? [] : nots(main, kinds));
  add('NOTE', notes(diagnosis));
  if (main.missing.length > 0)
    add('ASK', [`${ASK}  shows what is missing here: ${main.missing.join(', ')}.`]);
  add('READ', diagnosis.findings.map(readAs));
  return `${lines.join('\n')}\n`;
}

/** What is no process list: what it is, and what to type. */
export function renderRefusal({ source, refusal }: Finding): string {
  const [what, hint] =
    (words.refusals as unknown as Record<string, string[]>)[refusal!] ?? words.refusals['no-process-list'];
  return `error: ${visible(source)}: ${what}\n  hint: ${hint || `On the node: ${ASK}`}`;
}

// ---------------------------------------------------------------------------------------------- the finding

function headline(finding: Finding): string {
  const { verdict, zombies, candidates, livingCrowds: crowds, rooms } = finding;
  const families = leaking(finding);
  const top = families[0];
  const z = plural(zombies ?? 0, 'zombie');
  switch (verdict) {
    case 'cannot-see':
      if (zombies !== null && finding.zombiesAtMost === null && finding.format !== 'docker-top') {
        const here = zombies === 0 ? 'No zombies' : z;
        return `${here} here, but the list is not whole: what is missing may hold more.`;
      }
      return finding.zombiesAtMost === null
        ? 'This list cannot show zombies: whether anything leaks is not to be seen here.'
        : `${zombies} to ${finding.zombiesAtMost} zombies: this list does not tell them from kernel threads.`;
    case 'candidates':
      return perhaps(candidates[0]);
    case 'leak-stopped':
      return `${capital(top)} left ${z}, but none of late: the leak has stopped, the PIDs stay taken.`;
    case 'old-burst':
      return `An old burst: ${z} of ${nameOf(top)}, all of one ${span(top)}. Nothing leaks now.`;
    case 'live-processes': {
      const rate = per(finding.livingPerHour ?? crowds[0].rate!.perHour);
      return `No zombies leak: ${crowdText(crowds[0])} live and do not end${rate}.`;
    }
    case 'threads':
      return `No zombies leak: ${threadsText(finding)}${inAll(finding)}`;
    case 'no-leak':
      if (finding.warnings.some(({ id }) => id === 'lister-missing')) {
        const rows = `Nothing leaks among these rows: ${zombies === 0 ? 'no zombies' : z}`;
        return `${rows}. But the ps that made the list is not one of them.`;
      }
      if (zombies === 0) return 'Nothing leaks here: no zombies.';
      return isOfDeadLeaders(finding)
        ? `Nothing leaks here: ${plural(zombies!, 'main thread')} have ended, and threads of theirs live.`
        : `Nothing leaks here: ${z}, and so few do no harm.`;
    default: {
      const full = rooms.find(isTight);
      const nearly =
        verdict === 'nearly-full' && full !== undefined ? `Nearly full: ${roomText(full)}.\n` : '';
      const names = Object.keys(finding.zombieComms);
      if (isOfLiving(finding)) return nearly + livingText(finding);
      const listed = names.length === 1 && names[0] !== '' ? ` (${visible(names[0])})` : '';
      if (families.length === 0 || isHidden(top))
        return `${nearly}${z}${per(rateNow(finding))}${listed}; this list does not show their parents.`;
      const rate = per(rateNow(finding));
      if (families.length === 1) return `${nearly}${capital(top)} leaks: ${z}${rate}.`;
      return `${nearly}${families.length} processes leak ${z}${rate}: most are of ${nameOf(top)}.`;
    }
  }
}

function perhaps(crowd: Crowd): string {
  const children = comms(crowd.childComms);
  if (crowd.pid === null && crowd.comm === null)
    return `Perhaps a leak: ${children} at once, but this list shows neither zombies nor parents.`;
  const many = plural(crowd.count, 'equal child', 'equal children');
  return `Perhaps ${named(crowd)}: ${many}, but this list does not tell zombies.`;
}

/** The first line if a limit is near and there are no zombies. */
function livingText(finding: Finding): string {
  const { mostThreads, livingCrowds } = finding;
  const [crowd] = livingCrowds;
  const none = finding.zombies ? 'No zombies leak' : 'No zombies';
  const isOfThreads = crowd === undefined || (mostThreads?.threads ?? 0) >= crowd.count;
  const threads = mostThreads === null ? 'what takes the PIDs is alive' : threadsText(finding).slice(0, -1);
  return `${none}: ${isOfThreads ? threads : `${crowdText(crowd)} are alive`}${per(finding.livingPerHour)}.`;
}

function inAll({ livingPerHour }: Finding): string {
  return livingPerHour === null ? '' : ` Threads and processes in all: ${speed(livingPerHour)}.`;
}

function threadsText({ mostThreads }: Finding): string {
  if (mostThreads === null) return 'threads hold the PIDs.';
  const { pid, comm, threads } = mostThreads;
  if (pid === null)
    return `${formatCount(threads)} tasks named ${visible(comm)}, which may be threads of one process.`;
  return `${visible(comm)} (PID ${pid}) has ${formatCount(threads)} threads, and each takes a PID.`;
}

function isOfDeadLeaders({ zombies, deadLeadersWithLiveThreads }: Finding): boolean {
  return deadLeadersWithLiveThreads > 0 && zombies === deadLeadersWithLiveThreads;
}

function leaking({ zombiesByParent, verdict }: Finding): Family[] {
  if (verdict === 'no-leak' || zombiesByParent === null) return [];
  return leakers(zombiesByParent);
}

function rateNow({ ratePerHour, currentRatePerHour }: Finding): number | null {
  return currentRatePerHour ?? ratePerHour?.value ?? null;
}

/** `, 36 more per hour`: in the unit in which it is a whole number. */
function per(perHour: number | null): string {
  return perHour === null || perHour <= 0 ? '' : `, ${speed(perHour)}`;
}

function speed(perHour: number): string {
  const [amount, unit] =
    perHour > 36_000 ? [perHour / 3600, 'second'] : perHour < 1 ? [perHour * 24, 'day'] : [perHour, 'hour'];
  const few = amount < 1 ? Number(amount.toPrecision(2)) : formatCount(Number(amount.toPrecision(3)));
  return `${few} more per ${unit}`;
}

function nameOf({ pid, comm, row }: Pick<Family, 'pid' | 'comm'> & { row?: Family['row'] }): string {
  if (pid === null) return row ? `${visible(row.name)} (PID 1, inferred)` : 'a parent that is not shown';
  if (pid === 0) return 'a parent outside the container';
  return !comm ? `PID ${pid}` : `${visible(comm)} (PID ${pid})`;
}

function named(crowd: Crowd): string {
  return crowd.pid === null ? visible(crowd.comm ?? 'Parents not shown') : nameOf(crowd);
}

function span({ rate: { firstS, lastS } }: Family): string {
  return lastS! - firstS! >= DAY_S ? 'day' : 'moment';
}

function crowdText({ count, childComms, mayBeThreads }: Crowd): string {
  const what = mayBeThreads ? `${count} tasks` : plural(count, 'process', 'processes');
  return `${what} named ${visible(Object.keys(childComms)[0])}`;
}

/** The list has no column that tells the parent. */
function isHidden({ pid, row }: Family): boolean {
  return pid === null && !row;
}

function capital(family: Family): string {
  const name = nameOf(family);
  return family.pid === 0 || isHidden(family) ? `A${name.slice(1)}` : name;
}

// ---------------------------------------------------------------------------------------------- sections

function who(finding: Finding): string[] {
  const { zombieComms, zombiesByParent, candidates, livingCrowds: crowds, zombies, verdict } = finding;
  if (verdict === 'no-leak' && (!zombies || isOfDeadLeaders(finding))) return [];
  const many = leakers(zombiesByParent ?? []);
  const ofLiving = isOfLiving(finding);
  const shown = many.length > 0 || ofLiving ? many : (zombiesByParent ?? []);
  const families = shown.slice(0, FAMILIES_SHOWN_MAX).map((family) => {
    const what = [family.adopter && words.adopters[family.adopter], family.where].filter(Boolean).join(', ');
    const name = `${capital(family)}${what ? `, ${visible(what)}` : ''}`;
    const rate = per(family.rate.currentPerHour ?? family.rate.perHour);
    const own = ownText(family);
    return `${name}: ${plural(family.count, 'zombie')}${rate} (${comms(family.zombieComms)})${own}`;
  });
  const more = ofLiving ? 0 : (zombiesByParent?.length ?? 0) - families.length;
  if (more > 0) families.push(`${plural(more, 'other parent')} with fewer.`);
  const crowded = ofLiving && verdict !== 'threads' ? crowds : candidates;
  if (zombiesByParent === null && zombies && !ofLiving)
    families.push(`Their parents are not shown: ${comms(zombieComms) || 'no name is either.'}`);
  return [
    ...families,
    ...crowded.slice(0, FAMILIES_SHOWN_MAX).map((crowd) => `${named(crowd)}: ${comms(crowd.childComms)}`),
  ];
}

/** By the session it is seen whether they are its own children. */
function ownText({ ownSession, count, adopter }: Family): string {
  if (ownSession === null || adopter !== 'pid1-of-container') return '';
  if (ownSession === 0)
    return '; all are of other sessions, as is what an exec starts (probe, hook, kubectl exec)';
  return ownSession === count ? '; all are of its own session: its own children' : '';
}

function comms(zombieComms: Record<string, number>): string {
  const entries = Object.entries(zombieComms);
  const shown = entries
    .slice(0, 4)
    .map(([name, count]) => `${formatCount(count)} ${visible(name).slice(0, 40) || 'unnamed'}`);
  return entries.length > 4 ? `${shown.join(', ')}, …` : listOf(shown);
}

/** Threads and living processes hold the PIDs; a few zombies beside them do no harm. */
function isOfLiving({ verdict, zombies, zombiesByParent }: Finding): boolean {
  if (verdict !== 'nearly-full') return verdict === 'live-processes' || verdict === 'threads';
  return zombiesByParent === null ? !zombies : leakers(zombiesByParent).length === 0;
}

function counts(finding: Finding): string[] {
  const { zombies, zombiesAtMost, pinned, pinnedAtMost, verdict } = finding;
  if (!zombies || verdict === 'no-leak' || isOfLiving(finding)) return [];
  const most = zombiesAtMost === null ? '' : ` to ${formatCount(zombiesAtMost)}`;
  const z = `${formatCount(zombies)}${most} zombies`;
  if (pinned === null) {
    const range = `0 to ${formatCount(pinnedAtMost ?? zombies)}`;
    return [`${z}; pinned PIDs: ${range}, which only PGID and SID of a whole list tell.`];
  }
  const all = formatCount(zombies + pinned);
  return [`${z} and ${plural(pinned, 'pinned PID')}, which no ps shows: ${all} PIDs in all.`];
}

function rates({ main, comparison }: Diagnosis): string[] {
  const { ratePerHour, zombiesByParent, verdict } = main;
  if (!main.zombies || verdict === 'no-leak' || isOfLiving(main)) return [];
  const rate = zombiesByParent?.[0]?.rate;
  const lines: string[] = [];
  if (ratePerHour !== null) {
    const { value, tolerancePct } = ratePerHour;
    const late = main.currentRatePerHour;
    const basis =
      ratePerHour.basis === 'two-captures'
        ? `between two lists ${formatSeconds(comparison!.hours! * 3600)} apart`
        : 'from when the zombies started';
    lines.push(
      `${late === 0 ? 'while it went on, ' : ''}${speed(value)} (±${Math.ceil(tolerancePct)} %), ${basis}`,
    );
    if (late !== null && late > 0 && Math.abs(late / value - 1) > 0.3) lines.push(`of late ${speed(late)}`);
  } else if (rate?.boundsPerHour) {
    const [least, most] = rate.boundsPerHour;
    const range = `at least ${formatCount(least)}${most !== null ? ` and at most ${formatCount(most)}` : ''}`;
    const coarse = 'its times are too coarse for so short a time';
    lines.push(`not to be told from this list: ${coarse} (${range} per hour while they came)`);
  } else lines.push('unknown: a second list in ten minutes gives it (pidsim diagnose FIRST SECOND)');
  return lines;
}

function until(finding: Finding): string[] {
  if (finding.zombies === null || finding.verdict === 'no-leak') return [];
  const lines = finding.rooms.map((room) => {
    if (!room.isAssumed) return `${roomText(room)}.`;
    return `If pid_max is ${formatCount(room.value)}: ${room.hours === null ? '' : fullIn(room.hours)}.`;
  });
  if (finding.view === 'container' && finding.rooms.some(({ hours }) => hours !== null))
    lines.push('By this container alone: what else runs on the node takes PIDs too.');
  if (!finding.rooms.some(({ isAssumed }) => isAssumed)) return lines;
  if (finding.rooms.every(({ hours }) => hours === null)) return [];
  return [...lines, 'Which it is: cat /proc/sys/kernel/pid_max; then --pid-max N'];
}

function roomText({ limit, value, usable, used, isUsedAtLeast, hours }: Room): string {
  const of =
    usable === value
      ? `${formatCount(value)} (${limit})`
      : `${formatCount(usable)} usable PIDs (${limit} ${formatCount(value)})`;
  const until = hours === null ? '' : `, ${fullIn(hours)}`;
  return `${isUsedAtLeast ? 'at least ' : ''}${formatCount(used)} of ${of} taken${until}`;
}

function fullIn([soonest, latest]: [number, number]): string {
  if (soonest > FAR_HOURS) return 'not full within 10 years';
  const [a, b] = [soonest, latest].map((hours) => formatSeconds(Math.round(hours * 3600)));
  return `full in ${a === b ? a : `${a} to ${b}`}`;
}

function kindOf({ adopter, comm }: Family): string {
  return adopter === 'pid1-of-container' && comm === 'pause' ? 'pause' : (adopter ?? 'unknown');
}

function nowSteps(finding: Finding, kinds: readonly string[]): string[] {
  const { verdict, livingCrowds: crowds } = finding;
  const { mostThreads } = finding;
  const ofLiving = isOfLiving(finding);
  if (ofLiving && mostThreads && mostThreads.threads >= (crowds[0]?.count ?? 0)) {
    const { pid, comm } = mostThreads;
    const whose = pid === null ? words.living.whoseThreads : [];
    const named = { pid: String(pid ?? 'PID'), comm: visible(comm) };
    return [...makeRoom(finding), ...whose, ...fill(words.living.threads, named)];
  }
  if (ofLiving && crowds.length > 0) {
    const [crowd] = crowds;
    const what = visible(Object.keys(crowd.childComms)[0]);
    return [
      ...makeRoom(finding),
      ...(crowd.mayBeThreads ? words.living.whoseThreads : []),
      ...fill(crowd.pid === null || crowd.comm === null ? words.living.orphaned : words.living.children, {
        what,
        parent: named(crowd),
      }),
    ];
  }
  if (verdict === 'cannot-see' || verdict === 'candidates') return [`List again with states: ${ASK}`];
  const families = leaking(finding);
  if (verdict === 'leak' && families.length === 0) return [`Find their parents: ${ASK}`];
  return [
    ...makeRoom(finding),
    ...kinds.flatMap((kind) => {
      const family = families.find((each) => kindOf(each) === kind)!;
      const where = family.where ?? (finding.container && `of ${finding.container}`);
      const whose = kinds.length > 1 ? `${nameOf(family)}: ` : '';
      const zombies = visible(listOf(Object.keys(family.zombieComms).slice(0, 3))) || '(not shown)';
      const told = { comms: zombies, where: where ? ` (${visible(where)})` : '' };
      return fill((words.now as Steps)[kind], told).map((step) => whose + step);
    }),
  ];
}

/** Texts of diagnosis.json with what their names in braces stand for. */
function fill(texts: readonly string[], values: Told): string[] {
  return texts.map((text) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]));
}

function makeRoom({ rooms, view }: Finding): string[] {
  const isTightHere = rooms.some(isTight) && view !== 'container';
  return isTightHere
    ? ['Make room at once, without a fork: echo 4194304 >/proc/sys/kernel/pid_max (a builtin of the shell).']
    : [];
}

function nots({ rooms }: Finding, kinds: readonly string[]): string[] {
  const { zombies, pause, raise } = words.not;
  return [zombies, ...(kinds.includes('pause') ? [pause] : []), ...(rooms.some(isTight) ? [raise] : [])];
}

function notes({ main, findings }: Diagnosis): string[] {
  const seen = findings.flatMap(({ warnings }) => warnings);
  const texts = seen.map(({ id, of }) => {
    return visible(((words.warnings as Told)[id] ?? id).replace('{of}', of ?? ''));
  });
  const few = main.verdict === 'no-leak' && (main.zombies ?? 0) > 0 && !isOfDeadLeaders(main);
  return [
    ...new Set([...texts, ...(few ? ['Look again in ten minutes: if they are more, it is a leak.'] : [])]),
  ];
}

function readAs(finding: Finding): string {
  const { source, format, processes, threads, view, capturedAt, container, refusal } = finding;
  if (refusal !== null) return `${visible(source)}: not read (${refusal})`;
  const seen =
    view === 'unknown' ? '' : ` seen from the ${view}${container === null ? '' : ` ${visible(container)}`}`;
  const rows = processes === null ? '' : `, ${plural(processes, 'process', 'processes')}`;
  const tasks = threads === null ? '' : `, ${plural(threads, 'thread')}`;
  const at = capturedAt === null ? '' : `, at ${capturedAt}`;
  return `${visible(source)}: ${format}${rows}${tasks}${seen}${at}`;
}

/** For runbooks. Families without the row that they were read from. */
export function diagnosisDocument({ main, findings, comparison }: Diagnosis): object {
  const plain = ({ zombiesByParent, warnings, ...rest }: Finding): object => ({
    ...rest,
    zombiesByParent: zombiesByParent?.map(({ row: _, ...family }) => family) ?? null,
    warnings: warnings.map((notice) => ({
      ...notice,
      text: notes({
        main: { ...main, verdict: 'leak' },
        findings: [{ ...main, warnings: [notice] }],
        comparison: null,
      })[0],
    })),
  });
  const finding = main.usable ? headline(main) : null;
  return {
    apiVersion: 'pidsim/v1',
    kind: 'Diagnosis',
    finding,
    ...plain(main),
    comparison,
    captures: findings.map(plain),
  };
}
