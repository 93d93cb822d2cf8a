/**
 * Builds a program from a trace, mechanically: the same processes, sessions, threads, comms and times.
 *
 *     events ──► lives: what each process did, and when ──► steps, nested as the forks and execs were
 *
 * What the trace shows becomes a step at its time. What it does not show is taken from a `TraceReading`, or
 * by rule:
 *
 * - Without any `wait` event: a parent waited for a child if it did something, its own exit included, at
 *   least `WAKE_UP_US` after the child's exit. (What follows sooner has not been caused by it: a woken parent
 *   needs longer.)
 * - Threads that end within `GROUP_EXIT_US` of their process ended with it (exit_group), at the last one's
 *   exit. If they go on for longer, the main thread ended alone.
 * - A process that ends after a wait exits with the status of that child, as a shell does, unless that child
 *   failed and
 *   the process did not.
 * - A process that is alive at the end of the trace goes on waiting if it has waited for all its children but
 *   one that
 *   is alive too; any other pauses.
 */
import { printDuration } from '../../text/duration.js';
import type {
  DurationText,
  ForkBody,
  ProgramSource,
  SigchldDisposition,
  SigtermDisposition,
  Step,
} from '../step.js';
import { type Action, type Life, readLives } from './lives.js';
import type { TraceEvent } from './trace.js';

/** How long before the earliest end of a child its parent looks for it. */
const LAST_LOOK_US = 50;

/** Whoever ends so much later than another ends after it. */
const MOMENT: DurationText = '1ms';

/** What a trace does not show, and its reader has to say. Tasks by their number in the trace. */
export interface TraceReading {
  source?: string;
  description?: string;
  /**
   * SIGCHLD disposition of programs, by comm, from their exec on. One that is listed calls no wait (what its
   * handler reaps needs no wait step); `default`: a program that is known not to wait.
   */
  sigchld?: Readonly<Record<string, SigchldDisposition>>;
  /** When a process was really gone, with its memory given back, if later than its exit event. */
  endsAtUs?: Readonly<Record<number, number>>;
  /** SIGTERM disposition of programs, by comm, from their exec on. */
  onTerm?: Readonly<Record<string, SigtermDisposition>>;
  races?: readonly Race[];
  /** Exit status, by comm, of a program that cannot fork. Without: 2, as dash. */
  refusedStatus?: Readonly<Record<string, number>>;
  /**
   * Children that a parent has a pipe to, child to parent. If the parent aborts, the child ends. If the child
   * cannot fork, it tells the parent, which is at its end with that, and ends after it. If the child has gone
   * for want of a child of its own, the parent finds out at its end (`lostChild`).
   */
  endsWith?: Readonly<Record<number, number>>;
  /** How often such a child outlives a parent that aborts, and is an orphan. Default: always. */
  abortOrphanShare?: number;
  /** What a parent does that has lost such a child: waits so long, and exits. Default: exits 1 at once. */
  lostChild?: { wait: DurationText; status: number };
  /**
   * The root is a shell: while it waits for its last child it reaps any other child that has ended, and waits
   * on. As PID 1 it so reaps the orphans that it adopts.
   */
  isShell?: boolean;
  /**
   * Steps closer together than this share one sleep, which makes the run cheaper. Exits are always at their
   * time, and so is every other step to within this. 0: each event has a sleep of its own.
   */
  resolutionUs?: number;
}

/** The end of one process falls anywhere from `beforeUs` before to `afterUs` after the end of another. */
interface Race {
  task: number;
  against: number;
  beforeUs: number;
  afterUs: number;
}

/** The program of the trace's root process. Throws on a trace that contradicts itself, with the event. */
export function programFromTrace(events: readonly TraceEvent[], reading: TraceReading = {}): ProgramSource {
  const lives = readLives(events, reading);
  const root = lives.get(events[0].task)!;
  const [first, ...rest] = root.actions;
  const execsAtBirth = first?.kind === 'exec' && first.timeUs === root.bornUs;
  if (execsAtBirth) root.actions = rest;
  const comm = execsAtBirth ? first.comm : root.comm;
  const { source, description } = reading;
  return {
    comm,
    ...(source === undefined ? {} : { source }),
    ...(description === undefined ? {} : { description }),
    steps: new Writer(lives, reading).exec(root, comm, 0, root.bornUs, new Set()),
  };
}

/** Where the writing of one process image has got to. */
interface Image {
  life: Life;
  comm: string;
  steps: Step[];
  /** Trace time at which the steps so far are done. */
  clockUs: number;
  /** Children forked and not waited for, by this image and those before it. */
  children: Set<number>;
  /** Those of them that this image forked: labels do not outlive an exec. */
  ownChildren: Set<number>;
}

