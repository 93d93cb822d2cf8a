/**
 * The kubelet's probe workers (pkg/kubelet/prober/worker.go): one for each pod, container and probe type,
 * each its own loop, never two probes of one worker at a time (R10).
 *
 *     start jitter (R11) ─► ticks ─► doProbe: container running? delay over? startup done? (R12)
 *                             ▲         └─► exec, up to three tries while it cannot be started (R15) ─► result
 *                             └────────────────── thresholds, on hold after a failure ◄─────────────────┘
 *
 * A Go ticker keeps one tick that has not been taken yet and drops the rest: so the interval from start to
 * start is the longer of the period and the probe's own duration, and after a slow probe one may follow at
 * once.
 *
 * Docker's own health check (`sandbox: none`, moby daemon/health.go) goes through the same stages in its own
 * manner (R36): no jitter, an interval after each end, one try, and a timeout that starts with the command
 * and always counts.
 */
import {
  type CgroupId,
  KERNEL,
  NONE,
  type OriginId,
  SIGKILL,
  SIGTERM,
  type TaskId,
} from '../../kernel/kernel.js';
import type { Program } from '../../program/code.js';
import type { RandomStream } from '../../sim/random.js';
import type { EventKind } from '../../sim/simulation.js';
import { US_PER_SECOND } from '../../sim/time.js';
import { Timeouts } from '../../sim/timeouts.js';
import { failureText, type NodeContext } from '../context.js';
import type { Container } from '../runtime/container.js';
import { type Execs, REQUEST_TIMEOUT_US } from '../runtime/exec.js';
import type { ProbeSpec } from '../spec.js';
import type { OnTimeout, RuntimeRules } from '../versions/runtime.js';
import type { BootNode } from './cell.js';
import { FastForward, type Repeated } from './fast-forward.js';

/** Running totals of one probe, over every container that it has probed. */
export interface ProbeTotals {
  runs: number;
  succeeded: number;
  failed: number;
  errored: number;
  /** 1-based, the first run that failed or errored; 0: none. */
  firstFailedRun: number;
}

export type ProbeResult = 'success' | 'failure' | 'error';

/** What a worker knows of its container beyond the container itself, and what it tells its owner. */
export interface ProbeHost {
  /** `pod/container`. */
  readonly path: string;
  readonly probesInPod: number;
  /** A startup probe gates the others (R12); true when there is none. */
  started: boolean;
  /** A postStart hook runs: the kubelet does not look at the container before it has ended. */
  readonly isStillStarting: boolean;
  /** The startup probe has succeeded. */
  probeStarts(): void;
  /** Liveness or startup has failed as often as it may: the container is to be restarted. */
  probeKills(detail: string): void;
}

export interface ProbeWorkerOptions {
  spec: ProbeSpec;
  container: Container;
  host: ProbeHost;
  origin: OriginId;
  totals: ProbeTotals;
  stream: RandomStream;
  /** Of the start jitter. */
  jitter: RandomStream;
  /** Docker's own health check: first after a whole interval, then an interval after each end. */
  dockerHealthCheck: boolean;
}

/** What the caller of an exec makes of it: a kubelet of some version, or docker itself. */
interface Manner {
  /** R17, R36. */
  onTimeout: OnTimeout;
  /** R18. */
  timeoutCounts: boolean;
  /** R15. */
  startErrors: RuntimeRules['startErrors'];
  tries: number;
  /** Does the time run from the request on, or only when the command has started? */
  timesTheStart: boolean;
}

/** moby: what has not heeded SIGTERM by then gets SIGKILL. */
const TERM_GRACE_US = 10 * US_PER_SECOND;

export class ProbeWorker implements Repeated {
  readonly container: Container;
  readonly origin: OriginId;
  readonly stream: RandomStream;
  spec: ProbeSpec;
  index = -1;
  execIndex = -1;
  /** When the tick that is waited for comes; ticks are a whole number of periods after the first. */
  tickUs = Number.NaN;
  /** Counts runs, to tell a timeout event of this run from one of an earlier run. */
  attempt = 0;
  stopped = false;
  /** Outdates the ticks of a kubelet that is gone. */
  beat = 0;
  private task: TaskId = NONE;
  private starting = false;
  private timedOut = false;
  /** The command has ended, and something that it started holds its stdout. */
  private draining = false;
  private startedAtUs = 0;
  private tries = 0;
  private generation = 0;
  private onHold = false;
  private lastResult: ProbeResult = 'success';
  private resultRun = 0;
  private isFailing = false;
  private readonly manner: Manner;

