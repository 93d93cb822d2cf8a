/** A watcher that notes everything it is told, a line each. */
import type { PidNsId, TaskId } from '../../src/kernel/ids.js';
import type { KERNEL, Signal } from '../../src/kernel/signals.js';
import type { KernelWatcher, SignalEffect } from '../../src/kernel/watcher.js';

export class Notes implements KernelWatcher {
  readonly lines: string[] = [];

  /** `name` is how a task is called in the lines. */
  constructor(private readonly name: (task: number) => string = String) {}

  private note(...words: (string | number)[]): void {
    this.lines.push(words.join(' '));
  }
  execed(task: TaskId): void {
    this.note(this.name(task), 'execs');
  }
  leads(task: TaskId, what: 'session' | 'group'): void {
    this.note(this.name(task), 'leads a', what);
  }
  threads(task: TaskId, count: number): void {
    this.note(this.name(task), 'threads', count > 0 ? `+${count}` : count);
  }
  exits(task: TaskId, status: number): void {
    this.note(this.name(task), 'exits', status);
  }
  becameZombie(task: TaskId): void {
    this.note(this.name(task), 'is a zombie');
  }
  reparented(orphan: TaskId, from: TaskId, to: TaskId): void {
    this.note(this.name(orphan), 'goes from', this.name(from), 'to', this.name(to));
  }
  signalled(from: TaskId | typeof KERNEL, to: TaskId, signal: Signal, effect: SignalEffect): void {
    this.note(this.name(from), 'sends', signal, 'to', this.name(to), effect);
  }
  reaped(child: TaskId, by: TaskId): void {
    this.note(this.name(by), 'reaps', this.name(child));
  }
  left(pids: number[], _innermost: PidNsId, isPinned: boolean): void {
    this.note(pids.join('/'), isPinned ? 'pinned' : 'free');
  }
}
