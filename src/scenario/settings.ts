/**
 * `--set PATH=VALUE` puts a value into a scenario's spec before the spec is read, so a mistake in it is
 * reported as if it stood in the file.
 *
 *     node.pause=3.1      pods.*.containers.*.livenessProbe.periodSeconds=60      pods.web.count=3
 */
import { parse } from 'yaml';
import type { Findings } from '../text/findings.js';
import { isMapping, textOf } from '../text/value.js';
import type { Path, Position, SourceDocument } from '../text/yaml.js';
import { FLEET_KIND } from './schema.js';

export interface Setting {
  /** As it was given. */
  text: string;
  /** Keys; of a list an index or the `name` of an entry; `*`: each. From the spec on. */
  path: readonly string[];
  value: unknown;
  /** The value as it was written. */
  written: string;
  /** Where it stands, if not on the command line. */
  place?: Position;
}

/** Keys whose value is a version: `3.10` is no number, and a shell takes the quotes away. */
const VERSIONS: ReadonlySet<string> = new Set(['pause', 'version']);

/** The keys of a PATH; null: it is none. A dot within a key is written `\.`. */
export function parsePath(text: string): string[] | null {
  const keys = text.split(/(?<!\\)\./).map((key) => key.replaceAll('\\.', '.'));
  return keys.some((key) => key === '' || key === '__proto__') ? null : keys;
}

/** null: it is not of the form PATH=VALUE. */
export function parseSetting(text: string): Setting | null {
  const match = /^([^=\s]+)=(.*)$/s.exec(text);
  if (match === null) return null;
  const path = parsePath(match[1]);
  if (path === null) return null;
  try {
    const value = VERSIONS.has(path[path.length - 1]) ? match[2] : parse(match[2]);
    return { text, path, value, written: match[2] };
  } catch {
    return null;
  }
}

/** The same document with the settings in it, one after another. What leads nowhere is an error. */
export function withSettings(
  document: SourceDocument,
  settings: readonly Setting[],
  findings: Findings,
): SourceDocument {
  if (settings.length === 0 || !isMapping(document.value)) return document;
  const value = copyOf(document.value) as Record<string, unknown>;
  const places: { path: Path; setting: Setting }[] = [];
  for (const setting of settings) {
    const paths = rootsOf(value, setting).flatMap(([root, at]) => put(root, setting, 0, at, false));
    if (paths.length === 0) {
      const message = `nothing in it is at \`${setting.path.join('.')}\``;
      const nowhere = { ...document, locate: () => placeOf(setting) };
      findings.error({ document: nowhere, path: [] }, 'unknown-key', message, {
        hint:
          'PATH begins below `spec`: node.pause, pods.NAME.count, ' +
          'pods.*.containers.*.livenessProbe.periodSeconds.',
      });
    }
    places.push(...paths.map((path) => ({ path, setting })));
  }
  const settingAt = (path: Path) =>
    places.findLast((place) => place.path.every((key, index) => key === path[index]))?.setting;
  return {
    file: document.file,
    value,
    locate(path, aim) {
      const setting = settingAt(path);
      return setting === undefined ? document.locate(path, aim) : placeOf(setting);
    },
    written(path) {
      const setting = settingAt(path);
      return setting === undefined ? document.written(path) : setting.written;
    },
  };
}

/** What stands at a PATH, the first if several do. undefined: nothing. */
export function valueAt(document: unknown, text: string): unknown {
  const path = parsePath(text);
  if (path === null || !isMapping(document)) return undefined;
  const step = (at: unknown, depth: number): unknown => {
    if (depth === path.length) return at;
    for (const [key, inner] of entriesOf(at, path[depth])) {
      const found = step(inner, depth + 1);
      if (key !== undefined && found !== undefined) return found;
    }
    return undefined;
  };
  return step(document.spec, 0);
}

function entriesOf(at: unknown, key: string): [string, unknown][] {
  if (!isMapping(at) && !Array.isArray(at)) return [];
  const isMeant = ([name, inner]: [string, unknown]): boolean =>
    key === '*' || key === name || (Array.isArray(at) && isMapping(inner) && textOf(inner.name) === key);
  return Object.entries(at).filter(isMeant);
}

function placeOf({ text, place }: Setting): Position {
  return place ?? { file: `--set ${text}`, line: 0, column: 0 };
}

/** In a fleet a setting goes into the spec of each node, unless its key is one of the fleet's own. */
function rootsOf(value: Record<string, unknown>, { path }: Setting): [Record<string, unknown>, Path][] {
  const { spec } = value;
  if (!isMapping(spec)) return [];
  const isOfFleet =
    value.kind !== FLEET_KIND || ['nodes', 'groups', 'seed', 'horizon', 'programs'].includes(path[0]);
  if (isOfFleet || !Array.isArray(spec.nodes)) return [[spec, ['spec']]];
  return spec.nodes.flatMap((node, index) => (isMapping(node) ? [[node, ['spec', 'nodes', index]]] : []));
}

/** The places where the value has been put. A missing mapping is made, but below a `*` it is skipped. */
function put(at: unknown, setting: Setting, depth: number, place: Path, isEach: boolean): Path[] {
  const { path, value } = setting;
  const key = path[depth];
  const isLast = depth === path.length - 1;
  const enter = (inner: unknown, index: string | number, each: boolean): Path[] =>
    put(inner, setting, depth + 1, [...place, index], each);
  if (Array.isArray(at)) {
    const chosen = [...at.keys()].filter(
      (index) =>
        key === '*' || key === String(index) || (isMapping(at[index]) && textOf(at[index].name) === key),
    );
    if (!isLast) return chosen.flatMap((index) => enter(at[index], index, isEach || key === '*'));
    for (const index of chosen) at[index] = value;
    return chosen.map((index) => [...place, index]);
  }
  if (!isMapping(at)) return [];
  if (key === '*') return Object.keys(at).flatMap((name) => (isLast ? [] : enter(at[name], name, true)));
  if (isLast) {
    at[key] = value;
    return [[...place, key]];
  }
  if (at[key] === undefined || at[key] === null) {
    if (isEach) return [];
    at[key] = {};
  }
  return enter(at[key], key, isEach);
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner)]));
}
