/**
 * One private PID namespace on this machine's kernel, with a PID 1 of one's choice and things that enter from
 * outside.
 *
 *     this process ──orders──► keeper.c (outside, the shim) ──► PID 1
 *                  ◄─reports──                                  └─► setns, fork, setsid, exec: a CRI exec
 *                  ◄────────── /proc of the namespace, its pids cgroup, its tracing instance
 *
 * The namespace has a lowered pid_max and a pids cgroup of its own. When this process ends, in whatever way,
 * the C program sees the end of its orders and takes everything down.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { getSystemErrorName } from 'node:util';
import { threadId } from 'node:worker_threads';
import { isZombie } from '../../procfs/process-row.js';
import type { StatRow } from '../../procfs/stat.js';
import { readTasks } from './proc.js';
import {
  compileHelper,
  hasOwnPidMax,
  isRoot,
  LabBroken,
  LabUnavailable,
  missingForLab,
  newCgroupDir,
  removeEmpty,
} from './setup.js';

export interface NamespaceOptions {
  /** The namespace's own limit, if the kernel has one (>= 6.14). Default 20000: below any node's default. */
  pidMax?: number;
  /** Tasks in the cgroup, zombies included. Default 1000. */
  pidsMax?: number;
  /** Network (loopback only), host name and IPC of its own. Default: the machine's. */
  privateNet?: boolean;
  /** What is written to /tmp and to the working directory is gone with the namespace. Default: it stays. */
  privateFiles?: boolean;
  /** Folders laid over the machine's, for the namespace alone: what is seen there, by what is shown. */
  overlays?: Readonly<Record<string, string>>;
  /** PID 1 forks a helper before it execs its command, so that orphans of its own descendants can be made. */
  helper?: boolean;
  /** Make a tracing instance, if tracefs is there. */
  trace?: boolean;
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** Takes the namespace down when it fires. */
  signal?: AbortSignal;
}

export interface Ended {
  /** Exit status, or null when a signal ended it. */
  status: number | null;
  signal: string | null;
  /** From its exec to its being reaped by its parent outside. */
  durationUs: number;
  outputBytes: number;
  /** The last 2 KiB of stdout and stderr together. */
  outputTail: string;
}

/** A command that was started in the namespace: PID 1, or one that entered from outside. */
export interface Running {
  id: string;
  command: readonly string[];
  /** The PID that this process sees. */
  hostPid: number;
  pid: number;
  /** null once it has become the command; the error's name (`ENOENT`) if exec failed. */
  execed: Promise<string | null>;
  ended: Promise<Ended>;
  /** What `ended` resolved to, once it has. */
  end: Ended | null;
}

/** The kernel refused the fork or the entering: a full table (EAGAIN), a dead namespace (ENOMEM), … */
export class StartRefused extends Error {
  constructor(
    readonly command: readonly string[],
    readonly errno: string,
  ) {
    super(`the kernel refused to start ${command[0]}: ${errno}`);
    this.name = 'StartRefused';
  }
}

interface Pending extends Running {
  settleExeced(errno: string | null): void;
  settleEnded(ended: Ended): void;
}

const REPLIES = new Set(
  'started refused orphans number terms died adopted seized exited misunderstood'.split(' '),
);
const TEAR_DOWN_MS = 10_000;

export class PrivateNamespace {
  /** The tracing instance's folder, reachable from this process, or null. */
  traceDir: string | null = null;
  init: Running | null = null;
  /** Signals that have reached a seized process, in order. */
  readonly caught: { hostPid: number; signal: string }[] = [];
  private readonly commands = new Map<string, Pending>();
  private readonly waiting: ((words: string[]) => void)[] = [];
  private readonly left: Promise<void>;
  private partial = '';
  private gone = false;
  private commandCount = 0;
  private readyOrDead!: (words: string[]) => void;

