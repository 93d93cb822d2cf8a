/** Lines of a process list to rows, by the columns of its head. */
import { type CapturedRow, LISTERS, type Named, nameOf, PID_LIMIT, unbranch } from './captured-row.js';
import type { Column, ColumnKind } from './columns.js';
import { elapsedOf, type StartTime, startOf } from './start-time.js';

/** A start can be one word or several: `Mar06`, `Nov 29`, `2026-05-08 09:00:20`, `Fri May  8 09:00:20 2026`. */
const START_WORDS = [1, 5, 2, 3, 6];

/** Of a row that has been cut off so many columns must be there. */
const CUT_FROM = 3;

const CHECKS: Partial<Record<ColumnKind, RegExp>> = {
  stat: /^[RSDTtWXxKPIZUN][A-Za-z+<]{0,6}$/,
  time: /^(\d+-)?\d+(h|[:.,]\d+){1,2}[hd]?$|^\d+$/,
  number: /^(-?[\d.,]+[kmgtKMGT]?|-|rt)$/,
  tty: /^([?-]+|(tty|pts|console|cons|hvc|con|vt|[a-z])[\w/]*)$/,
};
/** These hold PIDs, and nothing else will do. */
const IDS: readonly ColumnKind[] = ['pid', 'ppid', 'pgid', 'sid', 'tid', 'threads'];

/** Of a longer line only the beginning is read: a command line may have megabytes. */
const COMMANDS_KEPT_MAX = 4_096;

interface RowCells {
  ids: Partial<Record<ColumnKind, number>>;
  stat: string | null;
  start: string | null;
  cgroup: string | null;
  command: string;
}

export interface ReadRow extends CapturedRow {
  tid: number | null;
  /** Below the left edge of a drawn tree. */
  depth: number;
}

export class RowReader {
  #startWords = 1;
  #isSettled = false;
  readonly #starts = new Map<string, StartTime | null>();
  readonly #names = new Map<string, string>();
  readonly #commands = new Map<string, Named & { depth: number }>();
  readonly #commandAt: number;
  readonly #lastText: number;
  /** Rows of threads without a PID of their own (`ps m`). */
  threadRows = 0;
  /** The commands are command lines, in which a zombie stands in brackets, and not mere names. */
  showsArgs = false;
  /** Start times that are words in no language known here. */
  unreadStarts = 0;

  /** @param isFixed a head stands above: where a column begins is known. */
  constructor(
    readonly columns: readonly Column[],
    private readonly isFixed = true,
  ) {
    this.#lastText = columns.findLastIndex(({ kind }) => kind === 'command');
    this.#commandAt = isFixed ? (columns.at(-1)?.at ?? 0) : 0;
  }

