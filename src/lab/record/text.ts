/** Recordings of a probe command as text for a terminal. */
import { isZombie } from '../../procfs/process-row.js';
import { formatDuration } from '../../text/duration.js';
import { plural } from '../../text/figures.js';
import { plainTable } from '../../text/table.js';
import type { Measure, Recording } from './record.js';
import { hasSucceeded, type RecordedRun } from './recorded-run.js';

const LABELS: Readonly<Record<Measure, string>> = {
  zombies: 'zombies left',
  pinned: 'pinned PIDs left',
  live: 'processes left alive',
  pidsUsed: 'PIDs used',
  widest: 'most tasks at once',
  durationUs: 'duration',
};

/** Each run, the spread over all of them, what stays in the table for good, and the notes. */
export function formatRecording(recording: Recording): string {
  const { runs, spread } = recording;
  const measures = Object.keys(LABELS) as Measure[];
  const text = (measure: Measure, value: number): string =>
    measure === 'durationUs' ? formatDuration(value) : String(value);
  const rows = measures.map((measure) => {
    const { min, median, max } = spread[measure];
    return [LABELS[measure], ...[min, median, max].map((value) => text(measure, value))];
  });
  const parts = [
    `${recording.command.join(' ')}: ${plural(runs.length, 'run')} under a PID 1 that does not reap ` +
      `(${SOURCE_TEXT[recording.source]})`,
    plainTable([['PER RUN', 'MIN', 'MEDIAN', 'MAX'], ...rows]).join('\n'),
    `It ended with ${endings(runs)}.`,
    costSentence(recording),
    ...leftNames(runs),
    ...recording.notes.map((note) => `Note: ${note}.`),
  ];
  return `${parts.join('\n\n')}\n`;
}

const SOURCE_TEXT = {
  tracefs: 'traced by the scheduler’s tracepoints',
  strace: 'traced by strace, which slows it down',
  snapshots: 'not traced: snapshots before and after',
} as const;

function endings(runs: readonly RecordedRun[]): string {
  const counts = new Map<string, number>();
  for (const { status, signal, timedOut } of runs) {
    const how = timedOut ? 'a kill at the timeout' : signal === null ? `status ${status}` : signal;
    counts.set(how, (counts.get(how) ?? 0) + 1);
  }
  if (counts.size === 1) return [...counts.keys()][0];
  return [...counts].map(([how, count]) => `${how} (${count} of ${runs.length})`).join(', ');
}

function costSentence({ runs }: Recording): string {
  const mean = (left: (run: RecordedRun) => number): number =>
    runs.reduce((sum, run) => sum + left(run), 0) / runs.length;
  const taken = mean(({ zombies, pinned }) => zombies + pinned);
  const alive = mean(({ live }) => live);
  const failed = runs.filter((run) => !hasSucceeded(run)).length;
  const few = failed === runs.length ? ' Every run failed: those that succeed may do something else.' : '';
  if (taken + alive === 0 && few !== '')
    return `These runs left nothing behind.${few} Is what it asks there?`;
  if (taken + alive === 0) return 'It leaves nothing behind: it can be run as often as you like.';
  const parts = [
    taken === 0 ? '' : `${plural(taken, 'PID')} taken for good, as long as PID 1 does not reap`,
    alive === 0 ? '' : `${plural(alive, 'process', 'processes')} alive`,
  ];
  return `Each run leaves ${parts.filter(Boolean).join(', and ')}.${few}`;
}

/** `Zombies: 2 inet_gethost, 1 erl_child_setup` of the first run that left any. */
function leftNames(runs: readonly RecordedRun[]): string[] {
  const run = runs.find(({ left }) => left.length > 0);
  if (run === undefined) return [];
  const names = (zombie: boolean): string => {
    const counts = new Map<string, number>();
    for (const row of run.left)
      if (isZombie(row) === zombie) counts.set(row.comm, (counts.get(row.comm) ?? 0) + 1);
    return [...counts].map(([comm, count]) => `${count} ${comm}`).join(', ');
  };
  const lines = [];
  if (names(true) !== '') lines.push(`Zombies: ${names(true)}.`);
  if (names(false) !== '') lines.push(`Still alive: ${names(false)}.`);
  return lines;
}
