/**
 * The simulated counterpart of private-namespace.ts: a namespace with a PID 1 of one's choice, and programs
 * that enter it from outside. The lab's measurements are repeated on it, to be put beside those of the real
 * kernel.
 */

import { ANY, NONE, type PidNsId, type TaskId, taskId } from '../../../src/kernel/kernel.js';
import { PID_MAX_LIMIT } from '../../../src/kernel/limits.js';
import type { InitAnswer, InitCheckName } from '../../../src/lab/init/report.js';
import { kernelRules } from '../../../src/node/versions/kernel.js';
import { programLibrary } from '../../../src/program/catalogue/index.js';
import type { Program } from '../../../src/program/code.js';
import { compileProgram } from '../../../src/program/compile.js';
import { Machine } from '../../../src/program/machine.js';
import type { ProgramLibrary, ProgramSource } from '../../../src/program/step.js';
import { RandomStreams } from '../../../src/sim/random.js';
import { Simulation } from '../../../src/sim/simulation.js';

/** Rest: longer than anything that a probe leaves behind goes on for. */
const REST_US = 60_000_000;

export interface ModelNamespaceOptions {
  /** Name in the library. Default `pause-3.0`. */
  init?: string;
  /** Programs over the catalogue. */
  programs?: ReadonlyMap<string, ProgramSource>;
  pidMax?: number;
  seed?: number;
  replication?: number;
}

export class ModelNamespace {
  readonly sim = new Simulation();
  readonly machine: Machine;
  readonly space: PidNsId;
  readonly init: TaskId;
  private readonly library: ProgramLibrary;
  private readonly streams: RandomStreams;
  private readonly ended = new Map<TaskId, number>();
  private readonly deaths: number;
  private count = 0;

  /** Throws on a program that is not in the library or does not compile. */
  constructor(options: ModelNamespaceOptions = {}) {
    this.library = programLibrary(options.programs);
    this.streams = new RandomStreams(options.seed ?? 1, options.replication ?? 0);
    const rules = kernelRules('6.18')!;
    this.machine = new Machine({ sim: this.sim, rules, pidMax: PID_MAX_LIMIT, threadsMax: 1_000_000 });
    this.deaths = this.sim.register((task) => this.kernel.exit(taskId(task), 0));
    this.space = this.kernel.unsharePidNamespace(this.kernel.init, options.pidMax ?? 20_000);
    this.init = this.kernel.fork(this.kernel.init);
    this.kernel.setsid(this.init);
    this.kernel.setns(this.kernel.init, this.space);
    this.machine.worker(this.kernel.init, { wake: () => this.reapOutside() });
    this.machine.load(this.init, this.compile(options.init ?? 'pause-3.0'), this.stream('init'));
  }

  get kernel(): Machine['kernel'] {
    return this.machine.kernel;
  }

  compile(name: string): Program {
    const compiled = compileProgram(name, this.library);
    if (!compiled.ok) throw new Error(compiled.problems.map(({ message }) => message).join('; '));
    return compiled.program;
  }

  /** A program enters from outside, as a CRI exec does. The task, or NONE if its fork was refused. */
  enter(program: Program, setsid = true): TaskId {
    const task = this.kernel.fork(this.kernel.init);
    if (task === NONE) return NONE;
    this.ended.delete(task);
    if (setsid) this.kernel.setsid(task);
    this.machine.load(task, program, this.stream(`${program.name}/${++this.count}`));
    return task;
  }

  /** Runs on for so long, or until the task that had entered has ended; its exit status, or null if it goes on. */
  run(us: number, until: TaskId = NONE): number | null {
    const end = this.sim.nowUs + us;
    if (until !== NONE) {
      this.awaited = until;
      if (!this.ended.has(until)) this.sim.run(end);
      this.awaited = NONE;
    } else this.sim.run(end);
    if (this.machine.runaway !== null) throw new Error(`${this.machine.runaway.program} never blocks`);
    return this.ended.get(until) ?? null;
  }

  /** The next PID of the namespace's cursor; nothing is left of the process that asks. */
  nextPid(): number {
    const task = this.kernel.fork(this.kernel.init);
    if (task === NONE) return 0;
    const number = this.kernel.pidOf(task, this.space);
    this.kernel.exit(task, 0);
    this.kernel.wait(this.kernel.init, task);
    return number;
  }

