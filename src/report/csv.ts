/**
 * The tables of a run as CSV. A cell that a spreadsheet would take for a formula is defused with an
 * apostrophe; times have a resolution of a microsecond, rates of a hundredth.
 */
import { stringify } from 'csv-stringify/browser/esm/sync';
import {
  type BlameRow,
  LIMITED,
  podsRefused,
  type RunResult,
  TIMELINE_COLUMNS,
  type Timeline,
  type TimelineColumn,
} from '../run/result.js';
import { fullForSeconds } from '../run/story.js';
import { hundredths, roundMicro } from '../text/figures.js';
import { printable } from '../text/printable.js';
import { isoMoment } from '../text/wall-clock.js';
import { runResultDocument } from './document.js';

type Cell = string | number | boolean | null;

/** @param rows arrays of cells in the order of the columns. */
export function csvTable(columns: readonly string[], rows: readonly Cell[][]): string {
  return stringify([columns, ...rows], {
    cast: {
      string: (value: string) => printable(value),
      boolean: (value) => (value ? 'true' : 'false'),
      number: (value) => String(value),
      // Left to itself the library writes an empty cell, which reads as "not asked" rather than "never".
      null: () => 'null',
    },
    escape_formulas: true,
  });
}

/** Without those of limits that nobody has set. */
function timelineColumns(timeline: Timeline): TimelineColumn[] {
  const unset = LIMITED.filter((of) => timeline[`${of}_pids_max`].every((value) => value === 0));
  return TIMELINE_COLUMNS.filter((column) => !unset.some((of) => column.startsWith(`${of}_pids`)));
}

export function timelineCsv(result: RunResult): string {
  const { timeline } = result;
  const columns = timelineColumns(timeline);
  const rows = timeline.time_s.map((seconds, row) =>
    columns.map((column) => (column === 'time_s' ? roundMicro(seconds) : timeline[column][row])),
  );
  return timedTable(result, columns, rows);
}

export function eventsCsv(result: RunResult): string {
  const rows = result.events.map((event) => [
    roundMicro(event.timeSeconds),
    event.kind,
    event.subject,
    event.detail,
  ]);
  return timedTable(result, ['time_s', 'kind', 'subject', 'detail'], rows);
}

/** With what the clock showed, where the run has a start. The first cell of a row is the time in seconds. */
function timedTable({ start }: RunResult, columns: readonly string[], rows: readonly Cell[][]): string {
  if (start === undefined) return csvTable(columns, rows);
  const timed = rows.map((cells) => [...cells, isoMoment(start, cells[0] as number)]);
  return csvTable([...columns, 'time'], timed);
}

/** Columns that are fields of a row by the same name. */
const BLAME_FIELDS = ['pod', 'container', 'origin', 'program', 'tasks', 'zombies', 'pinned', 'pids'] as const;

/** `when` is `end`, or `full`: as the node refused its first fork. */
export function blameCsv({ blame, blameWhenFull }: RunResult): string {
  const columns = [...BLAME_FIELDS, 'created_per_hour', 'reaped_per_hour', 'when'];
  return csvTable(columns, [...blameRows(blame, 'end'), ...blameRows(blameWhenFull ?? [], 'full')]);
}

function blameRows(blame: readonly BlameRow[], when: 'end' | 'full'): Cell[][] {
  return blame.map((row) => [
    ...BLAME_FIELDS.map((field) => row[field]),
    hundredths(row.createdPerHour),
    hundredths(row.reapedPerHour),
    when,
  ]);
}

/** One row per run: the flat form of the machine-readable document. */
export function resultsCsv(results: readonly RunResult[]): string {
  const records = results.map(resultRecord);
  return csvTable(
    Object.keys(records[0] ?? {}),
    records.map((record) => Object.values(record)),
  );
}

function resultRecord(result: RunResult): Record<string, Cell> {
  const { metadata, status } = runResultDocument(result);
  const { outcome, exhaustions, projection, final, symptoms, expectations } = status;
  return {
    name: metadata.name,
    scenario: metadata.scenario,
    ...(result.start === undefined ? {} : { start: result.start }),
    seed: metadata.seed,
    digest: metadata.digest,
    outcome: outcome.kind,
    exhausted_at_s: outcome.kind === 'exhausted' ? outcome.atSeconds : null,
    refused_by: outcome.kind === 'exhausted' ? outcome.refusedBy : null,
    horizon_s: result.horizonSeconds,
    times_full: exhaustions.length,
    full_for_s: roundMicro(fullForSeconds(result)),
    projection: projection?.kind ?? null,
    projected_at_s: projection?.kind === 'exhausts' ? projection.atSeconds : null,
    pids_per_hour: projection === null ? null : hundredths(projection.pidsPerHour),
    tasks: final.tasks,
    zombies: final.zombies,
    pinned: final.pinned,
    allocated: final.allocated,
    pid_max: final.pidMax,
    loadavg_tasks: final.loadavgTasks,
    first_fork_refused_s: symptoms.firstForkRefusedSeconds,
    pods_refused: podsRefused(symptoms),
    first_pod_refused_s: symptoms.podRefusals[0]?.atSeconds ?? null,
    first_probe_failure_s: symptoms.firstProbeFailureSeconds,
    first_ssh_refused_s: symptoms.firstSshRefusedSeconds,
    ssh_refused: symptoms.sshRefused,
    first_pod_create_failed_s: symptoms.firstPodCreateFailedSeconds,
    pod_creates_failed: symptoms.podCreatesFailed,
    pods_never_created: symptoms.podsNeverCreated,
    pod_deletes_stuck: symptoms.podDeletesStuck,
    expectations_hold: expectations.every(({ ok }) => ok !== false),
  };
}
