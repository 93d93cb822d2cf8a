/**
 * What somebody pasted, line by line, to process lists.
 *
 *     line ─► without colours ─┬─► a head? a new list begins
 *                              ├─► a row of the list? (or the end of a row that the terminal has wrapped)
 *                              ├─► a command, a date, a limit? noted as what stands around the list
 *                              └─► kept: perhaps rows of a list whose head has been cut off
 *
 * No line is kept longer than it is read, so a capture may be as long as it likes.
 */
import {
  commandOf,
  type LimitKey,
  noteCommand,
  noteLine,
  nothingAround,
  otherThing,
  plainLine,
  type Surroundings,
} from './around-a-list.js';
import { type CapturedRow, LISTERS, PID_LIMIT } from './captured-row.js';
import { type Column, columnsOf, formatOf, HEADLESS, headOfCommand } from './columns.js';
import { type Counted, CountsReader, PstreeReader, StatusReader, statRow } from './other-lists.js';
import { placeStarts } from './start-time.js';
import { type ReadRow, RowReader } from './table-rows.js';

/** One list, made at one moment. */
export interface Capture {
  source: string;
  /** `ps-ef`, `top`, `pstree`, …; `none`: no process list. */
  format: string;
  /** The heads, lower case. */
  columns: string[];
  rows: CapturedRow[];
  /** Summaries of many processes. */
  counted: Counted[];
  /** Rows of a list of threads; null: the list is none of threads. */
  threadRows: number | null;
  /** What `top` says above its list. */
  headerCounts: { total: number; zombie: number } | null;
  around: Surroundings;
  /** On the clock of the start times; null: not told. */
  nowS: number | null;
  /** Whose second 0 that is. */
  clock: 'calendar' | 'elapsed' | 'boot';
  /** `today` was taken to be the day after the last one that is named. */
  isDayAssumed: boolean;
  /** A zombie would be told from others: by a state, or by the brackets of a command line. */
  showsState: boolean;
  isHeadless: boolean;
  isTree: boolean;
  skipped: { count: number; lines: number[] };
  /** PIDs that stand in two rows of a list of processes. */
  duplicates: number;
  wrapped: number;
  cut: number;
  unreadStarts: number;
  /** `...`, or a word that says that there was more. */
  isElided: boolean;
  others: string[];
}

const SKIPPED_NAMED_MAX = 5;
/** So many lines without a head are kept to find out whose rows they are. */
const HEADLESS_LINES = 60;
/** A terminal is at least so wide. */
const WRAP_MIN = 60;
const LINE_MAX = 16_384;
const LISTS_MAX = 64;

/** A list with a head (or whose head has been guessed), while it is read. */
class List {
  readonly rows: ReadRow[] = [];
  readonly byPid = new Map<number, ReadRow>();
  readonly skipped = { count: 0, lines: [] as number[] };
  readonly reader: RowReader;
  /** Its head stands once more: a page further, or a second list. */
  isRepeated = false;
  threadRows = 0;
  duplicates = 0;
  wrapped = 0;
  isElided = false;
  isTree = false;
  widest = 0;
  /** Different commands that end at the right edge. */
  readonly #atEdge = new Set<string>();
  #path: number[] = [];

  constructor(
    readonly around: Surroundings,
    readonly columns: readonly Column[],
    readonly isHeadless: boolean,
    readonly headerCounts: Capture['headerCounts'],
  ) {
    this.reader = new RowReader(columns, !isHeadless);
  }

  get cut(): number {
    return this.wrapped === 0 && this.reader.showsArgs && this.#atEdge.size > 2 ? this.#atEdge.size : 0;
  }

  /** The width of a line, and how it ends: a list that a terminal has cut ends at one column. */
  measure(text: string): void {
    if (text.length < this.widest || text.length < WRAP_MIN) return;
    if (text.length > this.widest) this.#atEdge.clear();
    this.widest = text.length;
    if (this.#atEdge.size < 4 && !/[>\]]$/.test(text)) this.#atEdge.add(text.slice(-30));
  }

  add(row: ReadRow): void {
    if (row.pid < 0) row.pid = -1 - this.rows.length;
    if (row.depth > 0) this.isTree = true;
    if (row.tid !== null) this.threadRows++;
    const known = this.byPid.get(row.pid);
    if (known !== undefined) this.#addThread(known, row);
    else if (this.rows.length >= PID_LIMIT) this.isElided = true;
    else {
      this.byPid.set(row.pid, row);
      this.rows.push(row);
      this.#hang(row);
    }
  }

  #addThread(known: ReadRow, row: ReadRow): void {
    if (row.tid === null) this.duplicates++;
    // Of a thread group the row of the leader tells the state.
    else if (row.tid === row.pid) Object.assign(known, row);
    else if (row.threads === null) known.threads = (known.threads ?? 1) + 1;
  }

