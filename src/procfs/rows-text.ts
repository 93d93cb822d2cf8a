/** Process rows as lines of a table: what the lab prints of two worlds, what a kernel prints of its own. */
import { plainTable } from '../text/table.js';
import type { ProcessRow } from './process-row.js';

/** `  PID  PPID  PGID   SID STAT NLWP COMM` */
export const ROW_HEADER = columns(['PID', 'PPID', 'PGID', 'SID', 'STAT', 'NLWP', 'COMM']);

export function rowLine({ pid, ppid, pgid, sid, stat, threads, comm, nspid }: ProcessRow): string {
  const deeper = nspid.length > 1 ? ` (${nspid.slice(1).join(', ')} further in)` : '';
  return columns([pid, ppid, pgid, sid, stat, threads, comm]) + deeper;
}

function columns([pid, ppid, pgid, sid, stat, threads, comm]: (string | number)[]): string {
  const numbers = [pid, ppid, pgid, sid].map((number) => String(number).padStart(5)).join(' ');
  return `${numbers} ${String(stat).padEnd(4)} ${String(threads).padStart(4)} ${comm}`;
}

/** Two tables of lines side by side; `≠` marks the pairs that differ. `-`: there is nothing on that side. */
export function sideBySide(
  header: readonly [string, string],
  pairs: readonly (readonly [string, string])[],
): string[] {
  const rows = pairs.map(([left, right]) => [left === right ? ' ' : '≠', left, right]);
  return plainTable([['', ...header], ...rows]);
}
