/**
 * Forks that a limit below the machine's refuses: of a container, a pod, all pods, a service or a user.
 *
 *     first refusal ─► full ─► each minute: refused or without room in it? still full : ended
 *                        └───► a PID namespace of the pod ends and frees what it held: ended
 */
import {
  type CgroupId,
  cgroupId,
  type ForkRefusal,
  type Kernel,
  pidNsId,
  type TaskId,
} from '../kernel/kernel.js';
import type { PodSlot } from '../node/kubelet/kubelet.js';
import type { Node } from '../node/node.js';
import type { EventKind, Simulation } from '../sim/simulation.js';
import { US_PER_SECOND } from '../sim/time.js';
import { freePids } from './capacity.js';
import { nodeLimitOf } from './fullness.js';
import { HARM_LASTS_SECONDS } from './harm.js';
import type { LeakAccounts } from './leak.js';
import type { Observers, RunObserver } from './observer.js';
import type { HarmScope, Limit, PodRefusal } from './result.js';

const CHECK_EVERY_US = HARM_LASTS_SECONDS * US_PER_SECOND;

/** A time during which one limit refuses forks to one pod. */
interface Spell {
  refusal: PodRefusal;
  beganUs: number;
  full: Full;
}

/** Whose limit it is, and what it is called. */
interface Full {
  limitOf: Exclude<HarmScope, 'node'>;
  of: string;
  limit: Limit;
  hasRoom: () => boolean;
  /** When it was last seen to refuse anybody, or to have no room. */
  atUs: number;
}

export class Refusals implements RunObserver {
  /** When a limit below the node's began to refuse, most recently. */
  lastSeconds = 0;
  /** In the order of the first refusals. `node`: to processes of the host. */
  readonly #all: PodRefusal[] = [];
  /** Spells that go on. The key is the full namespace, or else -1 - origin of the fork. */
  readonly #spells = new Map<number, Spell | null>();
  readonly #sim: Simulation;
  readonly #kernel: Kernel;
  readonly #nextCheck: EventKind;
  #isChecking = false;

  constructor(
    private readonly node: Node,
    private readonly leaks: LeakAccounts,
    private readonly observers: Observers,
  ) {
    this.#sim = node.context.sim;
    this.#kernel = node.context.kernel;
    this.#nextCheck = this.#sim.register(() => this.#check());
  }

  /** Copies, as they are at this moment. */
  all(): PodRefusal[] {
    const open = new Map([...this.#open()].map((spell) => [spell.refusal, spell]));
    return this.#all.map((refusal) => {
      const spell = open.get(refusal);
      const now = spell === undefined ? {} : this.#timesOf(spell, this.#sim.nowUs);
      return { ...refusal, limit: { ...refusal.limit }, ...now };
    });
  }

  /** In the middle of a system call. A full pod refuses often, so all but the first refusal is cheap. */
  refused(parent: TaskId, refusal: ForkRefusal): void {
    if (nodeLimitOf(refusal) !== null) return;
    const origin = this.#kernel.originOf(parent);
    const key = refusal.refusedBy === 'pid-max' ? refusal.at : -1 - origin;
    const known = this.#spells.get(key);
    if (known !== undefined) {
      if (known !== null) known.full.atUs = this.#sim.nowUs;
      return;
    }
    this.#spells.set(key, this.#begin(this.#podOf(origin, refusal), parent, refusal));
  }

  /** null: a namespace that is ending refuses every fork, and that is no limit (K31). */
  #begin(pod: string, parent: TaskId, refusal: ForkRefusal): Spell | null {
    const { errno, refusedBy } = refusal;
    this.leaks.close(this.node.kubelet.probes.filter((probe) => probe.pod === pod));
    this.observers.moment('fork-refused', pod, `${errno} (${refusedBy})`);
    const { nowUs } = this.#sim;
    const atSeconds = nowUs / US_PER_SECOND;
    this.lastSeconds = atSeconds;
    if (refusedBy === 'namespace-dead') return null;
    let full = this.#full(pod, parent, refusal);
    const { limitOf, of, limit } = full;
    for (const spell of this.#open()) {
      if (isOf(spell.refusal, pod, full)) return spell;
      // A limit of several pods has room for all of them, or for none.
      if (spell.full.limitOf === limitOf && spell.full.of === of) full = spell.full;
    }
    full.atUs = nowUs;
    let entry = this.#all.find((each) => isOf(each, pod, full));
    if (entry === undefined) {
      const counts = { times: 0, firstForSeconds: 0, forSeconds: 0 };
      const times = { atSeconds, lastAtSeconds: atSeconds, untilSeconds: null };
      entry = { pod, ...times, limitOf, of, limit, errno, refusedBy, ...counts };
      this.#all.push(entry);
    }
    Object.assign(entry, { lastAtSeconds: atSeconds, untilSeconds: null, times: entry.times + 1 });
    if (!this.#isChecking) this.#checkLater();
    return { refusal: entry, beganUs: nowUs, full };
  }

