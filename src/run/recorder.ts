/**
 * Watches a run: the time series, the events, the first times.
 *
 *     kernel: refused forks ──┐
 *     kernel: dying PID 1 ────┼─► notes ─► at the end of that instant: a row of the timeline
 *     node: moments ──────────┘            every so often: a row of the timeline
 */
import type { ForkRefusal, Kernel, TaskId } from '../kernel/kernel.js';
import { RESERVED_PIDS } from '../kernel/limits.js';
import type { NodeMomentKind, NodeObserver } from '../node/context.js';
import type { PodSlot } from '../node/kubelet/kubelet.js';
import type { Node } from '../node/node.js';
import type { EventKind, Simulation } from '../sim/simulation.js';
import { US_PER_SECOND } from '../sim/time.js';
import { freePids } from './capacity.js';
import { EventLog } from './event-log.js';
import { Fullness } from './fullness.js';
import { LeakAccounts } from './leak.js';
import type { PodRefusal, RefusedBy, RunEventKind, Timeline } from './result.js';
import { TIMELINE_COLUMNS } from './result.js';

/** Rows beyond the regular ones. */
const MOMENT_ROWS_MAX = 1_000;

export class Recorder implements NodeObserver {
  readonly timeline: Timeline = Object.fromEntries(
    TIMELINE_COLUMNS.map((name): [string, number[]] => [name, []]),
  ) as Timeline;
  readonly log = new EventLog();
  readonly fullness: Fullness;
  firstForkRefusedUs: number | null = null;
  readonly podRefusals: PodRefusal[] = [];
  firstProbeFailureUs: number | null = null;
  firstSshRefusedUs: number | null = null;
  firstPodCreateFailedUs: number | null = null;
  /** When something last changed that a trend should not reach across. */
  lastChangeUs = 0;
  /** The node has refused its first fork. */
  onExhausted: (() => void) | null = null;
  leaks!: LeakAccounts;
  private node!: Node;
  private kernel!: Kernel;
  private readonly sample: EventKind;
  private readonly momentRow: EventKind;
  private readonly settle: EventKind;
  private sampleEveryUs = 0;
  private hasWrapped = false;
  private momentRows = 0;
  /** The pod, by namespace that is full, or by -1 - origin. */
  private readonly refusalsSeen = new Map<number, string>();

  constructor(private readonly sim: Simulation) {
    this.sample = sim.register(() => this.regularRow());
    this.momentRow = sim.register(() => this.row());
    this.settle = sim.register(() => this.leaks.settle());
    this.fullness = new Fullness(sim);
  }

  /** Begins to watch, with a row at the end of the first instant. */
  start(node: Node, sampleEveryUs: number): void {
    this.node = node;
    this.kernel = node.context.kernel;
    this.sampleEveryUs = sampleEveryUs;
    this.fullness.start(node, () => this.event('recovered', 'node', 'the node has room again'));
    this.leaks = new LeakAccounts(this.kernel, () => node.kubelet.probes);
    this.sim.atEndOf(this.sim.nowUs, this.sample, 0, 0);
  }

  private regularRow(): void {
    this.row();
    this.sim.atEndOf(this.sim.nowUs + this.sampleEveryUs, this.sample, 0, 0);
  }

  // What happens.

  moment(kind: NodeMomentKind, subject: string, detail: string): void {
    const { nowUs } = this.sim;
    if (kind === 'probe-failed' || kind === 'probe-errored') this.firstProbeFailureUs ??= nowUs;
    if (kind === 'ssh-refused') this.firstSshRefusedUs ??= nowUs;
    if (kind === 'pod-create-failed') this.firstPodCreateFailedUs ??= nowUs;
    if (this.event(kind, subject, detail) && CHANGES.has(kind)) this.lastChangeUs = nowUs;
  }

  /** In the middle of a system call: nothing but notes. A full table refuses often, so all but the first is cheap. */
  refused(parent: TaskId, refusal: ForkRefusal): void {
    const { refusedBy, at } = refusal;
    this.firstForkRefusedUs ??= this.sim.nowUs;
    const isNode = refusedBy === 'threads-max' || (refusedBy === 'pid-max' && at === 0);
    if (isNode) {
      if (!this.fullness.isFull) this.nodeIsFull(refusedBy);
      return;
    }
    const origin = this.kernel.originOf(parent);
    const key = refusedBy === 'pid-max' ? at : -1 - origin;
    if (this.refusalsSeen.has(key)) return;
    const pod = this.podOf(origin, refusal);
    this.refusalsSeen.set(key, pod);
    this.refusedInPod(pod, refusal);
  }

