/**
 * From what a tracer saw of live processes to the trace that programs are built from
 * (program/catalogue/trace.ts).
 *
 *     ftrace.ts   text of a tracing instance ┐
 *                                            ├─► TraceAssembler ─► TraceEvent[]
 *     strace.ts   `strace -f -ttt` output    ┘
 *
 * Tasks are numbered in the order of their birth, the command that was started is 1, and time begins at its
 * exec.
 */

import type { TraceEvent } from '../../program/catalogue/trace.js';
import { truncateComm } from '../../program/comm.js';

interface TracedTask {
  task: number;
  /** The task number of its process: its own, unless it is an extra thread. */
  process: number;
  comm: string;
}

interface TracedProcess {
  status: number;
  /** Of a process group or session of its own. */
  isLeader: boolean;
}

/** Events by the tracer's PIDs, which may be reused, in the order of time. PIDs not ours are skipped. */
export class TraceAssembler {
  private readonly events: TraceEvent[] = [];
  private readonly byPid = new Map<number, TracedTask>();
  private readonly processes = new Map<number, TracedProcess>();
  private taskCount = 0;
  private begun = false;

  constructor(
    rootPid: number,
    private readonly rootComm: string,
  ) {
    this.add(rootPid, null, rootComm);
  }

  knows(pid: number): boolean {
    return this.byPid.has(pid);
  }

  /** The trace's number of the task that has this pid now; null if it is not ours. */
  taskOf(pid: number): number | null {
    return this.byPid.get(pid)?.task ?? null;
  }

  birth(timeUs: number, parentPid: number, childPid: number, isThread: boolean): void {
    const parent = this.byPid.get(parentPid);
    if (parent === undefined) return;
    const child = this.add(childPid, isThread ? parent.process : null, parent.comm);
    const event = isThread ? 'thread' : 'fork';
    this.push({ timeUs, event, task: parent.task, child: child.task, name: parent.comm });
  }

  /** `threadPid`: the thread that called exec, if it was not the leader. It becomes the leader. */
  exec(timeUs: number, pid: number, file: string, threadPid = pid): void {
    const task = this.byPid.get(pid);
    if (task === undefined) return;
    if (threadPid !== pid) this.leaderReplaced(timeUs, task, threadPid);
    task.comm = truncateComm(file.slice(file.lastIndexOf('/') + 1)) || this.rootComm;
    if (task.task === 1) this.begun = true;
    this.push({ timeUs, event: 'exec', task: task.task, child: 0, name: task.comm });
  }

  /** It has become the leader of a session, or of a process group, of its own. */
  leads(timeUs: number, pid: number, event: 'setsid' | 'setpgid'): void {
    const task = this.byPid.get(pid);
    const process = task && this.processes.get(task.process);
    if (task === undefined || process === undefined) return;
    if (event === 'setpgid' && process.isLeader) return;
    process.isLeader = true;
    this.push({ timeUs, event, task: task.process, child: 0, name: '' });
  }

  reaped(timeUs: number, pid: number, childPid: number): void {
    const parent = this.byPid.get(pid);
    const child = this.byPid.get(childPid);
    if (parent === undefined || child === undefined || child.task !== child.process) return;
    this.push({ timeUs, event: 'wait', task: parent.process, child: child.task, name: '' });
    this.byPid.delete(childPid);
  }

  /** The status that the whole process will end with; told before its threads end. */
  willEnd(pid: number, status: number): void {
    const process = this.processes.get(this.byPid.get(pid)?.process ?? -1);
    if (process !== undefined) process.status = status;
  }

  end(timeUs: number, pid: number): void {
    const task = this.byPid.get(pid);
    if (task === undefined) return;
    const isMain = task.task === task.process;
    const status = isMain ? this.processes.get(task.process)!.status : 0;
    this.push({ timeUs, event: 'exit', task: task.task, child: status, name: task.comm });
  }

  /** The events from the command's exec on. `rootStatus`: how it ended, where that is known otherwise. */
  finish(rootStatus?: number): TraceEvent[] {
    const startUs =
      this.events.find(({ event, task }) => task === 1 && event === 'exec')?.timeUs ??
      this.events[0]?.timeUs ??
      0;
    return this.events
      .map((event) => ({ ...event, timeUs: Math.max(0, event.timeUs - startUs) }))
      .map((event) =>
        rootStatus !== undefined && event.event === 'exit' && event.task === 1
          ? { ...event, child: rootStatus }
          : event,
      );
  }

  private add(pid: number, process: number | null, comm: string): TracedTask {
    const number = ++this.taskCount;
    const task = { task: number, process: process ?? number, comm };
    this.byPid.set(pid, task);
    if (process === null) this.processes.set(number, { status: 0, isLeader: number === 1 });
    return task;
  }

  /** Before the command's own exec there is only the tracer's own doing. */
  private push(event: TraceEvent): void {
    if (this.begun || event.event === 'exec') this.events.push(event);
  }

  /** In de_thread the old leader ends and the thread that called exec takes its PID. */
  private leaderReplaced(timeUs: number, leader: TracedTask, threadPid: number): void {
    const thread = this.byPid.get(threadPid);
    const ended = this.events.findLastIndex(({ event, task }) => event === 'exit' && task === leader.task);
    if (ended >= 0) this.events.splice(ended, 1);
    if (thread === undefined) return;
    this.push({ timeUs, event: 'exit', task: thread.task, child: 0, name: thread.comm });
    this.byPid.delete(threadPid);
  }
}

/**
 * Adds what the tracer did not see but the state at rest tells. Under a PID 1 that does not reap, a child
 * that is dead and gone has been reaped by its parent. Where no wait says so (the parent ignores SIGCHLD, or
 * it used a call that does not tell which child it reaped), a wait is put at the child's end; and if the
 * parent seems to have ended before that (its exit is traced before its memory and its pipes are given back),
 * its end is put after it.
 *
 * `left`: tasks that are zombies at rest. Children that are still alive are left alone.
 */
export function completeWaits(events: readonly TraceEvent[], left: ReadonlySet<number>): TraceEvent[] {
  const all = events.map((event) => ({ ...event }));
  const exits = new Map<number, TraceEvent>();
  const waited = new Set<number>();
  for (const event of all) {
    if (event.event === 'exit') exits.set(event.task, event);
    if (event.event === 'wait') waited.add(event.child);
  }
  for (const { event, task, child } of events) {
    const childExit = exits.get(child);
    if (event !== 'fork' || waited.has(child) || left.has(child) || childExit === undefined) continue;
    const parentExit = exits.get(task);
    if (parentExit !== undefined) parentExit.timeUs = Math.max(parentExit.timeUs, childExit.timeUs + 1);
    all.push({ timeUs: childExit.timeUs, event: 'wait', task, child, name: '' });
  }
  return all.sort((a, b) => a.timeUs - b.timeUs); // stable: the wait was put behind the exit it waited for
}

/** The most tasks, processes and threads, that were alive at once. */
export function widestMoment(events: readonly TraceEvent[]): number {
  let alive = 1;
  let widest = 1;
  for (const { event } of events) {
    if (event === 'fork' || event === 'thread') alive += 1;
    else if (event === 'exit') alive -= 1;
    widest = Math.max(widest, alive);
  }
  return widest;
}

/** PIDs that the trace used: the command's own, and one for every process and thread after it. */
export function pidsIn(events: readonly TraceEvent[]): { processes: number; threads: number } {
  const count = (kind: TraceEvent['event']): number => events.filter(({ event }) => event === kind).length;
  return { processes: 1 + count('fork'), threads: count('thread') };
}
