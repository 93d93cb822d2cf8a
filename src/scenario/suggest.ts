/** "Did you mean": a hint with the nearest of the words that would have been right. */
import { closest } from '../program/check.js';

/** Longer words are no slips, and comparing them takes time. */
const LETTERS_MAX = 64;

/** A hint, or undefined when nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LETTERS_MAX) return undefined;
  const found = closest(word, candidates);
  return found === null ? undefined : `Did you mean \`${found}\`?`;
}
