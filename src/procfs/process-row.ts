/**
 * One process as `ps` and /proc show it: a row of the simulated `ps`, of a real /proc, and of both worlds of
 * a litmus. All PIDs are those that the reader's PID namespace gives; 0 is a process, a group or a session
 * outside it.
 */
export interface ProcessRow {
  /** ps PID; field 1 of /proc/PID/stat. */
  pid: number;
  /** ps PPID; field 4. 0 also for a process without a parent. */
  ppid: number;
  /** ps PGID: the PID of the process group's leader, whether or not it is still there; field 5. */
  pgid: number;
  /** ps SID: the PID of the session's leader, whether or not it is still there; field 6. */
  sid: number;
  /** ps STAT without priorities: state, `s` for a session leader, `l` for more threads: `S`, `Ssl`, `Z`. */
  stat: string;
  /** ps COMM, at most 15 bytes; field 2, in parentheses. */
  comm: string;
  /** ps NLWP; field 20. Counts the main thread, also a dead one: 1 for a plain zombie. */
  threads: number;
  /** NSpid of /proc/PID/status: its PIDs from the reader's namespace inwards; the first is `pid`. */
  nspid: number[];
}

/** `ps` calls a process defunct when its main thread has ended, even while other threads run. */
export function isZombie({ stat }: Pick<ProcessRow, 'stat'>): boolean {
  return stat.startsWith('Z');
}

/** The STAT column, from the state letter and what the other columns say. */
export function statOf(
  state: string,
  { pid, sid, threads }: Pick<ProcessRow, 'pid' | 'sid' | 'threads'>,
): string {
  return state + (sid === pid ? 's' : '') + (threads > 1 ? 'l' : '');
}
