/**
 * A daemon of the host as a service of systemd: if it dies it is started again after RestartSec, or stays
 * down.
 *
 *     up ── killed, or aborts ──► down ── RestartSec ──► fork ──► up
 *                                   ▲                     └─ refused: the next try after RestartSec
 *                                   └── not that kind of death, or five starts within ten seconds: down for good
 */
import { type CgroupId, NONE, type TaskId } from '../../kernel/kernel.js';
import type { EventKind } from '../../sim/simulation.js';
import { US_PER_MS, US_PER_SECOND } from '../../sim/time.js';
import type { HostDaemon, NodeContext } from '../context.js';

/** What its unit file says. */
interface Service {
  /** `on-failure`: not after SIGTERM, which systemd takes for a clean end. */
  restart: 'always' | 'on-failure';
  restartUs: number;
}

/** As upstream and Debian ship the units; 100 ms is systemd's default of RestartSec. */
const SERVICES: Readonly<Record<string, Service>> = {
  kubelet: { restart: 'always', restartUs: 10 * US_PER_SECOND },
  containerd: { restart: 'always', restartUs: 5 * US_PER_SECOND },
  dockerd: { restart: 'always', restartUs: 2 * US_PER_SECOND },
  crio: { restart: 'on-failure', restartUs: 10 * US_PER_SECOND },
};
const OTHER: Service = { restart: 'on-failure', restartUs: 100 * US_PER_MS };

const STATUS_OF_SIGTERM = 143;
/** StartLimitBurst and StartLimitIntervalSec. */
const STARTS_MAX = 5;
const STARTS_WITHIN_US = 10 * US_PER_SECOND;

export type HostContext = Omit<NodeContext, 'host'>;

export class Daemon implements HostDaemon {
  task: TaskId = NONE;
  readonly #service: Service;
  readonly #starts: number[] = [];
  readonly #told: (() => void)[] = [];
  readonly #died: EventKind;
  readonly #restart: EventKind;

  constructor(
    private readonly context: HostContext,
    readonly comm: string,
    /** Of the service: systemd moves what it forks there, full or not (K35). NONE: none of its own. */
    private readonly cgroup: CgroupId = NONE,
  ) {
    this.#service = SERVICES[comm] ?? OTHER;
    this.#died = context.sim.register((status) => this.#afterDeath(status));
    this.#restart = context.sim.register(() => this.#startAgain());
  }

  get isUp(): boolean {
    return this.task !== NONE;
  }

  onChange(tell: () => void): void {
    this.#told.push(tell);
  }

  /** False: the fork was refused. */
  start(): boolean {
    const { kernel, machine, children } = this.context;
    const task = kernel.fork(kernel.init);
    if (task === NONE) return false;
    if (this.cgroup !== NONE) kernel.attach(task, this.cgroup);
    kernel.exec(task, this.comm);
    kernel.setsid(task);
    machine.worker(task, children);
    children.onEnd(task, (status) => this.#ended(status));
    this.task = task;
    return true;
  }

  /** In the middle of a system call. */
  #ended(status: number): void {
    this.task = NONE;
    this.context.sim.soon(this.#died, status, 0);
  }

  #afterDeath(status: number): void {
    const { sim, observer } = this.context;
    const restarts = this.#service.restart === 'always' || status !== STATUS_OF_SIGTERM;
    const what = restarts ? 'systemd starts it again' : 'a clean end for systemd: it stays down';
    observer.moment('daemon-died', this.comm, `status ${status}; ${what}`);
    for (const tell of this.#told) tell();
    if (restarts) sim.after(this.#service.restartUs, this.#restart, 0, 0);
  }

  #startAgain(): void {
    const { sim, observer, kernel } = this.context;
    this.#starts.push(sim.nowUs);
    if (this.start()) {
      observer.moment('daemon-restarted', this.comm, '');
      for (const tell of this.#told) tell();
      return;
    }
    observer.moment('fork-refused', this.comm, `cannot be started again: ${kernel.refusal.errno}`);
    const fifthLast = this.#starts.at(-STARTS_MAX);
    if (fifthLast !== undefined && sim.nowUs - fifthLast < STARTS_WITHIN_US) return;
    sim.after(this.#service.restartUs, this.#restart, 0, 0);
  }
}
