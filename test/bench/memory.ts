/**
 * `npm run bench:memory`: the most memory that large runs need, and that small ones leave nothing behind. Each is measured
 * in a process of its own: the peak of its resident set, Node and the program included. Exit 1 if a bound is exceeded.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Run, simulate } from '../../src/run/run.js';
import type { Scenario } from '../../src/scenario/scenario.js';
import { INCIDENT, manyPods, scenarioOf } from './scenarios.js';

const MIB = 1024 * 1024;
const SMALL_RUNS = 1_000;
/** Into the heap goes what V8 compiles and remembers of hot code in the first runs. */
const RUNS_TO_SETTLE = 100;
const GROWTH_MIB_MAX = 5;

const CASES = [
  {
    name: '10,000 pods, one exec probe each every 10 s, 10 minutes: resident, with a collection each minute',
    boundMiB: 200,
    measure: () => residentOf(manyPods(10_000, '10m')),
  },
  {
    name: 'the same, collected when V8 sees fit',
    boundMiB: 350,
    measure: () => peakOf(manyPods(10_000, '10m')),
  },
  {
    name: 'a table of 4,194,304 PIDs, filled to the last by pairs of a zombie and a pinned PID',
    boundMiB: 650,
    measure: () => peakOf(fullTable('[{fork: {steps: [{exit: 0}]}}, {exit: 0}]')),
  },
  {
    name: 'the same, filled by zombies, twenty for each pinned PID',
    boundMiB: 650,
    measure: () =>
      peakOf(fullTable('[{repeat: {times: 20, steps: [{fork: {steps: [{exit: 0}]}}]}}, {exit: 0}]')),
  },
  {
    name: `${SMALL_RUNS} runs of the incident's first two hours: growth from run ${RUNS_TO_SETTLE} on`,
    boundMiB: GROWTH_MIB_MAX,
    measure: growth,
  },
];

/** Probes that leave orphans, until nothing is left. */
function fullTable(probe: string): Scenario {
  return scenarioOf(`
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: full, title: Full}
spec:
  horizon: 365d
  node:
    kernel: {version: "6.1", pidMax: 4194304, memory: 1024Gi}
    kubelet: {version: "1.28"}
    runtime: {name: bare}
  programs:
    app: {comm: app, steps: [pause]}
    probe: {comm: probe, steps: ${probe}}
  pods:
    - name: pod
      count: 100
      containers:
        - name: app
          program: app
          livenessProbe: {exec: {program: probe}, periodSeconds: 1}
`);
}

/** MiB resident at most. */
function peakOf(scenario: Scenario): number {
  simulate(scenario, { until: 'exhaustion' });
  return process.resourceUsage().maxRSS / 1024;
}

/** The same without garbage that only waits to be collected. */
function residentOf(scenario: Scenario): number {
  const run = new Run(scenario);
  for (let minute = 0; minute <= 10; minute++) {
    run.goTo(60 * minute);
    gc!();
  }
  run.result();
  return process.memoryUsage().rss / MIB;
}

/** MiB of heap that runs leave behind, after a collection. */
function growth(): number {
  const used = (): number => {
    gc!();
    return process.memoryUsage().heapUsed;
  };
  const scenario = { ...INCIDENT, horizonUs: 7_200_000_000 };
  let settled = 0;
  for (let run = 0; run < SMALL_RUNS; run++) {
    simulate(scenario, { replication: run });
    if (run === RUNS_TO_SETTLE) settled = used();
  }
  return (used() - settled) / MIB;
}

const chosen = process.argv[2];
if (chosen !== undefined) process.stdout.write(String(CASES[Number(chosen)].measure()));
else
  for (const [index, { name, boundMiB }] of CASES.entries()) {
    const words = ['--expose-gc', fileURLToPath(import.meta.url), String(index)];
    const { status, stdout } = spawnSync(process.execPath, words, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const isWithin = status === 0 && Number(stdout) <= boundMiB;
    process.stdout.write(`${name}: ${Number(stdout).toFixed(0)} MiB (at most ${boundMiB})\n`);
    if (!isWithin) process.exitCode = 1;
  }
