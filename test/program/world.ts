/**
 * A small machine for tests of programs: a private PID namespace with a program as PID 1, which others enter
 * from outside as session leaders, as an exec does (R4). Whoever they leave behind is for PID 1 to reap.
 */

import { HOST_NS, type Kernel, NONE, type PidNsId, SIGKILL, type TaskId } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';
import { programLibrary } from '../../src/program/catalogue/library.js';
import type { Program } from '../../src/program/code.js';
import { compileSource } from '../../src/program/compile.js';
import { Machine } from '../../src/program/machine.js';
import type { ProgramSource, Step } from '../../src/program/step.js';
import { RandomStreams } from '../../src/sim/random.js';
import { Simulation } from '../../src/sim/simulation.js';
import { parseDurationUs } from '../../src/text/duration.js';

const LIBRARY = programLibrary();

/** Compiles a program of the catalogue by name, or steps. */
export function program(what: What, own?: ReadonlyMap<string, ProgramSource>): Program {
  const library = own ? programLibrary(own) : LIBRARY;
  const source =
    typeof what === 'string' ? library.get(what) : Array.isArray(what) ? { comm: 'test', steps: what } : what;
  if (source === undefined) throw new Error(`the catalogue has no "${what}"`);
  const compiled = compileSource(typeof what === 'string' ? what : 'test', source, library);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.program;
}

/** A program by name, as a source, or as steps. */
type What = string | ProgramSource | Step[];

export class World {
  readonly sim = new Simulation();
  readonly machine: Machine;
  readonly kernel: Kernel;
  /** The namespace, and who is PID 1 of it. */
  readonly namespace: PidNsId;
  readonly init: TaskId;
  private readonly streams: RandomStreams;
  private entered = 0;

  constructor(init: What, options: { pidMax?: number; seed?: number; machine?: typeof Machine } = {}) {
    this.streams = new RandomStreams(options.seed ?? 1);
    this.machine = new (options.machine ?? Machine)({
      sim: this.sim,
      rules: kernelRules('6.18')!,
      pidMax: 4_194_304,
      threadsMax: 1_000_000,
    });
    this.kernel = this.machine.kernel;
    const parent = this.kernel.fork(this.kernel.init);
    this.namespace = this.kernel.unsharePidNamespace(parent, options.pidMax);
    this.init = this.kernel.fork(parent);
    this.machine.load(this.init, program(init), this.streams.stream('init', 'program'));
    this.run('1ms');
  }

  /** Starts a program in the namespace; NONE if the namespace is full. */
  enter(what: What, setsid = true, own?: ReadonlyMap<string, ProgramSource>): TaskId {
    const { kernel } = this;
    const shim = kernel.init;
    kernel.setns(shim, this.namespace);
    const task = kernel.fork(shim);
    kernel.setns(shim, HOST_NS);
    if (task === NONE) return NONE;
    if (setsid) kernel.setsid(task);
    this.machine.load(task, program(what, own), this.streams.stream(`exec-${this.entered++}`, 'program'));
    return task;
  }

  /**
   * Runs a program to its end, or for as long as stated, and reaps it, as a shim does. Null: not over, or
   * refused.
   */
  exec(what: What, duration = '1m', setsid = true, own?: ReadonlyMap<string, ProgramSource>): number | null {
    const task = this.enter(what, setsid, own);
    if (task === NONE) return null;
    const untilUs = this.sim.nowUs + parseDurationUs(duration)!;
    while (this.sim.nowUs < untilUs && !this.kernel.isZombie(task)) this.run('10ms');
    if (!this.kernel.isZombie(task)) return null;
    this.kernel.wait(this.kernel.init, task);
    return this.kernel.waitedStatus;
  }

  /** What a runtime does when a probe takes too long: SIGKILL to the one process (R17). */
  killAndReap(task: TaskId): void {
    this.kernel.kill(this.kernel.init, task, SIGKILL);
    this.kernel.wait(this.kernel.init, task);
  }

  run(duration: string): void {
    this.sim.run(this.sim.nowUs + parseDurationUs(duration)!);
  }

  get zombies(): number {
    return this.kernel.zombies(this.namespace);
  }

  get pinned(): number {
    return this.kernel.pinned(this.namespace);
  }

  get tasks(): number {
    return this.kernel.taskCount(this.namespace);
  }

  /** `stat comm` of each task, in the order of PIDs. */
  get listing(): string[] {
    return this.kernel.listTasks(this.namespace).map(({ stat, comm }) => `${stat} ${comm}`);
  }
}
