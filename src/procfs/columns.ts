/** What the heads of process lists mean, whichever tool printed them. */

/** What a column tells; `other` is one word that says nothing here. */
export type ColumnKind =
  | 'pid'
  | 'ppid'
  | 'pgid'
  | 'sid'
  | 'tid'
  | 'threads'
  | 'stat'
  | 'start'
  | 'elapsed'
  | 'command'
  | 'cgroup'
  | 'tty'
  | 'time'
  | 'number'
  | 'other';

/** Heads of procps, busybox, top and podman; also where top speaks German, French, Spanish, Italian. */
const HEADS: Record<Exclude<ColumnKind, 'other'>, string> = {
  pid: 'PID TGID',
  ppid: 'PPID',
  pgid: 'PGID PGRP PGROUP',
  sid: 'SID SESS SESSION',
  tid: 'LWP TID SPID',
  threads: 'NLWP THCNT nTH NTH THR',
  stat: 'S STAT STATE',
  start: 'STIME START STARTED',
  elapsed: 'ELAPSED',
  command: 'CMD COMMAND ARGS COMM COM. BEFEHL ORDEN COMANDO COMMANDE UCMD UCOMM EXE',
  cgroup: 'CGROUP CGROUPS',
  tty: 'TTY TT',
  time: 'TIME TIME+ TEMPS+ ZEIT+ HORA+ CPUTIME',
  number: '%CPU %MEM C CPU CP VSZ RSS RSZ VIRT RES SHR SZ PRI NI PR F TPGID',
};
const KIND_OF = new Map<string, ColumnKind>(
  Object.entries(HEADS).flatMap(([kind, heads]) =>
    heads.split(' ').map((head) => [head, kind as ColumnKind] as const),
  ),
);
/** Words that stand in the head of a process list and of little else. */
const USERS = ['USER', 'UID', 'RUSER', 'EUSER', 'BENUTZER', 'UTIL.', 'USUARIO', 'UTENTE', 'RUID', 'EUID'];

export interface Column {
  head: string;
  kind: ColumnKind;
  /** Where the head begins: a command column begins there too. */
  at: number;
}

/** The columns of a head line; null: the line is none. */
export function columnsOf(line: string): Column[] | null {
  if (!line.includes('PID') || line.length > 1_000) return null;
  const columns: Column[] = [];
  for (const match of line.matchAll(/\S+/g)) {
    const [head] = match;
    if (!/^[A-Za-z%+.ÉÈ]+$/.test(head) || (!/^[A-Z%]/.test(head) && !KIND_OF.has(head))) return null;
    columns.push({ head, kind: KIND_OF.get(head) ?? 'other', at: match.index });
  }
  const known = columns.filter(({ head, kind }) => kind !== 'other' || USERS.includes(head));
  const isList = columns.some(({ kind }) => kind === 'pid' || kind === 'ppid');
  return isList && known.length >= 2 ? columns : null;
}

/** The heads that `ps -o` prints for the names of its columns, for a list whose head has been cut off. */
const NAMES: Record<string, string> = {
  args: 'COMMAND',
  cmd: 'CMD',
  comm: 'COMMAND',
  command: 'COMMAND',
  ucmd: 'CMD',
  ucomm: 'COMMAND',
  lstart: 'STARTED',
  start: 'STARTED',
  start_time: 'START',
  bsdstart: 'START',
  stime: 'STIME',
  etime: 'ELAPSED',
  etimes: 'ELAPSED',
  s: 'S',
  state: 'S',
  stat: 'STAT',
  session: 'SESS',
  sess: 'SESS',
  pgrp: 'PGRP',
  thcount: 'THCNT',
  pcpu: '%CPU',
  pmem: '%MEM',
  euser: 'EUSER',
};

/** `ps -eo pid,ppid,stat,comm` to the head that it prints; null: no `-o` in it. */
export function headOfCommand(command: string): string | null {
  const ps = /\bps\s+([^|]*)/.exec(command)?.[1];
  if (ps === undefined) return null;
  const lists = [...ps.matchAll(/(?:^|\s)(?:-{0,2}[A-Za-z]*o|--format)[\s=]+([\w,=:%]+)/g)];
  const names = lists.flatMap(([, list]) => list.split(',')).map((name) => name.replace(/[=:].*$/, ''));
  if (names.length === 0) return null;
  return names.map((name) => NAMES[name] ?? name.toUpperCase()).join(' ');
}

/** Layouts of lists without a head, most telling first. */
export const HEADLESS = [
  'UID PID PPID LWP C NLWP STIME TTY TIME CMD',
  'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND',
  'F S UID PID PPID C PRI NI ADDR SZ WCHAN TTY TIME CMD',
  'PPID PID PGID SID TTY TPGID STAT UID TIME COMMAND',
  'PID USER PR NI VIRT RES SHR S %CPU %MEM TIME+ COMMAND',
  'UID PID PPID C STIME TTY TIME CMD',
  'PID PPID PGID SID NLWP STAT STARTED CGROUP COMMAND',
  'PID PPID PGID SID NLWP STAT COMMAND',
  'PID PPID PGID SID STAT STARTED COMMAND',
  'PID PPID PGID SID STAT COMMAND',
  'PID PPID STAT STARTED COMMAND',
  'PID PPID STAT ELAPSED COMMAND',
  'PID PPID STAT COMMAND',
  'PID STAT PPID COMMAND',
  'PID TTY STAT TIME COMMAND',
  'PID USER VSZ STAT COMMAND',
  'PID USER TIME COMMAND',
  'PID TTY TIME CMD',
];

/** The name of a list by its heads, as people call the command that prints it. */
export function formatOf(columns: readonly Column[], isTree: boolean): string {
  const heads = columns.map(({ head }) => head);
  const has = (...some: string[]): boolean => some.every((head) => heads.includes(head));
  if (has('VIRT', 'RES')) return 'top';
  if (has('PPID', 'LWP', 'NLWP', 'STIME')) return 'ps-eLf';
  if (has('PPID', 'C', 'STIME', 'CMD'))
    return columns.length >= 8 && columns[1].at - columns[0].at >= 20 ? 'docker-top' : 'ps-ef';
  if (has('USER', '%CPU', 'VSZ', 'COMMAND')) return isTree ? 'ps-auxf' : 'ps-aux';
  if (has('PPID', 'PGID', 'TPGID')) return isTree ? 'ps-axjf' : 'ps-axj';
  if (has('WCHAN', 'SZ')) return 'ps-el';
  if (has('%CPU', 'ELAPSED', 'PPID')) return 'podman-top';
  if (/^PID USER (TIME|VSZ STAT)?\s?COMMAND$/.test(heads.join(' '))) return 'busybox-ps';
  if (heads.join(' ') === 'PID TTY TIME CMD') return 'ps';
  return 'ps-eo';
}
