/**
 * Runs a litmus on the real kernel.
 *
 *     Litmus ── encode ──► runner (C, compiled on demand) ──► JSON: /proc and taken PIDs ── read ──► World
 *
 * The runner does everything that needs privilege, inside its own namespaces and cgroup, and takes them away
 * again when it is told to, when its input ends with this process, and when time is up (runner/main.c).
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessRow, statOf } from '../../procfs/process-row.js';
import {
  compileHelper,
  hasOwnPidMax,
  isInstalled,
  LabBroken,
  LabUnavailable,
  missingForLab,
  newCgroupDir,
  pidsCgroupRoot,
} from '../namespace/setup.js';
import { encodeLitmus, nestNames } from './encode.js';
import type { Litmus } from './litmus.js';
import { type Outcome, sortRefusals, type View, type World } from './world.js';

export interface KernelRunOptions {
  /** Real time after which a world that moves is called restless; default 10 s. */
  boundMs?: number;
  /** Which CPU all of it shares; default the last one. */
  cpu?: number;
  /** On every CPU, each process slowed down by chance: another order of each instant, every time. */
  jitter?: boolean;
  /** Ends the run early; everything is taken away first. */
  signal?: AbortSignal;
}

const BOUND_MS_USUAL = 10_000;

/** Beyond its own bound the runner looks at the restless world for at most so long. */
const GRACE_MS = 20_000;

/** What is missing to run a litmus here, each with what to do about it; empty when it can run. */
export function missingForLitmus(): string[] {
  const missing = missingForLab();
  if (missing.length > 0) return missing;
  if (!hasOwnPidMax()) missing.push('no pid_max per PID namespace: it needs Linux 6.14 or newer');
  if (pidsCgroupRoot() === null)
    missing.push('no pids cgroup (v1, or v2 with pids in cgroup.subtree_control): mount or enable it');
  return missing;
}

/** The CPUs that this process may use: a litmus runs on one of them, several at a time on different ones. */
export function cpusHere(): number[] {
  const list = existsSync('/proc/self/status')
    ? /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    : undefined;
  return (list ?? '0').split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** Runs the litmus. Never throws for what the machine lacks or a world does: that is the outcome. */
export async function runOnKernel(litmus: Litmus, options: KernelRunOptions = {}): Promise<Outcome> {
  const missing = [...missingForLitmus(), ...missingCommands(litmus)];
  if (missing.length > 0) return { kind: 'skipped', missing };
  const boundMs = options.boundMs ?? BOUND_MS_USUAL;
  const text = encodeLitmus(litmus, {
    boundMs,
    cpu: options.jitter ? -1 : (options.cpu ?? cpusHere().at(-1)!),
    jitter: options.jitter ?? false,
    cgroup: newCgroupDir('litmus', CGROUP_PARTS)!,
    cgroupVersion: cgroupVersion() === 'v2' ? 2 : 1,
  });
  let run: RunnerEnd;
  try {
    run = await runRunner(text, boundMs + GRACE_MS, options.signal);
  } catch (error) {
    if (error instanceof LabUnavailable) return { kind: 'skipped', missing: [...error.missing] };
    throw error;
  }
  if (run.status === 3) return { kind: 'skipped', missing: [run.errors.trim()] };
  if (run.status !== 0)
    return { kind: 'failed', message: run.errors.trim() || `the runner ended with ${run.status}` };
  return readOutcome(JSON.parse(run.output) as RunnerReport, litmus, boundMs);
}

function missingCommands({ commands }: Litmus): string[] {
  const missing = [...commands.values()].map(([name]) => name).filter((name) => !isInstalled(name));
  return missing.length === 0 ? [] : [`a command is not installed: ${missing.join(', ')}`];
}

// ---- the runner

let compiledRunner: string | undefined;

/** Compiled once for each process; again when the folder of temporary files has been cleaned up. */
export function runner(): string {
  if (compiledRunner === undefined || !existsSync(compiledRunner)) compiledRunner = compileHelper('runner');
  return compiledRunner;
}

interface RunnerEnd {
  status: number;
  output: string;
  errors: string;
}

/** In a session of its own, so that Ctrl-C reaches this process, which then ends the runner in order. */
function runRunner(input: string, patienceMs: number, signal?: AbortSignal): Promise<RunnerEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(runner(), ['run'], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    const end = (): void => void child.kill('SIGTERM');
    const timer = setTimeout(end, patienceMs);
    let output = '';
    let errors = '';
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted) end();
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.stdin.on('error', () => {}).end(input);
    child.on('error', (error) => reject(new LabBroken(`${child.spawnfile} does not run: ${error.message}`)));
    child.on('close', (code) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve({ status: code ?? -1, output, errors });
    });
  });
}

