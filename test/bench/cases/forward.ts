/**
 * What-ifs: many short runs, long ones, and the same forwarded. CPU time, of all threads: on two idle cores
 * half of it where threads share.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PID_MAX_LIMIT } from '../../../src/kernel/limits.js';
import type { Fidelity } from '../../../src/run/result.js';
import { Run, type RunOptions } from '../../../src/run/run.js';
import type { Scenario } from '../../../src/scenario/scenario.js';
import { US_PER_DAY } from '../../../src/sim/time.js';
import { type BenchCase, cpuSeconds } from '../bench-case.js';
import { median } from '../figures.js';
import { hundredAndTenPods, INCIDENT, INCIDENT_FILE, manyPods, scenarioOf } from '../scenarios.js';

const INCIDENT_TEXT = readFileSync(INCIDENT_FILE, 'utf8');

const group = 'what-ifs, CPU time';
const CLI = 'dist/cli.js';

function goThrough(scenario: Scenario, options: RunOptions): void {
  const run = new Run(scenario, options);
  while (!run.isOver) run.advance();
  run.summary();
}

/** A thousand, from a hundred after twenty. */
function thousandReplications(scenarioFor: (replication: number) => Scenario): number {
  const replicate = (from: number, to: number): void => {
    for (let replication = from; replication < to; replication++)
      goThrough(scenarioFor(replication), { replication, until: 'harm', record: false });
  };
  replicate(0, 20);
  return 10 * cpuSeconds(() => replicate(20, 120));
}

/** Its inputs are drawn; the text is read anew, as for every set of inputs. */
function incidentWith(replication: number): Scenario {
  const part = (salt: number): number => ((replication + 1) * salt) % 1;
  return scenarioOf(
    INCIDENT_TEXT.replace('periodSeconds: 10', `periodSeconds: ${8 + Math.floor(8 * part(0.618))}`)
      .replace('pidMax: 32768', `pidMax: ${24_000 + Math.floor(16_000 * part(0.414))}`)
      .replace('tasks: 180', `tasks: ${150 + Math.floor(100 * part(0.732))}`)
      .replace('every: 1m', `every: ${60 + Math.floor(240 * part(0.236))}s`),
  );
}

function once(name: string, target: number, scenario: Scenario, options: RunOptions): BenchCase {
  return {
    group,
    name,
    unit: 's',
    target,
    better: 'less',
    run: () => cpuSeconds(() => goThrough(scenario, options)),
  };
}

/** Everything recorded, as `run` does it. */
function both(name: string, targets: Record<Fidelity, number>, scenario: Scenario): BenchCase[] {
  return (['events', 'forwarded'] as const).map((fidelity) =>
    once(`${name}: ${fidelity}`, targets[fidelity], scenario, { fidelity }),
  );
}

/**
 * CPU seconds of a whole process and of all its threads. An expectation that fails (99) is a result like
 * another.
 */
