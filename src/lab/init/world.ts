/**
 * One world of an examination: a fresh namespace with the command as PID 1, past its start. What is judged is what
 * the command ends up as: an entrypoint that waits for a database and then execs is not judged as a shell.
 */
import { readFileSync, readlinkSync, statSync } from 'node:fs';
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
import { hostPids } from '../namespace/proc.js';

export interface Exam {
  command: readonly string[];
  burst: number;
  patienceMs: number;
  /** When PID 1 has become what it is going to be. */
  settle: { afterMs?: number; untilComm?: string; ready?: string; limitMs: number };
  /** The name of its main child, if the caller knows it. */
  child: string | undefined;
  isPrivate: boolean;
  signal: AbortSignal;
  /** What PID 1 was seen to become, and when: each world waits for it. */
  execs: { comm: string; exe: string; afterMs: number }[];
  notes: Set<string>;
}

/** No examination is possible: the command is not there, did not stay, or never became what was waited for. */
export class InitNotExamined extends Error {
  override readonly name = 'InitNotExamined';
}

/** PID 1 has become another program: what was seen so far is about something else. */
export class InitExeced extends Error {
  constructor(readonly exec: Exam['execs'][number]) {
    super(`PID 1 has become ${exec.comm}`);
  }
}

/**
 * Opens a world, examines it, takes it down in any case. `watched`: should PID 1 exec meanwhile, by itself, the world
 * ends with InitExeced. Throws that, InitNotExamined, or a reason.
 */
export async function inWorld<T>(
  exam: Exam,
  options: NamespaceOptions & { command?: readonly string[]; underAParent?: boolean; watched?: boolean },
  examine: (host: PrivateNamespace, init: Running) => Promise<T>,
): Promise<T> {
  const { command = exam.command, underAParent } = options;
  const host = await PrivateNamespace.open({
    pidMax: 10_000,
    pidsMax: 600,
    signal: exam.signal,
    privateNet: exam.isPrivate,
    privateFiles: exam.isPrivate && !exam.notes.has(SHARED_FILES),
    ...options,
  });
  let watch: NodeJS.Timeout | undefined;
  try {
    const init = await host.startInit(command, underAParent);
    const beganMs = performance.now();
    const errno = await init.execed;
    if (errno !== null) throw new InitNotExamined(`${command[0]} cannot be run as PID 1: ${errno}`);
    await settle(host, init, exam, beganMs);
    const before = programOf(init.hostPid);
    const execed = new Promise<never>((_, reject) => {
      if (options.watched !== true) return;
      watch = setInterval(() => {
        const now = programOf(init.hostPid);
        if (init.end !== null || now === null || now.exe + now.stack === before!.exe + before!.stack) return;
        reject(new InitExeced({ comm: now.comm, exe: now.exe, afterMs: performance.now() - beganMs }));
      }, 25);
    });
    return await Promise.race([examine(host, init), execed]);
  } catch (error) {
    const isFiles = error instanceof StartRefused && exam.isPrivate && !exam.notes.has(SHARED_FILES);
    if (!isFiles) throw error;
    exam.notes.add(SHARED_FILES);
    return await inWorld(exam, options, examine);
  } finally {
    clearInterval(watch);
    await host.close();
  }
}

const SHARED_FILES =
  'no overlay could be mounted, so /tmp and the working directory are the machine’s own, and what PID 1 writes there stays';

async function settle(host: PrivateNamespace, init: Running, exam: Exam, beganMs: number): Promise<void> {
  const { afterMs = 0, untilComm, ready, limitMs } = exam.settle;
  const target = exam.execs.at(-1);
  const isSettled = async (): Promise<boolean> => {
    const one = programOf(init.hostPid);
    if (performance.now() - beganMs < Math.max(afterMs, target?.afterMs ?? 0)) return false;
    if (target !== undefined && one?.exe !== target.exe) return false;
    if (untilComm !== undefined && one?.comm !== untilComm) return false;
    return ready === undefined || (await (await host.exec(['sh', '-c', ready])).ended).status === 0;
  };
  while (init.end === null && !(await isSettled())) {
    if (performance.now() - beganMs > limitMs) {
      const what = untilComm !== undefined ? `was never \`${untilComm}\`` : `was never ready`;
      throw new InitNotExamined(
        `PID 1 ${what} within ${limitMs / 1000} s: it is ${programOf(init.hostPid)?.comm}`,
      );
    }
    await sleep(50, undefined, { signal: exam.signal });
  }
  if (init.end === null) await host.rest(250, 3000, 0);
  if (init.end !== null) throw new InitNotExamined(didNotStay(exam.command, init.end));
}

