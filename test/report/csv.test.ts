import { describe, expect, test } from 'vitest';
import { blameCsv, eventsCsv, resultsCsv, timelineCsv } from '../../src/report/csv.js';
import { READING_COLUMNS } from '../../src/run/result.js';
import * as runs from './fixtures.js';

function head(csv: string, lines: number): string[] {
  return csv.split('\n').slice(0, lines);
}

describe('timeline.csv', () => {
  test('has the documented columns and a row per sample', () => {
    const run = runs.tinyRun();
    const csv = timelineCsv(run);
    expect(head(csv, 3)).toEqual([
      // Of limits that nobody has set there are none.
      [...READING_COLUMNS, 'restarts', 'evictions'].join(','),
      '0,45,0,0,45,800,455,45,755,1,0,0,0,0,0,0,0,0,0,0,0',
      '2,45,0,0,45,800,455,45,755,1,0,0,0,0,0,0,0,0,0,0,0',
    ]);
    expect(csv.endsWith('\n')).toBe(true);
    expect(csv.trimEnd().split('\n')).toHaveLength(run.timeline.time_s.length + 1);
  });

  test('writes times to the microsecond, without the noise of a division', () => {
    const run = runs.tinyRun();
    run.timeline.time_s[1] = 0.1 + 0.2;
    run.timeline.time_s[2] = 76101392065 / 1e6;
    expect(head(timelineCsv(run), 4)[2]).toMatch(/^0\.3,/);
    expect(head(timelineCsv(run), 4)[3]).toMatch(/^76101\.392065,/);
  });

  test('a negative number is a number, not a formula', () => {
    const run = runs.tinyRun();
    run.timeline.kubelet_pid_available[0] = -5;
    expect(head(timelineCsv(run), 2)[1]).toContain(',-5,');
  });
});

describe('events.csv', () => {
  test('is a golden file', async () => {
    await expect(eventsCsv(runs.recoveringRun())).toMatchFileSnapshot('golden/events.csv');
  });

  test('quotes what needs quotes, and defuses what a spreadsheet would run', () => {
    const event = {
      timeSeconds: 1.5,
      kind: 'intervention',
      subject: '=cmd()',
      detail: 'a "b", c\nd',
    } as const;
    expect(eventsCsv(runs.tinyRun({ events: [event] }))).toBe(
      `time_s,kind,subject,detail\n1.5,intervention,'=cmd(),"a ""b"", c\nd"\n`,
    );
  });
});

describe('blame.csv', () => {
  test('is a golden file', async () => {
    await expect(blameCsv(runs.leakingRun())).toMatchFileSnapshot('golden/blame.csv');
  });
});

describe('results as CSV', () => {
  test('has a row per run; what did not happen is null, not empty', () => {
    const csv = resultsCsv([runs.leakingRun(), runs.healthyRun()]);
    const [columns, full, never] = csv.split('\n').map((line) => line.split(','));
    const cell = (row: string[], name: string): string => row[columns.indexOf(name)];
    expect(columns.slice(0, 4)).toEqual(['name', 'scenario', 'seed', 'digest']);
    expect(cell(full, 'exhausted_at_s')).toBe('80553');
    expect(cell(never, 'exhausted_at_s')).toBe('null');
    expect([cell(full, 'times_full'), cell(full, 'full_for_s')]).toEqual(['1', '2511447']);
    expect([cell(never, 'times_full'), cell(never, 'full_for_s')]).toEqual(['0', '0']);
    expect(cell(never, 'expectations_hold')).toBe('true');
    expect(csv).not.toMatch(/,,/);
  });

  test('a failed expectation is false, not empty', () => {
    const expectations = [{ text: 'exhausted == false', ok: false, actual: 'true' }];
    expect(resultsCsv([runs.leakingRun({ expectations })])).toMatch(/,false\n$/);
  });
});
