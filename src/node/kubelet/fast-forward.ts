/**
 * Fast-forward: probe runs whose outcome is known are not simulated (decision 23).
 *
 *     a tick ──► does the probe's command have a table (residues.ts), and has the last run succeeded?
 *                  │ yes                                                             no: it is simulated
 *                  ▼
 *               it waits here ──► nothing is due before its end? it is one step: counters, PIDs, what it leaves
 *                                 something is due before?       it is simulated
 *
 * What is simulated finds the state that it would find if every run had been simulated. The price is that a run
 * during which anything else happens is simulated too. Runs that leave nothing are the exception: they may overlap
 * each other, so that many runs of many probes are one step.
 */
import { type CgroupId, HOST_NS, type Kernel, NONE, type PidNsId } from '../../kernel/kernel.js';
import { RESERVED_PIDS } from '../../kernel/limits.js';
import type { NodeContext } from '../context.js';
import type { ExecClient, Execs } from '../runtime/exec.js';
import type { ProbeSpec } from '../spec.js';
import { type BootNode, isSameRest } from './cell.js';
import { BY_NETWORK, type Foreknown, residuesOf } from './residues.js';

/** What is forwarded: execs at equal intervals, each a probe's. */
export interface Repeated extends ExecClient {
  readonly spec: ProbeSpec;
  /** When the next run begins. */
  tickUs: number;
  /** Changes when the ticks that are waited for have been cancelled. */
  readonly beat: number;
  readonly stopped: boolean;
  /** The interval begins with the end of a run. */
  readonly waitsAfterEnd: boolean;
  /** How many execs there can be at once in the pod. */
  readonly probesInPod: number;
  /** Would a run begin at its tick, and would its success change nothing that is told? */
  isSteady(): boolean;
  succeed(times: number): void;
  /** The run of this tick is simulated; the tick comes as if it had been scheduled when `place` was taken. */
  simulate(place: number): void;
}

/** A probe whose ticks are waited for here. */
interface Waiting {
  probe: Repeated;
  spec: ProbeSpec;
  beat: number;
  foreknown: Foreknown;
  cycleUs: number;
  /**
   * When the tick became known, in the order of what is scheduled: where the run before it ended. Runs of one leap
   * share a place, and are in the order of their ends.
   */
  place: number;
  endedUs: Span;
}

/** Of what is not known exactly. */
interface Span {
  least: number;
  most: number;
}

/** Costs and savings, in units of one look at one probe, which takes some nanoseconds. */
const COST = { goOn: 200, exec: 400, network: 10 };
/** A window ends when so much has been spent. */
const WINDOW = 500_000;
/** In windows. */
const PAUSE = 20;

export class FastForward {
  private readonly kernel: Kernel;
  /** In the order of their ticks. */
  private readonly waiting: Waiting[] = [];
  private readonly known = new WeakMap<Repeated, { spec: ProbeSpec; foreknown: Foreknown | null }>();
  /** Whether it pays: what has been spent and saved in this window of time. */
  private readonly window = { sinceUs: 0, spent: 0, saved: 0 };
  private pausedUntilUs = Number.NEGATIVE_INFINITY;
  private readonly meanwhile = (nextUs: number): void => this.goOn(nextUs);

  constructor(
    private readonly context: NodeContext,
    private readonly execs: Execs,
    private readonly boot: BootNode,
    private readonly kubepods: CgroupId,
  ) {
    this.kernel = context.kernel;
  }

  /** Waits for the next tick of a probe. False: it is to be an event. */
  wait(probe: Repeated): boolean {
    const { spec, beat } = probe;
    const { sim } = this.context;
    const isPaused = sim.nowUs < this.pausedUntilUs;
    const foreknown = isPaused || !probe.isSteady() ? null : this.foreknownOf(probe);
    if (foreknown === null) return false;
    const cycleUs = spec.periodUs + (probe.waitsAfterEnd ? foreknown.endsUs.most : 0);
    const endedUs = { least: sim.nowUs, most: sim.nowUs };
    this.queue({ probe, spec, beat, foreknown, cycleUs, place: sim.takePlace(), endedUs });
    return true;
  }

  /** Behind those with the same tick. */
  private queue(one: Waiting): void {
    const { waiting } = this;
    const { tickUs } = one.probe;
    let low = 0;
    for (let high = waiting.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (waiting[middle].probe.tickUs <= tickUs) low = middle + 1;
      else high = middle;
    }
    waiting.splice(low, 0, one);
    this.context.sim.meanwhile = this.meanwhile;
  }

