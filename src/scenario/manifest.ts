/**
 * Pods from Kubernetes manifests: Pod, Deployment, StatefulSet, DaemonSet, and lists of them.
 *
 *     manifest: PATH ──► text ──► documents ──► workloads ──► pod spec ──► the same PodSource as a pod written out
 *
 * Only what bears on processes is read; the many other fields of a pod are left alone. A mistake in a manifest is
 * reported with the manifest's own file, line and column.
 */
import * as z from 'zod';
import { userlandOf } from '../program/userland.js';
import { below, type Findings, type Place } from '../text/findings.js';
import { nameLeaf } from '../text/leaves.js';
import { INVALID, Reader } from '../text/read.js';
import { didYouMean } from '../text/suggest.js';
import { isMapping, shorten } from '../text/value.js';
import { readYaml } from '../text/yaml.js';
import type { ResolveContext } from './context.js';
import { type ContainerSource, type ManifestPodSource, type PodSource, schemas } from './schema.js';

/** Where the pod's spec is, by kind. */
const POD_SPEC_PATHS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
};

interface ManifestPods {
  pods: PodSource[];
  /** Some pod of the manifest was left out because it is wrong. */
  isIncomplete: boolean;
}

/** A Kubernetes object with pods, and where it stands. */
interface Workload {
  kind: string;
  value: Record<string, unknown>;
  place: Place;
}

/** The pods of the manifest that the entry names. */
export function readManifestPods(entry: ManifestPodSource, context: ResolveContext): ManifestPods {
  const { findings, document, readFile } = context;
  const at = findings.of(entry, 'manifest');
  const path = besides(document.file, entry.manifest);
  const text = readFile(entry.manifest);
  if (text === null) {
    findings.error(at, 'missing-file', `the manifest \`${path}\` cannot be read`);
    return { pods: [], isIncomplete: true };
  }
  const yaml = readYaml(text, path);
  findings.addAll(yaml.diagnostics);
  const workloads = yaml.documents.flatMap((manifest) =>
    findWorkloads(manifest.value, { document: manifest, path: [] }, findings),
  );
  if (workloads.length === 0 && yaml.diagnostics.length === 0) {
    findings.error(at, 'not-a-manifest', `\`${path}\` has no Pod, Deployment, StatefulSet or DaemonSet`);
  }
  const reader = new Reader(findings, { root: null });
  const pods = workloads.map((workload) => readPod(workload, entry, reader, context));
  const read = pods.filter((pod) => pod !== null);
  checkOverrides(entry, read, findings);
  return { pods: read, isIncomplete: yaml.diagnostics.length > 0 || read.length < pods.length };
}