  get starts(): StartTime[] {
    return [...this.#starts.values()].filter((start) => start !== null);
  }

  /** Null: the line is no row of this list. */
  read(line: string): ReadRow | null {
    let cells = this.#cells(line, this.#startWords);
    if (cells === null && this.columns.some(({ kind }) => kind === 'start')) {
      for (const words of START_WORDS) {
        if (cells !== null || words === this.#startWords || (this.#isSettled && words > 3)) continue;
        cells = this.#cells(line, words);
        if (cells !== null && !this.#isSettled) this.#startWords = words;
      }
      // What is no time in any language known here is still a word in its column.
      if (this.isFixed) cells ??= this.#cells(line, 1, true);
    }
    if (cells === null) return null;
    this.#isSettled = true;
    return this.#row(cells);
  }

  #row({ ids, stat, start, cgroup, command }: RowCells): ReadRow {
    const named = this.#named(command);
    if (/^[[/-]/.test(command) || (command.includes(' ') && LISTERS.test(named.name))) this.showsArgs = true;
    const known = start === null ? null : this.#started(start);
    if (known?.kind === 'unread') this.unreadStarts++;
    return {
      pid: ids.pid ?? -1,
      ppid: ids.ppid ?? null,
      pgid: ids.pgid ?? null,
      sid: ids.sid ?? null,
      tid: ids.tid ?? null,
      threads: ids.threads ?? null,
      stat: stat === null ? null : this.#once(stat),
      mark: named.mark,
      name: named.name,
      args: named.args,
      start: known,
      cgroup: cgroup === null ? null : this.#once(cgroup),
      innerPid: null,
      depth: named.depth,
    };
  }

  /** Zombies have few names: each is looked at once. */
  #named(command: string): Named & { depth: number } {
    const known = this.#commands.get(command);
    if (known !== undefined) return known;
    const drawn = unbranch(command);
    const { mark, name, args } = nameOf(drawn.command);
    const named = { mark, name: this.#once(name), args: copied(args), depth: drawn.depth };
    if (this.#commands.size < COMMANDS_KEPT_MAX) this.#commands.set(copied(command), named);
    return named;
  }

  #started(text: string): StartTime | null {
    let start = this.#starts.get(text);
    if (start === undefined) {
      const isElapsed = this.columns.some(({ kind }) => kind === 'elapsed');
      start = isElapsed ? elapsedOf(text) : startOf(text);
      this.#starts.set(copied(text), start);
    }
    return start;
  }

  /** One copy of what is the same in many rows, which keeps no longer text alive. */
  #once(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const copy = copied(text);
    this.#names.set(copy, copy);
    return copy;
  }

  #cells(line: string, startWords: number, anyStart = false): RowCells | null {
    const { columns } = this;
    const cells: RowCells = { ids: {}, stat: null, start: null, cgroup: null, command: '' };
    let at = 0;
    for (let index = 0; index < columns.length; index++) {
      const { kind } = columns[index];
      const from = skipBlanks(line, at);
      if (kind === 'command') {
        if (index === columns.length - 1) return withCommand(cells, line, at, this.#commandAt);
        at = this.#endOfText(line, from, index);
        // Of comm and args the second is the longer story, of which the first word is a path.
        if (cells.command === '') cells.command = line.slice(from, at).trimEnd();
        continue;
      }
      // A line that has been cut off still tells what stands before.
      const isCut = index >= CUT_FROM && cells.ids.pid !== undefined;
      if (from >= line.length) return isCut ? cells : null;
      const words = kind === 'start' ? startWords : 1;
      at = endOfWords(line, from, words);
      const text = line.slice(from, at);
      if (kind === 'start' || kind === 'elapsed') {
        const isTime = this.#started(text) !== null;
        if (isTime) cells.start = text;
        if (!isTime && anyStart && /^[^[<(]/.test(text)) this.unreadStarts++;
        else if (!isTime) return isCut && words === this.#startWords && wordsIn(text) < words ? cells : null;
      } else if (!fill(cells, kind, text)) {
        if (kind === 'pid' && text === '-' && this.#isSettled) this.threadRows++;
        return null;
      }
    }
    // More words than columns: not this list.
    return skipBlanks(line, at) >= line.length ? cells : null;
  }

  /** A command in the middle has what the columns behind it leave; between two, the room that its head has. */
  #endOfText(line: string, from: number, index: number): number {
    const { columns } = this;
    const next = columns[index + 1];
    if (index !== this.#lastText)
      return this.isFixed ? Math.max(next.at - columns[index].at + from, from) : endOfWords(line, from, 1);
    let end = line.trimEnd().length;
    for (let behind = columns.length - 1; behind > index; behind--) {
      for (let word = columns[behind].kind === 'start' ? this.#startWords : 1; word > 0; word--)
        end = beforeLastWord(line, end);
    }
    return Math.max(end, from);
  }
}

/** What stands left of the place of a command column is padding; what stands right of it is the drawing of a tree. */
function withCommand(cells: RowCells, line: string, at: number, commandAt: number): RowCells {
  const from = Math.min(at === 0 ? 0 : at + 1, line.length);
  cells.command = line.slice(Math.max(from, Math.min(commandAt, skipBlanks(line, from))));
  return cells;
}

function fill(cells: RowCells, kind: ColumnKind, text: string): boolean {
  if (IDS.includes(kind)) {
    const value = wholeOf(text);
    if (value === null) return text === '-' && kind !== 'pid' && kind !== 'ppid';
    if (value > PID_LIMIT || (kind === 'pid' && (value === 0 || value === PID_LIMIT))) return false;
    cells.ids[kind] = value;
    return true;
  }
  if (kind === 'stat') cells.stat = text;
  else if (kind === 'cgroup') cells.cgroup = text;
  return CHECKS[kind]?.test(text) ?? true;
}

function wholeOf(text: string): number | null {
  if (text.length > 10) return null;
  let value = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return value;
}

const BLANK = 32;
const TAB = 9;

function skipBlanks(line: string, from: number): number {
  let at = from;
  for (; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code !== BLANK && code !== TAB) break;
  }
  return at;
}

function endOfWords(line: string, from: number, words: number): number {
  let at = from;
  for (let word = 0; word < words; word++) {
    if (word > 0) at = skipBlanks(line, at);
    for (; at < line.length; at++) {
      const code = line.charCodeAt(at);
      if (code === BLANK || code === TAB) break;
    }
  }
  return at;
}

function wordsIn(text: string): number {
  return text.trim().split(/\s+/).length;
}

/** Where the blanks before the last word begin. */
function beforeLastWord(line: string, end: number): number {
  let at = end;
  while (at > 0 && line.charCodeAt(at - 1) !== BLANK && line.charCodeAt(at - 1) !== TAB) at--;
  while (at > 0 && (line.charCodeAt(at - 1) === BLANK || line.charCodeAt(at - 1) === TAB)) at--;
  return at;
}

/** A copy that does not hold the line that it was cut from. */
function copied(text: string): string {
  return [...text].join('');
}
