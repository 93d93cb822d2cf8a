/**
 * Random system calls on the fast kernel and on the reference: after every call everything that can be seen
 * of the two must be the same, and the fast kernel's own invariants must hold.
 *
 * The tables are small (`pid_max` from 301) and calls come in bursts, so that PIDs wrap and run out. For a
 * longer run set PIDSIM_PROPERTY_RUNS to the number of sequences, and PIDSIM_PROPERTY_SEED to repeat one.
 */

import fc from 'fast-check';
import { describe, it } from 'vitest';
import { SIGCHLD_DISPOSITIONS, SIGTERM_DISPOSITIONS } from '../../src/kernel/signals.js';
import { kernelRules } from '../../src/node/versions/kernel.js';
import { Pair } from './pair.js';
import { activeNs, type Process } from './reference-tables.js';

const RUNS = Number(process.env.PIDSIM_PROPERTY_RUNS ?? 120);
const SEED = Number(process.env.PIDSIM_PROPERTY_SEED ?? 20261123);

const SIGNALS = [9, 15, 17] as const;
const DEPTH_MAX = 3;

/** Two free choices per call; what they choose from depends on what there is. */
type Move = (pair: Pair, task: number, a: number, b: number) => void;

function pick<T>(from: readonly T[], choice: number): T {
  return from[choice % from.length];
}

function childrenOf(pair: Pair, task: number): number[] {
  return pair.reference.processes.get(task)!.children.map((child) => child.id);
}

/** Reap until nothing is left to reap, as a looping handler does. */
function reapAll(pair: Pair, task: number): void {
  while (pair.wait(task, -1) >= 0);
}

/** Of those who can make a call, one for whom it means something, if there is one. */
function pickFor(pair: Pair, choice: number, suits: (p: Process) => boolean): number {
  const all = pair.runnable.map((id) => pair.reference.processes.get(id)!);
  const suited = all.filter(suits);
  return pick(suited.length > 0 ? suited : all, choice).id;
}

const isParent = (p: Process): boolean => p.children.length > 0;

/** A container's PID 1, or anybody. */
function pickInit(pair: Pair, choice: number): number {
  return pickFor(pair, choice, (p) => p.parent !== null && activeNs(p).init === p);
}

function mayEnd(pair: Pair, task: number): boolean {
  return task !== pair.reference.init;
}

/** There is somebody who can wait for it. */
function isAwaited(pair: Pair, task: number): boolean {
  return mayEnd(pair, task) && pair.reference.canRun(pair.reference.parentOf(task));
}

function unshare(pair: Pair, task: number, a: number): void {
  const ns = activeNs(pair.reference.processes.get(task)!);
  if (pair.mayCloneThreads(task) && ns.level < DEPTH_MAX)
    pair.on('unsharePidNamespace', task, 301 + (a % 30));
}

