/** Problems for a class as litmus files: the answer is that of the model’s machine and, of a sample, of this kernel. */
import { describe, expect, it } from 'vitest';
import { formatDifference, outcomeText } from '../../../src/lab/litmus/format.js';
import { type Litmus, parseLitmus } from '../../../src/lab/litmus/litmus.js';
import { runOnModel } from '../../../src/lab/litmus/model-run.js';
import { judge, verifyOne } from '../../../src/lab/litmus/verify.js';
import { type Problem, parseActions, problemOf, solve } from '../../../src/run/quiz.js';
import { quizLitmus } from '../../../src/run/quiz-litmus.js';
import { describeLive } from '../live.js';

function litmusOf(name: string, problem: Problem): Litmus {
  const answer = solve(problem);
  if (typeof answer === 'string') throw new Error(answer);
  const parsed = parseLitmus(quizLitmus(name, problem, answer), `${name}.yaml`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return parsed.value;
}

const ofSeed = (seed: number): Litmus => litmusOf(`quiz-${seed}`, problemOf(seed));

/** What the seeds do not bring: the end of PID 1, a limit with a PID 1 that reaps, two that come in. */
const WRITTEN: [actions: string, initReaps: boolean, pidsMax: number | null][] = [
  ['a+b,b+c,>d,d*,d+e,d!,a!', false, null],
  ['a+b,a+c,a+d,b!,a+d', true, 3],
  ['>b,b*,b+c,>d,d+e,b!,d!', true, null],
];
const written = WRITTEN.map(([text, initReaps, pidsMax], index) =>
  litmusOf(`written-${index}`, { actions: parseActions(text)!, initReaps, pidsMax }),
);

describe('a problem as a litmus file', () => {
  it('comes out on the model, process by process, as its answer says', () => {
    for (const litmus of [...Array.from({ length: 150 }, (_, seed) => ofSeed(seed)), ...written]) {
      const model = runOnModel(litmus);
      const result = judge(litmus, model, { kind: 'skipped', missing: [] });
      expect(result.unexpected.model, formatDifference(result)).toEqual([]);
    }
  });

  it('differs from an answer that is wrong', () => {
    const litmus = ofSeed(7);
    const [first, ...rest] = litmus.expect!.tasks!;
    const wrong = { ...litmus, expect: { ...litmus.expect, tasks: [{ ...first, stat: 'Z' }, ...rest] } };
    const { unexpected } = judge(wrong, runOnModel(wrong), { kind: 'skipped', missing: [] });
    expect(unexpected.model).not.toEqual([]);
  });
});

describeLive('problems for a class on this kernel', () => {
  it('have the answers that the model gives', async () => {
    for (const litmus of [...Array.from({ length: 24 }, (_, seed) => ofSeed(seed)), ...written]) {
      const result = await verifyOne(litmus);
      if (result.kernel.kind === 'skipped') continue;
      expect(result.verdict, `${formatDifference(result)}\n${outcomeText(result.kernel)}`).toBe('agrees');
    }
  }, 120_000);
});
