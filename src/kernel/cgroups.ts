/**
 * The pids controller: a tree of groups, each with `pids.max` and `pids.current`.
 *
 * Every task, zombies among them, is charged to its group and to all groups above until it is released (K34); a
 * pinned number is charged to nobody (K12). Stands for kernel/cgroup/pids.c.
 */
/** So many groups can be told apart. */
export const CGROUPS_MAX = 65_536;

/** `pids.max` of a group that is not limited: more tasks than there can be. An integer, as all that it is compared with. */
export const PIDS_UNLIMITED = 2 ** 31 - 1;

export class Cgroup {
  current = 0;
  /** `pids.events`: forks refused, counted where the kernel's version counts them (K37). */
  events = 0;
  removed = false;
  max: number;

  constructor(
    readonly id: number,
    readonly parent: Cgroup | null,
    max: number,
  ) {
    this.max = Math.min(max, PIDS_UNLIMITED);
  }
}

/** Charges without a look at the limit, as attaching does (K35); negative to uncharge. */
export function charge(cgroup: Cgroup, tasks: number): void {
  for (let at: Cgroup | null = cgroup; at !== null; at = at.parent) at.current += tasks;
}

/**
 * Charges one task on the way up; if one of the groups is full, returns it, and nothing is charged. Stands for
 * `pids_try_charge`.
 */
export function tryCharge(cgroup: Cgroup): Cgroup | null {
  for (let at: Cgroup | null = cgroup; at !== null; at = at.parent) {
    if (at.current >= at.max) {
      for (let below = cgroup; below !== at; below = below.parent as Cgroup) below.current--;
      return at;
    }
    at.current++;
  }
  return null;
}

/** How many more tasks fit into `cgroup`: the least room on the way up. */
export function roomIn(cgroup: Cgroup): number {
  let room = PIDS_UNLIMITED;
  for (let at: Cgroup | null = cgroup; at !== null; at = at.parent)
    room = Math.min(room, at.max - at.current);
  return Math.max(0, room);
}
