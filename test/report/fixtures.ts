/**
 * Runs as the engine would report them, made by arithmetic: a node with a steady leak, until something happens.
 * Whole pids throughout, so that every golden file made from them is the same everywhere.
 */
import { type OutputFile, overviewFiles, scenarioOutput } from '../../src/report/files.js';
import type { ChartChoice } from '../../src/report/overview-files.js';
import { firstHarm } from '../../src/run/harm.js';
import {
  type BlameRow,
  type ExpectationResult,
  RECORDED_COLUMNS,
  type RecordedRow,
  type RunEvent,
  type RunResult,
  type Symptoms,
  TIMELINE_COLUMNS,
  type Timeline,
  type TimelineColumn,
} from '../../src/run/result.js';

const HOUR = 3600;
const DAY = 24 * HOUR;

interface World {
  name: string;
  title: string;
  horizonSeconds: number;
  pidMax: number;
  liveTasks: number;
  pods: string[];
  /** Per pod and hour. */
  zombiesPerHour: number;
  pinnedPerHour: number;
  probesPerHour: number;
  /** At this moment every leaking pod is deleted and recreated with an init that reaps. */
  cureSeconds?: number;
  /** … or with the same one: the leak begins anew. */
  cureFails?: boolean;
  rows?: number;
  ssh?: boolean;
  churn?: boolean;
}

/** A table with pids below 300 never handed out again is full before it is literally full (K3, R29). */
const HEADROOM = 300;

function state(world: World, seconds: number): { tasks: number; zombies: number; pinned: number } {
  const sinceCure = seconds - (world.cureSeconds ?? Number.POSITIVE_INFINITY);
  const leakingSeconds = sinceCure < 0 ? seconds : world.cureFails === true ? sinceCure : 0;
  const leakingHours = (leakingSeconds / HOUR) * world.pods.length;
  const zombies = Math.floor(leakingHours * world.zombiesPerHour);
  const pinned = Math.floor(leakingHours * world.pinnedPerHour);
  // A little life: the tasks of a probe that happens to run.
  const tasks = world.liveTasks + (Math.floor(seconds / 600) % 7);
  const room = world.pidMax - HEADROOM - tasks;
  if (zombies + pinned <= room) return { tasks, zombies, pinned };
  const share = zombies / (zombies + pinned);
  const full = Math.floor(room * share);
  return { tasks, zombies: full, pinned: room - full };
}

function fullSeconds(world: World): number | null {
  const perHour = (world.zombiesPerHour + world.pinnedPerHour) * world.pods.length;
  if (perHour === 0) return null;
  const seconds = Math.ceil(((world.pidMax - HEADROOM - world.liveTasks) / perHour) * HOUR);
  const end = Math.min(world.horizonSeconds, world.cureSeconds ?? Number.POSITIVE_INFINITY);
  return seconds < end ? seconds : null;
}

function timelineOf(world: World, full: number | null): Timeline {
  const rows = world.rows ?? 1000;
  const times = new Set<number>();
  for (let row = 0; row <= rows; row++) times.add(Math.round((row * world.horizonSeconds) / rows));
  for (const moment of [full, world.cureSeconds])
    if (moment !== null && moment !== undefined) times.add(moment);
  const timeline = Object.fromEntries(TIMELINE_COLUMNS.map((column) => [column, [] as number[]])) as Timeline;
  for (const seconds of [...times].sort((a, b) => a - b)) {
    const row = rowOf(world, seconds, full);
    for (const column of TIMELINE_COLUMNS) timeline[column].push(row[column]);
  }
  return timeline;
}

/** No container restarts, no pod is evicted, and no limit below the node's is set. */
const NO_LIMITS = Object.fromEntries(RECORDED_COLUMNS.map((column) => [column, 0])) as RecordedRow;

