import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { programSchemas } from '../../src/program/schema.js';
import { readAlone } from './read.js';

/** The problems of a program with these steps, as `path: code`. */
function problems(...steps: unknown[]): string[] {
  return problemsOf({ comm: 'test', steps });
}

function problemsOf(raw: unknown): string[] {
  const parsed = readAlone(raw);
  return parsed.ok ? [] : parsed.problems.map(({ path, code }) => `${path.join('.')}: ${code}`);
}

function messages(...steps: unknown[]): string[] {
  const parsed = readAlone({ comm: 'test', steps });
  return parsed.ok ? [] : parsed.problems.map(({ message }) => message);
}

function hints(...steps: unknown[]): (string | undefined)[] {
  const parsed = readAlone({ comm: 'test', steps });
  return parsed.ok ? [] : parsed.problems.map(({ hint }) => hint);
}

describe('a program as written', () => {
  test('may use every step of the language', () => {
    const everything = [
      { sleep: '250ms' },
      { sleep: { uniform: ['1s', '2s'] } },
      { sleep: { exponential: { mean: '5s' } } },
      { sleep: { lognormal: { median: '300ms', sigma: 0.2 } } },
      { fork: { label: 'child', comm: 'worker', steps: ['pause'], orElse: [] } },
      { fork: { program: 'other' }, orElse: [{ exit: 1 }] },
      { threads: 3 },
      { threads: 4, orElse: ['reap'] },
      { wait: 'any' },
      { wait: 'all' },
      { wait: 'child' },
      'reap',
      ...['default', 'ignore', 'nocldwait', 'reap-all', 'reap-one'].map((sigchld) => ({ sigchld })),
      ...['default', 'ignore', 'exit'].map((onTerm) => ({ 'on-term': onTerm })),
      'setsid',
      'setpgid',
      { subreaper: true },
      ...['children', 'group', 'parent', 'self', 'child'].map((target) => ({
        kill: { target, signal: 'TERM' },
      })),
      { repeat: { times: 3, steps: ['reap'] } },
      { repeat: { times: 'forever', steps: ['pause'] } },
      { chance: { p: 0.02, steps: ['reap'], else: ['setsid'] } },
      { exec: { program: 'other' } },
      { exec: { comm: 'new', steps: ['pause'] } },
      'exit-main-thread',
      'pause',
      { exit: 3 },
      { exit: 'waited' },
      { status: 1 },
      { if: { status: 0, steps: [], else: ['reap'] } },
      { repeat: { times: 2, steps: [{ if: { status: 3, steps: [{ break: 1 }] } }] } },
    ];
    expect(problems(...everything)).toEqual([]);
  });

  test('has one spelling once it is read', () => {
    const raw = {
      comm: 'a-name-much-longer-than-the-kernel-keeps',
      steps: [{ fork: { steps: ['pause'] }, orElse: [{ sleep: '90s' }] }],
    };
    expect(readAlone(raw)).toEqual({
      ok: true,
      source: {
        comm: 'a-name-much-lon',
        steps: [{ fork: { steps: ['pause'], orElse: [{ sleep: '1m30s' }] } }],
      },
    });
  });

  test('reports all its problems at once, each at its place', () => {
    expect(
      problems({ sleep: '10 parsecs' }, { fork: { steps: [{ slep: '1s' }, { exit: 300 }], colour: 'red' } }),
    ).toEqual(
      [
        '0.sleep: bad-duration',
        '1.fork.steps.0.slep: bad-program',
        '1.fork.steps.1.exit: out-of-range',
        '1.fork.colour: unknown-key',
      ].map((problem) => `steps.${problem}`),
    );
  });
});

