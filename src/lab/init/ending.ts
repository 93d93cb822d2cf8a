/** What a PID 1 does with signals, and with the end of its main child. */
import { constants } from 'node:os';
import type { StatRow } from '../../procfs/stat.js';
import { formatDuration } from '../../text/duration.js';
import { listOf } from '../../text/figures.js';
import type { Ended } from '../namespace/private-namespace.js';
import { compileHelper } from '../namespace/setup.js';
import { check, type InitCheck } from './report.js';
import { describeEnd, type Exam, hasSignal, InitNotExamined, inWorld, read, type World } from './world.js';

const CHILDREN_TRIED_MAX = 4;
/** PID 1 may be busy with another child first. */
const MOMENT_MS = 1500;
/** A PID 1 that handles signals in a loop may sleep in between. */
const TOLD_MS = 4000;
const BYSTANDERS = 3;

/** Which of its children PID 1 lives for, by comm and place among them. */
export interface MainChild {
  comm: string;
  index: number;
  /** `tini --` of `tini -- app`: another command can be put in the place of the child's. */
  wrapper: string[] | null;
}

export interface ChildExam {
  main: MainChild | null;
  checks: InitCheck[];
}

/** Its children are killed one after another until PID 1 ends: that was the one it was waiting for. */
export async function examineChildEnd(world: World): Promise<ChildExam> {
  const { init, exam } = world;
  const children = world.children();
  const named = children.filter(({ comm }) => comm === (exam.child ?? comm));
  if (exam.child !== undefined && named.length === 0) {
    const others = listOf([...new Set(children.map(({ comm }) => comm))]) || 'none';
    throw new InitNotExamined(`PID 1 has no child \`${exam.child}\`: it has ${others}`);
  }
  if (named.length === 0) {
    const none = 'it has no child of its own';
    return { main: null, checks: [check('own-child', 'none', none), check('ends-with-child', 'none', none)] };
  }
  const tried = named.slice(0, exam.child === undefined ? CHILDREN_TRIED_MAX : 1);
  const wrappers = tried.map((child) => wrapperOf(exam.command, world.hostPid(child)));
  const unreaped: string[] = [];
  let n = 0;
  for (; n < tried.length && init.end === null; n++)
    if (!(await endChild(world, tried[n], n === tried.length - 1))) unreaped.push(tried[n].comm);
  const place = init.end === null ? 0 : n - 1;
  const { comm } = tried[place];
  const index = children.indexOf(tried[place]);
  const which = children.length === 1 ? '' : `, child ${index + 1} of ${children.length}`;
  const killed = `its main child (${comm}${which}) was killed`;
  const zombies = init.end === null ? unreaped.length : 0;
  const own = zombies > 0 ? `${listOf(unreaped)} stayed a zombie` : 'it was reaped';
  const all = tried.length === 1 ? killed : `${tried.length} of its children were killed`;
  const ends =
    init.end === null ? check('ends-with-child', 'no', `${all}: PID 1 went on`) : endedWith(killed, init.end);
  const checks = [check('own-child', zombies === 0, `${killed}: ${own}`, { ownZombies: zombies }), ends];
  return { main: { comm, index, wrapper: wrappers[place] }, checks };
}

function endedWith(killed: string, end: Ended): InitCheck {
  const saysSo = end.status === 128 + 9 || end.signal === 'SIGKILL';
  const evidence = `${killed}: PID 1 ${describeEnd(end)}, which ${saysSo ? 'says so' : 'does not say so'}`;
  return check('ends-with-child', true, evidence, { ...endNumbers(end), saysSo: Number(saysSo) });
}

/** Kills one child. True: it was reaped. */
async function endChild(world: World, child: StatRow, isLast: boolean): Promise<boolean> {
  const { host, init, exam } = world;
  try {
    process.kill(world.hostPid(child), 'SIGKILL');
  } catch {
    return true; // It has ended by itself since.
  }
  const isGone = (): boolean => init.end !== null || !host.tasks().some(({ pid }) => pid === child.pid);
  if (!(await world.until(isGone, exam.patienceMs))) return false;
  const isReplaced = (): boolean =>
    world.children().some(({ pid, comm }) => comm === child.comm && pid > child.pid);
  await world.until(() => init.end !== null || isReplaced(), isLast ? exam.patienceMs : MOMENT_MS);
  return true;
}