function rowOf(world: World, seconds: number, full: number | null): Record<TimelineColumn, number> {
  const { tasks, zombies, pinned } = state(world, seconds);
  const allocated = tasks + zombies + pinned;
  const fullFor =
    full === null ? 0 : Math.max(0, Math.min(seconds, world.cureSeconds ?? Number.POSITIVE_INFINITY) - full);
  const probes = Math.floor((seconds / HOUR) * world.probesPerHour * world.pods.length);
  const failures = Math.floor((fullFor / HOUR) * world.probesPerHour * world.pods.length);
  const logins = world.ssh === false ? 0 : Math.floor(seconds / 600);
  const refused = world.ssh === false ? 0 : Math.floor((fullFor * 0.9) / 600);
  const creations = world.churn === false ? 0 : Math.floor(seconds / 1800);
  const failed = world.churn === false ? 0 : Math.floor(fullFor / 1800);
  return {
    time_s: seconds,
    tasks,
    zombies,
    pinned,
    allocated,
    pid_max: world.pidMax,
    free: world.pidMax - HEADROOM - allocated,
    loadavg_tasks: tasks + zombies,
    kubelet_pid_available: world.pidMax - tasks - zombies,
    pods_running: world.pods.length,
    probe_runs: probes,
    probe_failures: failures,
    fork_refusals: failures + refused * 2 + failed,
    ssh_ok: logins - refused,
    ssh_refused: refused,
    pods_created: creations - failed,
    pods_create_failed: failed,
    pods_deleted: world.churn === false ? 0 : Math.max(0, creations - failed - 1),
    pods_delete_stuck: Math.floor(failed / 3),
    ...NO_LIMITS,
  };
}

function firstMoment(timeline: Timeline, column: TimelineColumn): number | null {
  const row = timeline[column].findIndex((value) => value > 0);
  return row < 0 ? null : timeline.time_s[row];
}

function symptomsOf(timeline: Timeline, full: number | null): Symptoms {
  return {
    firstForkRefusedSeconds: full,
    podRefusals: [],
    firstProbeFailureSeconds: firstMoment(timeline, 'probe_failures'),
    firstSshRefusedSeconds: firstMoment(timeline, 'ssh_refused'),
    sshRefused: timeline.ssh_refused.at(-1)!,
    firstPodCreateFailedSeconds: firstMoment(timeline, 'pods_create_failed'),
    podCreatesFailed: timeline.pods_create_failed.at(-1)!,
    firstPodNotCreated: null,
    podsNeverCreated: timeline.pods_create_failed.at(-1)!,
    podDeletesStuck: timeline.pods_delete_stuck.at(-1)!,
  };
}

function eventsOf(world: World, full: number | null, symptoms: Symptoms): RunEvent[] {
  const events: RunEvent[] = world.pods.map((pod) => ({
    timeSeconds: 0,
    kind: 'pod-created',
    subject: pod,
    detail: 'pause 3.0, shared PID namespace',
  }));
  const add = (
    timeSeconds: number | null | undefined,
    kind: RunEvent['kind'],
    subject: string,
    detail: string,
  ) => {
    if (timeSeconds !== null && timeSeconds !== undefined)
      events.push({ timeSeconds, kind, subject, detail });
  };
  add(full, 'exhausted', 'node', 'fork refused by pid-max');
  add(
    symptoms.firstProbeFailureSeconds,
    'probe-failed',
    `${world.pods[0]}/${world.pods[0]}/liveness`,
    'exit status 2',
  );
  add(symptoms.firstSshRefusedSeconds, 'ssh-refused', 'node', 'fork refused by pid-max');
  add(symptoms.firstPodCreateFailedSeconds, 'pod-create-failed', 'churn-17', 'fork refused by pid-max');
  for (const pod of world.pods) add(world.cureSeconds, 'intervention', pod, `delete-pod ${pod}, recreated`);
  add(full === null ? null : world.cureSeconds, 'recovered', 'node', 'forks succeed again');
  return events.sort((a, b) => a.timeSeconds - b.timeSeconds);
}

const HOST_TASKS = 30;

