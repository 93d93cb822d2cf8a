/**
 * One run of a scenario.
 *
 *     Scenario ─► build: clock, machine, node ─► events to the horizon
 *                                   │ refused forks, moments, rows
 *                                   └─► observers ─► summary, result: copies, at any moment
 */

import { HOST_NS, type PidNsId } from '../kernel/kernel.js';
import { type Act, ByHand } from '../node/by-hand.js';
import type { Fidelity } from '../node/context.js';
import { Node } from '../node/node.js';
import { nodePrograms } from '../node/programs.js';
import { kernelRules } from '../node/versions/kernel.js';
import { pinnedPids } from '../procfs/pinned.js';
import { catalogue } from '../program/catalogue/index.js';
import { Machine } from '../program/machine.js';
import type { Scenario } from '../scenario/scenario.js';
import { RandomStreams } from '../sim/random.js';
import { Simulation } from '../sim/simulation.js';
import { US_PER_SECOND } from '../sim/time.js';
import type { Diagnostic } from '../text/diagnostic.js';
import { formatDuration, parseDurationUs } from '../text/duration.js';
import { grouped } from '../text/figures.js';
import { Observers, type RunObserver } from './observer.js';
import { namespaceOfPod, nodeProcesses, podProcesses } from './processes.js';
import type {
  NamespaceProcesses,
  NodeProcess,
  RunEnd,
  RunEventKind,
  RunRecording,
  RunResult,
  RunSummary,
} from './result.js';
import { lastRowOf, type RunParts, recordingOf, summarise } from './summarise.js';
import { type TellTransition, Transitions } from './transitions.js';
import { type Watch, watch } from './watch.js';

/** Rows of the timeline when the scenario says `sampleEvery: auto`. */
const AUTO_ROWS = 1_000;

/** A run that needs more events is stopped. A month of a full node (110 pods with probes) needs a quarter. */
export const EVENTS_MAX = 1_000_000_000;

/** After so many events, a run is stopped already if at its rate it would need twenty times the most. */
const HOPELESS_FROM_EVENTS = 50_000_000;
const HOPELESS_FACTOR = 20;

/** Moments with which a workload may have been harmed. */
const MAY_HARM: ReadonlySet<RunEventKind> = new Set([
  'exhausted',
  'fork-refused',
  'evicted',
  'pod-create-failed',
]);

/** Events of one `advance`, between which the caller can look or stop: about a tenth of a second. */
const EVENTS_PER_SLICE = 1_000_000;
const SLICE_SECONDS = 0.1;
/** Some events are dear: fifty thousand children may be killed at once. */
const EVENTS_AT_FIRST = 1_000;

export interface RunOptions {
  /**
   * `exhaustion` ends the run with the first fork that is refused at node scope, `harm` with the first harm
   * to a workload. Default: `horizon`.
   */
  until?: RunEnd;
  /** Another draw of everything that is random, for the same seed. Default: 0. */
  replication?: number;
  /** Default: EVENTS_MAX. */
  eventsMax?: number;
  /** Real time in seconds, from any origin: for `wallSeconds`, which is 0 without it. */
  clock?: () => number;
  /**
   * `false`: the run keeps no timeline and no events. It has a `summary`, the same as with a recording, and
   * no `result`: for studies of a thousand runs. Default: true.
   */
  record?: boolean;
  /** One more that watches; it takes notes and nothing else. */
  observe?: (node: Node) => RunObserver;
  /** Default: `events`, and `forwarded` for a run that keeps no record. The digest is of one or the other. */
  fidelity?: Fidelity;
  /** Whether `processes` tell when they started. */
  starts?: boolean;
  /** `false`: a process whose parent waits for it is seen as a zombie before it is reaped. Default: true. */
  strokes?: boolean;
  /** Is told of every transition from the first event on, while `isWatched`. Default: nobody is. */
  transition?: TellTransition;
}

/** A run could not be made, or was stopped at a stated bound; the diagnostics say what the user can do. */
export class ScenarioRunError extends Error {
  override readonly name = 'ScenarioRunError';

  constructor(readonly diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(({ message }) => message).join('\n'));
  }
}

