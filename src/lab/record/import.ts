/**
 * `pidsim lab import TRACE`: a program for a scenario from a saved trace.
 *
 *     text ── which kind? ─► table (time_us event task child name)  ─┐
 *                        └► strace -f -ttt                          ─┴─► TraceEvent[] ─► program
 */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { programFromTrace, type TraceReading } from '../../program/catalogue/from-trace.js';
import { programLibrary } from '../../program/catalogue/library.js';
import { parseTrace, type TraceEvent } from '../../program/catalogue/trace.js';
import { compileProgram } from '../../program/compile.js';
import type { ProgramSource } from '../../program/step.js';
import { type Diagnostic, errorIn } from '../../text/diagnostic.js';
import { programFromWholeTrace } from './program.js';
import { programName } from './record.js';
import { looksLikeStrace, readStrace } from './strace.js';
import { straceSetOf } from './strace-set.js';

export interface ImportOptions {
  /** Of the program; default: the command that the trace begins with. */
  name?: string;
}

export interface ImportedTrace {
  /** Told from the text. */
  format: 'table' | 'strace';
  name: string;
  programs: Map<string, ProgramSource>;
  events: TraceEvent[];
  /** What the trace does not show and was inferred. */
  notes: string[];
}

export type Imported = { ok: true; value: ImportedTrace } | { ok: false; diagnostics: Diagnostic[] };

/** A trace of a probe is kilobytes; this much is something else. */
const BYTES_MAX = 64 * 1024 * 1024;
const SHOWN_OF_EACH = 3;
const RESOLUTION_US = 1000;
/** An exit is traced before the process gives back its memory; its parent is woken after that. */
const WAKE_UP_US = 250;
const SLOW_END_US = 1000;

/**
 * Reads a trace file, or all files of a set (strace-set.ts). A file that cannot be read is a diagnostic too.
 */
export function importTraceFile(path: string, options: ImportOptions = {}): Imported {
  try {
    const set = straceSetOf(path);
    if (set !== null) {
      const [missing] = set.missing;
      if (missing !== undefined)
        return refuse(set.base, 'incomplete-trace', `${set.base}.${missing} is missing`);
      const imported = importTrace(set.text, set.base, options);
      if (imported.ok) imported.value.notes.push(`${set.fileCount} files of strace -ff, ${set.base}.*`);
      return imported;
    }
    const { size } = statSync(path);
    if (size > BYTES_MAX)
      return refuse(path, 'trace-too-large', `${size} bytes: a trace may have ${BYTES_MAX}`);
    return importTrace(readFileSync(path, 'utf8'), path, options);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : code;
    return refuse(path, 'unreadable', `the trace cannot be read: ${why}`);
  }
}

/** `file`: what the diagnostics call it. */
export function importTrace(text: string, file: string, options: ImportOptions = {}): Imported {
  if (text.includes('\0')) return refuse(file, 'not-a-trace', 'this is a binary file, not a trace');
  const format = looksLikeStrace(text) ? 'strace' : 'table';
  const read = format === 'strace' ? readStrace(text, file) : fromTable(text, file);
  if (!read.ok) return { ok: false, diagnostics: firstOfEach(read.diagnostics) };
  const { events } = read;
  const notes: string[] = [];
  try {
    const kind = format === 'strace' ? 'strace -f -ttt' : 'scheduler events';
    const source = `pidsim lab import of ${basename(file)} (${kind})`;
    const program = read.waitsAreTraced
      ? programFromWholeTrace(events, { source })
      : programFromTrace(events, inferredReading(events, source, notes));
    const name = options.name ?? programName([program.comm]);
    const programs = new Map([[name, program]]);
    const compiled = compileProgram(name, programLibrary(programs));
    if (!compiled.ok)
      return refuse(file, 'not-a-program', `the trace makes no program: ${compiled.problems[0].message}`);
    return { ok: true, value: { format, name, programs, events, notes } };
  } catch (error) {
    return refuse(file, 'contradiction', (error as Error).message);
  }
}

type Events =
  | { ok: true; events: TraceEvent[]; waitsAreTraced: boolean }
  | { ok: false; diagnostics: Diagnostic[] };

function fromTable(text: string, file: string): Events {
  const parsed = parseTrace(text);
  if (!parsed.ok) {
    const hint =
      'expected `strace -f -ttt` output, or the columns time_us, event, task, child, name separated by tabs';
    const problems = parsed.problems.slice(0, 20);
    const diagnostics = problems.map(({ line, message }) =>
      errorIn(file, line, 'not-a-trace', message, hint),
    );
    return { ok: false, diagnostics };
  }
  const order = problemsOfOrder(parsed.events, text, file);
  if (order.length > 0) return { ok: false, diagnostics: order };
  const { events } = parsed;
  return { ok: true, events, waitsAreTraced: events.some(({ event }) => event === 'wait') };
}

