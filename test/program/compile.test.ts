import { describe, expect, test } from 'vitest';
import * as offsets from '../../src/program/code.js';
import {
  Op,
  type Program,
  TARGET_CHILDREN,
  TARGET_GROUP,
  TARGET_LABEL,
  TARGET_PARENT,
  TARGET_SELF,
} from '../../src/program/code.js';
import { compileProgram, compileSource } from '../../src/program/compile.js';
import { KILL_TARGETS, type ProgramSource, type Step } from '../../src/program/step.js';
import { INSTRUCTION_LENGTH } from './print.js';

const OTHER: ProgramSource = { comm: 'other', steps: ['reap'] };
const LIBRARY = new Map([['other', OTHER]]);

function compile(...steps: Step[]): Program {
  const compiled = compileSource('test', { comm: 'test', steps }, LIBRARY);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.program;
}

function code(...steps: Step[]): number[] {
  return [...compile(...steps).code];
}

/**
 * The offsets that are named for an instruction, and for none with a longer name: `WAIT_LABEL_SLOT` is no
 * WAIT's.
 */
function operandsOf(name: string): number[] {
  return Object.entries(offsets)
    .filter(([key]) => key.startsWith(`${name}_`) && !key.endsWith('_LENGTH') && instructionOf(key) === name)
    .map(([, offset]) => offset as number)
    .sort((a, b) => a - b);
}

/** Of all opcodes, the longest that the name of an operand begins with. */
function instructionOf(operand: string): string | undefined {
  const owners = Object.keys(Op).filter((name) => operand.startsWith(`${name}_`));
  return owners.sort((a, b) => b.length - a.length)[0];
}

describe('the tables of the code', () => {
  const names = Object.keys(Op).filter((key) => Number.isNaN(Number(key))) as (keyof typeof Op)[];

  test('give every opcode a number, densely from 0, and a length', () => {
    expect(names.map((name) => Op[name])).toEqual(names.map((_, index) => index));
    expect(INSTRUCTION_LENGTH).toHaveLength(names.length);
  });

  test('have a name for every operand of every instruction', () => {
    for (const name of names) {
      // A KILL_OR_ELSE begins as a KILL does.
      const own = operandsOf(name);
      const all = name === 'KILL_OR_ELSE' ? [...operandsOf('KILL'), ...own] : own;
      const length = INSTRUCTION_LENGTH[Op[name]];
      expect([name, ...all]).toEqual([name, ...Array.from({ length: length - 1 }, (_, i) => i + 1)]);
    }
  });

  test('have the kill targets in the order of their names, a label last', () => {
    const targets = [TARGET_CHILDREN, TARGET_GROUP, TARGET_PARENT, TARGET_SELF];
    expect(targets.map((target) => KILL_TARGETS[target])).toEqual(['children', 'group', 'parent', 'self']);
    expect(TARGET_LABEL).toBe(KILL_TARGETS.length);
  });
});

