import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readJson } from '../../src/text/json.js';
import type { Path } from '../../src/text/yaml.js';
import { readYaml } from '../../src/text/yaml.js';

/** Every path in a value. */
function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([key, item]) =>
      pathsIn(item, [...path, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

describe('JSON', () => {
  test('is found by its paths where YAML finds it too', () => {
    const key = fc.stringMatching(/^[a-zA-Z_ ]{1,6}$/).filter((text) => text.trim() === text);
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string({ minLength: 1, maxLength: 6 }).map((text) => text.replace(/[^ -~]/g, '"')),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.record({ a: tree, b: tree }), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const [json] = readJson(text, 'x').documents;
        const [yaml] = readYaml(text, 'x').documents;
        for (const path of pathsIn(JSON.parse(text))) {
          expect([path, json.locate(path, 'value')]).toEqual([path, yaml.locate(path, 'value')]);
          expect([path, json.locate(path, 'key')]).toEqual([path, yaml.locate(path, 'key')]);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('may be several values one after another, each found in its place', () => {
    const { documents, diagnostics } = readJson('{"a": 1}\n{"a": [2, "}"]} \n\n[3]\n', 'x');
    expect(diagnostics).toEqual([]);
    expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }, { a: [2, '}'] }, [3]]);
    expect(documents[1].locate(['a', 1], 'value')).toEqual({ line: 2, column: 11 });
    expect(documents[2].locate([0], 'value')).toEqual({ line: 4, column: 2 });
  });

  test('is none if there is something else behind it, which is said with its place', () => {
    const lines = (text: string) =>
      readJson(text, 'x').diagnostics.map(({ code, line }) => `${code} ${line}`);
    expect(lines('{"a": 1}\n{"a": }')).toEqual(['json-syntax 2']);
    expect(lines('{"a": 1}\n\n}')).toEqual(['json-syntax 3']);
    expect(lines('{"a": 1} x')).toEqual(['json-syntax 1']);
    expect(readJson('{"a": 1}\n{"a": }', 'x').documents).toEqual([]);
  });

  test('is found at the nearest part that is there', () => {
    const [document] = readJson('{"a": {"b": [1, {"c": 2}]}}', 'x').documents;
    expect(document.locate(['a', 'b', 1, 'd', 'e'], 'value')).toEqual({ line: 1, column: 17 });
    expect(document.locate(['a', 'x'], 'key')).toEqual({ line: 1, column: 7 });
  });

  test.each([
    ['{"a": 1', { line: 1, column: 8 }],
    ['{"a": 1,\n}', { line: 2, column: 1 }],
    ['', { line: 1, column: 1 }],
  ])('that is broken (%j) says where', (text, place) => {
    expect(readJson(text, 'x')).toMatchObject({
      documents: [],
      diagnostics: [{ ...place, code: 'json-syntax' }],
    });
  });
});
