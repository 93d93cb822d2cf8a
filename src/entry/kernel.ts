/**
 * The kernel model by itself: processes, PIDs, namespaces and signals, without time, chance or Kubernetes.
 *
 *     import { boot } from 'pidsim/kernel';
 *
 *     const kernel = boot();
 *     const child = kernel.fork(kernel.init);
 *     kernel.exit(child, 3);
 *     kernel.isZombie(child); // true: its parent has not waited
 *     kernel.wait(kernel.init); // { pid: 2, status: 3 }
 *     kernel.pids(); // [1]: its PID is free
 *
 * It runs alike in Node and in a browser. What each call stands for, and what it leaves out: docs/rules.md,
 * K1 to K48.
 */

import {
  ANY,
  type ForkRefusal,
  HOST_NS,
  KERNEL,
  Kernel,
  NONE,
  type PidNsId,
  SIGCHLD,
  SIGKILL,
  SIGTERM,
  type TaskId,
} from '../kernel/kernel.js';
import { type LitmusSource, litmusOf } from '../lab/litmus/litmus.js';
import { runOnModel } from '../lab/litmus/model-run.js';
import { kernelRules } from '../node/versions/kernel.js';
import { processRow } from '../procfs/from-kernel.js';
import type { ProcessRow } from '../procfs/process-row.js';
import { ROW_HEADER, rowLine } from '../procfs/rows-text.js';
import { programLibrary } from '../program/catalogue/index.js';
import type { ProgramSource } from '../program/step.js';

export type { ProcessRow, ProgramSource };

/** A process, from its fork until it is waited for; then another one may get the same. */
export type Task = TaskId;
export type PidNamespace = PidNsId;

const SIGNALS = { SIGTERM, SIGKILL, SIGCHLD } as const;

export interface BootOptions {
  /** Version of Linux, as `uname -r` begins. Default `6.18`. */
  kernel?: string;
  /** `kernel.pid_max` of the host: PIDs below it can be given out. Default 32768. */
  pidMax?: number;
  /** `kernel.threads-max`. Default 100000. */
  threadsMax?: number;
}

/** The kernel has refused a fork, as fork(2) does with EAGAIN or ENOMEM (`copy_process`). */
export class ForkRefused extends Error {
  override readonly name = 'ForkRefused';

  constructor(
    readonly errno: ForkRefusal['errno'],
    /** The limit that refused it: `pid-max`, `threads-max`, `namespace-dead`, … */
    readonly refusedBy: ForkRefusal['refusedBy'],
  ) {
    super(`fork refused with ${errno}, by ${refusedBy}`);
  }
}

/**
 * A machine with one process, the host's PID 1.
 *
 * @throws RangeError if `kernel` is no version.
 */
export function boot(options: BootOptions = {}): KernelModel {
  return new KernelModel(options);
}

/** System calls, and readers that change nothing. A PID namespace that is left out is the host's. */
export class KernelModel {
  readonly #kernel: Kernel;
  /** The host's PID 1. */
  readonly init: Task;

  /** @internal */
  constructor({ kernel = '6.18', pidMax = 32_768, threadsMax = 100_000 }: BootOptions) {
    const rules = kernelRules(kernel);
    if (rules === null) throw new RangeError(`\`${kernel}\` is no version of Linux`);
    this.#kernel = new Kernel({ rules, pidMax, threadsMax });
    this.init = this.#kernel.init;
  }

  /** fork(2): a child with its parent's name, group and session. @throws ForkRefused */
  fork(parent: Task): Task {
    const child = this.#kernel.fork(parent);
    if (child !== NONE) return child;
    const { errno, refusedBy } = this.#kernel.refusal;
    throw new ForkRefused(errno, refusedBy);
  }

  /** execve(2), as far as the process table shows it: a new name, other threads gone, handlers reset. */
  exec(task: Task, comm: string): void {
    this.#kernel.exec(task, comm);
  }

  /** exit_group(2): a zombie, unless its parent lets the kernel reap it; its children are adopted. */
  exit(task: Task, status = 0): void {
    this.#kernel.exit(task, status);
  }

