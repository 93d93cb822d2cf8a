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
  let [at, ppid, pgid, sid, threads, startTicks] = [close + 2, NaN, NaN, NaN, NaN, NaN];
  const stateEnd = text.indexOf(' ', at);
  const state = text.slice(at, stateEnd);
  at = stateEnd;
  for (let field = 1; field <= START_AFTER_STATE && at >= 0; field++) {
    const from = at + 1;
    at = text.indexOf(' ', from);
    if (field > 3 && field !== THREADS_AFTER_STATE && field !== START_AFTER_STATE) continue;
    const value = Number(at < 0 ? text.slice(from) : text.slice(from, at));
    if (field === 1) ppid = value;
    else if (field === 2) pgid = value;
    else if (field === 3) sid = value;
    else if (field === THREADS_AFTER_STATE) threads = value;
    else startTicks = value;
  }
  if (!Number.isInteger(pid) || !Number.isInteger(threads)) return null;
  const stat = statOf(state, { pid, sid, threads });
  return { row: { pid, ppid, pgid, sid, stat, comm: text.slice(open + 1, close), threads }, startTicks };
}

/** num_threads is field 20, starttime field 22; the state is field 3. */
const THREADS_AFTER_STATE = 17;
const START_AFTER_STATE = 19;

/** NSpid of the text of /proc/PID/status; null where it is not told. */
export function parseNspid(text: string): number[] | null {
  const line = /^NSpid:\s*([\d\s]+?)\s*$/m.exec(text);
  return line === null ? null : line[1].split(/\s+/).map(Number);
}
