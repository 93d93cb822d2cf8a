/**
 * The two pauses as real programs: built from a Kubernetes checkout that `PAUSE_SOURCE` names, at the commits where 3.0
 * and 3.1 were (nothing of it is kept), or our own stand-ins, which do what the two do.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileStatic } from './box.js';

export type Pause = '3.0' | '3.1';

/** `checkout`: of the original's source; `stand-in`: of ours. */
export function pauseOrigin(): 'checkout' | 'stand-in' {
  return process.env.PAUSE_SOURCE ? 'checkout' : 'stand-in';
}

/** The path of a static program. */
export function pauseProgram(version: Pause): string {
  const checkout = process.env.PAUSE_SOURCE;
  return checkout ? fromCheckout(checkout, version) : compileStatic(`pause-${version}`);
}

const fromCheckouts = new Map<string, string>();

/**
 * 3.1 is the first pause.c that waits for children (kubernetes PR 36853), 3.0 the one before it. A checkout without
 * that history can have one of them only: the pause.c that lies in it.
 */
function fromCheckout(checkout: string, version: Pause): string {
  const known = fromCheckouts.get(version);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'pidsim-pause-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const source = join(folder, `pause-${version}.c`);
  writeFileSync(source, sourceOf(checkout, version));
  const program = compileStatic(`pause-${version}`, source);
  fromCheckouts.set(version, program);
  return program;
}

const PATHS = ['build/pause/linux/pause.c', 'build/pause/pause.c', 'build-tools/pause/pause.c'];
const WAITS = /waitpid\s*\(/;

function sourceOf(checkout: string, version: Pause): string {
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', checkout, ...words], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const commits = git('log', '--format=%H', '--', ...PATHS)
    .trim()
    .split('\n')
    .filter(Boolean);
  // Oldest first: 3.0 is the last one that does not wait, 3.1 the first that does.
  const texts = commits.reverse().flatMap((commit) => PATHS.flatMap((path) => textAt(git, commit, path)));
  const first = texts.findIndex((text) => WAITS.test(text));
  const found = version === '3.1' ? texts[first] : texts.slice(0, first < 0 ? undefined : first).at(-1);
  if (found === undefined)
    throw new Error(`PAUSE_SOURCE: no pause.c of ${version} in the history of ${checkout}`);
  return found;
}

function textAt(git: (...words: string[]) => string, commit: string, path: string): string[] {
  try {
    return [git('show', `${commit}:${path}`)];
  } catch {
    return [];
  }
}
