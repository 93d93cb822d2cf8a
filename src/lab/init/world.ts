/**
 * One world of an examination: a fresh namespace with the command as PID 1, past its start. What is judged is
 * what the command ends up as: an entrypoint that waits for a database and then execs is not judged as a
 * shell.
 */
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isZombie } from '../../procfs/process-row.js';
import { parseStat, type StatRow } from '../../procfs/stat.js';
import {
  type Ended,
  type NamespaceOptions,
  PrivateNamespace,
  type Running,
  StartRefused,
} from '../namespace/private-namespace.js';
import { hostPids, readOrEmpty } from '../namespace/proc.js';

export interface Exam {
  command: readonly string[];
  burst: number;
  patienceMs: number;
  /** When PID 1 has become what it is going to be; nothing of it: when it has come to rest. */
  settle: { afterMs?: number; untilComm?: string; ready?: string };
  limitMs: number;
  /** The name of its main child, if the caller knows it. */
  child: string | undefined;
  isPrivate: boolean;
  signal: AbortSignal;
  /** What PID 1 was seen to become, and when: each world waits for the last of it. */
  execs: { comm: string; exe: string; afterMs: number }[];
  /** When its children were no longer what they had been at first: an entrypoint was still at work. */
  startedMs: number;
  notes: Set<string>;
}

/** No examination is possible: the command is not there, did not stay, or never became what was awaited. */
export class InitNotExamined extends Error {
  override readonly name = 'InitNotExamined';
}

/** PID 1 has become another program: what was seen so far is about something else. */
export class InitExeced extends Error {
  constructor(readonly exec: Exam['execs'][number]) {
    super(`PID 1 has become ${exec.comm}`);
  }
}

/** PID 1 had not yet started what it lives for. */
export class InitStarted extends Error {
  constructor(readonly afterMs: number) {
    super('PID 1 has other children now');
  }
}

export interface WorldOptions extends NamespaceOptions {
  /** Default: that of the examination. */
  command?: readonly string[];
  underAParent?: boolean;
  /** Should PID 1 exec meanwhile, by itself, the world ends with InitExeced. */
  watched?: boolean;
}

export class World {
  constructor(
    readonly exam: Exam,
    readonly host: PrivateNamespace,
    readonly init: Running,
    readonly beganMs: number,
  ) {}

  /** PID 1's own children that are alive, in the order of birth, but for the examination's. */
  children(): StatRow[] {
    const ours = ['bystander', 'helper', 'orphan'];
    return this.host
      .tasks()
      .filter((task) => task.ppid === 1 && !isZombie(task) && !ours.includes(task.comm));
  }

  hostPid(task: StatRow | null | undefined): number {
    return task ? (hostPids(this.init.hostPid).get(task.pid) ?? 0) : 0;
  }

  /** False: the kernel drops the signal for this PID 1 (K33), which neither handles nor blocks it. */
  canTake(signal: string): boolean {
    return ['SigCgt', 'SigBlk'].some((mask) => hasSignal(this.init.hostPid, mask, signal));
  }

  /**
   * What has reached a process since: handed over, or held back because the process blocks it. A
   * SIGCHLD comes from the kernel, and is not passed on.
   */
  caughtBy(hostPid: number, from = 0): string | undefined {
    return this.host.caught.slice(from).find((one) => one.hostPid === hostPid && one.signal !== 'SIGCHLD')
      ?.signal;
  }

  async until(met: () => boolean, limitMs: number): Promise<boolean> {
    const end = performance.now() + limitMs;
    while (!met() && performance.now() < end) await sleep(10, undefined, { signal: this.exam.signal });
    return met();
  }

  untilEnd(limitMs: number): Promise<boolean> {
    return this.until(() => this.init.end !== null, limitMs);
  }
}

