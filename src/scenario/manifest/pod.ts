/**
 * A pod's spec in Kubernetes' words to a pod in a scenario's words. They are nearly the same; what does not
 * bear on processes is left out, and what has ended already in a cluster's own account of it.
 */
import { below, type Findings, type Place } from '../../text/findings.js';
import { didYouMean } from '../../text/suggest.js';
import { isMapping, shorten, textOf } from '../../text/value.js';
import type { ConfigMaps } from './config-maps.js';
import type { Origins } from './origins.js';
import { isUnrendered, TEMPLATE_MESSAGE } from './template.js';

export type PlainPod = Record<string, unknown>;

const POD_KEYS = [
  'shareProcessNamespace',
  'hostPID',
  'hostNetwork',
  'restartPolicy',
  'terminationGracePeriodSeconds',
] as const;
const PROBE_KEYS = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
const CONTAINER_KEYS = ['name', 'image', 'command', 'args', 'restartPolicy'] as const;
const HOOKS = ['postStart', 'preStop'] as const;
const HOOK_KEYS = ['exec', 'httpGet', 'tcpSocket', 'sleep'] as const;

export interface PodContext {
  findings: Findings;
  origins: Origins;
  configMaps: ConfigMaps;
}

/** What the containers of a pod have in common. */
interface PodParts {
  user: PodUser;
  volumes: unknown;
  namespace: string | null;
}

/** @param status of a pod that a cluster runs; anything else: nothing is known. */
export function plainPod(
  spec: Record<string, unknown>,
  place: Place,
  status: unknown,
  namespace: string | null,
  context: PodContext,
): PlainPod {
  const pod = pick(spec, POD_KEYS);
  if (pod.hostNetwork === false) delete pod.hostNetwork;
  if (pod.restartPolicy === 'Always') delete pod.restartPolicy;
  if (pod.terminationGracePeriodSeconds === 30) delete pod.terminationGracePeriodSeconds;
  const known = isMapping(status) ? status : {};
  const parts = { user: userOfPod(spec, place), volumes: spec.volumes, namespace };
  const read = (key: string, from = key) =>
    plainContainers(spec[from], below(place, from), key, parts, context);
  const initContainers = read('initContainers');
  if (!Array.isArray(initContainers) || initContainers.length > 0) pod.initContainers = initContainers;
  const containers = read('containers');
  pod.containers = Array.isArray(containers)
    ? [
        ...containers.filter((container) => !isOut(container, spec, known)),
        ...ephemeralContainers(spec, place, known, parts, context),
      ]
    : containers;
  if (Array.isArray(pod.containers)) context.origins.set(pod.containers, below(place, 'containers'));
  return pod;
}

/** What a container's `runAsUser` is if it has none of its own; null: it has no uid that others may share. */
type PodUser = { uid: unknown; place: Place } | null;

/** With `hostUsers: false` every pod has uids of its own on the node: no limit is shared (KEP-127). */
function userOfPod(spec: Record<string, unknown>, place: Place): PodUser {
  if (spec.hostUsers === false) return null;
  const uid = isMapping(spec.securityContext) ? spec.securityContext.runAsUser : undefined;
  return { uid, place: below(place, 'securityContext') };
}

/** As it is if it is no list: the reader of scenarios says so. Kubernetes takes null for an empty list. */
function plainContainers(
  value: unknown,
  place: Place,
  key: string,
  parts: PodParts,
  context: PodContext,
): unknown {
  if (value === undefined || value === null) return key === 'containers' ? undefined : [];
  if (!Array.isArray(value)) return value;
  const containers = value.map((item, index) =>
    isMapping(item) ? plainContainer(item, below(place, index), parts, context) : item,
  );
  return context.origins.set(containers, place);
}

