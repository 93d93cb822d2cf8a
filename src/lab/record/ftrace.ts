/** Reads the `trace` file of a tracing instance: the scheduler's events, and system calls for the rest. */
import type { Tracing } from '../namespace/tracing.js';
import { TraceAssembler } from './trace.js';

/** The events that a trace cannot do without. */
const NEEDED = ['task/task_newtask', 'sched/sched_process_exec', 'sched/sched_process_exit'];

/** They tell of sessions, groups, reaped children and exit statuses. Without them a trace is poorer. */
const WANTED = ['setsid', 'clone', 'clone3', 'fork', 'vfork', 'wait4'].map(
  (name) => `syscalls/sys_exit_${name}`,
);
const WANTED_ENTRIES = ['setpgid', 'exit_group'].map((name) => `syscalls/sys_enter_${name}`);

/** Switches them on; false if this kernel cannot trace what is needed. */
export function enableTaskEvents(tracing: Tracing): boolean {
  const enough = NEEDED.every((event) => tracing.enable(event));
  for (const event of [...WANTED, ...WANTED_ENTRIES]) tracing.enable(event);
  return enough;
}

const LINE = /^\s*.{1,16}-(\d+)\s+\[\d+\]\s+\S+\s+(\d+)\.(\d{6}):\s+(\w+)(.*)$/;
const CLONE_THREAD = 0x10000n;
const ERRNO_MAX = 4095n;

/** The root has two PIDs: the tracer reports `hostPid`; wait4 and clone say the namespace's, `pid`. */
export function assembleFtrace(
  text: string,
  root: { hostPid: number; pid: number; comm: string },
): TraceAssembler {
  const trace = new TraceAssembler(root.hostPid, root.comm);
  const reader = new FtraceReader(trace, root);
  for (const line of text.split('\n')) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const timeUs = Number(match[2]) * 1_000_000 + Number(match[3]);
    reader.read(timeUs, Number(match[1]), match[4], match[5]);
  }
  return trace;
}

class FtraceReader {
  /** From PIDs in the namespace to PIDs outside, which is what the tracer reports. */
  private readonly taskByPid = new Map<number, number>();
  /** The child that a task's clone, not yet answered, has made. */
  private readonly bornTo = new Map<number, number>();

  constructor(
    private readonly trace: TraceAssembler,
    root: { hostPid: number; pid: number },
  ) {
    this.taskByPid.set(root.pid, root.hostPid);
  }

  read(timeUs: number, pid: number, event: string, rest: string): void {
    const { trace } = this;
    switch (event) {
      case 'task_newtask': {
        const child = Number(field(rest, 'pid'));
        const isThread = (BigInt('0x' + field(rest, 'clone_flags')) & CLONE_THREAD) !== 0n;
        if (!trace.knows(pid)) return;
        trace.birth(timeUs, pid, child, isThread);
        this.bornTo.set(pid, child);
        return;
      }
      case 'sched_process_exec':
        trace.exec(
          timeUs,
          pid,
          /filename=(.*) pid=\d+ old_pid=\d+$/.exec(rest)?.[1] ?? '',
          Number(field(rest, 'old_pid')),
        );
        return;
      case 'sched_process_exit':
        trace.end(timeUs, pid);
        return;
      case 'sys_exit_group':
        trace.willEnd(pid, Number.parseInt(field(rest, 'error_code', ': '), 16) & 0xff);
        return;
      case 'sys_setpgid':
        this.setpgid(timeUs, pid, rest);
        return;
      default:
        this.answered(timeUs, pid, event, rest);
    }
  }

  private answered(timeUs: number, pid: number, event: string, rest: string): void {
    const answer = /^ -> (0x[0-9a-f]+)$/.exec(rest);
    if (answer === null) return;
    const value = BigInt.asIntN(64, BigInt(answer[1]));
    if (value <= 0n && value >= -ERRNO_MAX) return;
    if (event === 'sys_setsid') this.trace.leads(timeUs, pid, 'setsid');
    else if (event === 'sys_wait4') this.reaped(timeUs, pid, Number(value));
    else if (this.bornTo.has(pid)) {
      this.taskByPid.set(Number(value), this.bornTo.get(pid)!);
      this.bornTo.delete(pid);
    }
  }

  private reaped(timeUs: number, pid: number, inside: number): void {
    const child = this.taskByPid.get(inside);
    if (child !== undefined) this.trace.reaped(timeUs, pid, child);
  }

  /** Only becoming a leader can be said in the step language; joining another group cannot. */
  private setpgid(timeUs: number, pid: number, rest: string): void {
    const match = /\(pid: ([0-9a-f]+), pgid: ([0-9a-f]+)\)/.exec(rest);
    if (match === null) return; // the answer
    const target = Number.parseInt(match[1], 16);
    const group = Number.parseInt(match[2], 16);
    if (group !== 0 && group !== target && target !== 0) return;
    const task = target === 0 ? pid : this.taskByPid.get(target);
    if (target === 0 && group !== 0 && this.taskByPid.get(group) !== pid) return;
    if (task !== undefined) this.trace.leads(timeUs, task, 'setpgid');
  }
}

function field(text: string, name: string, separator = '='): string {
  return new RegExp(`\\b${name}${separator}([0-9a-zA-Z]+)`).exec(text)?.[1] ?? '0';
}
