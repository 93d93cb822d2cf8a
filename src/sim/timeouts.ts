import type { EventKind, Simulation } from './simulation.js';

/**
 * Timers that seldom fire: when most of them are due, what they were to end has ended by itself.
 *
 * As events of the calendar they would be sorted for nothing. Here timers of one length wait in a queue, in
 * which they are due in the order in which they were started, and only the queue has an event: for the first
 * of them that was not over when the queue was last looked at. So a thousand timers that are started and are
 * over within their length cost one event.
 *
 *     start ──► │ due, owner, number │ … │ ──► end of the first instant ──► is it over? dropped : it comes
 *
 * A timer comes at the very end of its instant, behind all else that closes it: what is over in that instant
 * was in time. Of timers of different lengths the shorter ones come first.
 */
export class Timeouts {
  private readonly queues: TimeoutQueue[] = [];
  private readonly look: EventKind;
  private readonly next: EventKind;
  /** An event for the timers that are due now has been scheduled. */
  private isNextExpected = false;

  /**
   * @param isOver whether what the timer was to end is over: asked repeatedly; once true it stays true.
   * @param come for each kind of timer, what is called for one that is not over when its time has come.
   */
  constructor(
    private readonly sim: Simulation,
    private readonly isOver: (owner: number, number: number) => boolean,
    private readonly come: readonly ((owner: number, number: number) => void)[],
  ) {
    this.look = sim.register(
      (index) => this.lookAt(this.queues[index]),
      (index, dueUs) => this.isNeedless(this.queues[index], dueUs),
    );
    this.next = sim.register(() => this.comeNext());
  }

  /** A timer of `delayUs` integer microseconds, zero or more, for `owner` and `number`, of 32 bits. */
  start(delayUs: number, owner: number, number: number, kind = 0): void {
    const queue = this.queueOf(delayUs, kind);
    const dueUs = this.sim.nowUs + delayUs;
    queue.put(dueUs, owner, number);
    if (!queue.isExpected) this.expect(queue, dueUs);
  }

  /** There are as many as there are lengths: few. */
  private queueOf(delayUs: number, kind: number): TimeoutQueue {
    for (const queue of this.queues) if (queue.delayUs === delayUs && queue.kind === kind) return queue;
    const queue = new TimeoutQueue(delayUs, kind, this.queues.length);
    this.queues.push(queue);
    return queue;
  }

  private expect(queue: TimeoutQueue, dueUs: number): void {
    queue.isExpected = true;
    this.sim.atEndOf(dueUs, this.look, queue.index, 0);
  }

  private lookAt(queue: TimeoutQueue): void {
    if (!this.isNeedless(queue, this.sim.nowUs) && !this.isNextExpected) this.comeNext();
  }

  /** Would a look at that time find no timer that is due? Then it is put off until the first of them is. */
  private isNeedless(queue: TimeoutQueue, lookUs: number): boolean {
    this.dropOver(queue);
    if (queue.isEmpty) queue.isExpected = false;
    else if (queue.dueUs > lookUs) this.expect(queue, queue.dueUs);
    else return false;
    return true;
  }

  private dropOver(queue: TimeoutQueue): void {
    while (!queue.isEmpty && this.isOver(queue.owner, queue.number)) queue.drop();
  }

  /**
   * Lets due timers of one queue come, after all else that closes the instant: nothing else empties it.
   */
  private comeNext(): void {
    const { sim } = this;
    this.isNextExpected = sim.isClosingDue;
    if (!this.isNextExpected) {
      const due = this.queues.filter((queue) => !queue.isEmpty && queue.dueUs <= sim.nowUs);
      due.sort((a, b) => a.delayUs - b.delayUs || a.kind - b.kind);
      this.letCome(due[0]);
      this.isNextExpected = due.length > 1;
    }
    if (this.isNextExpected) sim.atEndOf(sim.nowUs, this.next, 0, 0);
  }

  private letCome(queue: TimeoutQueue): void {
    for (; !this.isNeedless(queue, this.sim.nowUs); queue.drop())
      this.come[queue.kind](queue.owner, queue.number);
  }
}

/** Timers of one length, first in, first out: a ring that grows by doubling. */
class TimeoutQueue {
  /** An event to look at it is under way. */
  isExpected = false;
  private dueTimes = new Float64Array(16);
  /** Two numbers for each timer: owner and number. */
  private owners = new Int32Array(16 * 2);
  private mask = 15;
  private head = 0;
  private tail = 0;

  constructor(
    readonly delayUs: number,
    readonly kind: number,
    readonly index: number,
  ) {}

  get isEmpty(): boolean {
    return this.head === this.tail;
  }

  /** Of the oldest. */
  get dueUs(): number {
    return this.dueTimes[this.head];
  }

  get owner(): number {
    return this.owners[this.head << 1];
  }

  get number(): number {
    return this.owners[(this.head << 1) | 1];
  }

  put(dueUs: number, owner: number, number: number): void {
    const { tail } = this;
    this.dueTimes[tail] = dueUs;
    this.owners[tail << 1] = owner;
    this.owners[(tail << 1) | 1] = number;
    this.tail = (tail + 1) & this.mask;
    if (this.tail === this.head) this.grow();
  }

  drop(): void {
    this.head = (this.head + 1) & this.mask;
  }

  /** The ring is full: head and tail have met. The oldest goes to the front of a ring of twice the size. */
  private grow(): void {
    const { dueTimes, owners, head } = this;
    const length = dueTimes.length;
    this.dueTimes = new Float64Array(2 * length);
    this.dueTimes.set(dueTimes.subarray(head));
    this.dueTimes.set(dueTimes.subarray(0, head), length - head);
    this.owners = new Int32Array(4 * length);
    this.owners.set(owners.subarray(2 * head));
    this.owners.set(owners.subarray(0, 2 * head), 2 * (length - head));
    this.mask = 2 * length - 1;
    this.head = 0;
    this.tail = length;
  }
}
