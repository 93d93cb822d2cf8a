import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Digest } from '../../src/sim/digest.js';

function digestOf(values: number[]): string {
  const digest = new Digest();
  for (const value of values) digest.fold(value);
  return digest.hex();
}

/** Written down once. If one changes, every digest that anybody has noted becomes worthless. */
const GOLDEN: [string, number[], string][] = [
  ['nothing', [], '0000000000000000'],
  ['0', [0], 'b462b4374fff67d1'],
  ['1', [1], 'f9b3a8276f9b91be'],
  ['-1', [-1], '2c892c818e9998bf'],
  ['1, 2, 3', [1, 2, 3], '458895839168da70'],
  ['3, 2, 1', [3, 2, 1], '2650c9b7fedd3787'],
  ['1,000 numbers', Array.from({ length: 1000 }, (_, i) => Math.imul(i, 0x9e3779b1)), '51dd8ec2fc7a3e94'],
];

describe('a digest', () => {
  test.each(GOLDEN)('of %s is the same on every machine', (_, values, hex) => {
    expect(digestOf(values)).toBe(hex);
  });

  test('is sixteen hexadecimal digits, and reading it changes nothing', () => {
    const digest = new Digest();
    digest.fold(42);
    expect(digest.hex()).toMatch(/^[0-9a-f]{16}$/);
    expect(digest.hex()).toBe(digest.hex());
  });

  test('of three thousand numbers is that of one that is read after each', () => {
    const values = Array.from({ length: 3000 }, (_, i) => Math.imul(i, 0x9e3779b1));
    const read = new Digest();
    for (const value of values) {
      read.fold(value);
      read.hex();
    }
    expect(digestOf(values)).toBe(read.hex());
  });

  test('differs if one number differs, or two change places, or one is left out', () => {
    const values = fc.array(fc.integer(), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.nat(), fc.integer({ min: 1 }), (list, place, change) => {
        const at = place % (list.length - 1);
        const whole = digestOf(list);
        expect(digestOf(list.with(at, (list[at] + change) | 0))).not.toBe(whole);
        expect(digestOf(list.toSpliced(at, 1))).not.toBe(whole);
        if (list[at] !== list[at + 1]) {
          expect(digestOf(list.with(at, list[at + 1]).with(at + 1, list[at]))).not.toBe(whole);
        }
      }),
    );
  });

  test('of a hundred thousand short inputs has no two alike', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 316; i++) for (let j = 0; j < 317; j++) seen.add(digestOf([i, j]));
    expect(seen.size).toBe(316 * 317);
  });

  test('tells times apart that agree in their low 32 bits', () => {
    const folded = (timeUs: number): string => {
      const digest = new Digest();
      digest.foldTime(timeUs);
      return digest.hex();
    };
    expect(folded(5)).not.toBe(folded(5 + 2 ** 32));
    expect(folded(2 ** 55)).not.toBe(folded(2 ** 54));
    expect(folded(2 ** 52 + 1)).not.toBe(folded(2 ** 52));
  });
});