  private foreknownOf(probe: Repeated): Foreknown | null {
    const known = this.known.get(probe);
    if (known?.spec === probe.spec) return known.foreknown;
    const foreknown = this.lookUp(probe);
    this.known.set(probe, { spec: probe.spec, foreknown });
    return foreknown;
  }

  /** null: its runs are simulated. */
  private lookUp({ container, spec, waitsAfterEnd }: Repeated): Foreknown | null {
    const { action, periodUs, timeoutUs } = spec;
    if (action.kind === 'network') return BY_NETWORK;
    const isLimited = container.user !== null && container.user.nprocMax < Number.POSITIVE_INFINITY;
    const mayHang = (this.context.spec.runtime.leaks?.stuckExec ?? 0) > 0;
    if (isLimited || mayHang) return null;
    const found = residuesOf(this.context, container, action.program, this.boot);
    if (typeof found === 'string') return null;
    const { endsUs, lastsUs } = found;
    const hasTime = lastsUs < periodUs && endsUs.most < timeoutUs;
    return hasTime && (!waitsAfterEnd || endsUs.least === endsUs.most) ? found : null;
  }

  /** Nothing but what waits here is due before `nextUs`. */
  private goOn(nextUs: number): void {
    const { waiting, window } = this;
    if (waiting.length === 0 || waiting[0].probe.tickUs > nextUs) return;
    const later = waiting.findIndex(({ probe }) => probe.tickUs > nextUs);
    const taken = waiting.splice(0, later === -1 ? waiting.length : later);
    let left = taken.filter(({ probe, beat }) => probe.beat === beat && !probe.stopped);
    window.spent += COST.goOn + taken.length;
    for (let met: Waiting[] | null = null; met === null; ) {
      met = this.step(dueBy(left, nextUs), nextUs);
      if (met === null) continue;
      const simulated = met;
      left = left.filter((each) => !simulated.includes(each));
    }
    if (waiting.length === 0) this.context.sim.meanwhile = null;
    for (const each of left) this.queue(each);
    if (window.spent > WINDOW) this.endWindow();
  }

  /**
   * Goes to `nextUs`, or to the next run that leaves something, and over that; or to the first run that has to be
   * simulated. `due`: those with ticks by then. Returns those that are simulated from here on; null: there may be
   * more to do.
   */
  private step(due: readonly Waiting[], nextUs: number): Waiting[] | null {
    if (due.length === 0) return [];
    const isPaused = this.context.sim.nowUs < this.pausedUntilUs;
    const sure = isPaused ? [] : this.sureOf(due);
    const clean = sure.filter(({ foreknown }) => foreknown.clean !== null);
    const first =
      clean.length === due.length ? null : earliestOf(due.filter((each) => !clean.includes(each)));
    let endUs = endOfGap(clean, first?.probe.tickUs ?? nextUs);
    // The first time that PIDs start again from below is news: that run is simulated.
    while (!this.canPass(birthsBy(clean, endUs)))
      endUs = endOfGap(clean, Math.floor((earliestOf(clean)!.probe.tickUs + endUs) / 2));
    for (let tieUs = lastTie(clean, endUs); tieUs !== null; tieUs = lastTie(clean, endUs))
      endUs = endOfGap(clean, tieUs);
    this.leap(clean, endUs);
    // All of them at one instant: before it there is nothing left.
    const met = dueBy(due, endUs);
    if (met.length === 0) return endUs < nextUs ? null : [];
    const canForward = met.length === 1 && met[0] === first && sure.includes(first);
    if (canForward && this.forward(first, due, nextUs)) return null;
    for (const { probe, place } of met.sort(inOrder)) probe.simulate(place);
    return met;
  }

  /** So many probes that there is hardly a gap, or so many events: then their ticks are events too, for a while. */
  private endWindow(): void {
    const { nowUs } = this.context.sim;
    const { sinceUs, spent, saved } = this.window;
    if (saved < spent) this.pausedUntilUs = nowUs + PAUSE * (nowUs - sinceUs);
    Object.assign(this.window, { sinceUs: nowUs, spent: 0, saved: 0 });
  }

  /** Its runs that leave something, one after another, until it is not alone. False: it is not now. */
  private forward(one: Waiting, due: readonly Waiting[], nextUs: number): boolean {
    const { probe, foreknown } = one;
    const { births, left, lastsUs } = foreknown;
    let aloneUntilUs = nextUs;
    for (const each of due) if (each !== one) aloneUntilUs = Math.min(aloneUntilUs, each.probe.tickUs);
    const rounds = runsMeeting(due);
    const spare = Math.min(this.spare(due, rounds), this.spareFor(one, rounds));
    let runs = 0;
    for (; runs * left <= spare && probe.tickUs + lastsUs < aloneUntilUs && this.canPass(births); runs++)
      this.leave(one);
    return runs > 0;
  }

