/**
 * `pods: [{manifest: FILE, …}]`: pods of a scenario that somebody has described for Kubernetes already.
 *
 *     manifest: PATH ─► objects ─► those that are meant ─► Unit[] ─► PodSource
 */
import { below, Findings } from '../../text/findings.js';
import { INVALID, Reader } from '../../text/read.js';
import { didYouMean } from '../../text/suggest.js';
import { shorten } from '../../text/value.js';
import type { ResolveContext } from '../context.js';
import { type ContainerSource, type ManifestPodSource, type PodSource, schemas } from '../schema.js';
import { ConfigMaps } from './config-maps.js';
import { Origins } from './origins.js';
import type { PlainPod } from './pod.js';
import { findPodSpecs } from './pod-template.js';
import { type KubeObject, readObjects } from './text.js';
import { choices, findUnits, leftOutText, select, type Unit, withoutPodsText } from './units.js';

interface ManifestPods {
  pods: PodSource[];
  /** Some pod of the manifest was left out because it is wrong. */
  isIncomplete: boolean;
}

/**
 * The pods of the manifest that the entry names.
 *
 * @param node of several on which its pods are, the one that is meant; pods that are on none are on each.
 */
export function readManifestPods(
  entry: ManifestPodSource,
  context: ResolveContext,
  node?: string,
): ManifestPods {
  const { findings } = context;
  const at = findings.of(entry, 'manifest');
  const objects = objectsOf(entry, context);
  if (objects === null) return { pods: [], isIncomplete: true };
  const file = besides(context.document.file, entry.manifest);
  const meant = select(objects, entry).filter((object) => node === undefined || mayRunOn(object, node));
  const origins = new Origins();
  const found = findUnits(meant, { findings, origins, configMaps: new ConfigMaps(objects) });
  if (found.units.length === 0 && !found.isIncomplete) {
    if (node !== undefined) return { pods: [], isIncomplete: false };
    complainOfNothing(entry, objects, found.leftOut, file, findings);
    return { pods: [], isIncomplete: true };
  }
  const left = leftOutText(found.leftOut);
  if (left !== null) findings.warning(at, 'ignored-pods', left);
  const others = withoutPodsText(found.withoutPods);
  const isWhole = entry.workload === undefined && entry.namespace === undefined && entry.node === undefined;
  if (others !== null && isWhole) findings.warning(at, 'ignored-kind', others);
  const read = found.units.map((unit) => readPod(unit, entry, origins, file, context));
  const pods = read.filter((pod) => pod !== null);
  checkOverrides(entry, pods, findings);
  return { pods, isIncomplete: found.isIncomplete || pods.length < read.length };
}

function mayRunOn(object: KubeObject, node: string): boolean {
  const names = findPodSpecs(object).map(({ spec }) => spec.nodeName);
  return names.length === 0 || names.some((name) => name === undefined || name === node);
}

/** The names of the nodes on which its pods run, of an entry that does not choose one. */
export function nodesOfEntry(entry: ManifestPodSource, context: ResolveContext): string[] {
  if (entry.node !== undefined) return [];
  const objects = objectsOf(entry, context);
  if (objects === null) return [];
  // What is wrong with them is said when they are read.
  const unheard = { findings: new Findings(), origins: new Origins(), configMaps: new ConfigMaps([]) };
  return findUnits(select(objects, entry), unheard).units.flatMap(({ nodeName }) => nodeName ?? []);
}

/** A file is read once, however often it is named. */
function objectsOf(entry: ManifestPodSource, { findings, document, readFile, manifests }: ResolveContext) {
  const known = manifests.get(entry.manifest);
  if (known !== undefined) return known;
  const path = besides(document.file, entry.manifest);
  const text = readFile(entry.manifest);
  if (text === null)
    findings.error(findings.of(entry, 'manifest'), 'missing-file', `the manifest \`${path}\` cannot be read`);
  const objects = text === null ? null : readObjects(text, path, findings);
  manifests.set(entry.manifest, objects);
  return objects;
}