describe('steps compile to', () => {
  test('one instruction each, and an exit of the compiler at the end', () => {
    expect(code('pause', 'reap', { exit: 3 })).toEqual([Op.PAUSE, Op.REAP, Op.EXIT, 3, Op.EXIT, 0]);
  });

  test('a fork: refused block, body, and then what the parent does next', () => {
    expect(code({ fork: { steps: ['pause'] } }, 'reap')).toEqual([
      ...[Op.FORK, 10, 13, 8, -1, -1, -1, 0],
      ...[Op.EXIT, 2],
      ...[Op.PAUSE, Op.EXIT, 0],
      Op.REAP,
      ...[Op.EXIT, 0],
    ]);
  });

  test('a fork whose refusal is handled by the parent, which then goes on', () => {
    expect(code({ fork: { steps: ['pause'], orElse: ['setsid'] } })).toEqual([
      ...[Op.FORK, 11, 14, 8, -1, -1, -1, 1],
      ...[Op.SETSID, Op.JUMP, 14],
      ...[Op.PAUSE, Op.EXIT, 0],
      ...[Op.EXIT, 0],
    ]);
  });

  test('threads that abort when one is refused', () => {
    expect(code({ threads: 5 })).toEqual([Op.THREADS, 5, 7, 5, 0, Op.EXIT, 134, Op.EXIT, 0]);
  });

  test('a counted loop and an endless one', () => {
    expect(code({ repeat: { times: 3, steps: ['reap'] } })).toEqual([
      ...[Op.REPEAT, 0, 3, 8, Op.REAP, Op.AGAIN, 0, 4],
      ...[Op.EXIT, 0],
    ]);
    expect(code({ repeat: { times: 'forever', steps: ['pause'] } })).toEqual([
      ...[Op.FOREVER, 5, Op.PAUSE, Op.JUMP, 2],
      ...[Op.EXIT, 0],
    ]);
  });

  test('a coin, with and without another side', () => {
    expect(code({ chance: { p: 0.5, steps: ['reap'] } })).toEqual([Op.CHANCE, 0, 5, 5, Op.REAP, Op.EXIT, 0]);
    expect(code({ chance: { p: 0.5, steps: ['reap'], else: ['setsid'] } })).toEqual([
      ...[Op.CHANCE, 0, 7, 8, Op.REAP, Op.JUMP, 8, Op.SETSID],
      ...[Op.EXIT, 0],
    ]);
  });

  test('named programs once each, behind the main program, whoever runs them', () => {
    const program = compile({ fork: { program: 'other' } }, { exec: { program: 'other' } });
    expect(program.entries.map(({ name, at, end }) => [name, at, end])).toEqual([
      ['test', 0, 17],
      ['other', 17, 20],
    ]);
    expect(program.code[offsets.FORK_BODY]).toBe(17);
    expect(program.code[program.code[offsets.FORK_NEXT] + offsets.EXEC_BODY]).toBe(17);
  });

  test('a program that runs itself', () => {
    const library = new Map<string, ProgramSource>([
      ['loop', { comm: 'loop', steps: [{ exec: { program: 'loop' } }] }],
    ]);
    const compiled = compileProgram('loop', library);
    expect(compiled.ok && [...compiled.program.code]).toEqual([Op.EXEC, 0, 5, 0, 2, Op.EXIT, 0]);
  });
});

describe('what a process needs', () => {
  test('is the deepest nest of counted loops in any image', () => {
    const nest: Step = { repeat: { times: 2, steps: [{ repeat: { times: 2, steps: ['reap'] } }] } };
    expect(compile(nest, nest).maxLoopDepth).toBe(2);
    expect(compile({ repeat: { times: 2, steps: [{ fork: { steps: [nest] } }] } }).maxLoopDepth).toBe(2);
    expect(compile({ repeat: { times: 'forever', steps: ['pause'] } }).maxLoopDepth).toBe(0);
  });

  test('is the most labels of any image', () => {
    const child = (label: string): Step => ({ fork: { label, steps: ['pause'] } });
    expect(compile(child('a'), child('b'), child('a')).labelCount).toBe(2);
    expect(compile({ fork: { label: 'a', steps: [child('a')] } }).labelCount).toBe(1);
  });
});

describe('an unknown name', () => {
  test('is reported where it is used', () => {
    const source: ProgramSource = { comm: 'x', steps: ['reap', { fork: { program: 'othr' } }] };
    expect(compileSource('x', source, LIBRARY)).toEqual({
      ok: false,
      problems: [
        {
          path: ['steps', 1, 'fork', 'program'],
          code: 'unknown-program',
          message: 'there is no program `othr`',
          hint: 'Did you mean `other`?',
        },
      ],
    });
  });

  test('is reported where it is reached from, if another program uses it', () => {
    const library = new Map([
      ...LIBRARY,
      ['middle', { comm: 'm', steps: [{ exec: { program: 'gone' } }] } as ProgramSource],
    ]);
    const compiled = compileSource('x', { comm: 'x', steps: [{ exec: { program: 'middle' } }] }, library);
    expect(compiled.ok || compiled.problems[0].path).toEqual(['steps', 0, 'exec', 'program']);
    expect(compiled.ok || compiled.problems[0].message).toBe(
      'there is no program `gone`, which `middle` runs',
    );
  });

  test('is a problem of the whole if it is the name that was asked for', () => {
    expect(compileProgram('nobody', LIBRARY)).toMatchObject({
      ok: false,
      problems: [{ path: [], code: 'unknown-program' }],
    });
  });
});

describe('a comm', () => {
  test('is cut to the 15 bytes that the kernel keeps, between characters', () => {
    const cut = (comm: string): string => {
      const compiled = compileSource('x', { comm, steps: ['pause'] }, LIBRARY);
      return compiled.ok ? compiled.program.comm : '';
    };
    expect(cut('docker-containerd-shim')).toBe('docker-containe');
    expect(cut('fourteen-bytesä')).toBe('fourteen-bytes');
    expect(cut('rabbitmq-server')).toBe('rabbitmq-server');
  });
});