  constructor(
    private readonly workers: ProbeWorkers,
    readonly options: ProbeWorkerOptions,
  ) {
    this.manner = options.dockerHealthCheck ? workers.dockers : workers.kubelets;
    this.container = options.container;
    this.origin = options.origin;
    this.stream = options.stream;
    this.spec = options.spec;
  }

  execProgram(): Program {
    if (this.spec.action.kind !== 'exec') throw new Error(`${this.options.host.path} has no command to exec`);
    return this.spec.action.program;
  }

  /**
   * R51: a new kubelet knows nothing of the checks before; a command that runs goes on, and nobody asks for
   * its result.
   */
  forget(): void {
    this.attempt++;
    this.task = NONE;
    this.starting = false;
    this.timedOut = false;
    this.draining = false;
    this.onHold = false;
    this.resultRun = 0;
    this.lastResult = 'success';
  }

  /** One tick: `doProbe`. */
  tick(beat: number): void {
    if (this.stopped || beat !== this.beat) return;
    if (this.isDue()) this.run();
    else this.workers.waitForTick(this);
  }

  private isDue(): boolean {
    const { container, spec } = this;
    if (!container.running || this.options.host.isStillStarting) return false;
    if (container.generation !== this.generation) {
      this.generation = container.generation;
      this.onHold = false;
    }
    if (this.onHold) return false;
    if (this.workers.context.sim.nowUs - container.startedAtUs < spec.initialDelayUs) return false;
    return this.options.host.started ? spec.type !== 'startup' : spec.type === 'startup';
  }

  // What fast-forward asks (Repeated).

  get waitsAfterEnd(): boolean {
    return this.options.dockerHealthCheck;
  }

  get probesInPod(): number {
    return this.options.host.probesInPod;
  }

  isSteady(): boolean {
    const { container, spec, options } = this;
    if (!container.running || container.generation !== this.generation || options.host.isStillStarting)
      return false;
    if (!options.host.started || spec.type === 'startup' || this.onHold || this.isFailing) return false;
    const isDelayed = this.tickUs - container.startedAtUs < spec.initialDelayUs;
    return this.lastResult === 'success' && !isDelayed;
  }

  succeed(times: number): void {
    const { totals } = this.options;
    totals.runs += times;
    totals.succeeded += times;
    this.workers.context.counters.probeRuns += times;
    this.attempt += times;
    this.resultRun += times;
  }

  simulate(place: number): void {
    this.workers.expectTick(this, place);
  }

  private run(): void {
    this.tries = 0;
    this.timedOut = false;
    this.options.totals.runs++;
    this.workers.context.counters.probeRuns++;
    if (this.spec.action.kind === 'network') this.finish('success', '');
    else this.exec();
  }

  /**
   * R15: while the runtime cannot start the command, or its timeout counts as an error, up to three times.
   */
  private exec(): void {
    const { workers, manner } = this;
    this.attempt++;
    this.startedAtUs = workers.context.sim.nowUs;
    while (this.tries < manner.tries) {
      this.tries++;
      if (workers.execs.start(this.execIndex)) {
        this.starting = true;
        if (manner.timesTheStart) this.expectTimeout();
        return;
      }
      if (manner.startErrors === 'counted') break;
    }
    const why = `cannot start the command: ${failureText(workers.context)}`;
    this.finish(manner.startErrors === 'counted' ? 'failure' : 'error', why);
  }

  private expectTimeout(): void {
    if (this.manner.onTimeout !== 'ignored') this.workers.expectTimeout(this);
  }

  execStarted(task: TaskId): void {
    // Asked for by a kubelet that is gone.
    if (!this.starting) return;
    this.starting = false;
    this.task = task;
    if (this.timedOut) this.endCommand();
    else if (!this.manner.timesTheStart) this.expectTimeout();
  }

  execEnded(task: TaskId, status: number): void {
    // Given up on earlier, and left running (docker): its result no longer matters.
    if (task !== this.task) return;
    this.task = NONE;
    this.draining = false;
    if (this.timedOut) this.timeoutResult();
    else if (status === 0) this.finish('success', '');
    else this.finish('failure', `exit status ${status}`);
  }

  execDraining(task: TaskId): void {
    if (task !== this.task) return;
    this.draining = true;
    this.workers.expectDeadline(this, this.startedAtUs + this.spec.timeoutUs + REQUEST_TIMEOUT_US);
  }