class Writer {
  private readonly resolutionUs: number;
  private readonly raceByTask: ReadonlyMap<number, Race>;

  constructor(
    private readonly lives: ReadonlyMap<number, Life>,
    private readonly reading: TraceReading,
  ) {
    this.resolutionUs = reading.resolutionUs ?? 0;
    this.raceByTask = new Map((reading.races ?? []).map((race) => [race.task, race]));
  }

  /** The steps of a life from an exec on: as `image`, after the program has set its dispositions. */
  exec(life: Life, comm: string, from: number, clockUs: number, children: Set<number>): Step[] {
    const disposition = this.reading.sigchld?.[comm];
    const steps = this.image(life, comm, from, clockUs, children);
    const onTerm = this.reading.onTerm?.[comm];
    return [
      ...(disposition === undefined || disposition === 'default' ? [] : [{ sigchld: disposition }]),
      ...(onTerm === undefined ? [] : [{ 'on-term': onTerm }]),
      ...steps,
    ];
  }

  /** The steps of a life from its action `from` on, under `comm`, until its end. */
  private image(life: Life, comm: string, from: number, clockUs: number, children: Set<number>): Step[] {
    const image: Image = { life, comm, steps: [], clockUs, children, ownChildren: new Set() };
    for (let index = from; index < life.actions.length; index++) {
      const action = life.actions[index];
      if (action.kind === 'exec') {
        this.sleepUntil(image, action.timeUs, this.resolutionUs);
        const steps = this.exec(life, action.comm, index + 1, image.clockUs, children);
        image.steps.push({ exec: { comm: action.comm, steps } });
        return image.steps;
      }
      this.write(image, action);
    }
    this.writeEnd(image, life.actions.length > from ? life.actions.at(-1)! : null);
    return image.steps;
  }

  private write(image: Image, action: Exclude<Action, { kind: 'exec' }>): void {
    if (action.kind === 'wait') {
      this.writeWait(image, action);
      return;
    }
    this.sleepUntil(image, action.timeUs, this.resolutionUs);
    if (action.kind === 'fork') this.writeFork(image, action.child);
    else if (action.kind === 'threads') this.writeThreads(image, action.count);
    else image.steps.push(action.kind);
  }

  private writeFork(image: Image, child: number): void {
    const life = this.lives.get(child)!;
    const body: ForkBody = {};
    if (this.needsLabel(image.life, child)) body.label = labelOf(child);
    if (life.comm !== image.comm) body.comm = life.comm;
    body.steps = this.image(life, life.comm, 0, image.clockUs, new Set());
    if (body.steps.length === 0) body.steps = [{ exit: 0 }];
    const orElse = this.orElse(image, 2);
    if (orElse) body.orElse = orElse;
    image.steps.push({ fork: body });
    image.children.add(child);
    image.ownChildren.add(child);
  }

  /**
   * A refused thread or fork ends the program, and with it those children that live on a pipe to it; or the
   * parent that it has such a pipe to: that was what it forked for, and cannot do without it. `closing`: what
   * has to happen before the pipes close; it is the last thread that closes them.
   */
  private orElse(image: Image, defaultStatus: number, closing: Step[] = []): Step[] | undefined {
    const parent = this.reading.endsWith?.[image.life.task];
    if (parent !== undefined) {
      // It ends when its pipe closes, after the parent; but one whose parent has a pipe of its own is reaped
      // by it first.
      const outlivesParent = this.reading.endsWith?.[parent] === undefined;
      return [
        { kill: { target: 'parent', signal: 'TERM' } },
        ...(outlivesParent ? [{ sleep: MOMENT }] : []),
        { exit: defaultStatus },
      ];
    }
    const dependants = [...image.ownChildren].filter(
      (child) => this.reading.endsWith?.[child] === image.life.task,
    );
    const status = this.reading.refusedStatus?.[image.comm];
    if (dependants.length === 0 && status === undefined) return undefined;
    const kills = dependants.map((child): Step => ({ kill: { target: labelOf(child), signal: 'TERM' } }));
    if (kills.length === 0) return [{ exit: status ?? defaultStatus }];
    return [...closing, ...kills, ...this.race(), { exit: status ?? defaultStatus }];
  }

  /** Between the closing of the pipes and the end of a process that aborts: which is gone first? */
  private race(): Step[] {
    const { abortOrphanShare } = this.reading;
    if (abortOrphanShare === undefined) return [];
    return [{ chance: { p: 1 - abortOrphanShare, steps: [{ sleep: MOMENT }] } }];
  }

