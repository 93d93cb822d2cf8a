/** How the node's own processes (shims, the runtime daemon, sshd, cron, init) learn that a child has died. */
import { ANY, type Kernel, NO_CHILD, type TaskId, taskIndex } from '../kernel/kernel.js';

/** What `register` gives for a handler; 0 is a child that nobody asked about. */
export type ChildKind = number;

/** Called when a child has been reaped; its task index is free again, and may be given out at once. */
export type ChildHandler = (owner: number, task: TaskId, status: number, parent: TaskId) => void;

/**
 * Reaps every child of a worker process and tells the owner of each that asked.
 *
 * One function for all workers and one small table by task index: nothing is allocated for an exec. All of these
 * processes do reap in reality, each in its own way (containerd's shim: pkg/sys/reaper; R4); what they never get to
 * see are orphans in a container's namespace (R5), and that is the kernel's doing.
 */
export class ChildWatch {
  private kind = new Uint8Array(1024);
  private owner = new Int32Array(1024);
  private retiring = new Uint8Array(1024);
  private readonly handlers: (ChildHandler | null)[] = [null];
  private draining: TaskId = -1;

  constructor(private readonly kernel: Kernel) {}

  register(handler: ChildHandler): ChildKind {
    return this.handlers.push(handler) - 1;
  }

  /** Whoever reaps `task`, its owner is told. */
  expect(task: TaskId, kind: ChildKind, owner: number): void {
    const index = taskIndex(task);
    if (index >= this.kind.length) this.grow(index);
    this.kind[index] = kind;
    this.owner[index] = owner;
  }

  /** The worker ends as soon as it has no children. */
  retire(parent: TaskId): void {
    const index = taskIndex(parent);
    if (index >= this.kind.length) this.grow(index);
    this.retiring[index] = 1;
    if (this.draining !== parent) this.reap(parent);
  }

  /** To be handed to `machine.worker`. */
  readonly reap = (parent: TaskId): void => {
    const { kernel } = this;
    const outer = this.draining;
    this.draining = parent;
    let task = kernel.wait(parent, ANY);
    while (task >= 0) {
      if (taskIndex(task) < this.kind.length) this.tell(task, parent);
      task = kernel.wait(parent, ANY);
    }
    this.draining = outer;
    const index = taskIndex(parent);
    if (task === NO_CHILD && index < this.retiring.length && this.retiring[index] === 1) {
      this.retiring[index] = 0;
      kernel.exit(parent, 0);
    }
  };

  private tell(task: TaskId, parent: TaskId): void {
    const index = taskIndex(task);
    const handler = this.handlers[this.kind[index]];
    if (handler === null) return;
    this.kind[index] = 0;
    handler(this.owner[index], task, this.kernel.waited.status, parent);
  }

  private grow(index: number): void {
    const capacity = Math.max(index + 1, this.kind.length * 2);
    const lengthen = <A extends Uint8Array | Int32Array>(array: A, longer: A): A => {
      longer.set(array);
      return longer;
    };
    this.kind = lengthen(this.kind, new Uint8Array(capacity));
    this.owner = lengthen(this.owner, new Int32Array(capacity));
    this.retiring = lengthen(this.retiring, new Uint8Array(capacity));
  }
}
