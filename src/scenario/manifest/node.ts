/** A cluster's account of a node (status.nodeInfo, what its kubelet says of itself) to `node:`. */
import { PID_MAX_LIMIT } from '../../kernel/limits.js';
import { RUNTIME_NAMES } from '../../node/spec.js';
import { below, type Place } from '../../text/findings.js';
import { VERSION_PATTERN } from '../../text/quantity.js';
import { isMapping, shorten, textOf } from '../../text/value.js';
import type { Origins } from './origins.js';
import type { KubeObject } from './text.js';
import words from './words.json' with { type: 'json' };

export interface NodeAccount {
  /** As under `node:`. */
  node: Record<string, unknown>;
  /** What is assumed or left out, in words that are the same for nodes of one kind. */
  notes: string[];
  /** By path under `node:`, for somebody who reads the scenario. */
  comments: Map<string, string>;
}

export function nodeAccount(object: KubeObject, kubelet: KubeObject | null, origins: Origins): NodeAccount {
  const { value, place } = object;
  const status = isMapping(value.status) ? value.status : {};
  const info = isMapping(status.nodeInfo) ? status.nodeInfo : {};
  const infoPlace = below(place, 'status', 'nodeInfo');
  const account: NodeAccount = { node: {}, notes: [], comments: new Map() };
  const { node, notes, comments } = account;
  node.kernel = kernelOf(info, status, account);
  origins.set(node.kernel as object, infoPlace, {
    version: below(infoPlace, 'kernelVersion'),
    memory: below(place, 'status', 'capacity', 'memory'),
    cpus: below(place, 'status', 'capacity', 'cpu'),
  });
  node.kubelet = kubeletOf(info, kubelet, account);
  const kubeletPlace = kubelet?.place ?? infoPlace;
  origins.set(node.kubelet as object, kubeletPlace, {
    version: below(infoPlace, 'kubeletVersion'),
    reservedPids: below(kubeletPlace, 'kubeReserved'),
  });
  const runtime = runtimeOf(info.containerRuntimeVersion);
  const named = shorten(textOf(info.containerRuntimeVersion));
  if (runtime === null) notes.push(`the runtime \`${named}\` is not known; taken for containerd 1.7`);
  else
    node.runtime = origins.set(runtime, infoPlace, {
      name: below(infoPlace, 'containerRuntimeVersion'),
      version: below(infoPlace, 'containerRuntimeVersion'),
    });
  const pause = pauseOf(status.images);
  if (pause !== null) {
    node.pause = pause;
    comments.set('pause', 'the one pause image on the node');
  }
  origins.set(node, place);
  return account;
}

/** Of a node of which there is nothing but the name. */
export function unknownNode(preset: string): NodeAccount {
  const notes = [`no Node object says what it is: taken for ${preset}`];
  return { node: { preset }, notes, comments: new Map() };
}

// --------------------------------------------------------------------------------------------- the kernel

function kernelOf(
  info: Record<string, unknown>,
  status: Record<string, unknown>,
  { notes, comments }: NodeAccount,
): Record<string, unknown> {
  const kernel: Record<string, unknown> = {};
  const version = versionIn(info.kernelVersion);
  if (version !== null) kernel.version = version;
  const capacity = isMapping(status.capacity) ? status.capacity : {};
  const cpus = Number(textOf(capacity.cpu));
  if (Number.isInteger(cpus) && cpus > 0) kernel.cpus = cpus;
  if (capacity.memory !== undefined) {
    kernel.memory = capacity.memory;
    comments.set('kernel.memory', 'as the kernel sees it: threads-max is one for each 128 KiB of it');
  }
  const image = textOf(info.osImage) || 'an unknown system';
  const old = OLD_SYSTEMD.find(([pattern]) => pattern.test(image));
  if (old === undefined) kernel.pidMax = PID_MAX_LIMIT;
  const value = old === undefined ? PID_MAX_LIMIT : 'the kernel’s own default';
  const why =
    old !== undefined
      ? `${image} has ${old[1]}`
      : NEW_SYSTEMD.some((pattern) => pattern.test(image))
        ? `${image} has systemd 243 or later`
        : `as systemd 243 and later set it; what ${image} does is not known`;
  notes.push(`pid_max is in none of these files; assumed: ${value} (${why})`);
  comments.set(old === undefined ? 'kernel.pidMax' : 'kernel', `assumed pid_max: ${why}`);
  return kernel;
}

/** By `osImage`: with a systemd before 243, which leaves pid_max to the kernel, or without systemd. */
const OLD_SYSTEMD = words.oldSystemd.map(([pattern, why]) => [new RegExp(pattern), why] as const);
const NEW_SYSTEMD = words.newSystemd.map((pattern) => new RegExp(pattern));

/** The part of `6.1.0-18-amd64`, `v1.29.3`, `v1.27.3+k3s1` that is a scenario's version; null: none. */
function versionIn(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  const version = /^v?(\d+\.\d+[\w.+-]*)/.exec(text.trim())?.[1] ?? null;
  if (version === null) return null;
  return VERSION_PATTERN.test(version) ? version : (/^\d+(\.\d+)+/.exec(version)?.[0] ?? null);
}

// --------------------------------------------------------------------------------------------- the runtime

