/**
 * `pidsim lab record -- CMD…`: what does this probe command do to the process table?
 *
 *     PID 1 that never waits ◄─ adopts ─┐
 *     outside ─ setns, fork, setsid ─► CMD, traced ─► rest ─► zombies, pinned PIDs, the cursor ─► again
 *                                                  └► trace ─► program
 *
 * The command runs with root's rights in the machine's own file system and network: what it does there, it
 * does. Only its processes are caught, counted and ended.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pinnedPids } from '../../procfs/pinned.js';
import { isZombie } from '../../procfs/process-row.js';
import type { StatRow } from '../../procfs/stat.js';
import type { TraceEvent } from '../../program/catalogue/trace.js';
import type { ProgramSource } from '../../program/step.js';
import { plural } from '../../text/figures.js';
import { type Ended, PrivateNamespace, type Running } from '../namespace/private-namespace.js';
import { hostPids } from '../namespace/proc.js';
import { isInstalled, positiveMs, wholeNumber } from '../namespace/setup.js';
import { Tracing } from '../namespace/tracing.js';
import { assembleFtrace, enableTaskEvents } from './ftrace.js';
import { programFromSnapshots, programsFromTraces } from './program.js';
import type { RecordedRun, RecordSource } from './recorded-run.js';
import { readStrace } from './strace.js';
import { completeWaits, pidsIn, widestMoment } from './trace.js';

export interface RecordOptions {
  /** Default 5. */
  runs?: number;
  /** For each run; then its main process is killed, as a container runtime does. Default 30000. */
  timeoutMs?: number;
  /** Default: the best that this machine has. */
  source?: RecordSource;
  /** What it leaves alive is at rest when it has not changed for so long. Default 1500. */
  settleMs?: number;
  /** Does the command become a session leader, as runc makes it? Default true. */
  setsid?: boolean;
  /** Of the program; default: the command's file name. */
  name?: string;
  cwd?: string;
  env?: Record<string, string | undefined>;
  signal?: AbortSignal;
}

export interface Spread {
  min: number;
  median: number;
  max: number;
}

export { hasSucceeded, RECORD_SOURCES, type RecordedRun, type RecordSource } from './recorded-run.js';

export const MEASURES = ['zombies', 'pinned', 'live', 'pidsUsed', 'widest', 'durationUs'] as const;
export type Measure = (typeof MEASURES)[number];

export interface Recording {
  command: string[];
  source: RecordSource;
  /** What the reader should know: why not a better source, runs that differ, timeouts, … */
  notes: string[];
  runs: RecordedRun[];
  spread: Record<Measure, Spread>;
  /** For `programs:` of a scenario: the command's own program first, then those it names. */
  programs: Map<string, ProgramSource>;
  /** The last 2 KiB that the first run wrote. */
  outputTail: string;
}

/** The command could not be run at all. */
export class CommandNotRun extends Error {
  constructor(
    readonly command: readonly string[],
    readonly errno: string,
  ) {
    const why =
      errno === 'ENOENT' ? 'there is no such command' : errno === 'EACCES' ? 'it is not executable' : errno;
    super(`${command[0]} cannot be run: ${why}`);
    this.name = 'CommandNotRun';
  }
}

const RUNS_MAX = 1000;
const TIMEOUT_MS = 30_000;
const REST_LIMIT_MS = 10_000;
/** strace writes one line per system call that matters; a command with more than this is not a probe. */
const STRACE_BYTES_MAX = 32 * 1024 * 1024;

interface Session {
  host: PrivateNamespace;
  source: RecordSource;
  tracing: Tracing | null;
  command: readonly string[];
  options: RecordOptions;
}

