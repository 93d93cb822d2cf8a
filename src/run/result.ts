/**
 * What a run yields, as plain data; `report/` turns it into tables, files and charts.
 * Times are seconds of simulated time, as in the files a person reads.
 */
import type { ForkRefusal, Refuser } from '../kernel/kernel.js';
import { FIDELITIES, type Fidelity, NODE_MOMENT_KINDS } from '../node/context.js';
import type { OriginKind } from '../node/origins.js';
import type { ProbeType } from '../node/spec.js';
import type { ProcessRow } from '../procfs/process-row.js';
import type { AssumptionMade } from '../scenario/programs.js';
import type { LimitFrom } from '../scenario/scenario.js';

export type { AssumptionMade, Fidelity, Refuser };
export { FIDELITIES };

/** The limits of the whole machine. */
export type NodeLimit = Extract<Refuser, 'pid-max' | 'threads-max'>;

/** Where a run is to end. */
export const RUN_ENDS = ['horizon', 'exhaustion', 'harm'] as const;
export type RunEnd = (typeof RUN_ENDS)[number];

/**
 * Exhausted: a fork was refused at node scope (pid_max or threads-max). Censored is a kind of its own, so
 * that no average can silently leave out the runs that did not fail.
 */
export type Outcome =
  | { kind: 'exhausted'; atSeconds: number; refusedBy: NodeLimit; scope: 'node' }
  | { kind: 'censored'; horizonSeconds: number };

/** From within, outwards: whose limit it is, or who is hit. */
export const HARM_SCOPES = ['container', 'service', 'user', 'pod', 'all-pods', 'node'] as const;
export type HarmScope = (typeof HARM_SCOPES)[number];

/** As /proc/sys, cgroups, setrlimit and the kubelet call it. */
export interface Limit {
  name: 'pid_max' | 'threads-max' | 'pids.max' | 'RLIMIT_NPROC' | 'pid.available';
  value: number;
}

export interface Harm {
  kind: 'refused' | 'evicted' | 'not-started';
  scope: HarmScope;
  /** `node`, `all pods`, a pod, `pod/container`, a service, `uid 1000`. */
  of: string;
  atSeconds: number;
  lasts: 'for-good' | 'moment';
  /** null: nothing was counted. */
  limit: Limit | null;
}