  private leave(one: Waiting): void {
    const { kernel } = this;
    const { probe, foreknown } = one;
    const { machine } = this.context;
    const { namespace, cgroup } = probe.container;
    const { births, aftermath, bornUs } = foreknown.next(probe.stream);
    this.execs.drawRace();
    const left = kernel.leave({ namespace, cgroup, origin: probe.origin }, aftermath);
    left.forEach((task, index) => void machine.startsUs?.set(task, probe.tickUs + bornUs[index]));
    kernel.comeAndGo(probe.origin, births.own + births.around - left.length);
    machine.pidsPassed();
    this.pass(one, 1, this.context.sim.takePlace());
  }

  /** All runs that begin before `endUs`; they are over by then, and leave nothing. */
  private leap(clean: readonly Waiting[], endUs: number): void {
    const { kernel } = this;
    let births = 0;
    const place = this.context.sim.takePlace();
    for (const each of clean) {
      const { probe, foreknown } = each;
      const runs = runsBy(each, endUs);
      if (runs === 0) continue;
      if (foreknown.births > 0) this.draw(each, runs);
      const { namespace } = probe.container;
      const { own, around } = foreknown.clean!.births;
      if (namespace !== HOST_NS) kernel.passPids(namespace, runs * own);
      births += runs * (own + around);
      kernel.comeAndGo(probe.origin, runs * (own + around));
      this.pass(each, runs, place);
    }
    if (births === 0) return;
    kernel.passPids(HOST_NS, births);
    this.context.machine.pidsPassed();
  }

  private pass(one: Waiting, runs: number, place: number): void {
    const { probe, foreknown } = one;
    this.window.saved += runs * (foreknown.births > 0 ? COST.exec : COST.network);
    probe.succeed(runs);
    one.endedUs = endOf(one, runs);
    one.place = place;
    probe.tickUs += runs * one.cycleUs;
  }

  private draw({ probe, foreknown }: Waiting, runs: number): void {
    for (let run = 0; run < runs; run++) {
      if (foreknown.isDrawn) foreknown.next(probe.stream);
      this.execs.drawRace();
    }
  }

  /** May so many PIDs of the host be passed? */
  private canPass(pids: number): boolean {
    return pids === 0 || pids <= this.context.machine.pidsBeforeNews;
  }

  /** Those for which a table holds now: nothing has changed, and no limit is near. */
  private sureOf(due: readonly Waiting[]): Waiting[] {
    const rounds = runsMeeting(due);
    const canExec = this.context.host.runtime.isUp && this.spare(due, rounds) >= 0;
    return due.filter((each) => {
      const { probe, spec, foreknown } = each;
      if (probe.spec !== spec || !probe.isSteady()) return false;
      if (foreknown.births === 0) return true;
      return canExec && this.isAtRest(each) && this.spareFor(each, rounds) >= 0;
    });
  }

  private isAtRest({ probe, foreknown: { rest, looks } }: Waiting): boolean {
    const { kernel } = this;
    const init = kernel.initOf(probe.container.namespace);
    if (init === NONE || rest === null || !isSameRest(this.context.machine.restOf(init), rest)) return false;
    return !looks || !kernel.hasZombies(init);
  }

  /**
   * How many PIDs can be taken until a limit of the machine or of all pods could refuse any that may be under way;
   * below 0: it could now.
   */
  private spare(due: readonly Waiting[], rounds: number): number {
    let births = 0;
    for (const { foreknown } of due) births += foreknown.births;
    return births === 0 ? Number.POSITIVE_INFINITY : this.room() - rounds * births;
  }

  /** The same of the pod's own limits. */
  private spareFor({ probe, foreknown }: Waiting, rounds: number): number {
    const { kernel } = this;
    const { namespace, cgroup } = probe.container;
    const births = foreknown.births * probe.probesInPod;
    const inNamespace = namespace === HOST_NS ? Number.POSITIVE_INFINITY : roomOf(kernel, namespace);
    return Math.min(kernel.roomIn(cgroup) - births, inNamespace - rounds * births);
  }

