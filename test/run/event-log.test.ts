import { expect, test } from 'vitest';
import { EventLog } from '../../src/run/event-log.js';

test('the same state of a pod again is no news, another one is', () => {
  const log = new EventLog();
  expect(log.add(1, 'pod-created', 'web', '')).toBe(true);
  expect(log.add(2, 'pod-created', 'web', '')).toBe(false);
  expect(log.add(3, 'pod-deleted', 'web', '')).toBe(true);
  expect(log.add(4, 'pod-created', 'web', '')).toBe(true);
  expect(log.add(4, 'pod-created', 'other', '')).toBe(true);
});

test('of churn only changes count: from working to failing, for creations and deletions apart', () => {
  const log = new EventLog();
  for (let round = 1; round <= 10; round++) {
    log.add(round, 'pod-created', `churn-${round}`, '');
    log.add(round, 'pod-deleted', `churn-${round}`, '');
  }
  log.add(11, 'pod-create-failed', 'churn-11', '');
  log.add(12, 'pod-create-failed', 'churn-12', '');
  expect(log.events.map(({ kind, subject }) => [kind, subject])).toEqual([
    ['pod-created', 'churn-1'],
    ['pod-deleted', 'churn-1'],
    ['pod-create-failed', 'churn-11'],
  ]);
});

test('what flaps is cut short, and says so', () => {
  const log = new EventLog();
  for (let time = 0; time < 100; time++) {
    log.add(time, 'probe-failed', 'a/b/liveness', 'exit status 2');
    log.add(time, 'probe-failed', 'a/b/readiness', 'exit status 2');
  }
  expect(log.events).toHaveLength(40);
  expect(log.events.at(-1)?.detail).toBe('exit status 2; more of these follow');
});
