/**
 * The children of a process, in two structures over the same link fields of the task table.
 *
 *   live children   a doubly linked list, oldest first
 *   zombies         a pairing heap ordered by place: the first zombie among the children is at the root
 *
 * The kernel keeps one list and `waitpid(-1)` walks it for the first zombie (K29), so a million live children
 * make a wait slow. Here the walk is gone and the order is not: every child has its place, and the heap
 * yields zombies by place, whatever order they died in. Adding is O(1), taking the first O(log n) amortised;
 * the usual single zombie costs two assignments.
 */
import { NONE, type TaskId } from './ids.js';
import { FIRST_CHILD, LAST_CHILD, type Processes, ZOMBIES } from './processes.js';
import { FIRST_BELOW, NEXT, PARENT, PLACE, PREVIOUS, PROCESS, type Tasks } from './tasks.js';

export class Children {
  private lastPlace = 0;

  constructor(
    private readonly tasks: Tasks,
    private readonly processes: Processes,
  ) {}

  /** Puts a live task that is in no list behind the children of `process`; returns its place, to be noted. */
  append(process: number, child: TaskId): number {
    this.addLive(process, child);
    return this.newPlace();
  }

  /** The same, but for an orphan, alive or dead, for its new parent. */
  adopt(parent: TaskId, orphan: TaskId, isZombie: boolean): void {
    const { rows } = this.tasks;
    const process = rows[parent + PROCESS];
    rows[orphan + PARENT] = parent;
    rows[orphan + PLACE] = this.newPlace();
    if (isZombie) this.addZombie(process, orphan);
    else this.addLive(process, orphan);
  }

  private newPlace(): number {
    this.lastPlace = (this.lastPlace + 1) | 0;
    return this.lastPlace;
  }

  /** A live child of `process` has died: it moves over to the zombies and keeps its place. */
  becomeZombie(process: number, child: TaskId): void {
    this.removeLive(process, child);
    this.addZombie(process, child);
  }

  /** The zombie that stands first among the children of `process`, or NONE. */
  firstZombie(process: number): TaskId {
    return this.processes.rows[process | ZOMBIES] as TaskId;
  }

  hasLive(process: number): boolean {
    return this.processes.rows[process | FIRST_CHILD] !== NONE;
  }

  /** Has the process any child, alive or dead? */
  hasAny(process: number): boolean {
    return this.hasLive(process) || this.firstZombie(process) !== NONE;
  }

  /** The only child there is, if it is alive; NONE if there are more, or none, or zombies. */
  onlyOneAlive(parent: TaskId): TaskId {
    const { rows } = this.processes;
    const process = this.tasks.rows[parent + PROCESS];
    const first = rows[process | FIRST_CHILD] as TaskId;
    return first === rows[process | LAST_CHILD] && rows[process | ZOMBIES] === NONE ? first : NONE;
  }

  /** All children by place: the kernel's one list. */
  inOrder(parent: TaskId): TaskId[] {
    const { rows } = this.tasks;
    const process = rows[parent + PROCESS];
    const children = this.zombiesOf(parent);
    for (let child = this.processes.rows[process | FIRST_CHILD]; child !== NONE; child = rows[child + NEXT])
      children.push(child as TaskId);
    return children.sort((a, b) => this.byPlace(a, b));
  }

  /** Forgets all children at once; the caller has taken them with `inOrder`. */
  clear(parent: TaskId): void {
    const process = this.tasks.rows[parent + PROCESS];
    this.processes.rows[process | FIRST_CHILD] = NONE;
    this.processes.rows[process | LAST_CHILD] = NONE;
    this.processes.rows[process | ZOMBIES] = NONE;
  }

  /** Every zombie child, in no order. */
  zombiesOf(parent: TaskId): TaskId[] {
    const { rows } = this.tasks;
    const found: TaskId[] = [];
    const root = this.firstZombie(rows[parent + PROCESS]);
    if (root !== NONE) found.push(root);
    for (let i = 0; i < found.length; i++) {
      for (let below = rows[found[i] + FIRST_BELOW]; below !== NONE; below = rows[below + NEXT])
        found.push(below as TaskId);
    }
    return found;
  }

