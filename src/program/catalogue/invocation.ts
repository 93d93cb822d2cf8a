/** The command line of a shell: options, also behind `-c`, and then the script, or a file. */
import type { Invocation } from '../shell/index.js';

/** Long options with a value. */
const VALUED = new Set(['--rcfile', '--init-file']);

/** `-c` and its script, or the file that the shell runs with its arguments; null: it reads from its stdin. */
export function invocationOf(
  words: readonly string[],
): Invocation | { file: string[]; options: string[] } | null {
  const options: string[] = [];
  let hasScript = false;
  let at = 1;
  for (; at < words.length && /^[-+]/.test(words[at]); at++) {
    const word = words[at];
    if (word === '-' || word === '--') {
      at++;
      break;
    }
    if (word.startsWith('--')) {
      if (VALUED.has(word)) at++;
      continue;
    }
    options.push(word);
    if (word.startsWith('-') && word.includes('c')) hasScript = true;
    if (word.endsWith('o') || /^[-+][a-z]*o[a-z]*$/.test(word)) options.push(words[++at] ?? '');
  }
  const [first, ...args] = words.slice(at);
  if (first === undefined) return null;
  return hasScript ? { script: first, options, args } : { file: [first, ...args], options };
}