/** Opens a world, examines it, takes it down in any case. Throws InitNotExamined, InitExeced, or a reason. */
export async function inWorld<T>(
  exam: Exam,
  options: WorldOptions,
  examine: (world: World) => Promise<T>,
): Promise<T> {
  const { command = exam.command, underAParent, watched } = options;
  const { signal, isPrivate: privateNet, notes } = exam;
  const privateFiles = privateNet && !notes.has(SHARED_FILES);
  const limits = { pidMax: 10_000, pidsMax: 600, signal };
  const host = await PrivateNamespace.open({ ...limits, privateNet, privateFiles, ...options });
  let watch: NodeJS.Timeout | undefined;
  try {
    const init = await host.startInit(command, underAParent);
    const beganMs = performance.now();
    const errno = await init.execed;
    if (errno !== null) throw new InitNotExamined(`${command[0]} cannot be run as PID 1: ${errno}`);
    await settle(host, init, exam, beganMs);
    const before = programOf(init.hostPid);
    const execed = new Promise<never>((_, reject) => {
      watch = setInterval(() => {
        const now = programOf(init.hostPid);
        if (!watched || init.end !== null || now === null || now.image === before?.image) return;
        reject(new InitExeced({ ...now, afterMs: performance.now() - beganMs }));
      }, 25);
    });
    return await Promise.race([examine(new World(exam, host, init, beganMs)), execed]);
  } catch (error) {
    if (!(error instanceof StartRefused && privateFiles)) throw error;
    notes.add(SHARED_FILES);
    return await inWorld(exam, options, examine);
  } finally {
    clearInterval(watch);
    await host.close();
  }
}

const SHARED_FILES =
  'no overlay could be mounted, so /tmp and the working directory are the machine’s own, and what PID 1 ' +
  'writes there stays';

const REST_MS = 250;
const REST_LIMIT_MS = 3000;

async function settle(host: PrivateNamespace, init: Running, exam: Exam, beganMs: number): Promise<void> {
  const { afterMs = 0, untilComm, ready } = exam.settle;
  const target = exam.execs.at(-1);
  const isSettled = async (): Promise<boolean> => {
    const one = programOf(init.hostPid);
    if (performance.now() - beganMs < Math.max(afterMs, target?.afterMs ?? 0, exam.startedMs)) return false;
    if (one?.exe !== (target?.exe ?? one?.exe) || one?.comm !== (untilComm ?? one?.comm)) return false;
    return ready === undefined || (await (await host.exec(['sh', '-c', ready])).ended).status === 0;
  };
  while (init.end === null && !(await isSettled())) {
    if (performance.now() - beganMs > exam.limitMs) {
      const what = untilComm === undefined ? 'ready' : `\`${untilComm}\``;
      const is = programOf(init.hostPid)?.comm;
      throw new InitNotExamined(`PID 1 was never ${what} within ${exam.limitMs / 1000} s: it is ${is}`);
    }
    await sleep(50, undefined, { signal: exam.signal });
  }
  if (init.end === null) await Promise.all([host.rest(REST_MS, REST_LIMIT_MS, 0), sleeps(init, exam)]);
  if (init.end !== null) throw new InitNotExamined(didNotStay(exam.command, init.end));
}

/** A start that only computes does not show in the list of tasks, and may take long on a busy machine. */
async function sleeps(init: Running, { signal }: Exam): Promise<void> {
  const limitMs = performance.now() + REST_LIMIT_MS;
  for (let sinceMs = performance.now(); init.end === null && performance.now() < limitMs; ) {
    await sleep(20, undefined, { signal });
    if (parseStat(read(`/proc/${init.hostPid}/stat`))?.stat.startsWith('R')) sinceMs = performance.now();
    if (performance.now() - sinceMs >= REST_MS) return;
  }
}

function didNotStay(command: readonly string[], end: Ended): string {
  const words = end.outputTail.trim().split('\n').at(-1);
  const said = words ? `; it said: ${words.slice(0, 200)}` : '';
  const afterMs = (end.durationUs / 1000).toFixed(0);
  return `${command.join(' ')} ${describeEnd(end)} by itself after ${afterMs} ms: a PID 1 has to stay${said}`;
}

