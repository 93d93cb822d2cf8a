/**
 * Fast-forward: a run of a probe is not simulated if its result is known beforehand (decision 23).
 *
 *     the next tick of a probe is known
 *        │
 *        ▼
 *     has its command a table (residues.ts), and did its last run succeed? ── no ──► the tick becomes an event
 *        │ yes: it waits here until the clock is about to go to the next event
 *        ▼
 *     will the run be over by then? ── no ──► the tick becomes an event
 *        │ yes
 *        ▼
 *     its counters, its PIDs and what it leaves are written in one step
 *
 * So each event finds the state that it would find if every run had been simulated. The price is that a run
 * has to be simulated if any event happens during it. Runs may overlap each other only if they leave nothing:
 * then all runs of all probes up to the next event are one step, which is called a leap. Probes by network
 * start no process, so nothing is in their way, nor they in anybody's.
 */
import { type CgroupId, HOST_NS, type Kernel, NONE, type PidNsId } from '../../kernel/kernel.js';
import { RESERVED_PIDS } from '../../kernel/limits.js';
import type { RandomStream } from '../../sim/random.js';
import type { NodeContext } from '../context.js';
import type { ExecClient, Execs } from '../runtime/exec.js';
import type { ProbeSpec } from '../spec.js';
import { type BootNode, isSameRest } from './cell.js';
import { BY_NETWORK, durationOf, type Foreknown, residuesOf } from './residues.js';

/** A probe as it is seen from here: something that runs at equal intervals. */
export interface Repeated extends ExecClient {
  readonly spec: ProbeSpec;
  /** When the next run begins. */
  tickUs: number;
  /** Changes when ticks that are waited for are cancelled. */
  readonly beat: number;
  readonly stopped: boolean;
  /** The interval to the next run begins when a run ends, not when it begins. */
  readonly waitsAfterEnd: boolean;
  /** How many execs can run in the pod at once. */
  readonly probesInPod: number;
  /** Will a run begin at the next tick, and would its success be no news? */
  isSteady(): boolean;
  /** Counts so many successful runs. */
  succeed(times: number): void;
  /** Makes the next tick an event, as if it had been scheduled when `place` was taken. */
  simulate(place: number): void;
}

/** A probe whose next tick waits here, and not in the calendar. */
interface Waiting {
  probe: Repeated;
  /** The probe's when it began to wait. */
  spec: ProbeSpec;
  beat: number;
  foreknown: Foreknown;
  /** From one tick to the next. */
  cycleUs: number;
  /**
   * Ticks at one instant come in the order of their places (`Simulation.takePlace`). A place is taken when
   * the tick becomes known, that is when the run before it ends. All runs of a leap get the same place; of
   * those, the one that ended first comes first.
   */
  place: number;
  /** When the run before ended. */
  endedUs: number;
  /** Will its runs go as the table says: has nothing changed, and is no limit near? */
  isKnown: boolean;
  /** How many of its runs are over before the end of the leap that is looked for. */
  runs: number;
  /** Its tick has become an event. */
  isEvent: boolean;
}

/**
 * What a call of `goOn` costs, and what a run that is not simulated saves, in units of one look at one probe,
 * which takes some nanoseconds.
 */
const GO_ON_COST = 200;
const SAVING = { exec: 400, network: 10 };
/** When so much has been spent, it is decided whether fast-forward pays. */
const WINDOW = 500_000;
/** If it does not, there is none for so many times as long as it took to spend that. */
const PAUSE = 20;

export class FastForward {
  private readonly kernel: Kernel;
  /** In the order of their ticks. */
  private readonly waiting: Waiting[] = [];
  /** What was found for each probe. It holds for as long as the probe has this spec. */
  private readonly lookedUp = new WeakMap<Repeated, { spec: ProbeSpec; foreknown: Foreknown | null }>();
  /** What has been spent and saved since the last decision whether fast-forward pays. */
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

