/** Lines of a process list to rows, by the columns of its head. */
import { PID_MAX_LIMIT } from '../kernel/limits.js';
import { type CapturedRow, capturedRow, LISTERS, type Named, nameOf } from './captured-row.js';
import type { Column, ColumnKind } from './columns.js';
import { elapsedOf, type StartTime, startOf } from './start-time.js';

/** A start: `Mar06`, `Nov 29`, `2026-05-08 09:00:20 +0000 UTC`, `Fri May  8 09:00:20 2026`. */
const START_WORDS = [1, 5, 2, 4, 3, 6];
/** Of a row that has been cut off so many columns must be there. */
const CUT_FROM = 3;
const CHECKS: Partial<Record<ColumnKind, RegExp>> = {
  stat: /^[RSDTtWXxKPIZUN][A-Za-z+<]{0,6}$|^-$/,
  time: /^(\d+-)?\d+(h|[:.,]\d+){1,2}[hd]?$|^\d+$|^(\d+h)?(\d+m)?[\d.]+[mµn]?s$/,
  number: /^(-?[\d.,]+[kmgtKMGT%]?|-|rt)$/,
  tty: /^([?-]+|(tty|pts|console|cons|hvc|con|vt|[a-z])[\w/]*)$/,
};
/** So many different commands are kept, to look at each once: zombies have few names. */
const COMMANDS_KEPT_MAX = 4_096;
const TEXTS_KEPT_MAX = 65_536;

export class RowReader {
  #startWords = 1;
  #isSettled = false;
  readonly #starts = new Map<string, StartTime | null>();
  readonly #texts = new Map<string, string>();
  /** By column, the text of the row before: the same text is not checked again. */
  readonly #before: string[];
  #commandBefore = '';
  #namedBefore: Named;
  readonly #commands = new Map<string, Named>();
  readonly #commandAt: number;
  readonly #lastText: number;
  readonly #hasStart: boolean;
  /** Rows of threads without a PID of their own (`ps m`), and the state of the last of them. */
  threadRows = 0;
  threadStat: string | null = null;
  /** Start times that are words in no language known here. */
  unreadStarts = 0;
  /** The commands are command lines, in which a zombie stands in brackets, and not mere names. */
  showsArgs = false;

  /** @param isFixed a head stands above: where a column begins is known. */
  constructor(
    readonly columns: readonly Column[],
    private readonly isFixed = true,
  ) {
    this.#lastText = columns.findLastIndex(({ kind }) => kind === 'command');
    this.#commandAt = isFixed ? (columns.at(-1)?.at ?? 0) : 0;
    this.#hasStart = columns.some(({ kind }) => kind === 'start');
    this.#before = columns.map(() => '');
    this.#namedBefore = nameOf('');
  }

