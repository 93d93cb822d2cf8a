/** Charts put their health checks into ConfigMaps. */
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { simulate } from '../../src/run/run.js';
import { importedYaml } from '../../src/scenario/manifest/import.js';
import { parseManifests, parseScenario } from '../../src/scenario/parse.js';

describe('a script in a ConfigMap (R37)', () => {
  const map = (more = '') =>
    `kind: ConfigMap\nmetadata: {name: health${more}}\ndata: {check.sh: "#!/bin/bash\\nslowly & exit 0", a.conf: "#!x", other.sh: "#!/bin/sh"}\n---\n`;
  const pod = (volume: string, mount: string, path = '/health/check.sh', more = '') =>
    `kind: Pod\nmetadata: {name: p${more}}\nspec: {volumes: [{name: v, ${volume}}], containers: [{name: c, image: x, command: [app],
      livenessProbe: {exec: {command: [sh, -c, "${path} 5"]}}, volumeMounts: [{name: v, ${mount}}]}]}\n`;
  const probe = (text: string) => {
    const parsed = parseManifests([{ path: 'm.yaml', text }]);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
    const said = parsed.warnings.map(({ message }) => message);
    return { isRead: said.every((line) => !line.includes('check.sh')), scenario: parsed.value[0] };
  };
  const NAMED = 'configMap: {name: health}';

  test('is read where a probe runs it, wherever it is mounted', () => {
    expect(probe(map() + pod(NAMED, 'mountPath: /health')).isRead).toBe(true);
    expect(probe(map() + pod(NAMED, 'mountPath: /health/check.sh, subPath: check.sh')).isRead).toBe(true);
    const items = 'configMap: {name: health, items: [{key: check.sh, path: bin/ok}]}';
    expect(probe(map() + pod(items, 'mountPath: /h/', '/h/bin/ok')).isRead).toBe(true);
    const projected = 'projected: {sources: [{secret: {name: s}}, {configMap: {name: health}}]}';
    expect(probe(map() + pod(projected, 'mountPath: /health')).isRead).toBe(true);
    expect(
      probe(map(', namespace: a') + pod(NAMED, 'mountPath: /health', '/health/check.sh', ', namespace: a'))
        .isRead,
    ).toBe(true);
  });

  test('is not if it is mounted elsewhere, or is another’s', () => {
    expect(probe(map() + pod(NAMED, 'mountPath: /other')).isRead).toBe(false);
    expect(probe(map() + pod('configMap: {name: other}', 'mountPath: /health')).isRead).toBe(false);
    expect(probe(map() + pod(NAMED, 'mountPath: /health, subPath: other.sh')).isRead).toBe(false);
    expect(
      probe(map(', namespace: a') + pod(NAMED, 'mountPath: /health', '/health/check.sh', ', namespace: b'))
        .isRead,
    ).toBe(false);
  });

  test('gives the answer, also of the scenario that is written', () => {
    const text = map() + pod(NAMED, 'mountPath: /health');
    const { yaml } = importedYaml([{ path: 'm.yaml', text }]);
    expect(parseYaml(yaml!).spec.pods[0].containers[0].files).toEqual({
      '/health/check.sh': '#!/bin/bash\nslowly & exit 0',
    });
    const parsed = parseScenario(yaml!);
    if (!parsed.ok) throw new Error(yaml!);
    expect(simulate(parsed.value[0]).probes[0].zombiesPerRun).toBeCloseTo(1);
    expect(simulate(probe(text).scenario).probes[0].zombiesPerRun).toBeCloseTo(1);
  });
});