  private nodeIsFull(refusedBy: RefusedBy): void {
    const isFirst = this.fullness.begin(refusedBy);
    this.leaks.close(this.node.kubelet.probes);
    const what = isFirst ? 'the first fork refused at node scope' : 'forks are refused at node scope again';
    this.event('exhausted', 'node', `${what}, by ${refusedBy}`);
    if (isFirst) this.onExhausted?.();
  }

  private refusedInPod(pod: string, { errno, refusedBy, at }: ForkRefusal): void {
    this.leaks.close(this.node.kubelet.probes.filter((probe) => probe.pod === pod));
    this.event('fork-refused', pod, `${errno} (${refusedBy})`);
    this.lastChangeUs = this.sim.nowUs;
    if (pod === 'node' || this.podRefusals.some((known) => known.pod === pod && known.untilSeconds === null))
      return;
    const atSeconds = this.sim.nowUs / US_PER_SECOND;
    const limitOf = refusedBy === 'pids-cgroup' && at === this.node.kubepods ? 'all-pods' : 'pod';
    this.podRefusals.push({ pod, atSeconds, untilSeconds: null, limitOf, errno, refusedBy });
  }

  /** PID 1 of a namespace ends, and what is held there is about to be freed. */
  namespaceEnds(init: TaskId): void {
    const { pod } = this.node.context.origins.all[this.kernel.originOf(init)];
    if (pod === null) return;
    this.leaks.namespaceEnds(pod);
    this.sim.atEndOf(this.sim.nowUs, this.settle, 0, 0);
    if (this.fullness.isFull) this.sim.atEndOf(this.sim.nowUs, this.momentRow, 0, 0);
    this.endRefusals(pod);
  }

  private endRefusals(pod: string): void {
    for (const [key, refused] of this.refusalsSeen) if (refused === pod) this.refusalsSeen.delete(key);
    for (const refusal of this.podRefusals)
      if (refusal.pod === pod) refusal.untilSeconds ??= this.sim.nowUs / US_PER_SECOND;
  }

  /** Which pod has come to its own limit: whose namespace is full, or else whose process wanted to fork. */
  private podOf(origin: number, { refusedBy, at }: ForkRefusal): string {
    const { kubelet, context } = this.node;
    const isFull = (slot: PodSlot): boolean =>
      slot.current?.containers.some(({ runtime }) => runtime.namespace === at) ?? false;
    const slot = refusedBy === 'pid-max' ? kubelet.slots.find(isFull) : undefined;
    return slot?.name ?? context.origins.all[origin].pod ?? 'node';
  }

  /** K3: from here on the reserved low pids are lost. Later rounds are no news. */
  wrapped(): void {
    if (this.hasWrapped) return;
    this.hasWrapped = true;
    this.event('wrapped', 'node', `pids start again from ${RESERVED_PIDS}`);
  }

  private event(kind: RunEventKind, subject: string, detail: string): boolean {
    const isNews = this.log.add(this.sim.nowUs / US_PER_SECOND, kind, subject, detail);
    if (isNews && this.momentRows < MOMENT_ROWS_MAX) {
      this.momentRows++;
      this.sim.atEndOf(this.sim.nowUs, this.momentRow, 0, 0);
    }
    return isNews;
  }

  // Rows.

  /** A row for this moment, unless the last one was. */
  row(): void {
    const { timeline } = this;
    const timeSeconds = this.sim.nowUs / US_PER_SECOND;
    if (timeline.time_s.at(-1) === timeSeconds) {
      // Something more has happened at the same instant: what counts is how it ended.
      for (const name of TIMELINE_COLUMNS) timeline[name].pop();
    }
    const kernel = this.kernel;
    const { counters } = this.node;
    const zombies = kernel.zombies(0);
    const allocated = kernel.allocated(0);
    const free = freePids(kernel);
    this.fullness.look(free);
    const values: Record<keyof Timeline, number> = {
      time_s: timeSeconds,
      tasks: kernel.taskCount(0) - zombies,
      zombies,
      pinned: kernel.pinned(0),
      allocated,
      pid_max: kernel.pidMax(0),
      free,
      loadavg_tasks: kernel.nrThreads,
      kubelet_pid_available: this.node.pidAvailable,
      pods_running: counters.podsRunning,
      probe_runs: counters.probeRuns,
      probe_failures: counters.probeFailures,
      fork_refusals: kernel.forkRefusals,
      ssh_ok: counters.sshOk,
      ssh_refused: counters.sshRefused,
      pods_created: counters.podsCreated,
      pods_create_failed: counters.podsCreateFailed,
      pods_delete_stuck: counters.podsDeleteStuck,
    };
    for (const name of TIMELINE_COLUMNS) timeline[name].push(values[name]);
  }
}

const CHANGES: ReadonlySet<NodeMomentKind> = new Set([
  'intervention',
  'pod-created',
  'pod-deleted',
  'evicted',
  'pod-create-failed',
]);
