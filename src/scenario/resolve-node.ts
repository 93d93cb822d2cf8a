/** The machine of a scenario: versions checked against the features asked for, limits derived from sizes. */
import { defaultPidMax, defaultThreadsMax, minPidMax } from '../kernel/limits.js';
import type {
  CronJobSpec,
  KernelSpec,
  KubeletSpec,
  NodeSpec,
  PodSpec,
  RuntimeName,
  RuntimeSpec,
  TaskUser,
} from '../node/spec.js';
import { sinceWhen } from '../node/versions/fact.js';
import { newestKnown } from '../node/versions/known.js';
import { KUBELET, type KubeletRules, kubeletRules } from '../node/versions/kubelet.js';
import { runtimeRules } from '../node/versions/runtime.js';
import { parseDurationUs } from '../text/duration.js';
import type { Findings, Place } from '../text/findings.js';
import { parseCountOrPercentage, parseQuantity } from '../text/quantity.js';
import { THREADS_MAX_MAX, THREADS_MAX_MIN } from './bounds.js';
import type { ResolveContext } from './context.js';
import type { LimitFrom, Scenario } from './scenario.js';
import type { NodeSource } from './schema.js';

const DEFAULT_RUNTIME_VERSIONS: Readonly<Record<RuntimeName, string>> = {
  docker: '20.10',
  containerd: '1.7',
  'cri-o': '1.30',
  bare: '0.0',
};

/** All of the node but its pods and interventions. */
export function resolveNode(
  source: NodeSource,
  context: ResolveContext,
): Omit<NodeSpec, 'pods' | 'interventions'> {
  const { findings } = context;
  warnOfNewVersions(source, context);
  const kernel = resolveKernel(source, context);
  const runtime = resolveRuntime(source, context);
  const kubelet = resolveKubelet(source.kubelet, kernel, runtime, context);
  const baselineTaskCount = source.baseline.tasks;
  const room = Math.min(kernel.pidMax - 1, kernel.threadsMax);
  if (baselineTaskCount >= room) {
    const message = `${baselineTaskCount} baseline tasks leave no room in a node of at most ${room}`;
    findings.error(findings.of(source.baseline, 'tasks'), 'node-too-small', message);
  }
  return {
    kernel,
    baselineTaskCount,
    kubelet,
    runtime,
    pause: source.pause === undefined ? runtimeRules(runtime, kubelet).pauseImage : String(source.pause),
    daemonThreadsEveryUs: source.daemonThreads ? micros(source.daemonThreads.every) : null,
    sshLogins: source.sshLogins
      ? {
          everyUs: micros(source.sshLogins.every),
          lastsUs: micros(source.sshLogins.lasts),
          ...userOf(source.sshLogins.runAsUser, source.sshLogins.ulimits),
        }
      : null,
    podChurn: source.podChurn
      ? {
          everyUs: micros(source.podChurn.every),
          lastsUs: micros(source.podChurn.lasts ?? source.podChurn.every),
        }
      : null,
    cronJobs: resolveCronJobs(source.cronJobs, context),
  };
}

/** Nobody can know what a release will do that is years away; a typing mistake it is, more likely. */
function warnOfNewVersions({ kernel, kubelet, runtime }: NodeSource, { findings }: ResolveContext): void {
  const products = [
    ['kernel', kernel],
    ['kubelet', kubelet],
    [runtime.name, runtime],
  ] as const;
  for (const [product, part] of products) {
    if (part.version === undefined) continue;
    const newest = newestKnown(product, String(part.version));
    if (newest === null) continue;
    const written = `${product} ${part.version}`;
    const message = `${written} is not known: taken to behave as ${newest}, the newest that is`;
    findings.warning(findings.of(part, 'version'), 'unknown-version', message);
  }
}

/** A duration that the schema has already accepted, in µs. */
export function micros(text: string): number {
  return parseDurationUs(text)!;
}

function resolveKernel({ kernel }: NodeSource, { findings }: ResolveContext): KernelSpec {
  const least = minPidMax(kernel.cpus);
  if (kernel.pidMax !== undefined && kernel.pidMax < least) {
    const message = `${kernel.pidMax} is too small: the kernel’s least for ${kernel.cpus} CPUs is ${least}`;
    findings.error(findings.of(kernel, 'pidMax'), 'out-of-range', message);
  }
  const derived = defaultThreadsMax(parseQuantity(kernel.memory)!);
  return {
    version: String(kernel.version),
    pidMax: kernel.pidMax ?? defaultPidMax(kernel.cpus),
    threadsMax: kernel.threadsMax ?? Math.min(THREADS_MAX_MAX, Math.max(THREADS_MAX_MIN, derived)),
  };
}

