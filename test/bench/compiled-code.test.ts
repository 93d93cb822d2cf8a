/** What `npm run bench:instructions` says stands on these two. */
import { describe, expect, test } from 'vitest';
import { CompiledCode, Written } from './compiled-code.js';

/** As V8 prints it, with a position in the text for each instruction. */
function section(start: number, positions: number[]): string {
  const instructions = positions.map(
    (_, i) =>
      `0x${(start + 4 * i).toString(16)} ${(4 * i).toString(16).padStart(5)}  4889e5     REX.W movq rbp,rsp`,
  );
  const rows = positions.map(
    (position, i) => `${(4 * i).toString(16).padStart(10)}${String(position).padStart(10)}`,
  );
  return [
    '--- Optimized code ---',
    'kind = TURBOFAN',
    `Instructions (size = ${4 * positions.length})`,
    ...instructions,
    '',
    'Source positions:',
    ' pc offset  position',
    ...rows,
    '',
    'Inlined functions (count = 1)',
    '',
  ].join('\n');
}

describe('An instruction comes from the position', () => {
  const compiled = new CompiledCode(section(0x1000, [7, 70]) + section(0x2000, [5]));

  test('at which it begins, and so do the bytes behind it', () => {
    expect([0x1000, 0x1003, 0x1004, 0x1007, 0x2000].map((address) => compiled.positionAt(address))).toEqual([
      7, 7, 70, 70, 5,
    ]);
  });

  test('that there is none of outside of all functions', () => {
    expect([0xfff, 0x1008, 0x3000].map((address) => compiled.positionAt(address))).toEqual([
      null,
      null,
      null,
    ]);
  });

  test('of what was compiled last where it lies', () => {
    const again = new CompiledCode(section(0x1000, [7, 7]) + section(0x1004, [9, 9]));
    expect([0x1000, 0x1004, 0x1008].map((address) => again.positionAt(address))).toEqual([null, 9, 9]);
  });
});

test('A position is in the function or the method that begins before it', () => {
  const text = `// src/kernel/fork.ts
const fork = function(kernel) {
  if (kernel) {
    one();
  }
};
var Calendar = class {
  forkAll(a) {
    two();
  }
  get size() {
    return three;
  }
};
// src/sim/digest.ts
function finish(h) {
  return four;
}
`;
  const written = new Written(text);
  expect(['one', 'two', 'three', 'four'].map((word) => written.functionAt(text.indexOf(word)))).toEqual([
    'kernel/fork: fork',
    'kernel/fork: forkAll',
    'kernel/fork: size',
    'sim/digest: finish',
  ]);
});
