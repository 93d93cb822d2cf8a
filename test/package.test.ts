/** The package as npm would publish it. `npm test` builds `dist/` first. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

let packed: string[];

beforeAll(() => {
  const json = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  packed = filesOf(JSON.parse(json));
});

interface Packed {
  files: { path: string }[];
}

/** npm lists the packages it made, from version 12 on by name. */
function filesOf(answer: Packed[] | Record<string, Packed>): string[] {
  return Object.values(answer).flatMap(({ files }) => files.map(({ path }) => path));
}

function text(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** What a page links to and shows that is not on the web, seen from the top of the package. */
function targetsOf(page: string, markdown: string): string[] {
  return [...markdown.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) =>
    normalize(join(dirname(page), target)),
  );
}

/** Those that are neither a file among `files` nor a folder of one. */
function missingFrom(files: readonly string[], targets: readonly string[]): string[] {
  return targets.filter((target) => !files.some((file) => file === target || file.startsWith(`${target}/`)));
}

describe('the package', () => {
  test('has the programs, their declarations, the schema and the sources of the lab', () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        'dist/cli.js',
        'dist/index.js',
        'dist/browser.js',
        'dist/types/index.d.ts',
        'dist/scenario.schema.json',
        'dist/pidsim.html',
        'dist/THIRD-PARTY-LICENSES.txt',
        'dist/lab/runner/main.c',
        'dist/lab/runner/world.h',
      ]),
    );
    expect(packed.filter((path) => /^(node_modules|\.|dist\.)/.test(path))).toEqual([]);
  });

  test('has what it exports', () => {
    const { exports } = JSON.parse(text('package.json'));
    const targets = Object.values(exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target as Record<string, string>),
    );
    const paths = targets.map((target) => normalize(target).replace(/\/\*$/, ''));
    expect(paths.length).toBeGreaterThan(5);
    expect(missingFrom(packed, paths)).toEqual([]);
  });

  test('needs no other package at run time, but for vitest in its matchers', () => {
    expect(JSON.parse(text('package.json')).dependencies).toBeUndefined();
    const imported = packed
      .filter((path) => /^dist\/[^/]*\.js$/.test(path) && path !== 'dist/vitest.js')
      .flatMap((path) => [...text(path).matchAll(/^import (?:.* from )?"([^"]+)";$/gm)])
      .map(([, name]) => name);
    expect(imported).toContain('node:fs');
    const builtIn = /^(\.\/|node:)|^(assert|fs|path|url|util)$/;
    expect(imported.filter((name) => !builtIn.test(name))).toEqual([]);
  });

  test('has the schema that editors are given', () => {
    expect(text('dist/scenario.schema.json')).toBe(text('docs/scenario.schema.json'));
  });
});

describe('the pages of the package', () => {
  const pages = [
    'README.md',
    ...readdirSync(join(ROOT, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];

  test('could link to what is not in it', () => {
    const targets = targetsOf(
      'docs/page.md',
      '[a](../src/a.ts) ![b](b.svg#x) [c](https://example.org) [d](d)',
    );
    expect(targets).toEqual(['src/a.ts', 'docs/b.svg', 'docs/d']);
    expect(missingFrom(['docs/b.svg', 'docs/d/e.md'], targets)).toEqual(['src/a.ts']);
  });

  test.each(pages)('%s links to and shows only what is in it', (page) => {
    expect(missingFrom(packed, targetsOf(page, text(page)))).toEqual([]);
  });
});

describe('the licences of what the package contains', () => {
  const titles = () =>
    [...text('dist/THIRD-PARTY-LICENSES.txt').matchAll(/^-{100}\n\n(\S+) [\d.]+ \((.+)\)\n\n/gm)].map(
      ([, name, licence]) => ({ name, licence }),
    );

  test('are there for what is bundled, also for what a package has bundled itself', () => {
    const names = titles().map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['csv-stringify', 'delaunator', 'seedrandom', 'vega', 'vega-lite', 'yaml']),
    );
    expect(names).toEqual(expect.arrayContaining(['robust-predicates', 'yargs', 'zod']));
  });

  test('are not there for what only builds and tests it', () => {
    const names = titles().map(({ name }) => name);
    for (const name of ['vitest', 'typescript', 'fast-check', '@biomejs/biome'])
      expect(names).not.toContain(name);
  });

  test('allow it, and are there in full', () => {
    const licences = new Set(titles().map(({ licence }) => licence));
    expect([...licences].sort()).toEqual(['BSD-3-Clause', 'ISC', 'MIT', 'Unlicense']);
    const texts = text('dist/THIRD-PARTY-LICENSES.txt')
      .split(`\n${'-'.repeat(100)}\n`)
      .slice(1);
    expect(texts.filter((each) => !/copyright/i.test(each) && !/\(Unlicense\)/.test(each))).toEqual([]);
    // This one is in no file of its own, but in the module that was taken over and in the page about the package.
    expect(texts.find((each) => each.includes('seedrandom'))).toMatch(
      /Johannes Baagøe[\s\S]*David Bau|David Bau[\s\S]*Baagøe/,
    );
  });
});
