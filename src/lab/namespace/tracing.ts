/** A tracing instance of our own in tracefs: which events, of which tasks, and what it has seen. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

export class Tracing {
  /** `dir`: the instance's folder, of keeper.c. Sizes its buffer and sets its clock (µs, all CPUs). */
  constructor(readonly dir: string) {
    this.write('trace_clock', 'mono');
    this.write('buffer_size_kb', '4096');
    this.write('options/overwrite', '0');
  }

  /** Only this task and, from now on, all that descends from it. */
  follow(pid: number): void {
    this.write('options/event-fork', '1');
    this.write('set_event_pid', String(pid));
  }

  /** Switches an event on, `sched/sched_process_exit`; false where this kernel has none of the name. */
  enable(event: string): boolean {
    if (!existsSync(`${this.dir}/events/${event}`)) return false;
    this.write(`events/${event}/enable`, '1');
    return true;
  }

  clear(): void {
    this.write('trace', '');
  }

  /** The text of `trace`: one line per event, comment lines with `#`. */
  read(): string {
    return readFileSync(`${this.dir}/trace`, 'utf8');
  }

  /** Events that did not fit the buffer: the trace is incomplete if there are any. */
  lost(): number {
    let lost = 0;
    for (const cpu of readdirSync(`${this.dir}/per_cpu`)) {
      const stats = readFileSync(`${this.dir}/per_cpu/${cpu}/stats`, 'utf8');
      for (const [, count] of stats.matchAll(/^(?:overrun|dropped events): (\d+)$/gm)) lost += Number(count);
    }
    return lost;
  }

  private write(file: string, text: string): void {
    writeFileSync(`${this.dir}/${file}`, text);
  }
}