  #full(pod: string, parent: TaskId, { refusedBy, at }: ForkRefusal): Full {
    const kernel = this.#kernel;
    if (refusedBy === 'pid-max') {
      const namespace = pidNsId(at);
      const limit: Limit = { name: 'pid_max', value: kernel.pidMax(namespace) };
      return { limitOf: 'pod', of: pod, limit, hasRoom: () => freePids(kernel, namespace) > 0, atUs: 0 };
    }
    if (refusedBy === 'rlimit-nproc') {
      const value = kernel.nprocMax(parent);
      const limit: Limit = { name: 'RLIMIT_NPROC', value };
      const hasRoom = () => kernel.tasksOfUser(at) < value;
      return { limitOf: 'user', of: `uid ${at}`, limit, hasRoom, atUs: 0 };
    }
    const cgroup = cgroupId(at);
    const limit: Limit = { name: 'pids.max', value: kernel.pidsMax(cgroup) };
    const hasRoom = () => kernel.pidsCurrent(cgroup) < kernel.pidsMax(cgroup);
    return { ...this.#holderOf(cgroup, pod), limit, hasRoom, atUs: 0 };
  }

  #holderOf(cgroup: CgroupId, pod: string): Pick<Full, 'limitOf' | 'of'> {
    const { host } = this.node.context;
    if (cgroup === this.node.kubepods) return { limitOf: 'all-pods', of: 'all pods' };
    if (cgroup === host.service) return { limitOf: 'service', of: host.runtime.comm };
    const container = this.node.kubelet.runtime.containerOf(cgroup);
    if (container === null) return { limitOf: 'pod', of: pod };
    return { limitOf: 'container', of: `${pod}/${container.name}` };
  }

  *#open(): Iterable<Spell> {
    for (const spell of new Set(this.#spells.values())) if (spell !== null) yield spell;
  }

  #checkLater(): void {
    this.#isChecking = true;
    this.#sim.atEndOf(this.#sim.nowUs + CHECK_EVERY_US, this.#nextCheck, 0, 0);
  }

  #check(): void {
    const { nowUs } = this.#sim;
    this.#isChecking = false;
    for (const spell of this.#open()) {
      const { full } = spell;
      if (!full.hasRoom()) full.atUs = nowUs;
      if (nowUs - full.atUs >= CHECK_EVERY_US) this.#end(spell, full.atUs);
      else if (!this.#isChecking) this.#checkLater();
    }
  }

  /** A namespace of a pod ends, and so do the refusals to the pod; later ones are counted anew. */
  namespaceEnds(init: TaskId): void {
    const { pod } = this.node.context.origins.all[this.#kernel.originOf(init)];
    if (pod === null) return;
    const isWanted = this.node.kubelet.slots.some((slot) => slot.name === pod && slot.isWanted);
    for (const spell of this.#open()) {
      if (spell.refusal.pod !== pod || (isWanted && isShared(spell.refusal))) continue;
      this.#end(spell, this.#sim.nowUs);
    }
    for (const [key, spell] of this.#spells) if (spell === null) this.#spells.delete(key);
  }

  #end(spell: Spell, endUs: number): void {
    for (const [key, each] of this.#spells) if (each === spell) this.#spells.delete(key);
    const untilSeconds = endUs / US_PER_SECOND;
    Object.assign(spell.refusal, { ...this.#timesOf(spell, endUs), untilSeconds });
  }

  /** The totals, with this spell up to a moment. */
  #timesOf({ refusal, beganUs }: Spell, endUs: number) {
    const { times, firstForSeconds, forSeconds } = refusal;
    const seconds = (endUs - beganUs) / US_PER_SECOND;
    return {
      firstForSeconds: times === 1 ? seconds : firstForSeconds,
      forSeconds: forSeconds + seconds,
    };
  }

  /** The pod whose namespace is full, or else the pod of the process that wanted to fork. */
  #podOf(origin: number, { refusedBy, at }: ForkRefusal): string {
    const { kubelet, context } = this.node;
    const isFull = (slot: PodSlot): boolean =>
      slot.current?.containers.some(({ runtime }) => runtime.namespace === at) ?? false;
    const slot = refusedBy === 'pid-max' ? kubelet.slots.find(isFull) : undefined;
    return slot?.name ?? context.origins.all[origin].pod ?? 'node';
  }
}

/** Other pods count against this limit too. */
function isShared({ limitOf }: PodRefusal): boolean {
  return limitOf !== 'pod' && limitOf !== 'container';
}

function isOf(refusal: PodRefusal, pod: string, { limitOf, of }: Full): boolean {
  return refusal.pod === pod && refusal.limitOf === limitOf && refusal.of === of;
}
