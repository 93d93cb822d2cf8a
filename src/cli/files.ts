/** From what the user named (files, folders, `-`) to texts. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { usageError } from './exit.js';

/** What `-` on the command line stands for. */
export const STANDARD_INPUT = '/dev/stdin';

export interface SourceText {
  /** As the user would name it. */
  path: string;
  text: string;
}

/** A scenario of a million lines is a mistake, and reading it would be the first victim. */
const SOURCE_BYTES_MAX = 16 * 1024 * 1024;

/** Every named file, and of a named folder every `.yaml` and `.yml` in it, by name; STANDARD_INPUT is that. */
export function readSources(paths: readonly string[]): SourceText[] {
  return paths.flatMap(expand).map((path) => ({ path, text: readText(path) }));
}

function expand(path: string): string[] {
  if (path === STANDARD_INPUT) return [path];
  if (!statOf(path).isDirectory()) return [path];
  const names = readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort();
  if (names.length === 0)
    throw usageError(`${path}: no scenario in this folder`, 'scenarios end in .yaml or .yml');
  return names.map((name) => join(path, name));
}

function statOf(path: string) {
  try {
    return statSync(path);
  } catch (error) {
    throw usageError(`${path}: ${reasonOf(error)}`);
  }
}

function readText(path: string): string {
  if (path === STANDARD_INPUT) return readFileSync(0, 'utf8');
  const stat = statOf(path);
  if (stat.isDirectory()) throw usageError(`${path} is a folder`);
  if (stat.size > SOURCE_BYTES_MAX)
    throw usageError(`${path} is larger than ${SOURCE_BYTES_MAX / 1024 / 1024} MiB`);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw usageError(`${path}: ${reasonOf(error)}`);
  }
}

/** What a scenario refers to (`manifest:`), relative to the scenario itself; null when it cannot be read. */
export function readerBeside(path: string): (reference: string) => string | null {
  const folder = path === STANDARD_INPUT ? '.' : dirname(path);
  return (reference) => {
    try {
      return readFileSync(resolve(folder, reference), 'utf8');
    } catch {
      return null;
    }
  };
}

const REASONS: Record<string, string> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  ENOTDIR: 'not a folder',
  EISDIR: 'is a folder',
  ENOSPC: 'no space left on the disk',
  EROFS: 'read-only file system',
};

/** A system error in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}