  /** R42: the kubelet does not wait for the result of this attempt any longer. */
  deadline(attempt: number): void {
    if (!this.draining || this.attempt !== attempt) return;
    this.draining = false;
    this.task = NONE;
    this.timeoutResult();
  }

  execLost(why?: string): void {
    if (!this.starting) return;
    this.starting = false;
    const isCounted = why !== undefined && this.manner.startErrors === 'counted';
    this.finish(isCounted ? 'failure' : 'error', why ?? 'the container ended');
  }

  /** Has the command of this attempt ended, or been given up? */
  isOver(attempt: number): boolean {
    return this.attempt !== attempt || (this.task === NONE && !this.starting) || this.draining;
  }

  /** R17: `timeoutSeconds` have passed since the exec was asked for, and it is not over. */
  timeout(): void {
    if (this.manner.onTimeout === 'left-running' && !this.starting) {
      this.task = NONE;
      this.finish('failure', 'timed out, the command goes on');
      return;
    }
    this.timedOut = true;
    if (!this.starting) this.endCommand();
  }

  /** Most kill the command and nothing else (R17); what it has started becomes an orphan. */
  private endCommand(): void {
    const { workers, manner } = this;
    const { kernel } = workers.context;
    // Dead, and about to be reaped.
    if (kernel.isZombie(this.task)) return;
    if (manner.onTimeout === 'kill-group') kernel.killGroup(this.task, SIGKILL);
    else if (manner.onTimeout === 'term-main') {
      kernel.kill(KERNEL, this.task, SIGTERM);
      workers.expectKill(this);
    } else this.killCommand();
  }

  killCommand(): void {
    this.workers.context.kernel.kill(KERNEL, this.task, SIGKILL);
  }

  /** R18: before ExecProbeTimeout a timeout was an error, and tried again like one. */
  private timeoutResult(): void {
    const { timeoutCounts, tries } = this.manner;
    this.timedOut = false;
    if (!timeoutCounts && this.tries < tries && !this.stopped && this.container.running) this.exec();
    else this.finish(timeoutCounts ? 'failure' : 'error', 'timed out');
  }

  private finish(result: ProbeResult, detail: string): void {
    this.count(result, detail);
    // R15: an error is no result at all.
    if (result !== 'error' && !this.stopped) this.judge(result, detail);
    if (!this.stopped) this.workers.waitForTick(this);
  }

  private judge(result: 'success' | 'failure', detail: string): void {
    if (result === this.lastResult) this.resultRun++;
    else this.resultRun = 1;
    this.lastResult = result;
    const { spec, options } = this;
    const needed = result === 'success' ? spec.successThreshold : spec.failureThreshold;
    // Docker's own health check only marks the container, as a readiness probe does.
    if (this.resultRun < needed || spec.type === 'readiness' || options.dockerHealthCheck) return;
    if (result === 'success') {
      if (spec.type === 'startup') options.host.probeStarts();
      return;
    }
    this.onHold = true;
    this.resultRun = 0;
    options.host.probeKills(`${spec.type} probe failed: ${detail}`);
  }

  private count(result: ProbeResult, detail: string): void {
    const { totals } = this.options;
    if (result === 'success') {
      totals.succeeded++;
      if (this.isFailing) this.report('recovered', 'the probe works again');
      this.isFailing = false;
      return;
    }
    if (result === 'failure') totals.failed++;
    else totals.errored++;
    if (totals.firstFailedRun === 0) totals.firstFailedRun = totals.runs;
    this.workers.context.counters.probeFailures++;
    if (!this.isFailing) this.report(result === 'failure' ? 'probe-failed' : 'probe-errored', detail);
    this.isFailing = true;
  }

  private report(kind: 'probe-failed' | 'probe-errored' | 'recovered', detail: string): void {
    const { host, totals } = this.options;
    const subject = `${host.path}/${this.spec.type}`;
    this.workers.context.observer.moment(kind, subject, `run ${totals.runs}: ${detail}`);
  }
}

/** All workers of a node: their ticks and their timeouts. */
export class ProbeWorkers {
  private readonly all: ProbeWorker[] = [];
  private readonly tick: EventKind;
  private readonly deadline: EventKind;
  private readonly timeouts: Timeouts;
  readonly kubelets: Manner;
  readonly dockers: Manner;
  private forward: FastForward | null = null;

