/** What a terminal, a mail, a log, a wiki or a spreadsheet has put around every line of a list. */
import { columnsOf } from './columns.js';

/** Ends of lines; old Macs, and what draws over its own line, end one by a CR alone. */
export const LINE_END = /\r*\n|\r(?=[^\r\n])/;

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: escape sequences are what this is about
const COLOURS =
  /\u001b\[[\d;]*m\u001b\[K|\u001b\(B|^(?:\u001b\[[\d;?]*[mKHJhl])+|(?:\u001b\[[\d;?]*[mKhl])+$/g;
const ANY_COLOUR = /\u001b\[[\d;]*m|\u001b\(B/g;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: as above
const TAGS = /^(?:<(?:pre|code|p|div|samp)\b[^>]*>)+/;

/** Without the colours that grep and top add; any other escape sequence stays, as part of a name. */
export function plainLine(line: string): string {
  let text = line.endsWith('\r') ? line.replace(/\r+$/, '') : line;
  if (text.includes('\u001b')) text = text.replace(COLOURS, '');
  // A page from which it was copied.
  if (text.includes('\u00a0')) text = text.replaceAll('\u00a0', ' ');
  if (text[0] === '\ufeff') text = text.slice(1);
  if (text[0] === '<') text = text.replace(TAGS, '');
  return text.includes('&lt;') ? text.replaceAll('&lt;', '<').replaceAll('&gt;', '>') : text;
}

/** A line of a list, without what stands around it. A line that has nothing of the kind stays as it is. */
export type Undress = (line: string) => string;

/** In front of every line. */
const PREFIXES = [
  // A mail.
  /^(?:> ?)+/,
  // A log, `ts`, the journal: a time, perhaps with its date, its stream, its host and program.
  /^\[?(?:\p{L}{3} +\d+ |\d{4}-\d\d-\d\d )?\S*\d\d:\d\d:\d\d\S* (?:std(?:out|err) [FP] |\S+ \S+\[\d+\]: )?/u,
  // `cat -n`, `grep -n`.
  /^\s*\d+[\t:]/,
  // `docker compose logs`, `pdsh`.
  /^[\w.-]+ *[|:] ?/,
];
const SEPARATORS = [/\|\|?|[│┃]/, /,/, /;/];
/** At either end of a row of a table, and between its head and its rows. */
const BARS = /^\s*[|│┃]+|[|│┃]+\s*$/g;
const RULE = /^\s*[|│┃+├└┌╞][-─═:|│┃+┼┬┴┤┘┐╪╡ ]+$/;

/** How to strip the lines of a list of which this is the head. null: it is no head, whatever is taken off. */
export function undressOf(line: string): Undress | null {
  if (!line.includes('PID') || line.length > 1_000) return null;
  const isHead = (undress: Undress): boolean => columnsOf(undress(line)) !== null;
  const prefixes = PREFIXES.filter((prefix) => prefix.test(line)).map(
    (prefix): Undress =>
      (text) =>
        text.replace(prefix, ''),
  );
  const tables = SEPARATORS.map((separator) => asWords(separator, cellsOf(line, separator).length));
  const all: Undress[] = [(text) => text.replace(ANY_COLOUR, ''), withoutEnd, ...prefixes, ...tables];
  return all.find(isHead) ?? null;
}

/** `cat -A` shows where each line ends. */
function withoutEnd(line: string): string {
  return line.endsWith('$') ? line.slice(0, -1) : line;
}

function cellsOf(line: string, separator: RegExp): string[] {
  return line.replace(BARS, '').split(separator);
}

/** A row of a table, with a blank between the cells. The last may hold the separator. */
function asWords(separator: RegExp, count: number): Undress {
  return (line) => {
    if (RULE.test(line)) return '';
    const cells = cellsOf(line, separator);
    if (cells.length < count) return line;
    const last = cells.slice(count - 1).join('|');
    const words = [...cells.slice(0, count - 1), last].map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    return words.map((word) => word || '-').join(' ');
  };
}
