/**
 * The children of a process, in two structures over the same link fields of the task table.
 *
 *   live children   a doubly linked list, oldest first
 *   zombies         a pairing heap ordered by place: the zombie that stands first among the children is at the root
 *
 * The kernel keeps one list and `waitpid(-1)` walks it for the first zombie (K29), so a million live children make a
 * wait slow. Here the walk is gone and the order is not: every child has its place, and the heap yields zombies by
 * place, whatever order they died in. Adding is O(1), taking the first O(log n) amortised; the usual single zombie
 * costs two assignments.
 */
import { NONE } from './arena.js';
import type { Processes } from './processes.js';
import { type Tasks, ZOMBIE } from './tasks.js';

export class Children {
  private nextPlace = 0;

  constructor(
    private readonly tasks: Tasks,
    private readonly processes: Processes,
  ) {}

  /** Puts a task that is in no list at the end of a parent's children, alive or dead as it is. */
  append(parent: number, child: number): void {
    const { tasks } = this;
    tasks.parent[child] = parent;
    tasks.place[child] = this.nextPlace++;
    if (tasks.state[child] === ZOMBIE) this.addZombie(parent, child);
    else this.addLive(parent, child);
  }

  /** A live child has died: it moves over to the zombies and keeps its place. */
  becomeZombie(child: number): void {
    const parent = this.tasks.parent[child];
    this.removeLive(parent, child);
    this.addZombie(parent, child);
  }

  /** The zombie that stands first among the children, or NONE. */
  firstZombie(parent: number): number {
    return this.processes.zombies[this.tasks.process[parent]];
  }

  hasLive(parent: number): boolean {
    return this.processes.firstChild[this.tasks.process[parent]] !== NONE;
  }

  /** Takes a child out of its parent's children. */
  remove(child: number): void {
    const parent = this.tasks.parent[child];
    if (this.tasks.state[child] === ZOMBIE) this.removeZombie(parent, child);
    else this.removeLive(parent, child);
  }

  /** The only child there is, or NONE if there are more or none. */
  onlyOne(parent: number): number {
    const { tasks } = this;
    const process = tasks.process[parent];
    const live = this.processes.firstChild[process];
    const zombie = this.processes.zombies[process];
    if (live === NONE) return zombie !== NONE && tasks.firstBelow[zombie] === NONE ? zombie : NONE;
    return zombie === NONE && tasks.next[live] === NONE ? live : NONE;
  }

  /** All children by place: the kernel's one list. */
  inOrder(parent: number): number[] {
    const { tasks } = this;
    const process = tasks.process[parent];
    const children = this.zombiesOf(parent);
    for (let child = this.processes.firstChild[process]; child !== NONE; child = tasks.next[child])
      children.push(child);
    return children.sort((a, b) => this.byPlace(a, b));
  }

  /** Forgets all children at once; the caller has taken them with `inOrder`. */
  clear(parent: number): void {
    const process = this.tasks.process[parent];
    this.processes.firstChild[process] = NONE;
    this.processes.lastChild[process] = NONE;
    this.processes.zombies[process] = NONE;
  }

  /** Every zombie child, in no order. */
  zombiesOf(parent: number): number[] {
    const { tasks } = this;
    const found: number[] = [];
    const root = this.processes.zombies[tasks.process[parent]];
    if (root !== NONE) found.push(root);
    for (let i = 0; i < found.length; i++) {
      for (let below = tasks.firstBelow[found[i]]; below !== NONE; below = tasks.next[below])
        found.push(below);
    }
    return found;
  }

  private addLive(parent: number, child: number): void {
    const { tasks, processes } = this;
    const process = tasks.process[parent];
    const last = processes.lastChild[process];
    tasks.next[child] = NONE;
    tasks.previous[child] = last;
    if (last === NONE) processes.firstChild[process] = child;
    else tasks.next[last] = child;
    processes.lastChild[process] = child;
  }

  private removeLive(parent: number, child: number): void {
    const { tasks, processes } = this;
    const process = tasks.process[parent];
    const next = tasks.next[child];
    const previous = tasks.previous[child];
    if (previous === NONE) processes.firstChild[process] = next;
    else tasks.next[previous] = next;
    if (next === NONE) processes.lastChild[process] = previous;
    else tasks.previous[next] = previous;
  }

  private addZombie(parent: number, child: number): void {
    const { tasks, processes } = this;
    const process = tasks.process[parent];
    tasks.next[child] = NONE;
    tasks.previous[child] = NONE;
    tasks.firstBelow[child] = NONE;
    const root = processes.zombies[process];
    processes.zombies[process] = root === NONE ? child : this.merge(root, child);
  }

  private removeZombie(parent: number, child: number): void {
    const { tasks, processes } = this;
    const process = tasks.process[parent];
    const below = this.mergeAll(tasks.firstBelow[child]);
    const root = processes.zombies[process];
    if (child === root) {
      processes.zombies[process] = below;
      return;
    }
    const previous = tasks.previous[child];
    const next = tasks.next[child];
    if (tasks.firstBelow[previous] === child) tasks.firstBelow[previous] = next;
    else tasks.next[previous] = next;
    if (next !== NONE) tasks.previous[next] = previous;
    if (below !== NONE) processes.zombies[process] = this.merge(root, below);
  }

  /** Two heaps into one. `previous` of a node is its left sibling, or the node above if it is the leftmost. */
  private merge(a: number, b: number): number {
    const { tasks } = this;
    const above = this.byPlace(a, b) < 0 ? a : b;
    const below = above === a ? b : a;
    const first = tasks.firstBelow[above];
    tasks.next[below] = first;
    tasks.previous[below] = above;
    if (first !== NONE) tasks.previous[first] = below;
    tasks.firstBelow[above] = below;
    return above;
  }

  /** Merges a row of siblings: in pairs from left to right, then all from right to left. */
  private mergeAll(first: number): number {
    const { tasks } = this;
    let pairs = NONE;
    for (let node = first; node !== NONE; ) {
      const other = tasks.next[node];
      const rest = other === NONE ? NONE : tasks.next[other];
      tasks.next[node] = NONE;
      let pair = node;
      if (other !== NONE) {
        tasks.next[other] = NONE;
        pair = this.merge(node, other);
      }
      tasks.next[pair] = pairs;
      pairs = pair;
      node = rest;
    }
    let root = NONE;
    for (let node = pairs; node !== NONE; ) {
      const rest = tasks.next[node];
      tasks.next[node] = NONE;
      root = root === NONE ? node : this.merge(root, node);
      node = rest;
    }
    if (root !== NONE) tasks.previous[root] = NONE;
    return root;
  }

  /** Right while two siblings are less than 2^31 adoptions apart, which is some billion forks. */
  private byPlace(a: number, b: number): number {
    return (this.tasks.place[a] - this.tasks.place[b]) | 0;
  }
}