/**
 * A run in progress, for callers that want to look, or to stop, in between; `simulate` is the short way.
 *
 * Looking changes nothing: summary, result, processes, progress and pod names can be read at any moment and
 * any number of times. They are copies, and the run goes on as if nothing had been read.
 */
export class Run {
  /** @internal */
  readonly node: Node;
  /** @internal */
  readonly sim = new Simulation();
  /** @internal */
  readonly machine: Machine;
  readonly #watch: Watch;
  readonly #transitions: Transitions | null;
  readonly #startedSeconds: number;
  readonly #endUs: number;
  #isOver = false;
  #mayBeHarmed = false;
  #byHand: ByHand | null = null;

  /** @throws ScenarioRunError if the machine cannot be built. */
  constructor(
    readonly scenario: Scenario,
    private readonly options: RunOptions = {},
  ) {
    this.#startedSeconds = options.clock?.() ?? 0;
    this.#endUs = scenario.horizonUs;
    const observers = new Observers(this.sim);
    const { transition } = options;
    this.#transitions = transition === undefined ? null : new Transitions(this.sim, transition);
    this.machine = this.#buildMachine();
    if (options.starts) this.machine.startsUs = new Map();
    this.node = this.#buildNode(observers);
    const { record = true } = options;
    this.#watch = watch(this.node, observers, sampleEveryUs(scenario), record);
    if (options.observe !== undefined) observers.add(options.observe(this.node));
    if (options.until === 'exhaustion') {
      observers.add({ moment: ({ kind }) => kind === 'exhausted' && this.#endEarly() });
    } else if (options.until === 'harm') {
      // Seen for sure when the event is over: a dying namespace refuses forks too, which is no harm.
      observers.add({ moment: ({ kind }) => MAY_HARM.has(kind) && this.#lookForHarm() });
    }
    this.isWatched = true;
  }

  #buildMachine(): Machine {
    const { kernel } = this.scenario.node;
    const rules = kernelRules(kernel.version);
    if (rules === null) throw this.#error('bad-version', `\`${kernel.version}\` is not a kernel version`);
    const machine = new Machine({
      sim: this.sim,
      rules,
      pidMax: kernel.pidMax,
      threadsMax: kernel.threadsMax,
      initComm: 'systemd',
      watcher: this.#transitions ?? undefined,
      strokes: this.options.strokes,
    });
    if (this.#transitions !== null) this.#transitions.kernel = machine.kernel;
    return machine;
  }

  #buildNode(observer: Observers): Node {
    const { scenario, options, sim, machine } = this;
    const streams = new RandomStreams(scenario.seed, options.replication ?? 0);
    const programs = nodePrograms(catalogue());
    try {
      const { fidelity } = this;
      return new Node(scenario.node, { sim, machine, streams, programs, observer, fidelity });
    } catch (error) {
      if (error instanceof RangeError) throw this.#error('node-too-small', error.message);
      throw error;
    }
  }

  /** Where the run is to end. */
  get until(): RunEnd {
    return this.options.until ?? 'horizon';
  }

  /** Are all runs of probes simulated? */
  get fidelity(): Fidelity {
    const { fidelity, record = true } = this.options;
    return fidelity ?? (record ? 'events' : 'forwarded');
  }

  /** The part of the run that is done, 0 to 1. */
  get progress(): number {
    return this.#isOver ? 1 : this.sim.nowUs / this.#endUs;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Goes on for about a tenth of a second of real time, or for so many events, at most to `untilUs`.
   *
   * @returns true when the run has got to `untilUs`, or is over.
   * @throws ScenarioRunError if a program never blocks, or the run needs too many events.
   */
  advance(untilUs = this.#endUs, eventsMax?: number): boolean {
    if (this.#isOver) return true;
    const { sim, machine, options } = this;
    const toUs = Math.min(untilUs, this.#endUs);
    const reached = eventsMax === undefined ? this.#slice(toUs) : sim.run(toUs, eventsMax);
    if (machine.runaway !== null) throw this.#runawayError();
    if (this.#isHopeless(options.eventsMax ?? EVENTS_MAX)) throw this.#tooManyEvents();
    if (reached && sim.nowUs >= this.#endUs) this.#isOver = true;
    if (this.#mayBeHarmed) {
      this.#mayBeHarmed = false;
      if (this.summary().firstHarm !== null) this.#isOver = true;
    }
    return reached || this.#isOver;
  }

  /** A million events; or, where there is a clock, as many as a tenth of a second has. */
  #slice(untilUs: number): boolean {
    const { clock } = this.options;
    if (clock === undefined) return this.sim.run(untilUs, EVENTS_PER_SLICE);
    const startedSeconds = clock();
    for (let events = EVENTS_AT_FIRST; events < EVENTS_PER_SLICE; events *= 2) {
      if (this.sim.run(untilUs, events)) return true;
      const isEnough = clock() - startedSeconds >= SLICE_SECONDS / 2;
      if (isEnough || this.#isOver || this.#mayBeHarmed || this.machine.runaway !== null) return false;
    }
    return false;
  }

  /** Simulated seconds since the start. */
  get nowSeconds(): number {
    return this.sim.nowUs / US_PER_SECOND;
  }

  /**
   * Goes on to a moment after the start, at most to the horizon.
   *
   * @throws ScenarioRunError as `advance` does. RangeError if `time` is no duration.
   */
  goTo(time: Time): void {
    const untilUs = microseconds(time);
    while (!this.advance(untilUs));
  }

  /** Whether `transition` is told. Set it to false to get fast to where something is to be seen. */
  get isWatched(): boolean {
    return this.#transitions?.isOn ?? false;
  }

  set isWatched(isOn: boolean) {
    if (this.#transitions !== null) this.#transitions.isOn = isOn;
  }

  /**
   * Goes on, of a run with `transition`, to the end of the next event that tells one.
   *
   * @returns false: there was none up to `untilUs`.
   * @throws ScenarioRunError as `advance`.
   */
  step(untilUs = this.#endUs): boolean {
    const before = this.#transitions?.count;
    for (;;) {
      const isDone = this.advance(untilUs, 1);
      if (this.#transitions?.count !== before) return true;
      if (isDone) return false;
    }
  }

  /** What the run has come to so far; usually read at the end. */
  summary(): RunSummary {
    return summarise(this.#parts());
  }

  /**
   * The summary, and the timeline and events so far. The timeline ends with a row for this moment.
   *
   * @throws Error if the run was made with `record: false`.
   */
  result(): RunResult {
    const parts = this.#parts();
    const recording = recordingOf(parts);
    if (recording === null) throw new Error('a run with `record: false` has a summary() and no result()');
    return { ...summarise(parts), ...recording };
  }

  /**
   * A recording of this moment alone, without events: what a table needs, also of a run with `record: false`.
   *
   * @internal
   */
  lastRow(): RunRecording {
    return lastRowOf(this.node);
  }

  #parts(): RunParts {
    const wallSeconds = (this.options.clock?.() ?? 0) - this.#startedSeconds;
    const { scenario, node, until, fidelity } = this;
    return { scenario, node, watch: this.#watch, until, fidelity, wallSeconds };
  }

  /** `ps -ef` on the node, or in a pod's first namespace. Null: there is no such pod now. */
  processes(pod?: string): NodeProcess[] | null {
    return nodeProcesses(this.node, pod ?? null);
  }

  /**
   * The same for each PID namespace of a pod: several where its containers do not share one. Null: there is
   * no such pod now.
   */
  podProcesses(pod: string): NamespaceProcesses[] | null {
    return podProcesses(this.node, pod);
  }

  /**
   * PIDs on the node, or in the pod's first namespace, that are taken and shown by no tool (K10). Null:
   * there is no such pod now.
   */
  pinnedPids(pod?: string): number[] | null {
    const rows = this.processes(pod);
    return rows && pinnedPids(rows);
  }

  /** The PID namespace that `processes` lists: the node's, or a pod's first. Null: there is no such pod. */
  namespaceOf(pod?: string): PidNsId | null {
    return pod === undefined ? HOST_NS : namespaceOfPod(this.node, pod);
  }

  /**
   * Does something to the node, as it is now. The same acts at the same moments lead to the same run.
   *
   * @returns what hinders it at once; null: nothing does.
   */
  act(act: Act): string | null {
    this.#byHand ??= new ByHand(this.node.context, this.node.kubelet);
    return this.#byHand.do(act);
  }

  /** Pods that have a sandbox now. */
  get podNames(): string[] {
    return this.node.kubelet.slots.filter(({ current }) => current !== null).map(({ name }) => name);
  }

  #lookForHarm(): void {
    this.#mayBeHarmed = true;
    this.sim.stop();
  }

  #endEarly(): void {
    this.#isOver = true;
    this.sim.stop();
  }

  #runawayError(): ScenarioRunError {
    const { program, atUs, steps } = this.machine.runaway!;
    const taken = `program \`${program}\` took ${grouped(steps)} steps at one instant`;
    return this.#error(
      'program-never-blocks',
      `${taken}, ${formatDuration(atUs)} after the start, without blocking: it would never end`,
      'Put a `sleep`, a `wait` or a `pause` into its loop.',
    );
  }

  #isHopeless(eventsMax: number): boolean {
    const { eventCount } = this.sim;
    if (eventCount > eventsMax) return true;
    return eventCount > HOPELESS_FROM_EVENTS && eventCount / this.progress > HOPELESS_FACTOR * eventsMax;
  }

  #tooManyEvents(): ScenarioRunError {
    const [now, horizon] = [this.sim.nowUs, this.#endUs].map(formatDuration);
    const events = grouped(this.sim.eventCount);
    return this.#error(
      'too-many-events',
      `stopped after ${events} events, ${now} after the start: the horizon is ${horizon}`,
      'Shorten `horizon`, or make what repeats often (probes, sleeps in programs, churn) repeat less often.',
    );
  }

  #error(code: string, message: string, hint?: string): ScenarioRunError {
    const place = { file: this.scenario.path, line: 0, column: 0, severity: 'error' } as const;
    return new ScenarioRunError([{ ...place, code, message, hint }]);
  }
}

/** A time since the start as in scenario files, `'1h30m'`; or whole microseconds. */
export type Time = string | number;

function microseconds(time: Time): number {
  const us = typeof time === 'number' ? time : parseDurationUs(time);
  if (us === null) throw new RangeError(`\`${time}\` is no duration such as 10s, 1h30m or 7d`);
  return us;
}

function sampleEveryUs(scenario: Scenario): number {
  return scenario.sampleEveryUs ?? Math.max(1, Math.ceil(scenario.horizonUs / AUTO_ROWS));
}

export interface SimulateOptions extends Omit<RunOptions, 'record'> {
  /** Called now and then with the part that is done, 0 to 1, and the simulated time in seconds. */
  onProgress?: (progress: number, simulatedSeconds: number) => void;
}

/**
 * Runs a scenario to its horizon. The same scenario and seed give the same result on every platform.
 *
 * @throws ScenarioRunError if the run had to be stopped; `diagnostics` says why.
 */
export function simulate(scenario: Scenario, options: SimulateOptions = {}): RunResult {
  const run = new Run(scenario, options);
  while (!run.isOver) {
    run.advance();
    options.onProgress?.(run.progress, run.sim.nowUs / US_PER_SECOND);
  }
  return run.result();
}

/**
 * The process table at a moment, as `ps -ef` on the node shows it, or inside the PID namespace of a pod.
 *
 * @param time since the start: `'10m'`, `'1h30m'`.
 * @returns null if there is no such pod at that moment.
 * @throws ScenarioRunError as `simulate` does. RangeError if `time` is no duration.
 */
export function observeAt(
  scenario: Scenario,
  time: Time,
  options: RunOptions & { pod?: string } = {},
): NodeProcess[] | null {
  const timeUs = microseconds(time);
  const run = new Run({ ...scenario, horizonUs: Math.max(timeUs, 1) }, options);
  while (!run.advance()) {
    // One slice after another, to the end.
  }
  return run.processes(options.pod);
}
