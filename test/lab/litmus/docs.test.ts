/** docs/litmus.md: its example is a litmus that comes out as it says, and it names every key that a litmus has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { differencesFrom } from '../../../src/lab/litmus/expect.js';
import { parseLitmus } from '../../../src/lab/litmus/litmus.js';
import { runOnModel } from '../../../src/lab/litmus/model-run.js';
import { litmusPaths } from './files.js';

const page = readFileSync(join(import.meta.dirname, '../../../docs/litmus.md'), 'utf8');

it('the page’s example comes out on the model as it says', () => {
  const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(page)!;
  const litmus = parseLitmus(yaml, 'orphan-to-init.yaml');
  if (!litmus.ok) throw new Error(JSON.stringify(litmus.diagnostics));
  const outcome = runOnModel(litmus.value);
  if (outcome.kind !== 'rest') throw new Error(outcome.kind);
  expect(differencesFrom(litmus.value.expect!, outcome.world)).toEqual([]);
});

it('the page names every key of the litmus files that ship', () => {
  const keys = new Set<string>();
  const add = (value: unknown, depth: number): void => {
    if (Array.isArray(value)) for (const each of value) add(each, depth);
    else if (value instanceof Object)
      for (const [key, inner] of Object.entries(value)) {
        keys.add(key);
        if (depth > 0) add(inner, depth - 1);
      }
  };
  for (const path of litmusPaths()) {
    const { programs: _, expect: expected, ...rest } = parse(readFileSync(path, 'utf8'));
    add(rest, 2);
    const { nested: _nested, ...others } = expected;
    add(others, 2);
  }
  expect(keys.size).toBeGreaterThan(35);
  expect([...keys].filter((key) => !new RegExp(`\\b${key}\\b`).test(page))).toEqual([]);
});
