/** What a command writes, where that can be read off it: `echo` and `printf` of known words. */
import type { AndOr, PipelineNode } from 'unbash';
import type { Step } from '../step.js';
import type { Shell } from './shell.js';
import type { State } from './state.js';
import { textOf } from './values.js';
import { fieldsOf } from './words.js';

export function outputOf(shell: Shell, command: PipelineNode | AndOr, state: State): string | null {
  if (command.type !== 'Command' || command.redirects.length > 0) return null;
  const name = command.name?.value;
  if (name !== 'echo' && name !== 'printf') return null;
  const words = command.args.filter((word) => word.type === 'Word');
  if (words.length !== command.args.length || words.some(({ text }) => /[`\\]|\$\(/.test(text))) return null;
  const aside: Step[] = [];
  const texts = words.flatMap((word) => fieldsOf(shell, word, state.clone(), aside)).map(textOf);
  if (texts.includes(null) || aside.length > 0) return null;
  return name === 'echo' ? echoed(texts as string[]) : printed(texts as string[]);
}

function echoed(words: string[]): string | null {
  if (words[0] === '-n') return words.slice(1).join(' ');
  return words[0]?.startsWith('-') ? null : `${words.join(' ')}\n`;
}

function printed([format, ...words]: string[]): string | null {
  if (format === undefined) return null;
  if (!format.includes('%')) return format;
  return format === '%s' ? words.join('') : null;
}
