/** Whatever a cluster says about itself, it is an answer and no exception. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { importedYaml } from '../../src/scenario/manifest/import.js';
import { parseManifests } from '../../src/scenario/parse.js';
import { DIAGNOSTIC_CODES } from '../../src/text/codes.js';
import { LIBRARY } from './support.js';

const read = (name: string) => readFileSync(`test/scenario/clusters/${name}`, 'utf8');
const CHART = {
  kind: 'List',
  items: [
    {
      kind: 'CronJob',
      metadata: { name: 'j' },
      spec: {
        schedule: '*/5 * * * *',
        jobTemplate: { spec: { template: { spec: { containers: [{ name: 'c', command: ['app'] }] } } } },
      },
    },
    {
      kind: 'Template',
      parameters: [{ name: 'A', value: '1' }],
      objects: [
        {
          kind: 'Rollout',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how OpenShift writes a parameter
          metadata: { name: 'r', namespace: '${A}' },
          spec: { replicas: 2, template: { spec: { containers: [{ name: 'c', image: 'x' }] } } },
        },
      ],
    },
  ],
};
const FILES = [
  parseYaml(read('pods.yaml')),
  JSON.parse(read('nodes.json')),
  JSON.parse(read('configz-birch-2.json')),
  CHART,
];

/** Every place in a value: an object or list, and a key of it. */
function spots(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== 'object' || value === null) return [];
  const parent = value as Record<string, unknown>;
  return Object.keys(parent).flatMap((key) => [
    [parent, key] as [Record<string, unknown>, string],
    ...spots(parent[key]),
  ]);
}

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    1e99,
    0.5,
    '',
    'x',
    '1.10',
    '{{ x }}',
    '../..',
    [],
    {},
    [null],
    [[]],
    [{}],
    { '': 1 },
  ),
  fc.constantFrom<unknown>({ toString: 1 }, { __proto__: 1, constructor: 2 }, { kind: { kind: 'Pod' } }, [
    'a',
    1,
    null,
  ]),
  fc.jsonValue({ maxDepth: 3 }),
);

test('a cluster with junk in some places is an answer and no exception', () => {
  const changes = fc.array(fc.tuple(fc.nat(), junk), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(changes, fc.subarray([0, 1, 2, 3], { minLength: 1 }), (all, chosen) => {
      const files = structuredClone(chosen.map((index) => FILES[index]));
      for (const [at, value] of all) {
        const found = spots(files);
        const [parent, key] = found[at % found.length];
        parent[key] = structuredClone(value);
      }
      const texts = files.map((value, index) => ({
        path: `birch-${index}.json`,
        text: JSON.stringify(value) ?? '',
      }));
      const parsed = parseManifests(texts, { library: LIBRARY });
      const diagnostics = parsed.ok ? parsed.warnings : parsed.diagnostics;
      if (!parsed.ok) expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
      else expect(parsed.value.length).toBeGreaterThan(0);
      for (const { code, message } of diagnostics) {
        expect(DIAGNOSTIC_CODES as readonly string[]).toContain(code);
        expect(message).not.toMatch(/undefined|\[object/);
      }
      importedYaml(texts);
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 300) },
  );
});