/** What is in no file has been filled in: from a preset, or by what nodes are by default. */
export function limitsFrom(
  { kernel, kubelet }: NodeSource,
  findings: Findings,
): NonNullable<Scenario['limitsFrom']> {
  const from = (part: object, key: string, value: unknown, otherwise: LimitFrom): LimitFrom => {
    if ((writtenAt(findings.of(part, key)) ?? null) !== null) return 'file';
    return value === undefined ? otherwise : 'preset';
  };
  const { podPidsLimit } = kubelet;
  return {
    pidMax: from(kernel, 'pidMax', kernel.pidMax, 'default'),
    threadsMax: from(kernel, 'threadsMax', kernel.threadsMax, 'memory'),
    podPidsLimit: from(kubelet, 'podPidsLimit', podPidsLimit === -1 ? undefined : podPidsLimit, 'default'),
  };
}

/** R41. What an exec into a full cgroup has been measured to do, on one CPU and on two. */
const EXEC_INTO_FULL_CGROUP = { oneCpu: 0, moreCpus: 0.57 } as const;

function resolveRuntime({ runtime: source, kernel }: NodeSource, { findings }: ResolveContext): RuntimeSpec {
  if (!source.setsid && source.name !== 'bare') {
    const message = `${source.name} always calls setsid for an exec`;
    findings.warning(findings.of(source, 'setsid'), 'no-effect', message);
  }
  const version =
    source.version === undefined ? DEFAULT_RUNTIME_VERSIONS[source.name] : String(source.version);
  const measured = kernel.cpus === 1 ? EXEC_INTO_FULL_CGROUP.oneCpu : EXEC_INTO_FULL_CGROUP.moreCpus;
  const execIntoFullCgroup = source.execIntoFullCgroup ?? measured;
  const { name, setsid, networkPlugin, containerPidsLimit: limit, tasksMax, leaks } = source;
  const limits = {
    ...(limit === undefined ? {} : { containerPidsLimit: pidsMax(limit) }),
    ...(tasksMax === undefined ? {} : { tasksMax }),
    ...(leaks === undefined ? {} : { leaks }),
  };
  return { name, version, setsid, execIntoFullCgroup, networkPlugin, ...limits };
}

/** The user of a container or a login. Root is bound by nothing (K39). */
export function userOf(uid = 0, { nproc = Number.POSITIVE_INFINITY } = {}): { user?: TaskUser } {
  return uid === 0 ? {} : { user: { uid, nprocMax: nproc } };
}

/** As runtimes read it: 0 and -1 are no limit. */
export function pidsMax(limit: number): number {
  return limit > 0 ? limit : Number.POSITIVE_INFINITY;
}

function resolveKubelet(
  source: NodeSource['kubelet'],
  kernel: KernelSpec,
  runtime: RuntimeSpec,
  context: ResolveContext,
): KubeletSpec {
  const { findings } = context;
  const kubelet: KubeletSpec = {
    version: String(source.version),
    podPidsLimit: source.podPidsLimit,
    reservedPids: source.reservedPids,
    evictionPidAvailable: null,
    dockerDisableSharedPid: source.dockerDisableSharedPid ?? null,
  };
  const rules = kubeletRules(kubelet, runtime);
  const needs = (
    key: string,
    ability: 'limitsPods' | 'limitsKubepods' | 'evictsForPids',
    isUsed: boolean,
  ): void => {
    if (!isUsed || rules[ability]) return;
    const since = sinceWhen(KUBELET[ability], 'kubelet', true);
    const message = `kubelet ${kubelet.version} ignores \`${key}\`, which works from ${since} on`;
    findings.warning(findings.of(source, key), 'needs-newer-version', message);
  };
  const threshold = source.evictionHard?.['pid.available'];
  needs('podPidsLimit', 'limitsPods', source.podPidsLimit !== -1);
  needs('reservedPids', 'limitsKubepods', source.reservedPids > 0);
  needs('evictionHard', 'evictsForPids', threshold !== undefined);
  needs('evictionSoft', 'evictsForPids', source.evictionSoft?.['pid.available'] !== undefined);
  checkSharedPidFlag(source, rules, runtime, context);
  if (source.podPidsLimit === 0) {
    const message = 'with a limit of 0 no pod can start';
    const hint = 'Use -1 for no limit.';
    findings.error(findings.of(source, 'podPidsLimit'), 'out-of-range', message, { hint });
  }
  const capacity = rules.capacityKnowsThreadsMax ? Math.min(kernel.pidMax, kernel.threadsMax) : kernel.pidMax;
  if (source.reservedPids >= capacity) {
    const message = `all of the node’s ${capacity} PIDs are reserved; none is left for pods`;
    findings.error(findings.of(source, 'reservedPids'), 'out-of-range', message);
  }
  if (threshold !== undefined) kubelet.evictionPidAvailable = parseCountOrPercentage(threshold, capacity);
  const soft = resolveSoftThreshold(source, capacity, context);
  if (soft !== null) kubelet.evictionSoftPid = soft;
  return kubelet;
}

