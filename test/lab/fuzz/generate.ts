/**
 * Random litmus programs whose world at rest is the same on every machine.
 *
 * What makes it so is time: a process does everything after a sleep of its own, drawn to the microsecond, so
 * that (but for a chance of one in thousands) no two processes act at one instant. And what lets others react (a
 * wait that ends, a signal sent) is the last thing done in its instant.
 *
 *     process: sleep ── some of: fork, dispositions, setsid, setpgid, subreaper ── at most one of: wait, reap, kill, …
 *                └───────────────────────────── again, a few times ─────────────────────────────┘   then pause or exit
 */

import type { LitmusSource } from '../../../src/lab/litmus/litmus.js';
import {
  KILL_TARGETS,
  type ProgramSource,
  SIGCHLD_DISPOSITIONS,
  SIGNAL_NAMES,
  SIGTERM_DISPOSITIONS,
  type Step,
} from '../../../src/program/step.js';
import { type RandomStream, RandomStreams } from '../../../src/sim/random.js';

type Entry = NonNullable<LitmusSource['enter']>[number];

/** Deepest fork in a fork, and how many forks a program may have in its text. */
const DEPTH_MAX = 3;
const FORKS_MAX = 7;

/** More than any limit of these worlds. */
const PID_MAX_NONE = 1000;

/** Threads that come and go at once, where init only wants to use up PIDs. */
const PASSING_THREADS = 16;

/** The litmus of a seed and an index: the same ones always give the same. */
export function generateLitmus(seed: number, index: number): LitmusSource {
  return new Generator(new RandomStreams(seed).stream(`litmus ${index}`, 'fuzz')).litmus(
    `fuzz-${seed}-${index}`,
  );
}

class Generator {
  private forksLeft = 0;
  private labelCount = 0;
  /** The world is looked at after so long, not at rest: only then may anything go on for ever. */
  private until: string | undefined;

  constructor(private readonly random: RandomStream) {}

  litmus(name: string): LitmusSource {
    if (this.chance(0.15)) this.until = `${1_000_000 + this.below(25_000_000)}us`;
    const helpers = Array.from({ length: this.below(3) }, (_, index) => `helper-${index}`);
    const visitors = Array.from({ length: 1 + this.below(2) }, (_, index) => `visitor-${index}`);
    const programs: Record<string, ProgramSource> = { init: this.program('init', helpers, true) };
    for (const visitor of visitors) programs[visitor] = this.program(visitor, helpers, false);
    // A helper may use those after it only: no program leads to itself.
    for (const [index, helper] of helpers.entries())
      programs[helper] = this.program(helper, helpers.slice(index + 1), false);
    const limits = this.limits();
    if (this.chance(0.2)) {
      if (limits.hostPidMax === undefined) limits.pidMax ??= 301 + this.below(20);
      if (this.chance(0.8)) delete limits.pidsMax;
      this.nearTheEnd(
        programs.init,
        Math.min(limits.pidMax ?? PID_MAX_NONE, limits.hostPidMax ?? PID_MAX_NONE),
      );
    }
    const enter = this.entries(visitors);
    for (const { nest } of enter) {
      if (nest?.pidMax === undefined || this.chance(0.4)) continue;
      nest.init = `init-${nest.name}`;
      programs[nest.init] = this.program(nest.init, helpers, true);
      this.nearTheEnd(programs[nest.init], nest.pidMax);
    }
    return {
      name,
      question: 'Found by the fuzzer: do model and kernel agree?',
      rules: [],
      ...(Object.keys(limits).length === 0 ? {} : { limits }),
      programs,
      init: 'init',
      enter,
      ...(this.chance(0.3) ? { outside: this.outside() } : {}),
      ...(this.until === undefined ? {} : { until: this.until }),
    };
  }

  private limits(): { pidMax?: number; pidsMax?: number; hostPidMax?: number } {
    return {
      ...(this.chance(0.4) ? { pidMax: 301 + this.below(20) } : {}),
      ...(this.chance(0.35) ? { pidsMax: 2 + this.below(14) } : {}),
      ...(this.chance(0.2) ? { hostPidMax: 301 + this.below(30) } : {}),
    };
  }

  private outside(): { subreaper?: boolean; reapInit?: boolean } {
    return {
      ...(this.chance(0.6) ? { subreaper: true } : {}),
      ...(this.chance(0.4) ? { reapInit: false } : {}),
    };
  }