function plainContainer(
  source: Record<string, unknown>,
  place: Place,
  parts: PodParts,
  context: PodContext,
): Record<string, unknown> {
  const { findings, origins, configMaps } = context;
  const { user, volumes, namespace } = parts;
  const container = pick(source, CONTAINER_KEYS);
  const securityContext =
    user && plainUser(source.securityContext, below(place, 'securityContext'), user, origins);
  if (securityContext) container.securityContext = securityContext;
  // An ImageStream of OpenShift is to fill it in.
  if (typeof container.image === 'string' && container.image.trim() === '') container.image = container.name;
  for (const key of ['command', 'args']) {
    const words = container[key];
    if (Array.isArray(words) && words.length === 0) delete container[key];
  }
  for (const key of ['name', 'image']) {
    if (!isUnrendered(source[key])) continue;
    findings.error(below(place, key), 'template', TEMPLATE_MESSAGE);
  }
  const lifecycle = plainLifecycle(source.lifecycle, below(place, 'lifecycle'), origins);
  if (lifecycle !== undefined) container.lifecycle = lifecycle;
  for (const key of PROBE_KEYS) {
    const probe = plainProbe(source[key], below(place, key), origins);
    if (probe !== undefined) container[key] = probe;
  }
  const files = configMaps.scriptsOf(source, volumes, namespace);
  if (Object.keys(files).length > 0) container.files = files;
  warnOfQuantities(source.resources, below(place, 'resources'), findings);
  warnOfMisspelt(source, place, findings);
  return origins.set(container, place);
}

/** The uid whose RLIMIT_NPROC its processes come under; of root, who has none, nothing is said. */
function plainUser(
  own: unknown,
  place: Place,
  user: NonNullable<PodUser>,
  origins: Origins,
): object | undefined {
  const isOwn = isMapping(own) && own.runAsUser !== undefined && own.runAsUser !== null;
  const runAsUser = isOwn ? own.runAsUser : user.uid;
  if (runAsUser === undefined || runAsUser === null || runAsUser === 0) return undefined;
  return origins.set({ runAsUser }, isOwn ? place : user.place);
}

/** Of a container, beside those that are read. */
const OTHER_KEYS = (
  'workingDir ports env envFrom resources resizePolicy restartPolicyRules volumeMounts volumeDevices ' +
  'lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin ' +
  'stdinOnce tty targetContainerName'
).split(' ');

const QUANTITY = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/;

/** Nothing here depends on them, but somebody has meant something else. */
function warnOfQuantities(resources: unknown, place: Place, findings: Findings): void {
  for (const key of ['limits', 'requests'] as const) {
    const given = isMapping(resources) && isMapping(resources[key]) ? resources[key] : {};
    for (const [name, value] of Object.entries(given)) {
      const text = textOf(value);
      if (QUANTITY.test(text) || isUnrendered(value)) continue;
      const message = `\`${shorten(text)}\` is no quantity; it is left out`;
      findings.warning(below(place, key, name), 'bad-quantity', message, {
        hint: 'As Kubernetes has them: 500m, 2, 512Mi, 4G.',
      });
    }
  }
}

/** `kubectl apply` refuses an unknown key; here only one that was meant to be a known one matters. */
function warnOfMisspelt(source: Record<string, unknown>, place: Place, findings: Findings): void {
  const known = [...CONTAINER_KEYS, ...PROBE_KEYS, 'lifecycle'];
  for (const key of Object.keys(source)) {
    if (known.includes(key) || OTHER_KEYS.includes(key)) continue;
    const hint = didYouMean(
      key,
      known.filter((name) => !Object.hasOwn(source, name)),
    );
    if (hint === undefined) continue;
    const message = `a container has no \`${shorten(key)}\`: it is left out`;
    findings.warning(below(place, key), 'unknown-key', message, { hint, aim: 'key' });
  }
}

/** Everything but what is not modelled, so that a misspelt key is said as `kubectl apply` says it. */
function plainProbe(value: unknown, place: Place, origins: Origins): unknown {
  if (value === undefined || value === null) return undefined;
  if (!isMapping(value)) return value;
  const probe = Object.fromEntries(
    Object.entries(value).filter(([key, item]) => {
      if (key === 'terminationGracePeriodSeconds' || item === null) return false;
      return !Object.hasOwn(PROBE_DEFAULTS, key) || PROBE_DEFAULTS[key] !== item;
    }),
  );
  return origins.set(probe, place);
}