  constructor(
    readonly context: NodeContext,
    readonly execs: Execs,
  ) {
    const { sim, kubeletRules, runtimeRules } = context;
    this.tick = sim.register((index, beat) => this.all[index].tick(beat));
    this.deadline = sim.register((index, attempt) => this.all[index].deadline(attempt));
    const isOver = (index: number, attempt: number) => this.all[index].isOver(attempt);
    this.timeouts = new Timeouts(sim, isOver, [
      (index) => this.all[index].timeout(),
      (index) => this.all[index].killCommand(),
    ]);
    this.kubelets = {
      onTimeout: runtimeRules.onTimeout,
      timeoutCounts: kubeletRules.timeoutCounts,
      startErrors: runtimeRules.startErrors,
      tries: kubeletRules.startErrorTries,
      timesTheStart: true,
    };
    this.dockers = {
      onTimeout: runtimeRules.onHealthTimeout,
      timeoutCounts: true,
      startErrors: 'counted',
      tries: 1,
      timesTheStart: false,
    };
  }

  /** Begins to probe, now: when the kubelet first hears of the pod, even if no container runs. */
  add(options: ProbeWorkerOptions): ProbeWorker {
    const worker = new ProbeWorker(this, options);
    worker.index = this.all.push(worker) - 1;
    worker.execIndex = this.execs.add(worker);
    worker.tickUs = this.context.sim.nowUs + this.firstWaitUs(worker);
    this.awaitTick(worker);
    return worker;
  }

  /** The kubelet has gone, or is back. Docker's own health checks are none of its. */
  kubeletChanged(isUp: boolean): void {
    const { sim } = this.context;
    for (const worker of this.all) {
      if (worker.stopped || worker.options.dockerHealthCheck) continue;
      worker.beat++;
      worker.forget();
      if (!isUp) continue;
      worker.tickUs = sim.nowUs + Math.floor(worker.options.jitter.uniform() * worker.spec.periodUs);
      this.awaitTick(worker);
    }
  }

  /** R11. Phase 0 of the kubelet's own start is the start of the simulation. */
  private firstWaitUs(worker: ProbeWorker): number {
    const { spec, jitter, dockerHealthCheck } = worker.options;
    if (dockerHealthCheck) return spec.periodUs;
    const { startJitter } = this.context.kubeletRules;
    const part = jitter.uniform();
    const isLate = startJitter === 'near-kubelet-start' && this.context.sim.nowUs >= spec.periodUs;
    return isLate ? 0 : Math.floor(part * spec.periodUs);
  }

  waitForTick(worker: ProbeWorker): void {
    const { sim } = this.context;
    const { periodUs } = worker.spec;
    if (worker.options.dockerHealthCheck) worker.tickUs = sim.nowUs + periodUs;
    else {
      // With a tick pending, the one after it is counted from the ticker's own beat.
      const sinceTickUs = sim.nowUs - worker.tickUs;
      worker.tickUs += sinceTickUs < 2 * periodUs ? periodUs : Math.floor(sinceTickUs / periodUs) * periodUs;
    }
    this.awaitTick(worker);
  }

  private awaitTick(worker: ProbeWorker): void {
    const { nowUs } = this.context.sim;
    const { tickUs, index, beat } = worker;
    if (tickUs > nowUs && this.forward?.wait(worker)) return;
    this.context.sim.at(tickUs > nowUs ? tickUs : nowUs, this.tick, index, beat);
  }

  /** As if it had been scheduled when `place` was taken. */
  expectTick({ tickUs, index, beat }: ProbeWorker, place: number): void {
    this.context.sim.atPlace(tickUs, this.tick, index, beat, place);
  }

  /** From now on runs that are known beforehand are not simulated. */
  forwardBy(boot: BootNode, kubepods: CgroupId): void {
    this.forward = new FastForward(this.context, this.execs, boot, kubepods);
  }

  expectTimeout(worker: ProbeWorker): void {
    this.timeouts.start(worker.spec.timeoutUs, worker.index, worker.attempt);
  }

  expectDeadline(worker: ProbeWorker, atUs: number): void {
    const { sim } = this.context;
    sim.at(Math.max(atUs, sim.nowUs), this.deadline, worker.index, worker.attempt);
  }

  /** The command has been told to end, and is killed if it does not. */
  expectKill(worker: ProbeWorker): void {
    this.timeouts.start(TERM_GRACE_US, worker.index, worker.attempt, 1);
  }
}
