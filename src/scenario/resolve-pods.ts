/** Pods, containers and probes: from Kubernetes' words to the engine's units. */
import type { ContainerRole, ContainerSpec, PodSpec, ProbeSpec, ProbeType } from '../node/spec.js';
import { PROBE_TYPES } from '../node/spec.js';
import { sinceWhen, valuesAt } from '../node/versions/fact.js';
import { KERNEL, kernelRules } from '../node/versions/kernel.js';
import { KUBELET } from '../node/versions/kubelet.js';
import type { Program } from '../program/code.js';
import { type Userland, userlandOf } from '../program/userland.js';
import { US_PER_SECOND } from '../sim/time.js';
import { ORIGINS_MAX } from './bounds.js';
import type { ResolveContext } from './context.js';
import { nodesOfEntry, readManifestPods } from './manifest/entry.js';
import { HANDLERS, resolveAction, resolveExec, resolveHook, warnOfIdleExecs } from './resolve-handler.js';
import { micros, pidsMax, userOf, warnBeyondHorizon } from './resolve-node.js';
import type { ContainerSource, PodEntrySource, PodSource, ProbeSource } from './schema.js';

/** null: not known, because what the scenario says is no version. */
export interface Versions {
  kernel: string | null;
  kubelet: string | null;
}

/** Every pod as written, those of manifests included. Incomplete: some could not be read, as reported. */
export function collectPods(
  entries: PodEntrySource[],
  context: ResolveContext,
): { pods: PodSource[]; isIncomplete: boolean } {
  const pods: PodSource[] = [];
  const { findings } = context;
  let isIncomplete = findings.isIncomplete(entries);
  for (const entry of entries) {
    const found =
      'manifest' in entry
        ? readManifestPods(entry, context, context.node)
        : { pods: [entry], isIncomplete: false };
    pods.push(...found.pods);
    isIncomplete ||=
      found.isIncomplete ||
      found.pods.some(
        (pod) => findings.isIncomplete(pod.containers) || findings.isIncomplete(pod.initContainers),
      );
  }
  return { pods, isIncomplete };
}

/** The nodes on which the pods of manifests are, where no entry chooses one. */
export function nodesOfPods(entries: PodEntrySource[], context: ResolveContext): string[] {
  const names = entries.flatMap((entry) => ('manifest' in entry ? nodesOfEntry(entry, context) : []));
  return [...new Set(names)].sort();
}

/** A container without a valid program is left out, with diagnostics. */
export function resolvePods(sources: PodSource[], versions: Versions, context: ResolveContext): PodSpec[] {
  const { findings } = context;
  refuseTooMany(sources, context);
  const names = new Set<string>();
  return sources.map((source) => {
    checkPod(source, versions, context);
    const duplicate = instanceNames(source).find((name) => names.has(name));
    if (duplicate !== undefined) {
      findings.error(findings.of(source, 'name'), 'duplicate-name', `there is another pod \`${duplicate}\``);
    }
    for (const name of instanceNames(source)) names.add(name);
    return resolvePod(source, context);
  });
}

function refuseTooMany(sources: readonly PodSource[], { findings }: ResolveContext): void {
  let count = 0;
  for (const source of sources) {
    const containers = [...source.initContainers, ...source.containers];
    const each = containers.reduce((sum, container) => sum + kindsOf(container), KINDS_OF_POD);
    count += source.count * each;
    if (count <= ORIGINS_MAX) continue;
    const message = 'these are more pods and containers than one node of this model can tell apart';
    const hint = 'A kubelet takes 110 pods. Several nodes are a fleet: `pidsim explain fleet`.';
    findings.error(findings.of(source), 'out-of-range', message, { hint });
    return;
  }
}

/** The shim and the infra process. */
const KINDS_OF_POD = 2;

/** The main process, and whatever is run in the container besides. */
function kindsOf({ execs, lifecycle, ...container }: ContainerSource): number {
  const probes = PROBE_TYPES.filter((type) => container[`${type}Probe`] !== undefined);
  return 1 + probes.length + execs.length + Object.keys(lifecycle ?? {}).length;
}

