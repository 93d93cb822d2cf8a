/** One row of a process list that somebody pasted. What the columns do not show is null, never a guess. */
import type { StartTime } from './start-time.js';

export interface CapturedRow {
  /** Below 0 when the list has no PID column: nobody's PID. */
  pid: number;
  ppid: number | null;
  pgid: number | null;
  sid: number | null;
  /** NLWP, or the rows of the process in a list of threads. */
  threads: number | null;
  /** The STAT column as it stands; null: there is none. */
  stat: string | null;
  /** `defunct`: it says so; `bare`: `[name]`, which is a kernel thread or a zombie; `plain`: a command line. */
  mark: 'defunct' | 'bare' | 'plain';
  /** As COMM would have it: the last part of the first word, or of the script that an interpreter runs. */
  name: string;
  /** Whole command line of a shim (who it works for stands there) and of PID 1; else empty. */
  args: string;
  start: StartTime | null;
  cgroup: string | null;
  /** The PID in the innermost namespace, from NSpid; null: not told. */
  innerPid: number | null;
}

/** The largest PID that Linux can be told to hand out is one less (PID_MAX_LIMIT). */
export const PID_LIMIT = 4_194_304;

/** `|   \_ `, as `ps --forest` draws it. */
const BRANCH = /^[ |]*\\_ /;

const INTERPRETER = /^(sh|bash|dash|ash|ksh|zsh|busybox|python[\d.]*|perl[\d.]*|ruby[\d.]*|php[\d.]*)$/;
/** Programs that list processes, or stand behind one that does: what started last is now. */
export const LISTERS = /^(ps|top|pstree|e?grep|sort|head|tail|awk|sed|less|cat|wc|uniq|cut|tee|busybox)$/;
export const SHIM = /shim|conmon/;

/** Levels below the left edge, and the command without the drawing. */
export function unbranch(command: string): { depth: number; command: string } {
  const match = BRANCH.exec(command);
  if (match === null) return { depth: 0, command: command.trimStart() };
  return { depth: Math.max(1, Math.round(match[0].length / 4)), command: command.slice(match[0].length) };
}

export type Named = Pick<CapturedRow, 'mark' | 'name' | 'args'>;

/** What a command column says. */
export function nameOf(command: string): Named {
  const text = command.trim();
  return (text.length <= COMM_TEXT_MAX ? withoutCommandLine(text) : null) ?? withCommandLine(text);
}

/** A zombie and a kernel thread have a name and nothing else. */
const COMM_TEXT_MAX = 100;

function withoutCommandLine(text: string): Named | null {
  if (text[0] !== '[' && !text.includes('<')) return null;
  const bracket = /^\[(.*?)\](?:\s*(<[a-z]*>?)?)?$/.exec(text) ?? /^\[([^\]\s]*)$/.exec(text);
  if (bracket !== null) return { mark: bracket[2] ? 'defunct' : 'bare', name: bracket[1], args: '' };
  const defunct = /^(.*?)\s*<(?:d|de|def|defu|defun|defunc|defunct|defunct>)$/.exec(text);
  if (defunct !== null) return { mark: 'defunct', name: defunct[1].replace(/^\[|\]$/g, ''), args: '' };
  return null;
}

function withCommandLine(text: string): Named {
  const braces = /^[{(]([^})]+)[})](?:\s|$)/.exec(text);
  const name = braces === null ? programOf(text) : braces[1];
  return { mark: 'plain', name, args: SHIM.test(name) ? text.slice(0, 1024) : '' };
}

function programOf(text: string): string {
  // Nothing that matters stands beyond: a line may be as long as a command line.
  const words = text.slice(0, 512).split(/\s+/);
  const first = words[0].replace(/^-(?=[a-z])/, '');
  const title = /^([\w.-]+):/.exec(first);
  if (title !== null && !first.startsWith('/')) return title[1];
  const base = first.slice(first.lastIndexOf('/') + 1) || first;
  const script = words.slice(1).find((word) => !word.startsWith('-'));
  // `#!/usr/bin/python3` of a script: the kernel names the process after the script.
  if (first.startsWith('/') && INTERPRETER.test(base) && script?.startsWith('/'))
    return script.slice(script.lastIndexOf('/') + 1) || base;
  return base;
}

/** Control characters as `\x1b`: a name is shown, never obeyed. */
export function visible(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
