/**
 * A machine in a box: a private Linux (`linux.uml`, an ordinary process here) that may be filled to its last PID.
 *
 *     driver (this process) ── a line ──► /dev/tty1 ── agent.c, PID 1 of the box ── a line of JSON ──► driver
 *
 * The host's files are the box's root, mounted read-only; it works in its own tmpfs (/mnt, /run) and has its
 * own cgroup v2. Three things end it, each by itself: `off`, the driver's time limit (its process group is
 * killed), and the agent's own alarm. It is killed with this process as well.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { LabUnavailable } from '../../../src/lab/namespace/setup.js';

export interface BoxOptions {
  /** As `mem=`: threads-max follows from it (K40). Default 512 MiB: 3,804 tasks or so. */
  memoryMiB?: number;
  /** Real time after which all of it is killed. */
  limitSeconds?: number;
  signal?: AbortSignal;
}

/** What the agent answers; the rest depends on what was asked. */
export interface Answer {
  /** '' if it worked, else the name of the error: `EAGAIN`. */
  errno: string;
  [field: string]: unknown;
}

/** How a program ended. */
export interface Ended extends Answer {
  pid: number;
  /** As a shell shows it, 128 + signal; null if it has not ended, or was never forked. */
  status: number | null;
  /** It was killed when its time was up. */
  timedOut: boolean;
  ms: number;
  /** When no process could write to its output any more; null: one still can. */
  outputMs: number | null;
  output: string;
}

/** One process of the box, as /proc shows it. */
export interface BoxProcess {
  pid: number;
  ppid: number;
  pgid: number;
  sid: number;
  comm: string;
  /** State letter. */
  state: string;
  threads: number;
  /** From the host inwards. */
  nspid: number[];
  cgroup: string;
}

/** All of it at one moment. */
export interface BoxTable {
  processes: BoxProcess[];
  /** Threads and zombies of the whole machine (K41). */
  tasks: number;
  /** The PID handed out last. */
  lastPid: number;
}

export interface RunOptions {
  folder?: string;
  /** The process itself is killed then, and nothing else. */
  timeoutMs?: number;
  /** So long after its end (at most) a process may still write to its output. */
  outputMs?: number;
  cgroup?: string;
  /** A file that is its standard input. */
  input?: string;
  uid?: number;
  nproc?: number;
}

const COMMANDS = ['linux.uml', 'cc', 'unshare'];
const LIMIT_SECONDS_USUAL = 600;
const MEMORY_MIB_USUAL = 512;
const BOOT_MS = 60_000;
const RUN_TIMEOUT_MS = 120_000;

/** What is missing to run a machine in a box here, each with what to do about it; empty when it can run. */
export function missingForBox(): string[] {
  if (process.platform !== 'linux') return ['this is not Linux'];
  const missing = COMMANDS.filter((command) => !isOnPath(command)).map(
    (command) => `${command} is not installed (Debian: apt-get install ${PACKAGES[command]})`,
  );
  return missing;
}

const PACKAGES: Record<string, string> = {
  'linux.uml': 'user-mode-linux',
  cc: 'gcc libc6-dev',
  unshare: 'util-linux',
  runc: 'runc',
  busybox: 'busybox-static',
};

/** For containers in it: a real runc, and a busybox that needs no libraries. */
export function missingForContainers(): string[] {
  const missing = missingForBox();
  if (!isOnPath('runc')) missing.push(`runc is not installed (Debian: apt-get install ${PACKAGES.runc})`);
  if (!existsSync('/bin/busybox') || !isStatic('/bin/busybox'))
    missing.push(`/bin/busybox is not static (Debian: apt-get install ${PACKAGES.busybox})`);
  return missing;
}

export function isOnPath(command: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, command)));
}

/** No dynamic loader is named in its program headers. */
function isStatic(path: string): boolean {
  return !readFileSync(path).subarray(0, 4096).includes('/ld-linux');
}

export class Box {
  private received = '';
  private readonly waiting: ((line: string | null) => void)[] = [];
  private over = false;
  private console = '';
  private readonly timer: NodeJS.Timeout;
  readonly ended: Promise<void>;

