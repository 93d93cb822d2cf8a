/** What /proc/PID/stat and /proc/PID/status say of a process (proc_pid_stat(5)), as text. */
import { type ProcessRow, statOf } from './process-row.js';

/** A process by /proc/PID/stat alone; the PIDs in inner namespaces stand in /proc/PID/status. */
export type StatRow = Omit<ProcessRow, 'nspid'>;

/** The text of /proc/PID/stat; null if it is none. The comm may hold spaces and parentheses. */
export function parseStat(text: string): StatRow | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const pid = Number.parseInt(text, 10);
  const [state, ppid, pgid, sid, ...rest] = text.slice(close + 2).split(' ');
  const row = {
    pid,
    ppid: Number(ppid),
    pgid: Number(pgid),
    sid: Number(sid),
    comm: text.slice(open + 1, close),
    threads: Number(rest[THREADS_AFTER_SID]),
  };
  return Number.isInteger(pid) && Number.isInteger(row.threads) ? { ...row, stat: statOf(state, row) } : null;
}

/** num_threads is field 20, session field 6. */
const THREADS_AFTER_SID = 13;

/** NSpid of the text of /proc/PID/status; null where it is not told. */
export function parseNspid(text: string): number[] | null {
  const line = /^NSpid:\s*([\d\s]+?)\s*$/m.exec(text);
  return line === null ? null : line[1].split(/\s+/).map(Number);
}