  private addLive(process: number, child: TaskId): void {
    const { rows } = this.tasks;
    const { rows: families } = this.processes;
    const last = families[process | LAST_CHILD];
    rows[child + NEXT] = NONE;
    rows[child + PREVIOUS] = last;
    if (last === NONE) families[process | FIRST_CHILD] = child;
    else rows[last + NEXT] = child;
    families[process | LAST_CHILD] = child;
  }

  /** Takes a live child out of the children of `process`. */
  removeLive(process: number, child: TaskId): void {
    const { rows } = this.tasks;
    const { rows: families } = this.processes;
    const next = rows[child + NEXT];
    const previous = rows[child + PREVIOUS];
    if (previous === NONE) families[process | FIRST_CHILD] = next;
    else rows[previous + NEXT] = next;
    if (next === NONE) families[process | LAST_CHILD] = previous;
    else rows[next + PREVIOUS] = previous;
  }

  private addZombie(process: number, child: TaskId): void {
    const { rows } = this.tasks;
    const { rows: families } = this.processes;
    // Its own siblings in the heap it gets from `merge`; the root has none.
    rows[child + FIRST_BELOW] = NONE;
    const root = families[process | ZOMBIES];
    families[process | ZOMBIES] = root === NONE ? child : this.merge(root, child);
  }

  /** Takes a zombie out of its parent's children: it is released. */
  removeZombie(child: TaskId): void {
    const { rows } = this.tasks;
    const { rows: families } = this.processes;
    const process = rows[rows[child + PARENT] + PROCESS];
    const first = rows[child + FIRST_BELOW];
    const below = first === NONE ? NONE : this.mergeAll(first);
    const root = families[process | ZOMBIES];
    if (child === root) {
      families[process | ZOMBIES] = below;
      return;
    }
    const previous = rows[child + PREVIOUS];
    const next = rows[child + NEXT];
    if (rows[previous + FIRST_BELOW] === child) rows[previous + FIRST_BELOW] = next;
    else rows[previous + NEXT] = next;
    if (next !== NONE) rows[next + PREVIOUS] = previous;
    if (below !== NONE) families[process | ZOMBIES] = this.merge(root, below);
  }

  /** Two heaps into one. `previous` of a node is its left sibling; of the leftmost, the node above. */
  private merge(a: number, b: number): number {
    const { rows } = this.tasks;
    const above = this.byPlace(a, b) < 0 ? a : b;
    const below = above === a ? b : a;
    const first = rows[above + FIRST_BELOW];
    rows[below + NEXT] = first;
    rows[below + PREVIOUS] = above;
    if (first !== NONE) rows[first + PREVIOUS] = below;
    rows[above + FIRST_BELOW] = below;
    return above;
  }

  /** Merges a row of siblings: in pairs from left to right, then all from right to left. */
  private mergeAll(first: number): number {
    const { rows } = this.tasks;
    let pairs: number = NONE;
    for (let node = first; node !== NONE; ) {
      const other = rows[node + NEXT];
      const rest = other === NONE ? NONE : rows[other + NEXT];
      rows[node + NEXT] = NONE;
      let pair = node;
      if (other !== NONE) {
        rows[other + NEXT] = NONE;
        pair = this.merge(node, other);
      }
      rows[pair + NEXT] = pairs;
      pairs = pair;
      node = rest;
    }
    let root: number = NONE;
    for (let node = pairs; node !== NONE; ) {
      const rest = rows[node + NEXT];
      rows[node + NEXT] = NONE;
      root = root === NONE ? node : this.merge(root, node);
      node = rest;
    }
    return root;
  }

  /** Right while two siblings are less than 2^31 adoptions apart, which is some billion forks. */
  private byPlace(a: number, b: number): number {
    return (this.tasks.rows[a + PLACE] - this.tasks.rows[b + PLACE]) | 0;
  }
}
