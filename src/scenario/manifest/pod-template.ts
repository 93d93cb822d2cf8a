/** Where in a Kubernetes object the pods are. */
import { below, type Place } from '../../text/findings.js';
import { isMapping } from '../../text/value.js';
import type { KubeObject } from './text.js';
import words from './words.json' with { type: 'json' };

export interface FoundSpec {
  /** The pod's spec. */
  spec: Record<string, unknown>;
  place: Place;
  /** What tells it from others of the same object: the name of a part; empty when there is one only. */
  part: string;
}

/** Kinds that hold texts and schemas that may look like anything. */
const NO_PODS = new Set(words.noPods);
const PATHS: Readonly<Record<string, string>> = words.podSpecs;

/** The path of the pod's spec in a kind that cannot do without; null: a kind that need not have any. */
export function podSpecPath(kind: string): readonly string[] | null {
  return Object.hasOwn(PATHS, kind) ? PATHS[kind].split('.') : null;
}

/** Every pod spec of an object: of a kind that has one, or of any other that has a pod template. */
export function findPodSpecs({ kind, value, place }: KubeObject): FoundSpec[] {
  const path = podSpecPath(kind);
  if (path !== null) {
    const spec = path.reduce<unknown>((parent, key) => (isMapping(parent) ? parent[key] : undefined), value);
    return isMapping(spec) ? [{ spec, place: below(place, ...path), part: '' }] : [];
  }
  if (NO_PODS.has(kind)) return [];
  const found: FoundSpec[] = [];
  search(value.spec, below(place, 'spec'), [], 0, found);
  return found.length === 1 ? [{ ...found[0], part: '' }] : found;
}

/** Custom resources put a template some levels down (`spec.headGroupSpec.template`), seldom deeper. */
const DEPTH_MAX = 8;
const FOUND_MAX = 20;

function search(
  value: unknown,
  place: Place,
  parts: readonly string[],
  depth: number,
  found: FoundSpec[],
): void {
  if (depth > DEPTH_MAX || found.length >= FOUND_MAX) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const name = isMapping(item) && typeof item.name === 'string' ? item.name : String(index);
      // A set of whole pods, each with a name.
      if (isMapping(item) && item.kind === 'Pod' && isPodSpec(item.spec)) {
        const own = isMapping(item.metadata) ? String(item.metadata.name ?? name) : name;
        found.push({ spec: item.spec, place: below(place, index, 'spec'), part: partName([own]) });
        continue;
      }
      search(item, below(place, index), [...parts, name], depth + 1, found);
    }
  }
  if (!isMapping(value)) return;
  for (const [key, item] of Object.entries(value)) {
    const isTemplate = /template$/i.test(key) && isMapping(item);
    if (isTemplate && isPodSpec(item.spec)) {
      found.push({ spec: withNames(item.spec), place: below(place, key, 'spec'), part: partName(parts) });
    } else if (isTemplate && isPodSpec(item)) {
      found.push({ spec: withNames(item), place: below(place, key), part: partName(parts) });
    } else search(item, below(place, key), [...parts, key], depth + 1, found);
  }
}

interface PodSpec extends Record<string, unknown> {
  containers: unknown[];
}

function isPodSpec(value: unknown): value is PodSpec {
  return isMapping(value) && Array.isArray(value.containers) && value.containers.some(isContainer);
}

function isContainer(value: unknown): boolean {
  return isMapping(value) && (typeof value.name === 'string' || typeof value.image === 'string');
}

/** Knative names a container that has no name. */
function withNames(spec: PodSpec): PodSpec {
  const containers = spec.containers.map((container) =>
    isMapping(container) && isContainer(container) ? { name: 'user-container', ...container } : container,
  );
  return { ...spec, containers };
}

/** `spec.headGroupSpec.template` is `headgroupspec`, `replicatedJobs[workers].template.spec` `workers`. */
function partName(parts: readonly string[]): string {
  const words = parts.filter((part) => !/^(spec|template|\d+)$/.test(part));
  return (
    (words.at(-1) ?? 'pod')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'pod'
  );
}
