/**
 * Makes a litmus smaller while it stays interesting, by leaving out one thing after another (delta debugging over the
 * text's own structure). Sleeps stay, and as long as they were: they are what keeps two processes from acting at one
 * instant, in an order that no machine promises.
 */
import type { LitmusSource } from '../../../src/lab/litmus/litmus.js';

/** Tries so many smaller texts at most. */
const TRIES_MAX = 600;

/** The smallest text found for which `isInteresting` still holds. A text that is no litmus is not interesting. */
export async function shrinkLitmus(
  source: LitmusSource,
  isInteresting: (candidate: LitmusSource) => Promise<boolean>,
): Promise<LitmusSource> {
  let best = source;
  let tries = 0;
  for (let progress = true; progress; ) {
    progress = false;
    // The list is of the text as it was: after a success, go on at the same place in the new one.
    for (let place = 0; tries < TRIES_MAX; place++) {
      const candidate = smallerAt(best, place);
      if (candidate === null) break;
      if (candidate === UNCHANGED) continue;
      tries++;
      if (!(await isInteresting(candidate))) continue;
      best = candidate;
      progress = true;
      place--;
    }
  }
  return best;
}

const UNCHANGED = Symbol('unchanged');

type Edit = (root: LitmusSource) => void;

/** The text with the edit of that place made; null behind the last place. */
function smallerAt(source: LitmusSource, place: number): LitmusSource | null | typeof UNCHANGED {
  const edits = editsOf(source);
  if (place >= edits.length) return null;
  const copy = structuredClone(source);
  edits[place](copy);
  return JSON.stringify(copy) === JSON.stringify(source) ? UNCHANGED : copy;
}

/** Every single simplification of a text, the large ones first. */
function editsOf(source: LitmusSource): Edit[] {
  const edits: Edit[] = [];
  for (const name of Object.keys(source.programs))
    if (name !== source.init) edits.push((root) => void delete root.programs[name]);
  for (const key of ['limits', 'outside', 'until'] as const)
    if (source[key] !== undefined) edits.push((root) => void delete root[key]);
  visit(source, [], (node, path) => {
    if (Array.isArray(node)) edits.push(...listEdits(node, path));
    else if (isMapping(node)) edits.push(...mappingEdits(node, path));
  });
  return edits;
}

type Path = readonly (string | number)[];

function visit(node: unknown, path: Path, look: (node: unknown, path: Path) => void): void {
  look(node, path);
  if (typeof node !== 'object' || node === null) return;
  for (const [key, child] of Object.entries(node)) visit(child, [...path, key], look);
}

/** A part of the text, of which the caller knows what it is. */
function at<T>(root: unknown, path: Path): T {
  let node = root;
  for (const key of path) node = (node as Record<string | number, unknown>)[key];
  return node as T;
}

function listEdits(list: unknown[], path: Path): Edit[] {
  if (path.at(-1) === 'rules') return [];
  const edits: Edit[] = [];
  if (list.length > 3)
    edits.push((root) => void at<unknown[]>(root, path).splice(0, Math.floor(list.length / 2)));
  for (let index = list.length - 1; index >= 0; index--) {
    if (isSleep(list[index]) && !isSleep(list[index + 1])) continue; // it keeps what follows apart from others
    edits.push((root) => void at<unknown[]>(root, path).splice(index, 1));
    for (const inner of innerSteps(list[index]))
      edits.push((root) => void at<unknown[]>(root, path).splice(index, 1, ...structuredClone(inner)));
  }
  return edits;
}

/** What a compound step could be replaced with. */
function innerSteps(step: unknown): unknown[][] {
  if (!isMapping(step)) return [];
  const bodies = [step.repeat, step.chance, step.if].filter(isMapping);
  return bodies.flatMap((body) => [body.steps, body.else].filter(Array.isArray));
}

function isSleep(step: unknown): boolean {
  return isMapping(step) && 'sleep' in step;
}

const DROPPABLE = [
  'orElse',
  'label',
  'every',
  'times',
  'setsid',
  'reap',
  'leave',
  'into',
  'pidMax',
  'pidsMax',
  'hostPidMax',
] as const;

function mappingEdits(mapping: Record<string, unknown>, path: Path): Edit[] {
  const edits: Edit[] = [];
  for (const key of DROPPABLE)
    if (key in mapping && !(key === 'times' && path.at(-1) === 'repeat'))
      edits.push((root) => void delete at<Record<string, unknown>>(root, path)[key]);
  if (typeof mapping.times === 'number' && mapping.times > 1)
    edits.push(
      (root) =>
        void (at<Record<string, unknown>>(root, path).times = Math.floor((mapping.times as number) / 2)),
    );
  if (typeof mapping.threads === 'number' && mapping.threads > 1)
    edits.push((root) => void (at<Record<string, unknown>>(root, path).threads = 1));
  return edits;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
