/**
 * What a run yields, as plain data; `report/` turns it into tables, files and charts.
 * Times are seconds of simulated time, as in the files a person reads.
 */
import type { ForkRefusal, Refuser } from '../kernel/kernel.js';
import { NODE_MOMENT_KINDS } from '../node/context.js';
import type { OriginKind } from '../node/origins.js';
import type { ProbeType } from '../node/spec.js';
import type { ProcessRow } from '../procfs/process-row.js';

export type { Refuser };

/** The limits of the whole machine. */
export type NodeLimit = Extract<Refuser, 'pid-max' | 'threads-max'>;

/** Where a run is to end. */
export const RUN_ENDS = ['horizon', 'exhaustion'] as const;
export type RunEnd = (typeof RUN_ENDS)[number];

/**
 * Exhausted: a fork was refused at node scope (pid_max or threads-max). Censored is a kind of its own, so
 * that no average can silently leave out the runs that did not fail.
 */
export type Outcome =
  | { kind: 'exhausted'; atSeconds: number; refusedBy: NodeLimit; scope: 'node' }
  | { kind: 'censored'; horizonSeconds: number };

/** The node was full: from the first fork refused at node scope until there was room again. */
export interface Exhaustion {
  atSeconds: number;
  refusedBy: NodeLimit;
  /** The first reading with 2 % of the limit free again, 64 at least; null: full to the end of the run. */
  untilSeconds: number | null;
}

/** Where a censored run is heading. */
export type Projection =
  | {
      kind: 'exhausts';
      /** Simulated seconds from the start of the run. */
      atSeconds: number;
      pidsPerHour: number;
      limit: NodeLimit;
      /** A sentence: `least squares over the last half of the run`. */
      method: string;
    }
  /** With a growth above zero: every pod has a limit of its own, and these are reached first. */
  | { kind: 'never'; pidsPerHour: number; method: string };

export interface FinalState {
  tasks: number;
  zombies: number;
  pinned: number;
  allocated: number;
  pidMax: number;
  /** Threads and zombies of the whole machine: the total in field 4 of /proc/loadavg (K41). */
  loadavgTasks: number;
}

export interface PodSummary {
  name: string;
  zombies: number;
  pinned: number;
  tasks: number;
  restarts: number;
  /**
   * When it went down: a container that should run does not. null: it is up, or has been deleted for good.
   */
  downSinceSeconds: number | null;
  /** For how long it has been down in all, its first start included. */
  downSeconds: number;
}

export interface ProbeSummary {
  pod: string;
  container: string;
  type: ProbeType;
  runs: number;
  succeeded: number;
  failed: number;
  /** The runtime could not start it: discarded on CRI runtimes (R15). */
  errored: number;
  /** Means over all runs, to the end of the simulation; null when it never ran. */
  zombiesPerRun: number | null;
  pidsPerRun: number | null;
  /** 1-based; null: none failed or errored. */
  firstFailedRun: number | null;
}

/**
 * A limit below the node's refused a pod: of its cgroup, PID namespace or user, or of the cgroup of all pods.
 */
export interface PodRefusal {
  pod: string;
  /** Of the first fork refused. */
  atSeconds: number;
  /** When a PID namespace of the pod ended and freed what it held; null: the refusals have gone on. */
  untilSeconds: number | null;
  /**
   * The pod's own limit, that of one of its containers, that of all pods together (the cgroup kubepods), or
   * that of the runtime's service, in which the shims are.
   */
  limitOf: 'pod' | 'container' | 'all-pods' | 'service';
  errno: ForkRefusal['errno'];
  refusedBy: Refuser;
}

/** The count of pods that were refused forks: a pod may be refused more than once. */
export function podsRefused({ podRefusals }: Symptoms): number {
  return new Set(podRefusals.map(({ pod }) => pod)).size;
}

export interface Symptoms {
  /** At node scope or in a pod. */
  firstForkRefusedSeconds: number | null;
  /** Pods that were refused forks while the node had room, in the order of the first refusals. */
  podRefusals: PodRefusal[];
  firstProbeFailureSeconds: number | null;
  firstSshRefusedSeconds: number | null;
  sshRefused: number;
  firstPodCreateFailedSeconds: number | null;
  podCreatesFailed: number;
  /** Of those: pods that have not come up to the end, or had not when they were deleted. */
  podsNeverCreated: number;
  podDeletesStuck: number;
}

export interface ExpectationResult {
  text: string;
  ok: boolean;
  /** The value that was found, printed: `22.4 h`, `true`. */
  actual: string;
}