  /** Init first goes through nearly all PIDs, or holds many, so that the table wraps or fills in what follows. */
  private nearTheEnd(init: ProgramSource, pidMax: number): void {
    const child: Step[] = [{ fork: { comm: 'passing', steps: [{ exit: 0 }], orElse: [] } }, { wait: 'all' }];
    const threads: Step[] = [{ threads: PASSING_THREADS, orElse: [] }, { threads: 0 }];
    const fill: Step[] = [{ fork: { comm: 'filler', steps: ['pause'], orElse: [] } }];
    const count = Math.max(1, pidMax - 2 - this.below(25));
    // A fork costs ten times what a thread does, and both take a PID.
    const byFork = this.chance(0.2) ? count : count % PASSING_THREADS;
    const prefix: Step[] = [];
    if (count > byFork)
      prefix.push({ repeat: { times: Math.floor((count - byFork) / PASSING_THREADS), steps: threads } });
    if (byFork > 0) prefix.push({ repeat: { times: byFork, steps: child } });
    if (this.chance(0.5)) prefix.push({ repeat: { times: 1 + this.below(18), steps: fill } });
    init.steps.unshift(...prefix);
  }

  private entries(visitors: readonly string[]): Entry[] {
    const entries: Entry[] = [];
    const nested: string[] = [];
    for (let count = this.below(5); count > 0; count--) {
      const entry: Entry = { at: this.duration(), program: this.pick(visitors) };
      if (this.chance(0.5)) entry.setsid = true;
      const [neglects, leaves, isSeries, nests] = [0.2, 0.2, 0.15, 0.2].map((p) => this.chance(p));
      if (neglects) entry.reap = false;
      else if (leaves) entry.leave = true;
      if (isSeries) Object.assign(entry, { times: 2 + this.below(3), every: this.duration() });
      else if (nested.length > 0 && this.chance(0.5)) entry.into = this.pick(nested);
      else if (nests && nested.length < NESTED.length) {
        const name = NESTED[nested.length];
        nested.push(name);
        entry.nest = { name, init: entry.program!, ...(this.chance(0.3) ? { pidMax: 301 } : {}) };
        delete entry.program;
        delete entry.setsid;
      }
      // A nested PID 1 that dies twice, by itself and with the namespace around it, spins in the kernel
      // (Linux 6.18) for as long as a foreign zombie keeps it: such a world never comes to rest.
      if (entry.nest !== undefined || entry.into !== undefined) delete entry.reap;
      entries.push(entry);
    }
    return entries;
  }

  private program(comm: string, helpers: readonly string[], isInit: boolean): ProgramSource {
    this.forksLeft = FORKS_MAX;
    return { comm, steps: this.body(0, helpers, isInit ? 0.12 : 0.5) };
  }

  /** A process from its birth on. */
  private body(depth: number, helpers: readonly string[], exits: number): Step[] {
    const labels: string[] = [];
    // Some act at birth, in the instant of the fork, as a child that fails at once does: its parent acts
    // first, in both worlds.
    const steps: Step[] = depth > 0 && this.chance(0.15) ? this.atOnce() : [];
    for (let instants = 1 + this.below(4); instants > 0; instants--)
      steps.push(...this.instant(depth, helpers, labels, true));
    if (this.until !== undefined && depth === 0 && this.chance(0.4)) {
      const forever = this.instant(depth, helpers, labels, false);
      return [...steps, { repeat: { times: 'forever', steps: forever } }];
    }
    steps.push({ sleep: this.duration() });
    if (this.chance(exits)) return this.chance(0.6) ? [...steps, this.exit()] : steps;
    return [...steps, 'pause'];
  }

  private atOnce(): Step[] {
    if (this.chance(0.4)) return [this.exit()];
    return Array.from({ length: 1 + this.below(2) }, () => this.quietStep());
  }

  private exit(): Step {
    return { exit: this.chance(0.4) ? 'waited' : this.below(3) };
  }

  /** What a process does at one instant, the sleep before it included. */
  private instant(depth: number, helpers: readonly string[], labels: string[], mayLoop: boolean): Step[] {
    const steps: Step[] = [{ sleep: this.duration() }];
    for (let count = this.below(3); count > 0; count--) steps.push(this.quietStep());
    for (let count = this.below(3); count > 0 && this.forksLeft > 0; count--)
      steps.push(this.fork(depth, helpers, labels));
    if (this.chance(0.15)) steps.push(this.quietStep());
    if (mayLoop && this.chance(0.12)) steps.push(this.loop(depth, helpers, labels));
    else if (this.chance(0.05)) steps.push(this.branch(depth, helpers, labels));
    else if (mayLoop && this.chance(0.06)) steps.push(this.coin(depth, helpers, labels));
    else if (this.chance(0.65)) steps.push(this.lastStep(depth, helpers, labels));
    return steps;
  }

