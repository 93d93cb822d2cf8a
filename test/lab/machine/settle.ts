/** Waits for a state of the box, not for a time: on a busy machine everything in it takes longer. */
import type { Box, BoxProcess, BoxTable } from './box.js';

const LOOK_EVERY_MS = 50;
const GIVE_UP_MS = 60_000;
/** Go starts and ends threads for a moment after its program has done its work. */
const SAME_LOOKS = 5;

/** The first look at which it is so; throws with what there was instead. */
export async function until(
  box: Box,
  what: string,
  isSo: (table: BoxTable) => boolean | Promise<boolean>,
  giveUpMs = GIVE_UP_MS,
): Promise<BoxTable> {
  const giveUpAt = Date.now() + giveUpMs;
  for (;;) {
    const table = await box.table();
    if (await isSo(table)) return table;
    if (Date.now() > giveUpAt)
      throw new Error(
        `not in ${giveUpMs / 1000} s in the box: ${what}; there are ${nameAll(table.processes)}`,
      );
    await box.ask('sleep', LOOK_EVERY_MS);
  }
}

/** Until exactly these processes are in a cgroup and below it, and no task comes or goes any more. */
export function untilOnly(box: Box, cgroup: string, comms: readonly string[]): Promise<BoxTable> {
  const wanted = [...comms].sort().join(', ');
  let same = 0;
  let tasks = 0;
  return until(box, `only [${wanted}] in ${cgroup}`, (table) => {
    const now = within(table, cgroup).map(({ comm }) => comm);
    same = table.tasks === tasks ? same + 1 : 0;
    tasks = table.tasks;
    return now.sort().join(', ') === wanted && same >= SAME_LOOKS;
  });
}

export function within({ processes }: BoxTable, cgroup: string): BoxProcess[] {
  return processes.filter((one) => one.cgroup === cgroup || one.cgroup.startsWith(`${cgroup}/`));
}

function nameAll(processes: readonly BoxProcess[]): string {
  const own = processes.filter(({ pid, ppid }) => pid !== 2 && ppid !== 2);
  return own.map(({ pid, comm, state }) => `${comm} (${pid}, ${state})`).join(', ');
}
