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
import type { Rest } from '../../program/machine.js';
import type { NodeContext } from '../context.js';
import type { ExecClient, Execs } from '../runtime/exec.js';
import type { ProbeSpec } from '../spec.js';
import { type BootNode, isSameRest } from './cell.js';
import { BY_NETWORK, type Foreknown, residuesOf } from './residues.js';

/** What is forwarded: execs at equal intervals, each a probe's. */
export interface Repeated extends ExecClient {
  readonly spec: ProbeSpec;
  /** When the next run begins, and since when that has been known: ticks at one instant come in that order. */
  tickUs: number;
  readonly knownUs: number;
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
  /** The run of this tick is simulated. */
  simulate(): void;
}

/** A probe whose ticks are waited for here. */
interface Waiting {
  probe: Repeated;
  spec: ProbeSpec;
  beat: number;
  /** null: it is simulated. */
  foreknown: Foreknown | null;
  cycleUs: number;
  knownUs: number;
}

/** Costs and savings, in units of one look at one probe, which takes some nanoseconds. */
const COST = { goOn: 200, exec: 400, network: 10 };
/** A window ends when so much has been spent. */
const WINDOW = 500_000;
/** In windows. */
const PAUSE = 20;

export class FastForward {
  private readonly kernel: Kernel;
  private waiting: Waiting[] = [];
  private readonly known = new WeakMap<Repeated, Pick<Waiting, 'spec' | 'foreknown'>>();
  /** Whether it pays: what has been spent and saved in this window of time. */
  private readonly window = { sinceUs: 0, spent: 0, saved: 0 };
  private pausedUntilUs = Number.NEGATIVE_INFINITY;
  /** The earliest of their ticks. */
  private firstUs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly context: NodeContext,
    private readonly execs: Execs,
    private readonly boot: BootNode,
    private readonly kubepods: CgroupId,
  ) {
    this.kernel = context.kernel;
    context.sim.meanwhile = (nextUs) => this.goOn(nextUs);
  }

  /** Waits for the next tick of a probe. False: it is to be an event. */
  wait(probe: Repeated): boolean {
    const { spec, beat, knownUs, tickUs } = probe;
    if (this.context.sim.nowUs < this.pausedUntilUs) return false;
    const foreknown = probe.isSteady() ? this.foreknownOf(probe) : null;
    const cycleUs = spec.periodUs + (probe.waitsAfterEnd ? (foreknown?.endsUs.most ?? 0) : 0);
    this.waiting.push({ probe, spec, beat, foreknown, cycleUs, knownUs });
    this.firstUs = Math.min(this.firstUs, tickUs);
    return true;
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
    if (this.firstUs > nextUs) return;
    if (this.waiting.some(isOutdated)) this.waiting = this.waiting.filter((each) => !isOutdated(each));
    const isDue = ({ probe }: Waiting): boolean => probe.tickUs <= nextUs;
    while (this.step(this.waiting.filter(isDue), nextUs));
    this.window.spent += COST.goOn + this.waiting.length;
    if (this.window.spent > WINDOW) this.endWindow();
    this.firstUs = Number.POSITIVE_INFINITY;
    for (const { probe } of this.waiting) if (probe.tickUs < this.firstUs) this.firstUs = probe.tickUs;
  }

  /**
   * Goes to `nextUs`, or to the next run that leaves something, and over that; or to the first run that has to be
   * simulated. `due`: those with ticks by then. True: there may be more to do.
   */
  private step(due: readonly Waiting[], nextUs: number): boolean {
    if (due.length === 0) return false;
    const sure = this.sureOf(due);
    const clean = sure.filter(({ foreknown }) => foreknown!.clean !== null);
    const first =
      clean.length === due.length ? null : earliestOf(due.filter((each) => !clean.includes(each)));
    let endUs = endOfGap(clean, first?.probe.tickUs ?? nextUs);
    // The first time that PIDs start again from below is news: that run is simulated.
    while (!this.canPass(birthsBy(clean, endUs)))
      endUs = endOfGap(clean, Math.floor((earliestOf(clean)!.probe.tickUs + endUs) / 2));
    this.leap(clean, endUs);
    const met = due.filter(({ probe }) => probe.tickUs <= endUs);
    if (met.length === 0) return endUs < nextUs;
    if (met.length > 1 || first === null || met[0] !== first || !sure.includes(first))
      return this.simulate(met);
    if (!isAloneIn(due, first, nextUs) || !this.canPass(first.foreknown!.births)) return this.simulate(met);
    this.forward(first);
    return true;
  }

  /** So many probes that there is hardly a gap, or so many events: then their ticks are events too, for a while. */
  private endWindow(): void {
    const { nowUs } = this.context.sim;
    const { sinceUs, spent, saved } = this.window;
    if (saved < spent) {
      this.pausedUntilUs = nowUs + PAUSE * (nowUs - sinceUs);
      this.simulate(this.waiting);
    }
    Object.assign(this.window, { sinceUs: nowUs, spent: 0, saved: 0 });
  }

  /** Simulates the next run of each, and waits for none. */
  private simulate(these: readonly Waiting[]): false {
    this.waiting = this.waiting.filter((each) => !these.includes(each));
    for (const { probe } of these.toSorted((a, b) => a.knownUs - b.knownUs)) probe.simulate();
    return false;
  }

  /** One run that leaves something. */
  private forward(one: Waiting): void {
    const { kernel } = this;
    const { probe, foreknown } = one;
    const { machine } = this.context;
    const { namespace, cgroup } = probe.container;
    const { births, aftermath, bornUs } = foreknown!.next(probe.stream);
    this.execs.drawRace();
    const left = kernel.leave({ namespace, cgroup, origin: probe.origin }, aftermath);
    left.forEach((task, index) => void machine.startsUs?.set(task, probe.tickUs + bornUs[index]));
    kernel.comeAndGo(probe.origin, births.own + births.around - left.length);
    machine.pidsPassed();
    this.pass(one, 1);
  }

  /** All runs that begin before `endUs`; they are over by then, and leave nothing. */
  private leap(clean: readonly Waiting[], endUs: number): void {
    const { kernel } = this;
    let births = 0;
    for (const each of clean) {
      const { probe, foreknown } = each;
      const runs = runsBy(each, endUs);
      if (runs === 0) continue;
      if (foreknown!.births > 0) this.draw(each, runs);
      const { namespace } = probe.container;
      const { own, around } = foreknown!.clean!.births;
      if (namespace !== HOST_NS) kernel.passPids(namespace, runs * own);
      births += runs * (own + around);
      kernel.comeAndGo(probe.origin, runs * (own + around));
      this.pass(each, runs);
    }
    if (births === 0) return;
    kernel.passPids(HOST_NS, births);
    this.context.machine.pidsPassed();
  }

  private pass(one: Waiting, runs: number): void {
    const { probe, foreknown, cycleUs } = one;
    this.window.saved += runs * (foreknown!.births > 0 ? COST.exec : COST.network);
    probe.succeed(runs);
    probe.tickUs += runs * cycleUs;
    one.knownUs = probe.tickUs - cycleUs + foreknown!.endsUs.most;
  }

  private draw({ probe, foreknown }: Waiting, runs: number): void {
    for (let run = 0; run < runs; run++) {
      if (foreknown!.isDrawn) foreknown!.next(probe.stream);
      this.execs.drawRace();
    }
  }

  /** May so many PIDs of the host be passed? */
  private canPass(pids: number): boolean {
    return pids === 0 || pids <= this.context.machine.pidsBeforeNews;
  }

  /** Those for which a table holds now: nothing has changed, and no limit is near. */
  private sureOf(due: readonly Waiting[]): Waiting[] {
    let births = 0;
    for (const { foreknown } of due) births += foreknown?.births ?? 0;
    const canExec = births === 0 || (this.context.host.runtime.isUp && births <= this.room());
    return due.filter(({ probe, spec, foreknown }) => {
      if (foreknown === null || probe.spec !== spec || !probe.isSteady()) return false;
      return foreknown.rest === null || (canExec && this.isSure(probe, foreknown, foreknown.rest));
    });
  }

  private isSure({ container, probesInPod }: Repeated, foreknown: Foreknown, rest: Rest): boolean {
    const { kernel } = this;
    const { namespace, cgroup } = container;
    const init = kernel.initOf(namespace);
    if (init === NONE || !isSameRest(this.context.machine.restOf(init), rest)) return false;
    if (foreknown.looks && kernel.hasZombies(init)) return false;
    const births = foreknown.births * probesInPod;
    return births <= kernel.roomIn(cgroup) && (namespace === HOST_NS || births <= roomOf(kernel, namespace));
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

/** Its ticks are no longer what was waited for. */
function isOutdated({ probe, beat }: Waiting): boolean {
  return probe.beat !== beat || probe.stopped;
}

/** Is nothing due until the end of its next run? */
function isAloneIn(due: readonly Waiting[], one: Waiting, nextUs: number): boolean {
  const lastUs = one.probe.tickUs + one.foreknown!.lastsUs;
  return lastUs < nextUs && due.every((each) => each === one || each.probe.tickUs > lastUs);
}

function earliestOf(these: readonly Waiting[]): Waiting | null {
  return these.reduce<Waiting | null>(
    (first, each) => (first === null || each.probe.tickUs < first.probe.tickUs ? each : first),
    null,
  );
}

/** How many of its runs begin, and are over, before `endUs`. */
function runsBy({ probe, foreknown, cycleUs }: Waiting, endUs: number): number {
  const lastStartUs = endUs - 1 - foreknown!.lastsUs;
  return lastStartUs < probe.tickUs ? 0 : 1 + Math.floor((lastStartUs - probe.tickUs) / cycleUs);
}

function birthsBy(clean: readonly Waiting[], endUs: number): number {
  return clean.reduce((sum, each) => sum + runsBy(each, endUs) * each.foreknown!.births, 0);
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