  /** Some may be left early, by what a child's status or one of its own says. */
  private loop(depth: number, helpers: readonly string[], labels: string[]): Step {
    const steps = this.instant(depth, helpers, labels, false);
    if (this.chance(0.3)) steps.push({ if: { status: this.below(3), steps: [{ break: 1 }] } });
    return { repeat: { times: 2 + this.below(2), steps } };
  }

  private branch(depth: number, helpers: readonly string[], labels: string[]): Step {
    const taken = this.chance(0.2) ? [] : this.instant(depth, helpers, labels, false);
    const body = { status: this.chance(0.7) ? 0 : this.below(3), steps: taken };
    return { if: this.chance(0.6) ? { ...body, else: this.instant(depth, helpers, labels, false) } : body };
  }

  /** A certain one: the two worlds have different luck. */
  private coin(depth: number, helpers: readonly string[], labels: string[]): Step {
    const [heads, tails] = [0, 1].map(() => this.instant(depth, helpers, labels, false));
    return { chance: { p: this.below(2), steps: heads, else: tails } };
  }

  /** Nobody else notices it at this instant. */
  private quietStep(): Step {
    switch (this.below(8)) {
      case 7:
        return { status: this.below(3) };
      case 0:
        return 'setsid';
      case 1:
        return 'setpgid';
      case 2:
        return { subreaper: this.chance(0.75) };
      case 3:
        return { 'on-term': this.pick(SIGTERM_DISPOSITIONS) };
      default:
        return { sigchld: this.pick(SIGCHLD_DISPOSITIONS) };
    }
  }

  private fork(depth: number, helpers: readonly string[], labels: string[]): Step {
    this.forksLeft--;
    const fork: Extract<Step, { fork: unknown }>['fork'] = {};
    if (this.chance(0.4)) {
      fork.label = `child-${this.labelCount++}`;
      labels.push(fork.label);
    }
    if (helpers.length > 0 && this.chance(0.25)) fork.program = this.pick(helpers);
    else {
      if (this.chance(0.7)) fork.comm = this.pick(COMMS);
      fork.steps = depth + 1 < DEPTH_MAX ? this.body(depth + 1, helpers, 0.6) : this.leaf();
    }
    if (this.chance(0.5)) fork.orElse = this.chance(0.5) ? [] : [{ sleep: this.duration() }, 'reap'];
    return { fork };
  }

  private leaf(): Step[] {
    if (this.chance(0.15)) return this.chance(0.5) ? ['pause'] : [this.exit()];
    return [{ sleep: this.duration() }, ...(this.chance(0.4) ? (['pause'] as Step[]) : [])];
  }

  /** Something that others may react to, or that replaces the process. */
  private lastStep(depth: number, helpers: readonly string[], labels: readonly string[]): Step {
    const choice = this.below(100);
    if (choice < 14) return { wait: 'any' };
    if (choice < 24) return { wait: 'all' };
    if (choice < 34) return labels.length > 0 ? { wait: this.pick(labels) } : 'reap';
    if (choice < 48) return 'reap';
    if (choice < 74) return this.kill(labels);
    if (choice < 86) return this.threads();
    if (choice < 91) return 'exit-main-thread';
    if (choice < 97) return this.exec(depth, helpers);
    return this.exit();
  }

  private kill(labels: readonly string[]): Step {
    const target = labels.length > 0 && this.chance(0.5) ? this.pick(labels) : this.pick(KILL_TARGETS);
    const step: Step = { kill: { target, signal: this.pick(SIGNAL_NAMES) } };
    if (!this.chance(0.4)) return step;
    return { ...step, orElse: this.chance(0.5) ? [this.exit()] : [{ sleep: this.duration() }, 'reap'] };
  }

  private threads(): Step {
    const step: Step = { threads: this.below(5) };
    return this.chance(0.5) ? { ...step, orElse: [] } : step;
  }

  private exec(depth: number, helpers: readonly string[]): Step {
    if (helpers.length > 0 && this.chance(0.4)) return { exec: { program: this.pick(helpers) } };
    const steps = depth + 1 < DEPTH_MAX ? this.body(depth + 1, helpers, 0.4) : this.leaf();
    return { exec: { comm: this.pick(COMMS), steps } };
  }

  // ---- chance

  private below(limit: number): number {
    return Math.floor(this.random.uniform() * limit);
  }

  private chance(probability: number): boolean {
    return this.random.uniform() < probability;
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  private duration(): string {
    return `${1000 + this.below(9_000_000)}us`;
  }
}

const NESTED = ['below', 'beside'] as const;
const COMMS = ['sh', 'beam.smp', 'worker', 'inet_gethost', 'a b'] as const;
