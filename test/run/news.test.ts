import { expect, test } from 'vitest';
import { Observers } from '../../src/run/observer.js';
import type { RunEvent, RunEventKind } from '../../src/run/result.js';
import { Simulation } from '../../src/sim/simulation.js';

/** A list with one observer, which notes what it is told. */
function listening() {
  const told: RunEvent[] = [];
  const observers = new Observers(new Simulation());
  observers.add({ moment: (event) => told.push(event) });
  const tell = (kind: RunEventKind, subject: string, detail = ''): boolean => {
    const before = told.length;
    observers.moment(kind, subject, detail);
    return told.length > before;
  };
  return { observers, told, tell };
}

test('the same state of a pod again is no news, another one is', () => {
  const { tell } = listening();
  expect(tell('pod-created', 'web')).toBe(true);
  expect(tell('pod-created', 'web')).toBe(false);
  expect(tell('pod-deleted', 'web')).toBe(true);
  expect(tell('pod-created', 'web')).toBe(true);
  expect(tell('pod-created', 'other')).toBe(true);
});

test('of churn only changes are news: from working to failing, for creations and deletions apart', () => {
  const { told, tell } = listening();
  for (let round = 1; round <= 10; round++) {
    tell('pod-created', `churn-${round}`);
    tell('pod-deleted', `churn-${round}`);
  }
  tell('pod-create-failed', 'churn-11');
  tell('pod-create-failed', 'churn-12');
  expect(told.map(({ kind, subject }) => [kind, subject])).toEqual([
    ['pod-created', 'churn-1'],
    ['pod-deleted', 'churn-1'],
    ['pod-create-failed', 'churn-11'],
  ]);
});

test('an event that repeats is told twenty times, and the last one says that more follow', () => {
  const { told, tell } = listening();
  for (let time = 0; time < 100; time++) {
    tell('probe-failed', 'a/b/liveness', 'exit status 2');
    tell('probe-failed', 'a/b/readiness', 'exit status 2');
  }
  expect(told).toHaveLength(40);
  expect(told.at(-2)?.detail).toBe('exit status 2; more of these follow');
  expect(told.at(-3)?.detail).toBe('exit status 2');
});

test('asking whether something would be news does not make it old', () => {
  const { observers, tell } = listening();
  for (let time = 0; time < 100; time++) {
    expect(observers.newsOf('pod-created', 'web', '')).toMatchObject({ kind: 'pod-created', subject: 'web' });
    expect(observers.newsOf('ssh-refused', 'node', 'full')).toMatchObject({ detail: 'full' });
  }
  expect(tell('pod-created', 'web')).toBe(true);
  expect(observers.newsOf('pod-created', 'web', '')).toBeNull();
});