/** A kubelet does not start with a soft threshold that has no grace period. */
function resolveSoftThreshold(
  source: NodeSource['kubelet'],
  capacity: number,
  { findings }: ResolveContext,
): NonNullable<KubeletSpec['evictionSoftPid']> | null {
  const threshold = source.evictionSoft?.['pid.available'];
  const grace = source.evictionSoftGracePeriod?.['pid.available'];
  if (threshold === undefined) return null;
  if (grace === undefined) {
    const hint = 'Add `evictionSoftGracePeriod: {pid.available: 1m30s}`.';
    const message = 'a soft threshold needs a grace period';
    findings.error(findings.of(source, 'evictionSoft'), 'missing-key', message, { hint });
    return null;
  }
  return { available: parseCountOrPercentage(threshold, capacity)!, graceUs: micros(grace) };
}

function checkSharedPidFlag(
  source: NodeSource['kubelet'],
  { sharedPidFlag }: KubeletRules,
  runtime: RuntimeSpec,
  { findings }: ResolveContext,
): void {
  if (source.dockerDisableSharedPid === undefined) return;
  if (sharedPidFlag !== 'none' && runtime.name === 'docker') return;
  const message = 'the flag exists in kubelet 1.7 to 1.11, and only Docker heeds it';
  findings.warning(findings.of(source, 'dockerDisableSharedPid'), 'no-effect', message);
}

/** R7: where every container is PID 1 of its own namespace, no process of a pod is ever pause's child. */
export function warnOfIdlePause(
  source: NodeSource,
  pods: PodSpec[],
  { kubelet, runtime }: Pick<NodeSpec, 'kubelet' | 'runtime'>,
  { findings }: ResolveContext,
): void {
  const place = findings.of(source, 'pause');
  if (source.pause === undefined || pods.length === 0 || writtenAt(place) === undefined) return;
  const byDefault = kubeletRules(kubelet, runtime).defaultPidMode;
  const isShared = pods.some(({ pidMode, sandboxless }) => !sandboxless && (pidMode ?? byDefault) === 'pod');
  if (isShared) return;
  const message =
    'no pod here shares its PID namespace, so pause is the parent of nobody and its version is of no ' +
    'consequence';
  findings.warning(place, 'no-effect', message, {
    hint:
      'Set `shareProcessNamespace: true` on a pod: then pause is its PID 1. Without it, PID 1 is the ' +
      'container’s own entrypoint.',
  });
}

/** What stands in the file; undefined: nothing, it is a default or part of a preset. */
function writtenAt({ document, path }: Place): unknown {
  return path.reduce<unknown>((value, key) => (value as never)?.[key], document.value);
}

/** A node of plain docker has no kubelet: what is said of one has no effect. */
export function warnOfIdleKubelet(source: NodeSource, pods: PodSpec[], { findings }: ResolveContext): void {
  const place = findings.of(source, 'kubelet');
  const hasPods = source.podChurn !== undefined || pods.some(({ sandboxless }) => !sandboxless);
  if (writtenAt(place) === undefined || hasPods || pods.length === 0) return;
  const message = 'every pod here is a plain `docker run` (`sandbox: none`), in which no kubelet has a part';
  findings.warning(place, 'no-effect', message, { aim: 'key' });
}

function resolveCronJobs(jobs: NodeSource['cronJobs'], context: ResolveContext): CronJobSpec[] {
  const { findings, programs, horizonUs } = context;
  const resolved: CronJobSpec[] = [];
  findings.refuseSameNames(jobs, (name) => `there is another cron job \`${name}\``);
  for (const job of jobs) {
    const startAtUs = micros(job.startAt);
    if (startAtUs > horizonUs) warnBeyondHorizon(job, 'startAt', context);
    const program = programs.named(job.program, findings.of(job, 'program'));
    if (program) resolved.push({ name: job.name, everyUs: micros(job.every), startAtUs, program });
  }
  return resolved;
}

/** `key` of `source` is a moment that never comes. */
export function warnBeyondHorizon<T extends object>(
  source: T,
  key: keyof T & string,
  { findings }: ResolveContext,
): void {
  const message = `\`${key}: ${source[key]}\` lies beyond the horizon`;
  findings.warning(findings.of(source, key), 'beyond-horizon', message);
}