  private writeThreads(image: Image, count: number): void {
    const orElse = count > 0 ? this.orElse(image, 134, [{ threads: 0 }]) : undefined;
    const step: Step = orElse ? { threads: count, orElse } : { threads: count };
    const last = image.steps.at(-1);
    if (typeof last === 'object' && 'threads' in last) image.steps.pop();
    image.steps.push(step);
  }

  /** A wait for a child that is still alive blocks until its end; the time to wake up comes after. */
  private writeWait(image: Image, { timeUs, child }: Extract<Action, { kind: 'wait' }>): void {
    const endUs = this.lives.get(child)!.endUs ?? timeUs;
    if (endUs <= image.clockUs) this.sleepUntil(image, timeUs, this.resolutionUs);
    else image.clockUs = endUs;
    const isOnlyOne = image.children.size === 1 || !image.ownChildren.has(child);
    image.steps.push({ wait: isOnlyOne ? 'any' : labelOf(child) });
    image.children.delete(child);
  }

  private needsLabel(parent: Life, child: number): boolean {
    if (this.reading.endsWith?.[child] === parent.task || this.isKept(parent, child)) return true;
    const unreaped = new Set<number>();
    for (const action of parent.actions) {
      if (action.kind === 'fork') unreaped.add(action.child);
      if (action.kind !== 'wait') continue;
      if (action.child === child) return unreaped.size > 1;
      unreaped.delete(action.child);
    }
    return false;
  }

  private writeEnd(image: Image, last: Action | null): void {
    const { life, steps } = image;
    if (life.endUs === null) {
      const [child] = image.children;
      if (!this.keepsWaiting(image)) steps.push('pause');
      else if (!this.isKept(life, child)) steps.push({ wait: 'any' }, { exit: 'waited' });
      else steps.push({ sigchld: 'reap-all' }, { wait: labelOf(child) }, { exit: 'waited' });
      return;
    }
    this.writeLastLook(image);
    const race = this.raceByTask.get(life.task);
    if (race) steps.push({ sleep: this.raceSleep(race, image.clockUs) });
    else this.sleepUntil(image, life.endUs, 1);
    if (life.status !== 0) steps.push({ exit: life.status });
    else if (last?.kind === 'wait' && this.lives.get(last.child)?.status === 0)
      steps.push({ exit: 'waited' });
  }

  /** Before its end, and before those children may end with it: are all that it depends on still there? */
  private writeLastLook(image: Image): void {
    for (const child of image.ownChildren) {
      if (this.reading.endsWith?.[child] !== image.life.task) continue;
      const endUs = image.life.endUs as number;
      const race = this.raceByTask.get(child);
      const earliestUs = endUs - (race?.beforeUs ?? 0);
      // What ended in the ordinary course of things is not missed.
      if (race === undefined && (this.lives.get(child)?.endUs ?? endUs) < earliestUs) continue;
      this.sleepUntil(image, earliestUs - LAST_LOOK_US, 1);
      image.steps.push({ kill: { target: labelOf(child), signal: 'CHLD' }, orElse: this.withoutChild() });
    }
  }

  private withoutChild(): Step[] {
    const { lostChild } = this.reading;
    return lostChild === undefined ? [{ exit: 1 }] : [{ sleep: lostChild.wait }, { exit: lostChild.status }];
  }

  /** The child that a shell waits for to its end, even if other children end before. */
  private isKept({ task, endUs }: Life, child: number): boolean {
    const { isShell = false } = this.reading;
    const isRoot = this.lives.keys().next().value === task;
    return isShell && isRoot && endUs === null && this.lives.get(child)!.endUs === null;
  }

  private keepsWaiting(image: Image): boolean {
    const [child, ...others] = image.children;
    const isAlive = child !== undefined && this.lives.get(child)!.endUs === null;
    return isAlive && others.length === 0 && this.reading.sigchld?.[image.comm] === undefined;
  }

  private raceSleep({ against, beforeUs, afterUs }: Race, clockUs: number): DurationText {
    const endUs = this.lives.get(against)?.endUs ?? null;
    if (endUs === null) throw new Error(`a race against task ${against}, which has no end`);
    const fromUs = endUs - beforeUs - clockUs;
    if (fromUs < 0)
      throw new Error(`a race against task ${against} begins before the last step of its opponent`);
    return { uniform: [printDuration(fromUs), printDuration(endUs + afterUs - clockUs)] };
  }

  /** Sleeps if it is at least `leastUs` until then; a shorter while is added to the next sleep. */
  private sleepUntil(image: Image, timeUs: number, leastUs: number): void {
    const us = timeUs - image.clockUs;
    if (us <= 0 || us < leastUs) return;
    image.steps.push({ sleep: printDuration(us) });
    image.clockUs = timeUs;
  }
}

function labelOf(task: number): string {
  return `task-${task}`;
}
