/** What stands around a process list: prompts, commands, dates, limits; and what is no such list at all. */
import lists from './lists.json' with { type: 'json' };
import { dateOf } from './start-time.js';

const LIMITS = {
  pid_max: 'pidMax',
  'threads-max': 'threadsMax',
  'pids.max': 'pidsMax',
  'pids.current': 'pidsCurrent',
} as const;
export type LimitKey = (typeof LIMITS)[keyof typeof LIMITS];
export const LIMIT_KEYS = Object.values(LIMITS);

/** Found beside the list. A limit that the text does not tell is null. */
export interface Surroundings extends Record<LimitKey, number | null> {
  host: string | null;
  /** Pod, `pod/container`, or container, if the list was made in one. */
  container: string | null;
  /** `top`: asked of the runtime; `exec`: the command ran inside. */
  via: 'exec' | 'top' | null;
  command: string | null;
  dateS: number | null;
}

export function nothingAround(): Surroundings {
  const limits = { pidMax: null, threadsMax: null, pidsMax: null, pidsCurrent: null };
  return { host: null, container: null, via: null, command: null, dateS: null, ...limits };
}

const TOOLS =
  'sudo|kubectl|oc|docker|podman|nerdctl|crictl|ctr|ssh|nsenter|' +
  'ps|top|pstree|cat|for|sysctl|date|watch|busybox';
/** What stands before `#`, `$`, `>` or `%`. */
const PROMPTS = [
  /\[[\w.-]+@([\w.-]+)[^\]]*\]/,
  /(?:\([\w.-]+\) ?)?[\w.-]+@([\w.-]+)(?::|\s)?[^$#>%]*/,
  /PS [A-Z]:[^>]*|[\w.-]*sh-[\d.]+|[/~][\w./~-]*|/,
];
const PROMPT = new RegExp(`^(?:${PROMPTS.map(({ source }) => source).join('|')})\\s*[#$>%]\\s*(.*)$`);
const BARE_COMMAND = new RegExp(`^(?:\\+ )?((?:${TOOLS})\\s.*)$`);
const WITH_VALUE =
  /^(-n|--namespace|-c|--container|-u|--user|-w|--workdir|-e|--env|--context|--kubeconfig|-r|-t)$/;

/** The command that a line of a terminal shows; null: the line is none. */
export function commandOf(line: string): { command: string; host: string | null } | null {
  if (line.length > 2_000) return null;
  const prompt = PROMPT.exec(line);
  if (prompt !== null) return { command: prompt[3].trim(), host: prompt[1] ?? prompt[2] ?? null };
  const bare = BARE_COMMAND.exec(line);
  return bare === null ? null : { command: bare[1], host: null };
}

/** Takes note of a command: where it runs, and which limits it is about to print. @returns those limits. */
export function noteCommand(around: Surroundings, command: string, host: string | null): LimitKey[] {
  if (host !== null) around.host = host;
  if (/^(exit|logout)\b/.test(command)) Object.assign(around, { container: null, via: null });
  const inside =
    /\b(kubectl|oc|docker|podman|nerdctl|crictl)\b.*?\s(exec|top|debug|container exec)\s+(.*)$/.exec(command);
  if (inside !== null) {
    const [, tool, verb, rest] = inside;
    around.via = verb === 'top' ? 'top' : 'exec';
    around.container = containerIn(tool, rest, command);
  }
  if (/\b(ps|top|pstree|cat|head|grep)\b/.test(command)) around.command = command;
  return [...command.matchAll(/pid_max|threads-max|pids\.max|pids\.current/g)].map(
    ([name]) => LIMITS[name as keyof typeof LIMITS],
  );
}

function containerIn(tool: string, rest: string, command: string): string | null {
  const words = rest.split(/\s+/);
  let at = 0;
  while (at < words.length && words[at].startsWith('-')) {
    // docker's and crictl's -t takes no value.
    at += WITH_VALUE.test(words[at]) && words[at] !== '-t' && words[at] !== '-r' ? 2 : 1;
  }
  const name = words[at]?.replace(/^pods?\//, '') || null;
  const container = / (?:-c|--container)[ =](\S+)/.exec(command.split(' -- ')[0])?.[1];
  const isPod = tool === 'kubectl' || tool === 'oc';
  return name !== null && isPod && container !== undefined ? `${name}/${container}` : name;
}

/** Takes note of a line that is no row. @returns whether it said anything. */
export function noteLine(around: Surroundings, line: string, awaited: LimitKey[]): boolean {
  if (line.length > 500) return false;
  const text = line.trim();
  const named = /(pid_max|threads-max|pids\.max|pids\.current)\s*[:= ]\s*(\d+)$/.exec(text);
  if (named !== null) {
    around[LIMITS[named[1] as keyof typeof LIMITS]] = Number(named[2]);
    return true;
  }
  if (awaited.length > 0 && /^(\d+|max)$/.test(text)) {
    const key = awaited.shift()!;
    if (text !== 'max') around[key] = Number(text);
    return true;
  }
  const defaulted = /^Default(?:ed|ing) container (?:name to )?"?([\w.-]+?)"?\.?(?: out of.*)?$/.exec(text);
  if (defaulted !== null) {
    if (around.container !== null) around.container += `/${defaulted[1]}`;
    return true;
  }
  const isDate = text.length < 60 && /\d:\d\d/.test(text) && !/^\d+\s/.test(text);
  const dateS = isDate ? dateOf(text) : null;
  if (dateS !== null) around.dateS = dateS;
  return dateS !== null || /^\d+\.\d+ \d+\.\d+ \d+\.\d+ \d+\/\d+ \d+$/.test(text);
}

const OTHERS = Object.entries(lists.others).map(([id, pattern]) => [id, new RegExp(pattern, 'i')] as const);

const ANY = new RegExp(Object.values(lists.others).join('|'), 'i');

/** What people paste instead of a process list; null: nothing that is known. */
export function otherThing(line: string): string | null {
  if (line.length > 1_000 || !ANY.test(line)) return null;
  return OTHERS.find(([, pattern]) => pattern.test(line))?.[0] ?? null;
}
