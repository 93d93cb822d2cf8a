/** What a PID 1 does with signals, and with the end of its main child. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { StatRow } from '../../procfs/stat.js';
import { formatDuration } from '../../text/duration.js';
import { listOf } from '../../text/figures.js';
import type { Ended, PrivateNamespace, Running } from '../namespace/private-namespace.js';
import { compileHelper } from '../namespace/setup.js';
import { check, type InitCheck } from './report.js';
import {
  childrenOf,
  describeEnd,
  type Exam,
  hasSignal,
  hostPidOf,
  InitNotExamined,
  inWorld,
  until,
} from './world.js';

const CHILDREN_TRIED_MAX = 4;
/** PID 1 may see to another child first. */
const MOMENT_MS = 1500;
/** A PID 1 that handles signals in a loop may sleep in between. */
const TOLD_MS = 4000;
const BYSTANDERS = 3;

/** Which of its children PID 1 lives for, by comm and place among them; and the words in front of that child's own. */
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
export async function examineChildEnd(host: PrivateNamespace, init: Running, exam: Exam): Promise<ChildExam> {
  const children = childrenOf(host.tasks());
  const named = children.filter(({ comm }) => exam.child === undefined || comm === exam.child);
  if (exam.child !== undefined && named.length === 0) {
    const others = listOf([...new Set(children.map(({ comm }) => comm))]) || 'none';
    throw new InitNotExamined(`PID 1 has no child \`${exam.child}\`: it has ${others}`);
  }
  const none = (name: 'own-child' | 'ends-with-child'): InitCheck =>
    check(name, 'none', 'it has no child of its own');
  if (named.length === 0) return { main: null, checks: [none('own-child'), none('ends-with-child')] };
  const tried = named.slice(0, exam.child === undefined ? CHILDREN_TRIED_MAX : 1);
  const wrappers = new Map(tried.map((child) => [child, wrapperOf(exam.command, hostPidOf(init, child))]));
  const unreaped: StatRow[] = [];
  let last = tried[0];
  for (const child of tried) {
    const went = await endChild(host, init, exam, child, child === tried.at(-1));
    if (!went) unreaped.push(child);
    if (init.end === null) continue;
    last = child;
    break;
  }
  const end = init.end;
  const main = { comm: last.comm, index: children.indexOf(last), wrapper: wrappers.get(last)! };
  const which = children.length === 1 ? '' : `, child ${main.index + 1} of ${children.length}`;
  const whose = `its main child (${last.comm}${which}) was killed`;
  const zombies = end === null ? unreaped.length : 0;
  const own = zombies > 0 ? `${listOf(unreaped.map(({ comm }) => comm))} stayed a zombie` : 'it was reaped';
  const checks = [check('own-child', zombies === 0, `${whose}: ${own}`, { ownZombies: zombies })];
  const all = tried.length === 1 ? whose : `${tried.length} of its children were killed`;
  checks.push(end === null ? check('ends-with-child', 'no', `${all}: PID 1 went on`) : endedWith(whose, end));
  return { main, checks };
}

function endedWith(what: string, end: Ended): InitCheck {
  const same = end.status === 128 + 9 || end.signal === 'SIGKILL';
  const status = same ? 'which says so' : 'which does not say so';
  return check('ends-with-child', true, `${what}: PID 1 ${describeEnd(end)}, ${status}`, {
    ...endNumbers(end),
    saysSo: Number(same),
  });
}

/** Kills one child. True: it was reaped. */
async function endChild(
  host: PrivateNamespace,
  init: Running,
  exam: Exam,
  child: StatRow,
  isLast: boolean,
): Promise<boolean> {
  const isGone = (): boolean => init.end !== null || !host.tasks().some(({ pid }) => pid === child.pid);
  try {
    process.kill(hostPidOf(init, child), 'SIGKILL');
  } catch {
    return true; // It has ended by itself since.
  }
  const isReaped = await until(isGone, exam.patienceMs, exam);
  const isReplaced = (): boolean =>
    childrenOf(host.tasks()).some(({ pid, comm }) => comm === child.comm && pid > child.pid);
  if (isReaped)
    await until(() => init.end !== null || isReplaced(), isLast ? exam.patienceMs : MOMENT_MS, exam);
  return isReaped;
}

