/** Process lists that have no columns: `pstree`, `sort | uniq -c`, the text of /proc. */
import { type CapturedRow, capturedRow, nameOf } from './captured-row.js';
import { columnsOf, headOfCommand } from './columns.js';
import { startAt } from './start-time.js';
import { parseStatAndStart } from './stat.js';

/** So many of a name, below a parent, as a summary shows them. */
export interface Counted {
  /** null: not told. */
  ppid: number | null;
  parent: string | null;
  name: string;
  count: number;
  /** What the summary says of their state; null: nothing. */
  isZombie: boolean | null;
  /** `Zl`: main threads that have ended while others of their threads live. */
  isDeadLeader?: boolean;
}

// ------------------------------------------------------------------------------------------------- pstree

const LINK = /-\+-|-{3}|─┬─|─{3}/;
const LEADING = /^(?:[\s|│`├└]|[-─](?=\S))*/;

/** Also without PIDs, where equal leaves are `519*[curl]`; with `-a` a line has one process. */
export class PstreeReader {
  /** The parent of what begins in this column. */
  readonly #parents = new Map<number, CapturedRow | null>();
  readonly rows: CapturedRow[] = [];
  readonly counted: Counted[] = [];
  threads = 0;
  #unnamed = 0;

  /** Whether a line can be the first of a tree. */
  static begins(line: string): boolean {
    if (line.length > 20_000) return false;
    return (
      /^[\w.@-]+(\(\d+(,\d*)?\))?(-\+-|---|─┬─|───)[\w{(]/.test(line) ||
      /^[\w.-]+(\(\d+\)$|,\d+( |$))/.test(line)
    );
  }

  read(line: string): boolean {
    let at = LEADING.exec(line)![0].length;
    if (line.length === at || (at === 0 && !PstreeReader.begins(line))) return false;
    // A zombie has no arguments: its name, which may hold blanks, stands in parentheses.
    const compact = /^(?:\(([^,]{1,20}),(\d+)\)|([^\s,()]+),(\d+))(?:,\S+)?(?:\s|$)/.exec(line.slice(at));
    let parent: CapturedRow | null = this.#parents.get(compact === null ? at : this.#nearest(at)) ?? null;
    if (compact !== null) {
      const row = this.#add(`${compact[1] ?? compact[3]}(${compact[2] ?? compact[4]})`, parent);
      if (row) this.#parents.set(at, row);
      return row !== undefined;
    }
    for (let rest = line.slice(at); ; rest = line.slice(at)) {
      const link = LINK.exec(rest);
      const row = this.#add((link === null ? rest : rest.slice(0, link.index)).trimEnd(), parent);
      if (row === undefined) return false;
      for (const column of this.#parents.keys()) if (column > at) this.#parents.delete(column);
      this.#parents.set(at, parent);
      if (link === null) return true;
      parent = row;
      at += link.index + link[0].length;
    }
  }

  /** The nearest column to the left that has a process. */
  #nearest(at: number): number {
    return Math.max(-1, ...[...this.#parents.keys()].filter((column) => column < at));
  }

  /** Null: no process, but threads or so many of a name; undefined: nothing of a tree. */
  #add(text: string, parent: CapturedRow | null): CapturedRow | null | undefined {
    const match = /^(?:(\d+)\*)?\[?(\{?)(\S(?:.{0,30}?\S)?)\}?\]?(?:\((\d+)(?:,[^)]*)?\))?$/.exec(text);
    if (match === null) return undefined;
    const [, times, brace, name, pid] = match;
    if (brace !== '') {
      this.threads += Number(times ?? 1);
      return null;
    }
    const ppid = parent === null ? 0 : parent.pid;
    if (times !== undefined) {
      const count = Number(times);
      this.counted.push({
        ppid: ppid < 1 ? null : ppid,
        parent: parent?.name ?? null,
        name,
        count,
        isZombie: null,
      });
      return null;
    }
    const row = capturedRow({ pid: pid === undefined ? --this.#unnamed : Number(pid), name, ppid });
    this.rows.push(row);
    return row;
  }
}

// -------------------------------------------------------------------------------------------- sort | uniq -c

const COUNTED = /^\s*(\d{1,9})\s+(\S.*)$/;

/** Lines of `sort | uniq -c`, with the columns that the command or a counted head tells. */
export class CountsReader {
  readonly #lines: [count: number, rest: string][] = [];

  /** @param command null: not shown. */
  constructor(private readonly command: string | null) {}

  /** The head of a list, counted once as every line is: so it is known without the command. */
  static isHead(line: string): boolean {
    return isHeadOfCounts(/^\s*1\s+(.*)$/.exec(line)?.[1] ?? '');
  }

  read(line: string): boolean {
    const match = COUNTED.exec(line);
    if (match === null || this.#lines.length >= 100_000) return match !== null;
    this.#lines.push([Number(match[1]), match[2]]);
    return true;
  }

  counted(): Counted[] {
    const { command } = this;
    const head =
      this.#lines.map(([, rest]) => rest).find((rest) => isHeadOfCounts(rest)) ??
      headOfCommand(command ?? '');
    const heads = head?.trim().split(/\s+/) ?? null;
    // So many rows of one PID are its threads.
    if (heads?.includes('PID')) return [];
    const onlyZombies = keepsZombies(command);
    return this.#lines.flatMap(([count, rest]) => {
      const words = rest.trim().split(/\s+/);
      if (isHeadOfCounts(rest) || (heads ?? []).includes(words[0])) return [];
      return [countedOf(count, words, heads, onlyZombies)];
    });
  }
}

function isHeadOfCounts(text: string): boolean {
  return columnsOf(text) !== null || /^(PPID|STAT|COMMAND|CMD)$/.test(text.trim());
}

/** A filter behind the ps lets nothing but zombies through. */
export function keepsZombies(command: string | null): boolean {
  const filter = command ?? '';
  const isInverse = /grep\s+(-\w*v\w*|--invert\S*)\s+\S*(defunct|Z)/.test(filter);
  return /defunct|\bZ\b|\/\^?Z|==\s*"Z"/.test(filter) && !isInverse;
}

function countedOf(count: number, words: string[], heads: string[] | null, onlyZombies: boolean): Counted {
  const guessed = heads ?? (/^\d+$/.test(words[0]) ? ['PPID'] : []);
  const told = (...names: string[]): string | undefined =>
    words[guessed.findIndex((head) => names.includes(head))];
  const ppid = told('PPID');
  const stat = told('STAT', 'S') ?? words.find((word) => /^[RSDTZI][sl<NL+]*$/.test(word));
  const rest = words.filter((word) => word !== ppid && word !== stat).join(' ');
  const { name, mark } = nameOf(rest);
  const isZombie =
    stat !== undefined ? stat.startsWith('Z') : onlyZombies || mark === 'defunct' ? true : null;
  const isNumber = ppid !== undefined && /^\d{1,10}$/.test(ppid);
  const isDeadLeader = isZombie === true && (stat?.includes('l') ?? false);
  return { ppid: isNumber ? Number(ppid) : null, parent: null, name, count, isZombie, isDeadLeader };
}

// ------------------------------------------------------------------------------------------- text of /proc

const STAT_PREFIX = /^\/proc\/\d+\/stat:/;
/** Up to the name, and after it: that may hold anything. */
const STAT_BEGIN = /^\d+ \(/;
const TICKS_PER_S = 100;

/** A line of /proc/PID/stat; null: it is none. */
export function statRow(line: string): CapturedRow | null {
  const text = line.startsWith('/') ? line.replace(STAT_PREFIX, '') : line;
  const parsed = STAT_BEGIN.test(text) ? parseStatAndStart(text) : null;
  if (parsed === null || !/^[A-Za-z]/.test(parsed.row.stat) || Number.isNaN(parsed.row.ppid)) return null;
  const { pid, ppid, pgid, sid, threads, stat, comm: name } = parsed.row;
  const fromS = parsed.startTicks / TICKS_PER_S;
  const start = Number.isFinite(fromS) ? startAt(fromS, 1 / TICKS_PER_S) : null;
  const mark = stat.startsWith('Z') ? 'defunct' : 'plain';
  return capturedRow({ pid, ppid, pgid, sid, threads, name, stat, start, mark });
}

const STATUS_LINE = /^(?:\/proc\/\d+\/status:)?([A-Za-z_]+):[\t ]*(.*)$/;

/** Lines of /proc/PID/status: a process begins with its Name, or if that is left out with its first key. */
export class StatusReader {
  readonly #byPid = new Map<number, CapturedRow>();
  /** Threads beside the one that gave the process its row. */
  threads = 0;
  #fields: Record<string, string> = {};

  get rows(): CapturedRow[] {
    return [...this.#byPid.values()];
  }

  static begins(line: string): boolean {
    return /^(\/proc\/\d+\/status:)?(Name|State|Pid):\t/.test(line);
  }

  read(line: string): boolean {
    const of = /^\/proc\/(\d+)\/status:/.exec(line)?.[1] ?? /^==> \/proc\/(\d+)\/status <==$/.exec(line)?.[1];
    const match = STATUS_LINE.exec(line);
    if (match === null) return of !== undefined || line.trim() === '';
    const [, key, value] = match;
    if (key in this.#fields || (of !== undefined && of !== (this.#fields.of ?? of))) this.flush();
    this.#fields[key] = value;
    if (of !== undefined) this.#fields.of = of;
    return true;
  }

  flush(): void {
    const { Name, State, Tgid, Pid, PPid, NSpid, NSpgid, NSsid, Threads, of } = this.#fields;
    this.#fields = {};
    const isOne = Name !== undefined && State !== undefined && PPid !== undefined;
    // A grep that has left out the Pid has left the parents.
    const isNameless = Pid === undefined && of === undefined && isOne;
    const pid = isNameless ? -1 - this.#byPid.size : Number(Tgid ?? Pid ?? of);
    if (!Number.isInteger(pid) || pid === 0) return;
    if (this.#byPid.has(pid) && Tgid !== undefined) {
      this.threads++;
      // The leader tells the state of the process.
      if (Tgid !== Pid) return;
    }
    const first = (text: string | undefined): number | null =>
      text === undefined ? null : Number.parseInt(text, 10);
    const inner = NSpid?.trim().split(/\s+/).at(-1);
    const stat = State === undefined ? null : State[0];
    this.#byPid.set(
      pid,
      capturedRow({
        pid,
        name: Name ?? '?',
        stat,
        ppid: first(PPid),
        pgid: first(NSpgid),
        sid: first(NSsid),
        threads: first(Threads),
        innerPid: inner === undefined ? null : Number(inner),
        mark: stat === 'Z' ? 'defunct' : 'plain',
      }),
    );
  }
}
