/**
 * The scenario file. Types, JSON Schema, `pidsim explain` and the reference page all come from here, which is
 * why every field says what it is.
 *
 * Words and units are Kubernetes' own wherever Kubernetes has one. The schema shows the shape; what depends
 * on more than one field is checked in `resolve*.ts`. It is built on first use, and
 * what few files have (`z.lazy`) when one has it: all of it takes longer to build than a file to read.
 */
import * as z from 'zod';
import { PID_MAX_LIMIT } from '../kernel/limits.js';
import { NETWORK_PLUGIN_NAMES, RUNTIME_NAMES } from '../node/spec.js';
import { programSchemas } from '../program/schema.js';
import { nonEmpty, whole } from '../text/leaves.js';
import { CPUS_MAX, NODES_MAX, POD_COUNT_MAX, THREADS_MAX_MAX, THREADS_MAX_MIN } from './bounds.js';
import { type Leaves, part, rarePart, scenarioLeaves, section } from './leaves.js';
import { PRESET_NAMES } from './presets.js';
import { type PodSchema, type ProbeSchemas, podSchema, probeSchemas } from './schema-pods.js';

export const API_VERSION = 'pidsim/v1';
export const KIND = 'Scenario';
export const FLEET_KIND = 'Fleet';

/** A scenario as written, with every default filled in. */
export type ScenarioSource = z.output<ReturnType<typeof build>['scenario']>;
export type SpecSource = ScenarioSource['spec'];
export type FleetSource = z.output<ReturnType<ReturnType<typeof build>['fleet']>>;
export type NodeSource = SpecSource['node'];
export type PodEntrySource = SpecSource['pods'][number];
export type ManifestPodSource = Extract<PodEntrySource, { manifest: string }>;
export type PodSource = Exclude<PodEntrySource, { manifest: string }>;
export type ContainerSource = PodSource['containers'][number];
export type ProbeSource = NonNullable<ContainerSource['livenessProbe']>;
export type ExecSource = ContainerSource['execs'][number];
export type HookSource = NonNullable<NonNullable<ContainerSource['lifecycle']>['postStart']>;
export type HandlerSource = Pick<ProbeSource, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'>;
export type InterventionSource = SpecSource['interventions'][number];

let built: ReturnType<typeof build> | undefined;

/** The schemas of a scenario, of a fleet, and of a pod that is written out. */
export function schemas(): ReturnType<typeof build> {
  return (built ??= build());
}

/** For editors: draft 2020-12, of the file as it is written (defaults need not be there). */
export function scenarioJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(schemas().scenario, { io: 'input' }) as Record<string, unknown>;
}

export function fleetJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(schemas().fleet(), { io: 'input' }) as Record<string, unknown>;
}

/** The same as a file: docs/scenario.schema.json, and what `pidsim explain --schema` prints. */
export function scenarioSchemaText(): string {
  const { scenario, fleet } = schemas();
  const file = z.discriminatedUnion('kind', [scenario, fleet()]).meta({ title: 'A file of pidsim' });
  return `${JSON.stringify(z.toJSONSchema(file, { io: 'input' }), null, 2)}\n`;
}

const DEFAULT_HORIZON = '30d';
const DEFAULT_NODE = { kernel: '6.12', memory: '16Gi', cpus: 4, tasks: 180, kubelet: '1.31' } as const;

type SpecSchema = ReturnType<typeof specSchema>;

function build() {
  const leaf = scenarioLeaves();
  const probe = probeSchemas(leaf);
  // Read by `readProgram`, which looks at the size of a program first: needed here only to be shown.
  const program = z.lazy(() => programSchemas().program);
  const metadata = z.strictObject({
    name: leaf.name.describe('Name of the scenario and of its folder in the output. Unique within a run.'),
    title: leaf.text.describe('The question that it answers. Default: the name.'),
    description: z.string().default('').describe('What happens here and why, for a reader.'),
  });
  const { pod, written } = podSchema(leaf, probe);
  const spec = specSchema(leaf, pod, probe, program);
  const scenario = z
    .strictObject({
      apiVersion: z.literal(API_VERSION).describe('Version of this format.'),
      kind: z.literal(KIND).describe('What the document is.'),
      metadata: metadata.describe('What the scenario is called.'),
      spec: spec.describe('What is simulated.'),
    })
    .meta({
      title: KIND,
      description: 'One node, what runs on it, for how long, and what is expected of the run.',
    });
  const fleet = () =>
    z
      .strictObject({
        apiVersion: z.literal(API_VERSION).describe('Version of this format.'),
        kind: z.literal(FLEET_KIND).describe('What the document is.'),
        metadata: metadata.describe('What the fleet is called.'),
        spec: fleetSpec(leaf, spec).describe('What is simulated.'),
      })
      .meta({ title: FLEET_KIND, description: 'Several nodes, each with its own pods and its own run.' });
  return { scenario, fleet, program, pod: written };
}