  get starts(): StartTime[] {
    return [...this.#starts.values()].filter((start) => start !== null);
  }

  /** Null: the line is no row of this list. @param isStray it stands elsewhere, so it must fit well. */
  read(line: string, isStray = false): CapturedRow | null {
    let row = this.#row(line, this.#startWords, false);
    if (row === null && this.#hasStart) {
      for (const words of START_WORDS) {
        if (row !== null || words === this.#startWords || (this.#isSettled && words > 4)) continue;
        row = this.#row(line, words, false);
        if (row !== null && !this.#isSettled) this.#startWords = words;
      }
      // What is no time in any language known here is still a word in its column.
      if (this.isFixed && !isStray) row ??= this.#row(line, 1, true);
    }
    if (row !== null) this.#isSettled = true;
    return row;
  }

  #row(line: string, startWords: number, anyStart: boolean): CapturedRow | null {
    const { columns } = this;
    const row = capturedRow({ pid: -1, name: '' });
    let command = '';
    let isUnread = false;
    let isThread = false;
    let at = 0;
    const end = line.length;
    for (let index = 0; index < columns.length; index++) {
      const { kind } = columns[index];
      if (kind === 'command' && index === columns.length - 1) {
        // Left of the place of the column is padding; right of it the drawing of a tree begins.
        const from = Math.min(at === 0 ? 0 : at + 1, end);
        command = line.slice(Math.max(from, Math.min(this.#commandAt, skipBlanks(line, from))));
        at = end;
        break;
      }
      const from = skipBlanks(line, at);
      if (kind === 'command') {
        at = this.#endOfText(line, from, index, startWords);
        if (command === '') command = line.slice(from, at).trimEnd();
        continue;
      }
      // What stands before a cut still counts, if a head says which columns these are.
      const isCut = this.isFixed && index >= CUT_FROM && row.pid !== -1;
      if (from >= end) {
        if (isCut) break;
        return null;
      }
      const words = kind === 'start' ? startWords : 1;
      at = words === 1 ? endOfWord(line, from) : endOfWords(line, from, words);
      if (kind === 'other' || kind === 'user') continue;
      if (kind === 'start' || kind === 'elapsed') {
        const text = this.#wordAt(line, from, at, index);
        row.start = this.#started(text, kind);
        isUnread = row.start === null ? anyStart && /^[^[<(]/.test(text) : row.start.kind === 'unread';
        if (row.start === null && !isUnread && !(isCut && at >= end && isPartOfDate(text, words)))
          return null;
      } else if (kind === 'stat' || kind === 'time' || kind === 'number' || kind === 'tty') {
        const before = this.#before[index];
        const text = this.#wordAt(line, from, at, index);
        if (text !== before && !CHECKS[kind]!.test(text) && !(isCut && at >= end && kind === 'time')) {
          this.#before[index] = '';
          return null;
        }
        if (kind === 'stat' && text !== '-') row.stat = text;
      } else if (kind === 'cgroup') row.cgroup = this.#wordAt(line, from, at, index);
      else {
        const value = wholeAt(line, from, at);
        if (value === null || value > PID_MAX_LIMIT || (kind === 'pid' && value === 0)) {
          const isDash = at === from + 1 && line[from] === '-';
          isThread ||= kind === 'pid' && isDash && this.#isSettled;
          if (!isDash || (!isThread && (kind === 'pid' || kind === 'ppid'))) return null;
        }
        if (kind !== 'pid') row[kind] = value;
        else if (value !== null) row.pid = value;
      }
    }
    // More words than columns: not this list.
    if (skipBlanks(line, at) < end) return null;
    if (isThread) {
      this.threadRows++;
      this.threadStat = row.stat;
      return null;
    }
    if (isUnread) this.unreadStarts++;
    const { mark, name, args, depth } = this.#named(command);
    [row.mark, row.name, row.args, row.depth] = [mark, name, args, depth];
    return row;
  }

  #named(command: string): Named {
    if (command === this.#commandBefore) return this.#namedBefore;
    const known = this.#commands.get(command);
    this.#commandBefore = command;
    if (known !== undefined) return (this.#namedBefore = known);
    const { mark, name, args, depth } = nameOf(command);
    this.showsArgs ||= /^[[/-]/.test(command) || (command.trim().includes(' ') && LISTERS.test(name));
    const named = { mark, name: this.#once(name), args: copied(args), depth };
    if (this.#commands.size < COMMANDS_KEPT_MAX) this.#commands.set(copied(command), named);
    return (this.#namedBefore = named);
  }

  #started(text: string, kind: 'start' | 'elapsed'): StartTime | null {
    let start = this.#starts.get(text);
    if (start !== undefined) return start;
    start = kind === 'elapsed' ? elapsedOf(text) : startOf(text);
    if (start !== null || this.#starts.size < COMMANDS_KEPT_MAX) this.#starts.set(copied(text), start);
    return start;
  }

  #wordAt(line: string, from: number, to: number, index: number): string {
    const before = this.#before[index];
    if (before.length === to - from && line.startsWith(before, from)) return before;
    const text = line.slice(from, to);
    return (this.#before[index] = this.columns[index].kind === 'number' ? text : this.#once(text));
  }

  /** One copy of what is the same in many rows, which keeps no longer text alive. */
  #once(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const copy = copied(text);
    if (this.#texts.size < TEXTS_KEPT_MAX) this.#texts.set(copy, copy);
    return copy;
  }

  /** A command in the middle has what the columns behind it leave; between two, the room of its head. */
  #endOfText(line: string, from: number, index: number, startWords: number): number {
    const { columns } = this;
    if (index !== this.#lastText)
      return this.isFixed ? columns[index + 1].at - columns[index].at + from : endOfWords(line, from, 1);
    let end = line.trimEnd().length;
    for (let behind = columns.length - 1; behind > index; behind--)
      for (let word = columns[behind].kind === 'start' ? startWords : 1; word > 0; word--)
        end = beforeLastWord(line, end);
    return Math.max(end, from);
  }
}

/** `Fri May  8 09:0`, of a date of five words, at the end of a line that has been cut off. */
function isPartOfDate(text: string, words: number): boolean {
  return words > 2 && /^\p{L}+\.?(\s|$)/u.test(text);
}

function wholeAt(line: string, from: number, to: number): number | null {
  if (to - from > 10) return null;
  let value = 0;
  for (let index = from; index < to; index++) {
    const digit = line.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return value;
}

function isBlank(line: string, at: number): boolean {
  const code = line.charCodeAt(at);
  return code === 32 || code === 9;
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (at < line.length && isBlank(line, at)) at++;
  return at;
}

function endOfWord(line: string, from: number): number {
  let at = from;
  while (at < line.length && !isBlank(line, at)) at++;
  return at;
}

function endOfWords(line: string, from: number, words: number): number {
  let at = from;
  for (let word = 0; word < words; word++) {
    at = endOfWord(line, skipBlanks(line, at));
  }
  return at;
}

/** Where the blanks before the last word begin. */
function beforeLastWord(line: string, end: number): number {
  let at = end;
  while (at > 0 && !isBlank(line, at - 1)) at--;
  while (at > 0 && isBlank(line, at - 1)) at--;
  return at;
}

/** A copy that does not hold the line that it was cut from. */
function copied(text: string): string {
  return text.length < 13 ? text : [...text].join('');
}
