/** When the node was full, and which origins held the PIDs the first time. */
import type { ForkRefusal, TaskId } from '../kernel/kernel.js';
import type { Node } from '../node/node.js';
import type { EventKind, Simulation } from '../sim/simulation.js';
import { US_PER_SECOND } from '../sim/time.js';
import { blame } from './blame.js';
import { freePids } from './capacity.js';
import type { LeakAccounts } from './leak.js';
import type { Observers, RunObserver } from './observer.js';
import type { BlameRow, Exhaustion, Limit, NodeLimit, RunEventKind, TimelineRow } from './result.js';

/** A full node has room again when so much of its limits is free. Less comes and goes with every probe. */
const ROOM_SHARE = 0.02;
const ROOM_MIN = 64;
/** A full node is checked for room this often, however seldom the timeline has a row. */
const CHECK_EVERY_US = 60 * US_PER_SECOND;

/** The moment at which a full node has room again. */
export const ROOM_AGAIN: [RunEventKind, string, string] = ['recovered', 'node', 'the node has room again'];

/** The limit of the whole machine that refused; null: it is a limit of a pod, or of all pods. */
export function nodeLimitOf({ refusedBy, at }: ForkRefusal): NodeLimit | null {
  if (refusedBy === 'threads-max') return refusedBy;
  return refusedBy === 'pid-max' && at === 0 ? refusedBy : null;
}

export class Fullness implements RunObserver {
  /** Each time that the node was full. */
  readonly exhaustions: Exhaustion[] = [];
  /** As the node became full for the first time; null: it never was. */
  blame: BlameRow[] | null = null;
  readonly #sim: Simulation;
  readonly #nextCheck: EventKind;
  #isChecking = false;

  constructor(
    private readonly node: Node,
    private readonly leaks: LeakAccounts,
    private readonly observers: Observers,
  ) {
    this.#sim = node.context.sim;
    this.#nextCheck = this.#sim.register(() => this.#check());
  }

  get isFull(): boolean {
    return this.exhaustions.at(-1)?.untilSeconds === null;
  }

  /** In the middle of a system call. A full node refuses often, so all but the first refusal is cheap. */
  refused(_parent: TaskId, refusal: ForkRefusal): void {
    const limit = nodeLimitOf(refusal);
    if (limit !== null && !this.isFull) this.#begin(limit);
  }

  #begin(refusedBy: NodeLimit): void {
    const isFirst = this.exhaustions.length === 0;
    if (isFirst) this.blame = blame(this.node, this.#sim.nowUs);
    const atSeconds = this.#sim.nowUs / US_PER_SECOND;
    this.exhaustions.push({ atSeconds, refusedBy, limit: this.#limit(refusedBy), untilSeconds: null });
    if (!this.#isChecking) this.#checkLater();
    this.leaks.close(this.node.kubelet.probes);
    const what = isFirst ? 'the first fork refused at node scope' : 'forks are refused at node scope again';
    this.observers.moment('exhausted', 'node', `${what}, by ${refusedBy}`);
  }

  #limit(refusedBy: NodeLimit): Limit {
    const { kernel } = this.node.context;
    return refusedBy === 'pid-max'
      ? { name: 'pid_max', value: kernel.pidMax() }
      : { name: 'threads-max', value: kernel.threadsMax };
  }

  #checkLater(): void {
    this.#isChecking = true;
    this.#sim.atEndOf(this.#sim.nowUs + CHECK_EVERY_US, this.#nextCheck, 0, 0);
  }

  #check(): void {
    const { kernel } = this.node.context;
    this.#isChecking = false;
    // Most often there is no room, and this comparison is enough to tell.
    if (kernel.pidMax() - kernel.allocated() >= ROOM_MIN) this.#endIfRoom(freePids(kernel));
    if (this.isFull) this.#checkLater();
  }

  row({ free }: TimelineRow): void {
    this.#endIfRoom(free);
  }

  #endIfRoom(free: number): void {
    if (!this.hasRoomAgain(free)) return;
    this.exhaustions[this.exhaustions.length - 1].untilSeconds = this.#sim.nowUs / US_PER_SECOND;
    this.observers.moment(...ROOM_AGAIN);
  }

  /** Would a row with so many free PIDs end a fullness now? Asking ends nothing. */
  hasRoomAgain(free: number): boolean {
    if (!this.isFull) return false;
    if (this.#sim.nowUs / US_PER_SECOND === this.exhaustions[this.exhaustions.length - 1].atSeconds)
      return false;
    const { kernel } = this.node.context;
    const { threadsMax, nrThreads } = kernel;
    const hasPids = free >= Math.max(ROOM_MIN, ROOM_SHARE * kernel.pidMax());
    const hasTasks = threadsMax - nrThreads >= Math.max(ROOM_MIN, ROOM_SHARE * threadsMax);
    return hasPids && hasTasks;
  }

  /** A copy of `exhaustions`, as it would be with this row. */
  exhaustionsWith({ time_s, free }: TimelineRow): Exhaustion[] {
    const untilSeconds = this.hasRoomAgain(free) ? time_s : null;
    return this.exhaustions.map((exhaustion) => ({
      ...exhaustion,
      limit: { ...exhaustion.limit },
      untilSeconds: exhaustion.untilSeconds ?? untilSeconds,
    }));
  }
}
