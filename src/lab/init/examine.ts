/**
 * `pidsim lab init -- CMD…`: is this a good PID 1?
 *
 *   CMD is PID 1 of a dozen fresh namespaces, several at a time:
 *     look out         ─► does it exec? then all of it again, when it has become what it is going to be
 *     own orphans      ─► one after another, at once, while PID 1 is stopped ─► zombies
 *     strangers        ─► orphans of a process that entered from outside     ─► zombies
 *     main child ends  ─► which of its children does it end with? with which status?
 *     SIGTERM          ─► does PID 1 end, and when? was its main child told?
 *     other signals    ─► which reach the child, and which other processes?
 *     parent ends      ─► had PID 1 asked to be told?
 */

import { setMaxListeners } from 'node:events';
import { formatDuration } from '../../text/duration.js';
import { PrivateNamespace } from '../namespace/private-namespace.js';
import { hostPids, namespaceInit } from '../namespace/proc.js';
import { BadLabOption, positiveMs, wholeNumber } from '../namespace/setup.js';
import {
  type ChildExam,
  examineBystanders,
  examineChildEnd,
  examineParentDeath,
  examineSignals,
  examineStatuses,
  examineTerm,
} from './ending.js';
import { MANNERS, orphanCheck } from './reaping.js';
import { check, type InitCheck, type InitReport, type InitRequirement, reportOf } from './report.js';
import { type Exam, InitExeced, InitNotExamined, InitStarted, inWorld, lookOut, World } from './world.js';

export interface InitOptions {
  /** What the verdict is about; the rest is reported beside it. Default: `reaping` alone. */
  require?: readonly InitRequirement[];
  /** How many die at once. Default 50. */
  burst?: number;
  /** How long PID 1 may take to reap, or to end on SIGTERM, in milliseconds. Default 10000. */
  patienceMs?: number;
  /** For the whole examination, in milliseconds. Default 180000. */
  timeoutMs?: number;
  /**
   * PID 1 is judged from so many milliseconds after its start on. Default: when it comes to rest, and once
   * more when it execs.
   */
  afterMs?: number;
  /** PID 1 is judged once `ps` shows it by this name. */
  untilComm?: string;
  /** PID 1 is judged once `sh -c` of this, run in its namespace, ends with status 0. */
  ready?: string;
  /** The name of its main child. Default: the child that it ends with. */
  child?: string;
  /** Network, /tmp and working directory of its own. Default true. */
  private?: boolean;
  signal?: AbortSignal;
}

/** The namespace's cgroup has room for 600 tasks. */
const BURST_MAX = 500;
const ROUNDS_MAX = 6;
const TIMEOUT_MS = 180_000;

/**
 * Examines a command as PID 1 of private PID namespaces. The command runs with this process' rights.
 *
 * @throws LabUnavailable where the machine cannot, InitNotExamined where the command does not stay,
 * BadLabOption, or the signal's reason.
 */
export async function examineInit(
  command: readonly string[],
  options: InitOptions = {},
): Promise<InitReport> {
  return timed(options, command.join(' '), async (exam) => {
    exam.command = command;
    for (;;) {
      const execs = exam.execs.length;
      const report = await examineRound(exam, options.require ?? ['reaping']);
      if (report !== null) return report;
      if (execs >= ROUNDS_MAX)
        throw new InitNotExamined(`PID 1 never settles: it has become ${exam.execs.at(-1)!.comm} by now`);
    }
  });
}

/** One examination, within its time. */
async function timed<T>(options: InitOptions, what: string, work: (exam: Exam) => Promise<T>): Promise<T> {
  const { afterMs, untilComm, ready, child } = options;
  const timeoutMs = positiveMs('timeout', options.timeoutMs ?? TIMEOUT_MS);
  if (afterMs !== undefined && !(afterMs >= 0))
    throw new BadLabOption('after is a time from the start of PID 1 on');
  const burst = wholeNumber('burst', options.burst ?? 50, 1, BURST_MAX);
  const timeout = AbortSignal.timeout(timeoutMs);
  const exam: Exam = {
    command: [],
    burst,
    patienceMs: positiveMs('patience', options.patienceMs ?? 10_000),
    settle: { afterMs, untilComm, ready },
    limitMs: Math.max(timeoutMs / 2, (afterMs ?? 0) + 1000),
    child,
    isPrivate: options.private ?? true,
    signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
    execs: [],
    startedMs: 0,
    notes: new Set(),
  };
  try {
    return await work(exam);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!timeout.aborted) throw error;
    throw new InitNotExamined(`the examination of ${what} did not finish in ${timeoutMs} ms`);
  }
}

