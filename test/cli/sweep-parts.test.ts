/**
 * A sweep in parts: whatever the number of shards, and whatever happens to one of them, the merged answer is
 * the same.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shardNumber } from '../../src/cli/sweep-parts.js';
import { leaky } from '../study/support.js';

const CLI = join(import.meta.dirname, '../../dist/cli.js');
let folder: string;

const PERIOD = 'pods.web.containers.app.livenessProbe.periodSeconds';
const SWEEP = ['leaky.yaml', '--vary', `${PERIOD}=2,5`, '--replications', '5'];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pidsim-parts-'));
  const uncertain = '  uncertain: {node.baseline.tasks: 50 to 100}\n';
  writeFileSync(join(folder, 'leaky.yaml'), leaky(uncertain));
  for (const shards of [1, 3, 7]) writeFileSync(join(folder, `plan-${shards}.json`), planFor(shards));
});

afterAll(() => rmSync(folder, { recursive: true }));

function pidsim(args: string[], env: Record<string, string> = {}) {
  const options = { encoding: 'utf8', cwd: folder, env: { ...process.env, ...env } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], options);
  return { status, stdout, stderr };
}

function planFor(shards: number): string {
  const { stdout, status, stderr } = pidsim(['sweep', 'plan', ...SWEEP, '--shards', String(shards)]);
  expect(status, stderr).toBe(0);
  return stdout;
}

test('merged, 1, 3 and 7 shards are the bytes of the sweep in one piece', () => {
  const whole = pidsim(['sweep', ...SWEEP, '-o', 'csv']).stdout;
  expect(whole.split('\n').length).toBe(4);
  for (const shards of [1, 3, 7]) {
    for (let shard = 0; shard < shards; shard++)
      pidsim([
        'sweep',
        'run',
        `plan-${shards}.json`,
        '--shard',
        `${shard}/${shards}`,
        '--dir',
        `rows-${shards}`,
      ]);
    const { stdout, stderr } = pidsim([
      'sweep',
      'merge',
      `plan-${shards}.json`,
      `rows-${shards}`,
      '-o',
      'csv',
    ]);
    expect(stdout, stderr).toBe(whole);
  }
}, 120_000);

test('a shard that is done is not done again; half a file is', () => {
  const run = () => pidsim(['sweep', 'run', 'plan-7.json', '--shard', '6', '--dir', 'again']).stderr;
  expect(run()).toContain('1 runs are in');
  expect(run()).toContain('is there already');
  const path = join(folder, 'again/shard-6.json');
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, -20));
  expect(run()).toContain('1 runs are in');
}, 60_000);

test('a plan keeps what is assumed of unknown commands, and whether runs are forwarded', () => {
  const unknown = 'pods.web.containers.app.livenessProbe.exec.command=[mycheck]';
  const options = ['leaky.yaml', '--set', unknown, '--assume', 'mycheck=orphans:2', '--fidelity', 'events'];
  const sweep = [...options, '--replications', '2'];
  writeFileSync(join(folder, 'assumed.json'), pidsim(['sweep', 'plan', ...sweep]).stdout);
  pidsim(['sweep', 'run', 'assumed.json', '--dir', 'assumed']);
  const { cells } = JSON.parse(pidsim(['sweep', 'merge', 'assumed.json', 'assumed', '-o', 'json']).stdout);
  expect(cells[0]).toMatchObject({ runs: 2, fidelity: 'events', harmed: { value: 1 } });
  const strict = pidsim(['sweep', 'plan', 'leaky.yaml', '--set', unknown, '--strict', '--replications', '2']);
  expect([strict.status, strict.stdout]).toEqual([2, '']);
}, 60_000);

test('what is not whole, and what is of another plan, is not merged', () => {
  pidsim(['sweep', 'run', 'plan-3.json', '--shard', '1', '--dir', 'some']);
  const missing = pidsim(['sweep', 'merge', 'plan-3.json', 'some']);
  expect([missing.status, missing.stdout]).toEqual([2, '']);
  expect(missing.stderr).toContain('shards that are missing: 0, 2');
  const other = pidsim(['sweep', 'plan', 'leaky.yaml', '--replications', '10', '--shards', '3']).stdout;
  writeFileSync(join(folder, 'other.json'), other);
  const mixed = pidsim(['sweep', 'merge', 'other.json', 'some']);
  expect([mixed.status, mixed.stderr]).toEqual([2, expect.stringContaining('of another plan')]);
}, 60_000);

describe('which shard it is', () => {
  test('--shard wins over Kubernetes’ index, and that over Slurm’s', () => {
    const environment = { JOB_COMPLETION_INDEX: '4', SLURM_ARRAY_TASK_ID: '7' };
    expect(shardNumber('2/9', 9, environment)).toBe(2);
    expect(shardNumber(undefined, 9, environment)).toBe(4);
    expect(shardNumber(undefined, 9, { SLURM_ARRAY_TASK_ID: '7' })).toBe(7);
    expect(shardNumber(undefined, 1, {})).toBe(0);
  });

  test('a Slurm array may begin at 1 and count in steps', () => {
    const array = { SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_STEP: '2' };
    expect(shardNumber(undefined, 4, { ...array, SLURM_ARRAY_TASK_ID: '1' })).toBe(0);
    expect(shardNumber(undefined, 4, { ...array, SLURM_ARRAY_TASK_ID: '7' })).toBe(3);
  });

  test.each([
    ['2/5', {}, 'the plan has 9 shards'],
    ['9', {}, 'not a shard from 0 to 8'],
    ['x', {}, 'not i/N'],
    [undefined, {}, 'which of 9 shards'],
    [undefined, { JOB_COMPLETION_INDEX: '9' }, 'JOB_COMPLETION_INDEX: not a shard'],
    [undefined, { SLURM_ARRAY_TASK_ID: '2', SLURM_ARRAY_TASK_STEP: '3' }, 'SLURM_ARRAY_TASK_ID: not a shard'],
  ])('%s with %j is refused: %s', (option, environment, message) =>
    expect(() => shardNumber(option, 9, environment)).toThrow(message),
  );
});

test.each(['k8s', 'slurm'])('a manifest for %s has every shard', (kind) => {
  const { status, stdout } = pidsim(['sweep', 'manifest', kind, 'plan-7.json']);
  expect(status).toBe(0);
  expect(stdout).toMatch(
    kind === 'k8s' ? /completions: 7\n[\s\S]*FailJob\n.*values: \[2\]/ : /--array=0-6\n/,
  );
});

const hasParallel = spawnSync('parallel', ['--version']).status === 0;

test.skipIf(!hasParallel)(
  'under GNU parallel, with one shard killed half-way and everything run once more (skipped where it is not installed)',
  () => {
    const shards = (timeout: string) =>
      spawnSync(
        'bash',
        [
          '-c',
          `seq 0 2 | parallel -j 2 ${timeout} ${process.execPath} ${CLI} sweep run plan-3.json --threads 1 --shard {}/3 --dir parallel`,
        ],
        { cwd: folder, encoding: 'utf8', timeout: 120_000 },
      );
    const killed = shards('timeout -s KILL 0.2');
    expect(killed.status).toBe(3);
    const left = existsSync(join(folder, 'parallel')) ? readdirSync(join(folder, 'parallel')) : [];
    expect(left.filter((name) => name.endsWith('.json'))).toEqual([]);
    expect(shards('').status).toBe(0);
    const { stdout } = pidsim(['sweep', 'merge', 'plan-3.json', 'parallel', '-o', 'csv']);
    expect(stdout).toBe(pidsim(['sweep', ...SWEEP, '-o', 'csv']).stdout);
  },
  180_000,
);