export const TIMELINE_COLUMNS = [
  'time_s',
  'tasks',
  'zombies',
  'pinned',
  'allocated',
  'pid_max',
  'free',
  'loadavg_tasks',
  'kubelet_pid_available',
  'pods_running',
  'probe_runs',
  'probe_failures',
  'fork_refusals',
  'ssh_ok',
  'ssh_refused',
  'pods_created',
  'pods_create_failed',
  'pods_delete_stuck',
] as const;
export type TimelineColumn = (typeof TIMELINE_COLUMNS)[number];

/** One array per column, all of one length; a row per sample and one for every moment that matters. */
export type Timeline = Record<TimelineColumn, number[]>;

/** The node at one moment. */
export type TimelineRow = Record<TimelineColumn, number>;

export const RUN_EVENT_KINDS = [...NODE_MOMENT_KINDS, 'exhausted', 'wrapped'] as const;
export type RunEventKind = (typeof RUN_EVENT_KINDS)[number];

/** A moment with news: the first of its kind or a change of state, not every repetition. */
export interface RunEvent {
  timeSeconds: number;
  kind: RunEventKind;
  /** Pod, container or probe: `rabbitmq/rabbitmq/liveness`; `node`. */
  subject: string;
  detail: string;
}

/** The PIDs that one origin holds, at some moment. */
export interface BlameRow {
  /** `node` for the processes of the host itself. */
  pod: string;
  container: string;
  origin: OriginKind;
  program: string;
  tasks: number;
  zombies: number;
  pinned: number;
  /** PIDs held in the node's table: tasks + zombies + pinned of this origin. */
  pids: number;
  /** From the start of the run to that moment. */
  createdPerHour: number;
  reapedPerHour: number;
}

/** The path of a scenario that came from standard input. */
export const STANDARD_INPUT = '/dev/stdin';

/** What a run has come to. A run without a recording has this too. */
export interface RunSummary {
  scenario: {
    name: string;
    title: string;
    description: string;
    path: string;
    /** Of a node of a fleet: the names of both. */
    fleet?: string;
    node?: string;
    /** Of what manifests have made: the files that were named, and the kind of node if one was chosen. */
    madeFrom?: { files: string[]; preset?: string };
  };
  seed: number;
  until: RunEnd;
  /** Hexadecimal; the same on every platform for the same scenario and seed. */
  digest: string;
  /** Events of the calendar, plus the forks, ends, releases and refusals that they led to. */
  engineEvents: number;
  /** Real time; kept out of every committed file. */
  wallSeconds: number;
  horizonSeconds: number;
  outcome: Outcome;
  /** Each time that the node was full, in order; the first is the outcome. */
  exhaustions: Exhaustion[];
  projection: Projection | null;
  final: FinalState;
  pods: PodSummary[];
  probes: ProbeSummary[];
  symptoms: Symptoms;
  expectations: ExpectationResult[];
  /** What was taken for granted of commands and images that are not known. */
  assumptions: AssumptionMade[];
  /** Absent: no program is assumed, or nobody has asked. */
  bracket?: Bracket;
  /** At the end of the run. */
  blame: BlameRow[];
  /** When the node refused its first fork; null: it never did. */
  blameWhenFull: BlameRow[] | null;
}

/** Where, what, and what follows from it. */
export interface AssumptionMade {
  where: string;
  what: string;
  effect: string;
  /** Orphans that each run of an assumed program leaves. */
  orphansPerRun?: number;
}

/** The answer if each assumed program left one orphan a run. */
export interface Bracket {
  orphansPerRun: number;
  /** Do the commands not matter: the same answer in the same words, times within 5 %? */
  isSame: boolean;
  outcome: Outcome;
  projection: Projection | null;
  firstPodRefused: PodRefusal | null;
}

/** What happened on the way to it. */
export interface RunRecording {
  timeline: Timeline;
  events: RunEvent[];
}

export interface RunResult extends RunSummary, RunRecording {}

/** What a PID namespace of a pod shows from inside. */
export interface NamespaceProcesses {
  /** Those that run in it. */
  containers: string[];
  processes: NodeProcess[];
}

/** One line of the simulated `ps`, seen from some PID namespace. */
export interface NodeProcess extends ProcessRow {
  /** null: a process of the host. */
  pod: string | null;
  container: string | null;
  uid?: number;
  /** Simulated time; 0: there from the beginning. Only of a run with `starts`. */
  startSeconds?: number;
}
