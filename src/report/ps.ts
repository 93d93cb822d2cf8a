/**
 * A simulated `ps`, in the form of `ps -eo pid,ppid,pgid,sid,nlwp,stat,args`: flat in the order of PIDs, or
 * as a forest as `ps -e --forest` draws it, in which siblings that are the same zombie many times over become
 * one line.
 */
import { pinnedPids } from '../procfs/pinned.js';
import { isZombie } from '../procfs/process-row.js';
import type { NamespaceProcesses, NodeProcess } from '../run/result.js';
import { formatCount, plural } from '../text/figures.js';
import { printable } from '../text/printable.js';
import { didYouMean } from '../text/suggest.js';
import { type Align, plainTable } from '../text/table.js';
import { dateText, secondsOf } from '../text/wall-clock.js';
import { API_VERSION } from './document.js';

export const PS_FORMATS = ['table', 'wide', 'json', 'ef', 'aux'] as const;

/** As `ps` names a task without a command line: a zombie's arguments have gone with its memory. */
function commandOf(row: NodeProcess): string {
  const comm = printable(row.comm);
  return isZombie(row) ? `[${comm}] <defunct>` : comm;
}

/**
 * The line that says what the listing cannot show.
 *
 * @param among the whole listing, if the rows are a part of it.
 */
export function psFooter(rows: readonly NodeProcess[], among = rows): string {
  return pinnedFooter(pinnedPids(rows, among).length);
}

/** A line stands for one process, or for several zombies that differ in nothing but their PIDs. */
export interface PsEntry {
  row: NodeProcess;
  count: number;
  prefix: string;
  depth: number;
}

/** As ps has it: numbers to the right, from this column on words to the left. */
const WORDS_FROM = 5;
const HEADS = ['PID', 'PPID', 'PGID', 'SID', 'NLWP', 'STAT'];
const WIDE_HEADS = ['NSPID', 'POD', 'CONTAINER'];
/** What stands where several processes differ. */
const VARIOUS = '-';

export interface PsOptions {
  /** Children below their parents, zombies of a kind in one line. */
  tree?: boolean;
  /** Also the PIDs in inner namespaces, the pod and the container. */
  wide?: boolean;
}

/** @returns a head line and one line per process, in the order of the rows; ends in a newline. */
export function renderPs(
  rows: readonly NodeProcess[],
  { tree = false, wide = false }: PsOptions = {},
): string {
  return render(tree ? forest(rows) : rows.map((row) => ({ row, count: 1, prefix: '', depth: 0 })), wide);
}

function render(entries: readonly PsEntry[], wide: boolean): string {
  const heads = [...HEADS, ...(wide ? WIDE_HEADS : []), 'CMD'];
  const align = heads.map((_, column): Align => (column < WORDS_FROM ? 'right' : 'left'));
  const rows = [heads, ...entries.map((entry) => cellsOf(entry, wide))];
  return `${plainTable(rows, { align, gap: ' ' }).join('\n')}\n`;
}

function cellsOf({ row, count, prefix }: PsEntry, wide: boolean): string[] {
  const { pid, ppid, pgid, sid, threads, stat, nspid, pod, container } = row;
  const many = count > 1;
  const number = (value: number): string => (many ? VARIOUS : String(value));
  const cells = [number(pid), String(ppid), number(pgid), number(sid), String(threads), stat];
  if (wide) cells.push(many ? VARIOUS : nspid.join(','), pod ?? '-', container ?? '-');
  return [...cells, `${prefix}${many ? `${formatCount(count)} × ` : ''}${commandOf(row)}`];
}

// ------------------------------------------------------------------------------------------- chosen columns

/** The run begins at midnight: dates are the simulation's own. */
const BEGIN_S = secondsOf(2026, 1, 1);
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const WEEKDAYS = 'Thu Fri Sat Sun Mon Tue Wed'.split(' ');

type Cell = (row: NodeProcess, nowS: number) => string | number;