  /** Takes charge of the next tick of a probe. False: the tick has to be an event. */
  wait(probe: Repeated): boolean {
    const { spec, beat } = probe;
    const { sim } = this.context;
    const foreknown = this.isPaused || !probe.isSteady() ? null : this.foreknownOf(probe);
    if (foreknown === null) return false;
    const cycleUs = spec.periodUs + (probe.waitsAfterEnd ? foreknown.endsUs.most : 0);
    const place = sim.takePlace();
    const endedUs = sim.nowUs;
    const isKnown = false;
    this.queue({ probe, spec, beat, foreknown, cycleUs, place, endedUs, runs: 0, isKnown, isEvent: false });
    return true;
  }

  private get isPaused(): boolean {
    return this.context.sim.nowUs < this.pausedUntilUs;
  }

  /** Puts it in its place in `waiting`, behind those with the same tick. */
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
    const known = this.lookedUp.get(probe);
    if (known?.spec === probe.spec) return known.foreknown;
    const foreknown = this.lookUp(probe);
    this.lookedUp.set(probe, { spec: probe.spec, foreknown });
    return foreknown;
  }

  /** null: its runs have to be simulated. */
  private lookUp({ container, spec, waitsAfterEnd }: Repeated): Foreknown | null {
    const { action, periodUs, timeoutUs } = spec;
    if (action.kind === 'network') return BY_NETWORK;
    const isLimited = container.user !== null && container.user.nprocMax < Number.POSITIVE_INFINITY;
    const mayHang = (this.context.spec.runtime.leaks?.stuckExec ?? 0) > 0;
    if (isLimited || mayHang) return null;
    const found = residuesOf(this.context, container, action.program, this.boot);
    if (typeof found === 'string') return null;
    const { endsUs, lastsUs } = found;
    const isInTime = lastsUs < periodUs && endsUs.most < timeoutUs;
    const isPeriodic = !waitsAfterEnd || endsUs.least === endsUs.most;
    return isInTime && isPeriodic ? found : null;
  }

  /** Does what is due before `nextUs`, when the simulation goes to its next event. */
  private goOn(nextUs: number): void {
    const { waiting, window } = this;
    if (waiting.length === 0 || waiting[0].probe.tickUs > nextUs) return;
    const execs: Waiting[] = [];
    const byNetwork: Waiting[] = [];
    let taken = 0;
    for (; taken < waiting.length && waiting[taken].probe.tickUs <= nextUs; taken++) {
      const each = waiting[taken];
      if (each.probe.beat === each.beat && !each.probe.stopped)
        (isByNetwork(each) ? byNetwork : execs).push(each);
    }
    waiting.splice(0, taken);
    if (!this.isPaused) window.spent += GO_ON_COST + taken;
    const untilUs = this.firstUnsteady(byNetwork, nextUs);
    let doneUs = Number.NaN;
    while (Number.isNaN(doneUs)) doneUs = this.step(dueBy(execs, untilUs), untilUs);
    this.ask(byNetwork, doneUs);
    if (waiting.length === 0) this.context.sim.meanwhile = null;
    for (const each of execs.concat(byNetwork)) if (!each.isEvent) this.queue(each);
    if (window.spent > WINDOW) this.endWindow();
  }

  /** When the first of these probes by network is due that has to be an event; at most `nextUs`. */
  private firstUnsteady(byNetwork: readonly Waiting[], nextUs: number): number {
    let untilUs = nextUs;
    for (const { probe, spec } of byNetwork)
      if (this.isPaused || probe.spec !== spec || !probe.isSteady())
        untilUs = Math.min(untilUs, probe.tickUs);
    return untilUs;
  }

  /**
   * All runs of these probes before `untilUs`. Nothing that happens meanwhile can be seen by them, or see
   * them. Ticks at `untilUs` itself become events.
   */
  private ask(byNetwork: readonly Waiting[], untilUs: number): void {
    const place = this.context.sim.takePlace();
    for (const each of byNetwork) {
      const runs = runsBy(each, untilUs);
      each.endedUs = each.probe.tickUs + (runs - 1) * each.cycleUs;
      if (runs > 0) this.moveOn(each, runs, place);
    }
    this.simulate(dueBy(byNetwork, untilUs));
  }

  /** Ticks at one instant become events. */
  private simulate(met: Waiting[]): void {
    for (const each of met.sort(inOrder)) {
      each.isEvent = true;
      each.probe.simulate(each.place);
    }
  }

  /**
   * A leap of execs towards `nextUs`. It ends before a run that leaves something, or that has to be
   * simulated. In the first case that run is forwarded, if it is alone; otherwise ticks at the end of the
   * leap become events.
   *
   * @param due those with ticks up to `nextUs`.
   * @returns when the leap ends: no tick before it is left. NaN: there may be more to do before `nextUs`.
   */
  private step(due: readonly Waiting[], nextUs: number): number {
    if (due.length === 0) return nextUs;
    const overlap = overlapOf(due);
    const spare = this.spare(due, overlap);
    this.lookAt(due, overlap, spare);
    const clean = due.filter(isClean);
    const barrier = clean.length === due.length ? null : earliestOf(due.filter((each) => !isClean(each)));
    let endUs = endOfGap(clean, barrier?.probe.tickUs ?? nextUs);
    // The run in which the host's PIDs start again from below for the first time is simulated.
    while (!this.canPass(birthsOf(clean)))
      endUs = endOfGap(clean, Math.floor((earliestOf(clean)!.probe.tickUs + endUs) / 2));
    for (let tieUs = openTie(clean); tieUs !== null; tieUs = openTie(clean)) endUs = endOfGap(clean, tieUs);
    this.leap(clean);
    // The leap has done all that was due before: these are due at `endUs` exactly.
    const met = dueBy(due, endUs);
    if (met.length === 0) return endUs < nextUs ? Number.NaN : endUs;
    const canForward = met.length === 1 && met[0] === barrier && barrier.isKnown;
    if (canForward && this.forward(barrier, due, Math.min(spare, this.spareFor(barrier, overlap)), nextUs))
      return Number.NaN;
    this.simulate(met);
    return endUs;
  }

  /**
   * Pauses if fast-forward has cost more than it saved. That is so with so many probes, or so many other
   * events, that there is hardly a gap between them.
   */
  private endWindow(): void {
    const { nowUs } = this.context.sim;
    const { sinceUs, spent, saved } = this.window;
    if (saved < spent) this.pausedUntilUs = nowUs + PAUSE * (nowUs - sinceUs);
    Object.assign(this.window, { sinceUs: Math.max(nowUs, this.pausedUntilUs), spent: 0, saved: 0 });
  }

  /**
   * Runs of one probe that leave something, one after another, up to the first that would not be alone, or
   * for which a limit is too near: `spare` PIDs can stay taken. False: that is the very first.
   */
  private forward(one: Waiting, due: readonly Waiting[], spare: number, nextUs: number): boolean {
    const { probe, foreknown } = one;
    const { births, left, lastsUs } = foreknown;
    let aloneUntilUs = nextUs;
    for (const each of due) if (each !== one) aloneUntilUs = Math.min(aloneUntilUs, each.probe.tickUs);
    let runs = 0;
    for (; runs * left <= spare && probe.tickUs + lastsUs < aloneUntilUs && this.canPass(births); runs++)
      this.leave(one);
    return runs > 0;
  }

  /** One run, with what it leaves. */
  private leave(one: Waiting): void {
    const { kernel } = this;
    const { probe, foreknown } = one;
    const { machine } = this.context;
    const { namespace, cgroup } = probe.container;
    const values = foreknown.draw(probe.stream);
    const outcome = foreknown.outcomeOf(values);
    const { births, aftermath, bornUs } = outcome.residue;
    this.execs.drawRace();
    const left = kernel.leave({ namespace, cgroup, origin: probe.origin }, aftermath);
    left.forEach((task, index) => void machine.startsUs?.set(task, probe.tickUs + bornUs[index]));
    kernel.comeAndGo(probe.origin, births.own + births.around - left.length);
    machine.pidsPassed();
    one.endedUs = probe.tickUs + durationOf(outcome, values);
    this.moveOn(one, 1, this.context.sim.takePlace());
  }

  /** All runs up to the end of the leap: they are over by then, and leave nothing. */
  private leap(clean: readonly Waiting[]): void {
    const { kernel } = this;
    let births = 0;
    const place = this.context.sim.takePlace();
    for (const each of clean) {
      const { probe, foreknown, runs } = each;
      if (runs === 0) continue;
      each.endedUs = endOfLast(each, probe.stream).us;
      for (let run = 0; run < runs; run++) this.execs.drawRace();
      const { namespace } = probe.container;
      const { own, around } = foreknown.clean!.births;
      if (namespace !== HOST_NS) kernel.passPids(namespace, runs * own);
      births += runs * (own + around);
      kernel.comeAndGo(probe.origin, runs * (own + around));
      this.moveOn(each, runs, place);
    }
    if (births === 0) return;
    kernel.passPids(HOST_NS, births);
    this.context.machine.pidsPassed();
  }

  /** To the tick after so many runs. */
  private moveOn(one: Waiting, runs: number, place: number): void {
    const { probe } = one;
    this.window.saved += runs * (isByNetwork(one) ? SAVING.network : SAVING.exec);
    probe.succeed(runs);
    one.place = place;
    probe.tickUs += runs * one.cycleUs;
  }

  /** Can the host hand out so many PIDs before they start again from below for the first time? */
  private canPass(pids: number): boolean {
    return pids === 0 || pids <= this.context.machine.pidsBeforeNews;
  }

  /** Which of them are known? */
  private lookAt(due: readonly Waiting[], overlap: number, spare: number): void {
    const canExec = !this.isPaused && this.context.host.runtime.isUp && spare >= 0;
    for (const each of due) {
      const isSteady = canExec && each.probe.spec === each.spec && each.probe.isSteady();
      each.isKnown = isSteady && this.isAtRest(each) && this.spareFor(each, overlap) >= 0;
    }
  }

  /** Is PID 1 as it was in the cell in which the table was made? */
  private isAtRest({ probe, foreknown: { rest, looks } }: Waiting): boolean {
    const { kernel } = this;
    const init = kernel.initOf(probe.container.namespace);
    if (init === NONE || rest === null || !isSameRest(this.context.machine.restOf(init), rest)) return false;
    return !looks || !kernel.hasZombies(init);
  }

  /**
   * How many PIDs can stay taken before a limit of the machine, or of all pods, could refuse a fork of the
   * runs that may be under way together. Negative: it could do so now.
   */
  private spare(due: readonly Waiting[], overlap: number): number {
    const births = due.reduce((sum, { foreknown }) => sum + foreknown.births, 0);
    return this.room() - overlap * births;
  }

  /** The same for the limits of the probe's pod. */
  private spareFor({ probe, foreknown }: Waiting, overlap: number): number {
    const { kernel } = this;
    const { namespace, cgroup } = probe.container;
    const births = foreknown.births * probe.probesInPod;
    const inNamespace = namespace === HOST_NS ? Number.POSITIVE_INFINITY : roomOf(kernel, namespace);
    return Math.min(kernel.roomIn(cgroup) - births, inNamespace - overlap * births);
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

/** How many PIDs are free at least. Those below 300 are not counted: no fork gets them after a wrap (K3). */
function roomOf(kernel: Kernel, namespace: PidNsId): number {
  return kernel.pidMax(namespace) - RESERVED_PIDS - kernel.allocated(namespace);
}

function isByNetwork({ foreknown }: Waiting): boolean {
  return foreknown === BY_NETWORK;
}

/** Is it known to leave nothing? */
function isClean({ isKnown, foreknown }: Waiting): boolean {
  return isKnown && foreknown.clean !== null;
}

function dueBy(waiting: readonly Waiting[], timeUs: number): Waiting[] {
  return waiting.filter(({ probe }) => probe.tickUs <= timeUs);
}

/**
 * How many runs of one probe can overlap one run of another, at most. There must be free PIDs for all of
 * them: else PIDs start again from below during the longer run, and skip those that it still has, which a
 * leap does not know.
 */
function overlapOf(due: readonly Waiting[]): number {
  if (due.length === 1) return 1;
  let longestUs = 0;
  let shortestUs = Number.POSITIVE_INFINITY;
  for (const { foreknown, cycleUs } of due) {
    longestUs = Math.max(longestUs, foreknown.lastsUs);
    shortestUs = Math.min(shortestUs, cycleUs);
  }
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

/**
 * When the last of its runs in the leap ends, with what these runs draw from `stream`; and how all of them
 * end, if they do so in one way (else NaN).
 */
function endOfLast({ probe, foreknown, cycleUs, runs }: Waiting, stream: RandomStream) {
  let values = foreknown.draw(stream);
  let outcome = foreknown.outcomeOf(values);
  let by = outcome.endsBy;
  for (let run = 1; run < runs && foreknown.isDrawn; run++) {
    values = foreknown.draw(stream);
    outcome = foreknown.outcomeOf(values);
    if (outcome.endsBy !== by) by = Number.NaN;
  }
  return { us: probe.tickUs + (runs - 1) * cycleUs + durationOf(outcome, values), by };
}

/**
 * Ticks at one instant come in the order in which the runs before them ended. If a leap brings two probes to
 * ticks at one instant, and their last runs end at one instant too, it is not known which ended first: the
 * leap has to end earlier, at the later of the two runs, which is simulated then.
 *
 * @returns when that run begins; null: there are no such probes.
 */
function openTie(clean: readonly Waiting[]): number | null {
  if (clean.length < 2) return null;
  const met = new Map<number, Waiting[]>();
  for (const each of clean) {
    if (each.runs === 0) continue;
    const nextUs = each.probe.tickUs + each.runs * each.cycleUs;
    const others = met.get(nextUs);
    if (others === undefined) met.set(nextUs, [each]);
    else others.push(each);
  }
  for (const [nextUs, these] of met) {
    if (these.length === 1) continue;
    const ends = new Map<number, { one: Waiting; by: number }>();
    for (const one of these) {
      const { us, by } = endOfLast(one, one.probe.stream.ahead!());
      const other = ends.get(us);
      // Those that end in the same way do so in the order in which they began, and so did those before them.
      const isInOrder = other?.by === by && isAlike(other.one, one) && inOrder(other.one, one) <= 0;
      if (other !== undefined && !isInOrder) return nextUs - Math.min(one.cycleUs, other.one.cycleUs);
      ends.set(us, { one, by });
    }
  }
  return null;
}

/** Do they run the same command equally often? */
function isAlike(a: Waiting, b: Waiting): boolean {
  return a.foreknown === b.foreknown && a.cycleUs === b.cycleUs;
}

/** Compares ticks at one instant. Places are counted in 32 bits, and so is their difference. */
function inOrder(a: Waiting, b: Waiting): number {
  return (a.place - b.place) | 0 || a.endedUs - b.endedUs;
}

/** How many PIDs their runs in the leap take, at most. */
function birthsOf(clean: readonly Waiting[]): number {
  return clean.reduce((sum, { runs, foreknown }) => sum + runs * foreknown.births, 0);
}

/**
 * The latest moment up to `limitUs` at which no run is under way, and how many runs of each are over by then.
 * If one is under way at `limitUs`, it has to be simulated, so the leap ends where it begins; if another is
 * under way there, it ends where that begins; and so on.
 */
function endOfGap(clean: readonly Waiting[], limitUs: number): number {
  let endUs = limitUs;
  let lastUs = Number.NaN;
  while (endUs !== lastUs) {
    lastUs = endUs;
    for (const each of clean) {
      each.runs = runsBy(each, endUs);
      endUs = Math.min(endUs, each.probe.tickUs + each.runs * each.cycleUs);
    }
  }
  return endUs;
}
