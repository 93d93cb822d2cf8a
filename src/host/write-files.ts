/**
 * Writes the files of a run so that the output folder is either as before or complete, never in between.
 *
 *   check what is there --> write all to a staging folder --> list it --> swap each entry --> remove the old
 *
 * A scenario's folder is replaced only if it carries our marker, or is empty; files in it that we did not
 * write are carried over. Everything else in the output folder is left alone. When a swap fails, those before
 * it are undone. When the process is killed, the next run finds the staging folder: with its list the swap is
 * carried on to its end, without it the folder is removed.
 */
import * as fs from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CHART_FILES } from '../report/charts/all.js';
import { API_VERSION } from '../report/document.js';
import { MARKER_FILE, type OutputFile } from '../report/files.js';
import { notOurs } from '../report/message.js';
import { renderSvg } from './render.js';

/** What is there was not written by us; nothing has been touched. `path` is the obstacle. */
export class ForeignOutputError extends Error {
  override name = 'ForeignOutputError';
  constructor(readonly path: string) {
    super(notOurs(path));
  }
}

export interface WriteOptions {
  /** Called after each file with how many of all are done. */
  onProgress?: (done: number, total: number) => void;
  /** Stops between two files; what was there before stays. */
  signal?: AbortSignal;
  /** For tests of what happens when something fails half-way. */
  render?: typeof renderSvg;
  rename?: typeof fs.rename;
}

/**
 * @param folder the output folder; it and its parents are created if need be.
 * @throws ForeignOutputError, an error of the file system, or the signal's reason. The folder is as it was.
 */
export async function writeOutput(
  folder: string,
  files: readonly OutputFile[],
  options: WriteOptions = {},
): Promise<void> {
  const paths = files.map(({ path }) => path);
  const staged = await stageOutput(folder, paths, options);
  try {
    await writeFiles(staged.folder, files, options);
    await staged.commit();
  } finally {
    await staged.discard();
  }
}

/** Files that are not yet where they belong. */
export interface Staged {
  /** Where they are written. */
  folder: string;
  /** Swaps them in: all of them, or none. */
  commit(): Promise<void>;
  /** Removes what is left of it. */
  discard(): Promise<void>;
}

/**
 * @param paths of what will be written; of a folder `name/` is enough.
 * @throws as `writeOutput`.
 */
export async function stageOutput(
  folder: string,
  paths: readonly string[],
  options: WriteOptions = {},
): Promise<Staged> {
  const target = await realOrResolved(folder);
  const entries = [...new Set(paths.map((path) => path.split('/')[0]))];
  for (const place of [dirname(target), target]) await finishKilled(target, place, options);
  const existed = await isThere(target);
  await checkOwnership(target, entries, paths);
  const home = existed ? target : dirname(target);
  // Inside the target, which may be a mount of its own: a rename does not cross file systems.
  await fs.mkdir(home, { recursive: true });
  const staging = await fs.mkdtemp(join(home, `${stagingName(target)}${process.pid}-`));
  const fresh = join(staging, 'new');
  return {
    folder: fresh,
    commit: async () => {
      options.signal?.throwIfAborted();
      if (existed) await fs.writeFile(join(staging, LIST), JSON.stringify(entries));
      await (existed
        ? swapAll(target, fresh, join(staging, 'old'), entries, options)
        : fs.rename(fresh, target));
    },
    discard: () => fs.rm(staging, { recursive: true, force: true }),
  };
}

/** Of the entries that are to be swapped: it is there when all of them are written. */
const LIST = 'entries.json';

function stagingName(target: string): string {
  return `.${basename(target)}.pidsim-`;
}

/** What processes that have ended meanwhile had begun. */
async function finishKilled(target: string, home: string, options: WriteOptions): Promise<void> {
  const prefix = stagingName(target);
  const names = (await statOf(home))?.isDirectory() ? await fs.readdir(home) : [];
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    const pid = Number(/^\d+(?=-)/.exec(name.slice(prefix.length))?.[0] ?? 0);
    if (isAlive(pid)) continue;
    const staging = join(home, name);
    const entries = await listIn(staging);
    if (entries !== null) await swapAll(target, join(staging, 'new'), join(staging, 'old'), entries, options);
    await fs.rm(staging, { recursive: true, force: true });
  }
}

