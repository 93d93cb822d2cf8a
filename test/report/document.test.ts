import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { blameCsv } from '../../src/report/csv.js';
import { runResultDocument } from '../../src/report/document.js';
import { overviewJson, summaryJson } from '../../src/report/summary.js';
import { renderResults } from '../../src/report/table.js';
import * as runs from './fixtures.js';

/** The shape of a value: keys in order, types in place of values. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shape(item)]));
}

const METADATA = {
  name: 'string',
  scenario: 'string',
  seed: 'number',
  digest: 'string',
  engineEvents: 'number',
  fidelity: 'string',
};
const BLAME = [
  {
    pod: 'string',
    container: 'string',
    origin: 'string',
    program: 'string',
    tasks: 'number',
    zombies: 'number',
    pinned: 'number',
    pids: 'number',
    createdPerHour: 'number',
    reapedPerHour: 'number',
  },
];
const LIMIT = { name: 'string', value: 'number' };
const STATUS = {
  firstHarm: {
    kind: 'string',
    scope: 'string',
    of: 'string',
    atSeconds: 'number',
    lasts: 'string',
    limit: LIMIT,
  },
  node: {
    kernel: 'string',
    kubelet: 'string',
    runtime: 'string',
    pause: 'string',
    limits: [{ scope: 'string', limit: LIMIT, from: 'string' }],
    firstProcesses: [{ of: ['string'], program: 'string', reaps: 'boolean' }],
  },
  outcome: { kind: 'string', atSeconds: 'number', refusedBy: 'string', scope: 'string' },
  exhaustions: [{ atSeconds: 'number', refusedBy: 'string', limit: LIMIT, untilSeconds: 'null' }],
  final: {
    tasks: 'number',
    zombies: 'number',
    pinned: 'number',
    allocated: 'number',
    pidMax: 'number',
    loadavgTasks: 'number',
  },
  pods: [
    {
      name: 'string',
      zombies: 'number',
      pinned: 'number',
      tasks: 'number',
      restarts: 'number',
      downSinceSeconds: 'null',
      downSeconds: 'number',
      mostlyDown: 'null',
      evicted: 'null',
      comesBack: 'boolean',
    },
  ],
  probes: [
    {
      pod: 'string',
      container: 'string',
      type: 'string',
      runs: 'number',
      succeeded: 'number',
      failed: 'number',
      errored: 'number',
      zombiesPerRun: 'number',
      pidsPerRun: 'number',
      firstFailedRun: 'number',
    },
  ],
  symptoms: {
    firstForkRefusedSeconds: 'number',
    podRefusals: [],
    firstProbeFailureSeconds: 'number',
    firstSshRefusedSeconds: 'number',
    sshRefused: 'number',
    firstPodCreateFailedSeconds: 'number',
    podCreatesFailed: 'number',
    firstPodNotCreated: 'null',
    podsNeverCreated: 'number',
    podDeletesStuck: 'number',
  },
  projection: 'null',
  assumptions: [],
  expectations: [{ text: 'string', ok: 'boolean', actual: 'string' }],
  blame: BLAME,
  blameWhenFull: BLAME,
};

describe('the machine-readable result', () => {
  test('has the documented shape', () => {
    expect(shape(JSON.parse(renderResults([runs.leakingRun()], 'json')))).toEqual({
      apiVersion: 'string',
      kind: 'string',
      metadata: { ...METADATA, wallSeconds: 'number' },
      status: STATUS,
    });
    const { apiVersion, kind } = runResultDocument(runs.leakingRun());
    expect([apiVersion, kind]).toEqual(['pidsim/v1', 'RunResult']);
  });

  test('a censored run says so, with its horizon and where it is heading', () => {
    const { status } = runResultDocument(runs.slowRun());
    expect(status.outcome).toEqual({ kind: 'censored', horizonSeconds: 864_000 });
    expect(status.projection).toMatchObject({ kind: 'exhausts', limit: 'pid-max', pidsPerHour: 41 });
    expect(status.symptoms.firstForkRefusedSeconds).toBeNull();
  });

  test('a node that was never full blames nobody for that', () => {
    const { status } = runResultDocument(runs.slowRun());
    expect(status.blameWhenFull).toBeNull();
    expect(status.blame.length).toBeGreaterThan(0);
  });

  test('who held the PIDs is said as in blame.csv', () => {
    const run = runs.leakingRun();
    const { status } = runResultDocument(run);
    const rows = [...status.blame, ...status.blameWhenFull!];
    const cells = rows.map((row) => Object.values(row).join());
    const lines = blameCsv(run).trimEnd().split('\n').slice(1);
    expect(cells).toEqual(lines.map((line) => line.replace(/,(end|full)$/, '')));
  });

  test('several runs are a list', () => {
    const list = JSON.parse(renderResults([runs.leakingRun(), runs.healthyRun()], 'json'));
    expect(list.kind).toBe('List');
    expect(list.apiVersion).toBe('pidsim/v1');
    expect(list.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual([
      'rabbitmq-pause-3.0',
      'healthy-node',
    ]);
  });

  test('YAML says the same as JSON', () => {
    const results = [runs.leakingRun(), runs.slowRun()];
    expect(parseYaml(renderResults(results, 'yaml'))).toEqual(JSON.parse(renderResults(results, 'json')));
  });

  test('what is written to files has no real time in it', () => {
    const [fast, slow] = [runs.leakingRun({ wallSeconds: 0.1 }), runs.leakingRun({ wallSeconds: 99 })];
    expect(summaryJson(fast)).toBe(summaryJson(slow));
    expect(overviewJson([fast])).toBe(overviewJson([slow]));
    expect(summaryJson(fast)).not.toContain('wallSeconds');
    expect(shape(JSON.parse(summaryJson(fast)))).toMatchObject({ metadata: METADATA, status: STATUS });
  });

  test('summary.json of all runs is a list even for one', () => {
    expect(JSON.parse(overviewJson([runs.leakingRun()])).kind).toBe('List');
  });
});
