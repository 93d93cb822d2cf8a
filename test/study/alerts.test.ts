/** Would the alert have fired? Four series with known answers, asked of the real promtool. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { promtool, testRules } from '../../src/host/promtool.js';
import { labelsText } from '../../src/report/openmetrics.js';
import { alertsTable } from '../../src/report/study/alerts.js';
import type { Metered, Metric } from '../../src/run/meter.js';
import {
  type AlertRun,
  type Firing,
  promtoolTest,
  readFirings,
  seriesIn,
  seriesNotation,
  verdictOf,
} from '../../src/study/alerts.js';
import { testWithPromtool } from '../promtool.js';

const MINUTES = 1560;
const FULL = 21 * 60;
const NODE = { instance: 'birch:9100', job: 'node-exporter' };

function metric(
  name: string,
  labels: Record<string, string>,
  at: (minute: number) => number | undefined,
): Metric {
  return { name, labels, values: Array.from({ length: MINUTES + 1 }, (_, minute) => at(minute)) };
}

/** So many zombies and pinned PIDs a minute, from a node of 368 processes until its table is full after 21 h. */
function filling(zombies: number, pressureFrom: number): Metered {
  const held = (minute: number): number => zombies * Math.min(minute, FULL);
  return node(held, (minute) => held(minute) || undefined, pressureFrom);
}

/** A zombie for one reading each hour: then node_exporter has a series of that state, and none before and after. */
const healthy = node(
  () => 0,
  (minute) => (minute % 60 === 59 ? 1 : undefined),
  Number.POSITIVE_INFINITY,
);

function node(
  held: (minute: number) => number,
  zombies: (minute: number) => number | undefined,
  pressureFrom: number,
): Metered {
  const condition = { node: 'birch', condition: 'PIDPressure', status: 'true' };
  return {
    timesSeconds: Array.from({ length: MINUTES + 1 }, (_, minute) => 60 * minute),
    metrics: [
      metric('node_processes_pids', NODE, (minute) => 368 + held(minute)),
      metric('node_processes_threads', NODE, (minute) => 1268 + held(minute)),
      metric('node_processes_max_processes', NODE, () => 32_768),
      metric('node_processes_max_threads', NODE, () => 62_832),
      metric('node_processes_state', { ...NODE, state: 'Z' }, zombies),
      metric('kube_node_status_condition', condition, (minute) => (minute < pressureFrom ? 0 : 1)),
    ],
  };
}

const SERIES = { fill: filling(25, 1129), 'fill-pinned': filling(12, Number.POSITIVE_INFINITY), healthy };

/** Thresholds and times as they are published; the file of the third kind, and of the last. */
const ZOMBIES = `groups: [{name: z, rules: [
  {alert: AnyZombie, expr: 'node_processes_state{state="Z"} > 0', for: 5m},
  {alert: Pressure, expr: 'kube_node_status_condition{condition="PIDPressure",status="true"} == 1', for: 2m}]}]`;

function rules(name: string): string {
  return readFileSync(join(import.meta.dirname, 'alerts', name), 'utf8');
}

function testOf(metered: Metered, isUsed: (name: string) => boolean = () => true): string {
  return promtoolTest(metered, { ruleFiles: ['r.yml'], isUsed, intervalSeconds: 60, labelsText });
}

async function minutesOf(text: string, metered: Metered): Promise<Record<string, number>> {
  const answer = await testRules(testOf(metered), { 'r.yml': text });
  const fired = readFirings(answer!.text, 60);
  return Object.fromEntries([...fired!].map(([alert, { firstSeconds }]) => [alert, firstSeconds / 60]));
}

describe('alerts on four series', () => {
  testWithPromtool(
    'a ratio to pid_max fires late, and not at all where half of the PIDs are pinned',
    async () => {
      const text = rules('ratio.rules.yml');
      expect(await minutesOf(text, SERIES.fill)).toEqual({
        HostProcessTableFilling: 1044,
        HostProcessTableAlmostFull: 1236,
      });
      expect(await minutesOf(text, SERIES['fill-pinned'])).toEqual({});
      expect(await minutesOf(text, SERIES.healthy)).toEqual({});
    },
  );

  testWithPromtool('a forecast of what is visible fires late where half is not', async () => {
    const text = rules('predict.rules.yml');
    expect(await minutesOf(text, SERIES.fill)).toEqual({ ProcessTableFullIn6h: 967, TasksFullIn24h: 61 });
    expect(await minutesOf(text, SERIES['fill-pinned'])).toEqual({ TasksFullIn24h: 1246 });
    expect(await minutesOf(text, SERIES.healthy)).toEqual({});
  });

  testWithPromtool(
    'any zombie at all fires at once, and PIDPressure only by what the kubelet counts',
    async () => {
      expect(await minutesOf(ZOMBIES, SERIES.fill)).toEqual({ AnyZombie: 6, Pressure: 1131 });
      expect(await minutesOf(ZOMBIES, SERIES['fill-pinned'])).toEqual({ AnyZombie: 6 });
    },
  );

  testWithPromtool(
    'a zombie of one reading is no alarm, and with gaps for stale markers it would be 25',
    async () => {
      expect(await minutesOf(ZOMBIES, healthy)).toEqual({});
      const gaps = await testRules(testOf(healthy).replaceAll('stale', '_'), { 'r.yml': ZOMBIES });
      expect(readFirings(gaps!.text, 60)!.get('AnyZombie')).toMatchObject({
        firstSeconds: 64 * 60,
        times: 25,
      });
    },
  );

  testWithPromtool('a rule that cannot be evaluated is an error and no silence', async () => {
    const many = `groups: [{name: m, rules: [{alert: Many, expr: 'node_processes_pids * on() node_processes_state'}]}]`;
    const two = {
      ...SERIES.fill,
      metrics: [...SERIES.fill.metrics, metric('node_processes_state', NODE, () => 1)],
    };
    const answer = await testRules(testOf(two), { 'r.yml': many });
    expect(answer!.isOk).toBe(false);
    expect(readFirings(answer!.text, 60)).toBeNull();
    expect((await promtool(['check', 'rules', 'nowhere.yml']))!.isOk).toBe(false);
  });
});