  /**
   * waitpid(2) with WNOHANG, for one child or for any: the child's PID in its parent's namespace and its exit
   * status, 128 + the signal if one ended it. Null: none of them is a zombie.
   */
  wait(parent: Task, child?: Task): { pid: number; status: number } | null {
    if (this.#kernel.wait(parent, child ?? ANY) < 0) return null;
    return { pid: this.#kernel.waitedPid, status: this.#kernel.waitedStatus };
  }

  /** setsid(2). False: it leads a process group already (EPERM). */
  setsid(task: Task): boolean {
    return this.#kernel.setsid(task);
  }

  /** setpgid(0, 0). False: EPERM. */
  setpgid(task: Task): boolean {
    return this.#kernel.setpgid(task);
  }

  /**
   * kill(2). `sender` null: a process outside the namespace, or the kernel. A PID 1 without a handler is not
   * ended by SIGTERM, nor by SIGKILL from inside. False: no such process (ESRCH).
   */
  kill(sender: Task | null, target: Task, signal: keyof typeof SIGNALS): boolean {
    return this.#kernel.kill(sender ?? KERNEL, target, SIGNALS[signal]);
  }

  /** SIGCHLD: `ignore` and `nocldwait` let the kernel reap the process' children. */
  setSigchld(task: Task, action: 'default' | 'ignore' | 'nocldwait'): void {
    this.#kernel.setSigchld(task, action);
  }

  /** PR_SET_CHILD_SUBREAPER: orphans below the process are adopted by it and not by PID 1. */
  setSubreaper(task: Task, on = true): void {
    this.#kernel.setSubreaper(task, on);
  }

  /** unshare(CLONE_NEWPID): the next child of the process is PID 1 of the namespace returned. */
  unshare(task: Task, options: { pidMax?: number } = {}): PidNamespace {
    return this.#kernel.unsharePidNamespace(task, options.pidMax);
  }

  /**
   * setns(2): children of the process are born in the namespace, as those of an exec into a container. False:
   * it is dead.
   */
  setns(task: Task, namespace: PidNamespace): boolean {
    return this.#kernel.setns(task, namespace);
  }

  /** The process' PID in a namespace; 0 if it has none there. */
  pidOf(task: Task, namespace: PidNamespace = HOST_NS): number {
    return this.#kernel.pidOf(task, namespace);
  }

  parentOf(task: Task): Task {
    return this.#kernel.parentOf(task);
  }

  isZombie(task: Task): boolean {
    return this.#kernel.isZombie(task);
  }

  /** Every PID that is taken, in order: of live processes, of zombies, and pinned. */
  pids(namespace: PidNamespace = HOST_NS): number[] {
    return [...this.processes(namespace).map(({ pid }) => pid), ...this.pinned(namespace)].sort(
      (a, b) => a - b,
    );
  }

  /** The PIDs of zombies, in order. */
  zombies(namespace: PidNamespace = HOST_NS): number[] {
    return this.processes(namespace).flatMap(({ pid, stat }) => (stat.startsWith('Z') ? [pid] : []));
  }

  /** PIDs of reaped leaders whose group or session still has a member: taken, and shown by no tool (K10). */
  pinned(namespace: PidNamespace = HOST_NS): number[] {
    return this.#kernel.pinnedPids(namespace);
  }

  /** `ps`: every process, zombies too, in the order of PIDs. */
  processes(namespace: PidNamespace = HOST_NS): ProcessRow[] {
    return this.#kernel.listTasks(namespace).map(processRow);
  }

  /** The same as text, with the pinned PIDs below. */
  dump(namespace: PidNamespace = HOST_NS): string {
    const pinned = this.pinned(namespace).join(' ') || 'none';
    return [ROW_HEADER, ...this.processes(namespace).map(rowLine), `pinned: ${pinned}`].join('\n');
  }
}

export interface RunProgramOptions {
  /**
   * PID 1 of the namespace: steps, or a program of the catalogue, such as `pause-3.1` or `tini -- app`.
   * Default `pause-3.0`.
   */
  pid1?: string | ProgramSource;
  /** How many times the program enters, one second apart. Default 1. */
  times?: number;
  /** Does it become a session leader, as runc makes it? Default true. */
  setsid?: boolean;
}

/**
 * Runs a program as an exec into a container: it enters a PID namespace from outside, and what it orphans is
 * adopted by PID 1.
 *
 * @param program steps, as under `programs:` of a scenario, or the name of a program of the catalogue.
 * @returns the namespace's processes once nothing moves any more, in the order of PIDs.
 * @throws RangeError if there is no such program, it is not valid, or nothing ever comes to rest.
 */
export function runProgram(program: string | ProgramSource, options: RunProgramOptions = {}): ProcessRow[] {
  const { pid1 = 'pause-3.0', times = 1, setsid = true } = options;
  const given = { program, pid1 };
  const own = Object.entries(given).filter(([, source]) => typeof source !== 'string');
  const name = (key: keyof typeof given): string =>
    typeof given[key] === 'string' ? (given[key] as string) : key;
  const source: LitmusSource = {
    name: 'program',
    question: 'What does it leave?',
    rules: [],
    programs: Object.fromEntries(own),
    init: name('pid1'),
    enter: [{ at: '1s', every: '1s', times, program: name('program'), setsid }],
  };
  const litmus = litmusOf(source, programLibrary());
  if (!litmus.ok) throw new RangeError(litmus.diagnostics.map(({ message }) => message).join('; '));
  const outcome = runOnModel(litmus.value);
  if (outcome.kind === 'rest') return outcome.world.inside.tasks;
  throw new RangeError(
    outcome.kind === 'restless' ? `it never comes to rest: ${outcome.after}` : outcome.kind,
  );
}