/** A path relative to the folder of another file. */
function besides(file: string, path: string): string {
  if (/^([/\\]|[A-Za-z]:)/.test(path)) return path;
  const folder = file.slice(0, Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  return folder + path.replace(/^(\.\/)+/, '');
}

function findWorkloads(value: unknown, place: Place, findings: Findings): Workload[] {
  if (!isMapping(value) || typeof value.kind !== 'string') {
    findings.error(place, 'not-a-manifest', 'this is not a Kubernetes object: it has no `kind`');
    return [];
  }
  const { kind, items } = value;
  if (kind === 'List' || (kind.endsWith('List') && Array.isArray(items))) {
    const entries = Array.isArray(items) ? items : [];
    return entries.flatMap((item, index) => findWorkloads(item, below(place, 'items', index), findings));
  }
  if (Object.hasOwn(POD_SPEC_PATHS, kind)) return [{ kind, value, place }];
  findings.warning(below(place, 'kind'), 'ignored-kind', `the ${shorten(kind)} in the manifest is left out`);
  return [];
}

let built: ReturnType<typeof build> | undefined;

/** The fields of a pod spec that bear on processes, with Kubernetes' defaults. */
function podSpecSchema(): ReturnType<typeof build> {
  return (built ??= build());
}

function build() {
  const probe = schemas().manifestProbe.optional();
  const words = z.array(z.string()).optional();
  const name = nameLeaf();
  const container = z.object({
    name,
    image: z.string().optional(),
    command: words,
    args: words,
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
  });
  const podSpec = z.object({
    shareProcessNamespace: z.boolean().optional(),
    hostPID: z.boolean().default(false),
    restartPolicy: z.enum(['Always', 'OnFailure', 'Never']).default('Always'),
    terminationGracePeriodSeconds: z.int().min(0).default(30),
    initContainers: z.array(z.unknown()).default([]),
    containers: z.array(container).min(1),
  });
  return { metadata: z.object({ name }), podSpec };
}
type ManifestContainer = z.output<ReturnType<typeof build>['podSpec']>['containers'][number];

function readPod(
  { kind, value, place }: Workload,
  entry: ManifestPodSource,
  reader: Reader,
  context: ResolveContext,
): PodSource | null {
  const { findings } = context;
  const schema = podSpecSchema();
  const metadata = reader.read(schema.metadata, value.metadata ?? {}, below(place, 'metadata'));
  const path = POD_SPEC_PATHS[kind];
  const found = path.reduce<unknown>((parent, key) => (isMapping(parent) ? parent[key] : undefined), value);
  if (found === undefined || found === null) {
    const message = `the ${kind} has no \`${path.join('.')}\``;
    findings.error(below(place, 'kind'), 'missing-key', message, { hint: `Add \`${path.join('.')}:\`.` });
    return null;
  }
  const podSpec = reader.read(schema.podSpec, found, below(place, ...path));
  if (metadata === INVALID || podSpec === INVALID) return null;
  if (podSpec.initContainers.length > 0) {
    const message = 'init containers are left out; those that stay (`restartPolicy: Always`) too';
    findings.warning(findings.of(podSpec, 'initContainers'), 'ignored-init-containers', message, {
      aim: 'key',
    });
  }
  const { initContainers: _, containers, ...fields } = podSpec;
  const { count, pidMax, startAt, stopAt } = entry;
  const pod: PodSource = {
    ...fields,
    name: metadata.name,
    count,
    pidMax,
    startAt,
    stopAt,
    containers: containers.map((container) => readContainer(container, entry, context)),
  };
  findings.place(pod.containers, findings.of(podSpec, 'containers'));
  if (findings.isIncomplete(containers)) findings.markIncomplete(pod.containers);
  findings.place(pod, findings.of(podSpec), {
    name: findings.of(metadata, 'name'),
    ...Object.fromEntries(['pidMax', 'startAt', 'stopAt'].map((key) => [key, findings.of(entry, key)])),
  });
  return pod;
}

/** What the container runs: as the scenario says, else its command, else something quiet. */
function readContainer(
  container: ManifestContainer,
  entry: ManifestPodSource,
  { findings, programs }: ResolveContext,
): ContainerSource {
  const { image, command, args, ...fields } = container;
  const override = Object.hasOwn(entry.containers, container.name)
    ? entry.containers[container.name]
    : undefined;
  const read: ContainerSource = { ...fields };
  const userland = image === undefined ? null : userlandOf(image);
  if (userland !== null) read.userland = userland;
  if (override) {
    read.program = override.program;
  } else if (command && command.length > 0) {
    read.command = command;
    read.args = args;
  } else {
    const runs = image ?? container.name;
    read.program = programs.assumeQuiet(`image ${runs}`, commOf(runs));
    const message = `what the image of container \`${container.name}\` runs is not known; assumed to be quiet`;
    const hint = `Say it beside \`manifest:\`: \`containers: {${container.name}: {program: PROGRAM}}\`.`;
    findings.warning(
      findings.of(container, image === undefined ? 'name' : 'image'),
      'assumed-program',
      message,
      {
        hint,
      },
    );
  }
  findings.place(read, findings.of(container), override && { program: findings.of(override, 'program') });
  return read;
}

/** `docker.io/library/nginx:1.27@sha256:…` runs something that `ps` might well call `nginx`. */
function commOf(image: string): string {
  return image.replace(/@.*$/, '').split('/').at(-1)!.split(':')[0] || 'app';
}

function checkOverrides(entry: ManifestPodSource, pods: readonly PodSource[], findings: Findings): void {
  const names = pods.flatMap(({ containers }) => containers.map(({ name }) => name));
  for (const name of Object.keys(entry.containers)) {
    if (names.includes(name) || names.length === 0) continue;
    const hint = didYouMean(name, names) ?? `Its containers: ${names.join(', ')}.`;
    const message = `the manifest has no container \`${shorten(name)}\``;
    findings.error(findings.of(entry.containers, name), 'unknown-container', message, { hint, aim: 'key' });
  }
}