function blameOf(world: World, last: { tasks: number; zombies: number; pinned: number }): BlameRow[] {
  const perPod = world.pods.length;
  const rows = world.pods.flatMap((pod, index): BlameRow[] => {
    const part = (total: number): number => Math.floor((total + index) / perPod);
    const zombies = part(last.zombies);
    const pinned = part(last.pinned);
    const main = Math.max(0, part(last.tasks - HOST_TASKS) - 12);
    const row = (origin: BlameRow['origin'], program: string, tasks: number, dead = false): BlameRow => ({
      pod,
      container: origin === 'infra' || origin === 'shim' ? '' : pod.replace(/-\d+$/, ''),
      origin,
      program,
      tasks,
      zombies: dead ? zombies : 0,
      pinned: dead ? pinned : 0,
      pids: tasks + (dead ? zombies + pinned : 0),
      createdPerHour: dead ? world.probesPerHour * 45 : tasks / 10,
      reapedPerHour: dead ? world.probesPerHour * 43 : 0,
    });
    return [
      row('liveness', 'rabbitmqctl-3.10.8', 0, true),
      row('main', 'rabbitmq-server', main),
      row('infra', 'pause-3.0', 1),
      row('shim', 'containerd-shim', 11),
    ];
  });
  rows.push({
    pod: 'node',
    container: '',
    origin: 'host',
    program: 'system',
    tasks: last.tasks - rows.reduce((sum, { tasks }) => sum + tasks, 0),
    zombies: 0,
    pinned: 0,
    pids: last.tasks - rows.reduce((sum, { tasks }) => sum + tasks, 0),
    createdPerHour: 0,
    reapedPerHour: 0,
  });
  return rows.sort((a, b) => b.pids - a.pids);
}

const PID_MAX = { name: 'pid_max', value: 32_768 } as const;

const NODE: RunResult['node'] = {
  kernel: '4.14',
  kubelet: '1.10',
  runtime: 'docker 17.03',
  pause: '3.0',
  limits: [{ scope: 'node', limit: PID_MAX, from: 'default' }],
  firstProcesses: [{ of: ['rabbitmq'], program: 'pause-3.0', reaps: false }],
};

export function makeRun(world: World, overrides: Partial<RunResult> = {}): RunResult {
  const full = fullSeconds(world);
  const timeline = timelineOf(world, full);
  const symptoms = symptomsOf(timeline, full);
  const last = timeline.time_s.length - 1;
  const held = (row: number) => ({
    tasks: timeline.tasks[row],
    zombies: timeline.zombies[row],
    pinned: timeline.pinned[row],
  });
  const end = held(last);
  const leak = (world.zombiesPerHour + world.pinnedPerHour) * world.pods.length;
  const never = leak === 0 || (world.cureSeconds !== undefined && world.cureFails !== true);
  const expectations: ExpectationResult[] = [
    { text: `exhausted == ${full !== null}`, ok: true, actual: String(full !== null) },
  ];
  const run: Omit<RunResult, 'firstHarm'> = {
    scenario: {
      name: world.name,
      title: world.title,
      description: 'One pod per node, node_health_check every 10 s, shared PID namespace.',
      path: `scenarios/${world.name}.yaml`,
    },
    seed: 1,
    until: 'horizon',
    fidelity: 'events',
    digest: '5f3c0a1b9d8e7f60',
    engineEvents: 123456,
    wallSeconds: 0.1234567,
    horizonSeconds: world.horizonSeconds,
    endSeconds: world.horizonSeconds,
    node: NODE,
    outcome:
      full === null
        ? { kind: 'censored', horizonSeconds: world.horizonSeconds }
        : { kind: 'exhausted', atSeconds: full, refusedBy: 'pid-max', scope: 'node' },
    exhaustions:
      full === null
        ? []
        : [
            {
              atSeconds: full,
              refusedBy: 'pid-max',
              limit: { name: 'pid_max', value: world.pidMax },
              untilSeconds: world.cureSeconds ?? null,
            },
          ],
    projection:
      full !== null
        ? null
        : never
          ? { kind: 'never', pidsPerHour: 0, method: 'least squares over the last half of the run' }
          : {
              kind: 'exhausts',
              atSeconds:
                (world.cureSeconds ?? 0) +
                Math.round(((world.pidMax - HEADROOM - world.liveTasks) / leak) * HOUR),
              pidsPerHour: leak,
              limit: 'pid-max',
              method: 'least squares over the last half of the run',
            },
    final: {
      ...end,
      allocated: timeline.allocated[last],
      pidMax: world.pidMax,
      loadavgTasks: timeline.loadavg_tasks[last],
    },
    pods: world.pods.map((name) => ({
      name,
      zombies: Math.floor(end.zombies / world.pods.length),
      pinned: Math.floor(end.pinned / world.pods.length),
      tasks: 41,
      restarts: 0,
      downSinceSeconds: null,
      downSeconds: 0,
      mostlyDown: null,
      evicted: null,
      comesBack: false,
    })),
    probes: world.pods.map((pod) => ({
      pod,
      container: pod,
      type: 'liveness',
      runs: timeline.probe_runs[last] / world.pods.length,
      succeeded: (timeline.probe_runs[last] - timeline.probe_failures[last]) / world.pods.length,
      failed: timeline.probe_failures[last] / world.pods.length,
      errored: 0,
      zombiesPerRun: world.zombiesPerHour === 0 ? 0 : 2.25,
      pidsPerRun: world.pinnedPerHour === 0 ? 0 : 4.25,
      firstFailedRun: full === null ? null : Math.floor((full / HOUR) * world.probesPerHour) + 1,
    })),
    symptoms,
    expectations,
    assumptions: [],
    timeline,
    events: eventsOf(world, full, symptoms),
    blame: blameOf(world, end),
    blameWhenFull:
      full === null ? null : blameOf(world, held(timeline.time_s.findIndex((time) => time >= full))),
    ...overrides,
  };
  return { ...run, firstHarm: firstHarm(run) };
}

