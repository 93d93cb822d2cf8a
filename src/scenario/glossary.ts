/** The words of the field and of this project (glossary.json), for its page and `pidsim explain TERM`. */
import { didYouMean } from '../text/suggest.js';
import { page } from './explanation.js';
import glossary from './glossary.json' with { type: 'json' };

export interface Term {
  /** As it is written in a sentence. The first is the term, the others are what else it is called. */
  names: readonly string[];
  meaning: string;
  /** Rules of docs/rules.md. */
  rules?: readonly string[];
}

export const GLOSSARY: readonly { title: string; terms: readonly Term[] }[] = glossary;

const TERMS = GLOSSARY.flatMap(({ terms }) => terms);

/** The term of that name, in any of its spellings: `pinned PIDs`, `Zombie`. */
export function findTerm(word: string): Term | null {
  const wanted = plain(word);
  return TERMS.find(({ names }) => names.some((name) => plain(name) === wanted)) ?? null;
}

/** `zombie` for `zombei`. */
export function similarTerm(word: string): string | undefined {
  return didYouMean(
    word.toLowerCase(),
    TERMS.flatMap(({ names }) => names),
  );
}

/** Without case, and in the singular: `SIGCHLD`, `zombies`, `PIDs`. */
function plain(name: string): string {
  return name.trim().toLowerCase().replace(/s$/, '');
}

export function explainTerm({ names: [name, ...others], meaning, rules = [] }: Term): string {
  const also = others.length > 0 ? [`ALSO:     ${others.join(', ')}`] : [];
  const cited = rules.length > 0 ? [`RULES:    ${rules.join(', ')} (docs/rules.md)`] : [];
  return page([`TERM:     ${name}`, ...also, ...cited], { MEANING: meaning });
}
