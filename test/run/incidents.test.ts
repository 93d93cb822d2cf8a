/** Published incidents: what the model makes of them, and the page that says so. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseScenario } from '../../src/scenario/parse.js';
import { compare, INCIDENTS, incidentResults, incidentsPage } from '../pages/incidents.js';

const RESULTS = incidentResults();
const ROWS = compare(RESULTS);
const named = RESULTS.map((result) => [result.scenario.name, result] as const);

describe.each(readdirSync(INCIDENTS))('scenarios/incidents/%s', (file) => {
  const text = readFileSync(`${INCIDENTS}/${file}`, 'utf8');
  const parsed = parseScenario(text, { path: file });

  test('is valid, and warns of what its comments say', () => {
    const said = parsed.ok ? parsed.warnings.map(({ code }) => code) : parsed.diagnostics;
    expect(said).toEqual([...text.matchAll(/# warns: (\S+)/g)].map(([, code]) => code));
  });

  test('is called as its file, asks a question, names its report and says what it assumes', () => {
    const [, number] = /-(\d+)\.yaml$/.exec(file)!;
    for (const { name, title, description } of parsed.ok ? parsed.value : []) {
      expect(name.startsWith(file.replace('.yaml', ''))).toBe(true);
      expect(title).toMatch(/\?$/);
      expect(description).toContain(number);
      expect(description).toMatch(/Assumed: |Fitted: |Taken /);
    }
  });

  test('has what is published as a figure', () => {
    const names = parsed.ok ? parsed.value.map(({ name }) => name) : [];
    for (const name of names) expect(ROWS.map(({ scenario }) => scenario)).toContain(name);
  });
});

test.each(named)('%s: what it expects holds', (_name, { expectations }) => {
  expect(expectations.length).toBeGreaterThan(0);
  expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
});

test('a figure that differs is explained, and one that agrees needs no excuse', () => {
  for (const { scenario, agrees, because } of ROWS)
    expect([scenario, because !== undefined]).toEqual([scenario, !agrees]);
});

test('most figures to which nothing is fitted agree, and some do not', () => {
  const unfitted = ROWS.filter(({ fitted }) => fitted === undefined);
  expect(unfitted.length).toBeGreaterThanOrEqual(15);
  const differing = unfitted.filter(({ agrees }) => !agrees);
  expect(differing.length).toBeGreaterThan(0);
  expect(differing.length).toBeLessThan(unfitted.length / 2);
});

test('docs/incidents.md is what `npm run docs:reference` writes', () => {
  expect(readFileSync('docs/incidents.md', 'utf8')).toBe(incidentsPage(RESULTS));
});