  private constructor(
    private readonly machine: ChildProcess,
    folder: string,
    limitSeconds: number,
    signal?: AbortSignal,
  ) {
    const [, , errors, input, output] = machine.stdio as [null, null, Readable, Writable, Readable];
    errors
      .setEncoding('utf8')
      .on('data', (text: string) => (this.console = (this.console + text).slice(-4000)));
    // The machine goes out like a light: what it had not read or written yet is reset.
    for (const stream of [errors, input, output]) stream.on('error', () => {});
    output.setEncoding('utf8').on('data', (text: string) => this.receive(text));
    this.timer = setTimeout(() => this.kill(), limitSeconds * 1000);
    const abort = (): void => this.kill();
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) this.kill();
    this.ended = new Promise((resolve) => {
      machine.once('exit', () => {
        this.over = true;
        clearTimeout(this.timer);
        signal?.removeEventListener('abort', abort);
        rmSync(folder, { recursive: true, force: true });
        for (const wake of this.waiting.splice(0)) wake(null);
        resolve();
      });
    });
  }

  /** Boots one. Throws LabUnavailable where it cannot be. */
  static async boot(options: BoxOptions = {}): Promise<Box> {
    const missing = missingForBox();
    if (missing.length > 0) throw new LabUnavailable(missing);
    const { memoryMiB = MEMORY_MIB_USUAL, limitSeconds = LIMIT_SECONDS_USUAL } = options;
    const folder = mkdtempSync(join(tmpdir(), 'pidsim-box-'));
    const machine = spawn(
      'setpriv',
      [
        // A driver that is killed cannot switch the box off: the kernel kills it then.
        ...['--pdeathsig', 'KILL', 'unshare'],
        // What is alive in the box when it ends is a process here: a PID namespace takes it along, the dead as well.
        ...(process.getuid!() === 0 ? [] : ['--user', '--map-root-user']),
        ...[
          '--pid',
          '--fork',
          '--kill-child=KILL',
          'linux.uml',
          `mem=${memoryMiB}M`,
          `uml_dir=${folder}/`,
          'umid=box',
        ],
        ...['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', 'quiet'],
        ...['con0=null,fd:2', 'con1=fd:3,fd:4', 'con=null', `init=${compileStatic('agent')}`],
        ...['--', String(limitSeconds)],
      ],
      // A group of its own: what it starts here is killed with it.
      {
        stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
        detached: true,
        env: process.env,
      },
    );
    const box = new Box(machine, folder, limitSeconds, options.signal);
    const bootTimer = setTimeout(() => box.kill(), BOOT_MS);
    try {
      await box.nextAnswer();
    } finally {
      clearTimeout(bootTimer);
    }
    // Else its kernel forks a process for each module that somebody asks for, and there are none.
    await box.write('/proc/sys/kernel/modprobe', '\n');
    return box;
  }

  /** Boots one, uses it, and takes it away, whatever happens. */
  static async use<T>(options: BoxOptions, use: (box: Box) => Promise<T>): Promise<T> {
    const box = await Box.boot(options);
    try {
      return await use(box);
    } finally {
      await box.off();
    }
  }

  /** In order; a second question is asked when the first has been answered. */
  async ask<T = Answer>(...words: (string | number)[]): Promise<T> {
    if (this.over) throw new Error(`the machine in the box has ended: ${this.console.trim().slice(-500)}`);
    const line = words.map((word) => encodeWord(String(word))).join(' ');
    (this.machine.stdio[3] as Writable).write(`${line}\n`);
    return JSON.parse(await this.nextAnswer()) as T;
  }

  /** The same of a puppet (`role`). */
  as(role: string): Asker {
    return { ask: (...words) => this.ask('to', role, ...words) };
  }

  run(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return run(this, words, options);
  }

  /** Every process, and the two figures of /proc/loadavg. */
  async table(): Promise<BoxTable> {
    const { loadavg, processes } = await this.ask<{ loadavg: string; processes: Record<string, string>[] }>(
      'ps',
    );
    const [, , , tasks, lastPid] = loadavg.split(' ');
    return {
      processes: processes.map(readProcess).sort((a, b) => a.pid - b.pid),
      tasks: Number(tasks.split('/')[1]),
      lastPid: Number(lastPid),
    };
  }

  /** PIDs up to `high` that are taken and belong to no task. */
  async pinned(high: number): Promise<number[]> {
    return (await this.ask<{ pinned: number[] }>('pinned', 1, high)).pinned;
  }

  async read(path: string): Promise<string> {
    const { errno, text } = await this.ask<{ errno: string; text: string }>('read', path);
    if (errno !== '') throw new Error(`${path} in the box: ${errno}`);
    return text.trim();
  }

  async write(path: string, text: string | number): Promise<void> {
    must(path, await this.ask('write', path, text));
  }

  async makeFolders(...paths: string[]): Promise<void> {
    for (const path of paths) must(path, await this.ask('mkdir', path));
  }

  /** Switches it off, and waits until it is gone. */
  async off(): Promise<void> {
    if (!this.over) (this.machine.stdio[3] as Writable).write('off\n');
    const timer = setTimeout(() => this.kill(), 5000);
    await this.ended;
    clearTimeout(timer);
    this.kill(); // what is left of its group
  }

  /** The whole group, by its ID: the machine and what it has forked here. */
  kill(): void {
    try {
      process.kill(-this.machine.pid!, 'SIGKILL');
    } catch {
      // It has gone by itself.
    }
  }

  private receive(text: string): void {
    this.received += text;
    for (;;) {
      const end = this.received.indexOf('\n');
      if (end < 0) return;
      const line = this.received.slice(0, end);
      this.received = this.received.slice(end + 1);
      this.waiting.shift()?.(line);
    }
  }

  private async nextAnswer(): Promise<string> {
    const line = await new Promise<string | null>((resolve) => {
      if (this.over) resolve(null);
      else this.waiting.push(resolve);
    });
    if (line === null)
      throw new Error(`the machine in the box has ended: ${this.console.trim().slice(-500)}`);
    return line;
  }
}

