/** Shell words: splitting a line into them, and quoting them into a line that splits the same. */
import { parse } from 'unbash';
import { visit } from '../shell/syntax.js';

/**
 * The words of one plain command, quotes taken off; null if the line is more than that: operators,
 * redirections, substitutions, a quote that is not closed. Variables stay as they are.
 */
export function splitWords(line: string): string[] | null {
  const { commands, errors = [] } = parse(line);
  const [only, ...others] = commands;
  if (errors.length > 0 || only === undefined || others.length > 0 || only.background) return null;
  const { command } = only;
  if (command.type !== 'Command' || command.redirects.length > 0 || command.name === undefined) return null;
  let isPlain = true;
  visit(command, ({ type }) => {
    if (type === 'CommandExpansion' || type === 'ProcessSubstitution') isPlain = false;
  });
  const words = [...command.prefix, command.name, ...command.suffix].map((part) =>
    part.type === 'Word' ? part.value : 'text' in part ? part.text : '',
  );
  return isPlain ? words : null;
}

/** One line that splits into the words again. */
export function joinWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./^[\]!~*?{}-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}

export function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
