import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { explain } from '../../src/scenario/explain.js';
import { GLOSSARY } from '../../src/scenario/glossary.js';
import { scenarioSchemaText } from '../../src/scenario/schema.js';
import { glossaryPage } from '../pages/glossary.js';

const TERMS = GLOSSARY.flatMap(({ terms }) => terms);

function textOf(word: string): string {
  const explanation = explain(word);
  return explanation.ok ? explanation.text : `${explanation.message} ${explanation.hint ?? ''}`;
}

describe('a term of the glossary', () => {
  test('is explained under each of its names, in singular and plural, in any case', () => {
    for (const { names } of TERMS) {
      for (const name of names) {
        if (name === 'scenario') continue;
        expect(textOf(name)).toContain(`TERM:     ${names[0]}\n`);
        expect(textOf(name.toUpperCase())).toBe(textOf(name));
      }
    }
    expect(textOf('zombies')).toBe(textOf('zombie'));
    expect(textOf('pinned PIDs')).toMatch(/K10[\s\S]*hidden half/);
  });

  test('has a name of its own', () => {
    const names = TERMS.flatMap((term) => term.names.map((name) => name.toLowerCase()));
    expect(names).toEqual([...new Set(names)]);
  });

  test('is offered when a word is nearly it, and not when nothing is near', () => {
    expect(textOf('sandbx')).toContain('Did you mean `sandbox`?');
    expect(textOf('quicksilver')).not.toContain('Did you mean');
  });

  test('gives way to a field of that name', () => {
    expect(textOf('scenario')).toContain('FIELD:    scenario');
    expect(textOf('spec.node.pause')).toContain('FIELD:    spec.node.pause');
  });
});

test('docs/glossary.md is what `npm run docs:reference` writes', () => {
  expect(readFileSync('docs/glossary.md', 'utf8')).toBe(glossaryPage());
});

describe('docs/scenario.schema.json', () => {
  test('is what `npm run docs:reference` writes', () => {
    expect(readFileSync('docs/scenario.schema.json', 'utf8')).toBe(scenarioSchemaText());
  });

  test('is named by every shipped scenario, for editors', () => {
    for (const name of readdirSync('scenarios').filter((file) => file.endsWith('.yaml'))) {
      const [first] = readFileSync(`scenarios/${name}`, 'utf8').split('\n');
      expect(`${name}: ${first}`).toBe(
        `${name}: # yaml-language-server: $schema=../docs/scenario.schema.json`,
      );
    }
  });
});