function specSchema(leaf: Leaves, pod: PodSchema, probe: ProbeSchemas, program: z.ZodType) {
  return z.strictObject({
    seed: leaf.seed
      .default(1)
      .describe('Seed of every random stream. The same seed gives the same run, on every machine.'),
    horizon: leaf.horizon.default(DEFAULT_HORIZON).describe('How long to simulate. At most ten years.'),
    sampleEvery: leaf.sampling
      .default('auto')
      .describe('Interval between rows of the timeline. `auto` gives about 1,000 rows.'),
    node: section('The machine, its kernel, kubelet and container runtime.', nodeShape(leaf)),
    pods: z
      .array(pod)
      .max(POD_COUNT_MAX)
      .default([])
      .describe('The pods on the node, each written here or read from a Kubernetes manifest.'),
    programs: z
      .record(z.string(), program)
      .default({})
      .describe(
        'Programs by name, before those of the catalogue. A probe command finds its program here by its ' +
          'name. A text is another name of a command; `{file: PATH}` is a program in a file; `{program: ' +
          '"rabbitmqctl node_health_check", orphanShare: 0.31}` is a measured profile with another share ' +
          'of the runs that lose its race.',
      ),
    interventions: z
      .array(z.lazy(() => interventionSchema(leaf, probe)))
      .max(POD_COUNT_MAX)
      .default([])
      .describe('What an operator does, and when.'),
    uncertain: z
      .record(z.string(), z.unknown())
      .default({})
      .describe(
        'What is not known for sure, by PATH as for `--set`: `150 to 400` (nine times in ten between ' +
          'them), `{uniform: [0s, 1h]}`, `["3.0", {value: "3.1", weight: 3}]`. One value is drawn for ' +
          'each replication; a single run has what stands in the file.',
      ),
    expect: z
      .array(z.string())
      .default([])
      .describe('Thresholds, SUBJECT COMPARISON VALUE, that decide the exit code: `timeToExhaustion < 36h`.'),
  });
}

/** What nodes have in common stands beside them, and a node that says it itself means itself. */
function fleetSpec(leaf: Leaves, spec: SpecSchema) {
  const { seed, horizon, sampleEvery, programs } = spec.shape;
  const member = z.strictObject({
    name: leaf.nodeName.describe('Name of the node.'),
    ...spec.shape,
    seed: leaf.seed.optional().describe('Default: the fleet’s, plus the place of the node in the list.'),
    horizon: leaf.horizon.optional().describe('Default: the fleet’s.'),
    sampleEvery: leaf.sampling.optional().describe('Default: the fleet’s.'),
  });
  return z.strictObject({
    seed,
    horizon,
    sampleEvery,
    programs: programs.describe('Programs by name, for every node.'),
    nodes: z
      .array(member)
      .min(1)
      .max(NODES_MAX)
      .optional()
      .describe('The nodes. Each has all that a scenario has.'),
    groups: z
      .array(z.lazy(() => groupSchema(leaf)))
      .optional()
      .describe('Nodes that are alike, and differ in luck and in what is uncertain.'),
  });
}

function groupSchema(leaf: Leaves) {
  return z.strictObject({
    name: leaf.nodeName.describe('Of the group; its nodes are called name-0, name-1, …'),
    count: whole(1, NODES_MAX).default(1).describe('How many nodes.'),
    template: z.record(z.string(), z.unknown()).describe('Each of them: all that a scenario’s `spec` has.'),
    uncertain: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('What differs between them, drawn for each node: as `uncertain` of a scenario.'),
    waves: part('A roll-out: what is done to a part of the nodes, then to the next.', {
      part: leaf.countOrPercentage.describe('How many of the nodes in each wave: `10%`, or a count.'),
      every: leaf.interval.default('1d').describe('Interval between two waves.'),
      startAt: leaf.time.default('0s').describe('Time of the first wave.'),
      interventions: z
        .array(z.unknown())
        .min(1)
        .describe('What is done to each node in its wave, without `at`.'),
    }),
  });
}

// ------------------------------------------------------------------------------------------------------ node

