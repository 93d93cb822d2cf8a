/** Scripts that a chart puts into a ConfigMap and mounts, and that its probes run (R37). */
import { isMapping } from '../../text/value.js';
import type { KubeObject } from './text.js';

type Texts = Record<string, string>;

export class ConfigMaps {
  private readonly known: readonly KubeObject[];

  constructor(objects: readonly KubeObject[]) {
    this.known = objects.filter(({ kind }) => kind === 'ConfigMap');
  }

  /** The scripts that a container's commands run, and those that they run, by their paths. */
  scriptsOf(container: Record<string, unknown>, volumes: unknown, namespace: string | null): Texts {
    if (this.known.length === 0) return {};
    const mounted = Object.entries(this.mounted(container, volumes, namespace));
    const found: Texts = {};
    const { command, args, lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
    const said = [JSON.stringify([command, args, lifecycle, livenessProbe, readinessProbe, startupProbe])];
    for (const text of said)
      for (const [path, script] of mounted) {
        const name = path.slice(path.lastIndexOf('/') + 1);
        if (Object.hasOwn(found, path) || !isScript(name, script) || !text.includes(name)) continue;
        found[path] = script;
        said.push(script);
      }
    return found;
  }

  private mounted(container: Record<string, unknown>, volumes: unknown, namespace: string | null): Texts {
    const found: Texts = {};
    for (const mount of mappings(container.volumeMounts)) {
      const { name, mountPath, subPath } = mount;
      const volume = mappings(volumes).find((each) => each.name === name);
      if (typeof mountPath !== 'string' || volume === undefined) continue;
      for (const [file, text] of Object.entries(this.filesOf(volume, namespace))) {
        if (subPath === undefined || subPath === '') found[`${mountPath.replace(/\/+$/, '')}/${file}`] = text;
        else if (subPath === file) found[mountPath] = text;
      }
    }
    return found;
  }

  /** The files of a volume: those of its ConfigMap, or of each of a projected one. */
  private filesOf({ configMap, projected }: Record<string, unknown>, namespace: string | null): Texts {
    const sources = isMapping(projected) ? mappings(projected.sources).map((each) => each.configMap) : [];
    const files: Texts = {};
    for (const source of [configMap, ...sources]) {
      if (!isMapping(source)) continue;
      const data = this.dataOf(source.name, namespace);
      const items = Array.isArray(source.items)
        ? mappings(source.items).map(({ key, path }) => [key, path])
        : Object.keys(data).map((key) => [key, key]);
      for (const [key, path] of items)
        if (typeof key === 'string' && typeof path === 'string' && Object.hasOwn(data, key))
          files[path] = data[key];
    }
    return files;
  }

  /** Of the pod's namespace; a manifest that is to be applied need not say one. */
  private dataOf(name: unknown, namespace: string | null): Texts {
    const found = this.known.find(
      (each) => each.name === name && (each.namespace === namespace || !each.namespace || !namespace),
    );
    const entries = isMapping(found?.value.data) ? Object.entries(found.value.data) : [];
    return Object.fromEntries(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  }
}

function isScript(name: string, text: string): boolean {
  return text.startsWith('#!') || /\.(sh|bash)$/.test(name);
}

function mappings(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isMapping) : [];
}
