/** When the node was full, and who held the pids the first time. */
import type { Node } from '../node/node.js';
import type { EventKind, Simulation } from '../sim/simulation.js';
import { US_PER_SECOND } from '../sim/time.js';
import { blame } from './blame.js';
import { freePids } from './capacity.js';
import type { BlameRow, Exhaustion, RefusedBy } from './result.js';

/** With so much of a limit free, a node that was full has room again. Less comes and goes with every probe. */
const ROOM_SHARE = 0.02;
const ROOM_MIN = 64;
/** While a node is full, it is looked at so often, however seldom the timeline has a row. */
const LOOK_EVERY_US = 60 * US_PER_SECOND;

export class Fullness {
  /** Every time that the node was full. */
  readonly exhaustions: Exhaustion[] = [];
  /** The first time; null: it never was. */
  blame: BlameRow[] | null = null;
  private node!: Node;
  private onRoom!: () => void;
  private readonly nextLook: EventKind;
  private isLooking = false;

  constructor(private readonly sim: Simulation) {
    this.nextLook = sim.register(() => this.lookNow());
  }

  /** @param onRoom called when a node that was full has room again. */
  start(node: Node, onRoom: () => void): void {
    this.node = node;
    this.onRoom = onRoom;
  }

  get isFull(): boolean {
    return this.exhaustions.at(-1)?.untilSeconds === null;
  }

  /** A fork was refused at node scope, by a node that was not full. Called in the middle of it. True: for the first time. */
  begin(refusedBy: RefusedBy): boolean {
    const isFirst = this.exhaustions.length === 0;
    if (isFirst) this.blame = blame(this.node, this.sim.nowUs);
    this.exhaustions.push({ atSeconds: this.sim.nowUs / US_PER_SECOND, refusedBy, untilSeconds: null });
    if (!this.isLooking) this.lookLater();
    return isFirst;
  }

  private lookLater(): void {
    this.isLooking = true;
    this.sim.atEndOf(this.sim.nowUs + LOOK_EVERY_US, this.nextLook, 0, 0);
  }

  private lookNow(): void {
    const { kernel } = this.node.context;
    this.isLooking = false;
    // Most often there is no room, and that is soon seen.
    if (kernel.pidMax(0) - kernel.allocated(0) >= ROOM_MIN) this.look(freePids(kernel));
    if (this.isFull) this.lookLater();
  }

  /** Has a full node room again? `free`: as `freePids` has it. */
  look(free: number): void {
    if (!this.isFull) return;
    const { kernel } = this.node.context;
    const nowSeconds = this.sim.nowUs / US_PER_SECOND;
    const last = this.exhaustions[this.exhaustions.length - 1];
    if (nowSeconds === last.atSeconds) return;
    const { threadsMax, nrThreads } = kernel;
    const hasPids = free >= Math.max(ROOM_MIN, ROOM_SHARE * kernel.pidMax(0));
    const hasTasks = threadsMax - nrThreads >= Math.max(ROOM_MIN, ROOM_SHARE * threadsMax);
    if (!hasPids || !hasTasks) return;
    last.untilSeconds = nowSeconds;
    this.onRoom();
  }
}
