/** A run with a start shows dates and times wherever it shows a moment. */
import { describe, expect, test } from 'vitest';
import { renderSvg } from '../../src/host/render.js';
import { kubeletChart } from '../../src/report/charts/kubelet.js';
import { pidsChart } from '../../src/report/charts/pids.js';
import { eventsCsv, resultsCsv, timelineCsv } from '../../src/report/csv.js';
import { runResultDocument } from '../../src/report/document.js';
import { scenarioHtml } from '../../src/report/html.js';
import { reproduceCommand } from '../../src/report/message.js';
import { openMetrics } from '../../src/report/openmetrics.js';
import { summaryMarkdown } from '../../src/report/summary.js';
import { renderResults } from '../../src/report/table.js';
import type { RunResult } from '../../src/run/result.js';
import * as runs from './fixtures.js';

const start = '2026-03-01T10:17:00.000Z';

async function textsOf(spec: Parameters<typeof renderSvg>[0], run: RunResult): Promise<string[]> {
  const svg = await renderSvg(spec, () => timelineCsv(run));
  return [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g)].map(([, text]) =>
    text.replaceAll('\u00a0', ' '),
  );
}

describe('with a start', () => {
  const run = runs.leakingRun({ start });

  test('the axis has round times of day, and the date where it is a new one', async () => {
    for (const chart of [pidsChart, kubeletChart]) {
      const texts = await textsOf(chart(run), run);
      expect(texts).toEqual(
        expect.arrayContaining(['12:00', '1 Mar', '00:00', '2 Mar', 'full: 2 Mar 08:39']),
      );
      expect(texts.join(' ')).toContain('Simulated time (UTC; the run goes on to 31 Mar 10:17)');
      expect(texts.filter((text) => text.endsWith('Mar'))).toHaveLength(2);
    }
  });

  test('an axis of days begins with the first midnight; one of minutes has times', async () => {
    const month = runs.slowRun({ start });
    const days = await textsOf(pidsChart(month), month);
    expect(days.filter((text) => /^\d+ \w{3}$/.test(text))[0]).toBe('2 Mar');
    const tiny = runs.tinyRun({ start });
    expect(await textsOf(pidsChart(tiny), tiny)).toEqual(expect.arrayContaining(['10:20', '1 Mar']));
  });

  test('rows and events have a column that says when', () => {
    const [head, first] = timelineCsv(run).split('\n');
    expect([head.split(',').at(-1), first.split(',').at(-1)]).toEqual(['time', start]);
    const recovering = runs.recoveringRun({ start });
    const rows = eventsCsv(recovering).trimEnd().split('\n');
    expect(rows[0]).toBe('time_s,kind,subject,detail,time');
    for (const [index, { timeSeconds }] of recovering.events.entries())
      expect(Date.parse(rows[index + 1].split(',').at(-1)!)).toBeCloseTo(
        Date.parse(start) + timeSeconds * 1000,
        0,
      );
  });

  test('table, summary, page and document say it, and so does the command that repeats the run', () => {
    expect(renderResults([run], 'table')).toMatch(/SCENARIO +AT +FIRST HARM.*\n.* 2 Mar 08:39 /);
    expect(summaryMarkdown(run)).toContain('| 2 Mar 08:39 | exhausted |');
    expect(scenarioHtml(run, [])).toContain('2 Mar 08:39');
    expect(runResultDocument(run).metadata.start).toBe(start);
    expect(resultsCsv([run])).toContain(`,${start},`);
    expect(reproduceCommand(run)).toContain(` --start ${start}`);
    const metric = { name: 'node_processes_pids', labels: {}, values: [1] };
    const text = openMetrics([{ timesSeconds: [1.5], metrics: [metric] }], Date.parse(start) / 1000);
    expect(text).toContain(`node_processes_pids{} 1 ${Date.parse(start) / 1000 + 1.5}`);
  });
});

test('without one nothing has a date', async () => {
  const run = runs.leakingRun();
  expect((await textsOf(pidsChart(run), run)).join(' ')).not.toMatch(/Mar|UTC/);
  expect(timelineCsv(run).split('\n')[0]).not.toMatch(/,time$/);
  expect(renderResults([run], 'table')).toContain('AFTER');
  expect(runResultDocument(run).metadata).not.toHaveProperty('start');
});
