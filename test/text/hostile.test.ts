/** Texts that somebody has made to cost time, memory or a terminal: refused in words, whatever their size. */
import { describe, expect, test } from 'vitest';
import { parseScenario } from '../../src/scenario/parse.js';
import { printable } from '../../src/text/printable.js';
import { readYaml } from '../../src/text/yaml.js';

const HEAD = 'apiVersion: pidsim/v1\nkind: Scenario\nmetadata: {name: x}\nspec:\n  horizon: 1h\n';
const many = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('');

/** The codes of what is said, each once; empty: it is valid. */
function codesOf(text: string): string[] {
  const parsed = parseScenario(text);
  return [...new Set((parsed.ok ? [] : parsed.diagnostics).map(({ code }) => code))];
}

describe('what takes the square of its size, or more, is refused; half as much is read', () => {
  test('aliases', () => {
    const text = (count: number) =>
      `${HEAD}  expect:\n  - &a "zombies > 1"\n${many(count, () => '  - *a\n')}`;
    expect(codesOf(text(4_000))).toEqual([]);
    expect(codesOf(text(20_000))).toEqual(['alias-bomb']);
  });

  test('merges of one mapping', () => {
    const text = `a: &a {b: 1}\n${many(20_000, (index) => `k${index}: {<<: *a}\n`)}`;
    expect(codesOf(text)).toEqual(['alias-bomb']);
  });

  test('programs, and a chain of a thousand of them is compiled', () => {
    const chain = (count: number) =>
      `${HEAD}  programs:\n${many(count, (index) => `    p${index}: {comm: a, steps: [{fork: {program: p${index + 1}}}]}\n`)}`;
    expect(codesOf(`${chain(999)}    p999: {comm: a, steps: [pause]}\n`)).toEqual([]);
    expect(codesOf(chain(12_000))).toEqual(['out-of-range']);
  }, 60_000);

  test('entries of a list', () => {
    const text = `${HEAD}  pods:\n${many(30_000, (index) => `  - {name: p${index}}\n`)}`;
    expect(codesOf(text)).toEqual(['out-of-range']);
  });

  test('pods and containers beyond what one node can have', () => {
    const text = (count: number) =>
      `${HEAD}  pods: [${many(25, (index) => `{name: p${index}, count: ${count}, containers: [{name: a, program: app}]},`)}]\n`;
    expect(codesOf(text(700))).toEqual([]);
    expect(codesOf(text(1_000))).toEqual(['out-of-range']);
  });
});

describe('brackets', () => {
  test.each(['[', '{a: ', '[{a: '])('%s a hundred thousand times is nested too deeply', (bracket) =>
    expect(codesOf(bracket.repeat(100_000))).toEqual(['yaml-syntax']),
  );

  test('in a text are letters, and beside each other they are no depth', () => {
    expect(readYaml(`a: "${'['.repeat(20_000)}"`, 'a.yaml').diagnostics).toEqual([]);
    expect(readYaml(`a: [${'[], '.repeat(20_000)}]`, 'a.yaml').diagnostics).toEqual([]);
  });
});

describe('a key that stands twice', () => {
  const keys = (text: string) =>
    readYaml(text, 'a.yaml').diagnostics.map(({ line, column }) => [line, column]);

  test.each([
    ['a: 1\nb: 2\na: 3\n', [[3, 1]]],
    ['x:\n  a: 1\n  a: 2\n', [[3, 3]]],
    ['- {a: 1, "a": 2}\n', [[1, 10]]],
    ['a: 1\nx: {a: 1}\n', []],
    ['1: a\n"1": b\n', []],
    ['a: &a {x: 1}\nb: {<<: *a, x: 2}\n', []],
  ])('%j', (text, places) => expect(keys(text)).toEqual(places));

  test('in a mapping of forty thousand is found as in one of two', () => {
    const text = `${many(40_000, (index) => `k${index}: 1\n`)}k7: 2\n`;
    expect(keys(text)).toEqual([[40_001, 1]]);
  });
});

test('what a terminal would obey is shown: escapes as a C string has them, turns of direction as well', () => {
  expect(printable('\u001b]0;pwned\u0007\u001b[2J')).toBe('\\x1b]0;pwned\\x07\\x1b[2J');
  expect(printable('a\u202eb\u009b')).toBe('a\\u202eb\\x9b');
  expect(printable('äöü → 漢字\n\t')).toBe('äöü → 漢字\n\t');
});
