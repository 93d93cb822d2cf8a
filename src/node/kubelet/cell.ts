/**
 * A cell: a node with one container and one probe and nothing else. A command is run in it with chosen values
 * for all that it would draw at random.
 *
 *     values of the draws ─► one run ─► its course: which event came after which
 *                                   ├─► how long it took
 *                                   └─► its aftermath: what it leaves when the last of it has gone
 *
 * A run of the same command elsewhere does the same, as long as no other event falls into it and no limit is
 * near.
 */
import {
  type Aftermath,
  ANY,
  HOST_NS,
  type Kernel,
  type OriginId,
  originId,
  type Remnant,
  type TaskId,
} from '../../kernel/kernel.js';
import { PID_MAX_LIMIT } from '../../kernel/limits.js';
import type { Program } from '../../program/code.js';
import { Blocked } from '../../program/context.js';
import { Machine, type Rest } from '../../program/machine.js';
import { Digest } from '../../sim/digest.js';
import { type Draw, type RandomStream, RandomStreams } from '../../sim/random.js';
import { type EventKind, Simulation } from '../../sim/simulation.js';
import { US_PER_HOUR } from '../../sim/time.js';
import type { NodeContext, NodeParts } from '../context.js';
import type { Container } from '../runtime/container.js';
import type { NodeSpec, ProbeSpec } from '../spec.js';

/** One run in the cell. */
export interface Course {
  /** Two runs with the same text had the same events in the same order; their times may differ. */
  order: string;
  /** From the tick to the result. */
  endsUs: number;
  /**
   * The chain of events that led to the result, as a number. Of two runs with the same chain that begin at
   * one instant, the one that began first ends first.
   */
  endsBy: number;
  /** From the tick to the last event of the run. */
  lastsUs: number;
  /** Tasks born in the container's namespace, and outside of it. There are never so many at once. */
  births: { own: number; around: number };
  aftermath: Aftermath;
  /** When each of the zombies was born, after the tick, in the order of their adoption. */
  bornUs: number[];
}

export interface CellNode {
  readonly context: NodeContext;
  readonly container: Container;
  readonly totals: { runs: number; succeeded: number };
}

export type BootNode = (spec: NodeSpec, parts: NodeParts) => CellNode;

/** The command cannot be fast-forwarded here; the message says why. */
export class NoCourse extends Error {}

const PERIOD_US = US_PER_HOUR;
/** All of a run has to be over by then. */
const HALF_US = PERIOD_US / 2;

export class Cell {
  /** PID 1 of the container's namespace, as it is before and after every run. */
  readonly rest: Rest;
  /**
   * Does PID 1 react to an orphan that dies? Then no zombie may be waiting for it when a run is forwarded.
   */
  readonly looks: boolean;
  /** How many values each draw has, and how to draw one. */
  readonly script = new Script();
  private readonly sim = new TracedSimulation();
  private readonly machine: CellMachine;
  private readonly kernel: Kernel;
  private readonly node: CellNode;
  private endUs = Number.NaN;

  /** @throws NoCourse if what runs in the container does not come to rest. */
  constructor(context: NodeContext, container: Container, command: Program, boot: BootNode) {
    const { kernel } = context;
    const { sim } = this;
    this.machine = new CellMachine({
      sim,
      rules: kernel.rules,
      pidMax: PID_MAX_LIMIT,
      threadsMax: PID_MAX_LIMIT,
      initComm: 'systemd',
    });
    this.kernel = this.machine.kernel;
    const programs = { ...context.programs, pause: () => container.sandbox.infraProgram };
    this.node = boot(cellSpec(context, container, command), {
      sim,
      machine: this.machine,
      streams: new CellStreams(this.script),
      programs,
      observer: { moment() {} },
      fidelity: 'events',
    });
    sim.run(HALF_US);
    const { eventCount } = sim;
    sim.run(PERIOD_US - 1);
    const rest = this.node.container.running ? this.machine.restOf(this.init) : null;
    if (rest === null || sim.eventCount > eventCount)
      throw new NoCourse('the container does not come to rest');
    this.rest = rest;
    this.looks = rest.sigchld !== 'default' || !NEVER_LOOKS.includes(rest.blocked);
  }