/** The agent, or a puppet of it. */
export interface Asker {
  ask<T = Answer>(...words: (string | number)[]): Promise<T>;
}

/** Runs a program to its end, as a child of the agent or of a puppet. */
export function run(asker: Asker, words: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { timeoutMs = RUN_TIMEOUT_MS, outputMs = 0 } = options;
  return asker.ask<Ended>('run', timeoutMs, outputMs, ...startWords(words, options));
}

/** Starts one and leaves it running. */
export function start(
  asker: Asker,
  words: readonly string[],
  options: RunOptions & { gate?: boolean } = {},
): Promise<Answer & { pid: number }> {
  return asker.ask('spawn', ...startWords(words, options));
}

export function startWords(words: readonly string[], options: RunOptions & { gate?: boolean }): string[] {
  const { folder = '/', cgroup, input, uid, nproc, gate = false } = options;
  const flags = Object.entries({ cgroup, in: input, uid, nproc })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`);
  return [folder, ...flags, ...(gate ? ['gate'] : []), ...words];
}

export function must(what: string, { errno }: Answer): void {
  if (errno !== '') throw new Error(`${what} in the box: ${errno}`);
}

function encodeWord(word: string): string {
  if (word === '') return '-';
  if (word === '-') return '%2d';
  return Array.from(Buffer.from(word, 'utf8'), (byte) =>
    /[\w./:=,+-]/.test(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).padStart(2, '0')}`,
  ).join('');
}

function readProcess(row: Record<string, string>): BoxProcess {
  const first = (text: string): number => Number(text.split('\t')[0]);
  return {
    pid: Number(row.pid),
    ppid: Number(row.ppid),
    pgid: first(row.pgid),
    sid: first(row.sid),
    comm: row.comm,
    state: row.state.slice(0, 1),
    threads: Number(row.threads),
    nspid: row.nspid.split('\t').map(Number),
    cgroup: row.cgroup,
  };
}

const compiled = new Map<string, string>();

/**
 * A C file of this folder as a static program, compiled once into a private folder; it must run with no
 * libraries.
 */
export function compileStatic(name: string, source = join(import.meta.dirname, `${name}.c`)): string {
  const known = compiled.get(source);
  if (known !== undefined && existsSync(known)) return known;
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16);
  const folder = mkdtempSync(join(tmpdir(), 'pidsim-box-build-'));
  const fresh = join(folder, name);
  try {
    execFileSync('cc', ['-O2', '-Wall', '-static', '-pthread', '-o', fresh, source], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    const message = String((error as { stderr?: Buffer }).stderr ?? error).trim();
    throw new LabUnavailable([`cc cannot compile ${name}: ${message.split('\n')[0]}`]);
  }
  const program = join(folder, `${name}-${hash}`);
  renameSync(fresh, program);
  compiled.set(source, program);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return program;
}