describe('a wrong step is reported at its place', () => {
  test.each<[string, unknown, string]>([
    ['a word that is no step', 'paus', 'steps.0: bad-program'],
    ['a key that is no step', { slep: '1s' }, 'steps.0.slep: bad-program'],
    ['a number', 3, 'steps.0: wrong-type'],
    ['nothing', null, 'steps.0: wrong-type'],
    ['a word that needs an argument', 'sleep', 'steps.0: bad-program'],
    ['an argument that is not wanted', { pause: '1s' }, 'steps.0.pause: bad-program'],
    ['two steps in one', { sleep: '1s', wait: 'any' }, 'steps.0.wait: bad-program'],
    ['a duration without a unit', { sleep: 10 }, 'steps.0.sleep: wrong-type'],
    ['more than a thousand years', { sleep: '420000d' }, 'steps.0.sleep: out-of-range'],
    ['a negative duration', { sleep: '-1s' }, 'steps.0.sleep: out-of-range'],
    [
      'a range the wrong way round',
      { sleep: { uniform: ['3s', '2s'] } },
      'steps.0.sleep.uniform: out-of-range',
    ],
    ['half a range', { sleep: { uniform: ['3s'] } }, 'steps.0.sleep.uniform: out-of-range'],
    ['an unknown distribution', { sleep: { pareto: '1s' } }, 'steps.0.sleep: bad-duration'],
    [
      'a lognormal without a sigma',
      { sleep: { lognormal: { median: '1s' } } },
      'steps.0.sleep.lognormal: missing-key',
    ],
    ['a negative number of threads', { threads: -1 }, 'steps.0.threads: out-of-range'],
    ['half a thread', { threads: 1.5 }, 'steps.0.threads: not-an-integer'],
    ['a status above 255', { exit: 256 }, 'steps.0.exit: out-of-range'],
    ['a probability above 1', { chance: { p: 1.01, steps: ['pause'] } }, 'steps.0.chance.p: out-of-range'],
    ['a negative probability', { chance: { p: -0.1, steps: ['pause'] } }, 'steps.0.chance.p: out-of-range'],
    ['no rounds at all', { repeat: { times: 0, steps: ['pause'] } }, 'steps.0.repeat.times: out-of-range'],
    ['a loop without a number', { repeat: { steps: ['pause'] } }, 'steps.0.repeat: missing-key'],
    ['an empty loop', { repeat: { times: 2, steps: [] } }, 'steps.0.repeat.steps: out-of-range'],
    ['an empty child', { fork: { steps: [] } }, 'steps.0.fork.steps: out-of-range'],
    ['a fork of nothing', { fork: {} }, 'steps.0.fork: missing-key'],
    ['a fork of two things', { fork: { steps: ['pause'], program: 'x' } }, 'steps.0.fork.program: conflict'],
    ['a comm besides a program', { fork: { comm: 'x', program: 'x' } }, 'steps.0.fork.comm: conflict'],
    ['two refusals', { fork: { program: 'x', orElse: [] }, orElse: [] }, 'steps.0.orElse: conflict'],
    ['a reserved label', { fork: { label: 'any', steps: ['pause'] } }, 'steps.0.fork.label: bad-program'],
    ['an exec without steps', { exec: { comm: 'x' } }, 'steps.0.exec: missing-key'],
    ['a quoted truth', { subreaper: 'true' }, 'steps.0.subreaper: wrong-type'],
    ['an unknown signal', { kill: { target: 'self', signal: 'HUP' } }, 'steps.0.kill.signal: unknown-value'],
    ['an unknown disposition', { sigchld: 'ignor' }, 'steps.0.sigchld: unknown-value'],
  ])('%s', (_, step, problem) => {
    expect(problems(step)).toEqual([problem]);
  });

  test.each<[string, unknown, string]>([
    ['a program that is no mapping', ['pause'], ': not-a-mapping'],
    ['a program without a comm', { steps: ['pause'] }, ': missing-key'],
    ['a program without steps', { comm: 'x', steps: [] }, 'steps: out-of-range'],
    ['an empty comm', { comm: '', steps: ['pause'] }, 'comm: bad-program'],
    ['an unknown key', { comm: 'x', steps: ['pause'], speed: 1 }, 'speed: unknown-key'],
  ])('%s', (_, raw, problem) => {
    expect(problemsOf(raw)).toEqual([problem]);
  });

  test.each<[string, unknown, string]>([
    ['a word that is no step', 'paus', 'there is no step `paus`'],
    ['a number', 3, 'a step is needed here, not the number 3'],
    ['a word that needs an argument', 'sleep', 'the step `sleep` needs an argument'],
    ['an argument that is not wanted', { pause: '1s' }, 'the step `pause` has no argument'],
    ['two steps in one', { sleep: '1s', wait: 'any' }, '`sleep` and `wait` stand in one step'],
    ['a quoted status', { exit: '3' }, 'a whole number is needed here, not the text `3`'],
    ['an unknown status', { exit: 'wated' }, '`waited` is needed here, not the text `wated`'],
    ['an unknown label', { wait: 'child' }, 'no fork before this has the label `child`'],
    ['a break that has nothing to leave', { break: 1 }, 'there are no `repeat` steps around this `break`'],
    [
      'a break out of a child',
      { repeat: { times: 2, steps: [{ fork: { steps: [{ break: 1 }] } }] } },
      'there are no `repeat` steps around this `break`',
    ],
    [
      'a break of more than there is',
      { repeat: { times: 2, steps: [{ if: { status: 0, steps: [{ break: 2 }] } }] } },
      'there is 1 `repeat` around this `break`',
    ],
    ['a misspelt key alone', { fork: { stepz: ['pause'] } }, 'unknown key `stepz`'],
  ])('in words: %s', (_, step, message) => {
    expect(messages(step)).toEqual([message]);
  });

  test('with a hint when it is a slip', () => {
    expect(hints('paus')).toEqual(['Did you mean `pause`?']);
    expect(hints({ sigchld: 'ignor' })).toEqual(['Did you mean `ignore`?']);
    expect(hints({ fork: { stepz: [], program: 'x' } })).toEqual(['Did you mean `steps`?']);
  });
});