function wholeProcess(...args: string[]): number {
  const command = [process.execPath, CLI, ...args].join(' ');
  const script = `${command} > /dev/null 2>&1; s=$?; times; [ $s = 99 ] || exit $s`;
  const { stdout, status } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: exit code ${status}`);
  // The second line is of the children: `0m0.290000s 0m0.030000s`.
  const [user, system] = stdout.trim().split('\n')[1].split(' ').map(secondsOf);
  return user + system;
}

function secondsOf(text: string): number {
  const [minutes, seconds] = text.split('m');
  return 60 * Number(minutes) + Number.parseFloat(seconds);
}

function command(name: string, target: number, run: () => number): BenchCase {
  const missing = () => (existsSync(CLI) ? null : `needs ${CLI}: npm run bundle`);
  return { group, name, unit: 's', target, better: 'less', missing, run };
}

function cold(name: string, ...args: string[]): BenchCase {
  return command(name, 0.3, () => median(Array.from({ length: 5 }, () => wholeProcess(...args))));
}

/** CPU seconds of one `run` of all these files. */
function withFiles(files: Iterable<[name: string, text: string]>): number {
  const folder = mkdtempSync(join(tmpdir(), 'pidsim-bench-'));
  try {
    for (const [name, text] of files) writeFileSync(join(folder, name), text);
    return wholeProcess('run', folder, '-o', 'csv', '--no-write-files');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function* thousandScenarios(): Generator<[name: string, text: string]> {
  for (let number = 0; number < 1_000; number++) {
    const text = INCIDENT_TEXT.replace('name: incident', `name: incident-${number}`)
      .replace('seed: 1', `seed: ${number}`)
      .replace('horizon: 2d', 'horizon: 2h');
    yield [`incident-${number}.yaml`, text];
  }
}

/** A hundred nodes, each with 110 pods; one node in ten has one that leaks. */
const TENTH_OF_A_FLEET = `
apiVersion: pidsim/v1
kind: Fleet
metadata: {name: fleet, title: One node in ten has a pod that leaks}
spec:
  horizon: 30d
  programs:
    app: {comm: app, steps: [pause]}
    probe: {comm: probe, steps: [{fork: {steps: [{exit: 0}]}}, {wait: any}, {exit: 0}]}
  groups:
    - name: healthy
      count: 90
      template:
        node: &node
          kernel: {version: "4.14", pidMax: 32768, memory: 64Gi}
          kubelet: {version: "1.7"}
          runtime: {name: docker, version: "17.12"}
          pause: "3.0"
        pods:
          - &pods
            name: pod
            count: 110
            containers:
              - {name: app, program: app, livenessProbe: {exec: {program: probe}, periodSeconds: 10}}
    - name: leaking
      count: 10
      template:
        node: *node
        pods:
          - {<<: *pods, count: 109}
          - name: rabbitmq
            containers:
              - name: rabbitmq
                program: rabbitmq-server
                livenessProbe:
                  exec: {command: [rabbitmqctl, node_health_check]}
                  timeoutSeconds: 5
`;

/** The incident on a machine with as many PIDs as there can be, until they are used up. */
const LARGE: Scenario = {
  ...INCIDENT,
  horizonUs: 365 * US_PER_DAY,
  node: {
    ...INCIDENT.node,
    kernel: { ...INCIDENT.node.kernel, pidMax: PID_MAX_LIMIT, threadsMax: 2 * PID_MAX_LIMIT },
  },
};

export const cases: BenchCase[] = [
  {
    group,
    name: '1,000 replications of the incident to first harm, luck alone',
    unit: 's',
    target: 20,
    better: 'less',
    run: () => thousandReplications(() => INCIDENT),
  },
  {
    group,
    name: 'the same, every input drawn',
    unit: 's',
    target: 30,
    better: 'less',
    run: () => thousandReplications(incidentWith),
  },
  once('110 pods, one healthy exec probe each, 30 days: forwarded', 1, hundredAndTenPods('30d'), {
    fidelity: 'forwarded',
  }),
  ...(['events', 'forwarded'] as const).map((fidelity) =>
    once(
      `the incident at pid_max 4,194,304, to the last PID: ${fidelity}`,
      fidelity === 'events' ? 8 : 2,
      LARGE,
      {
        fidelity,
        until: 'exhaustion',
      },
    ),
  ),
  ...both('10,000 pods, one exec probe each, 1 hour', { events: 8, forwarded: 3 }, manyPods(10_000, '1h')),
  cold('pidsim run of the incident, -o json, cold', 'run', INCIDENT_FILE, '-o', 'json'),
  cold('pidsim ps --at 20h of the incident, cold', 'ps', INCIDENT_FILE, '--at', '20h'),
  command('pidsim compare --fixes of the incident', 40, () =>
    wholeProcess('compare', INCIDENT_FILE, '--fixes'),
  ),
  command('the same of the incident with all that its node ran', 120, () =>
    wholeProcess('compare', 'scenarios/rabbitmq-pause-3.0.yaml', '--fixes'),
  ),
  command('1,000 scenarios of two hours in one run', 10, () => withFiles(thousandScenarios())),
  command(
    'a tenth of 1,000 nodes with 110 pods, 30 days, ten times',
    1_800,
    () => 10 * withFiles([['fleet.yaml', TENTH_OF_A_FLEET]]),
  ),
];