  private get init(): TaskId {
    return this.kernel.initOf(this.node.container.namespace);
  }

  /**
   * @throws NoCourse if the run does not succeed, or leaves anything but zombies of PID 1 and pinned PIDs.
   */
  run(values: readonly number[]): Course {
    const { sim, kernel, machine, script, node } = this;
    const { namespace } = node.container;
    const { runs, succeeded } = node.totals;
    const tasks = kernel.nrThreads;
    const first = { host: kernel.cursor(), own: kernel.cursor(namespace) };
    script.begin(values);
    machine.begin();
    while (node.totals.runs === runs) if (sim.run(this.nextTickUs, 1)) throw new NoCourse('there is no tick');
    const startUs = sim.nowUs;
    let endUs = Number.NaN;
    let endsBy = 0;
    sim.begin(() => {
      if (!Number.isNaN(endUs) || node.totals.succeeded === succeeded) return;
      endUs = sim.nowUs;
      endsBy = sim.chain;
    });
    sim.run(startUs + HALF_US);
    const { order, lastUs } = sim.end();
    this.endUs = startUs + HALF_US;
    if (!script.isComplete) throw new NoCourse('how much is drawn depends on an earlier draw');
    if (Number.isNaN(endUs)) throw new NoCourse('a run does not succeed');
    const births = kernel.cursor() - first.host;
    const own = namespace === HOST_NS ? births : kernel.cursor(namespace) - first.own;
    const left = this.left(first);
    const bornUs = left.adopted.map(({ bornUs }) => bornUs - startUs);
    if (kernel.nrThreads !== tasks) throw new NoCourse('a run leaves processes that live');
    if (!isSameRest(machine.restOf(this.init), this.rest))
      throw new NoCourse('PID 1 goes on with its program');
    return {
      order,
      endsUs: endUs - startUs,
      endsBy,
      lastsUs: lastUs - startUs,
      births: { own, around: births - own },
      bornUs,
      aftermath: {
        remnants: left.remnants,
        adopted: left.adopted.map(({ index }) => index),
        after: { own: own - left.passed.own, around: births - own - left.passed.around },
      },
    };
  }

  private get nextTickUs(): number {
    return Number.isNaN(this.endUs) ? PERIOD_US + HALF_US : this.endUs + PERIOD_US;
  }

  /** What the run has left, in the order of PIDs; and it is removed, for the next run. */
  private left(first: { host: number; own: number }) {
    const { kernel, machine, init } = this;
    const { namespace, cgroup } = this.node.container;
    const zombies = [...machine.born].map((task) => {
      const { pid, ppid, pgid, sid, comm, uid, nspid, cgroup: its } = kernel.rowOf(task);
      const own = kernel.rowOf(task, namespace);
      const isUsual = kernel.isZombie(task) && ppid === kernel.hostPid(init) && its === cgroup;
      if (!isUsual || nspid.at(-1) !== own.pid) throw new NoCourse('a run leaves what is no zombie of PID 1');
      const bornUs = machine.startsUs!.get(task)!;
      return { task, own, pid, pgid, sid, bornUs, comm, uid, status: kernel.statusOf(task) };
    });
    // A PID that no task has is pinned if it is a zombie's group or session.
    const ownPids = new Map<number, number>();
    for (const { own, pgid, sid } of zombies) ownPids.set(pgid, own.pgid).set(sid, own.sid);
    for (const { own, pid } of zombies) ownPids.set(pid, own.pid);
    const pids = [...ownPids.keys()].sort((a, b) => a - b);
    if (pids.some((pid) => pid < first.host)) throw new NoCourse('a run leaves members of another session');
    const { pids: held, tasks } = kernel.originCount(this.origin);
    if (held - tasks !== pids.length - zombies.length) throw new NoCourse('a run pins other PIDs');
    const adopted: { index: number; bornUs: number }[] = [];
    const passed = { own: 0, around: 0 };
    const remnants = pids.map((pid, index): Remnant => {
      const host = pid - first.host - index;
      const ownCount = namespace === HOST_NS ? host : ownPids.get(pid)! - first.own - index;
      const before = { own: ownCount - passed.own, around: host - ownCount - passed.around };
      passed.own += before.own;
      passed.around += before.around;
      const zombie = zombies.find((each) => each.pid === pid);
      if (zombie === undefined) return { before, zombie: null };
      const { comm, uid, status, pgid, sid } = zombie;
      return { before, zombie: { comm, uid, status, group: pids.indexOf(pgid), session: pids.indexOf(sid) } };
    });
    const pidOf = new Map(
      zombies.map(({ task, pid, bornUs }) => [task, { index: pids.indexOf(pid), bornUs }]),
    );
    for (let task = kernel.wait(init, ANY); task >= 0; task = kernel.wait(init, ANY))
      adopted.push(pidOf.get(task)!);
    passed.own += pids.length;
    return { remnants, adopted, passed };
  }

