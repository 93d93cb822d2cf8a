/** Pinned PIDs, inferred from a listing. The kernel model knows its own; a real `ps` does not show them. */
import type { ProcessRow } from './process-row.js';

/**
 * The PIDs that are taken although no listed process has them: of process groups and sessions whose leader
 * has been reaped (K10). Zombies are members too, so a listing of the whole namespace shows every one of
 * them. In order.
 *
 * @param among the whole listing, of which the rows are a part: theirs are the groups and sessions.
 */
export function pinnedPids(
  rows: readonly Pick<ProcessRow, 'pid' | 'pgid' | 'sid'>[],
  among: readonly Pick<ProcessRow, 'pid'>[] = rows,
): number[] {
  const pinned = new Set<number>();
  for (const { pgid, sid } of rows) pinned.add(pgid).add(sid);
  // A group or session outside the reader's namespace takes no PID in it.
  pinned.delete(0);
  for (const { pid } of among) pinned.delete(pid);
  return [...pinned].sort((a, b) => a - b);
}
