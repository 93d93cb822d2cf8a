/**
 * Reads what `strace -f -ttt` wrote, with or without `-o`, `-e trace=process` or `--pidns-translation`.
 *
 *     1700000000.123456 execve("/bin/sh", ["sh"], 0x7ffd ...) = 0      (before there is a second process)
 *     [pid 4711] 1700000000.123456 clone(… flags=CLONE_CHILD_CLEARTID|SIGCHLD …) = 4712
 *     4711  1700000000.123456 <... vfork resumed>) = 4712                        (with -o)
 */

import type { TraceEvent } from '../../program/catalogue/trace.js';
import { type Diagnostic, errorIn } from '../../text/diagnostic.js';
import { TraceAssembler } from './trace.js';

export type StraceResult =
  | {
      ok: true;
      events: TraceEvent[];
      /** Are there waits in the trace? Without them the builder infers which parent waited. */
      waitsAreTraced: boolean;
      /** The trace's number of the task that had this PID last; null if it is not in the trace. */
      taskOf(pid: number): number | null;
    }
  | { ok: false; diagnostics: Diagnostic[] };

const LINE = /^(?:\[pid\s+(\d+)\]\s+|(\d+)\s+)?(\d+)\.(\d{6})\s+(.*)$/;
const WITHOUT_TIME =
  /^(?:\[pid\s+\d+\]\s+|\d+\s+)?(?:\d\d:\d\d:\d\d(?:\.\d+)?\s+)?(?:\w+\(|<\.\.\. \w+ resumed|\+\+\+ |--- )/;
const ATTACHED = /strace: Process (\d+) attached(?: with \d+ threads)?$/;
const BIRTHS = new Set(['clone', 'clone3', 'fork', 'vfork']);
const WAITS = new Set(['wait4', 'waitid', 'waitpid']);
/** Does this look like strace's output rather than a table? */
export function looksLikeStrace(text: string): boolean {
  return text
    .split('\n', 50)
    .some(
      (line) => ATTACHED.test(line) || WITHOUT_TIME.test(line) || (LINE.test(line) && !line.includes('\t')),
    );
}

/** `rootComm`: the name of the command, for a trace that was begun by attaching to it, after its exec. */
export function readStrace(text: string, file: string, rootComm = 'command', rootPid?: number): StraceResult {
  const reader = new StraceReader(rootComm, rootPid);
  const diagnostics: Diagnostic[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const wrong = reader.read(line.replace(/\r$/, ''));
    if (wrong !== null) diagnostics.push(errorIn(file, index + 1, wrong.code, wrong.message, wrong.hint));
  }
  const events = reader.finish();
  const [untraced] = reader.untraced;
  if (diagnostics.length === 0 && untraced !== undefined) {
    const message = `process ${untraced} was started, and nothing of it is in this trace`;
    const hint = 'record it with -f; of a set that `strace -ff` wrote all files are needed, in one folder';
    diagnostics.push(errorIn(file, 0, 'incomplete-trace', message, hint));
  }
  if (diagnostics.length === 0 && events.length === 0) {
    const message = 'no process event in this trace: no exec, fork or exit';
    const hint = 'record it with: strace -f -ttt -e trace=process,setsid,setpgid -o TRACE COMMAND';
    diagnostics.push(errorIn(file, 0, 'empty-trace', message, hint));
  }
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const waitsAreTraced = /\b(?:wait4|waitid|waitpid)\(/.test(text);
  return { ok: true, events, waitsAreTraced, taskOf: (pid) => reader.taskOf(pid) };
}

type Wrong = Pick<Diagnostic, 'code' | 'message' | 'hint'>;

interface Call {
  name: string;
  text: string;
  timeUs: number;
}

/** Stands for the first process until a line says its PID. */
const ROOT_UNNAMED = -1;

class StraceReader {
  private trace: TraceAssembler | null = null;
  private readonly live = new Set<number>();
  /** Born, and no line has been theirs. */
  private readonly silent = new Set<number>();
  /** Does any line say whose it is? */
  private saysPids = false;
  /** The call of a task that has not answered yet. */
  private readonly unfinished = new Map<number, Call>();
  private attached: number[] = [];
  private rootAlias: number | null = null;
  private count = 0;
  /** The beginning of a line into which strace has put its own words about a new process. */
  private begun = '';

  constructor(
    private readonly rootComm: string,
    private readonly rootPid?: number,
  ) {}

  read(raw: string): Wrong | null {
    const line = this.begun + raw;
    this.begun = '';
    const attached = ATTACHED.exec(line);
    if (attached !== null) {
      this.attached.push(Number(attached[1]));
      this.begun = line.slice(0, attached.index);
      return null;
    }
    if (line.trim() === '' || line.startsWith('strace: ')) return null;
    const match = LINE.exec(line);
    if (match === null) return whatIsWrong(line);
    const timeUs = Number(match[3]) * 1_000_000 + Number(match[4]);
    const said = match[1] ?? match[2];
    if (said !== undefined) this.saysPids = true;
    const pid = this.identify(said === undefined ? null : Number(said), timeUs);
    this.silent.delete(pid);
    this.event(timeUs, pid, match[5]);
    return null;
  }

  /** Children that were started and not traced: without -f no line says whose it is, and none is theirs. */
  get untraced(): number[] {
    return this.saysPids ? [] : [...this.silent];
  }

  taskOf(pid: number): number | null {
    return this.trace?.taskOf(pid) ?? null;
  }

  finish(): TraceEvent[] {
    return this.count === 0 || this.trace === null ? [] : this.trace.finish();
  }

  /** The task of a line. Makes the root, and a child whose first line comes before its parent's answer. */
  private identify(said: number | null, timeUs: number): number {
    if (this.trace === null) {
      const root = said ?? ROOT_UNNAMED;
      this.trace = new TraceAssembler(this.rootPid ?? root, this.rootComm);
      this.live.add(this.rootPid ?? root);
      if (this.rootPid !== undefined && said === null) return this.rootPid;
      return root;
    }
    if (said === null) return this.live.size === 1 ? [...this.live][0] : (this.rootPid ?? ROOT_UNNAMED);
    if (this.live.has(said)) return said;
    if (said === this.rootAlias) return ROOT_UNNAMED;
    const parent = this.attached.includes(said) || this.rootAlias !== null ? this.parentInClone() : null;
    if (parent !== null) {
      this.born(timeUs, parent, said);
      return said;
    }
    if (this.live.has(ROOT_UNNAMED) && this.rootAlias === null && !this.attached.includes(said)) {
      this.rootAlias = said;
      return ROOT_UNNAMED;
    }
    const other = this.parentInClone();
    if (other !== null) this.born(timeUs, other, said);
    return said;
  }

  /** A task that is in a clone that has not answered: the last one to have called it. */
  private parentInClone(): number | null {
    const calls = [...this.unfinished].filter(([, call]) => BIRTHS.has(call.name));
    return calls.at(-1)?.[0] ?? null;
  }

  private born(timeUs: number, parent: number, child: number): void {
    const call = this.unfinished.get(parent);
    const isThread = call?.text.includes('CLONE_THREAD') ?? false;
    this.trace!.birth(call?.timeUs ?? timeUs, parent, child, isThread);
    this.live.add(child);
    this.silent.add(child);
    this.count += 1;
    if (call !== undefined) this.unfinished.set(parent, { ...call, name: 'answered' });
  }

  private event(timeUs: number, pid: number, text: string): void {
    const trace = this.trace!;
    const ended = /^\+\+\+ (?:exited with (\d+)|killed by (\w+))/.exec(text);
    if (ended !== null) {
      trace.willEnd(pid, ended[1] === undefined ? 137 : Number(ended[1]));
      trace.end(timeUs, pid);
      this.live.delete(pid);
      this.unfinished.delete(pid);
      this.count += 1;
      return;
    }
    if (/^\+\+\+ superseded by execve in pid (\d+)/.test(text)) return;
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(text);
    if (resumed !== null) {
      const call = this.unfinished.get(pid);
      this.unfinished.delete(pid);
      if (call !== undefined) this.answered({ ...call, text: call.text + resumed[2] }, timeUs, pid);
      return;
    }
    const call = /^(\w+)\(/.exec(text);
    if (call === null) return; // a signal
    const begun: Call = { name: call[1], text, timeUs };
    if (text.endsWith('<unfinished ...>')) this.unfinished.set(pid, begun);
    else this.answered(begun, timeUs, pid);
  }

  private answered(call: Call, timeUs: number, pid: number): void {
    const answer = answerOf(call.text);
    if (answer === null || answer < 0) return;
    const trace = this.trace!;
    if (BIRTHS.has(call.name)) {
      if (answer > 0 && !this.live.has(answer)) this.bornAt(call, pid, answer);
    } else if (call.name === 'execve' || call.name === 'execveat') {
      trace.exec(timeUs, pid, /"((?:[^"\\]|\\.)*)"/.exec(call.text)?.[1] ?? this.rootComm);
      this.count += 1;
    } else if (call.name === 'setsid') trace.leads(timeUs, pid, 'setsid');
    else if (call.name === 'setpgid') this.setpgid(call.text, timeUs, pid);
    else if (WAITS.has(call.name)) this.waited(call, timeUs, pid, answer);
  }

  private bornAt(call: Call, parent: number, child: number): void {
    this.unfinished.set(parent, call);
    this.born(call.timeUs, parent, child);
    this.unfinished.delete(parent);
  }

  private setpgid(text: string, timeUs: number, pid: number): void {
    const match = /^setpgid\((\d+)[^,]*, (\d+)/.exec(text);
    if (match === null) return;
    const [target, group] = [Number(match[1]), Number(match[2])];
    const who = target === 0 ? pid : target;
    if (group === 0 || group === who) this.trace!.leads(timeUs, who, 'setpgid');
  }

  private waited(call: Call, timeUs: number, pid: number, answer: number): void {
    if (call.name !== 'waitid') {
      if (answer > 0 && !/WIFSTOPPED|WIFCONTINUED/.test(call.text)) this.trace!.reaped(timeUs, pid, answer);
      return;
    }
    const child = /si_pid=(\d+)/.exec(call.text)?.[1];
    const ended = /CLD_(?:EXITED|KILLED|DUMPED)/.test(call.text) && !call.text.includes('WNOWAIT');
    if (child !== undefined && ended) this.trace!.reaped(timeUs, pid, Number(child));
  }
}

/** The result of a call, in the tracer's PIDs where --pidns-translation says them; null: none (`= ?`). */
function answerOf(text: string): number | null {
  const match = /\)\s+= (-?\d+)(?: \/\* (\d+) in strace's PID NS \*\/)?[^=]*$/.exec(text);
  return match === null ? null : Number(match[2] ?? match[1]);
}

function whatIsWrong(line: string): Wrong {
  if (WITHOUT_TIME.test(line)) {
    const message = 'this line has no time in seconds and microseconds';
    return { code: 'no-time', message, hint: 'record it with: strace -f -ttt -o TRACE COMMAND' };
  }
  const shown = line.length > 60 ? line.slice(0, 57) + '…' : line;
  return { code: 'not-a-trace-line', message: `not a line of strace: ${JSON.stringify(shown)}` };
}