  /** How many more tasks the limits of the machine and of all pods allow. */
  private room(): number {
    const { kernel } = this;
    const { service } = this.context.host;
    return Math.min(
      roomOf(kernel, HOST_NS),
      kernel.threadsMax - kernel.nrThreads,
      kernel.roomIn(this.kubepods),
      service === NONE ? Number.POSITIVE_INFINITY : kernel.roomIn(service),
    );
  }
}

/** How many PIDs are free at least, those below 300 not counted. */
function roomOf(kernel: Kernel, namespace: PidNsId): number {
  return kernel.pidMax(namespace) - RESERVED_PIDS - kernel.allocated(namespace);
}

function dueBy(waiting: readonly Waiting[], timeUs: number): Waiting[] {
  return waiting.filter(({ probe }) => probe.tickUs <= timeUs);
}

/**
 * How many runs of one probe there can be from the beginning to the end of one of another, at most. The PIDs that
 * those take must all be free: otherwise they come round to those that the other one still has, and pass them over.
 */
function runsMeeting(due: readonly Waiting[]): number {
  if (due.length === 1) return 1;
  const longestUs = Math.max(...due.map(({ foreknown }) => foreknown.lastsUs));
  const shortestUs = Math.min(...due.map(({ cycleUs }) => cycleUs));
  return 2 + Math.floor(longestUs / shortestUs);
}

function earliestOf(these: readonly Waiting[]): Waiting | null {
  return these.reduce<Waiting | null>(
    (first, each) => (first === null || each.probe.tickUs < first.probe.tickUs ? each : first),
    null,
  );
}

/** How many of its runs begin, and are over, before `endUs`. */
function runsBy({ probe, foreknown, cycleUs }: Waiting, endUs: number): number {
  const lastStartUs = endUs - 1 - foreknown.lastsUs;
  return lastStartUs < probe.tickUs ? 0 : 1 + Math.floor((lastStartUs - probe.tickUs) / cycleUs);
}

/** When the last of so many runs ends. */
function endOf({ probe, foreknown, cycleUs }: Waiting, runs: number): Span {
  const startUs = probe.tickUs + (runs - 1) * cycleUs;
  return { least: startUs + foreknown.endsUs.least, most: startUs + foreknown.endsUs.most };
}

/**
 * Two whose runs end by `endUs`, and of which nobody can say whose end comes first, though their next ticks come at
 * one instant, in that order: the tick of the later of these runs, which has to be simulated. null: there are none.
 */
function lastTie(clean: readonly Waiting[], endUs: number): number | null {
  if (clean.length === 1) return null;
  /** Of each tick the last of each kind. */
  const others = new Map<number, Waiting[]>();
  for (const each of clean) {
    const runs = runsBy(each, endUs);
    if (runs === 0) continue;
    const nextUs = each.probe.tickUs + runs * each.cycleUs;
    const met = others.get(nextUs) ?? [];
    for (const other of met)
      if (!isOrderKnown(other, runsBy(other, endUs), each, runs))
        return nextUs - Math.min(each.cycleUs, other.cycleUs);
    others.set(nextUs, [...met.filter((other) => !isAlike(other, each)), each]);
  }
  return null;
}

/** `a` comes before `b` where they wait. Runs that are alike in everything end in the order of their ticks. */
function isOrderKnown(a: Waiting, runsOfA: number, b: Waiting, runsOfB: number): boolean {
  const ends = { a: endOf(a, runsOfA), b: endOf(b, runsOfB) };
  if (ends.a.most < ends.b.least || ends.b.most < ends.a.least) return true;
  return isAlike(a, b) && !a.foreknown.isDrawn && inOrder(a, b) <= 0;
}

function isAlike(a: Waiting, b: Waiting): boolean {
  return a.foreknown === b.foreknown && a.cycleUs === b.cycleUs;
}

/** Of ticks at one instant. */
function inOrder(a: Waiting, b: Waiting): number {
  return (a.place - b.place) | 0 || a.endedUs.least - b.endedUs.least;
}

function birthsBy(clean: readonly Waiting[], endUs: number): number {
  return clean.reduce((sum, each) => sum + runsBy(each, endUs) * each.foreknown.births, 0);
}

/**
 * The latest moment up to `limitUs` at which no run is under way. A run that would be, at `limitUs`, has to
 * be simulated; so has another that meets it; and so on back.
 */
function endOfGap(clean: readonly Waiting[], limitUs: number): number {
  let endUs = limitUs;
  let lastUs = Number.NaN;
  while (endUs !== lastUs) {
    lastUs = endUs;
    for (const each of clean) endUs = Math.min(endUs, each.probe.tickUs + runsBy(each, endUs) * each.cycleUs);
  }
  return endUs;
}
