/** Studies on the command line: the built program, with its threads. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leaky } from '../study/support.js';

const CLI = join(import.meta.dirname, '../../dist/cli.js');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pidsim-study-'));
  writeFileSync(join(folder, 'leaky.yaml'), leaky());
  writeFileSync(
    join(folder, 'fixed.yaml'),
    leaky().replace('name: leaky', 'name: fixed').replace('"3.0"', '"3.1"'),
  );
  const uncertain = `  uncertain: {pods.web.containers.app.livenessProbe.periodSeconds: {uniform: [2, 9]}}
  expect: ["p5(firstHarm) > 10h", "P(harm) > 0.5"]
`;
  writeFileSync(join(folder, 'uncertain.yaml'), leaky(uncertain).replace('name: leaky', 'name: uncertain'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function pidsim(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    cwd: folder,
  });
  return { status, stdout, stderr };
}

/** Data and charts of a comparison, in a folder. */
function compareInto(dir: string) {
  const options = ['--replications', '2', '--horizon', '2h', '--dir', dir];
  return pidsim('compare', 'leaky.yaml', 'fixed.yaml', ...options);
}

const PERIOD = 'pods.web.containers.app.livenessProbe.periodSeconds';

describe('the same bytes with one thread and with three', () => {
  test.each([
    ['run', 'uncertain.yaml', '--replications', '9', '-o', 'csv'],
    ['compare', 'leaky.yaml', 'fixed.yaml', '--replications', '4', '--horizon', '2h', '-o', 'json'],
    ['sweep', 'leaky.yaml', '--vary', `${PERIOD}=2..6:2`, '--replications', '3', '-o', 'csv'],
  ])('%s', (...args) => {
    const [one, three] = ['1', '3'].map((threads) => pidsim(...args, '--threads', threads));
    expect(one.stdout).toBe(three.stdout);
    expect(one.stdout.length).toBeGreaterThan(100);
    expect(one.status).toBe(three.status);
  });
});

