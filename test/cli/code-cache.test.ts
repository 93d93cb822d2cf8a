/** The command line with a code cache that V8 takes, with one that it does not, and with none. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const SCENARIO = join(ROOT, 'scenarios/rabbitmq-pause-3.0.yaml');
const VALID = { status: 0, stdout: `${SCENARIO}: valid, 1 scenario\n`, stderr: '' };

/** A package of its own, as if installed: nothing in it may depend on where it was built. */
let home: string;
let program: string;
let cache: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pidsim-code-cache-'));
  cpSync(join(ROOT, 'package.json'), join(home, 'package.json'));
  cpSync(join(ROOT, 'dist'), join(home, 'dist'), { recursive: true });
  program = join(home, 'dist/program.cjs');
  const caches = readdirSync(join(home, 'dist')).filter((name) => name.endsWith('.cache'));
  expect(caches).toEqual([`program.cjs.${process.version}-${process.platform}-${process.arch}.cache`]);
  cache = join(home, 'dist', caches[0]);
});

afterEach(() => rmSync(home, { recursive: true }));

function node(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: home });
  return { status, stdout, stderr };
}

/** Whether V8, started with such flags, finds that the cache is none of its own for this program. */
function isRejected(...flags: string[]): boolean {
  const question = `
    const { readFileSync } = require('node:fs');
    const [program, cache] = process.argv.slice(1);
    const script = new vm.Script(readFileSync(program, 'latin1'), { cachedData: readFileSync(cache) });
    process.stdout.write(String(script.cachedDataRejected));`;
  const { stdout } = node(...flags, '-e', question, program, cache);
  expect(['true', 'false']).toContain(stdout);
  return stdout === 'true';
}

describe('The code cache', () => {
  test('is taken by the Node that made it, wherever the package lies', () => {
    expect(isRejected()).toBe(false);
    expect(node('dist/cli.js', 'validate', SCENARIO)).toEqual(VALID);
  });

  test.each<[string, () => void]>([
    ['only half there', () => truncateSync(cache, 100_000)],
    ['empty', () => truncateSync(cache)],
    ['no code at all', () => writeFileSync(cache, 'no code at all'.repeat(1000))],
    ['of another program', () => writeFileSync(program, `${readFileSync(program, 'latin1')}\n`)],
  ])('that is %s is rejected, and the program runs without', (_, spoil) => {
    spoil();
    expect(isRejected()).toBe(true);
    expect(node('dist/cli.js', 'validate', SCENARIO)).toEqual(VALID);
  });

  test('is rejected by a V8 with other flags, and the program runs without', () => {
    expect(isRejected('--stack-size=900')).toBe(true);
    expect(node('--stack-size=900', 'dist/cli.js', 'validate', SCENARIO)).toEqual(VALID);
  });

  test('of another Node is not looked at, and no new one is written', () => {
    rmSync(cache);
    expect(node('dist/cli.js', 'validate', SCENARIO)).toEqual(VALID);
    expect(existsSync(cache)).toBe(false);
  });

  test.each([true, false])('does not keep charts and the lab from being loaded (taken: %s)', (isThere) => {
    if (!isThere) rmSync(cache);
    const run = node('dist/cli.js', 'run', SCENARIO, '--dir', 'output');
    expect(run.stderr).toBe('data and charts are in output/, see output/index.html\n');
    expect(readFileSync(join(home, 'output/overview.svg'), 'utf8')).toMatch(/^<svg /);
    const refused = node('dist/cli.js', 'lab', 'verify', 'none.litmus');
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringMatching(/^error: none\.litmus: /)]);
  });

  test.each([true, false])('changes no line of a stack (taken: %s)', (isThere) => {
    if (!isThere) rmSync(cache);
    const trap =
      'Object.defineProperty(process.stdout, "columns", { get() { throw new Error("trapped"); } })';
    const { stderr } = node('--import', `data:text/javascript,${trap}`, 'dist/cli.js', '--version');
    const line = Number(/ at .*pidsim\/dist\/program\.cjs:(\d+):/.exec(stderr)?.[1]);
    expect(readFileSync(program, 'latin1').split('\n')[line - 1]).toContain('stdout.columns');
  });
});