function endNumbers(end: Ended | null): Record<string, number> {
  return end === null || end.status === null ? {} : { status: end.status };
}

/** The words of the command in front of those that are its child's own; null if its child has other words. */
function wrapperOf(command: readonly string[], childHostPid: number): string[] | null {
  let words: string[];
  try {
    words = readFileSync(`/proc/${childHostPid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return null;
  }
  const wrapper = command.slice(0, command.length - words.length);
  const isSame = words.every((word, n) => command[wrapper.length + n] === word);
  return isSame && words.length > 0 && wrapper.length > 0 ? wrapper : null;
}

/** The main child in another world; null where it has none. A shell's loop may be between two. */
async function mainIn(host: PrivateNamespace, main: MainChild | null, exam: Exam): Promise<StatRow | null> {
  const find = (): StatRow | undefined => {
    const children = childrenOf(host.tasks());
    const child = children[main!.index];
    return child?.comm === main!.comm ? child : (children.find(({ comm }) => comm === main!.comm) ?? child);
  };
  if (main !== null) await until(() => find() !== undefined, MOMENT_MS, exam);
  return (main === null ? null : find()) ?? null;
}

/** What has been handed over to the process since. */
function caughtBy(host: PrivateNamespace, hostPid: number, from: number): string | null {
  return host.caught.slice(from).find((one) => one.hostPid === hostPid)?.signal ?? null;
}

/** Is it there, and not handed over because the process blocks it? */
function isHeld(hostPid: number, signal: NodeJS.Signals): boolean {
  return hostPid > 0 && hasSignal(hostPid, 'ShdPnd', constants.signals[signal]);
}

/** False: the kernel drops the signal for this PID 1 (K33), which neither handles nor blocks it. */
function canTake(init: Running, signal: NodeJS.Signals): boolean {
  const number = constants.signals[signal];
  return hasSignal(init.hostPid, 'SigCgt', number) || hasSignal(init.hostPid, 'SigBlk', number);
}

/** SIGTERM from outside, as `docker stop` and the kubelet send it: does PID 1 end, and was its child told? */
export async function examineTerm(
  host: PrivateNamespace,
  init: Running,
  exam: Exam,
  main: MainChild | null,
): Promise<InitCheck[]> {
  const child = await mainIn(host, main, exam);
  const childHostPid = child === null ? 0 : hostPidOf(init, child);
  if (child !== null) await host.seize(childHostPid, false);
  const takes = canTake(init, 'SIGTERM');
  const sentMs = performance.now();
  host.kill(init, 'SIGTERM');
  let told: string | null = null;
  const isOver = (): boolean => {
    told ??= caughtBy(host, childHostPid, 0) ?? (isHeld(childHostPid, 'SIGTERM') ? 'SIGTERM' : null);
    return init.end !== null;
  };
  const ended = await until(isOver, takes ? exam.patienceMs : MOMENT_MS, exam);
  const endMs = Math.round(performance.now() - sentMs);
  const after = formatDuration(endMs * 1000);
  const why = takes
    ? `it had not ended ${after} later`
    : 'it has no handler, and the kernel then drops it for a PID 1';
  const ends = check('ends-on-term', ended, ended ? `it ${describeEnd(init.end!)} after ${after}` : why, {
    ...endNumbers(init.end),
    ...(ended ? { endMs } : {}),
  });
  if (child === null) return [ends, check('child-told', 'none', 'it has no child to tell')];
  const as = told === null || told === 'SIGTERM' ? '' : `, as ${told}`;
  const fate = ended ? 'was killed with the namespace, without a word' : 'was not told, and goes on';
  const evidence = told === null ? `${child.comm} ${fate}` : `SIGTERM reached ${child.comm}${as}`;
  return [ends, check('child-told', told !== null, evidence)];
}

/** How many of what it had adopted were alive and had not been told when it ended on SIGTERM; null: it did not end. */
export async function examineBystanders(
  host: PrivateNamespace,
  init: Running,
  exam: Exam,
): Promise<number | null> {
  const made = Math.max(0, await host.makeOrphans('bystander', BYSTANDERS));
  const takes = canTake(init, 'SIGTERM');
  host.kill(init, 'SIGTERM');
  if (!(await until(() => init.end !== null, takes ? exam.patienceMs : MOMENT_MS, exam))) return null;
  return made - (await host.termsHeard());
}

const OTHER_SIGNALS = ['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** The other signals, one after another; a PID 1 that ends of one is started again for the rest. */
export async function examineSignals(exam: Exam, main: MainChild | null): Promise<InitCheck[]> {
  if (main === null) return [];
  const command =
    main.wrapper === null ? exam.command : [...main.wrapper, compileHelper('namespace'), 'pair'];
  const got: Record<string, number> = {};
  const words: string[] = [];
  const beside: InitCheck[] = [];
  const left: NodeJS.Signals[] = [...OTHER_SIGNALS];
  while (left.length > 0) {
    await inWorld(exam, { command }, async (host, init) => {
      const child = main.wrapper === null ? await mainIn(host, main, exam) : childrenOf(host.tasks())[0];
      if (child === null || child === undefined) return void left.splice(0);
      const hostPid = hostPidOf(init, child);
      const group = host
        .tasks()
        .filter(({ pid, pgid }) => pgid === child.pgid && pid !== child.pid && pid !== 1);
      if (beside.length === 0) beside.push(inherited(hostPid));
      for (const each of [child, ...group]) await host.seize(hostPidOf(init, each), true);
      while (left.length > 0 && init.end === null) {
        const signal = left.shift()!;
        const from = host.caught.length;
        const takes = canTake(init, signal);
        host.kill(init, signal);
        const isOver = (): boolean => caughtBy(host, hostPid, from) !== null || init.end !== null;
        await until(isOver, takes ? TOLD_MS : 200, exam);
        const as = caughtBy(host, hostPid, from) ?? (isHeld(hostPid, signal) ? signal : null);
        got[signal] = as === null ? 0 : 1;
        if (as !== null && as !== signal) words.push(`${signal} as ${as}`);
        if (init.end !== null) words.push(`${signal} ends PID 1`);
        if (beside.length === 1 && as !== null && group.length > 0) {
          await until(() => host.caught.length - from > group.length, 200, exam);
          beside.push(groupCheck(host.caught.length - from - 1, group.length));
        }
      }
    });
  }
  if (beside.length === 0) return [];
  const kept = OTHER_SIGNALS.filter((signal) => got[signal] === 0);
  const went = OTHER_SIGNALS.filter((signal) => got[signal] === 1);
  const said = [
    went.length > 0 ? `${listOf(went)} reached its child` : '',
    kept.length > 0 ? `${listOf(kept)} did not reach its child` : '',
    ...words,
  ];
  return [check('passes-signals', kept.length === 0, said.filter(Boolean).join('; '), got), ...beside];
}

function groupCheck(others: number, count: number): InitCheck {
  const evidence =
    others >= count
      ? 'the whole process group of its child got it'
      : 'its child alone got it, not the rest of the child’s process group';
  return check('process-group', others >= count, evidence);
}

/** What its child has inherited, or has set itself: blocked and ignored signals. */
function inherited(hostPid: number): InitCheck {
  const names = Object.entries(constants.signals).filter(([name]) => name !== 'SIGIOT' && name !== 'SIGPOLL');
  const having = (mask: string): string =>
    listOf(names.filter(([, number]) => hasSignal(hostPid, mask, number)).map(([name]) => name));
  const found = [
    ['SigBlk', 'blocked'],
    ['SigIgn', 'ignored'],
  ].map(([mask, word]) => [having(mask), word]);
  const set = found.filter(([signals]) => signals !== '').map(([signals, word]) => `${signals} ${word}`);
  return check(
    'child-signals',
    set.length === 0,
    `it has ${set.join(', ') || 'no signal blocked or ignored'}`,
  );
}

/** Its parent outside dies before it: does PID 1 have itself told, and does it end or pass that on? */
export async function examineParentDeath(
  host: PrivateNamespace,
  init: Running,
  exam: Exam,
  main: MainChild | null,
): Promise<InitCheck> {
  const child = await mainIn(host, main, exam);
  const hostPid = child === null ? 0 : hostPidOf(init, child);
  if (child !== null) await host.seize(hostPid, true);
  host.orphanInit();
  await until(() => init.end !== null || host.caught.length > 0, MOMENT_MS, exam);
  const { end } = init;
  const signals = Object.keys(constants.signals) as NodeJS.Signals[];
  const passed = host.caught.at(0)?.signal ?? signals.find((signal) => isHeld(hostPid, signal));
  if (passed !== undefined) return check('parent-death', true, `when that died, ${passed} reached its child`);
  if (end !== null) return check('parent-death', true, `when that died, it ${describeEnd(end)}`);
  return check('parent-death', 'none', 'it does not ask to be told of its parent’s death');
}

/** A handful, where each takes a world of its own. */
const SOME_STATUSES = [0, 1, 42, 127, 255];

/** Does PID 1 end with the status of its main child? All 256 where another child can be put in its place. */
export async function examineStatuses(exam: Exam, { main, checks }: ChildExam): Promise<InitCheck[]> {
  if (main === null) return [];
  const killed = checks.find(({ name }) => name === 'ends-with-child')!;
  if (killed.answer !== 'yes') return [check('passes-status', 'none', 'it does not end with its child')];
  const wrong: string[] = killed.numbers.saysSo === 1 ? [] : [`a SIGKILL became ${killed.numbers.status}`];
  const { wrapper } = main;
  const words = [...(wrapper ?? []), compileHelper('namespace'), 'exit'];
  const ended =
    (wrapper === null ? null : await allStatuses(exam, words)) ?? (await someStatuses(exam, main));
  const isKnown = typeof ended !== 'string';
  for (const [wanted, status] of isKnown ? ended : [])
    if (wanted !== status) wrong.push(`${wanted} became ${status ?? 'nothing: it went on'}`);
  if (wrong.length > 0) {
    const shown = wrong.length > 4 ? [...wrong.slice(0, 4), `${wrong.length - 4} more`] : wrong;
    return [check('passes-status', 'no', listOf(shown))];
  }
  if (!isKnown) return [check('passes-status', 'none', ended)];
  const tried = ended.size === 256 ? 'all 256 statuses' : `statuses ${listOf([...ended.keys()].map(String))}`;
  return [check('passes-status', 'yes', `${tried} were its own`)];
}

/** Null: with this child PID 1 does not come to an end. */
async function allStatuses(exam: Exam, words: string[]): Promise<Map<number, number | null> | null> {
  const ended = new Map<number, number | null>();
  return inWorld(
    { ...exam, command: ['pause'], execs: [], settle: { limitMs: 5000 } },
    {},
    async (host, pause) => {
      host.kill(pause, 'SIGKILL');
      await pause.ended;
      for (let status = 0; status < 256; status++) {
        const init = await host.startInit([...words, String(status)]);
        if (!(await until(() => init.end !== null, exam.patienceMs, exam)) || (await init.execed) !== null)
          return null;
        ended.set(status, init.end!.status);
      }
      return ended;
    },
  );
}

async function someStatuses(exam: Exam, main: MainChild): Promise<Map<number, number | null> | string> {
  const ended = new Map<number, number | null>();
  for (const status of SOME_STATUSES) {
    const problem = await inWorld(exam, {}, async (host, init) => {
      const child = await mainIn(host, main, exam);
      const errno = child === null ? 'ESRCH' : await host.makeExit(hostPidOf(init, child), status);
      if (errno !== null) return `a child cannot be made to exit here: ${errno}`;
      await until(() => init.end !== null, exam.patienceMs, exam);
      ended.set(status, init.end?.status ?? null);
      return null;
    });
    if (problem !== null) return problem;
  }
  return ended;
}
