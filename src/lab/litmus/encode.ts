/**
 * A litmus as the words that the runner reads (`read_world` in runner/main.c). Numbers and texts are
 * separated by white space; texts are percent-encoded, and `-` is the empty one.
 */

import type { Program } from '../../program/code.js';
import { truncateComm } from '../../program/comm.js';
import { type Compiled, compileProgram } from '../../program/compile.js';
import type { Litmus, LitmusEntry } from './litmus.js';

export interface RunnerOptions {
  /** Real time after which a world that moves is called restless. */
  boundMs: number;
  /** All processes share this CPU; -1: any, which gives up the fixed order of runs. */
  cpu: number;
  /** Path of the private pids cgroup to make. */
  cgroup: string;
  /** Let chance decide which process runs first. */
  jitter: boolean;
  cgroupVersion: 1 | 2;
  /** One pid_max for all namespaces (before Linux 6.14), which stays as it is. Default: each has its own. */
  sharedPidMax?: boolean;
}

/** Room beside the litmus itself: for the outside helpers and the process that probes for free PIDs. */
const GUARD_MARGIN = 64;

/** Flags of an entry, as in runner/world.h (test/lab/runner/code.test.ts). */
export const ENTER_SETSID = 1;
export const ENTER_REAP = 2;
export const ENTER_LEAVE = 4;

/** How long real commands must have been quiet to be at rest, in ms of real time. */
const SETTLE_MS = 400;

export function encodeLitmus(litmus: Litmus, options: RunnerOptions): string {
  const programs = programsOf(litmus);
  const numbers = new Map([...programs.keys()].map((name, index) => [name, index]));
  const spaces = ['', ...nestNames(litmus)];
  const settleMs = litmus.commands.size > 0 ? SETTLE_MS : 0;
  const pidMax = (limit: number): number => (options.sharedPidMax ? 0 : limit);
  const guard = Math.max(litmus.limits.pidMax, litmus.limits.hostPidMax) + GUARD_MARGIN;
  const words: (number | string)[] = [
    'litmus',
    ...[options.boundMs, settleMs, options.cpu, litmus.untilUs ?? -1],
    ...[pidMax(litmus.limits.hostPidMax), litmus.limits.pidsMax ?? -1, guard],
    ...[litmus.limits.nproc ?? -1, options.cgroupVersion],
    ...[
      encodeText(options.cgroup),
      litmus.outside.subreaper ? 1 : 0,
      litmus.outside.reapInit ? 0 : 1,
      options.jitter ? 1 : 0,
    ],
    ...['programs', programs.size],
  ];
  for (const [name, program] of programs)
    words.push(...encodeProgram(program, litmus.commands.get(name) ?? []));
  words.push(numbers.get(litmus.init)!);
  words.push('spaces', spaces.length, ...[litmus.limits.pidMax, ...nestLimits(litmus)].map(pidMax));
  const entries = expandEntries(litmus);
  words.push('entries', entries.length);
  for (const { atUs, entry } of entries) {
    words.push(atUs, numbers.get(entry.nest === undefined ? entry.program : entry.nest.init)!);
    words.push(flagsOf(entry), spaces.indexOf(entry.into ?? ''));
    words.push(entry.nest === undefined ? -1 : spaces.indexOf(entry.nest.name));
  }
  return words.join(' ') + '\n';
}

/** The programs that become a process from outside, compiled, by name. */
export function programsOf(litmus: Litmus): Map<string, Program> {
  const names = new Set([litmus.init]);
  for (const entry of litmus.enter) names.add(entry.nest === undefined ? entry.program : entry.nest.init);
  return new Map([...names].map((name) => [name, compiled(compileProgram(name, litmus.library))]));
}

function compiled(result: Compiled): Program {
  if (!result.ok) throw new Error('a litmus was run unchecked: ' + result.problems[0].message);
  return result.program;
}

/** One entry of a series, at its time. */
export interface EntryEvent {
  atUs: number;
  entry: LitmusEntry;
}

/** Every single entry, in the order of time; of those at one time, the one written first comes first. */
export function expandEntries(litmus: Litmus): EntryEvent[] {
  const events = litmus.enter.flatMap((entry) =>
    Array.from({ length: entry.times }, (_, index) => ({ atUs: entry.atUs + index * entry.everyUs, entry })),
  );
  return events.sort((a, b) => a.atUs - b.atUs);
}

/** Names of the nested namespaces, in the order of their numbers (from 1). */
export function nestNames(litmus: Litmus): string[] {
  return litmus.enter.flatMap(({ nest }) => (nest === undefined ? [] : [nest.name]));
}

function nestLimits(litmus: Litmus): number[] {
  return litmus.enter.flatMap(({ nest }) => (nest === undefined ? [] : [nest.pidMax]));
}

function flagsOf(entry: LitmusEntry): number {
  return (entry.setsid ? ENTER_SETSID : 0) | (entry.reap ? ENTER_REAP : 0) | (entry.leave ? ENTER_LEAVE : 0);
}

function encodeProgram(program: Program, command: readonly string[]): (number | string)[] {
  const durationsUs = program.durations.map((duration) => {
    if (duration.kind !== 'constant') throw new Error('a litmus was run unchecked: a random duration');
    return duration.us;
  });
  return [
    encodeText(truncateComm(program.comm)),
    ...[program.code.length, ...program.code],
    ...[durationsUs.length, ...durationsUs],
    ...[program.probabilities.length, ...program.probabilities.map((p) => Math.round(p * 1e6))],
    ...[program.comms.length, ...program.comms.map(encodeText)],
    ...[program.labelCount, program.maxLoopDepth],
    ...[command.length, ...command.map(encodeText)],
  ];
}

function encodeText(text: string): string {
  if (text === '') return '-';
  return text === '-' ? '%2d' : encodeURIComponent(text);
}