/** `containerd://1.7.13`, `cri-o://1.29.4`, `docker://20.10.21`. */
function runtimeOf(text: unknown): Record<string, unknown> | null {
  const [, name, rest] = /^([a-z-]+):\/\/(.*)$/.exec(textOf(text)) ?? [];
  const known = RUNTIME_NAMES.find((word) => word === name && word !== 'bare');
  const version = versionIn(rest);
  return known === undefined || version === null ? null : { name: known, version };
}

/** A node lists its largest images, and pause is the smallest: it is there only where there are few. */
function pauseOf(images: unknown): string | null {
  if (!Array.isArray(images)) return null;
  const names = images.flatMap((image) =>
    isMapping(image) && Array.isArray(image.names) ? image.names : [],
  );
  const versions = names.map(
    (name) => /(?:^|\/)(?:mirrored-)?pause(?:-amd64)?:v?(\d+\.\d+(?:\.\d+)?)/.exec(textOf(name))?.[1],
  );
  const known = [...new Set(versions.filter((version) => version !== undefined))];
  return known.length === 1 ? known[0] : null;
}

// --------------------------------------------------------------------------------------------- the kubelet

const NO_LIMIT = 'podPidsLimit is -1, so no pod has a limit of its own';
const NO_THRESHOLD = 'evictionHard has no pid.available, so PIDPressure never fires';
const NO_CONFIGZ =
  'podPidsLimit and evictionHard are in none of these files (no `configz`); assumed: Kubernetes’ ' +
  'defaults, with which no pod has a limit of its own (-1) and PIDPressure never fires (no ' +
  'pid.available)';

/** What a kubelet's configuration says, for a node that is described otherwise. */
export function kubeletSettings(config: KubeObject): NodeAccount {
  const account: NodeAccount = { node: {}, notes: [], comments: new Map() };
  account.node.kubelet = kubeletOf({}, config, account);
  return account;
}

function kubeletOf(
  info: Record<string, unknown>,
  config: KubeObject | null,
  { notes, comments }: NodeAccount,
): Record<string, unknown> {
  const kubelet: Record<string, unknown> = {};
  const version = versionIn(info.kubeletVersion);
  if (version !== null) kubelet.version = version;
  if (config === null) {
    notes.push(NO_CONFIGZ);
    comments.set('kubelet', 'its limits are not known: the defaults, no limit');
    return kubelet;
  }
  const { podPidsLimit, evictionHard, evictionSoft, evictionSoftGracePeriod, systemReserved, kubeReserved } =
    config.value;
  // 0 and less: no limit.
  const isLimited = typeof podPidsLimit === 'number' && podPidsLimit > 0;
  kubelet.podPidsLimit = isLimited ? podPidsLimit : -1;
  const hard = isMapping(evictionHard) ? evictionHard['pid.available'] : undefined;
  const missing = [isLimited ? null : NO_LIMIT, hard === undefined ? NO_THRESHOLD : null];
  const said = missing.filter((text) => text !== null).join('; ');
  if (said !== '') notes.push(said);
  if (hard !== undefined) kubelet.evictionHard = { 'pid.available': hard };
  const reserved = pidsIn(systemReserved) + pidsIn(kubeReserved);
  if (reserved > 0) kubelet.reservedPids = reserved;
  const soft = isMapping(evictionSoft) ? evictionSoft['pid.available'] : undefined;
  const grace = isMapping(evictionSoftGracePeriod) ? evictionSoftGracePeriod['pid.available'] : undefined;
  if (soft !== undefined) kubelet.evictionSoft = { 'pid.available': soft };
  if (soft !== undefined && grace !== undefined) kubelet.evictionSoftGracePeriod = { 'pid.available': grace };
  return kubelet;
}

function pidsIn(reserved: unknown): number {
  const pid = isMapping(reserved) ? Number(textOf(reserved.pid)) : 0;
  return Number.isInteger(pid) && pid > 0 ? pid : 0;
}

// ------------------------------------------------------------------------------- which kubelet is whose

/**
 * A kubelet's configuration does not say whose it is. Its file is named after the node; one that is named
 * after none is for every node that has no other, which is said.
 */
export function kubeletsByNode(
  nodes: readonly string[],
  configs: readonly KubeObject[],
): { byNode: Map<string, KubeObject>; isShared: boolean } {
  const byNode = new Map<string, KubeObject>();
  const nameless: KubeObject[] = [];
  const longestFirst = [...nodes].sort((a, b) => b.length - a.length);
  for (const config of configs) {
    const owner = longestFirst.find((node) => isNamedAfter(config.place, node));
    if (owner === undefined) nameless.push(config);
    else byNode.set(owner, config);
  }
  const [only] = nameless;
  const bare = nodes.filter((node) => !byNode.has(node));
  if (only !== undefined) for (const node of bare) byNode.set(node, only);
  return { byNode, isShared: only !== undefined && bare.length > 1 };
}

/** Whole words: `configz-oak-11.json` is not about `oak-1`. */
function isNamedAfter({ document }: Place, node: string): boolean {
  const file = document.file.replace(/^.*[/\\]/, '').replace(/\.(json|ya?ml)$/, '');
  const at = file.indexOf(node);
  if (at === -1) return false;
  const [before, after] = [file[at - 1] ?? '', file[at + node.length] ?? ''];
  return !/[a-z0-9]/i.test(before) && !/[a-z0-9]/i.test(after);
}