  /** In a drawn tree the parent stands above, a level to the left. */
  #hang(row: ReadRow): void {
    if (row.ppid === null && row.depth > 0) row.ppid = this.#path[row.depth - 1] ?? null;
    this.#path[row.depth] = row.pid;
  }

  skip(lineNumber: number): void {
    this.skipped.count++;
    if (this.skipped.lines.length < SKIPPED_NAMED_MAX) this.skipped.lines.push(lineNumber);
  }
}

const ELIDED =
  /^\s*[[(<-]*\s*(\.{3}|…|snip\b|more\b|truncated|output (truncated|omitted)|\d+ (more|lines|rows)\b)/i;
const START_OF_TOP = /^top - (\d\d):(\d\d):(\d\d) up /;
const TASKS_OF_TOP = /^\S+:\s*(\d+)\s+\S+,.*?(\d+)\s+zombie/i;

/** Reads one file, or standard input. Feed it every line, then ask what it was. */
export class CaptureReader {
  readonly #lists: List[] = [];
  #list: List | null = null;
  readonly #around = nothingAround();
  #awaited: LimitKey[] = [];
  #kept: { text: string; number: number }[] = [];
  #pstree: PstreeReader | null = null;
  #counts: CountsReader | null = null;
  #status: StatusReader | null = null;
  readonly #stats: CapturedRow[] = [];
  readonly #others = new Set<string>();
  #topCounts: Capture['headerCounts'] = null;
  #lineNumber = 0;
  #last = { text: '', width: 0, row: null as ReadRow | null };
  #binaryLines = 0;
  #isEmpty = true;

  constructor(readonly source: string) {}

  line(raw: string): void {
    this.#lineNumber++;
    const text = plainLine(raw.length > LINE_MAX ? raw.slice(0, LINE_MAX) : raw);
    if (this.#list !== null && this.#addRow(this.#list, text)) return;
    if (text.trim() === '') return;
    this.#isEmpty = false;
    if (text.includes('\0') || text.includes('\ufffd')) this.#binaryLines++;
    if (/^\s*(```|~~~)/.test(text)) this.#list = null;
    else if (!this.#beginsList(text) && !this.#isNote(text) && !this.#isOtherList(text)) this.#keep(text);
  }

  #addRow(list: List, text: string): boolean {
    const row = text.includes('PID') && columnsOf(text) !== null ? null : list.reader.read(text);
    if (row === null) return false;
    const isNext = list.isRepeated && list.byPid.has(row.pid);
    const of = isNext ? this.#begin(list.columns, list.isHeadless) : list;
    of.isRepeated = false;
    of.add(row);
    of.measure(text);
    this.#last = { text, width: text.length, row };
    return true;
  }

  #begin(columns: readonly Column[], isHeadless: boolean): List {
    const list = new List({ ...this.#around }, columns, isHeadless, this.#topCounts);
    this.#around.dateS = null;
    this.#topCounts = null;
    // Of a file that is nothing but heads the last is kept.
    if (this.#lists.length >= LISTS_MAX) this.#lists.pop();
    this.#lists.push(list);
    return (this.#list = list);
  }

  #beginsList(text: string): boolean {
    const columns = columnsOf(text);
    if (columns === null) return false;
    const heads = (some: readonly Column[]): string => some.map(({ head }) => head).join(' ');
    if (this.#list !== null && heads(this.#list.columns) === heads(columns)) this.#list.isRepeated = true;
    else this.#begin(columns, false);
    this.#last = { text, width: text.length, row: null };
    return true;
  }

  #isNote(text: string): boolean {
    const top = START_OF_TOP.exec(text);
    const tasks = TASKS_OF_TOP.exec(text);
    if (tasks !== null) this.#topCounts = { total: Number(tasks[1]), zombie: Number(tasks[2]) };
    if (top !== null || tasks !== null) return true;
    const command = commandOf(text);
    if (command !== null) {
      this.#list = null;
      this.#awaited = noteCommand(this.#around, command.command, command.host);
      this.#counts = /\buniq -\w*c/.test(command.command) ? new CountsReader() : null;
      return true;
    }
    if (this.#list !== null && this.#continues(this.#list, text)) return true;
    const other = otherThing(text);
    if (other !== null) this.#others.add(other);
    if (this.#list !== null && ELIDED.test(text)) this.#list.isElided = true;
    return other !== null || noteLine(this.#around, text, this.#awaited);
  }

  /** The rest of a row, or of the head, that a terminal has wrapped at its right edge. */
  #continues(list: List, text: string): boolean {
    const { text: before, width, row } = this.#last;
    if (width < WRAP_MIN || width < list.widest || text.length > width) return false;
    const joined = before + text;
    const columns = list.rows.length === 0 && row === null ? columnsOf(joined) : null;
    if (columns !== null)
      this.#lists[this.#lists.indexOf(list)] = this.#list = new List(
        list.around,
        columns,
        false,
        list.headerCounts,
      );
    else {
      const whole = list.reader.read(joined);
      if (whole === null) return false;
      if (row !== null && whole.pid === row.pid) Object.assign(row, whole);
      else if (row === null) list.add(whole);
      list.wrapped++;
      this.#last.row = row ?? whole;
    }
    this.#last = { ...this.#last, text: joined, width: text.length };
    return true;
  }

  #isOtherList(text: string): boolean {
    if (this.#list !== null) return false;
    if (this.#counts !== null) return this.#counts.read(text);
    if (this.#pstree?.read(text)) return true;
    if (StatusReader.begins(text)) this.#status ??= new StatusReader();
    if (this.#status?.read(text)) return true;
    const row = statRow(text);
    if (row !== null) {
      if (this.#stats.length < PID_LIMIT) this.#stats.push(row);
      return true;
    }
    if (this.#pstree !== null || !PstreeReader.begins(text)) return false;
    this.#pstree = new PstreeReader();
    return this.#pstree.read(text);
  }

  #keep(text: string): void {
    const list = this.#list;
    if (list !== null) {
      list.skip(this.#lineNumber);
      this.#last = { text, width: text.length, row: null };
      return;
    }
    this.#kept.push({ text, number: this.#lineNumber });
    if (this.#kept.length >= HEADLESS_LINES) this.#tryHeadless();
  }

  /** Rows whose head was cut off, by the layout that reads most of them. */
  #tryHeadless(): void {
    const kept = this.#kept;
    this.#kept = [];
    const known = this.#lists.at(-1);
    if (known !== undefined) {
      if (kept.some(({ text }) => known.reader.read(text) !== null)) this.#others.add('stray-rows');
      return;
    }
    const told = headOfCommand(this.#around.command ?? '');
    let best: { columns: Column[]; rows: ReadRow[] } | null = null;
    for (const head of [...(told === null ? [] : [told]), ...HEADLESS]) {
      const columns = columnsOf(head);
      if (columns === null) continue;
      const reader = new RowReader(columns, false);
      const rows = kept.map(({ text }) => reader.read(text)).filter((row) => row !== null);
      if (rows.length > (best?.rows.length ?? 0)) best = { columns, rows };
    }
    if (best === null || best.rows.length * 2 < kept.length) return;
    const list = this.#begin(sorted(best.columns, best.rows), true);
    for (const { text, number } of kept) if (!this.#addRow(list, text)) list.skip(number);
  }

  /** The lists of the file, in their order; one of format `none` if there is none. */
  end(): Capture[] {
    this.#tryHeadless();
    if (this.#around.dateS !== null && this.#lists.length === 1)
      this.#lists[0].around.dateS ??= this.#around.dateS;
    const lists = this.#chosen();
    if (lists.length > 0) return lists.map((list) => this.#captureOf(list));
    return [this.#otherCapture()];
  }

  /** Several lists of one kind and place are several moments; of several kinds the one that tells most is taken. */
  #chosen(): List[] {
    const full = this.#lists.filter(({ rows }) => rows.length > 0);
    const score = ({ rows, columns }: List): number =>
      rows.length * (columns.some(({ kind }) => kind === 'ppid') ? 2 : 1);
    const best = full.reduce<List | null>((a, b) => (a === null || score(b) > score(a) ? b : a), null);
    if (best === null) return this.#lists.slice(-1);
    const keyOf = ({ columns, around }: List): string =>
      JSON.stringify([columns.map(({ head }) => head), around.container, around.host]);
    const chosen = full.filter((list) => keyOf(list) === keyOf(best) && score(list) * 20 > score(best));
    if (chosen.length < full.length) this.#others.add('other-lists');
    return chosen;
  }

  #captureOf(list: List): Capture {
    const { rows, reader, columns, threadRows, around, isTree } = list;
    for (const key of ['pidMax', 'threadsMax', 'pidsMax', 'pidsCurrent'] as const)
      around[key] ??= this.#around[key];
    const lister = rows.findLast(
      ({ name, mark, start }) => mark === 'plain' && start !== null && LISTERS.test(name),
    );
    const clockS = lister?.start?.kind === 'clock' ? lister.start.fromS : null;
    const isElapsed = columns.some(({ kind }) => kind === 'elapsed');
    placeStarts(reader.starts, around.dateS, clockS);
    const isDayAssumed = clockS !== null && around.dateS === null;
    return {
      ...this.#blank(around),
      format: formatOf(columns, isTree),
      columns: columns.map(({ head }) => head.toLowerCase()),
      rows,
      threadRows: threadRows > 0 || reader.threadRows > 0 ? threadRows + reader.threadRows : null,
      headerCounts: list.headerCounts,
      nowS: isElapsed ? 0 : (around.dateS ?? lister?.start?.fromS ?? null),
      clock: isElapsed ? 'elapsed' : 'calendar',
      isDayAssumed,
      showsState:
        columns.some(({ kind }) => kind === 'stat') ||
        reader.showsArgs ||
        rows.some(({ mark }) => mark === 'defunct'),
      isHeadless: list.isHeadless,
      isTree,
      skipped: list.skipped,
      duplicates: list.duplicates,
      wrapped: list.wrapped,
      cut: list.cut,
      unreadStarts: reader.unreadStarts,
      isElided: list.isElided,
    };
  }

  #blank(around: Surroundings): Capture {
    return {
      source: this.source,
      format: 'none',
      columns: [],
      rows: [],
      counted: [],
      threadRows: null,
      headerCounts: this.#topCounts,
      around,
      nowS: null,
      clock: 'calendar',
      isDayAssumed: false,
      showsState: false,
      isHeadless: false,
      isTree: false,
      skipped: { count: 0, lines: [] },
      duplicates: 0,
      wrapped: 0,
      cut: 0,
      unreadStarts: 0,
      isElided: false,
      others: [...this.#others, ...this.#nothing()],
    };
  }

  #nothing(): string[] {
    if (this.#isEmpty) return ['empty'];
    return this.#binaryLines * 4 > this.#lineNumber ? ['binary'] : [];
  }

  #otherCapture(): Capture {
    const blank = this.#blank(this.#around);
    this.#status?.flush();
    const status = this.#status?.rows ?? [];
    if (this.#stats.length > 0 || status.length > 0) {
      const isStat = this.#stats.length >= status.length;
      const rows = isStat ? this.#stats : status;
      const nowS = rows.findLast(({ name }) => LISTERS.test(name))?.start?.fromS ?? null;
      return {
        ...blank,
        format: isStat ? 'proc-stat' : 'proc-status',
        rows,
        nowS,
        clock: 'boot',
        showsState: true,
      };
    }
    if (this.#pstree !== null && this.#pstree.rows.length > 1) {
      const { rows, counted, threads } = this.#pstree;
      return { ...blank, format: 'pstree', rows, counted, threadRows: threads + rows.length };
    }
    const counted = this.#counts?.counted(this.#around.command) ?? [];
    return counted.length > 0 ? { ...blank, format: 'ppid-count', counted } : blank;
  }
}

/** PID or PPID first? Without a head the column in which PIDs stand twice is that of the parents. */
function sorted(columns: Column[], rows: readonly ReadRow[]): Column[] {
  const differing = (values: (number | null)[]): number => new Set(values).size;
  const byPid = differing(rows.map(({ pid }) => pid));
  if (
    columns[0].kind !== 'pid' ||
    columns[1].kind !== 'ppid' ||
    byPid >= differing(rows.map(({ ppid }) => ppid))
  )
    return columns;
  return [columns[1], columns[0], ...columns.slice(2)];
}
