/** A scenario with the pods of its manifests written out, so that a setting reaches into them. */
import { Findings } from '../../text/findings.js';
import { isMapping } from '../../text/value.js';
import { writeYaml } from '../../text/write-yaml.js';
import { ConfigMaps } from './config-maps.js';
import { withPrograms } from './entry.js';
import { Origins } from './origins.js';
import { readObjects } from './text.js';
import { findUnits, select } from './units.js';

/** The text of the same scenario, one that can be read, without manifests; null: it has none. */
export function inlined(document: unknown, readFile: (path: string) => string | null): string | null {
  if (!isMapping(document) || !isMapping(document.spec) || !Array.isArray(document.spec.pods)) return null;
  const entries: unknown[] = document.spec.pods;
  if (!entries.some((entry) => isMapping(entry) && 'manifest' in entry)) return null;
  const pods = entries.flatMap((entry) =>
    isMapping(entry) && 'manifest' in entry ? podsOf(entry) : [entry],
  );
  return writeYaml({ ...document, spec: { ...document.spec, pods } });

  function podsOf({ manifest, workload, namespace, node, containers, ...rest }: Record<string, unknown>) {
    // What is wrong with them has been said when the scenario was read.
    const findings = new Findings();
    const objects = readObjects(readFile(String(manifest)) ?? '', String(manifest), findings) ?? [];
    const origins = new Origins();
    const meant = select(objects, { workload, namespace, node } as Parameters<typeof select>[1]);
    const { units } = findUnits(meant, { findings, origins, configMaps: new ConfigMaps(objects) });
    const programs = { containers: (containers ?? {}) as Parameters<typeof withPrograms>[1]['containers'] };
    return units.map(({ pod }) => ({ ...withPrograms(pod, programs, origins), ...rest }));
  }
}