function nodeShape(leaf: Leaves) {
  return {
    preset: z
      .enum(PRESET_NAMES)
      .optional()
      .describe(
        'A kind of node whose kernel, limits, kubelet and runtime are known: what is not written here is ' +
          'as it has them. `pidsim explain presets` lists them. Default: none.',
      ),
    kernel: section('The Linux kernel and what its limits derive from.', kernelShape(leaf)),
    baseline: section('What runs on the host outside every pod.', {
      tasks: whole(1, PID_MAX_LIMIT)
        .default(DEFAULT_NODE.tasks)
        .describe('Tasks of the host itself, kernel threads and init included, from boot on.'),
    }),
    kubelet: section('The kubelet: its version and its flags.', kubeletShape(leaf)),
    runtime: section('The container runtime.', {
      name: z
        .enum(RUNTIME_NAMES)
        .default('containerd')
        .describe('`bare` enters the namespace directly, as nsenter does: no shim, no transient tasks.'),
      version: leaf.version
        .optional()
        .describe('Default: docker 20.10, containerd 1.7, cri-o 1.30; no meaning for `bare`.'),
      setsid: leaf.on.describe(
        'Only for `bare`: does a process that enters become a session leader, as runc makes it?',
      ),
      execIntoFullCgroup: leaf.probability
        .optional()
        .describe(
          'Probability that an exec gets into a container whose cgroup, or its pod’s, or that of all ' +
            'pods, has fewer than five slots free. Default: 0 on one CPU, 0.57 on more, as measured with ' +
            'runc 1.1.',
        ),
      networkPlugin: z
        .enum(NETWORK_PLUGIN_NAMES)
        .default('bridge')
        .describe(
          'The CNI plugin that runs when a pod comes and goes. `none`: nothing is run for its network.',
        ),
      tasksMax: whole(1, PID_MAX_LIMIT)
        .optional()
        .describe(
          '`TasksMax` of the runtime’s systemd service, in which the daemon, the shims and runc are ' +
            'charged; 512 by default with systemd 228. The daemon’s own threads are half of ' +
            '`baseline.tasks` that are nothing else. Default: infinity.',
        ),
      containerPidsLimit: leaf.pidsLimit
        .optional()
        .describe(
          '`pids.max` of each container’s own cgroup: `pids_limit` of CRI-O, 2048 in podman, 15 % of threads-max ' +
            'under systemd’s cgroup driver; -1 and 0 are no limit. Default: none, but 1024 with CRI-O up to 1.23.',
        ),
      ulimits: leaf.ulimits
        .optional()
        .describe(
          'Limits of containers that have none of their own: `default_ulimits` of CRI-O, ' +
            '`--default-ulimit` of docker. Default: none.',
        ),
      leaks: part('Probabilities of what the runtime itself leaves behind. Default: nothing.', {
        shimPerPodDelete: leaf.chance.describe('Of a deleted pod the shim stays, with all its threads.'),
        stuckExec: leaf.chance.describe(
          'The runc of an exec hangs and stays; the caller gives up after two minutes.',
        ),
      }),
    }),
    pause: leaf.version
      .optional()
      .describe(
        'Version of the pause image for new sandboxes. 3.0 never reaps; 3.1 and later do. Default: what ' +
          'this kubelet (docker) or runtime (containerd, cri-o) ships.',
      ),
    sshLogins: rarePart('Logins by ssh. Default: there are none.', () => loginsShape(leaf)),
    podChurn: rarePart('Roll-outs and jobs: short-lived pods that come and go. Default: none.', () =>
      churnShape(leaf),
    ),
    daemonThreads: rarePart(
      'The kubelet and the runtime each need another thread; if it is refused they abort and systemd ' +
        'starts them again. Reports give no rate. Default: they need none.',
      () => ({
        every: leaf.interval.describe('How often each needs one, at a random moment of the interval.'),
      }),
    ),
    cronJobs: z
      .array(z.lazy(() => cronJobSchema(leaf)))
      .default([])
      .describe('Programs that a timer starts on the host.'),
  };
}

function loginsShape(leaf: Leaves) {
  return {
    every: leaf.interval.describe('Interval between two logins; each comes at a random moment of it.'),
    lasts: leaf.interval
      .default('20s')
      .describe('How long somebody stays logged in. The three processes of the session hold their PIDs.'),
    runAsUser: leaf.uid
      .optional()
      .describe(
        'The uid that logs in. Default: root. With 0 a session has two processes: root’s up to OpenSSH 9.7.',
      ),
    ulimits: leaf.ulimits.optional().describe('Limits of its processes, from limits.conf. Default: none.'),
  };
}

function churnShape(leaf: Leaves) {
  return {
    every: leaf.interval.describe(
      'Interval between two pods that are created, and between two that are deleted; each at a random ' +
        'moment of it.',
    ),
    lasts: leaf.interval
      .optional()
      .describe('How long the first of them stays. Default: the interval, so that one or two are there.'),
  };
}

function cronJobSchema(leaf: Leaves) {
  return z.strictObject({
    name: leaf.name.describe('Name of the job.'),
    every: leaf.interval.describe('Interval between two starts.'),
    startAt: leaf.time.default('0s').describe('Time of the first start.'),
    program: nonEmpty().describe('Program that a child of cron’s starts on the host: the job’s shell.'),
  });
}

