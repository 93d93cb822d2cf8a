/** PID namespaces, nested: each has a table of PIDs and a process that is PID 1. */

import { PidBitmap } from './bitmap.js';
import { NONE, type PidNsId, type TaskId } from './ids.js';
import { RESERVED_PIDS } from './limits.js';

export class PidNamespace {
  readonly taken = new PidBitmap();
  /** Those nested in it in which a PID is taken, or may be taken one day. */
  readonly children: PidNamespace[] = [];
  /** The next PID to try (K2). */
  cursor = 0;
  /** Where the PIDs begin that a fork with threads, or a burst of threads, takes (fork.ts, threads.ts). */
  burstStart = 0;
  /**
   * Of the tasks whose innermost namespace this is: live threads and zombies, the zombies among them, and
   * pinned PIDs. Tasks nested deeper have PIDs here too, but are counted further in: forks are many, and
   * readings few.
   */
  ownTasks = 0;
  ownZombies = 0;
  ownPinned = 0;
  /** The task that is PID 1 here. */
  init: TaskId = NONE;
  /** Its PID 1 is dying or dead: no fork into it will ever succeed again (K31). */
  dead = false;
  /** How many PIDs its PID 1 holds while it waits for the rest to go (K32). */
  initPids = 1;
  readonly level: number;

  constructor(
    readonly id: PidNsId,
    readonly parent: PidNamespace | null,
    /** Exclusive upper end of the PIDs. */
    public pidMax: number,
  ) {
    this.level = parent === null ? 0 : parent.level + 1;
  }

  /**
   * The PID that the next task gets, or -1: cyclic from the cursor, once round; when the cursor has passed
   * RESERVED_PIDS the low PIDs are out of bounds for good. Stands for `idr_alloc_cyclic` as `alloc_pid` calls
   * it.
   */
  nextPid(): number {
    const found = this.taken.nextFree(this.start, this.pidMax);
    return found === -1 ? this.taken.nextFree(this.lowest, this.pidMax) : found;
  }

  /** Takes it; the cursor is behind it then. */
  takePid(): number {
    let pid = this.taken.takeNext(this.start, this.pidMax);
    if (pid === -1) pid = this.taken.takeNext(this.lowest, this.pidMax);
    if (pid !== -1) this.cursor = pid + 1;
    return pid;
  }

  /**
   * Takes the next PIDs, few, if they are free and side by side right at the cursor; says whether they were.
   * They begin at `burstStart`.
   */
  takeNext(count: number): boolean {
    const first = this.cursor;
    if (first === 0 || first > this.pidMax - count || !this.taken.takeIfFree(first, count)) return false;
    this.burstStart = first;
    this.cursor = first + count;
    return true;
  }

  /** Undoes it. */
  putBack(count: number): void {
    this.cursor = this.burstStart;
    this.taken.freeRun(this.burstStart, count);
  }

  /** As if so many PIDs had been taken and given back, one after another. There must be one that is free. */
  pass(count: number): void {
    if (count === 0) return;
    const { taken, pidMax } = this;
    const behind = taken.behindFree(this.start, count, pidMax);
    if (behind === -1) this.passRound(count);
    else this.cursor = behind;
  }

  /** The same, with so many that they start again from below, once or more. */
  private passRound(count: number): void {
    const { taken, pidMax } = this;
    const ahead = taken.countFree(this.start, pidMax);
    if (ahead > 0) this.cursor = taken.behindFree(this.start, ahead, pidMax);
    const { lowest } = this;
    const inRound = taken.countFree(lowest, pidMax);
    this.cursor = taken.behindFree(lowest, ((count - ahead - 1) % inRound) + 1, pidMax);
  }

  /** Takes the run of PIDs that begins at `burstStart`. */
  takeBurst(length: number): void {
    this.taken.takeRun(this.burstStart, length);
    this.cursor = this.burstStart + length;
  }

  private get start(): number {
    return this.cursor === 0 ? 1 : this.cursor;
  }

  private get lowest(): number {
    return this.cursor > RESERVED_PIDS ? RESERVED_PIDS : 1;
  }

  /** Live threads and zombies that have a PID here. */
  get tasks(): number {
    return this.children.reduce((sum, nested) => sum + nested.tasks, this.ownTasks);
  }

  get zombies(): number {
    return this.children.reduce((sum, nested) => sum + nested.zombies, this.ownZombies);
  }

  /** PIDs in use: live threads + zombies + pinned. */
  get allocated(): number {
    return this.children.reduce((sum, nested) => sum + nested.allocated, this.ownTasks + this.ownPinned);
  }

  /** No PID is taken here by a task of its own. */
  get isUnused(): boolean {
    return this.ownTasks + this.ownPinned === 0;
  }

  /** No PID will ever be taken here again: it is no longer counted with the one around it. */
  leaveParent(): void {
    const siblings = this.parent?.children ?? [];
    const place = siblings.indexOf(this);
    if (place >= 0) siblings.splice(place, 1);
  }

  /** Is `other` this namespace or nested in it? */
  contains(other: PidNamespace): boolean {
    let at = other;
    while (at.level > this.level) at = at.parent as PidNamespace;
    return at === this;
  }
}