/** A path relative to the folder of another file. */
function besides(file: string, path: string): string {
  if (/^([/\\]|[A-Za-z]:)/.test(path)) return path;
  const folder = file.slice(0, Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  return folder + path.replace(/^(\.\/)+/, '');
}

function complainOfNothing(
  entry: ManifestPodSource,
  objects: readonly KubeObject[],
  leftOut: ReadonlyMap<string, number>,
  file: string,
  findings: Findings,
): void {
  const { workloads, namespaces, nodes } = choices(objects);
  const offers = { workload: workloads, namespace: namespaces, node: nodes };
  for (const [key, words] of Object.entries(offers)) {
    const wanted = entry[key as keyof typeof offers];
    if (wanted === undefined || words.length === 0) continue;
    if (words.some((word) => word.toLowerCase() === wanted.toLowerCase()) && leftOut.size > 0) continue;
    const some = words.slice(0, 8).join(', ');
    const hint = didYouMean(wanted, words) ?? `It has ${some}${words.length > 8 ? ', …' : ''}.`;
    const message = `\`${file}\` has no pods of ${key} \`${shorten(wanted)}\``;
    findings.error(findings.of(entry, key), 'unknown-value', message, { hint });
    return;
  }
  const rest = leftOutText(leftOut);
  const message = `\`${file}\` has nothing that runs pods${rest === null ? '' : ` (${rest})`}`;
  findings.error(findings.of(entry, 'manifest'), 'not-a-manifest', message);
}

/** The pod as the manifest has it, with what the entry says of it. */
function readPod(
  { pod }: Unit,
  entry: ManifestPodSource,
  origins: Origins,
  file: string,
  context: ResolveContext,
): PodSource | null {
  const { findings } = context;
  const document = origins.document(withPrograms(pod, entry, origins), file);
  const reader = new Reader(findings, { root: null });
  const place = { document, path: [] };
  const read = reader.read(schemas().pod, document.value, place);
  if (read === INVALID) return null;
  const { count, pidMax, startAt, stopAt } = entry;
  const said = Object.fromEntries(
    ['pidMax', 'startAt', 'stopAt'].map((key) => [key, findings.of(entry, key)]),
  );
  Object.assign(read, { count, pidMax, startAt, stopAt });
  findings.place(read, place, { name: below(place, 'name'), ...said });
  for (const container of [...read.initContainers, ...read.containers])
    placeProgram(container, entry, findings);
  return read;
}

/** A program that the entry names goes before the command of the manifest. */
export function withPrograms(
  pod: PlainPod,
  entry: Pick<ManifestPodSource, 'containers'>,
  origins: Origins,
): PlainPod {
  const replaced = (list: unknown): unknown => {
    if (!Array.isArray(list)) return list;
    const containers = list.map((container) => {
      const program = Object.hasOwn(entry.containers, container?.name)
        ? entry.containers[container.name].program
        : undefined;
      if (program === undefined) return container;
      const { command: _command, args: _args, ...rest } = container;
      return copyOrigin(container, { ...rest, program }, origins);
    });
    return copyOrigin(list, containers, origins);
  };
  const copy: PlainPod = { ...pod, containers: replaced(pod.containers) };
  if (pod.initContainers !== undefined) copy.initContainers = replaced(pod.initContainers);
  return copyOrigin(pod, copy, origins);
}

function copyOrigin<T extends object>(from: object, to: T, origins: Origins): T {
  const origin = origins.get(from);
  return origin === undefined ? to : origins.set(to, origin.place, origin.parts);
}

function placeProgram(container: ContainerSource, entry: ManifestPodSource, findings: Findings): void {
  if (!Object.hasOwn(entry.containers, container.name)) return;
  const program = findings.of(entry.containers[container.name], 'program');
  findings.place(container, findings.of(container), { program });
}

function checkOverrides(entry: ManifestPodSource, pods: readonly PodSource[], findings: Findings): void {
  const names = pods.flatMap((pod) => [...pod.initContainers, ...pod.containers].map(({ name }) => name));
  for (const name of Object.keys(entry.containers)) {
    if (names.includes(name) || names.length === 0) continue;
    const message = `the manifest has no container \`${shorten(name)}\``;
    findings.error(findings.of(entry.containers, name), 'unknown-container', message, {
      aim: 'key',
      get hint() {
        return didYouMean(name, names) ?? `Its containers: ${[...new Set(names)].join(', ')}.`;
      },
    });
  }
}
