/** Problems for a class: each seed has one that can be solved, and the answer is the kernel's. */
import { describe, expect, test } from 'vitest';
import { type Answer, parseActions, problemOf, solve, textOf } from '../../src/run/quiz.js';

function answerOf(text: string, initReaps = false, pidsMax: number | null = null): Answer {
  const answer = solve({ actions: parseActions(text)!, initReaps, pidsMax });
  if (typeof answer === 'string') throw new Error(answer);
  return answer;
}

/** `3 c Z 1`: PID, name, state, parent. */
const rowsOf = ({ rows }: Answer): string[] =>
  rows.map(({ pid, comm, stat, ppid }) => `${pid} ${comm} ${stat[0]} ${ppid}`);

describe('an answer', () => {
  test.each([
    ['a+b,b+c', ['1 a S 0', '2 b S 1', '3 c S 2']],
    ['a+b,b!', ['1 a S 0', '2 b Z 1']],
    ['a+b,b!,a?b', ['1 a S 0']],
    ['a+b,b+c,b!', ['1 a S 0', '2 b Z 1', '3 c S 1']],
    ['a+b,b+c,c+d,c!,d!', ['1 a S 0', '2 b S 1', '3 c Z 2', '4 d Z 1']],
    ['a+b,b^,b+c,c+d,c!', ['1 a S 0', '2 b S 1', '3 c Z 2', '4 d S 2']],
    ['>b,b+c', ['1 a S 0', '2 b S 0', '3 c S 2']],
    ['>b,b+c,b!', ['1 a S 0', '3 c S 1']],
    ['a+b,b+c,>d,d+e,a!', []],
  ])('%s', (text, rows) => {
    expect(rowsOf(answerOf(text))).toEqual(rows);
  });

  test('with a PID 1 that reaps has none of the zombies that it adopts, and those of others', () => {
    expect(rowsOf(answerOf('a+b,b+c,b!,c!', true))).toEqual(['1 a S 0']);
    expect(rowsOf(answerOf('a+b,b+c,c!', true))).toEqual(['1 a S 0', '2 b S 1', '3 c Z 2']);
  });

  test('names the PID that is pinned, and why', () => {
    const { pinned, steps } = answerOf('a+b,b*,b+c,b!,a?b');
    expect(pinned).toEqual([2]);
    expect(steps.at(-1)!.map(({ kind }) => kind)).toEqual(['reaped', 'pinned']);
    expect(answerOf('a+b,b+c,b!,a?b').pinned).toEqual([]);
  });

  test('has a fork refused at a limit against which zombies count and pinned PIDs do not', () => {
    const refused = (text: string, pidsMax: number): number =>
      answerOf(text, false, pidsMax)
        .steps.flat()
        .filter(({ kind }) => kind === 'refused').length;
    expect(refused('a+b,b!,a+c', 2)).toBe(1);
    expect(refused('a+b,b!,a?b,a+c', 2)).toBe(0);
    expect(answerOf('a+b,b*,b+c,b!,a?b,c+d', false, 3)).toMatchObject({ pinned: [2], rows: { length: 3 } });
    expect(refused('a+b,b*,b+c,b!,a?b,c+d', 3)).toBe(0);
  });

  test('has a state before the first action and one after each', () => {
    const { states, rows, pinned, subreapers } = answerOf('a+b,b^,b+c');
    expect(states.map((state) => state.rows.length)).toEqual([1, 2, 2, 3]);
    expect(states.map((state) => state.subreapers)).toEqual([[], [], ['b'], ['b']]);
    expect(states.at(-1)).toEqual({ rows, pinned, subreapers });
  });

  test.each([
    ['a+b,b!,b+c', 'b+c: there is no live process b'],
    ['a+b,a+b', 'a+b: there has been a b already'],
    ['a+b,a?b', 'a?b: b lives, so a would block'],
    ['a+b,b+c,a?c', 'a?c: c is no child of a'],
    ['a!,>b', '>b: a has exited, so there is no namespace to enter'],
    ['a+b,>b', '>b: there has been a b already'],
    ['a+b,b+c,b+d,c!,d!,b!,a?d', 'a?d: a has adopted d, so it waits for any child, and b is dead too'],
    ['a+b,b*,b*', 'b*: b leads a group already'],
    ['a+b,b^,b^', 'b^: b adopts orphans already'],
  ])('%s is not possible', (text, why) => {
    expect(solve({ actions: parseActions(text)!, initReaps: false, pidsMax: null })).toBe(why);
  });

  test.each(['', 'a', '>', '>ab', 'a>b', 'a+', '+b', 'a+B', 'a-b', 'a+b;b!'])(
    '%j is no list of actions',
    (text) => {
      expect(parseActions(text)).toBeNull();
    },
  );
});

describe('the problem of a seed', () => {
  const problems = Array.from({ length: 100 }, (_, seed) => problemOf(seed));

  test('can be solved, has an orphan, and leaves more than two processes', () => {
    for (const problem of problems) {
      const answer = solve(problem) as Answer;
      expect(answer.steps.flat().some(({ kind }) => kind === 'reparented')).toBe(true);
      expect(answer.rows.length).toBeGreaterThan(2);
      expect(parseActions(problem.actions.map(textOf).join(','))).toEqual(problem.actions);
    }
  });

  test('is always the same, and not that of another', () => {
    expect(Array.from({ length: 100 }, (_, seed) => problemOf(seed))).toEqual(problems);
    expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(100);
  });

  test('is of every kind: pinned PIDs, zombies and none, both kinds of PID 1, subreapers, entries, limits', () => {
    const answers = problems.map((problem) => solve(problem) as Answer);
    const having = (is: (answer: Answer) => boolean): number => answers.filter(is).length;
    expect(having(({ pinned }) => pinned.length > 0)).toBeGreaterThan(15);
    expect(having(({ rows }) => rows.every(({ stat }) => stat[0] === 'S'))).toBeGreaterThan(5);
    expect(having(({ rows }) => rows.some(({ stat }) => stat[0] === 'Z'))).toBeGreaterThan(20);
    expect(
      having(({ steps }) =>
        steps.flat().some((told) => told.kind === 'reparented' && told.why === 'subreaper'),
      ),
    ).toBeGreaterThan(5);
    expect(problems.filter(({ initReaps }) => initReaps).length).toBeGreaterThan(20);
    expect(having(({ rows }) => rows.some(({ ppid, pid }) => ppid === 0 && pid > 1))).toBeGreaterThan(5);
    expect(having(({ steps }) => steps.flat().some(({ kind }) => kind === 'refused'))).toBeGreaterThan(5);
  });
});
