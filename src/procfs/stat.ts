/** What /proc/PID/stat and /proc/PID/status say of a process (proc_pid_stat(5)), as text. */
import { type ProcessRow, statOf } from './process-row.js';

/** A process by /proc/PID/stat alone; the PIDs in inner namespaces stand in /proc/PID/status. */
export type StatRow = Omit<ProcessRow, 'nspid'>;

/** The text of /proc/PID/stat; null if it is none. The comm may hold spaces and parentheses. */
export function parseStat(text: string): StatRow | null {
  return parseStatAndStart(text)?.row ?? null;
}

/** With starttime, field 22, in clock ticks since boot. */
export function parseStatAndStart(text: string): { row: StatRow; startTicks: number } | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(close + 2).split(' ', START_AFTER_STATE + 1);
  const row: StatRow = {
    pid,
    ppid: Number(fields[1]),
    pgid: Number(fields[2]),
    sid: Number(fields[3]),
    stat: '',
    comm: text.slice(open + 1, close),
    threads: Number(fields[THREADS_AFTER_STATE]),
  };
  if (!Number.isInteger(pid) || !Number.isInteger(row.threads)) return null;
  row.stat = statOf(fields[0], row);
  return { row, startTicks: Number(fields[START_AFTER_STATE]) };
}

/** num_threads is field 20, starttime field 22; the state is field 3. */
const THREADS_AFTER_STATE = 17;
const START_AFTER_STATE = 19;

/** NSpid of the text of /proc/PID/status; null where it is not told. */
export function parseNspid(text: string): number[] | null {
  const line = /^NSpid:\s*([\d\s]+?)\s*$/m.exec(text);
  return line === null ? null : line[1].split(/\s+/).map(Number);
}
