/** From the events of a trace to the life of each process in it: what it did, when, and when it was gone. */
import { truncateComm } from '../comm.js';
import type { SigchldDisposition } from '../step.js';
import type { TraceEvent } from './trace.js';

/** A parent that is woken by a child's exit does nothing sooner than this after it. */
const WAKE_UP_US = 50;
/** The threads of a process that calls exit_group end within this of each other. */
const GROUP_EXIT_US = 10_000;

export type Action = { timeUs: number } & (
  | { kind: 'fork'; child: number }
  | { kind: 'exec'; comm: string }
  | { kind: 'setsid' | 'setpgid' | 'exit-main-thread' }
  /** From now on this many besides the main thread. */
  | { kind: 'threads'; count: number }
  | { kind: 'wait'; child: number }
);

export interface Life {
  task: number;
  comm: string;
  bornUs: number;
  actions: Action[];
  /** null: alive at the end of the trace. */
  endUs: number | null;
  status: number;
}

/** What of a `TraceReading` (from-trace.ts) is about single lives. */
interface LifeReading {
  sigchld?: Readonly<Record<string, SigchldDisposition>>;
  endsAtUs?: Readonly<Record<number, number>>;
}

/** The exit of a thread, the main one's included. */
interface ThreadExit {
  timeUs: number;
  task: number;
  status: number;
}

/** Every process of the trace by its task number. Throws on events of tasks that it has not introduced. */
export function readLives(events: readonly TraceEvent[], reading: LifeReading): Map<number, Life> {
  const reader = new Reader(events);
  const waitsAreTraced = events.some(({ event }) => event === 'wait');
  for (const life of reader.lives.values()) {
    reader.endThreads(life);
    const laterEndUs = reading.endsAtUs?.[life.task];
    if (laterEndUs !== undefined) life.endUs = laterEndUs;
  }
  for (const life of reader.lives.values()) {
    if (!waitsAreTraced) life.actions = withInferredWaits(life, reader.lives);
    if (reading.sigchld !== undefined) dropWaitsOfHandlers(life, reading.sigchld);
  }
  return reader.lives;
}

class Reader {
  readonly lives = new Map<number, Life>();
  private readonly processOfThread = new Map<number, number>();
  private readonly threadExits = new Map<number, ThreadExit[]>();

  constructor(events: readonly TraceEvent[]) {
    const [first] = events;
    this.add(first.task, first.name, first.timeUs);
    for (const event of events) this.read(event);
  }

  private add(task: number, comm: string, bornUs: number): void {
    if (this.processOfThread.has(task))
      throw new Error(`task ${task} is born twice, the second time at ${bornUs} us`);
    this.processOfThread.set(task, task);
    this.threadExits.set(task, []);
    this.lives.set(task, { task, comm: truncateComm(comm), bornUs, actions: [], endUs: null, status: 0 });
  }

  private read({ timeUs, event, task, child, name }: TraceEvent): void {
    const process = this.processOfThread.get(task);
    if (process === undefined)
      throw new Error(`${event} at ${timeUs} us: nothing before it introduces task ${task}`);
    const life = this.lives.get(process)!;
    switch (event) {
      case 'fork':
        this.add(child, name === '' ? commAt(life) : name, timeUs);
        life.actions.push({ kind: 'fork', timeUs, child });
        break;
      case 'thread':
        this.processOfThread.set(child, process);
        life.actions.push({ kind: 'threads', timeUs, count: threadsAt(life) + 1 });
        break;
      case 'exec':
        life.actions.push({ kind: 'exec', timeUs, comm: truncateComm(name) });
        break;
      case 'wait':
        if (!this.lives.has(child))
          throw new Error(`wait at ${timeUs} us: nothing before it introduces task ${child}`);
        life.actions.push({ kind: 'wait', timeUs, child });
        break;
      case 'exit':
        this.threadExits.get(process)!.push({ timeUs, task, status: child });
        break;
      default:
        life.actions.push({ kind: event, timeUs });
    }
  }

  /** Tells the threads that ended on their own from those that ended with their process. */
  endThreads(life: Life): void {
    const exits = this.threadExits.get(life.task)!;
    const main = exits.find(({ task }) => task === life.task);
    if (main) {
      life.endUs = exits.at(-1)!.timeUs;
      life.status = main.status;
    }
    const { endUs } = life;
    const early = exits.filter(({ timeUs }) => endUs === null || endUs - timeUs > GROUP_EXIT_US);
    for (const exit of early) {
      if (exit === main) insert(life, { kind: 'exit-main-thread', timeUs: exit.timeUs });
      else insert(life, { kind: 'threads', timeUs: exit.timeUs, count: threadsAt(life, exit.timeUs) - 1 });
    }
  }
}

/** Puts an action where its time says, and takes the thread it ends off the counts of later ones. */
function insert(life: Life, action: Action): void {
  let index = life.actions.findIndex(({ timeUs }) => timeUs > action.timeUs);
  if (index < 0) index = life.actions.length;
  if (action.kind === 'threads') {
    for (const later of life.actions.slice(index)) {
      if (later.kind === 'exec') break;
      if (later.kind === 'threads') later.count--;
    }
  }
  life.actions.splice(index, 0, action);
}

/** Extra threads at a time. An exec ends them all. */
function threadsAt(life: Life, timeUs = Number.POSITIVE_INFINITY): number {
  let count = 0;
  for (const action of life.actions) {
    if (action.timeUs > timeUs) break;
    if (action.kind === 'threads') count = action.count;
    else if (action.kind === 'exec') count = 0;
  }
  return count;
}

/** The comm that a life has after its last action so far. */
function commAt(life: Life): string {
  return life.actions.findLast((action) => action.kind === 'exec')?.comm ?? life.comm;
}

/** The life's actions with a wait for each child whose exit the next of them may have followed. */
function withInferredWaits(life: Life, lives: ReadonlyMap<number, Life>): Action[] {
  const waits: Action[] = [];
  for (const action of life.actions) {
    if (action.kind !== 'fork') continue;
    const { endUs } = lives.get(action.child)!;
    if (endUs === null) continue;
    const nextUs = life.actions.find(({ timeUs }) => timeUs > endUs)?.timeUs ?? life.endUs;
    if (nextUs !== null && nextUs - endUs >= WAKE_UP_US)
      waits.push({ kind: 'wait', timeUs: endUs, child: action.child });
  }
  return [...life.actions, ...waits].sort((a, b) => a.timeUs - b.timeUs);
}

/** Leaves out the waits of programs with a known SIGCHLD disposition: a handler reaps, or nothing does. */
function dropWaitsOfHandlers(life: Life, sigchld: NonNullable<LifeReading['sigchld']>): void {
  let { comm } = life;
  life.actions = life.actions.filter((action) => {
    if (action.kind === 'exec') comm = action.comm;
    return action.kind !== 'wait' || sigchld[comm] === undefined;
  });
}