/** How often each move is made, in so many of the sum of all. */
const MOVES: [number, string, Move][] = [
  [30, 'fork', (pair, task) => void pair.fork(task)],
  [
    4,
    'fork a burst of children that end at once',
    (pair, task, a) => {
      for (let left = 20 + (a % 60); left > 0; left--) {
        const child = pair.fork(task);
        if (child < 0) return;
        if (left % 8 !== 0) pair.on('exit', child, left);
      }
    },
  ],
  [
    4,
    'fork and reap, to move the cursor',
    (pair, task, a) => {
      for (let left = 20 + (a % 150); left > 0; left--) {
        const child = pair.fork(task);
        if (child < 0) return;
        pair.on('exit', child, 0);
        pair.wait(task, child);
      }
    },
  ],
  [
    6,
    'a probe: a session leader leaves an orphan',
    (pair, task, a) => {
      const probe = pair.fork(task);
      if (probe < 0) return;
      if (a % 4 !== 0) pair.on('setsid', probe);
      const orphan = pair.fork(probe);
      pair.on('exit', probe, 1);
      if (orphan >= 0 && pair.reference.canRun(orphan)) pair.on('exit', orphan, 2);
      if (a % 3 !== 0) pair.wait(task, probe);
    },
  ],
  [
    6,
    'cloneThreads',
    (pair, task, a) => void (pair.mayCloneThreads(task) && pair.cloneThreads(task, 1 + (a % 12))),
  ],
  [9, 'forkAs', (pair, task, a, b) => pair.forkAs(task, `image-${b % 5}`, b % 4, Math.max(0, (a % 50) - 9))],
  [5, 'endOtherThreads', (pair, task) => pair.on('endOtherThreads', task)],
  [
    4,
    'endThreads',
    (pair, task, a) => {
      const threads = pair.reference.threadCount(task);
      if (threads > 0) pair.on('endThreads', task, 1 + (a % threads));
    },
  ],
  [5, 'exec', (pair, task, a) => pair.on('exec', task, `image-${a % 5}`)],
  [14, 'exit', (pair, task, a) => void (mayEnd(pair, task) && pair.on('exit', task, a % 256))],
  [8, 'exitAwaited', (pair, task, a) => void (isAwaited(pair, task) && pair.exitAwaited(task, a % 256))],
  [5, 'exitAhead', (pair, task, a) => void (mayEnd(pair, task) && pair.on('exitAhead', task, a % 256))],
  [
    3,
    'exitMainThread',
    (pair, task) => void (mayEnd(pair, task) && isWhole(pair, task) && pair.on('exitMainThread', task)),
  ],
  [12, 'wait for any child', (pair, _task, a) => void pair.wait(pickFor(pair, a, isParent), -1)],
  [
    8,
    'wait for one',
    (pair, _task, a, b) => {
      const parent = pickFor(pair, a, isParent);
      if (childrenOf(pair, parent).length > 0) pair.wait(parent, pick(childrenOf(pair, parent), b));
    },
  ],
  [
    2,
    'wait for somebody else',
    (pair, task, a) => void pair.wait(task, pick([...pair.reference.processes.keys()], a)),
  ],
  [6, 'wait until nothing is left', (pair, _task, a) => reapAll(pair, pickFor(pair, a, isParent))],
  [2, 'wait for no child of one’s own', (pair, task) => void pair.wait(task, -1)],
  [
    10,
    'kill',
    (pair, task, a, b) => pair.kill(task, pick([...pair.reference.processes.keys()], a), pick(SIGNALS, b)),
  ],
  [3, 'kill by the kernel', (pair, task, a) => pair.kill(-1, task, pick(SIGNALS, a))],
  [2, 'killGroup', (pair, task, a) => pair.on('killGroup', task, pick(SIGNALS, a))],
  [3, 'killChildren', (pair, task, a) => pair.on('killChildren', task, pick(SIGNALS, a))],
  [
    8,
    'a process that was killed runs',
    (pair, _task, a) =>
      void pair.on(
        'dieOfSignal',
        pickFor(pair, a, (p) => p.dying !== null),
      ),
  ],
  [12, 'setSigchld', (pair, task, a) => pair.on('setSigchld', task, pick(SIGCHLD_DISPOSITIONS, a))],
  [4, 'setSigterm', (pair, task, a) => pair.on('setSigterm', task, pick(SIGTERM_DISPOSITIONS, a))],
  [
    8,
    'takeSignal',
    (pair, _task, a, b) =>
      void pair.on(
        'takeSignal',
        pickFor(pair, a, (p) => p.pending.size > 0),
        b % 8 === 0 ? 2 : 1,
      ),
  ],
  [8, 'setsid', (pair, task) => void pair.on('setsid', task)],
  [6, 'setpgid', (pair, task) => void pair.on('setpgid', task)],
  [6, 'setSubreaper', (pair, task, a) => pair.on('setSubreaper', task, a % 4 !== 0)],
  [6, 'unshare', unshare],
  [
    8,
    'setns',
    (pair, task, a) => {
      const entered = pair.reference.namespaces.filter((ns) => ns.init !== null);
      pair.on('setns', task, pick(entered, a).id);
    },
  ],
  [
    6,
    'enter a namespace: setns and fork',
    (pair, task, a) => {
      const below = pair.reference.namespaces.filter((ns) => ns.init !== null && ns.level > 0);
      if (below.length > 0 && pair.on('setns', task, pick(below, a).id)) pair.fork(task);
    },
  ],
  [2, 'the kernel kills PID 1 of a namespace', (pair, _task, a) => pair.kill(-1, pickInit(pair, a), 9)],
  [
    2,
    'PID 1 of a namespace exits',
    (pair, _task, a) => void (mayEnd(pair, pickInit(pair, a)) && pair.on('exit', pickInit(pair, a), 0)),
  ],
  [
    2,
    'setPidMax',
    (pair, _task, a, b) => pair.setPidMax(pick(pair.reference.namespaces, a).id, 301 + (b % 60)),
  ],
  [
    4,
    'createCgroup',
    (pair, _task, a, b) =>
      void pair.createCgroup(pick(usable(pair), a), b % 5 === 0 ? Number.POSITIVE_INFINITY : 1 + (b % 20)),
  ],
  [2, 'setPidsMax', (pair, _task, a, b) => pair.setPidsMax(pick(usable(pair), a), b % 40)],
  [
    4,
    'removeCgroup',
    (pair, _task, a) => void (usable(pair).length > 1 && pair.removeCgroup(pick(usable(pair).slice(1), a))),
  ],
  [8, 'attach', (pair, task, a) => void (isWhole(pair, task) && pair.attach(task, pick(usable(pair), a)))],
  [2, 'setUser', (pair, task, a) => pair.on('setUser', task, a % 3)],
  [2, 'setNprocMax', (pair, task, a) => pair.on('setNprocMax', task, a % 30)],
];

