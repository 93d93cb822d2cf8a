/**
 * Every transition of a run, as plain data: what happens to processes and their PIDs, one thing at a time.
 *
 *     kernel, machine: fork, exec, exit, … ─► Transitions: names, PIDs, reasons ─► tell
 */
import {
  type ForkRefusal,
  HOST_NS,
  type Kernel,
  NONE,
  type PidNsId,
  type Refuser,
  type SignalEffect,
  type TaskId,
} from '../kernel/kernel.js';
import type { MachineWatcher } from '../program/machine.js';
import { SIGNAL_NAMES, SIGNAL_NUMBERS, type SignalName } from '../program/step.js';

/** A process as it was called at that moment. */
export interface Who {
  comm: string;
  /** Its PIDs, from the host's namespace inwards, and the innermost one. */
  pids: number[];
  namespace: PidNsId;
}

/** Why a zombie is gone: its parent waited, or wants no zombies, or was PID 1 of a namespace that ends. */
type ReleaseCause = 'wait' | 'autoreap' | 'namespace-end';

type Happening =
  | { kind: 'fork'; who: Who; child: Who }
  /** So many extra threads, or, below zero, so many fewer. */
  | { kind: 'threads'; who: Who; count: number }
  | { kind: 'exec'; who: Who }
  | { kind: 'leads'; who: Who; what: 'session' | 'group' }
  /** `status` as a shell has it: 128 + signal of one that was killed. */
  | { kind: 'exit'; who: Who; status: number }
  | { kind: 'reparented'; who: Who; from: Who; to: Who; why: 'init' | 'subreaper' }
  | { kind: 'zombie'; who: Who }
  /** `by`: its parent. */
  | { kind: 'reaped'; who: Who; by: Who; cause: ReleaseCause }
  /** Nobody has the PIDs, and they stay taken: `by` still belongs to their session or group. */
  | { kind: 'pinned'; pids: number[]; namespace: PidNsId; by: Who }
  | { kind: 'released'; pids: number[]; namespace: PidNsId }
  /** `from` null: the kernel. */
  | { kind: 'signal'; who: Who; from: Who | null; signal: SignalName; effect: SignalEffect }
  /** `level` of the namespace that is full or dead, 0 being the host's; null: the limit is none of PIDs. */
  | { kind: 'refused'; who: Who; limit: Refuser; errno: ForkRefusal['errno']; level: number | null }
  /** The PIDs of a namespace, which is at `level`, start again from below, at `pid`. */
  | { kind: 'wrapped'; namespace: PidNsId; level: number; pid: number }
  | { kind: 'namespace-ends'; who: Who };

export type Transition = { timeUs: number } & Happening;

/** Called in the middle of a system call: it may read anything of the run, and must change nothing. */
export type TellTransition = (transition: Transition) => void;

export class Transitions implements MachineWatcher {
  /** So many have been told. */
  count = 0;
  /** False: nothing is told, and it costs little. */
  isOn = false;
  /** A kernel is made with its watcher: set right after. */
  kernel!: Kernel;
  /** The child that a wait has just found. */
  #found: TaskId = NONE;
  /** The last PID that each namespace has handed out to a process. */
  readonly #lastPids: number[] = [];

  constructor(
    private readonly sim: { readonly nowUs: number },
    private readonly tell: TellTransition,
  ) {}

  forked(parent: TaskId, child: TaskId): void {
    const own = this.kernel.namespaceOf(child);
    this.#noteWrap(HOST_NS, this.kernel.hostPid(child));
    if (own !== HOST_NS) this.#noteWrap(own, this.kernel.ownPid(child));
    if (this.isOn) this.#note({ kind: 'fork', who: this.#who(parent), child: this.#who(child) });
  }

  #noteWrap(namespace: PidNsId, pid: number): void {
    const hasWrapped = pid < this.#lastPids[namespace] && pid > 1;
    this.#lastPids[namespace] = pid;
    if (hasWrapped && this.isOn)
      this.#note({ kind: 'wrapped', namespace, level: this.kernel.levelOf(namespace), pid });
  }

  threads(task: TaskId, count: number): void {
    if (this.isOn) this.#note({ kind: 'threads', who: this.#who(task), count });
  }

  execed(task: TaskId): void {
    if (this.isOn) this.#note({ kind: 'exec', who: this.#who(task) });
  }

  leads(task: TaskId, what: 'session' | 'group'): void {
    if (this.isOn) this.#note({ kind: 'leads', who: this.#who(task), what });
  }

  exits(task: TaskId, status: number): void {
    if (this.isOn) this.#note({ kind: 'exit', who: this.#who(task), status });
  }

  reparented(orphan: TaskId, from: TaskId, to: TaskId): void {
    if (!this.isOn) return;
    const why = this.kernel.isNamespaceInit(to) ? 'init' : 'subreaper';
    this.#note({ kind: 'reparented', who: this.#who(orphan), from: this.#who(from), to: this.#who(to), why });
  }

  becameZombie(task: TaskId): void {
    if (this.isOn) this.#note({ kind: 'zombie', who: this.#who(task) });
  }

  reaped(child: TaskId): void {
    this.#found = child;
  }

  released(task: TaskId): void {
    const wasFound = this.#found === task;
    this.#found = NONE;
    if (!this.isOn) return;
    const parent = this.kernel.parentOf(task);
    const cause = wasFound ? 'wait' : this.kernel.canRun(parent) ? 'autoreap' : 'namespace-end';
    this.#note({ kind: 'reaped', who: this.#who(task), by: this.#who(parent), cause });
  }

  left(pids: number[], namespace: PidNsId, isPinned: boolean): void {
    if (!this.isOn) return;
    const holder = isPinned ? this.kernel.holderOf(pids[0]) : null;
    if (holder?.cell !== 'pinned') this.#note({ kind: 'released', pids, namespace });
    else this.#note({ kind: 'pinned', pids, namespace, by: this.#who(holder.members[0].row.task) });
  }

  signalled(from: TaskId | typeof NONE, to: TaskId, number: number, effect: SignalEffect): void {
    if (!this.isOn) return;
    const signal = SIGNAL_NAMES.find((name) => SIGNAL_NUMBERS[name] === number)!;
    const sender = from === NONE ? null : this.#who(from);
    this.#note({ kind: 'signal', who: this.#who(to), from: sender, signal, effect });
  }

  refused(parent: TaskId, { refusedBy, errno, at }: ForkRefusal): void {
    if (!this.isOn) return;
    const isOfPids = refusedBy === 'pid-max' || refusedBy === 'namespace-dead';
    const level = isOfPids ? this.kernel.levelOf(at as PidNsId) : null;
    this.#note({ kind: 'refused', who: this.#who(parent), limit: refusedBy, errno, level });
  }

  namespaceEnds(init: TaskId): void {
    if (this.isOn) this.#note({ kind: 'namespace-ends', who: this.#who(init) });
  }

  #who(task: TaskId): Who {
    const { kernel } = this;
    return { comm: kernel.nameOf(task), pids: kernel.pidsOf(task), namespace: kernel.namespaceOf(task) };
  }

  #note(happening: Happening): void {
    this.count++;
    this.tell({ timeUs: this.sim.nowUs, ...happening });
  }
}