  private constructor(
    private readonly keeper: ChildProcess,
    readonly cgroupDir: string | null,
    private readonly abort: AbortSignal | undefined,
  ) {
    keeper.stdout!.setEncoding('utf8').on('data', (text: string) => this.hear(text));
    keeper.stdin!.on('error', () => {}); // It is gone: `close` below says so.
    this.left = new Promise((resolve) => keeper.once('close', () => resolve(this.bury())));
    abort?.addEventListener('abort', this.onAbort, { once: true });
  }

  /** Makes cgroup and tracing instance; the namespace begins with `startInit`. Throws LabUnavailable. */
  static async open(options: NamespaceOptions = {}): Promise<PrivateNamespace> {
    const missing = missingForLab({ rootless: true });
    if (missing.length > 0) throw new LabUnavailable(missing);
    options.signal?.throwIfAborted();
    const rootless = !isRoot();
    const cgroupDir = rootless ? null : newCgroupDir('probe');
    const name = `pidsim-${process.pid}-${threadId}-${++hostCount}`;
    const args = [
      cgroupDir ?? '-',
      String(options.pidsMax ?? 1000),
      hasOwnPidMax() ? String(options.pidMax ?? 20_000) : '0',
    ];
    args.push(options.trace && !rootless ? name : '-');
    if (rootless) args.push('rootless');
    if (options.privateNet) args.push('private-net');
    if (options.privateFiles) args.push('private-files');
    if (options.helper) args.push('helper');
    for (const [seen, shown] of Object.entries(options.overlays ?? {})) args.push(`bind=${shown}:${seen}`);
    // A session of its own: a Ctrl-C meant for this process reaches it as the end of its orders, in order.
    const keeper = spawn(compileHelper('namespace'), args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const host = new PrivateNamespace(keeper, cgroupDir, options.signal);
    const [verb, what, errno] = await new Promise<string[]>((resolve, reject) => {
      host.readyOrDead = resolve;
      keeper.once('error', (error) =>
        reject(new LabBroken(`${keeper.spawnfile} does not run: ${error.message}`)),
      );
    });
    if (verb !== 'ready') {
      await host.left;
      options.signal?.throwIfAborted();
      if (what === 'start')
        throw new LabBroken(`${keeper.spawnfile} is broken: remove it, and it is made again`);
      throw new LabUnavailable([`the namespace cannot be prepared (${what}: ${errnoName(Number(errno))})`]);
    }
    if (what !== '-') host.traceDir = `/proc/${keeper.pid}/root${what}`;
    return host;
  }

  /**
   * PID 1; another one, once the last has ended. `pause` and `pause-reaping` (alone) are the two behaviours
   * of Kubernetes' pause, 3.0 and 3.1. `underAParent`: it is the child of a process that `orphanInit` ends.
   */
  async startInit(command: readonly string[], underAParent = false): Promise<Running> {
    const builtIn = command.length === 1 && (command[0] === 'pause' || command[0] === 'pause-reaping');
    const running = this.expect('init', command);
    const words = builtIn ? [this.keeper.spawnfile, ...command] : command;
    await this.begin(running, ['init', underAParent ? 'under-a-parent' : '-', ...words]);
    this.init = running;
    return running;
  }

  orphanInit(): void {
    this.order(['orphan-init']);
  }

  /** A namespace that is there already, by its PID 1: only to enter it, and to look. */
  async adopt(hostPid: number): Promise<Running> {
    const running = this.expect('adopted', [String(hostPid)]);
    running.hostPid = hostPid;
    running.pid = 1;
    if (Number((await this.ask(['adopt', String(hostPid)]))[1]) < 0)
      throw new StartRefused(running.command, 'EPERM');
    this.init = running;
    return running;
  }

  /** Signals for the process are in `caught` from now on; `swallow`: but it is not told. False: refused. */
  async seize(hostPid: number, swallow: boolean): Promise<boolean> {
    return Number((await this.ask(['seize', String(hostPid), swallow ? '1' : '0']))[1]) > 0;
  }

  /** Makes the process call exit_group. Null, or the name of the error. */
  async makeExit(hostPid: number, status: number): Promise<string | null> {
    const errno = Number((await this.ask(['make-exit', String(hostPid), String(status)]))[1]);
    return errno === 0 ? null : errnoName(errno);
  }

  /**
   * A command enters from outside: setns, fork, `setsid` unless told otherwise, stdin /dev/null, exec. A
   * `gated` one waits before its exec until `release`. Throws StartRefused.
   */
  async exec(
    command: readonly string[],
    options: { setsid?: boolean; gated?: boolean } = {},
  ): Promise<Running> {
    const running = this.expect(`c${++this.commandCount}`, command);
    const flags = '-' + (options.setsid === false ? '' : 's') + (options.gated ? 'g' : '');
    return this.begin(running, ['exec', running.id, flags, ...command]);
  }

  release(running: Running): void {
    this.order(['go', running.id]);
  }

  /** Sends a signal from outside to a command that was started here and has not been reaped. */
  kill(running: Running, signal: string): void {
    this.order(['signal', running.id, String(constants.signals[signal as NodeJS.Signals])]);
  }

  /**
   * Orphans that PID 1 adopts alive and that wait for `letDie`: of its own descendants (`own`, needs
   * `helper`), or of a process that had entered from outside (`stranger`). A `bystander` never dies by itself
   * and says when it is sent SIGTERM. How many were made; -1 if none could be.
   */
  async makeOrphans(kind: 'own' | 'stranger' | 'bystander', count: number): Promise<number> {
    return Number((await this.ask(['orphans', kind, String(count)]))[1]);
  }

  async letDie(count: number): Promise<void> {
    await this.ask(['die', String(count)]);
  }

  /** The next PID of the namespace, found by a process that enters, says its own and ends; 0 if refused. */
  async nextPid(): Promise<number> {
    return Number((await this.ask(['number']))[1]);
  }

  /** Bystanders that have said, since the last question, that they were sent SIGTERM. */
  async termsHeard(): Promise<number> {
    return Number((await this.ask(['terms']))[1]);
  }

  /** Every process of the namespace, zombies included, in the order of PIDs; empty once PID 1 is dead. */
  tasks(): StatRow[] {
    return this.init === null || this.init.end !== null
      ? []
      : readTasks(`/proc/${this.init.hostPid}/root/proc`);
  }

  /** A pids.* file of the cgroup as a number, or null where there is none. */
  pids(file: 'current' | 'peak'): number | null {
    try {
      return Number.parseInt(readFileSync(`${this.cgroupDir}/pids.${file}`, 'utf8'), 10);
    } catch {
      return null;
    }
  }

  /**
   * Waits until the list of tasks has not changed for `quietMs` (at once when nothing lives besides PID 1 and
   * those in `expected`), at most `limitMs`. Whether it came to rest, and the list.
   */
  async rest(quietMs: number, limitMs: number, lives = 1): Promise<{ atRest: boolean; tasks: StatRow[] }> {
    const begun = performance.now();
    let since = begun;
    let before = '';
    for (;;) {
      const tasks = this.tasks();
      const now = performance.now();
      const list = tasks.map((task) => `${task.pid}:${isZombie(task)}:${task.ppid}:${task.threads}`).join();
      if (list !== before) since = now;
      before = list;
      const alive = tasks.filter((task) => !isZombie(task)).length;
      // Two looks, even when nothing is left alive: a process may have been between two names.
      if (now - since >= (alive <= lives ? 60 : quietMs)) return { atRest: true, tasks };
      if (now - begun >= limitMs) return { atRest: false, tasks };
      await sleep(20, undefined, { signal: this.abort });
    }
  }

  /** Kills PID 1 and with it everything inside; resolves when nothing is left. */
  async close(): Promise<void> {
    this.abort?.removeEventListener('abort', this.onAbort);
    this.keeper.stdin!.end();
    const last = setTimeout(() => this.keeper.kill('SIGKILL'), TEAR_DOWN_MS);
    await this.left;
    clearTimeout(last);
    if (this.cgroupDir !== null) removeEmpty(this.cgroupDir);
  }

  private readonly onAbort = (): void => {
    this.keeper.stdin!.end();
  };

  private expect(id: string, command: readonly string[]): Pending {
    const pending = { id, command, hostPid: 0, pid: 0, end: null } as Pending;
    pending.execed = new Promise((resolve) => (pending.settleExeced = resolve));
    pending.ended = new Promise((resolve) => (pending.settleEnded = resolve));
    this.commands.set(id, pending);
    return pending;
  }

  private async begin(running: Pending, words: string[]): Promise<Running> {
    const [verb, , first] = await this.ask(words);
    if (verb === 'started') return running;
    this.commands.delete(running.id);
    throw new StartRefused(running.command, errnoName(Number(first)));
  }

  private order(words: readonly string[]): void {
    if (!this.gone) this.keeper.stdin!.write(words.map(encode).join(' ') + '\n');
  }

  private ask(words: readonly string[]): Promise<string[]> {
    if (this.gone) return Promise.reject(this.takenDown());
    return new Promise((resolve, reject) => {
      this.waiting.push((reply) => (reply.length === 0 ? reject(this.takenDown()) : resolve(reply)));
      this.order(words);
    });
  }

  private takenDown(): Error {
    const reason = this.abort?.aborted ? this.abort.reason : null;
    return reason instanceof Error ? reason : new Error('the namespace has been taken down');
  }

  private hear(text: string): void {
    const lines = (this.partial + text).split('\n');
    this.partial = lines.pop()!;
    for (const line of lines) this.heed(line.split(' ').map(decode));
  }

  private heed(words: string[]): void {
    const [verb, id] = words;
    const command = this.commands.get(id);
    if (verb === 'ready' || verb === 'fatal') this.readyOrDead(words);
    else if (verb === 'running') command?.settleExeced(null);
    else if (verb === 'caught')
      this.caught.push({ hostPid: Number(id), signal: signalName(Number(words[2])) });
    else if (verb === 'exec-failed') command?.settleExeced(errnoName(Number(words[2])));
    else if (verb === 'ended' && command) {
      const end = endOf(words);
      command.end = end;
      command.settleExeced(null);
      command.settleEnded(end);
      this.commands.delete(id);
    }
    if (!REPLIES.has(verb)) return;
    if (verb === 'started' && command) {
      command.hostPid = Number(words[2]);
      command.pid = Number(words[3]);
    }
    this.waiting.shift()?.(words);
  }

  /** The keeper has left, and no order is heard any more. */
  private bury(): void {
    this.gone = true;
    this.readyOrDead?.(['fatal', 'start', '0']);
    for (const waiter of this.waiting.splice(0)) waiter([]);
    const end: Ended = { status: null, signal: 'SIGKILL', durationUs: 0, outputBytes: 0, outputTail: '' };
    for (const command of this.commands.values()) {
      command.end = end;
      command.settleExeced(null);
      command.settleEnded(end);
    }
  }
}

let hostCount = 0;

function endOf(words: string[]): Ended {
  const status = Number(words[2]);
  const signal = status & 0x7f;
  return {
    status: signal === 0 ? status >> 8 : null,
    signal: signal === 0 ? null : signalName(signal),
    durationUs: Number(words[3]),
    outputBytes: Number(words[4]),
    outputTail: words[5],
  };
}

/** `SIGTERM` for 15; `SIG34` for one that has no name. */
function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `SIG${number}`;
}

function errnoName(errno: number): string {
  return errno === 0 ? 'no reason given' : getSystemErrorName(-errno);
}

/** One word of the protocol: bytes outside the printable ASCII as %XX, the empty word as %. */
function encode(word: string): string {
  return word === '' ? '%' : encodeURIComponent(word);
}

/** What a command has written need not be whole characters: what is none becomes U+FFFD. */
function decode(word: string): string {
  const bytes = word.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return word === '%' ? '' : Buffer.from(bytes, 'latin1').toString('utf8');
}