/** Its main thread is alive. */
function isWhole(pair: Pair, task: number): boolean {
  return pair.reference.processes.get(task)!.main.alive;
}

function usable(pair: Pair): number[] {
  return pair.reference.cgroups.filter((cgroup) => !cgroup.removed).map((cgroup) => cgroup.id);
}

const move = fc.oneof(...MOVES.map(([weight, name]) => ({ weight, arbitrary: fc.constant(name) })));
const moves = fc.array(fc.tuple(move, fc.nat(1000), fc.nat(1000), fc.nat(1000)), {
  minLength: 1,
  maxLength: 130,
  size: 'max',
});
const world = fc.record({
  version: fc.constantFrom('6.18', '6.18', '6.18', '5.10', '4.9', '3.10'),
  cgroup: fc.constantFrom('v1' as const, 'v2' as const),
  pidMax: fc.oneof(fc.integer({ min: 301, max: 330 }), fc.integer({ min: 331, max: 500 })),
  threadsMax: fc.constantFrom(60, 250, 5000, 5000, 5000),
});
/** Where a sequence begins: containers in a row or in each other, and how far the cursors have come. */
const scene = fc.record({
  containers: fc.integer({ min: 0, max: 3 }),
  isNested: fc.boolean(),
  hasSubreaper: fc.boolean(),
  turns: fc.constantFrom(0, 0, 250, 285, 296),
});
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

function set(pair: Pair, { containers, isNested, hasSubreaper, turns }: Scene): void {
  let from = pair.reference.init;
  for (let i = 0; i < containers; i++) {
    const outside = pair.fork(from);
    if (hasSubreaper) pair.on('setSubreaper', outside, true);
    pair.on('unsharePidNamespace', outside, 301 + 5 * i);
    const init = pair.fork(outside);
    if (isNested) from = init;
  }
  const turner = pair.runnable.at(-1)!;
  for (let turn = 0; turn < turns; turn++) {
    const child = pair.fork(turner);
    pair.on('exit', child, 0);
    pair.wait(turner, child);
  }
}

function play(pair: Pair, sequence: [string, number, number, number][]): void {
  for (const [name, who, a, b] of sequence) {
    const { runnable } = pair;
    // Every third call is made by one of the newest: what is deep in the tree is where it gets interesting.
    const task = who % 3 === 0 ? pick(runnable.slice(-4), who) : pick(runnable, who);
    MOVES.find(([, known]) => known === name)![2](pair, task, a, b);
    pair.compare();
  }
}

describe('the fast kernel and the reference', () => {
  it('K1-K46 agree after every one of many random system calls', () => {
    const property = fc.property(
      world,
      scene,
      moves,
      ({ version, cgroup, ...limits }, beginning, sequence) => {
        const pair = new Pair({ ...limits, rules: kernelRules(version, cgroup)! });
        try {
          set(pair, beginning);
          play(pair, sequence);
        } catch (error) {
          throw new Error(`${(error as Error).stack}\nafter the calls\n  ${pair.calls.join('\n  ')}`);
        }
      },
    );
    fc.assert(property, { numRuns: RUNS, seed: SEED });
  }, 3_600_000);
});