/** Events of tasks that nothing introduces, or that have ended: each with its line. */
function problemsOfOrder(events: readonly TraceEvent[], text: string, file: string): Diagnostic[] {
  const known = new Set([events[0].task]);
  const ended = new Set<number>();
  const problems: Diagnostic[] = [];
  const tell = (event: TraceEvent, code: string, message: string): void => {
    problems.push(errorIn(file, lineOf(event, text), code, message));
  };
  for (const event of events) {
    const { task, child } = event;
    if (!known.has(task))
      tell(event, 'unknown-task', `nothing before this ${event.event} introduces task ${task}`);
    else if (ended.has(task) && event.event !== 'exit')
      tell(event, 'task-ended', `task ${task} has ended before this ${event.event}`);
    if (event.event === 'fork' || event.event === 'thread') {
      if (known.has(child)) tell(event, 'task-born-twice', `task ${child} is born twice`);
      known.add(child);
    } else if (event.event === 'wait' && !known.has(child))
      tell(event, 'unknown-task', `nothing before this wait introduces task ${child}`);
    else if (event.event === 'exit') ended.add(task);
  }
  return problems;
}

function lineOf({ timeUs, event, task }: TraceEvent, text: string): number {
  const start = `${timeUs}\t${event}\t${task}`;
  return text.split('\n').findIndex((line) => line === start || line.startsWith(start + '\t')) + 1;
}

/**
 * A table without `wait` events does not say which parent waits for which child. The builder infers that;
 * what it cannot know is which programs ignore SIGCHLD and how long a large process took to be gone after its
 * exit event. The first is known of Erlang's; the second shows in when the parent that waited for it went on.
 */
function inferredReading(events: readonly TraceEvent[], source: string, notes: string[]): TraceReading {
  notes.push(
    'the trace has no wait events: which parent waited for which child is inferred from when the parent ' +
      'went on',
  );
  const comms = new Set(events.map(({ name }) => name));
  const erlang = comms.has('beam.smp') && comms.has('erl_child_setup');
  if (erlang)
    notes.push(
      'beam.smp ignores SIGCHLD and erl_child_setup reaps in a handler: known of Erlang, not seen in the ' +
        'trace',
    );
  const endsAtUs = slowEnds(events);
  for (const [task, endUs] of Object.entries(endsAtUs)) {
    const late = `task ${task} was gone later than its exit event`;
    notes.push(`${late}: its parent went on ${endUs} us after the start`);
  }
  const sigchld = erlang
    ? ({ 'beam.smp': 'ignore', erl_child_setup: 'reap-all', inet_gethost: 'default' } as const)
    : undefined;
  return { source, resolutionUs: RESOLUTION_US, endsAtUs, ...(sigchld === undefined ? {} : { sigchld }) };
}

/**
 * Processes with threads, which have the memory that takes long to give back, whose parent did nothing while
 * they lived (it was waiting) and went on long after their last exit event: they ended when it was woken.
 */
function slowEnds(events: readonly TraceEvent[]): Record<number, number> {
  const parent = new Map<number, number>();
  const process = new Map<number, number>();
  const born = new Map<number, number>();
  const end = new Map<number, number>();
  const threaded = new Set<number>();
  for (const { event, task, child, timeUs } of events) {
    const own = process.get(task) ?? task;
    if (event === 'fork') {
      parent.set(child, own);
      born.set(child, timeUs);
    } else if (event === 'thread') {
      process.set(child, own);
      threaded.add(own);
    } else if (event === 'exit') end.set(own, timeUs);
  }
  const ends: Record<number, number> = {};
  for (const task of threaded) {
    const waiter = parent.get(task);
    const endUs = end.get(task);
    if (waiter === undefined || endUs === undefined) continue;
    const own = events.filter(
      (event) => (process.get(event.task) ?? event.task) === waiter && event.timeUs > born.get(task)!,
    );
    const next = own[0]?.timeUs ?? 0;
    if (next - endUs >= SLOW_END_US) ends[task] = next - WAKE_UP_US;
  }
  return ends;
}

/** A wrong file says the same of every line: a few of each kind are enough, and how many more there are. */
function firstOfEach(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const counts = new Map<string, number>();
  const shown: Diagnostic[] = [];
  for (const one of diagnostics) {
    const count = (counts.get(one.code) ?? 0) + 1;
    counts.set(one.code, count);
    const message = one.message.length > 160 ? one.message.slice(0, 159) + '…' : one.message;
    if (count <= SHOWN_OF_EACH) shown.push({ ...one, message });
  }
  const more = diagnostics.length - shown.length;
  if (more > 0) shown[shown.length - 1].message += ` (and ${more} more like these)`;
  return shown;
}

function refuse(file: string, code: string, message: string): Imported {
  return { ok: false, diagnostics: [errorIn(file, 0, code, message)] };
}