async function listIn(staging: string): Promise<string[] | null> {
  try {
    return JSON.parse(await fs.readFile(join(staging, LIST), 'utf8')) as string[];
  } catch {
    return null;
  }
}

/** One that may not be signalled is alive too. */
function isAlive(pid: number): boolean {
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** An output folder that is a symbolic link stays one. */
async function realOrResolved(folder: string): Promise<string> {
  try {
    return await fs.realpath(folder);
  } catch {
    return resolve(folder);
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await statOf(path)) !== null;
}

async function statOf(path: string) {
  try {
    return await fs.lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

// ---------------------------------------------------------------------------------------------- ownership

async function checkOwnership(
  target: string,
  entries: readonly string[],
  paths: readonly string[],
): Promise<void> {
  const stat = await statOf(target);
  if (stat === null) return;
  if (!stat.isDirectory()) throw new ForeignOutputError(target);
  const folderIsOurs = await hasMarker(target);
  for (const entry of entries) {
    const path = join(target, entry);
    const found = await statOf(path);
    if (found === null) continue;
    const wanted = paths.includes(entry) ? 'file' : 'folder';
    const ours =
      wanted === 'file'
        ? found.isFile() && folderIsOurs
        : found.isDirectory() && ((await hasMarker(path)) || (await fs.readdir(path)).length === 0);
    if (!ours) throw new ForeignOutputError(path);
  }
}

async function hasMarker(folder: string): Promise<boolean> {
  try {
    const marker: unknown = JSON.parse(await fs.readFile(join(folder, MARKER_FILE), 'utf8'));
    return (marker as { apiVersion?: unknown } | null)?.apiVersion === API_VERSION;
  } catch {
    return false;
  }
}

// ------------------------------------------------------------------------------------------------ writing

/** Into a folder that no other process uses. */
export async function writeFiles(
  folder: string,
  files: readonly OutputFile[],
  options: WriteOptions = {},
): Promise<void> {
  const { render = renderSvg, signal, onProgress } = options;
  for (const [index, file] of files.entries()) {
    signal?.throwIfAborted();
    const text = await file.text(render);
    const path = join(folder, ...file.path.split('/'));
    await fs.mkdir(dirname(path), { recursive: true });
    await fs.writeFile(path, text);
    onProgress?.(index + 1, files.length);
  }
}

// ----------------------------------------------------------------------------------------------- swapping

type Undo = () => Promise<unknown>;

async function swapAll(
  target: string,
  fresh: string,
  old: string,
  entries: readonly string[],
  { rename = fs.rename }: WriteOptions,
): Promise<void> {
  await fs.mkdir(old, { recursive: true });
  const undo: Undo[] = [];
  const move = async (from: string, to: string): Promise<void> => {
    await rename(from, to);
    undo.push(() => fs.rename(to, from));
  };
  try {
    for (const entry of entries) {
      const [path, freshPath, oldPath] = [target, fresh, old].map((folder) => join(folder, entry));
      // Where a killed process has got to: what is no longer fresh has been swapped.
      if (await isThere(freshPath)) {
        if ((await isThere(path)) && !(await isThere(oldPath))) await move(path, oldPath);
        await move(freshPath, path);
      }
      await carryOver(oldPath, path, move);
    }
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

/** Files of the user in a scenario's folder are kept. Our charts that this run does not draw are removed. */
async function carryOver(
  oldPath: string,
  path: string,
  move: (from: string, to: string) => Promise<void>,
): Promise<void> {
  const stat = await statOf(oldPath);
  if (stat === null || !stat.isDirectory()) return;
  for (const name of await fs.readdir(oldPath)) {
    if (!CHART_FILES.includes(name) && !(await isThere(join(path, name))))
      await move(join(oldPath, name), join(path, name));
  }
}
