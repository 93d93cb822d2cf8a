/**
 * Runs a litmus on the model.
 *
 * The helpers outside are the same as the runner's (runner/conductor.c), each with the same system calls in
 * the same order, so that even the PIDs of the outside namespace can be compared:
 *
 *     host (PID 1, reaps) ── shim (subreaper, reaps), if asked for
 *       ├ runtime ── unshare, fork ──► init          waits for it
 *       └ enter ── setns, fork ──► a program         waits for it, or not, or leaves
 */

import {
  ANY,
  type CgroupId,
  HOST_NS,
  type KernelRules,
  NONE,
  type PidNsId,
  type Refuser,
  ROOT_CGROUP,
  type TaskId,
} from '../../kernel/kernel.js';
import { kernelRules } from '../../node/versions/kernel.js';
import { processRow } from '../../procfs/from-kernel.js';
import type { Program } from '../../program/code.js';
import { Machine } from '../../program/machine.js';
import { RandomStreams } from '../../sim/random.js';
import { Simulation } from '../../sim/simulation.js';
import { type EntryEvent, expandEntries, nestNames, programsOf } from './encode.js';
import type { Litmus, LitmusEntry } from './litmus.js';
import { type Outcome, type Refusal, sortRefusals, type View, type World } from './world.js';

export interface ModelRunOptions {
  /** Default: those of a current kernel with cgroup v1. */
  rules?: KernelRules;
  /** Simulated events after which a world that moves is called restless. */
  eventsMax?: number;
  /** Called for every refused fork and thread; `where` names the namespace that is full or dead. */
  onRefused?: (refusedBy: Refuser, where: 'outside' | 'inside' | 'nested') => void;
}

const EVENTS_MAX_USUAL = 3_000_000;
/** A world that sleeps for years between two steps is not worth waiting for. */
const QUIET_SPANS_MAX = 1_000_000;

export function runOnModel(litmus: Litmus, options: ModelRunOptions = {}): Outcome {
  const stage = new Stage(litmus, options.rules ?? kernelRules('6.18', 'v1')!, options.onRefused);
  const after = stage.play(options.eventsMax ?? EVENTS_MAX_USUAL);
  stage.machine.kernel.checkInvariants();
  const world = stage.world();
  return after === null ? { kind: 'rest', world } : { kind: 'restless', after, world };
}

/** Whose processes RLIMIT_NPROC counts. */
const ORDINARY_UID = 1000;

class Stage {
  readonly sim = new Simulation();
  readonly machine: Machine;
  private readonly pod: CgroupId;
  private readonly programs: ReadonlyMap<string, Program>;
  private readonly events: EntryEvent[];
  private readonly streams = new RandomStreams(1);
  /** Inside first, then the nested ones in the order of `nestNames`; NONE until it has been made. */
  private readonly spaces: PidNsId[];
  /** A helper is in the middle of a fork. */
  private entering = false;
  private readonly refusals = new Map<string, Refusal>();
  private shim: TaskId = NONE;
  /** What a helper does when it runs for the first time. */
  private readonly duties: (() => void)[] = [];
  private readonly duty: number;

  constructor(
    private readonly litmus: Litmus,
    rules: KernelRules,
    onRefused: ModelRunOptions['onRefused'],
  ) {
    const { sim } = this;
    this.machine = new Machine({
      sim,
      rules,
      pidMax: litmus.limits.hostPidMax,
      threadsMax: 1_000_000,
      initComm: 'host',
    });
    this.programs = programsOf(litmus);
    this.events = expandEntries(litmus);
    this.spaces = [NONE, ...nestNames(litmus).map(() => NONE)];
    this.machine.observe({
      refused: (_parent, { errno, refusedBy, at }) => {
        this.noteRefusal(errno, this.entering ? 'entry' : 'program');
        onRefused?.(refusedBy, at === 0 ? 'outside' : at === this.spaces[0] ? 'inside' : 'nested');
      },
    });
    this.pod = this.machine.kernel.createCgroup(
      ROOT_CGROUP,
      litmus.limits.pidsMax ?? Number.POSITIVE_INFINITY,
    );
    this.duty = sim.register((index) => this.duties[index]());
    this.setUp();
  }

  private setUp(): void {
    const { kernel } = this.machine;
    const enter = this.sim.register((index) => this.letIn(this.events[index].entry));
    for (const [index, { atUs }] of this.events.entries()) this.sim.at(atUs, enter, index, 0);
    kernel.setsid(kernel.init);
    this.reapForEver(kernel.init);
    if (this.litmus.outside.subreaper) this.startShim();
    this.startInit();
  }

  private startShim(): void {
    const { kernel } = this.machine;
    this.shim = this.helper(kernel.init, 'shim');
    kernel.setSubreaper(this.shim, true);
    this.reapForEver(this.shim);
  }

  private startInit(): void {
    const runtime = this.helper(this.machine.kernel.init, 'runtime');
    this.soon(() => {
      const init = this.forkInit(runtime, 0, this.litmus.limits.pidMax, this.litmus.init);
      this.attend(runtime, init, this.litmus.outside.reapInit, false);
    });
  }

  private forkHelped(parent: TaskId): TaskId {
    this.entering = true;
    const child = this.machine.kernel.fork(parent);
    this.entering = false;
    return child;
  }

  /** A child of a helper, in a process group of its own. NONE: refused. */
  private helper(parent: TaskId, comm: string): TaskId {
    const { kernel } = this.machine;
    const task = this.forkHelped(parent);
    if (task === NONE) return NONE;
    kernel.setpgid(task);
    kernel.setComm(task, kernel.comm(comm));
    return task;
  }