function didNotStay(command: readonly string[], end: Ended): string {
  const words = end.outputTail.trim().split('\n').at(-1);
  const said = words ? `; it said: ${words.slice(0, 200)}` : '';
  return `${command.join(' ')} ${describeEnd(end)} by itself after ${(end.durationUs / 1000).toFixed(0)} ms: a PID 1 has to stay${said}`;
}

export function describeEnd(end: Ended): string {
  return end.signal === null ? `ended with status ${end.status}` : `was ended by ${end.signal}`;
}

// ---- what PID 1 is, and may become

/** An exec changes one or the other, and nothing else does: even a program that execs itself gets a new stack. */
interface InitProgram {
  comm: string;
  exe: string;
  stack: string;
}

function programOf(hostPid: number): InitProgram | null {
  try {
    const text = readFileSync(`/proc/${hostPid}/stat`, 'utf8');
    const [, ...fields] = text.slice(text.lastIndexOf(')')).split(' ');
    return { comm: parseStat(text)!.comm, exe: readlinkSync(`/proc/${hostPid}/exe`), stack: fields[25] };
  } catch {
    return null;
  }
}

const SHELL = /^(ba|da|a|k|mk|z|ya|fi)?sh$|^busybox$/;
const WATCH_MS = { usual: 3_000, mayExec: 10_000, saysExec: 30_000 } as const;

/** Stays as long as PID 1 may be expected to exec; when it does, the world ends with InitExeced. */
export async function lookOut(init: Running, tasks: readonly StatRow[], exam: Exam): Promise<void> {
  const { afterMs, untilComm, ready } = exam.settle;
  if (afterMs !== undefined || untilComm !== undefined || ready !== undefined) return;
  const exe = basename(programOf(init.hostPid)?.exe ?? '');
  const says = /\bexec/.test(scriptOf(init.hostPid));
  const hasChild = tasks.some(({ ppid }) => ppid === 1);
  const may = SHELL.test(exe) || (!hasChild && imports(init.hostPid, 'execv'));
  const watchMs = says && may ? WATCH_MS.saysExec : may ? WATCH_MS.mayExec : WATCH_MS.usual;
  await sleep(watchMs, undefined, { signal: exam.signal });
  if (!(says && may)) return;
  exam.notes.add(
    `what ${exe} runs says \`exec\`, and after ${watchMs / 1000} s it had not: if it does so later, say --after, --until-comm or --ready`,
  );
}

/** The words of the command, and the text of the files among them. */
function scriptOf(hostPid: number): string {
  const words = readOr(`/proc/${hostPid}/cmdline`).split('\0').slice(1);
  return words.map((word) => `${word}\n${isSmallFile(word) ? readOr(word) : ''}`).join('\n');
}

function isSmallFile(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size < 1e6;
}

function imports(hostPid: number, name: string): boolean {
  const path = `/proc/${hostPid}/exe`;
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return size > 32e6 || readOr(path).includes(name);
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

// ---- looking at tasks

/** PID 1's own children that are alive, without what the examination has put there; in the order of birth. */
export function childrenOf(tasks: readonly StatRow[]): StatRow[] {
  const ours = ['bystander', 'helper', 'orphan'];
  return tasks.filter((task) => task.ppid === 1 && !isZombie(task) && !ours.includes(task.comm));
}

export function hostPidOf(init: Running, task: StatRow): number {
  return hostPids(init.hostPid).get(task.pid) ?? 0;
}

/** The signals of a mask in /proc/PID/status: SigBlk, SigIgn, SigCgt, ShdPnd. */
export function hasSignal(hostPid: number, mask: string, signal: number): boolean {
  const hex =
    new RegExp(`^${mask}:\\s*([0-9a-f]+)$`, 'm').exec(readOr(`/proc/${hostPid}/status`))?.[1] ?? '0';
  return ((BigInt(`0x${hex}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

export async function until(met: () => boolean, limitMs: number, { signal }: Exam): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!met() && performance.now() < end) await sleep(10, undefined, { signal });
  return met();
}
