import { spawnSync } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ForeignOutputError, writeOutput } from '../../src/host/write-files.js';
import type { OutputFile } from '../../src/report/files.js';
import * as runs from './fixtures.js';

let home: string;
let output: string;

beforeEach(async () => {
  home = await mkdtemp(join(await realpath(tmpdir()), 'pidsim-write-'));
  output = join(home, 'output');
});

afterEach(() => rm(home, { recursive: true, force: true }));

/** Everything below a folder, by path. */
async function contents(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const pairs = files
    .sort()
    .map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

/** Two scenarios and an index: as many files as tell the difference, and no charts to wait for. */
function version(text: string, names = ['one', 'two']): OutputFile[] {
  const marker = JSON.stringify({ apiVersion: 'pidsim/v1', text });
  const file = (path: string, content: string): OutputFile => ({ path, text: () => content });
  return [
    ...names.flatMap((name) => [file(`${name}/summary.json`, marker), file(`${name}/timeline.csv`, text)]),
    file('summary.json', marker),
    file('index.html', text),
  ];
}

function failingAfter(count: number): typeof rename {
  let done = 0;
  return async (from, to) => {
    if (++done > count) throw new Error('the disk is gone');
    await rename(from, to);
  };
}

describe('writing', () => {
  test('makes the folder and its parents, and leaves nothing else behind', async () => {
    const deep = join(home, 'a', 'b');
    await writeOutput(deep, version('first'));
    expect(Object.keys(await contents(home))).toEqual(
      [
        'index.html',
        'one/summary.json',
        'one/timeline.csv',
        'summary.json',
        'two/summary.json',
        'two/timeline.csv',
      ].map((path) => `a/b/${path}`),
    );
    expect(await readdir(join(home, 'a'))).toEqual(['b']);
  });

  test('draws the charts of a real run; a second time gives the same bytes', async () => {
    const files = () => runs.outputFiles([runs.tinyRun()]);
    await writeOutput(output, files());
    const first = await contents(output);
    expect(Object.keys(first).sort()).toEqual(
      files()
        .map(({ path }) => path)
        .sort(),
    );
    expect(first['lab-pid-max-800/pids.svg']).toContain('Full after 19');
    await writeOutput(output, files());
    expect(await contents(output)).toEqual(first);
  });

  test('replaces what it wrote before, files that are no longer written included', async () => {
    await writeOutput(output, version('first'));
    await writeOutput(output, version('second'));
    const now = await contents(output);
    expect(now['one/timeline.csv']).toBe('second');
    expect(now['index.html']).toBe('second');
    expect(await readdir(output)).toEqual(['index.html', 'one', 'summary.json', 'two']);
  });

  test('leaves alone the scenarios of other runs', async () => {
    await writeOutput(output, version('first', ['one', 'two']));
    await writeOutput(output, version('second', ['two', 'three']));
    const now = await contents(output);
    expect(now['one/timeline.csv']).toBe('first');
    expect(now['two/timeline.csv']).toBe('second');
    expect(now['three/timeline.csv']).toBe('second');
  });

  test('carries over notes that somebody put beside the results', async () => {
    await writeOutput(output, version('first'));
    await mkdir(join(output, 'one', 'notes'));
    await writeFile(join(output, 'one', 'notes', 'a.txt'), 'mine');
    await writeFile(join(output, 'one', 'pids.png'), 'mine too');
    await writeOutput(output, version('second'));
    const now = await contents(output);
    expect(now['one/notes/a.txt']).toBe('mine');
    expect(now['one/pids.png']).toBe('mine too');
    expect(now['one/timeline.csv']).toBe('second');
  });

  test('a chart of before that is not drawn anew does not stay, as it would show another run', async () => {
    await writeOutput(output, version('first'));
    await writeFile(join(output, 'one', 'kubelet.svg'), 'first');
    await writeOutput(output, version('second'));
    expect(await readdir(join(output, 'one'))).not.toContain('kubelet.svg');
  });

  test('an output folder that is a symbolic link stays one', async () => {
    await mkdir(join(home, 'elsewhere'));
    await symlink('elsewhere', output);
    await writeOutput(output, version('first'));
    expect((await contents(join(home, 'elsewhere')))['index.html']).toBe('first');
    expect(await realpath(output)).toBe(join(home, 'elsewhere'));
  });

  test('tells how far it is', async () => {
    const seen: string[] = [];
    await writeOutput(output, version('first'), {
      onProgress: (done, total) => seen.push(`${done}/${total}`),
    });
    expect(seen).toEqual(['1/6', '2/6', '3/6', '4/6', '5/6', '6/6']);
  });
});

describe('when something fails half-way', () => {
  test('in making a file: the former output stays, to the byte', async () => {
    await writeOutput(output, version('first'));
    const before = await contents(home);
    const broken: OutputFile = {
      path: 'two/blame.csv',
      text: () => {
        throw new Error('a bug');
      },
    };
    await expect(writeOutput(output, [...version('second'), broken])).rejects.toThrow('a bug');
    expect(await contents(home)).toEqual(before);
  });

  test('in drawing a chart: likewise', async () => {
    await writeOutput(output, runs.outputFiles([runs.tinyRun()]));
    const before = await contents(home);
    const render = async () => {
      throw new Error('no chart');
    };
    const later = runs.outputFiles([runs.tinyRun({ seed: 2 })]);
    await expect(writeOutput(output, later, { render })).rejects.toThrow('no chart');
    expect(await contents(home)).toEqual(before);
  });

  test('in any of the renames: what was swapped already is swapped back', async () => {
    await writeOutput(output, version('first'));
    await writeFile(join(output, 'one', 'notes.txt'), 'mine');
    const before = await contents(home);
    for (let count = 0; count < 9; count++) {
      await expect(writeOutput(output, version('second'), { rename: failingAfter(count) })).rejects.toThrow(
        'disk',
      );
      expect(await contents(home)).toEqual(before);
    }
    await writeOutput(output, version('second'), { rename: failingAfter(9) });
    expect((await contents(output))['two/timeline.csv']).toBe('second');
  });

  /** A writer in a process of its own, which kills itself. */
  function killedWriter(text: string, when: 'render' | 'after', count: number): void {
    const script = join(import.meta.dirname, 'killed-writer.ts');
    const { signal } = spawnSync('node_modules/.bin/tsx', [script, output, text, when, String(count)]);
    expect(signal ?? 'SIGKILL').toBe('SIGKILL');
  }

  test('a process killed while it swaps: the next run carries the swap to its end, and nothing is mixed', async () => {
    for (let count = 0; count < 6; count++) {
      await rm(output, { recursive: true, force: true });
      await writeOutput(output, version('first', ['one', 'two']));
      await writeFile(join(output, 'one', 'notes.txt'), 'mine');
      killedWriter('second', 'after', count);
      // Another run, of a scenario of its own, finds what the killed one has left.
      await writeOutput(output, version('third', ['three']));
      const found = await contents(output);
      expect(found['one/timeline.csv'], `killed at rename ${count}`).toBe('second');
      expect(found['two/summary.json']).toContain('second');
      expect(found['one/notes.txt']).toBe('mine');
      expect((await readdir(output)).filter((name) => name.startsWith('.'))).toEqual([]);
    }
  }, 120_000);

  test('a process killed before all is written: as before, and the next run sweeps what it left', async () => {
    await writeOutput(output, version('first'));
    killedWriter('second', 'render', 2);
    expect((await contents(output))['one/timeline.csv']).toBe('first');
    await writeOutput(output, version('third', ['three']));
    expect((await contents(output))['one/timeline.csv']).toBe('first');
    expect((await readdir(output)).filter((name) => name.startsWith('.'))).toEqual([]);
  }, 60_000);

  test('the first time: there is no output folder at all', async () => {
    const controller = new AbortController();
    const onProgress = (done: number): void => {
      if (done === 3) controller.abort(new Error('interrupted'));
    };
    const writing = writeOutput(output, version('first'), { signal: controller.signal, onProgress });
    await expect(writing).rejects.toThrow('interrupted');
    expect(await readdir(home)).toEqual([]);
  });
});

describe('what somebody else wrote', () => {
  test('a folder of the same name without our marker is refused before anything is written', async () => {
    await mkdir(join(output, 'two'), { recursive: true });
    await writeFile(join(output, 'two', 'thesis.tex'), 'mine');
    const before = await contents(home);
    const writing = writeOutput(output, version('first'));
    await expect(writing).rejects.toThrow(ForeignOutputError);
    await expect(writing).rejects.toThrow(/two exists and was not written by pidsim/);
    expect(await contents(home)).toEqual(before);
  });

  test('a summary.json of another program is no marker', async () => {
    await mkdir(join(output, 'one'), { recursive: true });
    await writeFile(join(output, 'one', 'summary.json'), '{"apiVersion": "v1"}');
    await expect(writeOutput(output, version('first'))).rejects.toThrow(ForeignOutputError);
  });

  test('a page of the same name in a folder that is not ours is refused', async () => {
    await mkdir(output);
    await writeFile(join(output, 'index.html'), 'my home page');
    await expect(writeOutput(output, version('first'))).rejects.toThrow(/index\.html/);
    expect(await contents(output)).toEqual({ 'index.html': 'my home page' });
  });

  test('a file where the folder should be, and a link where a scenario should be, are refused', async () => {
    await writeFile(output, 'a file');
    await expect(writeOutput(output, version('first'))).rejects.toThrow(ForeignOutputError);
    await rm(output);
    await mkdir(join(home, 'elsewhere'));
    await mkdir(output);
    await symlink(join(home, 'elsewhere'), join(output, 'one'));
    await expect(writeOutput(output, version('first'))).rejects.toThrow(ForeignOutputError);
  });

  test('an empty folder, and files of other names, are no obstacle', async () => {
    await mkdir(join(output, 'one'), { recursive: true });
    await writeFile(join(output, 'README.md'), 'mine');
    await writeOutput(output, version('first'));
    const now = await contents(output);
    expect(now['README.md']).toBe('mine');
    expect(now['one/timeline.csv']).toBe('first');
  });
});