/** The names of the copies of a pod. */
export function instanceNames({ name, count }: { name: string; count: number }): string[] {
  return count === 1 ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index}`);
}

function resolvePod(source: PodSource, context: ResolveContext): PodSpec {
  const sources = [...source.initContainers, ...source.containers];
  context.findings.refuseSameNames(sources, (name) => `the pod has another container \`${name}\``);
  const containers = sources.flatMap(
    (container) => resolveContainer(container, roleOf(container, source), context) ?? [],
  );
  const shared = source.shareProcessNamespace;
  return {
    name: source.name,
    count: source.count,
    pidMode: source.hostPID ? 'node' : shared === undefined ? null : shared ? 'pod' : 'container',
    sandboxless: source.sandbox === 'none',
    hostNetwork: source.hostNetwork,
    pidMax: source.pidMax ?? null,
    startAtUs: micros(source.startAt),
    stopAtUs: source.stopAt === undefined ? null : micros(source.stopAt),
    restartPolicy: source.restartPolicy,
    terminationGraceUs: source.terminationGracePeriodSeconds * US_PER_SECOND,
    ...(source.recreate === true ? { recreate: true } : {}),
    containers,
    ...(source.every === undefined
      ? {}
      : { recurs: { everyUs: micros(source.every), lastsUs: micros(source.lasts ?? RECURRING_LASTS) } }),
  };
}

/** How long a pod of a CronJob runs where nobody says it. */
const RECURRING_LASTS = '1m';

function roleOf(container: ContainerSource, { initContainers }: PodSource): ContainerRole {
  if (!initContainers.includes(container)) return 'main';
  return container.restartPolicy === 'Always' ? 'sidecar' : 'init';
}

/** What the pod asks for against what the versions have, and against itself. */
function checkPod(source: PodSource, { kernel, kubelet }: Versions, context: ResolveContext): void {
  const { findings, horizonUs } = context;
  const conflict = (key: string, message: string, hint?: string): void =>
    findings.error(findings.of(source, key), 'conflict', message, { hint });
  if (source.pidMax !== undefined && kernel !== null && !kernelRules(kernel)!.perNamespacePidMax) {
    const since = sinceWhen(KERNEL.perNamespacePidMax, 'kernel', true);
    const message = `a PID namespace has a pid_max of its own from kernel ${since} on; this is ${kernel}`;
    findings.error(findings.of(source, 'pidMax'), 'needs-newer-version', message);
  }
  if (source.hostPID && source.shareProcessNamespace) {
    conflict('shareProcessNamespace', 'a pod cannot have both hostPID and shareProcessNamespace');
  }
  if (source.hostPID && source.pidMax !== undefined) {
    conflict('pidMax', 'with hostPID the pod has no PID namespace of its own');
  }
  if (source.lasts !== undefined && source.every === undefined) {
    const message = '`lasts` goes with `every`; `stopAt` ends a pod';
    findings.warning(findings.of(source, 'lasts'), 'no-effect', message, { aim: 'key' });
  }
  checkSidecars(source, kubelet, context);
  warnOfIdleExecs(source, context);
  if (source.sandbox === 'none') {
    if (source.shareProcessNamespace) {
      conflict('shareProcessNamespace', 'without a sandbox there is no pause process to share with');
    }
    if (source.containers.length > 1) {
      conflict('containers', '`docker run` starts one container', 'Write one pod for each container.');
    }
  } else if (source.shareProcessNamespace !== undefined && kubelet !== null) {
    checkShareProcessNamespace(source, kubelet, context);
  }
  const startAtUs = micros(source.startAt);
  if (startAtUs > horizonUs) warnBeyondHorizon(source, 'startAt', context);
  if (source.stopAt === undefined) return;
  if (micros(source.stopAt) <= startAtUs) conflict('stopAt', 'the pod stops before it has started');
  else if (micros(source.stopAt) > horizonUs) warnBeyondHorizon(source, 'stopAt', context);
}

function checkSidecars(source: PodSource, kubelet: string | null, { findings }: ResolveContext): void {
  if (kubelet === null || valuesAt(KUBELET, [['kubelet', kubelet]]).startsSidecars) return;
  const sidecar = source.initContainers.find(({ restartPolicy }) => restartPolicy === 'Always');
  if (sidecar === undefined) return;
  const since = sinceWhen(KUBELET.startsSidecars, 'kubelet', true);
  const same = `\`${sidecar.name}\` is one all the same`;
  const message = `kubelet ${kubelet} has no sidecars, which came with ${since}; ${same}`;
  findings.warning(findings.of(sidecar, 'restartPolicy'), 'needs-newer-version', message);
}

function checkShareProcessNamespace(source: PodSource, kubelet: string, { findings }: ResolveContext): void {
  if (valuesAt(KUBELET, [['kubelet', kubelet]]).knowsShareProcessNamespace) return;
  const since = sinceWhen(KUBELET.knowsShareProcessNamespace, 'kubelet', true);
  const unknown = `kubelet ${kubelet} does not know the field, which came with ${since}`;
  const message = `${unknown}; it is obeyed all the same`;
  findings.warning(findings.of(source, 'shareProcessNamespace'), 'needs-newer-version', message);
}

