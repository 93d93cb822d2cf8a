/**
 * The two pauses as real programs: built from a Kubernetes checkout that `PAUSE_SOURCE` names, at the commits
 * where 3.0 and 3.1 were (nothing of it is kept), or our own stand-ins, which do what the two do. A checkout
 * without its history has one of the two.
 */
import { execFileSync, type StdioOptions } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileStatic } from './box.js';

export type Pause = '3.0' | '3.1';

export type Origin = 'checkout' | 'stand-in';

/** Where a version's program comes from: the checkout that PAUSE_SOURCE names, if it has that version. */
export function pauseOrigin(version: Pause): Origin {
  return pauseSource(version) === undefined ? 'stand-in' : 'checkout';
}

const built = new Map<string, string>();

/** The path of a static program. */
export function pauseProgram(version: Pause): string {
  const source = pauseSource(version);
  if (source === undefined) return compileStatic(`pause-${version}`);
  const known = built.get(source);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'pidsim-pause-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, `pause-${version}.c`);
  writeFileSync(path, source);
  const program = compileStatic(`pause-${version}`, path);
  built.set(source, program);
  return program;
}

const PATHS = ['build/pause/linux/pause.c', 'build/pause/pause.c'];
const WAITS = /waitpid\s*\(/;
const texts = new Map<string, string[]>();

/** 3.1 is the first pause.c that waits for children (kubernetes PR 36853), 3.0 the one before it. */
export function pauseSource(version: Pause): string | undefined {
  const checkout = process.env.PAUSE_SOURCE;
  if (!checkout) return undefined;
  const all = texts.get(checkout) ?? textsOf(checkout);
  texts.set(checkout, all);
  const first = all.findIndex((text) => WAITS.test(text));
  return version === '3.1' ? all[first] : all.slice(0, first < 0 ? all.length : first).at(-1);
}

/** Every pause.c that there ever was in it, oldest first; without a history the one that lies there. */
function textsOf(checkout: string): string[] {
  const log = git(checkout, 'log', '--reverse', '--format=%H', '--', ...PATHS) ?? '';
  const commits = log.split('\n').filter((line) => line !== '');
  const found = commits.flatMap((commit) => PATHS.map((path) => git(checkout, 'show', `${commit}:${path}`)));
  const kept = found.filter((text) => text !== undefined);
  if (kept.length > 0) return kept;
  const lying = PATHS.map((path) => join(checkout, path)).filter((path) => existsSync(path));
  if (lying.length === 0) throw new Error(`PAUSE_SOURCE: there is no ${PATHS.join(' or ')} in ${checkout}`);
  return lying.map((path) => readFileSync(path, 'utf8'));
}

/** Undefined: it has no such thing. */
function git(checkout: string, ...words: string[]): string | undefined {
  const stdio: StdioOptions = ['ignore', 'pipe', 'ignore'];
  try {
    return execFileSync('git', ['-C', checkout, ...words], { encoding: 'utf8', maxBuffer: 1 << 26, stdio });
  } catch {
    return undefined;
  }
}
