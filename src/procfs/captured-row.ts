/** One row of a process list that somebody pasted. What the columns do not show is null, never a guess. */
import { printable } from '../text/printable.js';
import type { StartTime } from './start-time.js';

export interface CapturedRow {
  /** Below 0 when the list has no PID column: nobody's PID. */
  pid: number;
  ppid: number | null;
  pgid: number | null;
  sid: number | null;
  /** LWP: the row is one of a thread. */
  tid: number | null;
  /** NLWP, or the rows of the process in a list of threads. */
  threads: number | null;
  /** The STAT column as it stands; null: there is none. */
  stat: string | null;
  /** `defunct`: it says so; `bare`: `[name]`, a kernel thread or a zombie; `plain`: a command line. */
  mark: 'defunct' | 'bare' | 'plain';
  /** As COMM would have it: the last part of the first word, or of the script that an interpreter runs. */
  name: string;
  /** The command line of a shim (it names its container) or of a grep (what it lets through); else empty. */
  args: string;
  start: StartTime | null;
  cgroup: string | null;
  /** The PID in the innermost namespace, from NSpid; null: not told. */
  innerPid: number | null;
  /** Below the left edge of a drawn tree. */
  depth: number;
}

export function capturedRow(row: Partial<CapturedRow> & Pick<CapturedRow, 'pid' | 'name'>): CapturedRow {
  const { pid, name, ppid = null, pgid = null, sid = null, tid = null, threads = null, stat = null } = row;
  const { mark = 'plain', args = '', start = null, cgroup = null, innerPid = null, depth = 0 } = row;
  return { pid, ppid, pgid, sid, tid, threads, stat, mark, name, args, start, cgroup, innerPid, depth };
}

/** Programs that list processes, or stand behind one that does: what started last is now. */
export const LISTERS = /^(ps|top|pstree|e?grep|sort|head|tail|awk|sed|less|cat|wc|uniq|cut|tee|busybox)$/;
export const SHIM = /shim|conmon/;
/** Programs whose arguments tell something of the list. */
const WITH_ARGS = /shim|conmon|grep/;

const INTERPRETER = /^(sh|bash|dash|ash|ksh|zsh|busybox|python[\d.]*|perl[\d.]*|ruby[\d.]*|php[\d.]*)$/;
/** A zombie and a kernel thread have a name and nothing else. */
const COMM_TEXT_MAX = 100;

export type Named = Pick<CapturedRow, 'mark' | 'name' | 'args' | 'depth'>;

/** What a command column says; `|   \_ ` in front of it is the drawing of `ps --forest`. */
export function nameOf(command: string): Named {
  const drawing = /^[ |\\]/.test(command) ? (/^[ |]*\\_ /.exec(command)?.[0] ?? '') : '';
  const depth = drawing === '' ? 0 : Math.max(1, Math.round(drawing.length / 4));
  const shown = command.slice(drawing.length).trim();
  const text = shown.includes('\t') ? shown.replaceAll('\t', ' ') : shown;
  if (text.length <= COMM_TEXT_MAX && (text[0] === '[' || text.includes('<'))) {
    const bracket = /^\[(.*?)\](?:\s*(<[a-z]*>?)?)?$/.exec(text) ?? /^\[([^\]\s]*)$/.exec(text);
    if (bracket !== null && '<defunct>'.startsWith(bracket[2] ?? ''))
      return { mark: bracket[2] ? 'defunct' : 'bare', name: bracket[1], args: '', depth };
    const defunct = /^(.*?)\s*<d(e|ef|efu|efun|efunc|efunct>?)?$/.exec(text);
    if (defunct !== null)
      return { mark: 'defunct', name: defunct[1].replace(/^\[|\]$/g, ''), args: '', depth };
  }
  const isBraced = text[0] === '{' || text[0] === '(';
  const name = (isBraced && /^[{(]([^})]+)[})](?:\s|$)/.exec(text)?.[1]) || programOf(text);
  return { mark: 'plain', name, args: WITH_ARGS.test(name) ? text.slice(0, 1024) : '', depth };
}

/** A name of figures and dots is a version: its path has been cut off within it. */
const VERSION = /^v?\d[\d.]*$/;

/** Of a path that has been cut off: its last two parts. */
export function cutName(path: string): string {
  return `${path.split('/').slice(-2).join('/')}…`;
}

function programOf(text: string): string {
  const blank = text.indexOf(' ');
  const first = (blank < 0 ? text : text.slice(0, blank)).replace(/^-(?=[a-z])/, '');
  const base = first.slice(first.lastIndexOf('/') + 1) || first;
  const colon = base.indexOf(':');
  // `sshd: ops [priv]`, `nginx: worker process`: a title that the program gave itself.
  if (colon > 0 && !first.startsWith('/')) return base.slice(0, colon);
  if (blank < 0 && first.startsWith('/') && VERSION.test(base)) return cutName(first);
  if (blank < 0 || !first.startsWith('/') || !INTERPRETER.test(base)) return base;
  // `#!/usr/bin/python3` of a script: the kernel names the process after the script.
  const words = text
    .slice(blank, blank + 512)
    .trim()
    .split(/\s+/);
  const script = words.find((word) => !word.startsWith('-'));
  return script?.startsWith('/') ? script.slice(script.lastIndexOf('/') + 1) || base : base;
}

/** A name as it is shown, on one line. */
export function visible(text: string): string {
  return printable(text).replaceAll('\t', '\\x09').replaceAll('\n', '\\x0a');
}