function resolveContainer(
  source: ContainerSource,
  role: ContainerRole,
  ofPod: ResolveContext,
): ContainerSpec | null {
  const context = { ...ofPod, userland: userlandIn(source), files: source.files };
  const program = resolveEntrypoint(source, role, context);
  const probes = PROBE_TYPES.flatMap((type) => {
    const probe = source[`${type}Probe`];
    return (probe && resolveProbe(type, probe, context)) ?? [];
  });
  const { restartPolicy, lifecycle, pidsLimit } = source;
  const postStart = lifecycle?.postStart && resolveHook(lifecycle.postStart, context);
  const preStop = lifecycle?.preStop && resolveHook(lifecycle.preStop, context);
  const execs = source.execs.flatMap((exec) => resolveExec(exec, context) ?? []);
  return (
    program && {
      name: source.name,
      program,
      probes,
      ...(role === 'main' ? {} : { role }),
      ...(restartPolicy === undefined || role !== 'main' ? {} : { restartPolicy }),
      ...(pidsLimit === undefined ? {} : { pidsLimit: pidsMax(pidsLimit) }),
      ...userOf(source.securityContext?.runAsUser, { ...context.ulimits, ...source.ulimits }),
      ...(postStart ? { postStart } : {}),
      ...(preStop ? { preStop } : {}),
      ...(execs.length === 0 ? {} : { execs }),
    }
  );
}

function resolveEntrypoint(
  source: ContainerSource,
  role: ContainerRole,
  context: ResolveContext,
): Program | null {
  const { findings, programs, userland = null, files } = context;
  const stays = role !== 'init';
  if (source.program !== undefined) {
    const twice = {
      command: '`program` and `command` say the same thing twice',
      args: '`args` go with `command`, not with `program`',
    };
    for (const key of ['command', 'args'] as const)
      if (source[key] !== undefined)
        findings.error(findings.of(source, key), 'conflict', twice[key], { aim: 'key' });
    return programs.named(source.program, findings.of(source, 'program'), userland, stays);
  }
  if (source.command !== undefined) {
    const argv = [...source.command, ...(source.args ?? [])];
    return programs.ofCommand(argv, findings.of(source, 'command'), { userland, stays, files });
  }
  if (findings.isInvalid(source, 'program') || findings.isInvalid(source, 'command')) return null;
  if (source.image !== undefined) return assumeImage(source, source.image, !stays, context);
  const hint = 'Add `program:` or `command:`.';
  findings.error(findings.of(source), 'missing-key', `nothing says what container \`${source.name}\` runs`, {
    hint,
  });
  return null;
}

/** What an image runs is nowhere in a manifest. Said once of each image. */
function assumeImage(
  source: ContainerSource,
  image: string,
  ends: boolean,
  context: ResolveContext,
): Program | null {
  const { findings, programs, assumedImages } = context;
  const place = findings.of(source, 'image');
  const server = ends ? null : programs.serverOf(image, place);
  if (server !== null) return server;
  assumedImages.add(image, { container: source.name, ends, place });
  return programs.named(programs.assumeQuiet(image, place, ends), place);
}

/** What its `sh` is: as the scenario says, or as the image's name tells. */
function userlandIn({ userland, image }: ContainerSource): Userland | null {
  return userland ?? (image === undefined ? null : userlandOf(image));
}

function resolveProbe(type: ProbeType, source: ProbeSource, context: ResolveContext): ProbeSpec | null {
  const { findings } = context;
  if (type !== 'readiness' && source.successThreshold !== 1) {
    const message = `${source.successThreshold} is too large: it must be 1 for a ${type} probe`;
    findings.error(findings.of(source, 'successThreshold'), 'out-of-range', message);
  }
  const action = resolveAction(source, context);
  if (action === undefined && !HANDLERS.some((handler) => findings.isInvalid(source, handler))) {
    const hint = 'Add one of exec, httpGet, tcpSocket, grpc.';
    findings.error(findings.of(source), 'missing-key', 'the probe does not say what it does', { hint });
  }
  return action
    ? {
        type,
        action,
        initialDelayUs: source.initialDelaySeconds * US_PER_SECOND,
        periodUs: source.periodSeconds * US_PER_SECOND,
        timeoutUs: source.timeoutSeconds * US_PER_SECOND,
        successThreshold: source.successThreshold,
        failureThreshold: source.failureThreshold,
      }
    : null;
}
