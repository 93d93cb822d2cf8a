/**
 * From the objects of some files to the pods that run, each once.
 *
 *     objects ─► with pods? ─► not represented by their own pods, not ended ─► Unit[]
 */

import { plural } from '../../text/figures.js';
import { below, type Findings } from '../../text/findings.js';
import { isMapping, shorten, textOf } from '../../text/value.js';
import { everyUsOf } from './cron.js';
import { Owners, ownerOf, uidOf } from './owners.js';
import { cannotStart, isForWindows, type PlainPod, type PodContext, plainPod } from './pod.js';
import { findPodSpecs, podSpecPath } from './pod-template.js';
import { isUnrendered, TEMPLATE_MESSAGE } from './template.js';
import type { KubeObject } from './text.js';
import words from './words.json' with { type: 'json' };

/** A pod that is to run, in a scenario's words. */
export interface Unit {
  object: KubeObject;
  pod: PlainPod;
  /** Its node, if a cluster says so. */
  nodeName: string | null;
  /** What the manifest says about how many there are; null: one, or as many as there are nodes. */
  replicas: number | null;
}

/** Which objects are meant. */
export interface Selection {
  /** `StatefulSet/queue`. */
  workload?: string;
  namespace?: string;
  node?: string;
}

export interface Units {
  units: Unit[];
  /** Some object was left out because it is wrong. */
  isIncomplete: boolean;
  /** How many there are of what was left out, by the reason. */
  leftOut: Map<string, number>;
  /** Objects that have no pods, by kind. */
  withoutPods: Map<string, number>;
  /** There are several nodes among the objects. */
  hasOtherNodes: boolean;
}

export function findUnits(objects: readonly KubeObject[], context: PodContext): Units {
  const hasOtherNodes = objects.filter(({ kind }) => kind === 'Node').length > 1;
  const counts = { leftOut: new Map(), withoutPods: new Map() };
  const found: Units = { units: [], isIncomplete: false, ...counts, hasOtherNodes };
  const owners = new Owners(objects);
  const represented = representedBy(objects, owners);
  for (const object of objects) {
    if (object.kind === 'Node' || object.kind === 'KubeletConfiguration') continue;
    if (isPatch(object)) {
      count(found.leftOut, 'that is a patch of another');
      continue;
    }
    const own = findPodSpecs(object);
    const specs = own.length > 0 ? own : findPodSpecs(referredBy(object, objects) ?? object);
    const path = podSpecPath(object.kind);
    if (specs.length === 0 && path === null) count(found.withoutPods, object.kind);
    else if (specs.length === 0) {
      const message = `the ${object.kind} has no \`${path!.join('.')}\``;
      const hint = `Add \`${path!.join('.')}:\`.`;
      context.findings.error(below(object.place, 'kind'), 'missing-key', message, { hint });
      found.isIncomplete = true;
    } else {
      const why = whyLeftOut(object, specs[0].spec, represented, owners);
      if (why !== null) count(found.leftOut, why);
      else for (const spec of specs) addUnit(found, object, spec, context);
    }
  }
  makeNamesUnique(found.units);
  return found;
}

/** A Rollout may have its pods from a Deployment: `workloadRef`. */
function referredBy(
  { value, namespace }: KubeObject,
  objects: readonly KubeObject[],
): KubeObject | undefined {
  const { workloadRef } = isMapping(value.spec) ? value.spec : ({} as Record<string, unknown>);
  if (!isMapping(workloadRef)) return undefined;
  const { kind, name } = workloadRef;
  return objects.find((each) => each.kind === kind && each.name === name && each.namespace === namespace);
}

