import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../../src/program/catalogue/index.js';
import { parseScenario } from '../../src/scenario/parse.js';
import { schemas } from '../../src/scenario/schema.js';
import { documentOf, readYaml } from '../../src/text/yaml.js';
import { scenarioReference } from '../pages/scenario-reference.js';

const FILES = readdirSync('scenarios').filter((name) => name.endsWith('.yaml'));

const readFile = (path: string): string | null => readFileSync(`scenarios/${path}`, 'utf8');

describe.each(FILES)('scenarios/%s', (file) => {
  const text = readFileSync(`scenarios/${file}`, 'utf8');
  const parsed = parseScenario(text, { path: `scenarios/${file}`, readFile });

  test('is valid and without a warning', () => {
    expect(parsed).toMatchObject({ ok: true, warnings: [] });
  });

  test('has the name of its file, a question as its title, a description and expectations', () => {
    const [scenario] = parsed.ok ? parsed.value : [];
    expect(scenario.fleet?.name ?? scenario.name).toBe(basename(file, '.yaml'));
    expect(scenario.title).toMatch(/\?$/);
    expect(scenario.description.length).toBeGreaterThan(100);
    expect(scenario.expect.length).toBeGreaterThan(0);
  });

  test('is valid for zod alone too', () => {
    for (const { value } of readYaml(text, file).documents) {
      const { scenario, fleet } = schemas();
      const schema = (value as { kind: string }).kind === 'Fleet' ? fleet() : scenario;
      expect(schema.safeParse(value).error?.issues ?? []).toEqual([]);
    }
  });
});

test('the incident and its cure differ in the pause image alone', () => {
  const node = (name: string) => {
    const parsed = parseScenario(readFileSync(`scenarios/${name}.yaml`, 'utf8'));
    return parsed.ok ? parsed.value[0].node : null;
  };
  expect({ ...node('rabbitmq-pause-3.0'), pause: '3.1' }).toEqual(node('rabbitmq-pause-3.1'));
});

test('docs/scenario-reference.md is what `npm run docs:reference` writes', () => {
  expect(readFileSync('docs/scenario-reference.md', 'utf8')).toBe(scenarioReference(catalogue()));
});

test('a document that was never text has no lines', () => {
  expect(documentOf({}, 'x').locate(['a'], 'key')).toEqual({ line: 0, column: 0 });
});