// ---- the private cgroup

/** What the runner makes in its cgroup. */
const CGROUP_PARTS = ['pod', 'outside'];

/** Of the pids controller that this machine has; v1 where it has none, which is then why nothing runs. */
export function cgroupVersion(): 'v1' | 'v2' {
  const root = process.platform === 'linux' ? pidsCgroupRoot() : null;
  return root !== null && existsSync(join(root, 'cgroup.subtree_control')) ? 'v2' : 'v1';
}

// ---- what the runner saw

interface RunnerProcess {
  pid: number;
  comm: string;
  state: string;
  ppid: string;
  nspid: number[];
  nspgid: number[];
  nssid: number[];
  threads: number[][];
  /** `pid:[4026531836]` */
  space: string;
}

export interface RunnerReport {
  rested: boolean;
  fault: string;
  nowUs: number;
  pidsCurrent: number;
  pidsEvents: number;
  refusals: [number, number, number][];
  processes: RunnerProcess[];
  spaces: { space: string; init: number; taken: number[] | null }[];
  taken: number[];
}

/** What the runner's report says of a litmus. */
export function readOutcome(report: RunnerReport, litmus: Litmus, boundMs: number): Outcome {
  if (report.fault !== '') return { kind: 'failed', message: report.fault };
  const world = readWorld(report, litmus);
  if (report.rested) return { kind: 'rest', world };
  return { kind: 'restless', after: `${boundMs / 1000} s of real time`, world };
}

function readWorld(report: RunnerReport, litmus: Litmus): World {
  const nested: Record<string, View> = {};
  for (const [index, name] of nestNames(litmus).entries()) {
    const { space, taken } = report.spaces[index + 1];
    nested[name] = viewOf(report, 2, taken ?? [], (process) => process.space === space);
  }
  const [byFork, byThread, byEntry] = report.refusals;
  return {
    inside: viewOf(report, 1, report.spaces[0].taken ?? [], () => true),
    outside: viewOf(report, 0, report.taken, () => true),
    nested,
    refusals: sortRefusals(
      (['EAGAIN', 'ENOMEM', 'other'] as const).flatMap((errno, kind) => [
        { errno, by: 'program', count: byFork[kind] + byThread[kind] },
        { errno, by: 'entry', count: byEntry[kind] },
      ]),
    ),
    pidsCurrent: report.pidsCurrent,
    pidsEvents: report.pidsEvents < 0 ? null : report.pidsEvents,
  };
}

/** The namespace at a depth (outside: 0), as /proc inside it would show it. */
function viewOf(
  report: RunnerReport,
  depth: number,
  taken: number[],
  isIn: (process: RunnerProcess) => boolean,
): View {
  const members = report.processes.filter((process) => process.nspid.length > depth && isIn(process));
  const byOutside = new Map(members.map((process) => [process.pid, process]));
  const visible = new Set(
    members.flatMap(({ threads, nspid }) => [...threads.map((t) => t[depth]), nspid[depth]]),
  );
  return {
    tasks: members
      .filter(({ pid }) => depth > 0 || pid !== OBSERVER)
      .map((process) => taskOf(process, depth, byOutside.get(Number(process.ppid))))
      .sort((a, b) => a.pid - b.pid),
    pinned: taken.filter((pid) => !visible.has(pid)),
  };
}

/** PID 1 of the outside namespace. */
const OBSERVER = 1;

function taskOf(process: RunnerProcess, depth: number, parent: RunnerProcess | undefined): ProcessRow {
  const pid = process.nspid[depth];
  const sid = process.nssid[depth];
  // A process that is gone from the CPU for good shows no threads in /proc/PID/task.
  const threads = Math.max(1, process.threads.length);
  return {
    pid,
    ppid: parent === undefined ? 0 : parent.nspid[depth],
    pgid: process.nspgid[depth],
    sid,
    stat: statOf(process.state, { pid, sid, threads }),
    comm: process.comm,
    threads,
    nspid: process.nspid.slice(depth),
  };
}