/** What a cluster writes out of them goes without saying; period and timeout are worth reading. */
const PROBE_DEFAULTS: Readonly<Record<string, unknown>> = {
  initialDelaySeconds: 0,
  successThreshold: 1,
  failureThreshold: 3,
};

function plainLifecycle(value: unknown, place: Place, origins: Origins): unknown {
  if (!isMapping(value)) return value ?? undefined;
  const lifecycle: Record<string, unknown> = {};
  for (const key of HOOKS) {
    const hook = value[key];
    if (hook === undefined || hook === null) continue;
    lifecycle[key] = isMapping(hook) ? origins.set(pick(hook, HOOK_KEYS), below(place, key)) : hook;
  }
  return Object.keys(lifecycle).length > 0 ? origins.set(lifecycle, place) : undefined;
}

/** What is there and not null. */
function pick(source: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  const entries = keys.map((key) => [key, source[key]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== null));
}

// -------------------------------------------------------------------------------------- what has ended

/** Why a container waits until somebody mends something; one in CrashLoopBackOff runs now and then. */
const NEVER_STARTED =
  /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|CreateContainerConfigError)$/;

/** No container of the pod can start: it has been given a node and nothing else. */
export function cannotStart(spec: Record<string, unknown>, status: Record<string, unknown>): boolean {
  const containers = Array.isArray(spec.containers) ? spec.containers : [];
  return containers.length > 0 && containers.every((each) => isMapping(each) && isStuck(each, status));
}

function isStuck({ name }: Record<string, unknown>, status: Record<string, unknown>): boolean {
  const waiting = stateOf(status.containerStatuses, name)?.waiting;
  return isMapping(waiting) && NEVER_STARTED.test(textOf(waiting.reason));
}

/** A container that cannot start, or one that has ended in a pod whose policy leaves it at that. */
function isOut(
  container: unknown,
  { restartPolicy = 'Always' }: Record<string, unknown>,
  status: Record<string, unknown>,
): boolean {
  if (!isMapping(container)) return false;
  if (isStuck(container, status)) return true;
  const terminated = stateOf(status.containerStatuses, container.name)?.terminated;
  if (restartPolicy === 'Always' || !isMapping(terminated)) return false;
  return restartPolicy === 'Never' || terminated.exitCode === 0;
}

/** Containers of `kubectl debug`: the kubelet starts each once. Those that still run count. */
function ephemeralContainers(
  spec: Record<string, unknown>,
  place: Place,
  status: Record<string, unknown>,
  parts: PodParts,
  context: PodContext,
): unknown[] {
  const containers = Array.isArray(spec.ephemeralContainers) ? spec.ephemeralContainers : [];
  return containers.flatMap((source: unknown, index) => {
    if (!isMapping(source)) return [];
    if (!isMapping(stateOf(status.ephemeralContainerStatuses, source.name)?.running)) return [];
    const container = plainContainer(source, below(place, 'ephemeralContainers', index), parts, context);
    container.restartPolicy = 'Never';
    return [container];
  });
}

function stateOf(statuses: unknown, name: unknown): Record<string, unknown> | null {
  if (!Array.isArray(statuses)) return null;
  const found: unknown = statuses.find((status) => isMapping(status) && status.name === name);
  return isMapping(found) && isMapping(found.state) ? found.state : null;
}

// -------------------------------------------------------------------------------------------- Windows

/** A pod that runs on nodes of another system. */
export function isForWindows(spec: Record<string, unknown>): boolean {
  const { os, nodeSelector } = spec;
  if (isMapping(os) && os.name === 'windows') return true;
  if (!isMapping(nodeSelector)) return false;
  return ['kubernetes.io/os', 'beta.kubernetes.io/os'].some((label) => nodeSelector[label] === 'windows');
}
