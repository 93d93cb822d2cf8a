/**
 * The pids controller: a tree of groups, each with `pids.max` and `pids.current`.
 *
 * Every task, zombies among them, is charged to its group and to all groups above until it is released (K34);
 * a pinned PID is charged to no group (K12). Stands for kernel/cgroup/pids.c.
 */
import { lesser } from './arena.js';
import type { CgroupId } from './ids.js';

/** So many groups can be told apart. */
export const CGROUPS_MAX = 65_536;

/** `pids.max` of a group without a limit: more tasks than there can be, but an integer, as all counts are. */
export const PIDS_UNLIMITED = 2 ** 31 - 1;

/**
 * A fork has to ask every limit on the way up, but most groups have none. So a charge goes only to the task's
 * own group and to those above that have, or once had, a limit; that of another group is added up when it is
 * read.
 */
export class Cgroup {
  /** Charged here: what is directly in the group; with a limit, what is in the groups below it too. */
  private charged = 0;
  /** The nearest group above with a limit: the next to be charged. */
  private limitedAbove: Cgroup | null;
  private isLimited: boolean;
  /** `pids.max`; changed by `setMax`. */
  max: number;
  private readonly children: Cgroup[] = [];
  /** `pids.events`: forks refused, counted where the kernel's version counts them (K37). */
  events = 0;
  removed = false;

  constructor(
    readonly id: CgroupId,
    readonly parent: Cgroup | null,
    max: number,
  ) {
    this.max = Math.min(max, PIDS_UNLIMITED);
    this.isLimited = this.max < PIDS_UNLIMITED;
    this.limitedAbove = parent === null || parent.isLimited ? parent : parent.limitedAbove;
    parent?.children.push(this);
  }

  /** A group that gets its first limit has to be told what is charged to those below it, from now on. */
  setMax(max: number): void {
    this.max = Math.min(max, PIDS_UNLIMITED);
    if (this.isLimited || this.max === PIDS_UNLIMITED) return;
    this.charged = this.current;
    this.isLimited = true;
    this.chargeFromBelow(this);
  }

  private chargeFromBelow(group: Cgroup): void {
    for (const child of group.children) {
      child.limitedAbove = this;
      if (!child.isLimited) this.chargeFromBelow(child);
    }
  }

  /** `pids.current`. */
  get current(): number {
    if (this.isLimited) return this.charged;
    return this.children.reduce((sum, child) => sum + child.current, this.charged);
  }

  /** Nothing will ever be charged to it again. It is not the root, which is never removed. */
  leaveParent(): void {
    const siblings = (this.parent as Cgroup).children;
    siblings.splice(siblings.indexOf(this), 1);
  }

  /** Charges without a look at the limit, as attaching does (K35); negative to uncharge. */
  charge(tasks: number): void {
    for (let at: Cgroup | null = this; at !== null; at = at.limitedAbove) at.charged += tasks;
  }

  /**
   * Charges tasks on the way up; if one of the groups has no room for them, returns it, and nothing is
   * charged. Stands for `pids_try_charge`.
   */
  tryCharge(tasks: number): Cgroup | null {
    for (let at: Cgroup | null = this; at !== null; at = at.limitedAbove) {
      if (at.charged > at.max - tasks) {
        for (let below: Cgroup = this; below !== at; below = below.limitedAbove as Cgroup)
          below.charged -= tasks;
        return at;
      }
      at.charged += tasks;
    }
    return null;
  }

  /** How many more tasks fit in: the least room on the way up. */
  get room(): number {
    let room = PIDS_UNLIMITED;
    for (let at: Cgroup | null = this; at !== null; at = at.limitedAbove)
      room = lesser(room, at.max - at.charged);
    return room < 0 ? 0 : room;
  }
}