function kernelShape(leaf: Leaves) {
  return {
    version: leaf.version.default(DEFAULT_NODE.kernel).describe('As `uname -r` begins.'),
    cpus: whole(1, CPUS_MAX)
      .default(DEFAULT_NODE.cpus)
      .describe('Possible CPUs. The default and the smallest value of pidMax derive from it.'),
    memory: leaf.quantity
      .default(DEFAULT_NODE.memory)
      .describe('RAM of the machine. The default of threadsMax derives from it.'),
    pidMax: leaf.pidMax
      .optional()
      .describe(
        '`kernel.pid_max`: PIDs below it can be given out. Default: the greater of 32768 and 1024 per ' +
          'CPU, as the kernel has it; systemd (since 243) sets 4194304.',
      ),
    threadsMax: whole(THREADS_MAX_MIN, THREADS_MAX_MAX)
      .optional()
      .describe(
        '`kernel.threads-max`: tasks and zombies on the machine. Default: one for each 128 KiB of memory.',
      ),
  };
}

function kubeletShape(leaf: Leaves) {
  return {
    version: leaf.version.default(DEFAULT_NODE.kubelet).describe('Version of Kubernetes on the node.'),
    podPidsLimit: whole(-1, PID_MAX_LIMIT)
      .default(-1)
      .describe('`--pod-max-pids`: pids.max of each pod’s cgroup; -1 is no limit of its own.'),
    reservedPids: whole(0, PID_MAX_LIMIT)
      .default(0)
      .describe(
        '`pid=N` of systemReserved and kubeReserved together. Lowers the pids.max of all pods together.',
      ),
    evictionHard: part('Hard eviction thresholds. Kubernetes has none on PIDs by default, and so has this.', {
      'pid.available': leaf.countOrPercentage
        .optional()
        .describe('Evict pods when fewer PIDs are free: a count, or a percentage of the node’s capacity.'),
    }),
    evictionSoft: part('Soft eviction thresholds. Kubernetes has none on PIDs by default.', {
      'pid.available': leaf.countOrPercentage
        .optional()
        .describe('As the hard threshold, but it has to be met for a grace period.'),
    }),
    evictionSoftGracePeriod: part(
      'The grace periods of soft thresholds. One on PIDs is needed with one of those.',
      {
        'pid.available': leaf.time.optional().describe('How long the soft threshold has to be met.'),
      },
    ),
    dockerDisableSharedPid: leaf.flag.describe(
      '`--docker-disable-shared-pid` of 1.7 to 1.11. Default: false in 1.7, true from 1.8 on.',
    ),
  };
}

// --------------------------------------------------------------------------------------------- interventions

function interventionSchema(leaf: Leaves, { handler, times }: ProbeSchemas) {
  const schedule = {
    at: leaf.time
      .optional()
      .describe('Time at which it is done. Default: with `every`, when that has passed once.'),
    every: leaf.interval
      .optional()
      .describe('Do it again each time this has passed: a cron job, or somebody who looks in every night.'),
    when: leaf.text.describe(
      'Do it only if the node is so at that moment, as `expect` says it: `zombies > 500`; also `pinned`, ' +
        '`tasks`, `allocated`.',
    ),
  };
  const pod = leaf.podName.describe('Name of the pod. If it has copies: the name of one of them, or of all.');
  const container = leaf.name.describe('Name of the container.');
  return z
    .discriminatedUnion('do', [
      z.strictObject({
        ...schedule,
        do: z.literal('bump-pause').describe('Use another pause image for sandboxes from now on.'),
        version: leaf.version.describe('Version of the pause image.'),
      }),
      z.strictObject({
        ...schedule,
        do: z.literal('delete-pod').describe('Delete a pod.'),
        pod,
        recreate: leaf.on.describe('Create it again, as its controller does.'),
      }),
      z.strictObject({
        ...schedule,
        do: z
          .literal('restart-container')
          .describe('End a container, which its restart policy may start again.'),
        pod,
        container,
      }),
      z.strictObject({
        ...schedule,
        do: z.literal('set-pid-max').describe('Write `kernel.pid_max`.'),
        value: leaf.pidMax.describe('The new value.'),
      }),
      z.strictObject({
        ...schedule,
        do: z
          .literal('change-probe')
          .describe('Change, add or remove a probe. What is not given stays as it is.'),
        pod,
        container,
        probe: z.enum(['livenessProbe', 'readinessProbe', 'startupProbe']).describe('Which probe.'),
        remove: leaf.off.describe('Take the probe away.'),
        ...handler,
        periodSeconds: times.periodSeconds.optional(),
        timeoutSeconds: times.timeoutSeconds.optional(),
        failureThreshold: times.failureThreshold.optional(),
      }),
      z.strictObject({
        ...schedule,
        do: z.literal('drain').describe('Delete every pod, one after another.'),
      }),
    ])
    .meta({ id: 'Intervention', description: 'What an operator does, at a time or again and again.' });
}
