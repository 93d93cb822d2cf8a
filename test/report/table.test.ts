import { describe, expect, test } from 'vitest';
import { renderResults } from '../../src/report/table.js';
import * as runs from './fixtures.js';

const RESULTS = runs.ALL_RUNS.map((make) => make());

describe('the table', () => {
  test('lines up answers, one scenario a line', () => {
    expect(renderResults(RESULTS, 'table')).toBe(
      [
        'SCENARIO                OUTCOME    FULL AFTER  ZOMBIES  PINNED  REFUSED BY  SSH REFUSED  POD REFUSED',
        'rabbitmq-pause-3.0      exhausted      22.4 h   16,110  16,110  pid-max            23 h         23 h',
        'healthy-node            censored        never        0       0  -                     -            -',
        'delete-the-leaking-pod  exhausted      22.4 h        0       0  pid-max          22.6 h       22.9 h',
        'pause-bump              censored        never        0       0  -                     -            -',
        'delete-is-not-enough    censored      ~36.4 h   11,520  11,520  -                     -            -',
        'slow-leak               censored      ~32.7 d    9,840       0  -                     -            -',
        'ten-rabbitmq-pods       exhausted      2.21 h   15,883  15,884  pid-max           2.4 h       2.74 h',
        'lab-pid-max-800         exhausted      19 min      225     226  pid-max               -            -',
        'pod-pids-limit          censored        never        0       0  in a pod              -            -',
        '',
      ].join('\n'),
    );
  });

  test('without colour it has no escape sequence, with colour it says the same', () => {
    const plain = renderResults(RESULTS, 'table', { width: null, color: false });
    const colour = renderResults(RESULTS, 'table', { width: null, color: true });
    expect(plain).not.toContain('\u001b');
    expect(colour).toContain('\u001b[31mexhausted');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this is about
    expect(colour.replace(/\u001b\[\d+m/g, '')).toBe(plain);
  });

  test('on a narrow terminal no line is wider than it', () => {
    for (const width of [40, 60, 80]) {
      const text = renderResults(RESULTS, 'table', { width, color: false });
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
      expect(text).toContain('rabbitmq-pause-3.0  exhausted  22.4 h\n  zombies 16,110  pinned 16,110');
    }
  });

  test('on a terminal that is just wide enough it stays a table', () => {
    const width = renderResults(RESULTS, 'table').indexOf('\n');
    expect(renderResults(RESULTS, 'table', { width, color: false })).toMatch(/^SCENARIO/);
    expect(renderResults(RESULTS, 'table', { width: width - 1, color: false })).not.toMatch(/^SCENARIO/);
  });

  test('the wide form adds expectations, seed and digest, and is never folded', () => {
    const text = renderResults(RESULTS.slice(0, 1), 'wide', { width: 40, color: false });
    const [heads, row] = text.split('\n');
    expect(heads).toMatch(/PID_MAX +HORIZON +EXPECTATIONS +SEED +DIGEST +EVENTS$/);
    expect(row).toMatch(/32,768 +30 d +1 of 1 hold +1 +5f3c0a1b9d8e7f60 +123,456$/);
  });

  test('a name cannot talk to the terminal', () => {
    const run = runs.healthyRun();
    run.scenario.name = 'a\u001b[2J';
    expect(renderResults([run], 'table')).not.toContain('\u001b');
  });
});
