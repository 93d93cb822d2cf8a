import { expect, test } from 'vitest';
import { limitToTell } from '../../src/report/charts/limit.js';
import { placeMoments, timeFrame } from '../../src/report/charts/time.js';
import { timelineCsv } from '../../src/report/csv.js';
import * as runs from './fixtures.js';

test('no label of a moment is struck through by the rule of another', () => {
  const at = (hours: number) => ({
    timeSeconds: hours * 3600,
    kind: 'intervention' as const,
    subject: 'rabbitmq',
    detail: `delete pod rabbitmq at ${hours}`,
  });
  const run = runs.recoveringRun({ events: [1, 2, 20, 21, 40].map(at) });
  const frame = timeFrame(run);
  const placed = placeMoments(run, frame, 588).map(({ seconds, label, line, side }) => {
    const x = (seconds / frame.endSeconds) * 588;
    const width = label.length * 7.2;
    return { x, line, from: side === 'right' ? x : x - width, to: side === 'right' ? x + width : x };
  });
  expect(placed.length).toBeGreaterThan(4);
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
