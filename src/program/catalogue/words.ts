/** Shell words: splitting a line into them, and quoting them into a line that splits the same. */

export type ShellOperator = '&&' | '||' | ';' | '|' | '&';
export type ShellToken = { word: string } | { operator: ShellOperator };

/**
 * The words and operators of a line, quotes taken off and redirections left out; null if the line uses more of the
 * shell than that (substitutions, subshells, here-documents) or a quote is not closed.
 */
export function tokenize(line: string): ShellToken[] | null {
  const tokens: ShellToken[] = [];
  const pattern = new RegExp(TOKEN, 'gy');
  while (pattern.lastIndex < line.length) {
    const match = pattern.exec(line);
    if (match === null) return null;
    const { comment, operator, redirection, word } = match.groups!;
    if (operator !== undefined)
      tokens.push({ operator: operator === '\n' ? ';' : (operator as ShellOperator) });
    else if (word !== undefined && redirection === undefined && comment === undefined)
      tokens.push({ word: unquote(word) });
  }
  return tokens;
}

/** `$NAME` and `${NAME}` stay as they are: only how many words there are matters here. */
const VARIABLE = String.raw`\$\w+|\$\{\w+\}`;
/** A word: quoted, escaped and plain pieces in any order, none of them with a command substitution. */
const WORD = `(?:'[^']*'|"(?:[^"\\\\$\`]|\\\\.|${VARIABLE})*"|\\\\.|${VARIABLE}|[^\\s'"\\\\|&;<>()$\`#]|(?<=\\S)#)+`;
const TOKEN = [
  String.raw`(?<blank>[ \t]+|\\\n)`,
  String.raw`(?<comment>#[^\n]*)`,
  String.raw`(?<redirection>\d*(?:>>|>&|<&|>|<)[ \t]*(?:${WORD})|&>[ \t]*(?:${WORD}))`,
  String.raw`(?<operator>&&|\|\||;|\||&|\n)`,
  `(?<word>${WORD})`,
].join('|');

function unquote(word: string): string {
  return word.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_, single, double, escaped) =>
    single !== undefined ? single : double !== undefined ? double.replace(/\\(["\\$`])/g, '$1') : escaped,
  );
}

/** The words of a line without operators; null if it has any, or is not understood. */
export function splitWords(line: string): string[] | null {
  const tokens = tokenize(line);
  if (tokens === null) return null;
  const words: string[] = [];
  for (const token of tokens) {
    if (!('word' in token)) return null;
    words.push(token.word);
  }
  return words;
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
