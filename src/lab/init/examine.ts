/**
 * `pidsim lab init -- CMD…`: is this a good PID 1?
 *
 *   CMD is PID 1 of a fresh namespace, four times:
 *     own orphans      ─► one after another, at once, while PID 1 is stopped ─► zombies at rest
 *     strangers        ─► orphans of a process that entered from outside     ─► zombies at rest
 *     SIGTERM          ─► does its main child get it? does PID 1 end? what is still alive then?
 *     main child ends  ─► is it reaped? does PID 1 end, and with that status?
 *
 * What makes a PID 1 good here is that it reaps: all it adopts, however they die. The rest is reported beside
 * it.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { pinnedPids } from '../../procfs/pinned.js';
import { isZombie } from '../../procfs/process-row.js';
import type { StatRow } from '../../procfs/stat.js';
import {
  type Ended,
  type NamespaceOptions,
  PrivateNamespace,
  type Running,
} from '../namespace/private-namespace.js';
import { hostPids } from '../namespace/proc.js';
import { positiveMs, wholeNumber } from '../namespace/setup.js';
import { Tracing } from '../namespace/tracing.js';

export const INIT_CHECKS = [
  'orphans',
  'burst',
  'stopped',
  'strangers',
  'own-child',
  'forwards-term',
  'ends-with-child',
] as const;
export type InitCheckName = (typeof INIT_CHECKS)[number];

/** The checks that decide; the others are reported. */
export const REAPING_CHECKS: readonly InitCheckName[] = [
  'orphans',
  'burst',
  'stopped',
  'strangers',
  'own-child',
];

/** `none`: there was nothing to check, and the evidence says why. */
export type InitAnswer = 'yes' | 'no' | 'none';

export interface InitCheck {
  name: InitCheckName;
  answer: InitAnswer;
  evidence: string;
  /** The counts and times behind the evidence: `made`, `adopted`, `zombies`, `pinned`, … */
  numbers: Record<string, number>;
}

export interface InitReport {
  command: string[];
  /** What `ps` shows as PID 1. */
  comm: string;
  good: boolean;
  verdict: string;
  checks: InitCheck[];
  /** What it left behind: of all the orphans made, and when it ended. */
  leaves: { orphans: number; zombies: number; liveAtEnd: number | null };
}