  private get origin(): OriginId {
    const { origins } = this.node.context;
    return originId(origins.all.findIndex(({ kind }) => kind === 'liveness'));
  }
}

/** PID 1 is blocked in something that no orphan can end. */
const NEVER_LOOKS: readonly Blocked[] = [Blocked.PAUSED, Blocked.SLEEPING, Blocked.WAITING_LABEL];

export function isSameRest(a: Rest | null, b: Rest): boolean {
  if (a === null || a.pc !== b.pc || a.blocked !== b.blocked || a.sigchld !== b.sigchld) return false;
  return (
    a.program === b.program ||
    (a.program !== null && b.program !== null && textOf(a.program) === textOf(b.program))
  );
}

const texts = new WeakMap<Program, string>();

/** Programs with the same text do the same, whatever their names. */
export function textOf(program: Program): string {
  const { comm, code, durations, probabilities, comms } = program;
  const text =
    texts.get(program) ?? JSON.stringify([comm, Array.from(code), durations, probabilities, comms]);
  texts.set(program, text);
  return text;
}

/** The container's program runs only if it is PID 1: otherwise nothing that a run leaves concerns it. */
function cellSpec({ spec, programs }: NodeContext, container: Container, command: Program): NodeSpec {
  const { sandbox, user } = container;
  const { pidMode, sandboxless, hostNetwork } = sandbox;
  const probe: ProbeSpec = {
    type: 'liveness',
    action: { kind: 'exec', program: command },
    initialDelayUs: 0,
    periodUs: PERIOD_US,
    timeoutUs: HALF_US,
    successThreshold: 1,
    failureThreshold: 1,
  };
  const program = pidMode === 'container' ? container.program : programs.churn;
  return {
    ...spec,
    kubelet: {
      ...spec.kubelet,
      podPidsLimit: -1,
      reservedPids: 0,
      evictionPidAvailable: null,
      evictionSoftPid: undefined,
    },
    runtime: {
      ...spec.runtime,
      networkPlugin: 'none',
      containerPidsLimit: Number.POSITIVE_INFINITY,
      tasksMax: undefined,
      leaks: undefined,
    },
    sshLogins: null,
    podChurn: null,
    daemonThreadsEveryUs: null,
    cronJobs: [],
    interventions: [],
    pods: [
      {
        name: 'cell',
        count: 1,
        pidMode,
        sandboxless,
        hostNetwork,
        pidMax: null,
        startAtUs: 0,
        stopAtUs: null,
        restartPolicy: 'Always',
        terminationGraceUs: 0,
        containers: [
          {
            name: 'cell',
            program,
            probes: [probe],
            user: user === null ? undefined : { uid: user.uid, nprocMax: Number.POSITIVE_INFINITY },
          },
        ],
      },
    ],
  };
}

/**
 * Notes the course of a run: the kind of each event, its owner (numbered by first appearance), and the chain
 * of events that led to it.
 */
class TracedSimulation extends Simulation {
  private course = new Digest();
  private readonly names = new Map<number, number>();
  private readonly closing = new Set<EventKind>();
  private told: (() => void) | null = null;
  private startUs = Number.NaN;
  private lastUs = Number.NaN;
  /** The event that happens now, and those that are pending. */
  private link: Link | null = null;
  private readonly pending = new Map<string, Link>();
  /** Every chain so far that was asked for. */
  private readonly chains = new Map<string, number>();

  begin(told: () => void): void {
    this.told = told;
    this.course = new Digest();
    this.names.clear();
    this.pending.clear();
    this.startUs = this.nowUs;
    this.lastUs = this.nowUs;
  }

