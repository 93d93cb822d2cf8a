/** What a command writes, where that can be read off it: `echo` and `printf` of known words. */
import type { AndOr, PipelineNode } from 'unbash';
import type { Step } from '../step.js';
import type { ShellName } from './kinds.js';
import type { Shell } from './shell.js';
import type { State } from './state.js';
import { textOf } from './values.js';
import { fieldsOf } from './words.js';

export function outputOf(shell: Shell, command: PipelineNode | AndOr, state: State): string | null {
  if (command.type !== 'Command' || command.redirects.length > 0) return null;
  const name = command.name?.value;
  if (!/^(echo|printf|dirname|basename)$/.test(name ?? '')) return null;
  const words = command.args.filter((word) => word.type === 'Word');
  if (words.length !== command.args.length || words.some(({ text }) => /`|\$\(/.test(text))) return null;
  const aside: Step[] = [];
  const texts = words.flatMap((word) => fieldsOf(shell, word, state.clone(), aside)).map(textOf);
  if (texts.includes(null) || aside.length > 0) return null;
  const [path = ''] = texts as string[];
  if (name === 'dirname') return `${path.includes('/') ? path.replace(/\/[^/]*$/, '') || '/' : '.'}\n`;
  if (name === 'basename') return texts.length === 1 ? `${path.replace(/^.*\//, '')}\n` : null;
  return name === 'echo' ? echoed(texts as string[], shell.kind.name) : printed(texts as string[]);
}

/** What `read` can have of it: lines with their end; null: not known. */
export function linesOf(output: string | null): string[] | null {
  return output === null ? null : output.split('\n').slice(0, -1);
}

/** Only dash reads escapes without `-e`, which it writes out. */
function echoed(words: readonly string[], shell: ShellName): string | null {
  const [first] = words;
  if (shell === 'dash') return first === '-n' ? unescaped(words.slice(1)) : `${unescaped(words)}\n`;
  const options = /^-[neE]+$/.exec(first ?? '')?.[0] ?? '';
  const rest = options === '' ? words : words.slice(1);
  const text = options.includes('e') ? unescaped(rest) : rest.join(' ');
  return options.includes('n') ? text : `${text}\n`;
}

function printed([format, ...words]: readonly string[]): string | null {
  if (format === undefined) return null;
  const text = unescaped([format]);
  if (!text.includes('%')) return text;
  return /^%s\n?$/.test(text) ? words.map((word) => text.replace('%s', word)).join('') : null;
}

function unescaped(words: readonly string[]): string {
  return words
    .join(' ')
    .replace(/\\([nt\\])/g, (_, letter) => (letter === 'n' ? '\n' : letter === 't' ? '\t' : '\\'));
}
