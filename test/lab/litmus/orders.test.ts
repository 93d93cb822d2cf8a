/** What is said of outcomes in other orders than that of one CPU. */
import { describe, expect, it } from 'vitest';
import { formatVerification, verificationDocument } from '../../../src/lab/litmus/format.js';
import { litmusOf } from '../../../src/lab/litmus/litmus.js';
import { runOnModel } from '../../../src/lab/litmus/model-run.js';
import { judge, type LitmusResult } from '../../../src/lab/litmus/verify.js';
import type { Outcome } from '../../../src/lab/litmus/world.js';

const parsed = litmusOf({
  name: 'two',
  question: 'How many children stay?',
  rules: ['K27'],
  programs: { init: { comm: 'init', steps: [{ fork: { comm: 'kid', steps: [{ exit: 0 }] } }, 'pause'] } },
  init: 'init',
});
if (!parsed.ok) throw new Error(parsed.diagnostics[0].message);
const litmus = parsed.value;
const usual = runOnModel(litmus);
const rest = (change: (world: (Outcome & { kind: 'rest' })['world']) => void): Outcome => {
  const outcome = structuredClone(usual);
  if (outcome.kind === 'rest') change(outcome.world);
  return outcome;
};
const reaped = rest(({ inside }) => inside.tasks.pop());
const later = rest(({ inside }) => (inside.tasks[1].pid = 7));

const text = (result: LitmusResult): string[] =>
  formatVerification({ results: [result], diagnostics: [], kernel: { release: '6.18', cgroup: 'v1' } })
    .trimEnd()
    .split('\n')
    .slice(1);

describe('a verdict is about the order of one CPU', () => {
  it('which is said where no other was tried', () => {
    expect(text(judge(litmus, usual, usual))).toEqual([
      expect.stringMatching(/2 tasks, 1 zombie +agrees$/),
      '',
      '1 litmus file: 1 agrees',
      'A verdict is about the order in which one CPU runs the processes; --cpus 2 tries others.',
    ]);
  });

  it('and what came of others, if it was anything else', () => {
    const result = { ...judge(litmus, usual, usual), otherOrders: [reaped, usual, later, reaped] };
    expect(text(result)).toEqual([
      expect.stringMatching(/agrees, on one CPU$/),
      '',
      '<text>: on one CPU 2 tasks, 1 zombie; on two, of 4 runs'.replace('<text>', litmus.file),
      '  2 x  1 task',
      '  1 x  2 tasks, 1 zombie',
      '  1 x  2 tasks, 1 zombie, other rows',
      '',
      '1 litmus file: 1 agrees',
      expect.stringMatching(/on two CPUs, 4 more runs each: 1 of 1 came out otherwise\.$/),
    ]);
    const kernel = { release: '6.18', cgroup: 'v1' } as const;
    const data = verificationDocument({ results: [result], diagnostics: [], kernel });
    expect(data.results[0]).toMatchObject({ verdict: 'agrees', otherOrders: [reaped, usual, later, reaped] });
  });

  it('and that it was the same each time', () => {
    const lines = text({ ...judge(litmus, usual, usual), otherOrders: [usual] });
    expect(lines[0]).toMatch(/agrees$/);
    expect(lines.at(-1)).toMatch(/on two CPUs, 1 more run each: the same each time\.$/);
  });

  it('but not of what could not be run', () => {
    const lines = text(judge(litmus, usual, { kind: 'skipped', missing: ['no C compiler'] }));
    expect(lines.at(-1)).toBe('1 litmus file: 1 skipped');
  });
});
