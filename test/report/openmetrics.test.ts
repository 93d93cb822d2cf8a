/** What exporters would have shown of a run: as they count, and as promtool reads it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { promtool } from '../../src/host/promtool.js';
import { labelsText, openMetrics } from '../../src/report/openmetrics.js';
import help from '../../src/report/openmetrics.json' with { type: 'json' };
import { Meter } from '../../src/run/meter.js';
import { Run } from '../../src/run/run.js';
import { parseScenario } from '../../src/scenario/parse.js';
import { testWithPromtool } from '../promtool.js';

/** One probe leaves a zombie that pins a PID, once a minute; the other, of a namespace of its own, nothing. */
const SCENARIO = `apiVersion: pidsim/v1
kind: Scenario
metadata: {name: small, title: A small node}
spec:
  horizon: 2h
  sampleEvery: 5m
  node:
    kernel: {version: "4.14", pidMax: 1000, memory: 4Gi}
    baseline: {tasks: 20}
    kubelet: {version: "1.14"}
    runtime: {name: docker, version: "18.9"}
    pause: "3.0"
  programs:
    probe: {comm: probe, steps: [{fork: {comm: orphan, steps: [{sleep: 100ms}]}}, {exit: 0}]}
  pods:
    - name: web
      shareProcessNamespace: true
      containers:
        - {name: app, program: app, livenessProbe: {exec: {program: probe}, periodSeconds: 60, failureThreshold: 1000}}
`;

function runOf(text = SCENARIO) {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  let meter!: Meter;
  const run = new Run(parsed.value[0], { observe: (node) => (meter = new Meter(node, 'small')) });
  while (!run.isOver) run.advance();
  const last = (name: string, labels: Record<string, string> = {}): number | undefined => {
    const metric = meter.metered.metrics.find(
      (each) =>
        each.name === name &&
        Object.entries(labels).every(([label, value]) => (each.labels[label] ?? '') === value),
    );
    return metric?.values[meter.metered.timesSeconds.length - 1];
  };
  return { run, meter, last };
}

describe('what exporters count', () => {
  const { run, meter, last } = runOf();
  const processes = run.processes()!;
  const { zombies, pinned, tasks } = run.result().final;

  test('node_exporter: processes and threads, zombies among both, and no pinned PID', () => {
    expect(zombies).toBeGreaterThan(100);
    expect(pinned).toBeGreaterThan(100);
    expect(last('node_processes_pids')).toBe(processes.length);
    expect(last('node_processes_threads')).toBe(processes.reduce((sum, { threads }) => sum + threads, 0));
    expect(last('node_processes_threads')).toBe(tasks + zombies);
    expect(last('node_processes_state', { state: 'Z' })).toBe(zombies);
    expect(last('node_processes_max_processes')).toBe(1000);
    expect(last('pidsim_allocated')).toBe(tasks + zombies + pinned);
  });

  test('of a state that no process is in there is no sample', () => {
    const none = runOf(SCENARIO.replace('pause: "3.0"', 'pause: "3.1"')).meter.metered.metrics;
    expect(none.some(({ labels }) => labels.state === 'Z')).toBe(false);
    expect(meter.metered.metrics.some(({ labels }) => labels.state === 'Z')).toBe(true);
  });

  test('cAdvisor: no zombie is a process of its container, each is one of its threads (K34, K36)', () => {
    expect(last('container_processes', { container: 'app' })).toBe(1);
    const own = processes.filter((each) => each.container === 'app' && !each.stat.startsWith('Z'));
    const threads = own.reduce((sum, each) => sum + each.threads, 0);
    expect(last('container_threads', { container: 'app' })).toBe(zombies + threads);
    expect(last('container_processes', { container: 'POD' })).toBe(1);
    expect(last('container_threads', { container: '' })).toBe(zombies + threads + 1);
  });

  test("cAdvisor: each container has an image, and the pod's own group has none, so rules can leave it out", () => {
    const images = meter.metered.metrics
      .filter(({ name }) => name === 'container_processes')
      .map(({ labels }) => [labels.container ?? '', labels.image ?? '']);
    expect(images.sort()).toEqual([
      ['', ''],
      ['POD', 'POD'],
      ['app', 'app'],
    ]);
  });

  test('PIDPressure is true below the threshold of the kubelet, and never without one', () => {
    const pressure = (text: string): (number | undefined)[] =>
      runOf(text).meter.metered.metrics.find(
        ({ name, labels }) => name === 'kube_node_status_condition' && labels.status === 'true',
      )!.values;
    const evicts = SCENARIO.replace('version: "1.14"', 'version: "1.18", evictionHard: {pid.available: 90%}');
    expect(pressure(evicts)).toContain(1);
    expect(pressure(evicts)[0]).toBe(0);
    expect(pressure(SCENARIO)).not.toContain(1);
  });
});

describe('OpenMetrics', () => {
  const { meter } = runOf();
  const text = openMetrics([meter.metered]);
  const lines = text.split('\n');

  test('ends with # EOF; families are sorted, each has a type and a help', () => {
    expect(text.endsWith('\n# EOF\n')).toBe(true);
    const families = lines.flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);
    expect(families).toEqual([...families].sort());
    expect(families).toEqual(Object.keys(help));
    expect(text).not.toContain('undefined');
  });

  test('the samples of a series stand together, in the order of time, in seconds', () => {
    const times = lines
      .filter((line) => line.startsWith('pidsim_fork_refusals_total{'))
      .map((line) => Number(line.split(' ').at(-1)));
    expect(times.slice(0, 3)).toEqual([...new Set(times)].sort((a, b) => a - b).slice(0, 3));
    expect(times.at(-1)).toBe(7200);
  });

  test('a label may hold what it likes', () => {
    expect(labelsText({ pod: 'a"b\\c\nd' })).toBe('{pod="a\\"b\\\\c\\nd"}');
  });

  testWithPromtool('promtool reads it and drops no sample', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pidsim-metrics-'));
    try {
      writeFileSync(join(folder, 'metrics.txt'), text);
      const made = await promtool(
        ['tsdb', 'create-blocks-from', 'openmetrics', 'metrics.txt', 'blocks'],
        folder,
      );
      expect(made!.isOk, made!.text).toBe(true);
      const samples = [...made!.text.matchAll(/^\S{26}\s+\d+\s+\d+\s+\S+\s+(\d+)/gm)].map(([, count]) =>
        Number(count),
      );
      const written = lines.filter((line) => line !== '' && !line.startsWith('#')).length;
      expect(samples.reduce((sum, count) => sum + count, 0)).toBe(written);
      writeFileSync(join(folder, 'cut.txt'), text.replace('# EOF\n', ''));
      const cut = await promtool(['tsdb', 'create-blocks-from', 'openmetrics', 'cut.txt', 'blocks'], folder);
      expect(cut!.isOk).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