export interface InitOptions {
  /** How many die at once. Default 50. */
  burst?: number;
  /** How long a PID 1 may take to reap, after the last death. Default 1500. */
  patienceMs?: number;
  /** For the whole examination. Default 60000. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** The command is not there, or did not stay: no examination is possible. */
export class InitDidNotStay extends Error {
  constructor(
    readonly command: readonly string[],
    message: string,
  ) {
    super(message);
    this.name = 'InitDidNotStay';
  }
}

interface Exam {
  command: readonly string[];
  burst: number;
  patienceMs: number;
  signal: AbortSignal;
}

const ONE_BY_ONE = 10;
/** The namespace's cgroup has room for 600 tasks. */
const BURST_MAX = 500;
const GAP_MS = 15;
const BYSTANDERS = 3;

/** Examines a PID 1. Throws LabUnavailable, BadLabOption, InitDidNotStay, or the signal's reason. */
export async function examineInit(
  command: readonly string[],
  options: InitOptions = {},
): Promise<InitReport> {
  const timeoutMs = positiveMs('timeout', options.timeoutMs ?? 60_000);
  const burst = wholeNumber('burst', options.burst ?? 50, 1, BURST_MAX);
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const exam: Exam = { command, burst, patienceMs: options.patienceMs ?? 1500, signal };
  try {
    const adopted = await withInit(exam, { helper: true }, examineOwnOrphans);
    const strangers = await withInit(exam, {}, examineStrangers);
    const term = await withInit(exam, { helper: true, trace: true }, examineTerm);
    const child = await withInit(exam, {}, examineChildEnd);
    return report(command, adopted, strangers, term, child);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (timeout.aborted) {
      throw new InitDidNotStay(command, `the examination of ${command[0]} did not finish in ${timeoutMs} ms`);
    }
    throw error;
  }
}

/** A fresh namespace with the command as PID 1, past its start; taken down in any case. */
async function withInit<T>(
  exam: Exam,
  options: NamespaceOptions,
  examine: (host: PrivateNamespace, init: Running, exam: Exam) => Promise<T>,
): Promise<T> {
  const host = await PrivateNamespace.open({ ...options, pidMax: 10_000, pidsMax: 600, signal: exam.signal });
  try {
    const init = await host.startInit(exam.command);
    const errno = await init.execed;
    if (errno !== null)
      throw new InitDidNotStay(exam.command, `${exam.command[0]} cannot be run as PID 1: ${errno}`);
    await host.rest(250, 3000, 0);
    if (init.end !== null) throw new InitDidNotStay(exam.command, didNotStay(exam.command, init.end));
    return await examine(host, init, exam);
  } finally {
    await host.close();
  }
}

function didNotStay(command: readonly string[], end: Ended): string {
  const words = end.outputTail.trim().split('\n').at(-1);
  const said = words ? `; it said: ${words.slice(0, 200)}` : '';
  return `${command.join(' ')} ${describeEnd(end)} by itself after ${(end.durationUs / 1000).toFixed(0)} ms: a PID 1 has to stay${said}`;
}

function describeEnd(end: Ended): string {
  return end.signal === null ? `ended with status ${end.status}` : `was ended by ${end.signal}`;
}

// ---- reaping

interface Adopted {
  comm: string;
  checks: InitCheck[];
}

async function examineOwnOrphans(host: PrivateNamespace, init: Running, exam: Exam): Promise<Adopted> {
  const comm = host.tasks()[0]?.comm ?? '';
  const orphans = await orphanCheck(host, init, exam, 'orphans', 'own', ONE_BY_ONE);
  const burst = await orphanCheck(host, init, exam, 'burst', 'own', exam.burst);
  const stopped = await orphanCheck(host, init, exam, 'stopped', 'own', exam.burst);
  return { comm, checks: [orphans, burst, stopped] };
}

/** Half of a probe's orphans die one after another, the other half at once. */
async function examineStrangers(host: PrivateNamespace, init: Running, exam: Exam): Promise<InitCheck> {
  return orphanCheck(host, init, exam, 'strangers', 'stranger', ONE_BY_ONE + exam.burst);
}

const MANNER = {
  orphans: 'of its own descendants died one after another',
  burst: 'of its own descendants died at once',
  stopped: 'of its own descendants died while PID 1 was stopped',
  strangers: 'of an exec that had entered from outside died',
} as const;

/** Makes orphans, lets them die in the check's manner, waits for rest, counts what is left of them. */
async function orphanCheck(
  host: PrivateNamespace,
  init: Running,
  exam: Exam,
  name: keyof typeof MANNER,
  kind: 'own' | 'stranger',
  count: number,
): Promise<InitCheck> {
  if (init.end !== null) return check(name, 'none', `PID 1 had already ended`, {});
  const before = zombieOrphans(host.tasks());
  const made = Math.max(0, await host.makeOrphans(kind, count));
  await host.rest(60, 1000, 0);
  const adopted = host.tasks().filter((task) => isOrphan(task) && !isZombie(task) && task.ppid === 1).length;
  if (name === 'stopped') await dieWhileStopped(host, init, made, before, exam);
  else if (name === 'burst') await host.letDie(made);
  else await dieOneByOne(host, Math.min(made, ONE_BY_ONE), exam);
  if (name === 'strangers') await host.letDie(made - ONE_BY_ONE);
  await until(
    () => zombieOrphans(host.tasks()) === before && liveOrphans(host.tasks()) === 0,
    exam.patienceMs,
    exam,
  );
  await host.rest(60, 1000, 0);
  if (init.end !== null)
    return check(name, 'no', `PID 1 ${describeEnd(init.end)} while orphans died`, { made, adopted });
  const tasks = host.tasks();
  const zombies = zombieOrphans(tasks) - before;
  const strayed = adopted < made ? `, only ${adopted} of them adopted by PID 1` : '';
  const evidence = `${made} orphans ${MANNER[name]}${strayed}: ${zombies} left as zombies`;
  return check(name, zombies > 0 || strayed !== '' ? 'no' : 'yes', evidence, {
    made,
    adopted,
    zombies,
    pinned: pinnedPids(tasks).length,
  });
}

async function dieOneByOne(host: PrivateNamespace, count: number, exam: Exam): Promise<void> {
  for (let n = 0; n < count; n++) {
    await host.letDie(1);
    await sleep(GAP_MS, undefined, { signal: exam.signal });
  }
}

async function dieWhileStopped(
  host: PrivateNamespace,
  init: Running,
  made: number,
  before: number,
  exam: Exam,
): Promise<void> {
  host.kill(init, 'SIGSTOP');
  await until(() => host.tasks()[0]?.stat.startsWith('T') === true, 1000, exam);
  await host.letDie(made);
  await until(() => zombieOrphans(host.tasks()) >= before + made, 2000, exam);
  host.kill(init, 'SIGCONT');
}

// ---- SIGTERM and the main child

interface TermExam {
  check: InitCheck;
  liveAtEnd: number | null;
}

/** SIGTERM to PID 1 from outside, as `docker stop` and the kubelet send it. */
async function examineTerm(host: PrivateNamespace, init: Running, exam: Exam): Promise<TermExam> {
  const child = mainChild(host.tasks());
  const childPid = child === null ? null : (hostPids(init.hostPid).get(child.pid) ?? null);
  const tracing = host.traceDir === null || childPid === null ? null : new Tracing(host.traceDir);
  const watching = tracing?.enable('signal/signal_generate', `sig == 15 && pid == ${childPid}`) ?? false;
  const bystanders = Math.max(0, await host.makeOrphans('bystander', BYSTANDERS));
  host.kill(init, 'SIGTERM');
  const received = (): boolean => tracing!.read().includes('signal_generate:');
  const childEnded = (): boolean => child !== null && !isAlive(host.tasks(), child);
  const reached = watching ? received : childEnded;
  await until(() => init.end !== null || reached(), exam.patienceMs, exam);
  // A child that was told may need a while to stop in good order.
  await until(() => init.end !== null, reached() ? Math.max(exam.patienceMs, 10_000) : 0, exam);
  const told = await host.termsHeard();
  const end = init.end;
  const forwarded = reached();
  const whatPid1Did = end === null ? 'PID 1 went on' : `PID 1 ${describeEnd(end)}`;
  const liveAtEnd = end === null ? null : bystanders - told;
  const numbers = { bystanders, bystandersTold: told, ...endNumbers(end) };
  if (child === null)
    return {
      check: check('forwards-term', 'none', `it has no child; on SIGTERM ${whatPid1Did}`, numbers),
      liveAtEnd,
    };
  const who = `its main child (${child.comm}, PID ${child.pid})`;
  const evidence = `SIGTERM ${forwarded ? 'reached' : 'did not reach'} ${who}; ${whatPid1Did}; ${told} of ${bystanders} bystanders were told`;
  return { check: check('forwards-term', forwarded ? 'yes' : 'no', evidence, numbers), liveAtEnd };
}

/** The main child is killed: its status is then 137 by every shell's and runtime's convention. */
async function examineChildEnd(host: PrivateNamespace, init: Running, exam: Exam): Promise<InitCheck[]> {
  const child = mainChild(host.tasks());
  if (child === null) {
    const why = 'it has no child of its own';
    return [check('own-child', 'none', why, {}), check('ends-with-child', 'none', why, {})];
  }
  const outside = await host.exec(['sh', '-c', 'kill -KILL ' + child.pid], { setsid: true });
  await outside.ended;
  await until(() => init.end !== null, exam.patienceMs, exam);
  const who = `its main child (${child.comm}, PID ${child.pid}) was killed`;
  const end = init.end;
  const zombie = end === null && host.tasks().some((task) => task.pid === child.pid && isZombie(task));
  const own = check(
    'own-child',
    zombie ? 'no' : 'yes',
    `${who}: ${zombie ? 'it stays a zombie' : 'reaped'}`,
    { zombies: zombie ? 1 : 0 },
  );
  if (end === null) {
    const next = mainChild(host.tasks());
    const then = next !== null && next.pid !== child.pid ? `; it has another child now (${next.comm})` : '';
    return [own, check('ends-with-child', 'no', `${who}: PID 1 went on${then}`, {})];
  }
  const same = end.status === 128 + 9 || end.signal === 'SIGKILL';
  const status = same ? 'the status that says so' : 'a status that does not say so';
  return [
    own,
    check(
      'ends-with-child',
      same ? 'yes' : 'no',
      `${who}: PID 1 ${describeEnd(end)}, ${status}`,
      endNumbers(end),
    ),
  ];
}

function endNumbers(end: Ended | null): Record<string, number> {
  return end?.status === null || end === null ? {} : { status: end.status };
}

// ---- the verdict

function report(
  command: readonly string[],
  adopted: Adopted,
  strangers: InitCheck,
  term: TermExam,
  child: InitCheck[],
): InitReport {
  const checks = [...adopted.checks, strangers, ...child, term.check];
  checks.sort((a, b) => INIT_CHECKS.indexOf(a.name) - INIT_CHECKS.indexOf(b.name));
  const orphans = checks.reduce((sum, one) => sum + (one.numbers.made ?? 0), 0);
  const zombies = checks.reduce((sum, one) => sum + (one.numbers.zombies ?? 0), 0);
  const good = isGoodInit(checks);
  return {
    command: [...command],
    comm: adopted.comm,
    good,
    verdict: verdictOf(checks, good, orphans, zombies),
    checks,
    leaves: { orphans, zombies, liveAtEnd: term.liveAtEnd },
  };
}

/** It reaps all that it adopts and, if it has any, its own child. */
export function isGoodInit(checks: readonly InitCheck[]): boolean {
  const answers = new Map(checks.map((one) => [one.name, one.answer]));
  return REAPING_CHECKS.every(
    (name) => answers.get(name) === 'yes' || (name === 'own-child' && answers.get(name) === 'none'),
  );
}

function verdictOf(checks: readonly InitCheck[], good: boolean, orphans: number, zombies: number): string {
  const answer = (name: InitCheckName): InitAnswer | undefined =>
    checks.find((one) => one.name === name)?.answer;
  const term =
    answer('forwards-term') === 'no'
      ? ', but does not pass SIGTERM on: stopping it takes the whole grace period'
      : '';
  if (good) return `A good PID 1: it reaps everything it adopts${term}.`;
  const failed = checks
    .filter((one) => REAPING_CHECKS.includes(one.name) && one.answer === 'no')
    .map((one) => one.name);
  if (zombies >= orphans && orphans > 0) {
    const own = answer('own-child') === 'yes' ? ', only its own child' : '';
    return `Not a good PID 1: it reaps no orphan${own} (${zombies} of ${orphans} left): put a reaping init in front of it.`;
  }
  return `Not a good PID 1: it fails ${failed.join(', ')} (${zombies} of ${orphans} orphans left as zombies).`;
}

function check(
  name: InitCheckName,
  answer: InitAnswer,
  evidence: string,
  numbers: Record<string, number>,
): InitCheck {
  return { name, answer, evidence, numbers };
}

// ---- looking at tasks

const isOrphan = (task: StatRow): boolean => task.comm === 'orphan';
const zombieOrphans = (tasks: readonly StatRow[]): number =>
  tasks.filter((task) => isOrphan(task) && isZombie(task)).length;
const liveOrphans = (tasks: readonly StatRow[]): number =>
  tasks.filter((task) => isOrphan(task) && !isZombie(task)).length;
const isAlive = (tasks: readonly StatRow[], one: StatRow): boolean =>
  tasks.some((task) => task.pid === one.pid && !isZombie(task));

/** The first child that PID 1 itself has started, or null. */
function mainChild(tasks: readonly StatRow[]): StatRow | null {
  const ours = (task: StatRow): boolean =>
    task.comm === 'bystander' || task.comm === 'helper' || isOrphan(task);
  return tasks.find((task) => task.ppid === 1 && !isZombie(task) && !ours(task)) ?? null;
}

async function until(met: () => boolean, limitMs: number, exam: Exam): Promise<void> {
  const end = performance.now() + limitMs;
  while (!met() && performance.now() < end) await sleep(10, undefined, { signal: exam.signal });
}
