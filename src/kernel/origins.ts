/**
 * Who asked for the numbers: counters by accounting label. A label is a small integer that a process inherits from
 * its parent, as it does its cgroup; unlike the cgroup it also remembers pinned numbers, which no cgroup counts.
 */
export class Origins {
  /** Live threads and zombies, zombies among them, and numbers held in the host's table. */
  tasks = new Int32Array(16);
  zombies = new Int32Array(16);
  numbers = new Int32Array(16);
  /** Since boot: tasks created, tasks gone for good. */
  created = new Float64Array(16);
  released = new Float64Array(16);

  /** Makes sure that `origin` can be counted. */
  reserve(origin: number): void {
    if (origin < this.tasks.length) return;
    const length = Math.max(origin + 1, this.tasks.length * 2);
    const longer = <A extends Int32Array | Float64Array>(array: A): A => {
      const copy = new (array.constructor as new (length: number) => A)(length);
      copy.set(array);
      return copy;
    };
    this.tasks = longer(this.tasks);
    this.zombies = longer(this.zombies);
    this.numbers = longer(this.numbers);
    this.created = longer(this.created);
    this.released = longer(this.released);
  }
}