/** Measures the command. Throws LabUnavailable, BadLabOption, CommandNotRun, or the signal's reason. */
export async function recordCommand(
  command: readonly string[],
  options: RecordOptions = {},
): Promise<Recording> {
  const notes: string[] = [];
  const wanted = options.source;
  const runCount = wholeNumber('runs', options.runs ?? 5, 1, RUNS_MAX);
  positiveMs('timeout', options.timeoutMs ?? TIMEOUT_MS);
  const host = await PrivateNamespace.open({
    trace: wanted === undefined || wanted === 'tracefs',
    cwd: options.cwd,
    env: options.env,
    signal: options.signal,
  });
  try {
    await host.startInit(['pause']);
    const session: Session = { host, command, options, ...chooseSource(host, wanted, notes) };
    const runs: RecordedRun[] = [];
    let outputTail = '';
    for (let run = 0; run < runCount; run++) {
      const { recorded, tail } = await recordRun(session);
      if (run === 0) outputTail = tail;
      runs.push(recorded);
    }
    return summarise(command, session.source, notes, runs, outputTail, options.name ?? programName(command));
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    await host.close();
  }
}

function chooseSource(
  host: PrivateNamespace,
  wanted: RecordSource | undefined,
  notes: string[],
): { source: RecordSource; tracing: Tracing | null } {
  if (host.traceDir !== null) {
    const tracing = new Tracing(host.traceDir);
    if (enableTaskEvents(tracing)) return { source: 'tracefs', tracing };
    notes.push('tracefs has no task events on this kernel');
  } else if (wanted !== 'strace' && wanted !== 'snapshots')
    notes.push('no tracefs here (CONFIG_FTRACE, root, not locked down)');
  if (wanted !== 'snapshots') {
    if (isInstalled('strace')) return { source: 'strace', tracing: null };
    notes.push('no strace here: the program is put together from what was left behind');
  }
  return { source: 'snapshots', tracing: null };
}

/** `/usr/sbin/rabbitmqctl` is `rabbitmqctl`; letters that a scenario's names have not are dashes. */
export function programName(command: readonly string[]): string {
  return (
    basename(command[0])
      .toLowerCase()
      .replace(/[^a-z0-9.-]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '') || 'command'
  );
}

// ---- one run

async function recordRun(session: Session): Promise<{ recorded: RecordedRun; tail: string }> {
  const { host, command, options, tracing } = session;
  const before = host.tasks();
  const chargedBefore = host.pids('current') ?? before.length;
  const running = await host.exec(command, { setsid: options.setsid, gated: true });
  tracing?.clear();
  tracing?.follow(running.hostPid);
  const strace = session.source === 'strace' ? await Strace.attach(running.hostPid) : null;
  host.release(running);
  const errno = await running.execed;
  if (errno !== null) {
    strace?.stop();
    throw new CommandNotRun(command, errno);
  }
  const { end, timedOut } = await endOrTimeout(host, running, options);
  const livesBefore = before.filter((task) => !isZombie(task)).length;
  const { atRest, tasks } = await host.rest(options.settleMs ?? 1500, REST_LIMIT_MS, livesBefore);
  const next = await host.nextPid();
  const events = traceOf(session, running, end, strace, tasks);
  const isNew = (task: StatRow): boolean => !before.some((old) => old.pid === task.pid);
  const left = tasks.filter(isNew);
  const moved = next > running.pid ? next - running.pid : null;
  const seen = events === null ? null : pidsIn(events);
  const recorded: RecordedRun = {
    status: end.status,
    signal: end.signal,
    timedOut,
    durationUs: end.durationUs,
    outputBytes: end.outputBytes,
    zombies: tasks.filter((task) => isZombie(task)).length - before.filter((task) => isZombie(task)).length,
    pinned: pinnedPids(tasks).length - pinnedPids(before).length,
    live: left.filter((task) => !isZombie(task)).length,
    pid: running.pid,
    left,
    pidsUsed: moved ?? (seen === null ? 0 : seen.processes + seen.threads),
    widest: events === null ? Math.max(1, (host.pids('peak') ?? 0) - chargedBefore) : widestMoment(events),
    restless: !atRest,
    events,
  };
  return { recorded, tail: end.outputTail };
}

async function endOrTimeout(
  host: PrivateNamespace,
  running: Running,
  options: RecordOptions,
): Promise<{ end: Ended; timedOut: boolean }> {
  const over = new AbortController();
  const signal = options.signal ? AbortSignal.any([over.signal, options.signal]) : over.signal;
  const timer = sleep(options.timeoutMs ?? TIMEOUT_MS, 'timeout' as const, { signal }).catch(
    () => 'aborted' as const,
  );
  const first = await Promise.race([running.ended, timer]);
  over.abort();
  options.signal?.throwIfAborted();
  if (typeof first !== 'string') return { end: first, timedOut: false };
  host.kill(running, 'SIGKILL');
  return { end: await running.ended, timedOut: true };
}