/** The incident: full within a day, observed for a month. */
export function leakingRun(overrides: Partial<RunResult> = {}): RunResult {
  return makeRun(
    {
      name: 'rabbitmq-pause-3.0',
      title: 'Does a RabbitMQ health check every 10 s take a node down under pause 3.0?',
      horizonSeconds: 30 * DAY,
      pidMax: 32768,
      liveTasks: 247,
      pods: ['rabbitmq'],
      zombiesPerHour: 720,
      pinnedPerHour: 720,
      probesPerHour: 360,
    },
    overrides,
  );
}

/** Thirty ordinary pods; nothing leaks. */
export function healthyRun(overrides: Partial<RunResult> = {}): RunResult {
  return makeRun(
    {
      name: 'healthy-node',
      title: 'What does a node with 30 ordinary pods look like?',
      horizonSeconds: 30 * DAY,
      pidMax: 32768,
      liveTasks: 905,
      pods: Array.from({ length: 30 }, (_, index) => `web-${index}`),
      zombiesPerHour: 0,
      pinnedPerHour: 0,
      probesPerHour: 360,
    },
    overrides,
  );
}

/** Full after 22.4 h; somebody deletes the pod at 30 h. */
export function recoveringRun(overrides: Partial<RunResult> = {}): RunResult {
  return makeRun(
    {
      name: 'delete-the-leaking-pod',
      title: 'What does deleting the leaking pod give back?',
      horizonSeconds: 2 * DAY,
      pidMax: 32768,
      liveTasks: 247,
      pods: ['rabbitmq'],
      zombiesPerHour: 720,
      pinnedPerHour: 720,
      probesPerHour: 360,
      cureSeconds: 30 * HOUR,
    },
    overrides,
  );
}

/** The pod is deleted before the node is full. */
export function curedInTimeRun(overrides: Partial<RunResult> = {}): RunResult {
  return makeRun(
    {
      name: 'pause-bump',
      title: 'When does bumping pause help a pod that is already running?',
      horizonSeconds: 2 * DAY,
      pidMax: 32768,
      liveTasks: 247,
      pods: ['rabbitmq'],
      zombiesPerHour: 720,
      pinnedPerHour: 720,
      probesPerHour: 360,
      cureSeconds: 14 * HOUR,
    },
    overrides,
  );
}

