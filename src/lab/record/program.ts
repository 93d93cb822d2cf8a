/** From recorded runs to programs for a scenario's `programs:`. */

import { basename } from 'node:path';
import { stringify } from 'yaml';
import { isZombie } from '../../procfs/process-row.js';
import type { StatRow } from '../../procfs/stat.js';
import { programFromTrace, type TraceReading } from '../../program/catalogue/from-trace.js';
import type { TraceEvent } from '../../program/catalogue/trace.js';
import { truncateComm } from '../../program/comm.js';
import type { ForkBody, ProgramSource, SigchldDisposition, Step } from '../../program/step.js';
import { printDuration } from '../../text/duration.js';
import type { RecordedRun } from './recorded-run.js';

/** Events closer together than this share one sleep: what a reader of the program can do without. */
const RESOLUTION_US = 1000;
/** More different outcomes than this are more than a program should tell apart. */
const VARIANTS_MAX = 4;

/**
 * The program of a trace in which `wait` events say all that there is to say about waiting. (The builder
 * infers waits only for a trace without any; every comm is then declared not to wait.)
 */
export function programFromWholeTrace(
  events: readonly TraceEvent[],
  reading: TraceReading = {},
): ProgramSource {
  const hasWaits = events.some(({ event }) => event === 'wait');
  const comms = events.map(({ name }) => truncateComm(name));
  const withoutWaits = Object.fromEntries(
    comms.map((comm): [string, SigchldDisposition] => [comm, 'default']),
  );
  return programFromTrace(events, {
    resolutionUs: RESOLUTION_US,
    ...reading,
    ...(hasWaits ? {} : { sigchld: withoutWaits }),
  });
}

/**
 * One program for the runs' commonest outcome. Where outcomes differ (a race in the command), one program for
 * each of them, and the command's own draws between them as often as they were seen.
 */
export function programsFromTraces(
  name: string,
  source: string,
  runs: readonly RecordedRun[],
  notes: string[],
): Map<string, ProgramSource> {
  const outcomes = groupByOutcome(runs);
  if (outcomes.length === 1) return new Map([[name, programOf(outcomes[0], source)]]);
  const kept = outcomes.slice(0, VARIANTS_MAX);
  const shares = kept.map((group) => `${group.length} of ${runs.length} left ${left(group[0])}`);
  notes.push(`the runs differ: ${shares.join(', ')}; the program draws between them`);
  const variants = kept.map((group, index): [string, ProgramSource] => [
    `${name}-${index + 1}`,
    programOf(group, `${source}; ${group.length} of ${runs.length} runs`),
  ]);
  const counts = kept.map((group) => group.length);
  const drawn: ProgramSource = {
    comm: variants[0][1].comm,
    source,
    steps: drawSteps(
      variants.map(([key]) => key),
      counts,
    ),
  };
  return new Map([[name, drawn], ...variants]);
}

/** Groups of runs that left the same behind, the commonest first. */
function groupByOutcome(runs: readonly RecordedRun[]): RecordedRun[][] {
  const groups = new Map<string, RecordedRun[]>();
  for (const run of runs) {
    const key = `${run.zombies} ${run.pinned} ${run.live}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

function left({ zombies, pinned, live }: RecordedRun): string {
  return `${zombies} zombies, ${pinned} pinned, ${live} alive`;
}

/** Of runs with the same outcome, the one with the median duration. */
function programOf(group: readonly RecordedRun[], source: string): ProgramSource {
  const sorted = [...group].sort((a, b) => a.durationUs - b.durationUs);
  return programFromWholeTrace(sorted[(sorted.length - 1) >> 1].events!, { source });
}

/** A seeded draw between programs, each as likely as its count says. */
function drawSteps(names: readonly string[], counts: readonly number[]): Step[] {
  const [name, ...others] = names;
  const exec: Step = { exec: { program: name } };
  if (others.length === 0) return [exec];
  const all = counts.reduce((sum, count) => sum + count, 0);
  return [{ chance: { p: counts[0] / all, steps: [exec], else: drawSteps(others, counts.slice(1)) } }];
}

/**
 * Without a trace: a program that leaves the same behind as the run with the median of leftovers, takes as
 * long, and uses as many PIDs. How that came about inside the command is not known, and the program does not
 * pretend to know.
 */
export function programFromSnapshots(
  name: string,
  source: string,
  command: readonly string[],
  runs: readonly RecordedRun[],
): Map<string, ProgramSource> {
  const sorted = [...runs].sort((a, b) => a.zombies + a.pinned - b.zombies - b.pinned);
  const run = sorted[(sorted.length - 1) >> 1];
  const steps: Step[] = [];
  let used = 1 + run.left.length;
  for (const task of run.left.filter(
    (task) => task.sid === run.pid || task.sid === task.pid || task.sid === 0,
  )) {
    steps.push({ fork: orphan(task) });
  }
  for (const [index, members] of foreignSessions(run).entries()) {
    // Their session's leader has been reaped: its PID is one of the pinned.
    const label = `leader-${index + 1}`;
    steps.push(
      { fork: { label, steps: ['setsid', ...members.map((task): Step => ({ fork: orphan(task) }))] } },
      { wait: label },
    );
    used += 1;
  }
  for (let n = used; n < run.pidsUsed; n++) {
    steps.push({ fork: { label: `helper-${n}`, steps: [{ exit: 0 }] } }, { wait: `helper-${n}` });
  }
  if (run.durationUs > 0) steps.push({ sleep: printDuration(run.durationUs) });
  if (run.status !== null && run.status !== 0) steps.push({ exit: run.status });
  const description =
    'From snapshots before and after: what it leaves and the PIDs it uses, not how it came about.';
  return new Map([[name, { comm: truncateComm(basename(command[0])), source, description, steps }]]);
}

/** What was left in a session that is neither its own nor the command's, by session. */
function foreignSessions(run: RecordedRun): StatRow[][] {
  const sessions = new Map<number, StatRow[]>();
  for (const task of run.left) {
    if (task.sid === run.pid || task.sid === task.pid || task.sid === 0) continue;
    sessions.set(task.sid, [...(sessions.get(task.sid) ?? []), task]);
  }
  return [...sessions.values()];
}

/** A process without a parent that waits for it: dead, or alive for ever. */
function orphan(task: StatRow): ForkBody {
  const steps: Step[] = [];
  if (task.sid === task.pid) steps.push('setsid');
  else if (task.pgid === task.pid) steps.push('setpgid');
  steps.push(isZombie(task) ? { exit: 0 } : 'pause');
  return { comm: truncateComm(task.comm), steps };
}

/** The `programs:` of a scenario, as YAML. */
export function programsYaml(programs: ReadonlyMap<string, ProgramSource>): string {
  return stringify({ programs: Object.fromEntries(programs) }, { lineWidth: 110 });
}
