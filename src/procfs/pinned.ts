/** Pinned PIDs, inferred from a listing. The kernel model knows its own; a real `ps` does not show them. */
import type { ProcessRow } from './process-row.js';

/**
 * The PIDs that are taken although no listed process has them: of process groups and sessions whose leader
 * has been reaped (K10). Zombies are members too, so a listing of the whole namespace shows every one of
 * them. In order.
 *
 * @param among the whole listing, of which the rows are a part: theirs are the groups and sessions.
 * @param listed the PIDs of that listing, where they are at hand.
 */
export function pinnedPids(
  rows: readonly Pick<ProcessRow, 'pid' | 'pgid' | 'sid'>[],
  among: readonly Pick<ProcessRow, 'pid'>[] = rows,
  listed: Pick<ReadonlySet<number>, 'has'> = new Set(among.map(({ pid }) => pid)),
): number[] {
  const pinned = new Set<number>();
  for (const { pgid, sid } of rows) {
    // A group or session 0 is outside the reader's namespace and takes no PID in it.
    if (pgid !== 0 && !listed.has(pgid)) pinned.add(pgid);
    if (sid !== 0 && sid !== pgid && !listed.has(sid)) pinned.add(sid);
  }
  return [...pinned].sort((a, b) => a - b);
}
