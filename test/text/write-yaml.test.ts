/** YAML that is written reads back as what was written. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { writeYaml } from '../../src/text/write-yaml.js';

describe('YAML that is written', () => {
  test('stands on one line where it fits, and below its key where it does not', () => {
    const steps = [{ sleep: '1s' }, { fork: { label: 'b', comm: 'b', steps: ['pause'] } }];
    expect(writeYaml({ name: 'x', limits: { pidsMax: 4 }, steps })).toBe(
      [
        'name: x',
        'limits: {pidsMax: 4}',
        'steps:',
        '  - {sleep: 1s}',
        '  - {fork: {label: b, comm: b, steps: [pause]}}',
        '',
      ].join('\n'),
    );
    const long = 'a-name-that-is-rather-long'.repeat(3);
    expect(writeYaml({ a: [{ b: long, c: [long, long] }] })).toBe(
      `a:\n  - b: ${long}\n    c:\n      - ${long}\n      - ${long}\n`,
    );
  });

  test.each([
    'yes',
    'No',
    'null',
    '1',
    '1e3',
    '0x10',
    'a: b',
    '# no',
    '',
    ' a',
    '- a',
    '{',
    "it's",
    '2026-01-01',
    '~',
  ])('%j is quoted, so that it stays a text', (text) =>
    expect(parse(writeYaml({ text }), { version: '1.1' })).toEqual({ text }),
  );

  test('leaves out what is undefined, and reads back as it was, whatever it is', () => {
    expect(writeYaml({ a: undefined, b: [] })).toBe('b: []\n');
    const { tree } = fc.letrec((tie) => ({
      leaf: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
      tree: fc.oneof(
        { maxDepth: 4 },
        tie('leaf'),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.string({ minLength: 1 }), tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), tree, { minKeys: 1 }), (value) => {
        expect(parse(writeYaml(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 300 },
    );
  });
});
