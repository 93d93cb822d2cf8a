/**
 * Traces of what a command did to the process table: tab-separated text, one event a line, in the order of
 * time.
 *
 *     time_us  event  task  child  name
 *     0        exec   1            rabbitmqctl
 *     532      fork   1     2      rabbitmqctl
 *
 * | event | task | child | name |
 * |---|---|---|---|
 * | `fork` | the parent | the new process | comm at the fork |
 * | `thread` | the creator (a process or one of its threads) | the new thread | |
 * | `exec` | the process | | new comm |
 * | `setsid`, `setpgid` | the process | | |
 * | `wait` | the parent | the child that it has reaped | |
 * | `exit` | the process or thread that ends | exit status, if known and not 0 | |
 *
 * Times are microseconds from anywhere; task numbers are anything that is unique in the trace. The first
 * event's task is the root. `fork`, `thread`, `exec` and `exit` are what the kernel's scheduler tracepoints
 * report; a trace without any `wait` (which they do not report) is read as `programFromTrace` says.
 */
const TRACE_EVENTS = ['fork', 'thread', 'exec', 'setsid', 'setpgid', 'wait', 'exit'] as const;
type TraceEventKind = (typeof TRACE_EVENTS)[number];

export interface TraceEvent {
  timeUs: number;
  event: TraceEventKind;
  task: number;
  /** As the table above; 0 if there is none. */
  child: number;
  name: string;
}

interface TraceProblem {
  /** Line of the text, from 1; 0: the trace as a whole. */
  line: number;
  message: string;
}

export type ParsedTrace = { ok: true; events: TraceEvent[] } | { ok: false; problems: TraceProblem[] };

/** Reads a trace. A header line and empty lines are skipped; lines out of time order are put in order. */
export function parseTrace(text: string): ParsedTrace {
  const events: TraceEvent[] = [];
  const problems: TraceProblem[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('time_us')) continue;
    const event = parseLine(line);
    if (typeof event === 'string') problems.push({ line: index + 1, message: event });
    else events.push(event);
  }
  if (problems.length > 0) return { ok: false, problems };
  if (events.length === 0) return { ok: false, problems: [{ line: 0, message: 'the trace has no events' }] };
  events.sort((a, b) => a.timeUs - b.timeUs);
  return { ok: true, events };
}

/** An event, or what is wrong with the line. */
function parseLine(line: string): TraceEvent | string {
  const [time, event, task, child = '', name = ''] = line.replace(/\r$/, '').split('\t');
  if (task === undefined) return 'expected tab-separated columns: time_us, event, task, child, name';
  if (!(TRACE_EVENTS as readonly string[]).includes(event)) {
    return `"${event}" is not an event: expected one of ${TRACE_EVENTS.join(', ')}`;
  }
  const numbers = [time, task, child === '' ? '0' : child].map(Number);
  if (time === '' || task === '' || !numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) {
    return 'time, task and child are whole numbers';
  }
  const needsChild = event === 'fork' || event === 'thread' || event === 'wait';
  if (needsChild && child === '') return `a ${event} needs a child`;
  if (event === 'exec' && name === '') return 'an exec needs the name of what runs then';
  return { timeUs: numbers[0], event: event as TraceEventKind, task: numbers[1], child: numbers[2], name };
}
