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

test('a node that is never exhausted takes longer than any time', () => {
  expect(check('timeToExhaustion > 30d', healthy)).toMatchObject({ ok: true, actual: 'never' });
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
    expect(check('timeToPodRefusal > 30d', result)).toMatchObject({ ok: true, actual: 'never' });
  }
});
