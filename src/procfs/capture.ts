/**
 * What somebody pasted, line by line, to process lists.
 *
 *     line ─► without colours ─┬─► a row of the list? (or the end of a row that the terminal has wrapped)
 *                              ├─► a head? a new list begins
 *                              ├─► a command, a date, a limit? noted as what stands around the list
 *                              └─► kept: perhaps rows of a list whose head has been cut off
 *
 * No line is kept longer than it is read, so a capture may be as long as it likes.
 */

import { PID_MAX_LIMIT } from '../kernel/limits.js';
import { DAY_S } from '../text/wall-clock.js';
import { plainLine, type Undress, undressOf } from './around-a-line.js';
import * as around from './around-a-list.js';
import { LIMIT_KEYS } from './around-a-list.js';
import { type CapturedRow, cutName, LISTERS } from './captured-row.js';
import { type Column, columnsOf, formatOf, HEADLESS, headOfCommand } from './columns.js';
import {
  type Counted,
  CountsReader,
  keepsZombies,
  PstreeReader,
  StatusReader,
  statRow,
} from './other-lists.js';
import { type RowLookup, RowsByPid } from './rows-by-pid.js';
import { placeStarts } from './start-time.js';
import { RowReader } from './table-rows.js';

/** Something that must be said of a list, by its identifier. */
export interface Notice {
  id: string;
  /** What its sentence names. */
  of?: string;
}

/** One list, made at one moment. */
export interface Capture {
  source: string;
  /** `ps-ef`, `top`, `pstree`, …; `none`: no process list. */
  format: string;
  /** The heads, lower case. */
  columns: string[];
  rows: CapturedRow[];
  /** The same by PID. */
  byPid: RowLookup;
  /** Summaries of many processes. */
  counted: Counted[];
  /** Rows of a list of threads; null: the list is none of threads. */
  threadRows: number | null;
  /** What `top` says above its list. */
  headerCounts: { total: number; zombie: number } | null;
  around: around.Surroundings;
  /** On the clock of the start times; null: not told. */
  nowS: number | null;
  /** By how much that may be later: a `ps` that tells of itself tells a minute. */
  nowDoubtS: number;
  /** Whose second 0 that is. */
  clock: 'calendar' | 'elapsed' | 'boot';
  /** The time of day is told, and no date. */
  isDayAssumed: boolean;
  /** A zombie would be told from others: by a state, or by the brackets of a command line. */
  showsState: boolean;
  /** Rows are missing: it says so, or its head is. */
  isPart: boolean;
  /** Rows in the middle or at the end are missing. */
  isElided: boolean;
  /** Each row is a thread, of whose process nothing tells. */
  isOfThreads: boolean;
  notices: Notice[];
  /** What else stands in the text, by its identifier; without a list, what it is. */
  others: string[];
}

