/** Both kernels, to be held to the same rules, and the few scenes that many of the tests play. */

import { describe } from 'vitest';
import { ANY, Kernel, type KernelOptions, NONE } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';
import type { Plain } from './plain.js';
import { ReferenceKernel } from './reference.js';

type Common = Pick<
  Kernel,
  | 'init'
  | 'refusal'
  | 'waitedPid'
  | 'waitedStatus'
  | 'fork'
  | 'cloneThreads'
  | 'endOtherThreads'
  | 'endThreads'
  | 'exec'
  | 'exit'
  | 'exitAhead'
  | 'exitMainThread'
  | 'wait'
  | 'dieOfSignal'
  | 'killGroup'
  | 'killChildren'
  | 'setSigchld'
  | 'setSigterm'
  | 'pendingSignals'
  | 'takeSignal'
  | 'setsid'
  | 'setpgid'
  | 'setSubreaper'
  | 'unsharePidNamespace'
  | 'setns'
  | 'setPidMax'
  | 'createCgroup'
  | 'setPidsMax'
  | 'removeCgroup'
  | 'attach'
  | 'pidsCurrent'
  | 'pidsEvents'
  | 'setUser'
  | 'setNprocMax'
  | 'parentOf'
  | 'pidOf'
  | 'isZombie'
  | 'canRun'
  | 'statusOf'
  | 'threadCount'
  | 'nrThreads'
  | 'allocated'
  | 'taskCount'
  | 'zombies'
  | 'pinned'
  | 'pinnedPids'
  | 'pidMax'
  | 'listTasks'
>;

/** What both can do. */
export type AnyKernel = { [K in keyof Common]: Plain<Common[K]> } & {
  kill(sender: number, target: number, signal: 9 | 15 | 17): unknown;
};

export type Boot = (
  options?: Partial<KernelOptions> & { version?: string; cgroup?: 'v1' | 'v2' },
) => AnyKernel;

function options({ version = '6.18', cgroup = 'v1', ...rest }: Parameters<Boot>[0] = {}): KernelOptions {
  return { rules: kernelRules(version, cgroup)!, pidMax: 32768, threadsMax: 100_000, ...rest };
}

/** Every test in `tests` twice: for the kernel of `src/kernel`, and for the reference. */
export function onBothKernels(tests: (boot: Boot) => void): void {
  describe('the kernel', () => tests((given) => new Kernel(options(given)) as unknown as AnyKernel));
  describe('the reference', () => tests((given) => new ReferenceKernel(options(given))));
}

/** A namespace as a container has it: its PID 1, and a process outside that can enter it. */
export interface Container {
  ns: number;
  /** PID 1 inside; the child of `outside`. */
  init: number;
  /** On the host. Its children are born inside. */
  outside: number;
}

export function container(kernel: AnyKernel, pidMax?: number, parent = kernel.init): Container {
  const outside = kernel.fork(parent);
  const ns = kernel.unsharePidNamespace(outside, pidMax);
  const init = kernel.fork(outside);
  return { ns, init, outside };
}

/**
 * A probe as a runtime execs it: born inside, with a parent outside; it leaves one orphan, exits and is
 * reaped by that parent; then the orphan ends too. False when a fork was refused.
 */
export function probe(kernel: AnyKernel, { outside }: Container, isSessionLeader: boolean): boolean {
  const command = kernel.fork(outside);
  if (command === NONE) return false;
  if (isSessionLeader) kernel.setsid(command);
  const orphan = kernel.fork(command);
  kernel.exit(command, 0);
  kernel.wait(outside, command);
  if (orphan === NONE) return false;
  kernel.exit(orphan, 0);
  return true;
}

/** Children of `parent` until one is refused. */
export function forkUntilRefused(kernel: AnyKernel, parent: number): number[] {
  const children: number[] = [];
  for (let child = kernel.fork(parent); child !== NONE; child = kernel.fork(parent)) children.push(child);
  return children;
}

export function forkMany(kernel: AnyKernel, parent: number, count: number): number[] {
  return Array.from({ length: count }, () => kernel.fork(parent));
}

/** A child that is already dead: a zombie, unless the parent lets the kernel reap it. */
export function deadChild(kernel: AnyKernel, parent: number, status = 0): number {
  const child = kernel.fork(parent);
  kernel.exit(child, status);
  return child;
}

/** waitpid(-1, WNOHANG) until nothing is left to reap; how many were reaped. */
export function reapAll(kernel: AnyKernel, parent: number): number {
  let reaped = 0;
  while (kernel.wait(parent, ANY) >= 0) reaped += 1;
  return reaped;
}

export function numbers(kernel: AnyKernel, ns: number, tasks: number[]): number[] {
  return tasks.map((task) => kernel.pidOf(task, ns));
}

/** A row of `ps` as it is seen inside a namespace. */
export function row(kernel: AnyKernel, ns: number, task: number) {
  return kernel.listTasks(ns).find((each) => each.task === task);
}

/** From, from + 1, … to. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