  end(): { order: string; lastUs: number } {
    this.told = null;
    return { order: this.course.hex(), lastUs: this.lastUs };
  }

  override register(handler: (a: number, b: number) => void): EventKind {
    const kind = super.register((a, b) => {
      if (this.told !== null && !this.closing.has(kind)) this.note(kind, a);
      handler(a, b);
      this.told?.();
    });
    return kind;
  }

  override at(timeUs: number, kind: EventKind, a: number, b: number): void {
    if (this.told !== null) this.follow(timeUs, kind, a);
    super.at(timeUs, kind, a, b);
  }

  override soon(kind: EventKind, a: number, b: number): void {
    if (this.told !== null) this.follow(this.nowUs, kind, a);
    super.soon(kind, a, b);
  }

  /**
   * Events at the end of an instant are timeouts. A run in a cell is over before any of them, so they are no
   * part of its course.
   */
  override atEndOf(timeUs: number, kind: EventKind, a: number, b: number): void {
    this.closing.add(kind);
    super.atEndOf(timeUs, kind, a, b);
  }

  /**
   * The chain of events that led to this one, as a number. Events of one instant come in the order in which
   * they were scheduled, and so did the events that scheduled them.
   */
  get chain(): number {
    let text = '';
    for (let { link } = this; link !== null; link = link.by) text += `${link.atUs} ${link.forUs} `;
    const chain = this.chains.get(text) ?? this.chains.size;
    this.chains.set(text, chain);
    return chain;
  }

  private follow(timeUs: number, kind: EventKind, a: number): void {
    const link = { by: this.link, atUs: this.nowUs - this.startUs, forUs: timeUs - this.startUs };
    this.pending.set(`${timeUs} ${kind} ${a}`, link);
  }

  private note(kind: EventKind, owner: number): void {
    const name = this.names.get(owner) ?? this.names.size;
    this.names.set(owner, name);
    this.course.fold((kind << 16) | (name << 1) | (this.nowUs > this.lastUs ? 1 : 0));
    this.lastUs = this.nowUs;
    this.link = this.pending.get(`${this.nowUs} ${kind} ${owner}`) ?? null;
  }
}

/** An event: which one scheduled it, when, and for when, since the tick. null: the tick itself did. */
interface Link {
  by: Link | null;
  atUs: number;
  forUs: number;
}

/** Keeps track of the processes of a run. */
class CellMachine extends Machine {
  readonly born = new Set<TaskId>();

  begin(): void {
    this.born.clear();
    this.startsUs = new Map();
  }

  override forked(parent: TaskId, child: TaskId, hostPid: number): void {
    super.forked(parent, child, hostPid);
    this.born?.add(child);
  }

  override released(task: TaskId, hostPid: number): void {
    super.released(task, hostPid);
    this.born?.delete(task);
  }
}

/** Nothing in a cell is left to chance: what the command draws is chosen, all else is the same each time. */
class CellStreams extends RandomStreams {
  constructor(private readonly script: Script) {
    super(0);
  }

  override stream(_entity: string, purpose: string): RandomStream {
    return purpose === 'program' ? this.script : { uniform: () => 0 };
  }
}

/** The draws of a run. The first run shows how many there are, and which values each can have. */
class Script implements RandomStream {
  readonly draws: { count: number; draw: Draw }[] = [];
  private values: readonly number[] = [];
  private next = 0;
  private isFirst = true;

  begin(values: readonly number[]): void {
    this.isFirst = this.values.length === 0 && this.draws.length === 0;
    this.values = values;
    this.next = 0;
  }

  choose(count: number, draw: Draw): number {
    if (count === Number.POSITIVE_INFINITY) throw new NoCourse('a draw can have any value');
    const place = this.next++;
    if (this.isFirst) this.draws.push({ count, draw });
    else if (this.draws[place]?.count !== count)
      throw new NoCourse('what is drawn depends on an earlier draw');
    return this.values[place] ?? 0;
  }

  /** Have all draws been made? */
  get isComplete(): boolean {
    return this.next === this.draws.length;
  }

  uniform(): number {
    throw new NoCourse('a draw is of no known kind');
  }
}
