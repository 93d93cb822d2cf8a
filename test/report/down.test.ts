import { describe, expect, test } from 'vitest';
import { answer, headline } from '../../src/report/answer.js';
import { byUrgency, toneOf } from '../../src/report/harm-words.js';
import { scenarioHtml } from '../../src/report/html.js';
import { renderResults } from '../../src/report/table.js';
import { overviewLabel } from '../../src/report/titles.js';
import { simulate } from '../../src/run/run.js';
import { parseScenario } from '../../src/scenario/parse.js';

/** A pod whose liveness probe sleeps for a second. Its time limit is the only thing that varies. */
function afterAnHour(timeoutSeconds: number) {
  const parsed = parseScenario(`
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: limit-of-${timeoutSeconds}-s}
spec:
  horizon: 1h
  pods:
    - name: web
      containers:
        - name: app
          command: [sleep, infinity]
          livenessProbe:
            exec: {command: [sh, -c, sleep 1]}
            timeoutSeconds: ${timeoutSeconds}
            periodSeconds: 5
`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return simulate(parsed.value[0]);
}

describe('a pod that its own probe keeps down, while the node has room', () => {
  const tooShort = afterAnHour(1);
  const longEnough = afterAnHour(3);

  test('is the headline and the badge, and no green answer', () => {
    expect(tooShort.firstHarm).toBeNull();
    expect(headline(tooShort)).toMatch(/^Pod web is mostly down from .* on; node: not full in 60 min:/);
    expect(toneOf(tooShort)).toBe('bad');
    expect(scenarioHtml(tooShort, [])).toContain('<span class="badge bad">down</span>');
    expect(overviewLabel(tooShort)).toMatch(/^down after .*; not full in 60 min, nor at this rate$/);
    expect(overviewLabel(longEnough)).toBe('not full in 60 min, nor at this rate');
    expect(headline(longEnough)).toMatch(/^Not full in 60 min/);
    expect(toneOf(longEnough)).toBe('good');
    expect(byUrgency([longEnough, tooShort])).toEqual([tooShort, longEnough]);
  });

  test('has its reason in the answer and below the table', () => {
    const why = /; restarts of web\/app: liveness probe failed: timed out\./;
    expect(answer(tooShort)).toMatch(why);
    const table = (...results: (typeof tooShort)[]) => renderResults(results, 'table').replaceAll('\n', ' ');
    expect(table(tooShort, longEnough)).toMatch(why);
    expect(table(tooShort, longEnough)).toContain(
      'Down in limit-of-1-s, though no limit is reached: pod web',
    );
    expect(answer(longEnough)).not.toContain('down');
    expect(table(longEnough)).not.toContain('Down in');
  });
});