function endNumbers(end: Ended | null): Record<string, number> {
  return end === null || end.status === null ? {} : { status: end.status };
}

/** The words of the command in front of those that are its child's own; null if its child has other words. */
function wrapperOf(command: readonly string[], childHostPid: number): string[] | null {
  const all = read(`/proc/${childHostPid}/cmdline`).split('\0').slice(0, -1);
  const given = command.map((word) => Buffer.from(word).toString('latin1'));
  // The kernel puts the words of a `#!` line in front of a script's own: an interpreter, and maybe an
  // argument.
  for (const words of [all, all.slice(1), all.slice(2)]) {
    const wrapper = command.slice(0, command.length - words.length);
    const isSame = words.every((word, n) => given[wrapper.length + n] === word);
    const isOwn = words === all || read(words[0] ?? '').startsWith('#!');
    if (isSame && isOwn && words.length > 0 && wrapper.length > 0) return wrapper;
  }
  return null;
}

/** The main child in another world; null where it has none. A shell's loop may be between two. */
async function mainIn(world: World, main: MainChild | null): Promise<StatRow | null> {
  if (main === null) return null;
  const find = (): StatRow | undefined => {
    const children = world.children();
    const inPlace = children[main.index];
    return inPlace?.comm === main.comm
      ? inPlace
      : (children.find(({ comm }) => comm === main.comm) ?? inPlace);
  };
  await world.until(() => find() !== undefined, MOMENT_MS);
  return find() ?? null;
}

/** Is the signal pending, because the process blocks it? */
function isHeld(hostPid: number, signal: string): boolean {
  return hostPid > 0 && hasSignal(hostPid, 'ShdPnd', signal);
}

/** SIGTERM from outside, as `docker stop` and the kubelet send it: does PID 1 end, and was its child told? */
export async function examineTerm(world: World, main: MainChild | null): Promise<InitCheck[]> {
  const { host, init, exam } = world;
  const child = await mainIn(world, main);
  const hostPid = world.hostPid(child);
  if (child !== null) await host.seize(hostPid, false);
  const takes = world.canTake('SIGTERM');
  let isTold = false;
  const sentMs = performance.now();
  host.kill(init, 'SIGTERM');
  const isOver = (): boolean => {
    isTold ||= isHeld(hostPid, 'SIGTERM');
    return init.end !== null;
  };
  const ended = await world.until(isOver, takes ? exam.patienceMs : MOMENT_MS);
  const endMs = Math.round(performance.now() - sentMs);
  const after = formatDuration(endMs * 1000);
  const drops = 'it has no handler, and the kernel then drops it for a PID 1';
  const goesOn = takes ? `it had not ended ${after} later` : drops;
  const ends = ended
    ? check('ends-on-term', 'yes', `it ${describeEnd(init.end!)} after ${after}`, {
        ...endNumbers(init.end),
        endMs,
      })
    : check('ends-on-term', 'no', goesOn, { handled: Number(takes) });
  if (child === null) return [ends, check('child-told', 'none', 'it has no child to tell')];
  const told = world.caughtBy(hostPid) ?? (isTold ? 'SIGTERM' : undefined);
  const as = told === 'SIGTERM' ? '' : `, as ${told}`;
  const fate = ended ? 'was killed with the namespace, without a word' : 'was not told, and goes on';
  const evidence = told === undefined ? `${child.comm} ${fate}` : `SIGTERM reached ${child.comm}${as}`;
  return [ends, check('child-told', told !== undefined, evidence)];
}

/**
 * How many of what it had adopted were alive and had not been told when it ended on SIGTERM; null: it did not
 * end.
 */
