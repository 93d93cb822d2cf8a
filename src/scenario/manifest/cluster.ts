/**
 * From Kubernetes objects to a scenario, or to a fleet of one node for each that they name: a document as
 * somebody could have written it. It is what runs, and what `pidsim import` prints; so both are the same.
 */

import { formatCount, listOf, plural } from '../../text/figures.js';
import type { Findings } from '../../text/findings.js';
import { textOf } from '../../text/value.js';
import type { Path, SourceDocument } from '../../text/yaml.js';
import { POD_COUNT_MAX } from '../bounds.js';
import { DEFAULT_PRESET, type PresetName } from '../presets.js';
import { ConfigMaps } from './config-maps.js';
import { kubeletSettings, kubeletsByNode, type NodeAccount, nodeAccount, unknownNode } from './node.js';
import { Origins } from './origins.js';
import type { PlainPod } from './pod.js';
import { type KubeObject, readObjects } from './text.js';
import { findUnits, leftOutText, type Unit, type Units, withoutPodsText } from './units.js';

/** A file as it was named, and what is in it. */
export interface ManifestText {
  path: string;
  text: string;
}

export interface ClusterOptions {
  /** The kind of node, where the objects do not say it. */
  preset?: PresetName;
}

interface Comment {
  path: Path;
  text: string;
}

/** A scenario's document that nobody has written. */
export interface MadeScenario {
  document: SourceDocument;
  comments: Comment[];
}

/** As long as a leak of today takes to fill a node of today; what comes later is for projection. */
const HORIZON = '7d';

/** Null: there is nothing to run, and the findings say why. */
export function scenarioOfCluster(
  texts: readonly ManifestText[],
  { preset }: ClusterOptions,
  findings: Findings,
): MadeScenario | null {
  const read = texts.map(({ path, text }) => readObjects(text, path, findings));
  if (read.includes(null)) return null;
  const objects = read.flatMap((each) => each ?? []);
  const origins = new Origins();
  const found = findUnits(objects, { findings, origins, configMaps: new ConfigMaps(objects) });
  const [{ path }] = texts;
  if (found.units.length === 0) {
    const isSaid = findings.diagnostics.some(({ severity }) => severity === 'error');
    if (!isSaid) complainOfNothing(objects, found, path, findings);
    return null;
  }
  tellWhatIsLeftOut(found, path, findings);
  const nodeNames = placeUnits(found.units, objects, path, findings);
  const maker = new Maker(objects, found.units, preset, path, findings, origins);
  const made = nodeNames.length === 0 ? maker.scenario() : maker.fleet(nodeNames);
  const isTooMuch = nodeNames.length === 0 && found.units.length > POD_COUNT_MAX;
  return isTooMuch ? null : { document: origins.document(made, path), comments: maker.comments };
}

/** The nodes of the fleet; none: it is one node of some kind. Each unit that can be put on one is. */
function placeUnits(
  units: Unit[],
  objects: readonly KubeObject[],
  path: string,
  findings: Findings,
): string[] {
  const told = [...new Set(units.flatMap(({ nodeName }) => nodeName ?? []))].sort(byName);
  const known = objects.filter(({ kind, name }) => kind === 'Node' && name !== '').map(({ name }) => name);
  const names = told.length > 0 ? told : known.sort(byName);
  if (names.length === 0) return [];
  for (const unit of units.filter(({ nodeName }) => nodeName === null)) {
    if (unit.object.kind === 'DaemonSet') putOnEach(unit, units, names);
    else if (told.length === 0) [unit.nodeName] = names;
  }
  if (told.length === 0 && names.length > 1) {
    const message = `nothing says on which node what is no DaemonSet runs: all of it is put on ${names[0]}`;
    findings.warning(wholeFile(path), 'assumed-node', message);
  }
  return names;
}

/** A DaemonSet has a pod on every node. */
function putOnEach(unit: Unit, units: Unit[], [first, ...others]: readonly string[]): void {
  unit.nodeName = first;
  for (const nodeName of others) units.push({ ...unit, nodeName });
}

/** node-2 before node-10. */
function byName(a: string, b: string): number {
  const digits = (name: string) => name.replace(/\d+/g, (number) => number.padStart(8, '0'));
  return digits(a) < digits(b) ? -1 : digits(a) > digits(b) ? 1 : 0;
}

function wholeFile(file: string): { document: SourceDocument; path: Path } {
  const document = { file, value: null, locate: () => ({ line: 0, column: 0 }), written: () => undefined };
  return { document, path: [] };
}