describe('compare', () => {
  test('says in a sentence what a fix buys, and fits 80 columns', () => {
    const { status, stdout } = pidsim(
      'compare',
      'leaky.yaml',
      'fixed.yaml',
      '--replications',
      '3',
      '--horizon',
      '2h',
    );
    expect(status).toBe(0);
    expect(stdout.replaceAll('\n', ' ')).toMatch(
      /leaky: first harm after [\d.]+ min.*Without harm in 2 h: fixed\./,
    );
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  test('a variant of one’s own is compared with the scenario as it is', () => {
    const { stdout } = pidsim(
      'compare',
      'leaky.yaml',
      '--with',
      'node.pause=3.1',
      '--replications',
      '2',
      '--horizon',
      '2h',
    );
    expect(stdout).toMatch(/as it is +[\d.]+ min/);
    expect(stdout).toMatch(/node\.pause=3\.1 +none in 2 h/);
  });

  test('writes data and charts where it is told to', () => {
    expect(compareInto('out').status).toBe(0);
    const names = [
      'compare.svg',
      'compare.vl.json',
      'runs.csv',
      'summary.json',
      'survival.svg',
      'survival.vl.json',
    ];
    expect(readdirSync(join(folder, 'out')).sort()).toEqual(names);
    const { variants } = JSON.parse(readFileSync(join(folder, 'out/summary.json'), 'utf8'));
    expect(variants[1]).toMatchObject({ name: 'fixed', harmed: { value: 0 }, endsTheLeak: true });
    expect(compareInto('out').status).toBe(0);
  });

  test.each([
    [['compare', 'leaky.yaml'], 'nothing to compare it with'],
    [['compare', 'leaky.yaml', 'fixed.yaml', '--fixes'], 'are for one scenario'],
    [['compare', 'leaky.yaml', '--with', 'node.puase=3.1'], 'unknown-key'],
    [['compare', 'leaky.yaml', '--fixes', '--replications', 'many'], 'a number of runs, or auto'],
    [['compare', 'leaky.yaml', '--fixes', '--horizon', 'long'], 'not a duration'],
    [['sweep', 'leaky.yaml'], 'say what to vary'],
    [['sweep', 'leaky.yaml', '--vary', 'node.pause'], 'not PATH=a,b,c'],
    [['sweep', 'leaky.yaml', '--vary', 'node.kernel.pidMax=1,1000'], 'out-of-range'],
    [['solve', 'leaky.yaml', '--for', PERIOD, '--until', 'firstHarm > 1h'], 'of one run'],
    [['solve', 'leaky.yaml', '--for', 'node.kubelet.podPidsLimit', '--until', 'P(harm) < 0.1'], '--between'],
    [['run', 'leaky.yaml', '--replications', '0'], 'a number of runs'],
    [['run', 'leaky.yaml', '--replications', '3', '--html', 'a.html'], '--html is for single runs'],
    [['run', 'leaky.yaml', '--replications', '3', '--export', 'openmetrics'], '--export is for single runs'],
  ])('%j is refused: %s', (args, message) => {
    const { status, stdout, stderr } = pidsim(...args);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('a bug of ours');
  });
});

describe('charts', () => {
  const svg = (dir: string, name: string) => readFileSync(join(folder, dir, `${name}.svg`), 'utf8');

  test('of a sweep over one setting: a line with its values; over two: a cell with the median for each pair', () => {
    const sweep = (dir: string, ...vary: string[]) =>
      pidsim('sweep', 'leaky.yaml', ...vary, '--replications', '2', '--dir', dir).status;
    expect(sweep('line', '--vary', `${PERIOD}=2,4`)).toBe(0);
    expect(svg('line', 'sweep')).toContain('The first harm by periodSeconds');
    expect(sweep('heat', '--vary', `${PERIOD}=2,4`, '--vary', 'node.pause=3.0,3.1')).toBe(0);
    expect(svg('heat', 'sweep').match(/none in 2 h/g)).toHaveLength(2);
  });

  test('of a comparison: a row for each variant, and the part of the runs that is not harmed yet', () => {
    expect(compareInto('rows').status).toBe(0);
    for (const name of ['leaky', 'fixed', 'none in 2 h']) expect(svg('rows', 'compare')).toContain(name);
    expect(svg('rows', 'survival')).toContain('100%');
  });
});

test('a fleet of groups: how many of each are harmed, and which first; a line for each node', () => {
  const [head, spec] = [leaky().split('spec:')[0], leaky().split('spec:')[1]];
  const template = spec
    .split('\n')
    .filter((line) => !/horizon/.test(line))
    .map((line) => `      ${line}`)
    .join('\n');
  const group = (name: string, pause: string) =>
    `    - name: ${name}\n      count: 3\n      template:${template.replace('"3.0"', `"${pause}"`)}\n`;
  const text = `${head.replace('Scenario', 'Fleet').replace('leaky', 'prod')}spec:\n  horizon: 2h\n  groups:\n${group('old', '3.0')}${group('new', '3.1')}`;
  writeFileSync(join(folder, 'fleet.yaml'), text);
  const { status, stdout, stderr } = pidsim('run', 'fleet.yaml', '--dir', 'fleet');
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/old +3 +3 +[\d.]+ min +old-\d/);
  expect(stdout).toMatch(/new +3 +0 +none in 2 h/);
  expect(stdout).toMatch(/all nodes +6 +3/);
  expect(readFileSync(join(folder, 'fleet/runs.csv'), 'utf8').trim().split('\n')).toHaveLength(7);
  expect(readFileSync(join(folder, 'fleet/fleet.svg'), 'utf8')).toMatch(/3\sof\s6\snodes are harmed in 2\sh/);
});

test('solve: the shortest period that lasts an hour, with the answer on both sides', () => {
  const { status, stdout } = pidsim(
    ...['solve', 'leaky.yaml', '--for', PERIOD, '--until', 'p50(firstHarm) >= 1h', '--replications', '3'],
  );
  expect(status).toBe(0);
  expect(stdout.replaceAll('\n', ' ')).toMatch(
    /: (\d+) is the smallest value with which p50\(firstHarm\) >= 1h: it holds with \1 \(.* min/,
  );
});

test('an expectation about many runs that fails is exit 99, with what it was', () => {
  const { status, stderr } = pidsim('run', 'uncertain.yaml', '--replications', '12');
  expect(status).toBe(99);
  expect(stderr).toMatch(/uncertain: expected p5\(firstHarm\) > 10h, but it was [\d.]+ min/);
  expect(stderr).not.toContain('P(harm)');
});

test('the answer names the input that it hangs on', () => {
  const { stdout } = pidsim('run', 'uncertain.yaml', '--replications', '12');
  expect(stdout).toContain(`Hangs on ${PERIOD}`);
});

test('interrupted, it tells what had finished and ends with 130', async () => {
  const args = ['run', 'leaky.yaml', '--replications', '100000', '-o', 'csv'];
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  setTimeout(() => child.kill('SIGINT'), 4_000);
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(130);
  expect(stderr).toContain('interrupted');
  const rows = stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[1]));
  expect(rows.length).toBeGreaterThan(0);
  expect(rows).toEqual(rows.map((_row, index) => index));
}, 60_000);
