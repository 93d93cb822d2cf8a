/** Labels of moments neither touch each other nor are crossed by a rule, whenever the moments are. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LABEL_ADVANCE, PLOT_WIDTH, placeMoments, timeFrame } from '../../src/report/charts/time.js';
import type { RunEvent, RunResult } from '../../src/run/result.js';
import * as runs from './fixtures.js';

const HOUR = 3600;

function withInterventions(moments: readonly [hour: number, detail: string][]): RunResult {
  const events = moments.map(
    ([hour, detail]): RunEvent => ({
      timeSeconds: hour * HOUR,
      kind: 'intervention',
      subject: 'node',
      detail,
    }),
  );
  return runs.leakingRun({ events: events.sort((a, b) => a.timeSeconds - b.timeSeconds) });
}

/** From where to where each label goes, its line, and where its rule stands: in pixels. */
function flagsOf(run: RunResult) {
  const frame = timeFrame(run);
  return placeMoments(run, frame).map(({ seconds, label, line, side }) => {
    const x = (seconds / frame.endSeconds) * PLOT_WIDTH;
    const width = label.length * LABEL_ADVANCE;
    return side === 'right' ? { line, x, from: x, to: x + width } : { line, x, from: x - width, to: x };
  });
}

function clashesOf(run: RunResult): number {
  const flags = flagsOf(run);
  const pairs = flags.flatMap((a, index) => flags.slice(index + 1).map((b) => [a, b] as const));
  // A rule reaches up to its own label, through the lines below.
  const strikes = (a: (typeof flags)[number], b: (typeof flags)[number]): boolean =>
    a.line > b.line && b.from < a.x - 1 && a.x + 1 < b.to;
  return pairs.filter(
    ([a, b]) => (a.line === b.line && a.from < b.to && b.from < a.to) || strikes(a, b) || strikes(b, a),
  ).length;
}

test('two labels that face each other between their rules do not meet', () => {
  const run = withInterventions([
    [0, 'an intervention at the start'],
    [20, 'x'.repeat(31)],
  ]);
  expect(flagsOf(run)).toHaveLength(3);
  expect(clashesOf(run)).toBe(0);
});

test('no label leaves the picture: there are fewer of them', () => {
  const run = withInterventions(
    [9, 10, 11, 12, 22, 23].map((hour) => [hour, 'a long word for it'.repeat(2)]),
  );
  const flags = flagsOf(run);
  expect(flags.length).toBeGreaterThan(1);
  expect(Math.min(...flags.map(({ from }) => from))).toBeGreaterThan(-85);
  const labels = placeMoments(run, timeFrame(run)).map(({ label }) => label);
  expect(labels.join()).toMatch(/and \d more later/);
});

test('labels of random moments neither meet nor are crossed by a rule', () => {
  const detail = fc.integer({ min: 1, max: 32 }).map((length) => 'x'.repeat(length));
  const moment = fc.tuple(fc.integer({ min: 0, max: 30 }), detail);
  fc.assert(
    fc.property(
      fc.array(moment, { minLength: 3, maxLength: 7 }),
      (moments) => clashesOf(withInterventions(moments)) === 0,
    ),
    { numRuns: 500 },
  );
});