/** Of a group that is not Kubernetes' own: `postgresql.cnpg.io/v1`. */
function isOperators({ value }: KubeObject): boolean {
  const [group, version] = textOf(value.apiVersion).split('/');
  return version !== undefined && group.includes('.') && !/(^|\.)(k8s\.io|openshift\.io)$/.test(group);
}

function complainOfNothing(
  objects: readonly KubeObject[],
  found: Units,
  path: string,
  findings: Findings,
): void {
  const left = [leftOutText(found.leftOut), withoutPodsText(found.withoutPods)].filter(
    (text) => text !== null,
  );
  const rest = left.length === 0 ? '' : ` (${left.join('; ')})`;
  const nodes = objects.filter(({ kind }) => kind === 'Node').length;
  const isOnlyNodes = nodes > 0 && left.length === 0;
  const message = isOnlyNodes
    ? `only ${plural(nodes, 'node')}, and no pod`
    : `nothing in it runs pods${rest}`;
  const made = [...new Set(objects.filter(isOperators).map(({ kind }) => kind))];
  const makers = made.length > 3 ? `${made.slice(0, 3).join(', ')} and the like` : made.join(', ');
  const ofMakers = `An operator makes the pods of ${makers}: name those, as \`kubectl get pods -A -o yaml\` prints them.`;
  findings.error(wholeFile(path), 'not-a-manifest', message, {
    hint: objects.some(({ kind }) => kind === 'Kustomization')
      ? 'Build it first: `kubectl kustomize FOLDER`, and read the result.'
      : isOnlyNodes
        ? 'Name the pods’ file too: `kubectl get pods -A -o json`.'
        : made.length > 0
          ? ofMakers
          : undefined,
  });
}

function tellWhatIsLeftOut(found: Units, path: string, findings: Findings): void {
  const left = leftOutText(found.leftOut);
  if (left !== null) findings.warning(wholeFile(path), 'ignored-pods', left);
  const others = withoutPodsText(found.withoutPods);
  if (others !== null) findings.warning(wholeFile(path), 'ignored-kind', others);
}

/** The plain values of the document, with a comment where somebody who edits it may wonder. */
class Maker {
  readonly comments: Comment[] = [];

  constructor(
    private readonly objects: readonly KubeObject[],
    private readonly units: readonly Unit[],
    private readonly preset: PresetName | undefined,
    private readonly path: string,
    private readonly findings: Findings,
    private readonly origins: Origins,
  ) {}

  scenario(): Record<string, unknown> {
    this.refuseTooMany();
    const preset = this.preset ?? DEFAULT_PRESET;
    const node: Record<string, unknown> = { preset };
    const config = this.objects.find(({ kind }) => kind === 'KubeletConfiguration');
    if (config !== undefined) {
      const account = kubeletSettings(config);
      Object.assign(node, account.node);
      this.tellNotes(new Map([['', account]]));
    }
    if (this.preset === undefined) {
      const others = '`--node PRESET` for another, `pidsim explain presets`';
      const message = `no node is named: taken for ${preset} (${others})`;
      this.findings.warning(wholeFile(this.path), 'assumed-node', message);
    }
    this.comment(['spec', 'node'], `What it means: pidsim explain preset ${preset}`);
    const pods = this.podsOf(this.units, ['spec', 'pods'], true);
    return this.document('Scenario', `${plural(pods.length, 'workload')} on one node`, {
      horizon: HORIZON,
      node,
      pods,
    });
  }

  private refuseTooMany(): void {
    const { length } = this.units;
    if (length <= POD_COUNT_MAX) return;
    const many = 'nothing says on which nodes: too many for one (a kubelet takes 110 pods)';
    const message = `${formatCount(length)} workloads, and ${many}`;
    this.findings.error(wholeFile(this.path), 'out-of-range', message, {
      hint:
        'A dump of the pods themselves (`kubectl get pods -A -o json`) says it. Or choose: `manifest:` ' +
        'with `namespace:` or `workload:`.',
    });
  }

