/**
 * The pids controller: a tree of groups, each with `pids.max` and `pids.current`.
 *
 * Every task, zombies among them, is charged to its group and to all groups above until it is released (K34); a
 * pinned number is charged to nobody (K12). Stands for kernel/cgroup/pids.c.
 */
/** Ids are 16 bits wide in the task table. */
export const CGROUPS_MAX = 65_536;

export class Cgroup {
  current = 0;
  /** `pids.events`: forks refused, counted where the kernel's version counts them (K37). */
  events = 0;
  removed = false;

  constructor(
    readonly id: number,
    readonly parent: Cgroup | null,
    public max: number,
  ) {}
}

/** Charges without a look at the limit, as attaching does (K35); negative to uncharge. */
export function charge(cgroup: Cgroup, tasks: number): void {
  for (let at: Cgroup | null = cgroup; at !== null; at = at.parent) at.current += tasks;
}

/** The first group from `cgroup` upwards that has no room for one more task, or null. */
export function firstFull(cgroup: Cgroup): Cgroup | null {
  for (let at: Cgroup | null = cgroup; at !== null; at = at.parent) if (at.current >= at.max) return at;
  return null;
}

/** How many more tasks fit into `cgroup`: the least room on the way up. */
export function roomIn(cgroup: Cgroup): number {
  let room = Number.POSITIVE_INFINITY;
  for (let at: Cgroup | null = cgroup; at !== null; at = at.parent)
    room = Math.min(room, at.max - at.current);
  return Math.max(0, room);
}