/** A part of an object for Kustomize, which is to be laid over another. */
function isPatch({ value }: KubeObject): boolean {
  return Object.hasOwn(value, '$patch');
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The uids of objects whose pods, or whose pods' makers, are among the objects: these stand for them. */
function representedBy(objects: readonly KubeObject[], owners: Owners): Set<string> {
  const pods = objects.filter(({ kind }) => kind === 'Pod');
  return new Set(pods.flatMap((pod) => owners.chain(pod).map(({ uid }) => uid)).filter((uid) => uid !== ''));
}

const REPRESENTED = 'that another object in the file stands for';

function whyLeftOut(
  object: KubeObject,
  spec: Record<string, unknown>,
  represented: ReadonlySet<string>,
  owners: Owners,
): string | null {
  const { kind, value } = object;
  if (isForWindows(spec)) return 'for Windows nodes';
  if (kind === 'Pod') {
    const status = isMapping(value.status) ? value.status : {};
    if (status.phase === 'Succeeded' || status.phase === 'Failed')
      return `that has ${status.phase.toLowerCase()}`;
    if (status.phase === 'Pending' && spec.nodeName === undefined) return 'that is on no node yet';
    if (cannotStart(spec, status)) return 'that cannot start (image or configuration missing)';
    return null;
  }
  if (represented.has(uidOf(object))) return REPRESENTED;
  const [owner] = owners.chain(object);
  if (owner !== undefined && owners.has(owner)) return REPRESENTED;
  const own = isMapping(value.spec) ? value.spec : {};
  if (own.replicas === 0) return 'scaled to 0';
  if (own.suspend === true) return 'that is suspended';
  const status = isMapping(value.status) ? value.status : {};
  if (kind === 'Job' && status.completionTime !== undefined) return 'that has succeeded';
  return null;
}

function addUnit(
  found: Units,
  object: KubeObject,
  { spec, place, part }: ReturnType<typeof findPodSpecs>[number],
  context: PodContext,
): void {
  const { findings, origins } = context;
  const { value } = object;
  const metadata = isMapping(value.metadata) ? value.metadata : {};
  const metadataPlace = below(object.place, 'metadata');
  if (isUnrendered(metadata.name)) {
    findings.error(below(metadataPlace, 'name'), 'template', TEMPLATE_MESSAGE);
    found.isIncomplete = true;
    return;
  }
  if (object.name === '') {
    const at =
      metadata.name === undefined || metadata.name === null ? metadataPlace : below(metadataPlace, 'name');
    findings.error(at, 'missing-key', `the ${shorten(object.kind)} has no name`, {
      hint: 'Add `metadata.name:`.',
    });
    found.isIncomplete = true;
    return;
  }
  const name = asName(object.name);
  if (name !== object.name && name !== '') {
    const message = `Kubernetes takes no name like \`${shorten(object.name)}\`; read as \`${shorten(name)}\``;
    findings.warning(below(metadataPlace, 'name'), 'bad-name', message);
  }
  const pod: PlainPod = {
    name: nameOf({ ...object, name: name || object.name }, part),
    ...plainPod(spec, place, value.status, object.namespace, context),
  };
  if (object.kind === 'CronJob') Object.assign(pod, recurrence(object, findings));
  if (staysOnNode(object, found.hasOtherNodes)) pod.recreate = true;
  origins.set(pod, place, {
    name: below(metadataPlace, 'name'),
    count: below(object.place, 'spec', 'replicas'),
    every: below(object.place, 'spec', 'schedule'),
  });
  const nodeName = typeof spec.nodeName === 'string' && spec.nodeName !== '' ? spec.nodeName : null;
  found.units.push({ object, pod, nodeName, replicas: replicasOf(object, findings) });
}

/**
 * What is evicted is made again on this node: a DaemonSet's pod, a static pod (whose owner is its node), and
 * a StatefulSet's if there is no other node for it.
 */
function staysOnNode(object: KubeObject, hasOtherNodes: boolean): boolean {
  const kind = object.kind === 'Pod' ? ownerOf(object)?.kind : object.kind;
  return kind === 'DaemonSet' || kind === 'Node' || (kind === 'StatefulSet' && !hasOtherNodes);
}

/** `helm template` without a name of a release writes `RELEASE-NAME`, and examples have `<node>`. */
function asName(text: string): string {
  const plain = text.toLowerCase().replace(/-?[^a-z0-9.-]+-?/g, '-');
  return plain.replace(/^[-.]+|[-.]+$/g, '');
}

/** `shop/web`. A manifest that is to be applied often says no namespace. */
function nameOf({ name, namespace }: KubeObject, part: string): string {
  const own = part === '' ? name : `${name}-${part}`;
  return namespace === null ? own : `${namespace}/${own}`;
}

/** A Deployment and a StatefulSet may be called the same; a Pod cannot be called as another Pod is. */
function makeNamesUnique(units: readonly Unit[]): void {
  const kinds = new Map<string, Set<string>>();
  for (const { object, pod } of units) {
    const name = textOf(pod.name);
    kinds.set(name, (kinds.get(name) ?? new Set()).add(object.kind));
  }
  for (const { object, pod } of units) {
    const isShared = kinds.get(textOf(pod.name))!.size > 1;
    if (isShared && object.kind !== 'Pod') pod.name = `${pod.name}-${object.kind.toLowerCase()}`;
  }
}

function replicasOf({ kind, value, place }: KubeObject, findings: Findings): number | null {
  if (kind === 'Pod' || kind === 'DaemonSet' || kind === 'CronJob') return null;
  const key = kind === 'Job' ? 'parallelism' : 'replicas';
  const given = isMapping(value.spec) ? value.spec[key] : undefined;
  const wanted = typeof given === 'string' && given !== '' ? Number(given) : (given ?? 1);
  if (Number.isInteger(wanted) && Number(wanted) >= 0) return Number(wanted) > 1 ? Number(wanted) : null;
  const message = `\`${shorten(textOf(given))}\` is no number of ${key}; taken as 1`;
  findings.warning(below(place, 'spec', key), 'bad-quantity', message);
  return null;
}

function recurrence({ value, place }: KubeObject, findings: Findings): Record<string, unknown> {
  const { schedule } = isMapping(value.spec) ? value.spec : ({} as Record<string, unknown>);
  const every = typeof schedule === 'string' ? everyUsOf(schedule) : null;
  if (every !== null) return { every };
  const message = `\`${shorten(textOf(schedule))}\` is no schedule; once an hour is assumed`;
  findings.warning(below(place, 'spec', 'schedule'), 'assumed-node', message);
  return { every: '1h' };
}

// ------------------------------------------------------------------------------------------- selection

const SHORT_KINDS: Readonly<Record<string, string>> = words.short;

/** `StatefulSet/queue`, `sts/queue`, `statefulsets/queue`: as kubectl takes it. */
function sameWorkload(wanted: string, kind: string, name: string): boolean {
  const slash = wanted.indexOf('/');
  if (slash === -1) return wanted === name;
  const [wantedKind, wantedName] = [wanted.slice(0, slash).toLowerCase(), wanted.slice(slash + 1)];
  const known = kind.toLowerCase();
  return wantedName === name && [known, `${known}s`].includes(SHORT_KINDS[wantedKind] ?? wantedKind);
}

/** Those objects that are meant. Nodes are kept, and what says how their kubelets are set. */
export function select(objects: readonly KubeObject[], selection: Selection): KubeObject[] {
  const { workload, namespace, node } = selection;
  const owners = new Owners(objects);
  return objects.filter((object) => {
    if (object.kind === 'Node' || object.kind === 'KubeletConfiguration') return true;
    if (namespace !== undefined && (object.namespace ?? 'default') !== namespace) return false;
    if (node !== undefined && !runsOn(object, node)) return false;
    if (workload === undefined) return true;
    return [object, ...owners.chain(object)].some(({ kind, name }) => sameWorkload(workload, kind, name));
  });
}

function runsOn(object: KubeObject, node: string): boolean {
  return findPodSpecs(object).some(({ spec }) => spec.nodeName === node);
}

/** What somebody may have meant, for a hint. */
export function choices(objects: readonly KubeObject[]): {
  workloads: string[];
  namespaces: string[];
  nodes: string[];
} {
  const withPods = objects.filter((object) => findPodSpecs(object).length > 0);
  const owners = new Owners(objects);
  const names = withPods.flatMap((object) =>
    [object, ...owners.chain(object)].map(({ kind, name }) => `${kind}/${name}`),
  );
  const nodes = withPods.flatMap((object) =>
    findPodSpecs(object).map(({ spec }) => textOf(spec.nodeName ?? '')),
  );
  return {
    workloads: [...new Set(names)],
    namespaces: [...new Set(withPods.map(({ namespace }) => namespace ?? 'default'))],
    nodes: [...new Set(nodes)].filter((name) => name !== ''),
  };
}

// ----------------------------------------------------------------------------------- what was left out

/** `62 objects without pods left out, 21 kinds: Service (12), ConfigMap (9), …`; null: none. */
export function withoutPodsText(kinds: ReadonlyMap<string, number>): string | null {
  const total = [...kinds.values()].reduce((sum, n) => sum + n, 0);
  if (total === 0) return null;
  const most = [...kinds].sort(([, a], [, b]) => b - a);
  const shown = most.slice(0, 4).map(([kind, n]) => (n === 1 ? shorten(kind) : `${n} ${shorten(kind)}`));
  const rest = most.length > shown.length ? ', …' : '';
  const all = `${plural(total, 'object')} without pods left out`;
  return `${all}, ${plural(most.length, 'kind')}: ${shown.join(', ')}${rest}`;
}

/** `3 pods left out that have succeeded`. */
export function leftOutText(reasons: ReadonlyMap<string, number>): string | null {
  const parts = [...reasons].map(([why, n]) => `${n} ${n === 1 ? why : manyOf(why)}`);
  return parts.length === 0 ? null : `left out: ${parts.join(', ')}`;
}

function manyOf(words: string): string {
  return words.replace('that has', 'that have').replace('that is', 'that are');
}
