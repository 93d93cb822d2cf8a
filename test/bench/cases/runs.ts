/** Whole runs, everything recorded: the incident, a busy node for a month, a table of four million filled to the brim. */
import { readFileSync } from 'node:fs';
import { simulate } from '../../../src/experiment/run.js';
import { parseScenario } from '../../../src/scenario/parse.js';
import type { Scenario } from '../../../src/scenario/scenario.js';
import { type BenchCase, seconds } from '../bench-case.js';

function scenarioOf(text: string): Scenario {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics, null, 2));
  return parsed.value[0];
}

const INCIDENT = scenarioOf(readFileSync('scenarios/rabbitmq-pause-3.0.yaml', 'utf8'));

/** 110 pods, one exec probe each every 10 s that forks one child and waits for it, 30 days: 28.5 M probes. */
const MONTH = scenarioOf(`
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: month, title: A month of 110 pods}
spec:
  horizon: 30d
  node:
    kernel: {version: "6.1", pidMax: 4194304, memory: 64Gi}
    kubelet: {version: "1.28"}
    runtime: {name: containerd, version: "1.7"}
  programs:
    app: {comm: app, steps: [pause]}
    probe: {comm: probe, steps: [{fork: {steps: [{exit: 0}]}}, {wait: any}, {exit: 0}]}
  pods:
    - name: pod
      count: 110
      containers:
        - name: app
          program: app
          livenessProbe: {exec: {program: probe}, periodSeconds: 10}
`);

/** Setsid probes that leave one orphan each, as fast as one node's kubelet would not start them, until all is full. */
const BRIM = scenarioOf(`
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: brim, title: Four million numbers}
spec:
  horizon: 30d
  node:
    kernel: {version: "6.18", pidMax: 4194304, threadsMax: 8000000, memory: 64Gi}
    kubelet: {version: "1.28"}
    runtime: {name: bare, setsid: true}
  programs:
    init: {comm: init, steps: [pause]}
    probe: {comm: probe, steps: [{fork: {comm: orphan, steps: [{exit: 0}]}}, {exit: 0}]}
  pods:
    - name: pod
      count: 100
      containers:
        - name: init
          program: init
          livenessProbe: {exec: {program: probe}, periodSeconds: 1, failureThreshold: 1000000}
`);

export const cases: BenchCase[] = [
  {
    name: 'the incident to exhaustion, all recorded',
    unit: 'events/s',
    target: 8e6,
    better: 'more',
    run: () => {
      let events = 0;
      const elapsed = seconds(() => {
        events = simulate(INCIDENT, { until: 'exhaustion' }).engineEvents;
      });
      return events / elapsed;
    },
  },
  {
    name: '110 pods, 28.5 M one-child probes, 30 days',
    unit: 's',
    target: 30,
    better: 'less',
    run: () => seconds(() => simulate(MONTH)),
  },
  {
    name: '4,194,304 numbers filled by one-orphan setsid probes',
    unit: 's',
    target: 5,
    better: 'less',
    run: () => seconds(() => simulate(BRIM, { until: 'exhaustion' })),
  },
];