  /** Orphans that PID 1 adopts alive, of its own descendants or of a process that had entered from outside. */
  makeOrphans(kind: 'own' | 'stranger', count: number): TaskId[] {
    const { kernel } = this;
    const from = kind === 'own' ? this.init : kernel.init;
    const parent = kernel.fork(from);
    const middle = kernel.fork(parent);
    const orphans = Array.from({ length: count }, () => kernel.fork(middle));
    kernel.exit(middle, 0);
    kernel.wait(parent, middle);
    kernel.exit(parent, 0);
    if (kind === 'stranger') kernel.wait(kernel.init, parent);
    this.sim.run(this.sim.nowUs);
    return orphans;
  }

  /** They end one after another, or all at one instant (gap 0), beginning now. */
  letDie(orphans: readonly TaskId[], gapUs: number): void {
    for (const [index, task] of orphans.entries()) this.sim.after(index * gapUs, this.deaths, task, 0);
  }

  private awaited: TaskId = NONE;

  private reapOutside(): void {
    for (;;) {
      const task = this.kernel.wait(this.kernel.init, ANY);
      if (task < 0) return;
      this.ended.set(task, this.kernel.waitedStatus);
      if (task === this.awaited) this.sim.stop();
    }
  }

  private stream(purpose: string): ReturnType<RandomStreams['stream']> {
    return this.streams.stream(purpose, 'program');
  }
}

// ---- the lab's measurements, on the model
// --------------------------------------------------------------------------

/** As RecordedRun has them. */
export interface ModelledRun {
  status: number | null;
  durationUs: number;
  zombies: number;
  pinned: number;
  live: number;
  pidsUsed: number;
}

/** Runs a program so many times under a PID 1 that does not reap; what each run left behind, at rest. */
export function modelRuns(
  name: string,
  programs: ReadonlyMap<string, ProgramSource>,
  runs: number,
  options: { setsid?: boolean; timeoutUs?: number; seed?: number } = {},
): ModelledRun[] {
  const host = new ModelNamespace({ programs, seed: options.seed });
  const program = host.compile(name);
  const { kernel, space } = host;
  return Array.from({ length: runs }, () => {
    const before = {
      zombies: kernel.zombies(space),
      pinned: kernel.pinned(space),
      tasks: kernel.taskCount(space),
    };
    const beganUs = host.sim.nowUs;
    const task = host.enter(program, options.setsid);
    const number = kernel.pidOf(task, space);
    const status = host.run(options.timeoutUs ?? 3_600_000_000, task);
    const durationUs = host.sim.nowUs - beganUs;
    host.run(REST_US);
    const zombies = kernel.zombies(space) - before.zombies;
    return {
      status,
      durationUs,
      zombies,
      pinned: kernel.pinned(space) - before.pinned,
      live: kernel.taskCount(space) - before.tasks - zombies,
      pidsUsed: host.nextPid() - number,
    };
  });
}

/** The reaping checks of `examineInit`, on a program of the library as PID 1. */
export function examineModelInit(
  init: string,
  options: { burst?: number; programs?: ReadonlyMap<string, ProgramSource> } = {},
): Record<
  Extract<InitCheckName, 'orphans' | 'burst' | 'stopped' | 'strangers'>,
  { answer: InitAnswer; zombies: number }
> {
  const burst = options.burst ?? 50;
  const check = (
    kind: 'own' | 'stranger',
    count: number,
    gapUs: number,
  ): { answer: InitAnswer; zombies: number } => {
    const host = new ModelNamespace({ init, programs: options.programs });
    host.run(1_000_000);
    const before = host.kernel.zombies(host.space);
    const orphans = host.makeOrphans(kind, count);
    host.run(1_000_000);
    // What the making itself left (a helper that has ended) is not counted.
    const helpers = host.kernel.zombies(host.space) - before;
    host.letDie(orphans, gapUs);
    host.run(REST_US);
    const zombies = Math.max(0, host.kernel.zombies(host.space) - before - helpers);
    return { answer: zombies > 0 ? 'no' : 'yes', zombies };
  };
  return {
    orphans: check('own', 10, 15_000),
    burst: check('own', burst, 0),
    // A stopped process has one SIGCHLD pending however many died: what one instant is to the model.
    stopped: check('own', burst, 0),
    strangers: check('stranger', burst, 0),
  };
}