export function describeEnd(end: Ended): string {
  return end.signal === null ? `ended with status ${end.status}` : `was ended by ${end.signal}`;
}

// ---- what PID 1 is, and may become

/** `image`: an exec changes it, and nothing else does; even a program that execs itself gets a new stack. */
function programOf(hostPid: number): { comm: string; exe: string; image: string } | null {
  try {
    const text = readFileSync(`/proc/${hostPid}/stat`, 'utf8');
    const exe = readlinkSync(`/proc/${hostPid}/exe`);
    return { comm: parseStat(text)!.comm, exe, image: `${exe} ${text.split(') ').at(-1)!.split(' ')[25]}` };
  } catch {
    return null;
  }
}

const SHELL = /^(ba|da|a|k|mk|z|ya|fi)?sh$|^busybox$/;
const WATCH_MS = { usual: 3_000, mayExec: 10_000, saysExec: 30_000 } as const;

const CALM_MS = 1_000;

/** Stays as long as PID 1 may be expected to exec. Throws InitStarted if it has other children by then. */
export async function lookOut(world: World): Promise<void> {
  const { init, exam, host, beganMs } = world;
  if (Object.values(exam.settle).some((given) => given !== undefined)) return;
  const path = `/proc/${init.hostPid}/exe`;
  const exe = basename(programOf(init.hostPid)?.exe ?? '');
  const imports =
    (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 32e6 || read(path).includes('execv');
  const may = SHELL.test(exe) || (imports && !host.tasks().some(({ ppid }) => ppid === 1));
  const says = may && /\bexec/.test(scriptOf(init.hostPid));
  const watchMs = WATCH_MS[says ? 'saysExec' : may ? 'mayExec' : 'usual'];
  const endMs = performance.now() + watchMs;
  const childrenNow = (): string =>
    world
      .children()
      .map((task) => read(`/proc/${world.hostPid(task)}/cmdline`))
      .join('\n');
  const first = childrenNow();
  let [last, changedMs] = [first, 0];
  while (performance.now() < endMs) {
    await sleep(100, undefined, { signal: exam.signal });
    const now = childrenNow();
    if (now !== last) [last, changedMs] = [now, performance.now()];
  }
  const isCalm = performance.now() - changedMs > CALM_MS;
  if (last !== first && isCalm && exam.startedMs === 0) throw new InitStarted(changedMs - beganMs);
  const after = `after ${watchMs / 1000} s it had not`;
  const hint = 'if it does so later, say --after, --until-comm or --ready';
  if (says) exam.notes.add(`what ${exe} runs says \`exec\`, and ${after}: ${hint}`);
}

/** The words of the command, and the text of the files among them. */
function scriptOf(hostPid: number): string {
  const isSmallFile = (path: string): boolean => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() === true && stat.size < 1e6;
  };
  const words = read(`/proc/${hostPid}/cmdline`).split('\0').slice(1);
  return words.map((word) => `${word}\n${isSmallFile(word) ? read(word) : ''}`).join('\n');
}

/** As bytes: a command line or a script may be in any encoding. */
export function read(path: string): string {
  return readOrEmpty(path, 'latin1');
}

/** Is the signal in a mask of /proc/PID/status: SigBlk, SigIgn, SigCgt, ShdPnd? */
export function hasSignal(hostPid: number, mask: string, signal: string): boolean {
  const hex = new RegExp(`^${mask}:\\s*([0-9a-f]+)$`, 'm').exec(read(`/proc/${hostPid}/status`))?.[1];
  const bit = BigInt(constants.signals[signal as NodeJS.Signals] - 1);
  return ((BigInt(`0x${hex ?? '0'}`) >> bit) & 1n) === 1n;
}