  fleet(nodeNames: readonly string[]): Record<string, unknown> {
    const loose = this.units.filter(({ nodeName }) => nodeName === null);
    if (loose.length > 0) this.tellOfLoose(loose);
    const accounts = this.accounts(nodeNames);
    const nodes = nodeNames.map((name, index) => {
      const own = this.units.filter(({ nodeName }) => nodeName === name);
      const path = ['spec', 'nodes', index];
      const { node, comments } = accounts.get(name)!;
      // Where nobody is pause's child its version is of no consequence, and one who reads it may think that
      // it is.
      if (!own.some(({ pod }) => pod.shareProcessNamespace === true)) delete node.pause;
      for (const [where, text] of comments) {
        if (where !== 'pause' || node.pause !== undefined)
          this.comment([...path, 'node', ...where.split('.')], text);
      }
      return { name, node, pods: this.podsOf(own, [...path, 'pods'], false) };
    });
    this.tellNotes(accounts);
    const count = nodes.reduce((sum, { pods }) => sum + pods.length, 0);
    const title = `${plural(nodeNames.length, 'node')} with ${plural(count, 'pod')}`;
    return this.document('Fleet', title, { horizon: HORIZON, nodes });
  }

  private document(kind: string, title: string, spec: Record<string, unknown>): Record<string, unknown> {
    const file = this.path.replace(/^.*[/\\]/, '');
    const metadata = { name: scenarioName(file), title: `${file}: ${title}` };
    return { apiVersion: 'pidsim/v1', kind, metadata, spec };
  }

  private accounts(nodeNames: readonly string[]): Map<string, NodeAccount> {
    const nodes = new Map(
      this.objects.filter(({ kind }) => kind === 'Node').map((node) => [node.name, node]),
    );
    const configs = this.objects.filter(({ kind }) => kind === 'KubeletConfiguration');
    const { byNode, isShared } = kubeletsByNode([...new Set([...nodes.keys(), ...nodeNames])], configs);
    return new Map(
      nodeNames.map((name) => {
        const object = nodes.get(name);
        const account =
          object === undefined || this.preset !== undefined
            ? unknownNode(this.preset ?? DEFAULT_PRESET)
            : nodeAccount(object, byNode.get(name) ?? null, this.origins);
        if (isShared && object !== undefined)
          account.notes.push(
            'one kubelet configuration says not whose it is: taken for every node without another',
          );
        if (this.preset !== undefined) account.notes.length = 0;
        return [name, account];
      }),
    );
  }

  private podsOf(units: readonly Unit[], path: Path, countsReplicas: boolean): Record<string, unknown>[] {
    return units.map(({ object, pod, replicas }, index) => {
      const words = [object.kind === 'Pod' ? null : `${object.kind} ${pod.name}`];
      if (object.kind === 'CronJob') words.push('the mean interval of its schedule');
      if (countsReplicas && replicas !== null) {
        insertAfterName(pod, 'count', replicas);
        words.push(`all ${replicas} replicas are on this one node`);
      }
      const text = words.filter((word) => word !== null).join(': ');
      if (text !== '') this.comment([...path, index], text);
      return pod;
    });
  }

  private comment(path: Path, text: string): void {
    this.comments.push({ path, text });
  }

  /** Each note once, with the nodes that it is about. */
  private tellNotes(accounts: ReadonlyMap<string, NodeAccount>): void {
    const nodesByNote = new Map<string, string[]>();
    for (const [name, { notes }] of accounts) {
      for (const note of notes) nodesByNote.set(note, [...(nodesByNote.get(note) ?? []), name]);
    }
    for (const [note, names] of nodesByNote) {
      const who =
        names.length === 1 ? names[0] : names.length === accounts.size ? 'every node' : severalNodes(names);
      this.findings.warning(wholeFile(this.path), 'assumed-node', who === '' ? note : `${who}: ${note}`);
    }
  }

  private tellOfLoose(loose: readonly Unit[]): void {
    const names = loose.map(({ object, pod }) => `${object.kind} ${pod.name}`);
    const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
    const message = `left out, because nothing says on which node: ${listOf(shown)}`;
    this.findings.warning(wholeFile(this.path), 'ignored-pods', message);
  }
}

/** Where somebody who edits it looks for it. */
function insertAfterName(pod: PlainPod, key: string, value: unknown): void {
  const { name: _, ...rest } = pod;
  for (const each of Object.keys(rest)) delete pod[each];
  Object.assign(pod, { [key]: value }, rest);
}

const NODES_SHOWN = 3;

function severalNodes(names: readonly string[]): string {
  const rest = names.length - NODES_SHOWN;
  return listOf(rest > 1 ? [...names.slice(0, NODES_SHOWN), `${rest} more`] : names);
}

/** `d1-pods.yaml` is the scenario `d1-pods`; of standard input, `manifest`. */
function scenarioName(file: string): string {
  const name = file
    .replace(/\.(ya?ml|json|txt)$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 50)
    .replace(/-+$/, '');
  return name === '' || name === 'stdin' ? 'manifest' : name;
}
