import { expect, test } from 'vitest';
import { evaluate } from '../../src/run/expectations.js';
import { simulate } from '../../src/run/run.js';
import { parseExpectation } from '../../src/scenario/expect.js';
import { container, ORPHAN, pod, probe, S, scenario } from '../node/world.js';

const leaky = pod({
  pidMode: 'pod',
  containers: [container({ probes: [probe({ program: ORPHAN, periodUs: S })] })],
});
const full = simulate(scenario({ pause: '3.0', kernel: { pidMax: 1_000 }, pods: [leaky] }, 1_000));
const healthy = simulate(scenario({ pods: [leaky] }, 1_000));

function check(text: string, result: typeof full) {
  const parsed = parseExpectation(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return evaluate([parsed.value], result)[0];
}

test('an expectation is compared with the run, and says what was found', () => {
  expect(check('exhausted == true', full)).toEqual({ text: 'exhausted == true', ok: true, actual: 'true' });
  expect(check('exhausted == true', healthy)).toMatchObject({ ok: false, actual: 'false' });
  expect(check('refusedBy == pid-max', full).ok).toBe(true);
  expect(check('refusedBy == none', healthy).ok).toBe(true);
  expect(check('timeToExhaustion < 10m', full)).toMatchObject({
    ok: true,
    actual: expect.stringMatching(/min$/),
  });
  expect(check('zombies >= 300', full).ok).toBe(true);
  expect(check('zombies == 0', healthy).ok).toBe(true);
  expect(check('probeFailures > 0', full).ok).toBe(true);
  expect(check('restarts == 0', full).ok).toBe(true);
});

test('a node that is not exhausted takes longer than any time within the run, and nobody knows more', () => {
  expect(check('timeToExhaustion > 16m', healthy)).toMatchObject({ ok: true, actual: 'not in 16.7 min' });
  // What comes after the run is not known, and no pass.
  expect(check('timeToExhaustion > 30d', healthy)).toMatchObject({ ok: false, actual: 'not in 16.7 min' });
  expect(check('timeToExhaustion < 36h', healthy).ok).toBe(false);
});

test('a pod that reaches its own limit can be expected, and that no pod does', () => {
  const given = { pause: '3.0', kernel: { pidMax: 4_000 }, pods: [{ ...leaky, pidMax: 400 }] };
  const refused = simulate(scenario(given, 1_000));
  expect(check('podsRefused == 1', refused).ok).toBe(true);
  expect(check('timeToPodRefusal < 10m', refused)).toMatchObject({
    ok: true,
    actual: expect.stringMatching(/\d (s|min)$/),
  });
  expect(check('exhausted == false', refused).ok).toBe(true);
  for (const result of [full, healthy]) {
    expect(check('podsRefused == 0', result).ok).toBe(true);
    expect(check('timeToPodRefusal > 10m', result)).toMatchObject({ ok: true, actual: 'not in 16.7 min' });
  }
});

test('the first harm can be expected by its time, its kind, its scope, its limit and whose it is', () => {
  expect(check('firstHarm < 10m', full).ok).toBe(true);
  expect(check('firstHarm.kind == refused', full).ok).toBe(true);
  expect(check('firstHarm.scope == node', full).ok).toBe(true);
  expect(check('firstHarm.limit == pid_max', full).ok).toBe(true);
  expect(check("firstHarm.of == 'node'", full).ok).toBe(true);
  expect(check('firstHarm.kind == none', healthy).ok).toBe(true);
  expect(check('firstHarm > 16m', healthy).ok).toBe(true);
});

test('one probe, one pod and one limit can be expected; one that is not there fails', () => {
  const [{ pod: name, container: inner, type }] = full.probes;
  const path = `${name}/${inner}/${type}`;
  expect(check(`probe ${path} zombiesPerRun > 0.9`, full).ok).toBe(true);
  expect(check(`probe ${path} zombiesPerRun == 0`, healthy).ok).toBe(true);
  expect(check(`probe ${path} errored > 0`, full).ok).toBe(true);
  expect(check(`probe ${path}x runs > 0`, full)).toMatchObject({ ok: false, actual: 'there is none' });
  expect(check(`pod ${name} zombies > 300`, full).ok).toBe(true);
  expect(check(`pod ${name} timeToEviction > 16m`, full).ok).toBe(true);
  expect(check('pod nobody zombies == 0', full)).toMatchObject({ ok: false, actual: 'there is none' });
  expect(check('limit node timeToRefusal < 10m', full).ok).toBe(true);
  expect(check('limit node refusals == 1', full).ok).toBe(true);
  expect(check('limit node fullFor > 5m', full).ok).toBe(true);
  expect(check('limit node refusals == 0', healthy).ok).toBe(true);
  expect(check('limit all-pods timeToRefusal > 16m', full).ok).toBe(true);
  const own = simulate(scenario({ pause: '3.0', pods: [{ ...leaky, pidMax: 400 }] }, 1_000));
  expect(check(`limit pod/${name} timeToRefusal < 10m`, own).ok).toBe(true);
  expect(check(`pod ${name} timeToRefusal < 10m`, own).ok).toBe(true);
});

test('a run that ends when the node is full did not get to what comes after: no pass, and no failure', () => {
  const given = scenario({ pause: '3.0', kernel: { pidMax: 1_000 }, pods: [leaky] }, 1_000);
  const stopped = simulate(given, { until: 'exhaustion' });
  for (const text of ['restarts > 0', 'sshRefused == 0', 'zombies > 5', `firstHarm.kind == refused`])
    expect([text, check(text, stopped).ok]).toEqual([text, text.startsWith('firstHarm') ? true : null]);
  expect(check('timeToPodRefusal < 10m', stopped)).toMatchObject({ ok: null, actual: 'not reached' });
  expect(check('exhausted == true', stopped).ok).toBe(true);
  expect(check('exhausted == false', stopped).ok).toBe(false);
  expect(check('timeToExhaustion < 1m', stopped).ok).toBe(false);
});
