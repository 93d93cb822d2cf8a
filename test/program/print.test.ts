import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Compiled, compileProgram, compileSource } from '../../src/program/compile.js';
import type { ProgramSource } from '../../src/program/step.js';
import { arbitraryProgram } from './arbitrary.js';
import { printLibrary, printProgram } from './print.js';
import { readAlone } from './read.js';

const NO_PROGRAMS = new Map<string, ProgramSource>();

function programOf(compiled: Compiled) {
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.program;
}

describe('a compiled program prints back', () => {
  test('to the steps it was compiled from, whatever they are', () => {
    fc.assert(
      fc.property(arbitraryProgram(), (source) => {
        const printed = printProgram(programOf(compileSource('x', source, NO_PROGRAMS)));
        expect(printed).toEqual(source);
      }),
      { numRuns: 500 },
    );
  });

  test('to a text that compiles to the same integers and tables', () => {
    fc.assert(
      fc.property(arbitraryProgram(), (source) => {
        const first = programOf(compileSource('x', source, NO_PROGRAMS));
        const second = programOf(compileSource('x', printProgram(first), NO_PROGRAMS));
        expect(second).toEqual({ ...first, source: second.source, entries: second.entries });
        expect(second.entries.map(({ at, end }) => [at, end])).toEqual(
          first.entries.map(({ at, end }) => [at, end]),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('to a text that the schema accepts unchanged', () => {
    fc.assert(
      fc.property(arbitraryProgram(), (source) => {
        const raw = JSON.parse(JSON.stringify(source));
        expect(readAlone(raw)).toEqual({ ok: true, source });
      }),
      { numRuns: 200 },
    );
  });

  test('with the programs that it names, which may name each other and themselves', () => {
    const names = ['one', 'two', 'three'];
    const library = fc.tuple(...names.map(() => arbitraryProgram({ programs: names, maxDepth: 2 })));
    fc.assert(
      fc.property(library, (sources) => {
        const first = programOf(
          compileProgram('one', new Map(sources.map((source, i) => [names[i], source]))),
        );
        const printed = printLibrary(first);
        for (const [name, source] of printed) expect(source).toEqual(sources[names.indexOf(name)]);
        expect(programOf(compileProgram('one', printed)).code).toEqual(first.code);
      }),
      { numRuns: 200 },
    );
  });
});

describe('words for people', () => {
  test('stay with the program: they are not code', () => {
    const source: ProgramSource = { comm: 'x', source: 'measured', description: 'waits', steps: ['pause'] };
    expect(printProgram(programOf(compileSource('x', source, NO_PROGRAMS)))).toEqual(source);
  });
});
