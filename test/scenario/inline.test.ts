/** A scenario whose pods stand in a manifest, with them written out, as `compare --fixes` needs it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { simulate } from '../../src/run/run.js';
import { inlined } from '../../src/scenario/manifest/inline.js';
import { parseScenario } from '../../src/scenario/parse.js';
import type { Setting } from '../../src/scenario/settings.js';
import { fixesOf } from '../../src/study/fixes.js';

const path = new URL('../../scenarios/rabbitmq-statefulset.yaml', import.meta.url).pathname;
const readFile = (name: string): string => readFileSync(new URL(name, `file://${path}`), 'utf8');
const short: Setting = { text: 'horizon=2h', path: ['horizon'], value: '2h', written: '2h' };

function read(text: string, settings: readonly Setting[] = []) {
  const parsed = parseScenario(text, { path, readFile, settings: [short, ...settings] });
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ message }) => message).join('\n'));
  return { scenario: parsed.value[0], document: parsed.sources?.[0]?.value };
}

const written = read(readFileSync(path, 'utf8'));
const text = inlined(written.document, readFile)!;
const inline = read(text);

test('runs as it did', () => {
  expect(text).not.toContain('manifest:');
  expect(simulate(inline.scenario).digest).toBe(simulate(written.scenario).digest);
});

test('can be set, so that a fix of its pods changes what they leave', () => {
  const isShown = ({ name }: { name: string }) => /tini -s|httpGet/.test(name);
  expect(fixesOf(written.scenario, written.document).filter(isShown)).toMatchObject([
    { settings: null },
    { settings: null },
  ]);
  const [tini, http] = fixesOf(inline.scenario, inline.document).filter(isShown);
  expect(tini.settings?.map(({ text: setting }) => setting)).toContain(
    'pods.0.containers.0.program=tini -s -- rabbitmq-server',
  );
  const zombies = (settings: readonly Setting[]) =>
    simulate(read(text, settings).scenario).timeline.zombies.at(-1)!;
  expect(zombies([])).toBeGreaterThan(500);
  expect(zombies(http.settings!)).toBeLessThan(20);
});

test('is nothing to be done of one that has no manifest', () => {
  expect(inlined(inline.document, readFile)).toBeNull();
  expect(inlined('no scenario', readFile)).toBeNull();
});
