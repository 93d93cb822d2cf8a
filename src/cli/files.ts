/** From what the user named (files, folders, `-`) to texts. */
import { closeSync, openSync, readdirSync, readSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { STANDARD_INPUT } from '../run/result.js';
import type { ManifestText } from '../scenario/manifest/cluster.js';
import { CommandError, EXIT, usageError } from './exit.js';

/**
 * What a large cluster prints of itself. More is a mistake, and reading it would be the first victim. So are
 * devices without an end.
 */
const SOURCE_BYTES_MAX = 256 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/** Every named file, or STANDARD_INPUT; of a folder every `.yaml`, `.yml` and `.json` in it, by name. */
export function readSources(paths: readonly string[]): ManifestText[] {
  return paths.flatMap(expand).map((path) => ({ path, text: readText(path) }));
}

function expand(path: string): string[] {
  if (path === STANDARD_INPUT) return [path];
  if (!statOf(path).isDirectory()) return [path];
  const files = sourceFilesIn(path);
  if (files.length === 0)
    throw usageError(`${path}: no scenario in this folder`, 'scenarios end in .yaml, .yml or .json');
  return files;
}

/** Those of a folder, by name: scenarios, manifests and dumps, or litmus files. */
export function sourceFilesIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => /\.(ya?ml|json)$/.test(name));
  return names.sort().map((name) => join(folder, name));
}

function statOf(path: string) {
  try {
    return statSync(path);
  } catch (error) {
    throw usageError(`${path}: ${reasonOf(error)}`);
  }
}

function readText(path: string): string {
  let text: string | null;
  try {
    text = path === STANDARD_INPUT ? textOf(0) : textOfFile(path);
  } catch (error) {
    throw usageError(`${path}: ${reasonOf(error)}`);
  }
  if (text === null) throw usageError(`${path} is larger than ${SOURCE_BYTES_MAX / 1024 / 1024} MiB`);
  return text;
}

/** The shell's own pipes, `<(helm template .)` among them. */
const OPEN_FILES = /^\/(dev|proc\/self)\/(fd\/\d+|stdin)$/;

/** Any other pipe, and any device, is refused: a read of it could block, and Ctrl-C would do nothing then. */
function isReadable(path: string): boolean {
  return OPEN_FILES.test(path) || statSync(path).isFile();
}

function textOfFile(path: string): string | null {
  if (!isReadable(path)) throw new Error('is no regular file: use - and a pipe');
  const file = openSync(path, 'r');
  try {
    return textOf(file);
  } finally {
    closeSync(file);
  }
}

/** `>` of PowerShell 5 writes UTF-16, with a mark at its beginning. */
function decoded(bytes: Buffer): string {
  const isUtf16 = bytes.length >= 2 && bytes[0] === 0xff && bytes[1] === 0xfe;
  return bytes.toString(isUtf16 ? 'utf16le' : 'utf8');
}

/** What is in an open file, or null if that is too much. What is no file has no size to ask for. */
function textOf(file: number): string | null {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const read = readSync(file, chunk, 0, CHUNK_BYTES, null);
    if (read === 0) return decoded(Buffer.concat(chunks));
    length += read;
    if (length > SOURCE_BYTES_MAX) return null;
    chunks.push(chunk.subarray(0, read));
  }
}

/** What a scenario refers to (`manifest:`), relative to the scenario itself; null when it cannot be read. */
export function readerBeside(path: string): (reference: string) => string | null {
  const folder = path === STANDARD_INPUT ? '.' : dirname(path);
  return (reference) => {
    try {
      return textOfFile(resolve(folder, reference));
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

/** A file that the user has named is written. */
export function writeNamed(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw notWritten(path, error);
  }
}

export function notWritten(path: string, error: unknown): CommandError {
  return new CommandError(EXIT.failure, `error: ${path}: ${reasonOf(error)}`);
}

/** A system error in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}