/** All worlds once. Null: PID 1 has become another program meanwhile, and what was seen is of no use. */
async function examineRound(given: Exam, required: readonly InitRequirement[]): Promise<InitReport | null> {
  const stop = new AbortController();
  const exam: Exam = { ...given, signal: AbortSignal.any([given.signal, stop.signal]) };
  setMaxListeners(0, exam.signal);
  const checks: InitCheck[] = [];
  let comm = '';
  let liveAtEnd: number | null = null;
  /** The first world that fails ends all others. */
  const all = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      if (!stop.signal.aborted) stop.abort(error);
      throw error;
    });
  const add = async (found: Promise<InitCheck[]>): Promise<void> => void checks.push(...(await all(found)));
  const child = all(inWorld(exam, {}, examineChildEnd));
  const withChild = (work: (child: ChildExam) => Promise<InitCheck[]>): Promise<void> =>
    child.then((found) => add(work(found)));
  const names = Object.keys(MANNERS) as (keyof typeof MANNERS)[];
  await Promise.allSettled([
    all(
      inWorld(exam, { watched: true }, async (world) => {
        comm = world.host.tasks()[0]?.comm ?? '';
        await lookOut(world);
      }),
    ),
    ...names.map((name) =>
      add(
        inWorld(exam, { watched: true, helper: name !== 'strangers' }, async (world) => [
          await orphanCheck(world, name),
        ]),
      ),
    ),
    all(inWorld(exam, { helper: true }, examineBystanders)).then((live) => (liveAtEnd = live)),
    withChild(async (found) => found.checks),
    withChild(({ main }) => inWorld(exam, {}, (world) => examineTerm(world, main))),
    withChild(({ main }) => examineSignals(exam, main)),
    withChild((found) => examineStatuses(exam, found)),
    withChild(({ main }) =>
      inWorld(exam, { underAParent: true }, async (world) => [await examineParentDeath(world, main)]),
    ),
  ]);
  const { reason } = stop.signal;
  if (reason instanceof InitExeced) given.execs.push(reason.exec);
  if (reason instanceof InitStarted) {
    given.startedMs = reason.afterMs;
    const after = `${formatDuration(reason.afterMs * 1000)} after its start`;
    given.notes.add(`it had started all of its children ${after}, and is judged from then on`);
  }
  if (reason instanceof InitExeced || reason instanceof InitStarted) return null;
  if (stop.signal.aborted) throw reason;
  const execs = exam.execs.map(({ comm, afterMs }) => ({ comm, afterMs: Math.round(afterMs) }));
  const found = { command: [...exam.command], comm, execs, required: [...required] };
  return reportOf({ ...found, checks, notes: [...exam.notes], liveAtEnd });
}

/**
 * Examines PID 1 of the PID namespace that a process of this machine is in: of a running container. Orphans
 * enter it, as an exec's do, and die; a PID 1 that does not reap keeps them. Nothing is sent to PID 1.
 *
 * @param pid any process of the container, as this machine sees it.
 */
export async function examineRunningInit(pid: number, options: InitOptions = {}): Promise<InitReport> {
  const required = options.require ?? ['reaping'];
  if (required.some((each) => each !== 'reaping'))
    throw new BadLabOption('of a running PID 1 only `reaping` can be required: to try the rest would end it');
  return timed({ burst: 10, ...options }, `PID ${pid}`, async (exam) => {
    const initPid = namespaceInit(pid);
    if (initPid === null)
      throw new InitNotExamined(`there is no process ${pid}, or its PID namespace is this machine’s own`);
    const host = await PrivateNamespace.open({ signal: exam.signal });
    try {
      const init = await host.adopt(initPid);
      const comm = host.tasks()[0]?.comm;
      if (comm === undefined || hostPids(initPid).size === 0)
        throw new InitNotExamined(`PID ${pid}: its container shows no /proc`);
      const checks = [await orphanCheck(new World(exam, host, init, performance.now()), 'strangers')];
      checks.push(check('ends-on-term', 'none', 'not tried: it would end the container'));
      const found = { command: ['--pid', String(pid)], comm, execs: [], required: [...required] };
      return reportOf({ ...found, checks, notes: [...exam.notes], liveAtEnd: null });
    } finally {
      await host.close();
    }
  });
}
