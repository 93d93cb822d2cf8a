/**
 * Whole runs, everything recorded: the incident, a busy node for a month, a table of four million filled to
 * the brim.
 */
import { compileFor } from '../../../src/cli/compiler.js';
import { Run, simulate } from '../../../src/run/run.js';
import type { Scenario } from '../../../src/scenario/scenario.js';
import { type BenchCase, seconds } from '../bench-case.js';
import { median } from '../figures.js';
import { hundredAndTenPods, INCIDENT, scenarioOf } from '../scenarios.js';

/** The tasks of the probe itself and no others, as in the case of the four million. */
const BARE_MONTH = hundredAndTenPods('30d', '{name: bare, setsid: true}');
/** Every exec as a node has it: 16 tasks of runc besides, which come and go. */
const MONTH = hundredAndTenPods('30d');

function monthOf(scenario: Scenario): number {
  compileFor(scenario);
  return seconds(() => simulate(scenario));
}

/**
 * Setsid probes that leave one orphan each, as fast as one node's kubelet would not start them, until all is
 * full.
 */
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

const group = 'whole runs, everything recorded';

/**
 * Bytes that the run adds to the process, for each task in the table at its end: the table, and all that is
 * recorded.
 */
function bytesPerTask(): number {
  const before = bytesInUse();
  const run = new Run(BRIM, { until: 'exhaustion' });
  while (!run.isOver) run.advance();
  const used = bytesInUse() - before;
  const { tasks, zombies } = run.result().final;
  return used / (tasks + zombies);
}

function bytesInUse(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** From then on the compiler has nothing to add. One run takes a fifth of a second. */
const RUNS_TO_WARM_UP = 6;

function incidentEventsPerSecond(): number {
  let events = 0;
  const elapsed = seconds(() => {
    events = simulate(INCIDENT, { until: 'exhaustion' }).engineEvents;
  });
  return events / elapsed;
}

export const cases: BenchCase[] = [
  {
    group,
    name: 'the incident to exhaustion',
    unit: 'events/s',
    target: 8e6,
    better: 'more',
    run: () => {
      for (let i = 0; i < RUNS_TO_WARM_UP; i++) incidentEventsPerSecond();
      return median(Array.from({ length: 5 }, incidentEventsPerSecond));
    },
  },
  {
    group,
    name: 'the same, first in its process',
    unit: 'events/s',
    better: 'more',
    run: incidentEventsPerSecond,
  },
  {
    group,
    name: '4,194,304 numbers filled by one-orphan setsid probes',
    unit: 's',
    target: 5,
    better: 'less',
    run: () => seconds(() => simulate(BRIM, { until: 'exhaustion' })),
  },
  {
    group,
    name: 'the same: memory for each task in the table',
    unit: 'bytes/task',
    target: 100,
    better: 'less',
    run: bytesPerTask,
  },
  {
    group,
    name: '110 pods, 28.5 M one-child probes, 30 days',
    unit: 's',
    target: 30,
    better: 'less',
    run: () => monthOf(BARE_MONTH),
  },
  {
    group,
    name: 'the same with containerd: runc and its threads at each exec, 18 tasks a probe',
    unit: 's',
    target: 30,
    better: 'less',
    run: () => monthOf(MONTH),
  },
];