/** The pod is deleted before the node is full, and made again with the same pause. */
export function leakingAgainRun(overrides: Partial<RunResult> = {}): RunResult {
  return makeRun(
    {
      name: 'delete-is-not-enough',
      title: 'Does deleting the leaking pod help for good?',
      horizonSeconds: 30 * HOUR,
      pidMax: 32768,
      liveTasks: 247,
      pods: ['rabbitmq'],
      zombiesPerHour: 720,
      pinnedPerHour: 720,
      probesPerHour: 360,
      cureSeconds: 14 * HOUR,
      cureFails: true,
    },
    overrides,
  );
}

/** A leak of 41 pids an hour, watched for ten days. */
export function slowRun(overrides: Partial<RunResult> = {}): RunResult {
  return makeRun(
    {
      name: 'slow-leak',
      title: 'How long does a node last with 41 pids an hour leaking?',
      horizonSeconds: 10 * DAY,
      pidMax: 32768,
      liveTasks: 247,
      pods: ['cache'],
      zombiesPerHour: 41,
      pinnedPerHour: 0,
      probesPerHour: 60,
      churn: false,
    },
    overrides,
  );
}

/** Ten leaking pods. */
export function tenPodsRun(overrides: Partial<RunResult> = {}): RunResult {
  return makeRun(
    {
      name: 'ten-rabbitmq-pods',
      title: 'How long do ten leaking pods take to fill one node?',
      horizonSeconds: 2 * DAY,
      pidMax: 32768,
      liveTasks: 700,
      pods: Array.from({ length: 10 }, (_, index) => `rabbitmq-${index}`),
      zombiesPerHour: 720,
      pinnedPerHour: 720,
      probesPerHour: 360,
    },
    overrides,
  );
}

/** A tiny namespace as in the lab: minutes, not days; no logins, no churn. */
export function tinyRun(overrides: Partial<RunResult> = {}): RunResult {
  return makeRun(
    {
      name: 'lab-pid-max-800',
      title: 'Which probe is the first to fail with pid_max 800?',
      horizonSeconds: 40 * 60,
      pidMax: 800,
      liveTasks: 45,
      pods: ['rabbitmq'],
      zombiesPerHour: 720,
      pinnedPerHour: 720,
      probesPerHour: 360,
      ssh: false,
      churn: false,
    },
    overrides,
  );
}

/** The pod's own cgroup refuses forks, the node never does. */
export function refusedInPodRun(): RunResult {
  const run = healthyRun();
  return {
    ...run,
    scenario: { ...run.scenario, name: 'pod-pids-limit', title: 'Does podPidsLimit protect the node?' },
    symptoms: {
      ...run.symptoms,
      firstForkRefusedSeconds: 5 * HOUR,
      podRefusals: [
        {
          pod: 'web-3',
          atSeconds: 5 * HOUR,
          lastAtSeconds: 5 * HOUR,
          untilSeconds: null,
          times: 1,
          firstForSeconds: 715 * HOUR,
          forSeconds: 715 * HOUR,
          limitOf: 'pod',
          of: 'web-3',
          limit: { name: 'pids.max', value: 1024 },
          errno: 'EAGAIN',
          refusedBy: 'pids-cgroup',
        },
      ],
    },
    events: [
      ...run.events,
      { timeSeconds: 5 * HOUR, kind: 'fork-refused', subject: 'web-3', detail: 'pids-cgroup, pids.max 1024' },
    ],
  };
}

export const ALL_RUNS = [
  leakingRun,
  healthyRun,
  recoveringRun,
  curedInTimeRun,
  leakingAgainRun,
  slowRun,
  tenPodsRun,
  tinyRun,
  refusedInPodRun,
] as const;

/** All files that are written for some results. */
export function outputFiles(results: readonly RunResult[], choice: ChartChoice = 'all'): OutputFile[] {
  return [...results.flatMap((result) => scenarioOutput(result, choice).files), ...overviewFiles(results)];
}
