/** What is known of real nodes, as scenarios whose expectations hold there (../cases). */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { simulate } from '../../src/run/run.js';
import { parseScenario } from '../../src/scenario/parse.js';

const FILES = readdirSync('test/cases').filter((name) => name.endsWith('.yaml'));

describe.each(FILES)('R36, R37, R38, R39, R40, R41, R42, R43, R58, R59, R60, R61, R62: %s', (file) => {
  const parsed = parseScenario(readFileSync(`test/cases/${file}`, 'utf8'), { path: file });
  const scenarios = parsed.ok ? parsed.value : [];

  test('is valid, and warns of what its comments say', () => {
    expect(parsed.ok ? [] : parsed.diagnostics).toEqual([]);
    const said = parsed.ok ? parsed.warnings.map(({ code }) => code) : [];
    const announced = [...readFileSync(`test/cases/${file}`, 'utf8').matchAll(/# warns: (\S+)/g)];
    expect(said).toEqual(announced.map(([, code]) => code));
  });

  test.each(scenarios.map((scenario) => [scenario.title, scenario] as const))('%s', (_title, scenario) => {
    const { expectations } = simulate(scenario);
    expect(expectations.length).toBeGreaterThan(0);
    expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
  });
});
