/**
 * What a probe leaves behind, per run.
 *
 * The kernel counts zombies and PIDs by origin. Their growth is the leak only as long as nothing is cleaned
 * up, so what a namespace takes with it is added back. The first fork that is refused to the pod closes the
 * account: from then on runs are cut short, and what they leave says nothing about the program.
 */
import type { Kernel, OriginId, TaskId } from '../kernel/kernel.js';
import type { ProbeAccount } from '../node/kubelet/kubelet.js';
import type { Node } from '../node/node.js';
import type { EventKind } from '../sim/simulation.js';
import type { RunObserver } from './observer.js';

export interface LeakPerRun {
  zombies: number | null;
  pids: number | null;
}

interface Closed {
  runs: number;
  zombies: number;
  pids: number;
}

export class LeakAccounts implements RunObserver {
  /** By origin: what namespaces took with them as they ended. */
  readonly #goneZombies = new Map<OriginId, number>();
  readonly #gonePids = new Map<OriginId, number>();
  readonly #closed = new Map<OriginId, Closed>();
  /** By origin: what there was before namespaces ended in this instant. */
  readonly #before = new Map<OriginId, { zombies: number; pids: number }>();

  private readonly kernel: Kernel;
  readonly #settled: EventKind;

  constructor(private readonly node: Node) {
    this.kernel = node.context.kernel;
    this.#settled = node.context.sim.register(() => this.#settle());
  }

  /** PID 1 of a namespace has ended, and everything else in there is about to. */
  namespaceEnds(init: TaskId): void {
    const { sim, origins } = this.node.context;
    const { pod } = origins.all[this.kernel.originOf(init)];
    if (pod === null) return;
    sim.atEndOf(sim.nowUs, this.#settled, 0, 0);
    for (const account of this.node.kubelet.probes) {
      const { origin } = account;
      if (account.pod !== pod || this.#before.has(origin)) continue;
      this.#before.set(origin, { zombies: this.#zombies(origin), pids: this.#pids(origin) });
    }
  }

  /** At the end of that instant: what is gone by now went with the namespaces. */
  #settle(): void {
    for (const [origin, { zombies, pids }] of this.#before) {
      add(this.#goneZombies, origin, Math.max(0, zombies - this.#zombies(origin)));
      add(this.#gonePids, origin, Math.max(0, pids - this.#pids(origin)));
    }
    this.#before.clear();
  }

  /** From now on forks are refused to these probes. */
  close(accounts: readonly ProbeAccount[]): void {
    for (const account of accounts) {
      if (!this.#closed.has(account.origin)) this.#closed.set(account.origin, this.#state(account));
    }
  }

  perRun(account: ProbeAccount): LeakPerRun {
    const { runs, zombies, pids } = this.#closed.get(account.origin) ?? this.#state(account);
    return runs === 0 ? { zombies: null, pids: null } : { zombies: zombies / runs, pids: pids / runs };
  }

  #state(account: ProbeAccount): Closed {
    const { origin, totals } = account;
    return {
      runs: totals.runs,
      zombies: this.#zombies(origin) + (this.#goneZombies.get(origin) ?? 0),
      pids: this.#pids(origin) + (this.#gonePids.get(origin) ?? 0),
    };
  }

  #zombies(origin: OriginId): number {
    return this.kernel.originCount(origin).zombies;
  }

  /** PIDs that no live task has: live tasks will give theirs back. */
  #pids(origin: OriginId): number {
    const { pids, tasks, zombies } = this.kernel.originCount(origin);
    return pids - (tasks - zombies);
  }
}

function add(map: Map<OriginId, number>, key: OriginId, value: number): void {
  map.set(key, (map.get(key) ?? 0) + value);
}