/** By the name that `ps -o` has: the head, and the cell. Memory and CPU time are not modelled: `-`. */
const PS_COLUMNS: Record<string, [head: string, cell: Cell, align?: 'left']> = {
  pid: ['PID', ({ pid }) => pid],
  ppid: ['PPID', ({ ppid }) => ppid],
  pgid: ['PGID', ({ pgid }) => pgid],
  sid: ['SID', ({ sid }) => sid],
  nlwp: ['NLWP', ({ threads }) => threads],
  stat: ['STAT', ({ stat }) => stat, 'left'],
  s: ['S', ({ stat }) => stat[0], 'left'],
  user: ['USER', ({ uid = 0 }) => (uid === 0 ? 'root' : uid), 'left'],
  uid: ['UID', ({ uid = 0 }) => uid],
  c: ['C', () => 0],
  pcpu: ['%CPU', () => '-'],
  pmem: ['%MEM', () => '-'],
  vsz: ['VSZ', () => '-'],
  rss: ['RSS', () => '-'],
  tty: ['TTY', () => '?', 'left'],
  time: ['TIME', () => '00:00:00'],
  stime: ['STIME', ({ startSeconds = 0 }, nowS) => shortTime(startSeconds, nowS)],
  lstart: ['STARTED', ({ startSeconds = 0 }) => longTime(startSeconds)],
  etimes: ['ELAPSED', ({ startSeconds = 0 }, nowS) => Math.floor(nowS - startSeconds)],
  cgroup: [
    'CGROUP',
    ({ pod, container }) => (pod ? `0::/kubepods/${pod}/${container ?? 'sandbox'}` : '-'),
    'left',
  ],
  pod: ['POD', ({ pod }) => pod ?? '-', 'left'],
  container: ['CONTAINER', ({ container }) => container ?? '-', 'left'],
  nspid: ['NSPID', ({ nspid }) => nspid.join(','), 'left'],
  comm: ['COMMAND', ({ comm }) => printable(comm), 'left'],
  args: ['COMMAND', (row) => bracketed(row), 'left'],
  cmd: ['CMD', (row) => bracketed(row), 'left'],
};
const PRESETS: Record<string, string> = {
  ef: 'user,pid,ppid,c,stime,tty,time,cmd',
  aux: 'user,pid,pcpu,pmem,vsz,rss,tty,stat,stime,time,args',
};

/** A kernel thread has no command line either. */
function bracketed(row: NodeProcess): string {
  return isKernelThread(row) ? `[${printable(row.comm)}]` : commandOf(row);
}

function shortTime(startS: number, nowS: number): string {
  const text = dateText(BEGIN_S + startS);
  if (text.slice(0, 10) === dateText(BEGIN_S + nowS).slice(0, 10)) return text.slice(11, 16);
  return `${MONTHS[Number(text.slice(5, 7)) - 1]}${text.slice(8, 10)}`;
}

function longTime(startS: number): string {
  const [date, clock] = dateText(BEGIN_S + startS).split(' ');
  const [year, month, day] = date.split('-');
  const weekday = WEEKDAYS[Math.floor(startS / 86_400) % 7];
  return `${weekday} ${MONTHS[Number(month) - 1]} ${String(Number(day)).padStart(2)} ${clock} ${year}`;
}

/** Names of columns that there are not, each with what may have been meant. */
export function unknownColumns(format: string): string[] {
  const names = (PRESETS[format] ?? format).split(',');
  const unknown = names.filter((name) => !Object.hasOwn(PS_COLUMNS, name));
  return unknown.map(
    (name) => didYouMean(name, Object.keys(PS_COLUMNS)) ?? `there are: ${Object.keys(PS_COLUMNS).join(', ')}`,
  );
}

/** As `ps -eo LIST` prints it at a time. @param format `ef`, `aux`, or names with commas between. */
export function renderColumns(rows: readonly NodeProcess[], format: string, nowS: number): string {
  const columns = (PRESETS[format] ?? format).split(',').map((name) => PS_COLUMNS[name]);
  const heads = columns.map(([head]) => (format === 'ef' && head === 'USER' ? 'UID' : head));
  const cells = rows.map((row) => columns.map(([, cell]) => String(cell(row, nowS))));
  const align = columns.map(([, , side]): Align => side ?? 'right');
  return `${plainTable([heads, ...cells], { align, gap: ' ' }).join('\n')}\n`;
}

// ------------------------------------------------------------------------------------------------ the forest

/** A process, or one that stands for `count` alike. */
export interface CountedProcess extends NodeProcess {
  count?: number;
}

/**
 * Parents before their children, and zombies of a kind in one entry.
 *
 * @param doCollapse false: each zombie for itself.
 */
export function forest(rows: readonly CountedProcess[], doCollapse = true): PsEntry[] {
  const { roots, childrenOf } = families(rows);
  const entries: PsEntry[] = [];
  // Depth first with a stack of our own: a chain of forks can be as long as the PID table is large.
  const stack: Growth[] = branchesOf(roots, childrenOf, '', 0, doCollapse);
  for (let growth = stack.pop(); growth !== undefined; growth = stack.pop()) {
    const { row, count, prefix, depth } = growth;
    entries.push({ row, count, prefix, depth });
    const children = childrenOf.get(growth.row.pid);
    if (children !== undefined)
      stack.push(...branchesOf(children, childrenOf, growth.indent, growth.depth + 1, doCollapse));
  }
  return entries;
}

type Family = Map<number, CountedProcess[]>;

function families(rows: readonly CountedProcess[]): { roots: CountedProcess[]; childrenOf: Family } {
  const listed = new Set(rows.map(({ pid }) => pid));
  const childrenOf: Family = new Map();
  const roots: CountedProcess[] = [];
  for (const row of rows) {
    if (!listed.has(row.ppid) || row.ppid === row.pid) {
      roots.push(row);
      continue;
    }
    const children = childrenOf.get(row.ppid);
    if (children === undefined) childrenOf.set(row.ppid, [row]);
    else children.push(row);
  }
  return { roots, childrenOf };
}