/** The node was full: from the first fork refused at node scope until there was room again. */
export interface Exhaustion {
  atSeconds: number;
  refusedBy: NodeLimit;
  limit: Limit;
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
  /**
   * Since when it has been down for at least half of the time, and for how long in all it was up since then.
   * null: it is up for most of the time.
   */
  mostlyDown: { sinceSeconds: number; upSeconds: number } | null;
  /** Its evictions; null: there was none. */
  evicted: { atSeconds: number; times: number; threshold: number } | null;
  /** Is it made again after an eviction, as its spec says? */
  comesBack: boolean;
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
 * What a pod was refused by one limit below the node's, all times together. It is refused anew after a minute
 * in which the limit had room and refused nothing, or when a PID namespace of the pod has ended.
 */
export interface PodRefusal {
  /** `node`: a process of the host. */
  pod: string;
  /** Of the first fork refused. */
  atSeconds: number;
  /** When the refusals began the last time. */
  lastAtSeconds: number;
  /** When they ended; null: they have gone on. */
  untilSeconds: number | null;
  /** How many times it was refused anew. */
  times: number;
  /** How long the first time lasted, and all of them together. */
  firstForSeconds: number;
  forSeconds: number;
  limitOf: Exclude<HarmScope, 'node'>;
  /** Whose limit it is: the pod, `pod/container`, `all pods`, the service, `uid 1000`. */
  of: string;
  limit: Limit;
  errno: ForkRefusal['errno'];
  refusedBy: Refuser;
}

/** The count of pods that were refused forks: a pod may be refused more than once. */
export function podsRefused({ podRefusals }: Symptoms): number {
  return new Set(podRefusals.flatMap(({ pod }) => (pod === 'node' ? [] : pod))).size;
}

export interface Symptoms {
  /** At node scope or in a pod. */
  firstForkRefusedSeconds: number | null;
  /** Pods that were refused forks by limits below the node's, in the order of the first refusals. */
  podRefusals: PodRefusal[];
  firstProbeFailureSeconds: number | null;
  firstSshRefusedSeconds: number | null;
  sshRefused: number;
  firstPodCreateFailedSeconds: number | null;
  podCreatesFailed: number;
  /** The first pod that could not be created, and when it was after all; null: it never was. */
  firstPodNotCreated: { pod: string; atSeconds: number; untilSeconds: number | null } | null;
  /** Of those: pods that have not come up to the end, or had not when they were deleted. */
  podsNeverCreated: number;
  podDeletesStuck: number;
}

export interface ExpectationResult {
  text: string;
  /** null: a run that was to end when the node is full did not get to it, which is no failure. */
  ok: boolean | null;
  /** The value that was found, printed: `22.4 h`, `true`. */
  actual: string;
}

/** Of the node as a whole: what every observer of a run is told. */
export const READING_COLUMNS = [
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
  'pods_deleted',
  'pods_delete_stuck',
] as const;

/** Below the machine's limits: of each kind the one with the largest part in use, which has these columns. */
export const LIMITED = ['service', 'all_pods', 'pod', 'container', 'namespace', 'user'] as const;
export type Limited = (typeof LIMITED)[number];
const limitColumns = (of: Limited) => [`${of}_pids`, `${of}_pids_max`] as const;
/** What a recording has besides. Restarts and evictions are totals; a limit of 0: there is none. */
export const RECORDED_COLUMNS = ['restarts', 'evictions', ...LIMITED.flatMap(limitColumns)] as const;

export const TIMELINE_COLUMNS = [...READING_COLUMNS, ...RECORDED_COLUMNS] as const;
export type TimelineColumn = (typeof TIMELINE_COLUMNS)[number];

/** One array per column, all of one length; a row per sample and one for every moment that matters. */
export type Timeline = Record<TimelineColumn, number[]>;

/** The node at one moment. */
export type TimelineRow = Record<(typeof READING_COLUMNS)[number], number>;
export type RecordedRow = Record<(typeof RECORDED_COLUMNS)[number], number>;

export const RUN_EVENT_KINDS = [...NODE_MOMENT_KINDS, 'exhausted', 'wrapped'] as const;
export type RunEventKind = (typeof RUN_EVENT_KINDS)[number];

/** So many events of one kind about one subject are told; the last of them says that more follow. */
export const REPETITIONS_MAX = 20;

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

/** The PID 1 that adopts the orphans of some pods. */
export interface FirstProcess {
  /** The pods, or `pod/container`, as the scenario calls them. */
  of: string[];
  program: string;
  reaps: boolean;
}

export interface NodeFacts {
  kernel: string;
  /** null: no pod is a kubelet's. */
  kubelet: string | null;
  runtime: string;
  /** null: no pod has a sandbox. */
  pause: string | null;
  /** As they were when the run began. */
  limits: { scope: 'node' | 'pod' | 'all-pods'; limit: Limit; from?: LimitFrom }[];
  firstProcesses: FirstProcess[];
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
    /** What `--set` has changed. */
    settings?: string[];
  };
  seed: number;
  node: NodeFacts;
  until: RunEnd;
  /** Whether runs of probes were forwarded. */
  fidelity: Fidelity;
  /**
   * Hexadecimal; the same on every platform for the same scenario and seed. Of all that happened; or of a run
   * that was forwarded, of its state at every row.
   */
  digest: string;
  /** Events of the calendar, plus the forks, ends, releases and refusals that they led to. */
  engineEvents: number;
  /** Real time; kept out of every committed file. */
  wallSeconds: number;
  horizonSeconds: number;
  /** When the run ended: at its horizon, or where it was stopped. */
  endSeconds: number;
  /** The first thing that harmed a workload; null: nothing did. */
  firstHarm: Harm | null;
  /** Of the node's own table. */
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
  /**
   * The moment at which the run is taken to begin, `2026-03-01T10:00:00.000Z`: then moments are shown as
   * dates and times. Absent: they are shown as time since the start.
   */
  start?: string;
  /** Absent: no program is assumed, or the bracket was not asked for. */
  bracket?: Bracket;
  /** At the end of the run. */
  blame: BlameRow[];
  /** When the node refused its first fork; null: it never did. */
  blameWhenFull: BlameRow[] | null;
}

/** The answer to the same scenario with something changed. */
export interface OtherAnswer {
  /** The same in the same words, times within 5 %: what was changed does not matter. */
  isSame: boolean;
  firstHarm: Harm | null;
  projection: Projection | null;
}

/** The answer if each assumed program left one orphan a run. */
export interface Bracket extends OtherAnswer {
  orphansPerRun: number;
  /** The answer if only this one did: of several programs, and only if all together change the answer. */
  ofEach: (OtherAnswer & { command: string })[];
  /** How many commands were not tried alone. */
  untried: number;
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
