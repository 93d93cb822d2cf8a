import { describe, expect, test } from 'vitest';
import { MACHINE_LIMITS } from '../../src/kernel/limits.js';
import { EXPECTATION_SUBJECTS, parseExpectation, SUBJECT_DOCUMENTATION } from '../../src/scenario/expect.js';
import { US_PER_HOUR } from '../../src/sim/time.js';

describe('an expectation line', () => {
  test('compares a subject with a value of its kind', () => {
    const value = (line: string) => {
      const parsed = parseExpectation(line);
      return parsed.ok ? [parsed.value.subject, parsed.value.comparison, parsed.value.value] : parsed.message;
    };
    expect(value('exhausted == true')).toEqual(['exhausted', '==', true]);
    expect(value('timeToExhaustion < 36h')).toEqual(['timeToExhaustion', '<', 36 * US_PER_HOUR]);
    expect(value('zombies>=1000')).toEqual(['zombies', '>=', 1000]);
    expect(value('  refusedBy != pid-max ')).toEqual(['refusedBy', '!=', 'pid-max']);
    expect(value('refusedBy == none')).toEqual(['refusedBy', '==', 'none']);
  });

  test('keeps its text as it was written', () => {
    expect(parseExpectation('zombies  < 5')).toMatchObject({ ok: true, value: { text: 'zombies  < 5' } });
  });

  test.each([
    ['', 'not of the form'],
    ['exhausted', 'not of the form'],
    ['zombies >= 10 20', 'not of the form'],
    ['zombys >= 10', 'nothing is called `zombys`'],
    ['exhausted < true', 'not a comparison for `exhausted`'],
    ['refusedBy >= pid-max', 'not a comparison for `refusedBy`'],
    ['zombies =! 3', 'not a comparison'],
    ['zombies == many', 'a whole number that is not negative'],
    ['zombies == -1', 'a whole number that is not negative'],
    ['timeToExhaustion < 36', 'a duration such as `36h`'],
    ['exhausted == yes', '`true` or `false`'],
    ['probe web/app/liveness == 0', 'has to be followed by a name and a metric'],
    ['probe web/app/liveness zombies == 0', 'a probe has no `zombies`'],
    ['pod web toString == 0', 'a pod has no `toString`'],
    ['zombies web runs == 0', 'nothing is called `zombies`'],
    ['firstHarm.kind < refused', 'not a comparison for `firstHarm.kind`'],
    ['firstHarm.scope == everywhere', '`all-pods`'],
    ['refusedBy == oom', '`pid-max`, `threads-max`, `none`'],
  ])('that reads `%s` is not one: %s', (line, message) => {
    const parsed = parseExpectation(line);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok ? '' : parsed.message).toContain(message);
  });

  test('with a misspelt subject says which one is near', () => {
    expect(parseExpectation('zombys >= 10')).toMatchObject({ hint: 'Did you mean `zombies`?' });
  });

  test('of what refused a fork names the limits that the kernel has', () => {
    expect(SUBJECT_DOCUMENTATION.refusedBy.kind).toEqual([...MACHINE_LIMITS, 'none']);
  });

  test('with a subject near nothing lists them all', () => {
    const parsed = parseExpectation('happiness >= 10');
    for (const subject of EXPECTATION_SUBJECTS) expect(parsed.ok ? '' : parsed.hint).toContain(subject);
  });
});
