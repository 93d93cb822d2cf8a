/** What the heads of process lists mean, whichever tool printed them. The words: lists.json. */
import lists from './lists.json' with { type: 'json' };

/** What a column tells; `other` is one word that says nothing here. */
export type ColumnKind = keyof typeof lists.heads | 'other';

export interface Column {
  head: string;
  kind: ColumnKind;
  /** Where the head begins: a command column begins there too. */
  at: number;
}

const KIND_OF = new Map(
  Object.entries(lists.heads).flatMap(([kind, heads]) =>
    heads.split(' ').map((head) => [head, kind as ColumnKind]),
  ),
);
const NAMES: Record<string, string> = lists.names;

/** The columns of a head line; null: the line is none. */
export function columnsOf(line: string): Column[] | null {
  if (!line.includes('PID') || line.length > 1_000) return null;
  const columns: Column[] = [];
  for (const { 0: head, index } of line.matchAll(/\S+/g)) {
    if (!/^[A-Z%][A-Za-z%+.]*$/.test(head) && !KIND_OF.has(head)) return null;
    columns.push({ head, kind: KIND_OF.get(head) ?? 'other', at: index });
  }
  const isList = columns.some(({ kind }) => kind === 'pid' || kind === 'ppid');
  return isList && columns.filter(({ kind }) => kind !== 'other').length > 1 ? columns : null;
}

const EF = 'UID PID PPID C STIME TTY TIME CMD';
const AUX = 'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND';

/**
 * `ps -eo pid,ppid,stat,comm` to the head that it prints; what awk prints of its words has their heads: of
 * `ps -ef`, `$3` is the PPID. Null: it is no command whose columns are known.
 */
export function headOfCommand(command: string): string | null {
  const ps = /\bps\s+([^|]*)/.exec(command)?.[1];
  if (ps === undefined) return null;
  const given = [...ps.matchAll(/(?:^|\s)(?:-{0,2}[A-Za-z]*o\s*|--format[\s=]+)([a-z_]\w*[\w,=:%]*)/g)];
  const names = given.flatMap(([, names]) => names.split(',')).map((name) => name.replace(/[=:].*$/, ''));
  const told = names.map((name) => NAMES[name] ?? name.toUpperCase()).join(' ');
  const usual = /(^|\s)-\w*(e\w*f|f\w*e)/.test(ps) ? EF : /(^|\s)-?a?u\w*x|xu|xau/.test(ps) ? AUX : null;
  const head = told || usual;
  const printed = /\bprint([\s$\d,"NF]+)/.exec(command)?.[1].match(/\$(\d+|NF)/g);
  if (head === null || !printed) return head;
  const words = head.split(' ').flatMap((name, at) => (names[at] === 'lstart' ? LSTART_WORDS : name));
  return printed
    .map((field) => words.at(field === '$NF' ? -1 : Number(field.slice(1)) - 1) ?? 'OTHER')
    .join(' ');
}

/** lstart prints five words; one of them alone tells nothing. */
const LSTART_WORDS = Array.from({ length: 5 }, () => 'OTHER');

/** By their heads, the name of the command that prints them. First come those that tell most. */
const FORMATS = lists.formats.map(([format, heads]) => [format, heads.split(' ')] as const);

export function formatOf(columns: readonly Column[], isTree: boolean): string {
  const heads = columns.map(({ head }) => head);
  const found = FORMATS.find(([, some]) => some.every((head) => heads.includes(head)))?.[0];
  // docker pads every column to twenty.
  if (found === 'ps-ef' && columns[1].at - columns[0].at >= 20) return 'docker-top';
  if (found !== undefined) return isTree && /^ps-a/.test(found) ? `${found}f` : found;
  if (/^PID USER (TIME |VSZ STAT )?COMMAND$/.test(heads.join(' '))) return 'busybox-ps';
  return heads.join(' ') === 'PID TTY TIME CMD' ? 'ps' : 'ps-eo';
}

/** Layouts of lists without a head, most telling first. */
export const HEADLESS: readonly (readonly Column[])[] = lists.headless.map((head) => columnsOf(head)!);