/** The run's trace, completed by what the state at rest says; null if it was not traced, or not all of it. */
function traceOf(
  session: Session,
  running: Running,
  end: Ended,
  strace: Strace | null,
  tasks: readonly StatRow[],
): TraceEvent[] | null {
  const comm = basename(session.command[0]);
  const pids = hostPids(session.host.init!.hostPid);
  const zombies = tasks.filter((task) => isZombie(task)).map((task) => pids.get(task.pid) ?? 0);
  const status = end.status ?? 128 + 9;
  if (session.tracing !== null) {
    if (session.tracing.lost() > 0) return null;
    const trace = assembleFtrace(session.tracing.read(), {
      hostPid: running.hostPid,
      pid: running.pid,
      comm,
    });
    return completeWaits(trace.finish(status), new Set(zombies.map((pid) => trace.taskOf(pid) ?? 0)));
  }
  const text = strace?.stop() ?? null;
  const read = text === null ? null : readStrace(text, 'strace', comm, running.hostPid);
  if (read?.ok !== true) return null;
  return completeWaits(read.events, new Set(zombies.map((pid) => read.taskOf(pid) ?? 0)));
}

/** strace attached from outside, so that it is neither in the namespace nor the command's parent. */
class Strace {
  private text = '';
  private overflow = false;

  private constructor(private readonly tracer: ChildProcess) {
    tracer.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      if (this.text.length + chunk.length > STRACE_BYTES_MAX) this.overflow = true;
      else this.text += chunk;
    });
  }

  static async attach(pid: number): Promise<Strace> {
    const calls = 'trace=clone,?clone3,?fork,?vfork,execve,exit_group,wait4,waitid,setsid,setpgid';
    const args = ['-f', '-ttt', '--pidns-translation', '-e', calls, '-e', 'signal=none', '-p', String(pid)];
    const strace = new Strace(spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] }));
    for (let waited = 0; waited < 5000 && !strace.text.includes('attached'); waited += 10) await sleep(10);
    return strace;
  }

  /** What it has written; null if that was too much to keep. It lets go of what is still alive. */
  stop(): string | null {
    this.tracer.kill('SIGTERM');
    return this.overflow ? null : this.text;
  }
}

// ---- all runs

function summarise(
  command: readonly string[],
  source: RecordSource,
  notes: string[],
  runs: RecordedRun[],
  outputTail: string,
  name: string,
): Recording {
  const spread = Object.fromEntries(
    MEASURES.map((measure) => [measure, spreadOf(runs.map((run) => run[measure]))]),
  );
  const traced = runs.filter((run) => run.events !== null);
  if (source !== 'snapshots' && traced.length < runs.length) {
    notes.push(`${runs.length - traced.length} of ${runs.length} runs did too much to be traced whole`);
  }
  const late = runs.filter((run) => run.timedOut).length;
  if (late > 0) notes.push(`${late} of ${runs.length} runs were killed at the timeout`);
  const restless = runs.filter((run) => run.restless).length;
  if (restless > 0)
    notes.push(`after ${restless} of ${runs.length} runs what was left alive did not come to rest`);
  const text = sourceText(command, source, runs.length);
  const programs =
    traced.length > 0
      ? programsFromTraces(name, text, traced, notes)
      : programFromSnapshots(name, text, command, runs);
  return {
    command: [...command],
    source,
    notes,
    runs,
    spread: spread as Record<Measure, Spread>,
    programs,
    outputTail,
  };
}

function sourceText(command: readonly string[], source: RecordSource, runs: number): string {
  return `pidsim lab record (${source}, ${plural(runs, 'run')}) of: ${command.join(' ')}`;
}

/** The median of an even number of values is the lower of the middle two: a value that was measured. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { min: sorted[0], median: sorted[(sorted.length - 1) >> 1], max: sorted[sorted.length - 1] };
}