const SKIPPED_NAMED_MAX = 5;
/** So many lines without a head are kept to find out whose rows they are. */
const HEADLESS_LINES = 60;
/** A terminal is at least so wide. */
const WRAP_MIN = 60;
/** A terminal that is exactly so wide may have cut its longest line. */
const USUAL_WIDTHS = [80, 100, 120, 132, 160, 200];
/** In so many such pieces of a text the rows would have shown up. */
const HEADLESS_TRIES_MAX = 50;
const LINE_MAX = 16_384;
const PATHS_MAX = 4_096;
/** ps cuts a cgroup to so many characters, unless it is the last column. */
const CGROUP_WIDTH = 27;
const LISTS_MAX = 64;
const ELIDED =
  /^\s*[[(<-]*\s*(\.{3}|…|snip\b|more\b|truncated|output (truncated|omitted)|\d+ (more|lines|rows)\b)/i;
const TASKS_OF_TOP = /^(\S+):\s*(\d+)\s+\S+,.*?(\d+)\s+zombie/i;

/** A list with a head (or whose head has been guessed), while it is read. */
class List {
  readonly byPid = new RowsByPid();
  readonly rows = this.byPid.rows;
  readonly reader: RowReader;
  /** Its head stands once more: a page further, or a second list. */
  isRepeated = false;
  threadRows = 0;
  duplicates = 0;
  repeats = 0;
  wrapped = 0;
  skipped = 0;
  readonly skippedLines: number[] = [];
  isElided = false;
  isTree = false;
  /** Every row is a thread, and no column says of which process. */
  readonly isThreads: boolean;
  widest = 0;
  #last: CapturedRow | null = null;
  /** Different commands that end at the right edge: a list that a terminal has cut ends at one column. */
  readonly #atEdge = new Set<string>();
  /** Rows of the same width that end in a path. */
  #paths: { row: CapturedRow; path: string }[] = [];
  readonly #path: number[] = [];

  constructor(
    readonly around: around.Surroundings,
    readonly columns: readonly Column[],
    readonly isHeadless: boolean,
    readonly top: { total: number; zombie: number; isThreads: boolean } | null,
  ) {
    this.reader = new RowReader(columns, !isHeadless);
    const isAsked = /\bps\b[^|]*\s-\w*T\b/.test(around.command ?? '');
    this.isThreads = top?.isThreads || (isAsked && columns.every(({ kind }) => kind !== 'tid'));
  }

  /** A row of `ps m`, below that of its process: the first has the state that the process does not show. */
  addThread(): void {
    const row = this.#last;
    if (row === null) return;
    row.stat ??= this.reader.threadStat;
    if (this.columns.every(({ kind }) => kind !== 'threads')) row.threads = (row.threads ?? 0) + 1;
  }

  add(row: CapturedRow, text: string): void {
    if (row.pid < 0) row.pid = -1 - this.rows.length;
    if (row.depth > 0) this.isTree = true;
    if (row.tid !== null || this.isThreads) this.threadRows++;
    const known = this.byPid.get(row.pid);
    if (known !== undefined) {
      // `ps H`: the rows of a process that has more than one thread, and says so.
      if (row.tid === null && known === this.#last && row.stat?.includes('l')) {
        known.threads = (known.threads ?? 1) + 1;
        this.repeats++;
      } else if (row.tid === null) this.duplicates++;
      // Of a thread group the row of the leader tells the state.
      else if (row.tid === row.pid) Object.assign(known, row);
      else if (row.threads === null) known.threads = (known.threads ?? 1) + 1;
    } else if (this.rows.length >= PID_MAX_LIMIT) this.isElided = true;
    else {
      this.byPid.add(row);
      this.#last = row;
      // In a drawn tree the parent stands above, a level to the left.
      if (row.ppid === null && row.depth > 0) row.ppid = this.#path[row.depth - 1] ?? null;
      this.#path[row.depth] = row.pid;
    }
    if (text.length < this.widest || text.length < WRAP_MIN) return;
    if (text.length > this.widest) {
      this.#atEdge.clear();
      this.#paths = [];
    }
    this.widest = text.length;
    const path = text.slice(text.lastIndexOf(' ') + 1);
    if (path[0] === '/' && path.endsWith(row.name) && this.#paths.length < PATHS_MAX)
      this.#paths.push({ row, path });
    if (this.#atEdge.size < 4 && !'>]'.includes(text[text.length - 1])) this.#atEdge.add(text.slice(-30));
  }

  get #isCut(): boolean {
    const endsInCommand = this.columns.at(-1)?.kind === 'command';
    return endsInCommand && this.wrapped === 0 && this.reader.showsArgs && this.#atEdge.size > 2;
  }

  /** Of a path at the edge the last part is no name: it may go on. */
  nameCutPaths(): void {
    if (this.wrapped === 0 && (this.#isCut || USUAL_WIDTHS.includes(this.widest)))
      for (const { row, path } of this.#paths) row.name = cutName(path);
  }

  notices(): Notice[] {
    const { reader, skipped, skippedLines, wrapped, duplicates, threadRows } = this;
    const more = skipped > skippedLines.length ? ` and ${skipped - skippedLines.length} more` : '';
    const isCut = this.#isCut;
    const cutGroups = this.rows.filter(({ cgroup }) => cgroup?.length === CGROUP_WIDTH).length;
    const told: [number | boolean, string, (number | string)?][] = [
      [this.isHeadless, 'header-missing'],
      [skipped, 'skipped-lines', skippedLines.join(', ') + more],
      [isCut, 'truncated-lines'],
      [cutGroups > 1, 'truncated-cgroups'],
      [wrapped, 'wrapped-lines', wrapped],
      [duplicates, 'duplicate-pids', duplicates],
      [threadRows + reader.threadRows + this.repeats, 'rows-are-threads'],
      [reader.unreadStarts, 'unread-dates', reader.unreadStarts],
    ];
    return told.flatMap(([holds, id, of]) =>
      holds ? [of === undefined ? { id } : { id, of: String(of) }] : [],
    );
  }
}

/** Reads one file, or standard input. Feed it every line, then ask what it was. */
export class CaptureReader {
  readonly #lists: List[] = [];
  #list: List | null = null;
  readonly #around = around.nothingAround();
  #awaited: around.LimitKey[] = [];
  #kept: { text: string; number: number }[] = [];
  #pstree: PstreeReader | null = null;
  #counts: CountsReader | null = null;
  #isCounting = false;
  #status: StatusReader | null = null;
  readonly #stats: CapturedRow[] = [];
  readonly #others = new Set<string>();
  #top: List['top'] = null;
  #lineNumber = 0;
  #tries = 0;
  #last = { text: '', width: 0, row: null as CapturedRow | null };
  #binaryLines = 0;
  #isEmpty = true;
  #undress: Undress | null = null;

  constructor(readonly source: string) {}

  line(raw: string): void {
    this.#lineNumber++;
    const plain = plainLine(raw.length > LINE_MAX ? raw.slice(0, LINE_MAX) : raw);
    if (this.#undress !== null && columnsOf(plain) !== null) this.#undress = null;
    const text = this.#undress === null ? plain : this.#undress(plain);
    if (this.#list !== null && this.#isRow(this.#list, text)) return;
    if (text.trim() === '') return;
    this.#isEmpty = false;
    if (text.includes('\0') || text.includes('\ufffd')) this.#binaryLines++;
    if (/^\s*(```|~~~)/.test(text)) this.#list = null;
    else if (!this.#beginsList(text) && !this.#isNote(text) && !this.#isOtherList(text)) this.#keep(text);
  }

  #isRow(list: List, text: string): boolean {
    const { threadRows } = list.reader;
    const row = list.reader.read(text);
    if (row === null) {
      const isThread = list.reader.threadRows > threadRows;
      if (isThread) list.addThread();
      return isThread;
    }
    const of = list.isRepeated && list.byPid.has(row.pid) ? this.#begin(list.columns, list.isHeadless) : list;
    of.isRepeated = false;
    of.add(row, text);
    this.#last = { text, width: text.length, row };
    return true;
  }

  #begin(columns: readonly Column[], isHeadless: boolean): List {
    const list = new List({ ...this.#around }, columns, isHeadless, this.#top);
    this.#around.dateS = null;
    this.#top = null;
    // Of a file that is nothing but heads the last is kept.
    if (this.#lists.length >= LISTS_MAX) this.#lists.pop();
    this.#lists.push(list);
    return (this.#list = list);
  }

  #beginsList(text: string): boolean {
    const columns = columnsOf(text);
    if (columns === null) {
      const undress = undressOf(text);
      if (undress === null) return false;
      const before = this.#undress;
      this.#undress = before === null ? undress : (line) => undress(before(line));
      return this.#beginsList(undress(text));
    }
    if (this.#list !== null && headsOf(this.#list.columns) === headsOf(columns)) this.#list.isRepeated = true;
    else this.#begin(columns, false);
    this.#last = { text, width: text.length, row: null };
    return true;
  }

  #isNote(text: string): boolean {
    const top = TASKS_OF_TOP.exec(text);
    if (top !== null)
      this.#top = { total: Number(top[2]), zombie: Number(top[3]), isThreads: top[1] === 'Threads' };
    if (top !== null || /^top - \d\d:\d\d:\d\d up /.test(text)) return true;
    const other = around.otherThing(text);
    if (other !== null) this.#others.add(other);
    // The end of a mark that was wrapped can be a `>` alone, which is no prompt.
    const isMarkEnd = '<defunct>'.endsWith(text) && this.#list !== null && this.#continues(this.#list, text);
    const command = other === null && !isMarkEnd ? around.commandOf(text) : null;
    if (command !== null) {
      this.#list = null;
      this.#awaited = around.noteCommand(this.#around, command.command, command.host);
      this.#isCounting = /\buniq -\w*c/.test(command.command);
      if (this.#isCounting) this.#counts = new CountsReader(command.command);
      return true;
    }
    const isElision = /^\s*[[(<-]*\s*(\.{3}|…)/.test(text);
    if (
      isMarkEnd ||
      (other === null && !isElision && this.#list !== null && this.#continues(this.#list, text))
    )
      return true;
    if (this.#list !== null && ELIDED.test(text)) this.#list.isElided = true;
    return other !== null || around.noteLine(this.#around, text, this.#awaited);
  }

  /** The rest of a row, or of the head, that a terminal has wrapped at its right edge. */
  #continues(list: List, text: string): boolean {
    const { text: before, width, row } = this.#last;
    if (width < WRAP_MIN || width < list.widest || text.length > width) return false;
    const joined = before + text;
    const columns = list.rows.length === 0 && row === null ? columnsOf(joined) : null;
    if (columns !== null) {
      this.#lists.pop();
      this.#lists.push((this.#list = new List(list.around, columns, false, list.top)));
      this.#last = { text: joined, width: text.length, row: null };
      return true;
    }
    const whole = list.reader.read(joined);
    if (whole === null) return false;
    if (row === null) list.add(whole, '');
    else if (whole.pid === row.pid) Object.assign(row, whole, { ppid: whole.ppid ?? row.ppid });
    list.wrapped++;
    this.#last = { text: joined, width: text.length, row: row ?? whole };
    return true;
  }

  #isOtherList(text: string): boolean {
    if (this.#list !== null) return false;
    if (this.#isCounting && this.#counts !== null) return this.#counts.read(text);
    if (this.#pstree?.read(text)) return true;
    if (StatusReader.begins(text)) this.#status ??= new StatusReader();
    if (this.#status?.read(text)) return true;
    const row = statRow(text);
    if (row !== null && this.#stats.length < PID_MAX_LIMIT) this.#stats.push(row);
    if (row !== null || this.#pstree !== null || !PstreeReader.begins(text)) return row !== null;
    this.#pstree = new PstreeReader();
    return this.#pstree.read(text);
  }

  #keep(text: string): void {
    if (this.#list === null) {
      this.#kept.push({ text, number: this.#lineNumber });
      if (this.#kept.length >= HEADLESS_LINES) this.#tryHeadless();
      return;
    }
    if (this.#list.skipped++ < SKIPPED_NAMED_MAX) this.#list.skippedLines.push(this.#lineNumber);
    this.#last = { text, width: text.length, row: null };
  }

  /** Rows whose head was cut off, by the layout that reads most of them. */
  #tryHeadless(): void {
    const kept = this.#kept;
    this.#kept = [];
    if (this.#lists.length === 0 && kept.some(({ text }) => CountsReader.isHead(text))) {
      this.#counts = new CountsReader(this.#around.command);
      for (const { text } of kept) this.#counts.read(text);
      return;
    }
    const known = this.#lists.at(-1);
    if (known !== undefined) {
      if (kept.some(({ text }) => known.reader.read(text, true) !== null)) this.#others.add('stray-rows');
      return;
    }
    if (this.#tries++ > HEADLESS_TRIES_MAX) return;
    const told = columnsOf(headOfCommand(this.#around.command ?? '') ?? '');
    let best: { columns: readonly Column[]; rows: CapturedRow[] } | null = null;
    for (const columns of told === null ? HEADLESS : [told, ...HEADLESS]) {
      const reader = new RowReader(columns, false);
      const rows = kept.flatMap(({ text }) => reader.read(text) ?? []);
      if (rows.length > (best?.rows.length ?? 0)) best = { columns, rows };
    }
    if (best === null || best.rows.length * 2 < kept.length) return;
    const list = this.#begin(parentsLast(best.columns, best.rows), true);
    for (const { text } of kept) if (!this.#isRow(list, text)) list.skipped++;
  }

  /** The lists of the file, in their order; one of format `none` if there is none. */
  end(): Capture[] {
    this.#tryHeadless();
    if (this.#lists.length === 1) this.#lists[0].around.dateS ??= this.#around.dateS;
    const lists = this.#chosen();
    return lists.length > 0 ? lists.map((list) => this.#captureOf(list)) : [this.#otherCapture()];
  }

  /** Lists of one kind and place are several moments; of several kinds the one that tells most is taken. */
  #chosen(): List[] {
    const full = this.#lists.filter(({ rows }) => rows.length > 0);
    const score = ({ rows, columns }: List): number =>
      rows.length * (columns.some(({ kind }) => kind === 'ppid') ? 2 : 1);
    const best = [...full].sort((a, b) => score(b) - score(a))[0];
    if (best === undefined) return this.#lists.slice(-1);
    const keyOf = ({ columns, around }: List): string =>
      JSON.stringify([headsOf(columns), around.container, around.host]);
    const chosen = full.filter((list) => keyOf(list) === keyOf(best) && score(list) * 20 > score(best));
    if (chosen.length < full.length) this.#others.add('other-lists');
    return chosen;
  }

  #captureOf(list: List): Capture {
    const { rows, reader, columns, around } = list;
    list.nameCutPaths();
    if (keepsZombies(around.command))
      for (const row of rows) if (row.mark === 'bare' || row.name === '') row.stat ??= 'Z';
    for (const key of LIMIT_KEYS) around[key] ??= this.#around[key];
    const lister = rows.findLast(({ name, mark, start }) => mark === 'plain' && start && LISTERS.test(name));
    const clockS = lister?.start?.kind === 'clock' ? lister.start.fromS : null;
    const isElapsed = columns.some(({ kind }) => kind === 'elapsed');
    placeStarts(reader.starts, around.dateS, clockS);
    const isDayAssumed = clockS !== null && around.dateS === null;
    const isCoarse = reader.starts.some(({ fromS, untilS }) => untilS - fromS >= DAY_S);
    const isMarked = rows.some(({ mark, stat }) => mark === 'defunct' || stat !== null);
    return {
      ...this.#blank(around),
      format: formatOf(columns, list.isTree),
      columns: columns.map(({ head }) => head.toLowerCase()),
      rows,
      byPid: list.byPid,
      threadRows: list.threadRows + reader.threadRows || null,
      headerCounts: list.top,
      nowS: isElapsed ? 0 : (around.dateS ?? newest(rows, lister)),
      nowDoubtS:
        isElapsed || around.dateS !== null || !lister?.start ? 0 : lister.start.untilS - lister.start.fromS,
      clock: isElapsed ? 'elapsed' : 'calendar',
      isDayAssumed,
      showsState: reader.showsArgs || isMarked,
      isPart: list.isElided || list.isHeadless,
      isElided: list.isElided,
      isOfThreads: list.isThreads,
      notices: [...list.notices(), ...(isDayAssumed && isCoarse ? [{ id: 'day-assumed' }] : [])],
    };
  }

  #blank(around: around.Surroundings): Capture {
    const isBinary = this.#binaryLines * 4 > this.#lineNumber;
    const others = [...this.#others, ...(this.#isEmpty ? ['empty'] : isBinary ? ['binary'] : [])];
    return { ...blankCapture(this.source, around), others, headerCounts: this.#top, isPart: isBinary };
  }

  #otherCapture(): Capture {
    const blank = this.#blank(this.#around);
    this.#status?.flush();
    const status = this.#status?.rows ?? [];
    if (this.#stats.length > 0 || status.length > 0) {
      const isStat = this.#stats.length >= status.length;
      const rows = isStat ? this.#stats : status;
      const lister = rows.findLast(({ name }) => LISTERS.test(name));
      const nowS = newest(rows, lister);
      const kind = { format: isStat ? 'proc-stat' : 'proc-status', clock: 'boot' as const, showsState: true };
      const threads = isStat ? 0 : this.#status!.threads;
      const told = { threadRows: rows.length + threads, notices: [{ id: 'rows-are-threads' }] };
      return { ...blank, ...kind, ...withPids(rows), nowS, ...(threads > 0 ? told : {}) };
    }
    const { rows = [], counted: equal = [], threads = 0 } = this.#pstree ?? {};
    const threadRows = threads + rows.length;
    if (rows.length + equal.length > 1)
      return { ...blank, format: 'pstree', ...withPids(rows), counted: equal, threadRows };
    const counted = this.#counts?.counted() ?? [];
    return counted.length > 0 ? { ...blank, format: 'ppid-count', counted } : blank;
  }
}

/** A capture of nothing yet. */
export function blankCapture(source: string, around: around.Surroundings): Capture {
  const lists = { format: 'none', columns: [], rows: [], byPid: new RowsByPid(), counted: [] };
  const told = { threadRows: null, headerCounts: null, nowS: null, nowDoubtS: 0, isDayAssumed: false };
  const kind = { showsState: false, isPart: false, isElided: false, isOfThreads: false };
  return { source, around, ...lists, ...told, ...kind, clock: 'calendar', notices: [], others: [] };
}

function withPids(rows: CapturedRow[]): Pick<Capture, 'rows' | 'byPid'> {
  return { rows, byPid: new RowsByPid(rows) };
}

/** When what made the list started, which is now: unless a shell that had waited for long became it. */
function newest(rows: readonly CapturedRow[], lister: CapturedRow | undefined): number | null {
  const start = lister?.start ?? null;
  if (start === null || start.kind === 'unread') return null;
  return rows.some((row) => row.start !== null && row.start.fromS > start.untilS + 1) ? null : start.fromS;
}

function headsOf(columns: readonly Column[]): string {
  return columns.map(({ head }) => head).join(' ');
}

/** PID or PPID? Without a head the column in which PIDs stand twice is that of the parents. */
function parentsLast(columns: readonly Column[], rows: readonly CapturedRow[]): readonly Column[] {
  const pids = new Set(rows.map(({ pid }) => pid)).size;
  const isAlone = columns.every(({ kind }) => kind !== 'ppid');
  const isRight = isAlone ? pids * 2 > rows.length : pids >= new Set(rows.map(({ ppid }) => ppid)).size;
  if (isRight) return columns;
  const other = { pid: 'ppid', ppid: 'pid' } as const;
  return columns.map((column) => ({ ...column, kind: other[column.kind as 'pid'] ?? column.kind }));
}
