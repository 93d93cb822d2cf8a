import { expect, test } from 'vitest';
import { limitChart, limitToTell } from '../../src/report/charts/limit.js';
import { placeMoments, timeFrame } from '../../src/report/charts/time.js';
import { timelineCsv } from '../../src/report/csv.js';
import * as runs from './fixtures.js';

test.each([
  [588, 3],
  [800, 6],
])('no label of a moment is struck through by the rule of another, %i pixels wide', (plotWidth, count) => {
  const at = (hours: number) => ({
    timeSeconds: hours * 3600,
    kind: 'intervention' as const,
    subject: 'rabbitmq',
    detail: `delete pod rabbitmq at ${hours}`,
  });
  const run = runs.recoveringRun({ events: [1, 2, 20, 21, 40].map(at) });
  const frame = timeFrame(run);
  const placed = placeMoments(run, frame, plotWidth).map(({ seconds, label, line, side }) => {
    const x = (seconds / frame.endSeconds) * plotWidth;
    const width = label.length * 7.2;
    return { x, line, from: side === 'right' ? x : x - width, to: side === 'right' ? x + width : x };
  });
  expect(placed).toHaveLength(count);
  for (const label of placed)
    for (const other of placed)
      if (other !== label && label.from < other.x && other.x < label.to)
        expect(label.line).toBeGreaterThan(other.line);
});

test('a run has a chart of a limit only where one is set and near', () => {
  expect(limitToTell(runs.healthyRun())).toBeNull();
  const { timeline, ...run } = runs.refusedInPodRun();
  const set = { pod_pids: timeline.time_s.map(() => 1_024), pod_pids_max: timeline.time_s.map(() => 1_024) };
  expect(limitToTell({ ...run, timeline: { ...timeline, ...set } })).toBe('pod');
  expect(timelineCsv({ ...run, timeline: { ...timeline, ...set } })).toMatch(/,pod_pids,pod_pids_max\n/);
});

/** With columns of a limit, as functions of the row. */
function limitedBy(of: string, pids: (row: number) => number, max: (row: number) => number) {
  const { timeline, ...run } = runs.healthyRun();
  const column = (value: (row: number) => number) => timeline.time_s.map((_, row) => value(row));
  return { ...run, timeline: { ...timeline, [`${of}_pids`]: column(pids), [`${of}_pids_max`]: column(max) } };
}

const textsOf = (spec: unknown) => JSON.stringify(spec).match(/"text":"[^"]*"/g);

test('R62: the limit of a user has a chart, with the name of the limit', () => {
  const run = limitedBy(
    'user',
    () => 60,
    () => 64,
  );
  expect(limitToTell(run)).toBe('user');
  expect(textsOf(limitChart(run))).toContain('"text":"RLIMIT_NPROC 64"');
});

test('K7: a limit of a namespace that grows by small steps has its label once', () => {
  const run = limitedBy(
    'namespace',
    () => 700,
    (row) => 700 + Math.min(row, 40),
  );
  const labels = textsOf(limitChart(run))!.filter((text) => text.includes('pid_max, without'));
  // The text, and its halo.
  expect(labels).toHaveLength(2);
});

test('a limit that refuses again and again is seen to do so more than once', () => {
  const { symptoms, ...run } = runs.refusedInPodRun();
  const every = 2 * 3600;
  const [first] = symptoms.podRefusals;
  const many = { ...first, times: 76, lastAtSeconds: first.atSeconds + 75 * every, untilSeconds: 200 * 3600 };
  const { endSeconds } = timeFrame({ ...run, symptoms: { ...symptoms, podRefusals: [many] } });
  expect(endSeconds).toBeGreaterThan(first.atSeconds + 8 * every);
  expect(endSeconds).toBeLessThan(many.lastAtSeconds);
});
