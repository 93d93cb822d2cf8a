/**
 * The C runner and the compiler agree about every number in a compiled program: read from the text of the
 * runner's headers, so that it needs no compiler and no root.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as signals from '../../../src/kernel/signals.js';
import * as entries from '../../../src/lab/litmus/encode.js';
import * as code from '../../../src/program/code.js';
import { INSTRUCTION_LENGTH } from '../../program/print.js';

const { Op } = code;

function header(name: string): string {
  return readFileSync(new URL(`../../../src/lab/runner/${name}`, import.meta.url), 'utf8');
}

/**
 * The constants of all `enum { A, B = 3, C }` in a C file; a value is a number, a shift of one, or an earlier
 * constant.
 */
function enumConstants(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const bare = text.replace(/\/\*[\s\S]*?\*\//g, '');
  for (const [, body] of bare.matchAll(/\benum\s*\{([^}]*)\}/g)) {
    let next = 0;
    for (const member of body.split(',').map((part) => part.trim())) {
      if (member === '') continue;
      const [name, value] = member.split('=').map((part) => part.trim());
      if (value !== undefined) next = found.get(value) ?? numberOf(value);
      found.set(name, next++);
    }
  }
  return found;
}

function numberOf(text: string): number {
  const [base, shift = '0'] = text.split('<<');
  const value = Number(base) << Number(shift);
  if (!/^\d+( << \d+)?$/.test(text)) throw new Error(`no number: ${text}`);
  return value;
}

/** Of our constants, those that have the name of one in C, in an object that compares well. */
function ours(module: object, names: Iterable<string>): Record<string, unknown> {
  return Object.fromEntries([...names].map((name) => [name, (module as Record<string, unknown>)[name]]));
}

const inCode = enumConstants(header('code.h'));

describe('constants in C', () => {
  it('are counted on from the last value', () => {
    const found = enumConstants('/* enum { NO } */ enum { A, B = 4, C };\nenum { D = C, E = 1 << 3 };');
    expect([...found]).toEqual([
      ['A', 0],
      ['B', 4],
      ['C', 5],
      ['D', 5],
      ['E', 8],
    ]);
  });
});

describe('the runner', () => {
  const opcodes = [...inCode].filter(([name]) => name.startsWith('OP_') && name !== 'OP_COUNT');

  it('has every opcode, with our number', () => {
    const names = Object.keys(Op).filter((key) => Number.isNaN(Number(key))) as (keyof typeof Op)[];
    expect(opcodes).toEqual(names.map((name) => [`OP_${name}`, Op[name]]));
    expect(inCode.get('OP_COUNT')).toBe(names.length);
  });

  it('has every operand, length, target and disposition, with our number', () => {
    const theirs = [...inCode].filter(([name]) => !name.startsWith('OP_'));
    const names = theirs.map(([name]) => name);
    expect(Object.fromEntries(theirs)).toEqual(ours({ ...code, ...signals }, names));
    const shared = /^(TARGET_|SIG(CHLD|TERM)_(?!DISPOSITIONS))|_LENGTH$/;
    const expected = [...Object.keys(code), ...Object.keys(signals)].filter((name) => shared.test(name));
    expect(expected.filter((name) => !inCode.has(name))).toEqual([]);
  });

  it('takes every instruction to be as long as it is', () => {
    const table = [...header('code.h').matchAll(/\[(OP_\w+)\] = (\w+),/g)];
    const lengths = table.map(([, opcode, length]) => [inCode.get(opcode), inCode.get(length)]);
    expect(lengths).toEqual([...INSTRUCTION_LENGTH].map((length, opcode) => [opcode, length]));
  });

  it('has our flags of an entry', () => {
    const theirs = [...enumConstants(header('world.h'))].filter(([name]) => name.startsWith('ENTER_'));
    expect(Object.fromEntries(theirs)).toEqual(
      ours(
        entries,
        Object.keys(entries).filter((name) => name.startsWith('ENTER_')),
      ),
    );
    expect(theirs).toHaveLength(3);
  });
});

describe('our own lists of words', () => {
  it('are in the order of their numbers', () => {
    const { SIGCHLD_DISPOSITIONS, SIGTERM_DISPOSITIONS } = signals;
    const named = (prefix: string, words: readonly string[]): unknown[] =>
      words.map((word) => ours(signals, [prefix + word.replace('-', '_').toUpperCase()]));
    expect(named('SIGCHLD_', SIGCHLD_DISPOSITIONS)).toEqual([
      { SIGCHLD_DEFAULT: 0 },
      { SIGCHLD_IGNORE: 1 },
      { SIGCHLD_NOCLDWAIT: 2 },
      { SIGCHLD_REAP_ALL: 3 },
      { SIGCHLD_REAP_ONE: 4 },
    ]);
    expect(named('SIGTERM_', SIGTERM_DISPOSITIONS)).toEqual([
      { SIGTERM_DEFAULT: 0 },
      { SIGTERM_IGNORE: 1 },
      { SIGTERM_EXIT: 2 },
    ]);
  });
});