export async function examineBystanders(world: World): Promise<number | null> {
  const { host, init, exam } = world;
  const made = Math.max(0, await host.makeOrphans('bystander', BYSTANDERS));
  const limitMs = world.canTake('SIGTERM') ? exam.patienceMs : MOMENT_MS;
  host.kill(init, 'SIGTERM');
  return (await world.untilEnd(limitMs)) ? made - (await host.termsHeard()) : null;
}

const OTHER_SIGNALS = ['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** The other signals, one after another; a PID 1 that ends of one is started again for the rest. */
export async function examineSignals(exam: Exam, main: MainChild | null): Promise<InitCheck[]> {
  if (main === null) return [];
  const pair = main.wrapper === null ? undefined : [...main.wrapper, compileHelper('namespace'), 'pair'];
  const left: NodeJS.Signals[] = [...OTHER_SIGNALS];
  const got: Record<string, number> = {};
  const words: string[] = [];
  const beside: InitCheck[] = [];
  const lookAt = async (world: World): Promise<void> => {
    const { host, init } = world;
    const child = pair === undefined ? await mainIn(world, main) : (world.children()[0] ?? null);
    if (child === null) return void left.splice(0);
    const hostPid = world.hostPid(child);
    const others = host
      .tasks()
      .filter(({ pid, pgid }) => pgid === child.pgid && pid !== child.pid && pid !== 1);
    if (beside.length === 0) beside.push(inherited(hostPid));
    for (const each of [child, ...others]) await host.seize(world.hostPid(each), true);
    while (left.length > 0 && init.end === null) {
      const signal = left.shift()!;
      const from = host.caught.length;
      const takes = world.canTake(signal);
      host.kill(init, signal);
      const isOver = (): boolean => init.end !== null || world.caughtBy(hostPid, from) !== undefined;
      await world.until(isOver, takes ? TOLD_MS : 200);
      const as = world.caughtBy(hostPid, from) ?? (isHeld(hostPid, signal) ? signal : undefined);
      got[signal] = Number(as !== undefined);
      if (as !== undefined && as !== signal) words.push(`${signal} as ${as}`);
      if (init.end !== null) words.push(`${signal} ends PID 1`);
      if (beside.length > 1 || as === undefined || others.length === 0) continue;
      const isWhole = await world.until(
        () => others.every((other) => world.caughtBy(world.hostPid(other), from) !== undefined),
        200,
      );
      const whole = 'the whole process group of its child got it';
      const alone = 'its child alone got it, not the rest of the child’s process group';
      beside.push(check('process-group', isWhole, isWhole ? whole : alone));
    }
  };
  while (left.length > 0) await inWorld(exam, { command: pair }, lookAt);
  if (beside.length === 0) return [];
  for (const [value, verb] of [
    [1, 'reached'],
    [0, 'did not reach'],
  ] as const) {
    const signals = OTHER_SIGNALS.filter((signal) => got[signal] === value);
    if (signals.length > 0) words.unshift(`${listOf(signals)} ${verb} its child`);
  }
  return [check('passes-signals', !Object.values(got).includes(0), words.join('; '), got), ...beside];
}

/** What its child has inherited, or has set itself: blocked and ignored signals. */
function inherited(hostPid: number): InitCheck {
  const names = Object.keys(constants.signals).filter((name) => name !== 'SIGIOT' && name !== 'SIGPOLL');
  const set = [
    ['SigBlk', 'blocked'],
    ['SigIgn', 'ignored'],
  ].flatMap(([mask, word]) => {
    const signals = names.filter((name) => hasSignal(hostPid, mask, name));
    return signals.length === 0 ? [] : [`${listOf(signals)} ${word}`];
  });
  const evidence = `it has ${set.join(', ') || 'no signal blocked or ignored'}`;
  return check('child-signals', set.length === 0, evidence);
}

/** Its parent outside dies before it: does PID 1 have itself told, and does it end or pass that on? */
export async function examineParentDeath(world: World, main: MainChild | null): Promise<InitCheck> {
  const { host, init } = world;
  const hostPid = world.hostPid(await mainIn(world, main));
  if (hostPid > 0) await host.seize(hostPid, true);
  host.orphanInit();
  await world.until(() => init.end !== null || world.caughtBy(hostPid) !== undefined, MOMENT_MS);
  const passed =
    world.caughtBy(hostPid) ?? Object.keys(constants.signals).find((name) => isHeld(hostPid, name));
  const did =
    passed !== undefined ? `${passed} reached its child` : init.end && `it ${describeEnd(init.end)}`;
  if (did === null) return check('parent-death', 'none', 'it does not ask to be told of its parent’s death');
  return check('parent-death', 'yes', `when that died, ${did}`);
}

/** Twice 128 entrypoints that wait for something would take too long. */
const QUICK_MS = 2000;
/** A handful, where each takes a world of its own. */
const SOME_STATUSES = [0, 1, 42, 127, 255];
type Statuses = Map<number, number | null>;

/** Does PID 1 end with the status of its main child? All 256 where another child can be put in its place. */
export async function examineStatuses(exam: Exam, { main, checks }: ChildExam): Promise<InitCheck[]> {
  if (main === null) return [];
  const killed = checks.find(({ name }) => name === 'ends-with-child')!;
  if (killed.answer !== 'yes') return [check('passes-status', 'none', 'it does not end with its child')];
  const wrong: string[] = killed.numbers.saysSo === 1 ? [] : [`a SIGKILL became ${killed.numbers.status}`];
  const ended = (await allStatuses(exam, main)) ?? (await someStatuses(exam, main));
  for (const [wanted, status] of ended instanceof Map ? ended : [])
    if (wanted !== status) wrong.push(`${wanted} became ${status ?? 'nothing: it went on'}`);
  const shown = wrong.length > 4 ? [...wrong.slice(0, 4), `${wrong.length - 4} more`] : wrong;
  if (wrong.length > 0) return [check('passes-status', 'no', listOf(shown))];
  if (typeof ended === 'string') return [check('passes-status', 'none', ended)];
  const tried = ended.size === 256 ? 'all 256 statuses' : `statuses ${listOf([...ended.keys()].map(String))}`;
  return [check('passes-status', 'yes', `${tried} were its own`)];
}

/** Null: no other child can be put there, or with this one PID 1 does not come to an end at once. */
async function allStatuses(exam: Exam, { wrapper }: MainChild): Promise<Statuses | null> {
  if (wrapper === null) return null;
  const statuses: Statuses = new Map();
  const atOnce: Exam = { ...exam, command: ['pause'], execs: [], startedMs: 0, settle: {} };
  return inWorld(atOnce, {}, async (world) => {
    world.host.kill(world.init, 'SIGKILL');
    await world.init.ended;
    for (let status = 0; status < 256; status++) {
      const init = await world.host.startInit([
        ...wrapper,
        compileHelper('namespace'),
        'exit',
        String(status),
      ]);
      if (!(await world.until(() => init.end !== null, QUICK_MS)) || (await init.execed) !== null)
        return null;
      statuses.set(status, init.end!.status);
    }
    return statuses;
  });
}

/** Or why not. */
async function someStatuses(exam: Exam, main: MainChild): Promise<Statuses | string> {
  const tryOne = (status: number): Promise<number | null | string> =>
    inWorld(exam, {}, async (world) => {
      const hostPid = world.hostPid(await mainIn(world, main));
      const errno = hostPid === 0 ? 'ESRCH' : await world.host.makeExit(hostPid, status);
      if (errno !== null) return `a child cannot be made to exit here: ${errno}`;
      await world.untilEnd(exam.patienceMs);
      return world.init.end?.status ?? null;
    });
  const ended = await Promise.all(SOME_STATUSES.map(tryOne));
  const problem = ended.find((each) => typeof each === 'string');
  return problem ?? new Map(SOME_STATUSES.map((status, n) => [status, ended[n] as number | null]));
}
