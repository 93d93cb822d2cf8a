/** How the node's own processes (shims, the runtime daemon, sshd, cron, init) learn that a child has died. */
import { ANY, type Kernel, NO_CHILD, NONE, type TaskId, taskIndex } from '../../kernel/kernel.js';
import type { Worker } from '../../program/context.js';

/** What `register` gives for a handler; 0 is a child for which no handler was registered. */
export type ChildKind = number;

/** Called when a child has been reaped; its task index is free again, and may be given out at once. */
export type ChildHandler = (owner: number, task: TaskId, status: number, parent: TaskId) => void;

/**
 * Reaps every child of a worker process and tells the owner of each that asked.
 *
 * One function for all workers and one small table by task index: nothing is allocated for an exec. All of
 * these processes do reap in reality, each in its own way (containerd's shim: pkg/sys/reaper; R4); what they
 * never get to see are orphans in a container's namespace (R5), and that is the kernel's doing.
 */
export class ChildWatch implements Worker {
  /** By task index: kind and owner. */
  private rows = new Int32Array(2 * 1024);
  private readonly retiring = new Set<TaskId>();
  private readonly mourners = new Map<TaskId, (status: number) => void>();
  private readonly handlers: (ChildHandler | null)[] = [null];
  /** The worker that is being told of a child: if it is to retire, it ends after that. */
  private telling: TaskId = NONE;

  constructor(private readonly kernel: Kernel) {}

  register(handler: ChildHandler): ChildKind {
    return this.handlers.push(handler) - 1;
  }

  /** The owner is told when any worker reaps `task`: its parent, or a process that has adopted it. */
  expect(task: TaskId, kind: ChildKind, owner: number): void {
    const row = 2 * taskIndex(task);
    if (row >= this.rows.length) this.grow(row);
    this.rows[row] = kind;
    this.rows[row + 1] = owner;
  }

  /** If this worker ends before it retires, `tell` is called, in the middle of the system call. */
  onEnd(task: TaskId, tell: (status: number) => void): void {
    this.mourners.set(task, tell);
  }

  ended(task: TaskId, status: number): void {
    this.retiring.delete(task);
    const tell = this.mourners.get(task);
    if (tell === undefined) return;
    this.mourners.delete(task);
    tell(status);
  }

  /** The worker ends as soon as it has no children. */
  retire(parent: TaskId): void {
    this.mourners.delete(parent);
    this.retiring.add(parent);
    if (this.telling !== parent) this.wake(parent);
  }

  /** The worker's own end is watched no longer. The worker goes on. */
  forget(parent: TaskId): void {
    this.mourners.delete(parent);
  }

  wake(parent: TaskId): void {
    const { kernel } = this;
    let task = kernel.wait(parent, ANY);
    while (task >= 0) {
      this.tell(task, parent);
      task = kernel.wait(parent, ANY);
    }
    if (task === NO_CHILD && this.retiring.delete(parent)) kernel.exit(parent, 0);
  }

  reaped(parent: TaskId, task: TaskId): void {
    this.tell(task, parent);
    if (this.retiring.size > 0) this.wake(parent);
  }

  private tell(task: TaskId, parent: TaskId): void {
    const { rows } = this;
    const row = 2 * taskIndex(task);
    if (row >= rows.length) return;
    const handler = this.handlers[rows[row]];
    if (handler === null) return;
    rows[row] = 0;
    const outer = this.telling;
    this.telling = parent;
    handler(rows[row + 1], task, this.kernel.waitedStatus, parent);
    this.telling = outer;
  }

  private grow(row: number): void {
    const longer = new Int32Array(Math.max(row + 2, this.rows.length * 2));
    longer.set(this.rows);
    this.rows = longer;
  }
}