describe('a label', () => {
  const fork = { fork: { label: 'child', steps: ['pause'] } };

  test('is known after its fork', () => {
    expect(problems(fork, { wait: 'child' }, { kill: { target: 'child', signal: 'KILL' } })).toEqual([]);
  });

  test('is not known before it', () => {
    expect(problems({ wait: 'child' }, fork)).toEqual(['steps.0.wait: bad-program']);
  });

  test('is known all through a loop around its fork', () => {
    expect(problems({ repeat: { times: 2, steps: [{ wait: 'child' }, fork] } })).toEqual([]);
  });

  test('is known after a branch that may have forked', () => {
    expect(problems({ chance: { p: 0.5, steps: [fork] } }, { wait: 'child' })).toEqual([]);
  });

  test('is not known to a child, whose sibling it would be', () => {
    expect(problems(fork, { fork: { steps: [{ wait: 'child' }] } })).toEqual([
      'steps.1.fork.steps.0.wait: bad-program',
    ]);
  });

  test('does not outlive an exec', () => {
    expect(problems(fork, { exec: { comm: 'x', steps: [{ wait: 'child' }] } })).toEqual([
      'steps.1.exec.steps.0.wait: bad-program',
    ]);
  });
});

describe('a program that is too much', () => {
  test('is refused for its depth', () => {
    let steps: unknown[] = ['pause'];
    for (let depth = 0; depth < 5_000; depth++) steps = [{ repeat: { times: 1, steps } }];
    expect(messages(...steps)).toEqual(['steps are nested more than 200 levels deep']);
  });

  test('is refused when it contains itself, as YAML aliases can make it', () => {
    const steps: unknown[] = [];
    steps.push({ repeat: { times: 1, steps } });
    expect(messages(...steps)).toEqual(['steps are nested more than 200 levels deep']);
  });

  test('is refused for its size, before it has been walked through', () => {
    let steps: unknown[] = ['pause'];
    for (let depth = 0; depth < 20; depth++)
      steps = Array.from({ length: 10 }, () => ({ repeat: { times: 1, steps } }));
    expect(messages(...steps)).toEqual(['the program has more than 100,000 pieces of data']);
  });

  test('is taken when it is merely long', () => {
    expect(problems(...Array.from({ length: 5_000 }, () => ({ sleep: '1ms' })))).toEqual([]);
  });
});

describe('the schema', () => {
  test('becomes a JSON schema that editors can use', () => {
    const schema = z.toJSONSchema(programSchemas().program);
    expect(Object.keys(schema.$defs!).toSorted()).toEqual(['Duration', 'Program', 'Step', 'Steps']);
  });

  test('describes every kind of step, and each of its parts', () => {
    for (const [kind, schema] of programSchemas().kinds) {
      expect(schema.description, kind).toMatch(/\.$/);
    }
  });
});
