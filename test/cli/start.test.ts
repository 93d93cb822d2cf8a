/** What a short command loads, and what Node keeps of it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');

/** The chunk of a command: `dist/chunk-validate-….js`. What it prints with may be a chunk of the same name. */
function chunkOf(name: string): string {
  const chunks = readdirSync(DIST)
    .filter((file) => file.startsWith(`chunk-${name}-`))
    .filter((file) => name === 'main' || readFileSync(join(DIST, file), 'utf8').includes(`${name}Command`));
  expect(chunks).toHaveLength(1);
  return chunks[0];
}

/** A file of `dist/` and all that it imports, directly or not; what it would import later is not among it. */
function loadedWith(file: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  const text = readFileSync(join(DIST, file), 'utf8');
  for (const [, name] of text.matchAll(/^import (?:.* from )?"\.\/(.+)";$/gm)) loadedWith(name, loaded);
  return loaded;
}

describe('a command loads', () => {
  const has = (name: string, file: string) =>
    [...loadedWith(file)].some((each) => readFileSync(join(DIST, each), 'utf8').includes(name));

  test('at first, nothing but the command line itself', () => {
    const loaded = loadedWith(chunkOf('main'));
    expect([...loaded].filter((file) => /chunk-(run|ps|validate|explain|lab)-/.test(file))).toEqual([]);
    expect(has('class Calendar', chunkOf('main'))).toBe(false);
  });

  test('the simulator for ps, and not for validate', () => {
    expect(has('class Calendar', chunkOf('ps'))).toBe(true);
    expect(has('class Calendar', chunkOf('validate'))).toBe(false);
    expect(has('strictObject', chunkOf('validate'))).toBe(true);
  });
});

describe('help', () => {
  const pidsim = (...args: string[]) =>
    spawnSync(process.execPath, [join(DIST, 'cli.js'), ...args], { encoding: 'utf8' });

  test('lists every command, and what is mistyped is compared with all of them', () => {
    const { stdout } = pidsim('--help');
    for (const name of ['run', 'ps', 'validate', 'explain', 'lab'])
      expect(stdout).toContain(`pidsim ${name} `);
    expect(pidsim('validat').stderr).toContain('Did you mean validate?');
    expect(pidsim('constructor').status).toBe(2);
  });
});

describe('Node keeps the compiled code', () => {
  /** Whether something is left in the folder for temporary files after a short command. */
  function keeps(environment: Record<string, string>): boolean {
    const folder = mkdtempSync(join(tmpdir(), 'pidsim-start-'));
    try {
      const { status } = spawnSync(process.execPath, [join(DIST, 'cli.js'), '--version'], {
        env: { ...process.env, TMPDIR: folder, ...environment },
      });
      expect(status).toBe(0);
      return existsSync(join(folder, 'node-compile-cache'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test.skipIf(!('enableCompileCache' in nodeModule))(
    'of the command line, unless it is told not to (skipped: needs Node 22)',
    () => {
      expect(keeps({})).toBe(true);
      expect(keeps({ NODE_DISABLE_COMPILE_CACHE: '1' })).toBe(false);
    },
  );
});