interface Growth extends PsEntry {
  /** What the lines of the descendants begin with. */
  indent: string;
}

/** Deeper levels are drawn at this one: a long chain of forks would take a line as long as itself. */
const DEPTH_DRAWN_MAX = 40;

/** In reverse, as a stack wants them. */
function branchesOf(
  siblings: readonly CountedProcess[],
  childrenOf: Family,
  indent: string,
  depth: number,
  doCollapse: boolean,
): Growth[] {
  const branches = doCollapse
    ? collapse(siblings, childrenOf)
    : siblings.map((row) => ({ row, count: row.count ?? 1 }));
  return branches
    .map((branch, index) => {
      if (depth === 0) return { ...branch, prefix: '', indent: '', depth };
      const step = depth > DEPTH_DRAWN_MAX ? '' : index === branches.length - 1 ? '    ' : ' |  ';
      return { ...branch, prefix: `${indent} \\_ `, indent: indent + step, depth };
    })
    .reverse();
}

type Branch = Omit<PsEntry, 'prefix' | 'depth'>;

/** Childless zombies of one name become one branch, which stands where the first of them would. */
function collapse(siblings: readonly CountedProcess[], childrenOf: Family): Branch[] {
  const branches: Branch[] = [];
  const zombies = new Map<string, Branch>();
  for (const row of siblings) {
    const { count = 1 } = row;
    if (!isZombie(row) || childrenOf.has(row.pid)) {
      branches.push({ row, count: 1 });
      continue;
    }
    const key = JSON.stringify([row.comm, row.stat, row.threads, row.pod, row.container]);
    const known = zombies.get(key);
    if (known !== undefined) {
      known.count += count;
      continue;
    }
    const branch = { row, count };
    zombies.set(key, branch);
    branches.push(branch);
  }
  return branches;
}

// ---------------------------------------------------------------------------------------------------- JSON

/** What `pidsim ps -o json` gives: the processes of each PID namespace, and the PIDs pinned in it. */
export function psDocument(listings: readonly (NamespaceProcesses & { among?: NodeProcess[] })[]) {
  const namespaces = listings.map(({ among, ...listing }) => ({
    ...listing,
    pinnedPids: pinnedPids(listing.processes, among),
  }));
  return { apiVersion: API_VERSION, kind: 'ProcessList', namespaces };
}

export function pinnedFooter(pinned: number): string {
  if (pinned === 0) return 'No PID is pinned: ps shows every PID that is taken.';
  const [verb, leaders] = pinned === 1 ? ['is', 'its leader has'] : ['are', 'their leaders have'];
  const taken = `${plural(pinned, 'more PID')} ${verb} taken, which ps cannot show`;
  const why = 'but processes above still belong to the session or process group';
  return `${taken}: ${leaders} been reaped, ${why}.`;
}

// ------------------------------------------------------------------------------------------ a part of a list

export interface PsPart {
  /** Only descendants of the processes with this name, or of the one with this PID; undefined: everything. */
  under?: string;
  /** False: without the kernel's threads, which are many and have no part in a leak. */
  kernelThreads: boolean;
  /** With the ancestors of those, so that they form one tree. */
  withAncestors: boolean;
}

/** Null: no process has the name or PID. The order of the rows stays. */
export function partOf(rows: readonly NodeProcess[], part: PsPart): NodeProcess[] | null {
  const listed = part.kernelThreads ? [...rows] : rows.filter((row) => !isKernelThread(row));
  if (part.under === undefined) return listed;
  const tops = new Set(listed.filter((row) => isCalled(row, part.under!)).map(({ pid }) => pid));
  if (tops.size === 0) return null;
  const parents = new Map(listed.map(({ pid, ppid }) => [pid, ppid]));
  const shown = new Set<number>();
  for (const { pid } of listed) {
    const above = pathAbove(pid, parents);
    if (!above.some((ancestor) => tops.has(ancestor))) continue;
    for (const each of part.withAncestors ? [pid, ...above] : [pid]) shown.add(each);
  }
  return listed.filter(({ pid }) => shown.has(pid));
}

export function isKernelThread({ comm, ppid, pod }: NodeProcess): boolean {
  return comm === 'kthreadd' || (pod === null && ppid === 2);
}

function isCalled({ pid, comm }: NodeProcess, name: string): boolean {
  return comm === name || String(pid) === name;
}

/** Its parent, and the parent's parent, up to the one whose parent is not listed. */
function pathAbove(pid: number, parents: ReadonlyMap<number, number>): number[] {
  const path: number[] = [];
  for (let at = parents.get(pid); at !== undefined && at !== pid && parents.has(at); at = parents.get(at))
    path.push(at);
  return path;
}
