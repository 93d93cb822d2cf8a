/** "Did you mean": a hint with the nearest of the words that would have been right. */

/** Longer words are no slips, and comparing them takes time. */
const LETTERS_MAX = 64;

export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LETTERS_MAX) return undefined;
  const found = closest(word, candidates);
  return found === null ? undefined : `Did you mean \`${found}\`?`;
}

/** The candidate that differs by the fewest letters, if it differs by few. */
function closest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