describe('the unit test that is written', () => {
  test('says what comes again, what has ended, and what has not begun', () => {
    expect(seriesNotation([undefined, undefined, 3, 3, 3, undefined, undefined, 4], 8)).toBe(
      '_x2 3+0x2 stale _x1 4+0x0',
    );
    expect(seriesNotation([1], 3)).toBe('1+0x0 stale _x1');
    expect(seriesNotation([], 2)).toBe('_x2');
  });

  test('has the series that a rule names, and the readings of scrapes alone', () => {
    const metered = {
      timesSeconds: [0, 60, 77.5, 120],
      metrics: [metric('a', {}, (at) => at), metric('b', {}, () => 1)],
    };
    const { tests } = JSON.parse(testOf(metered, (name) => name === 'a'));
    expect(tests[0].input_series).toEqual([{ series: 'a{}', values: '0+0x0 1+0x0 3+0x0' }]);
  });
});

describe('what it comes to', () => {
  const run = (refusedSeconds: number | null, firing: Firing | null, isHeading = false): AlertRun => ({
    refusedSeconds,
    isHeading,
    endSeconds: 86_400,
    fired: new Map(firing === null ? [] : [['A', firing]]),
  });

  test('the lead time is that of the runs that were refused; what fires later is too late', () => {
    const runs = [100, 200, 300, 400].map((lead) =>
      run(1000, { firstSeconds: 1000 - lead, times: 1, forSeconds: lead }),
    );
    expect(verdictOf('A', runs)).toMatchObject({ fired: 4, leadSeconds: { p5: 100, p50: 200 } });
    const late = [...runs, run(1000, { firstSeconds: 1060, times: 1, forSeconds: 60 })];
    expect(verdictOf('A', late)).toMatchObject({ fired: 4, leadSeconds: { p5: null, p50: 200 } });
  });

  test('false alarms are those of a healthy node, and not of one that is filling', () => {
    const alarm = { firstSeconds: 60, times: 2, forSeconds: 600 };
    expect(verdictOf('A', [run(null, alarm), run(null, null)]).falseAlarmsPer30d).toBe(30);
    expect(verdictOf('A', [run(null, alarm, true)])).toMatchObject({ fired: 1, falseAlarmsPer30d: null });
  });
});

describe('an alert that always fires', () => {
  const always = `groups: [{name: a, rules: [
    {alert: Always, expr: 'node_processes_pids > 0'}, {alert: Hourly, expr: 'node_processes_state{state="Z"} > 0'}]}]`;
  const seconds = MINUTES * 60;

  testWithPromtool('is no few alarms in a month: it fires all the time', async () => {
    const answer = await testRules(testOf(healthy), { 'r.yml': always });
    const run = { refusedSeconds: null, isHeading: false, endSeconds: seconds };
    const runs = [{ ...run, fired: readFirings(answer!.text, 60)! }];
    expect(runs[0].fired.get('Always')).toEqual({ firstSeconds: 0, times: 1, forSeconds: seconds + 60 });
    expect(runs[0].fired.get('Hourly')).toMatchObject({ times: 26, forSeconds: 26 * 60 });
    const verdicts = ['Always', 'Hourly'].map((alert) => verdictOf(alert, runs));
    expect(verdicts.map(({ falseAlarmShare }) => falseAlarmShare)).toEqual([1, expect.closeTo(1 / 60)]);
    const table = alertsTable([{ scenario: 'healthy', runs, verdicts }]);
    expect(table).toMatch(/Always .* all the time\n.*Hourly .* 720 in 30 d/);
  });

  test('for a part of the time it fires for that part', () => {
    const fired = new Map([['A', { firstSeconds: 60, times: 1, forSeconds: 1800 }]]);
    const runs = [{ refusedSeconds: null, isHeading: false, endSeconds: 3600, fired }];
    const verdicts = [verdictOf('A', runs)];
    expect(alertsTable([{ scenario: 'healthy', runs, verdicts }])).toMatch(/A .* 50 % of the time/);
  });
});

describe('the series that an expression asks for', () => {
  test.each([
    ['node_processes_pids / on (instance) node_processes_max_processes > 0.8', 2],
    ['(sum by (instance) (a{state=~"Z|b"}) > 5) * on(instance) group_left (nodename) c{nodename=~".+"}', 2],
    ['a > 0 and on (x) group_right b offset 5m unless count without (cpu) (a) # and c', 2],
    ["predict_linear(a[1h:5m], 6 * 3600) > bool 1e3 or label_replace(b, 'd', '$1', 'e', `(f)`)", 2],
    ['absent(job:a:rate5m) == NaN or vector(Inf) + time()', 1],
  ])('%s', (expr, count) => {
    const names = seriesIn(expr);
    expect(names).toHaveLength(count);
    for (const name of names)
      expect(['a', 'b', 'c', 'job:a:rate5m']).toContain(name.replace(/^node_.*/, 'a'));
  });
});