  /** A new namespace under the parent's, and its PID 1. */
  private forkInit(parent: TaskId, space: number, pidMax: number, program: string): TaskId {
    const { kernel } = this.machine;
    const made = kernel.unsharePidNamespace(parent, pidMax);
    const init = this.forkHelped(parent);
    if (init === NONE) return NONE;
    // One that never had a PID 1 cannot be entered: there is no process to find it by.
    this.spaces[space] = made;
    kernel.attach(init, this.pod);
    kernel.setsid(init);
    this.load(init, program);
    return init;
  }

  private letIn(entry: LitmusEntry): void {
    const enter = this.helper(this.shim === NONE ? this.machine.kernel.init : this.shim, 'enter');
    if (enter !== NONE) this.soon(() => this.runEntry(enter, entry));
  }

  private runEntry(enter: TaskId, entry: LitmusEntry): void {
    const { kernel } = this.machine;
    const space = this.spaces[entry.into === undefined ? 0 : 1 + nestNames(this.litmus).indexOf(entry.into)];
    if (space === NONE) {
      kernel.exit(enter, 0);
      return;
    }
    kernel.setns(enter, space);
    const child = this.forkHelped(enter);
    if (child === NONE) kernel.exit(enter, 0);
    else {
      kernel.attach(child, this.pod);
      if (entry.nest !== undefined) this.makeNest(child, entry);
      else {
        if (entry.setsid) kernel.setsid(child);
        this.load(child, entry.program);
      }
      this.attend(enter, child, entry.reap, entry.leave);
    }
  }

  /** The parent of a nested namespace's PID 1, as a nested runtime is. */
  private makeNest(task: TaskId, entry: LitmusEntry): void {
    const nest = entry.nest!;
    const { kernel } = this.machine;
    kernel.setComm(task, kernel.comm('nest'));
    this.soon(() => {
      const init = this.forkInit(task, 1 + nestNames(this.litmus).indexOf(nest.name), nest.pidMax, nest.init);
      this.attend(task, init, entry.reap, entry.leave);
    });
  }

  /** What a helper does about its child: wait and end, stay without waiting, or end at once. */
  private attend(task: TaskId, child: TaskId, reap: boolean, leave: boolean): void {
    const { kernel } = this.machine;
    const end = (): void => {
      kernel.exit(task, 0);
    };
    if (child === NONE || leave) end();
    else if (reap) {
      this.machine.worker(task, {
        wake: () => {
          if (kernel.wait(task, child) >= 0) end();
        },
      });
    }
  }

  private reapForEver(task: TaskId): void {
    const { kernel } = this.machine;
    this.machine.worker(task, {
      wake: () => {
        while (kernel.wait(task, ANY) >= 0);
      },
    });
  }

  private load(task: TaskId, program: string): void {
    const { nproc } = this.litmus.limits;
    if (nproc !== null) {
      this.machine.kernel.setUser(task, ORDINARY_UID);
      this.machine.kernel.setNprocMax(task, nproc);
    }
    this.machine.load(task, this.programs.get(program)!, this.streams.stream(program, 'chance'));
  }

  /** At this instant, after everything already due. */
  private soon(duty: () => void): void {
    this.sim.soon(this.duty, this.duties.push(duty) - 1, 0);
  }

  private noteRefusal(errno: 'EAGAIN' | 'ENOMEM', by: Refusal['by']): void {
    const refusal = this.refusals.get(`${errno} ${by}`);
    if (refusal === undefined) this.refusals.set(`${errno} ${by}`, { errno, by, count: 1 });
    else refusal.count++;
  }

  // ---- the clock

  /** Runs to rest, or to `until`. Returns null, or how long it was watched in vain. */
  play(eventsMax: number): string | null {
    const { sim, machine } = this;
    if (this.litmus.untilUs !== null) sim.run(this.litmus.untilUs);
    else {
      const longestUs = this.longestSleepUs();
      for (let spans = 0; ; spans++) {
        const before = sim.eventCount;
        sim.run(Math.max(sim.nowUs, this.lastEntryUs()) + longestUs + 1);
        // No process sleeps longer than this: when nothing has happened for so long, nothing will.
        if (machine.runaway !== null || (sim.eventCount === before && spans > 0)) break;
        if (sim.eventCount > eventsMax || spans > QUIET_SPANS_MAX)
          return `${sim.eventCount} simulated events`;
      }
    }
    return machine.runaway === null ? null : `${machine.runaway.steps} steps in one instant`;
  }

  private longestSleepUs(): number {
    const all = [...this.programs.values()].flatMap(({ durations }) => durations);
    return Math.max(1, ...all.map((duration) => (duration.kind === 'constant' ? duration.us : 0)));
  }

  private lastEntryUs(): number {
    return this.events.at(-1)?.atUs ?? 0;
  }

  // ---- what is seen

  world(): World {
    const { kernel } = this.machine;
    const nested: Record<string, View> = {};
    for (const [index, name] of nestNames(this.litmus).entries())
      nested[name] = this.view(this.spaces[index + 1]);
    const outside = this.view(HOST_NS);
    return {
      inside: this.view(this.spaces[0]),
      outside: { ...outside, tasks: outside.tasks.filter(({ pid }) => pid !== 1) },
      nested,
      refusals: sortRefusals([...this.refusals.values()]),
      pidsCurrent: kernel.pidsCurrent(this.pod),
      pidsEvents: kernel.pidsEvents(this.pod),
    };
  }

  private view(space: PidNsId): View {
    if (space === NONE) return { tasks: [], pinned: [] };
    const { kernel } = this.machine;
    return { tasks: kernel.listTasks(space).map(processRow), pinned: kernel.pinnedPids(space) };
  }
}
