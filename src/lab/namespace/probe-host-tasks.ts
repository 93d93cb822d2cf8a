/** What `/proc` shows of a PID namespace: its tasks, and the numbers that nobody visible holds. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One thread group as seen from inside the namespace. */
export interface SeenTask {
  number: number;
  ppid: number;
  pgid: number;
  sid: number;
  /** As ps prints it: R, S, D, T, t, Z, X. */
  state: string;
  comm: string;
  /** Threads, the main one included. */
  threads: number;
}

/** Every thread group in a `proc` mount, in number order. Empty when the mount has gone. */
export function readTasks(procDir: string): SeenTask[] {
  const tasks: SeenTask[] = [];
  for (const name of listPids(procDir)) {
    const task = parseStat(readOrEmpty(`${procDir}/${name}/stat`));
    if (task !== null) tasks.push(task);
  }
  return tasks;
}

/** One line of /proc/N/stat; null if it is not one. The comm may hold spaces and parentheses. */
export function parseStat(line: string): SeenTask | null {
  const open = line.indexOf('(');
  const close = line.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const fields = line.slice(close + 2).split(' ');
  return {
    number: Number.parseInt(line, 10),
    comm: line.slice(open + 1, close),
    state: fields[0],
    ppid: Number(fields[1]),
    pgid: Number(fields[2]),
    sid: Number(fields[3]),
    threads: Number(fields[17]),
  };
}

/**
 * Pinned numbers: still held as a process group or session by somebody, though no process has them (K10). Every holder
 * is in the list, zombies included, so the list is enough. 0 stands for a group outside the namespace.
 */
export function pinnedPids(tasks: readonly SeenTask[]): number[] {
  const visible = new Set(tasks.map((task) => task.number));
  const named = new Set(tasks.flatMap((task) => [task.pgid, task.sid]));
  return [...named].filter((number) => number !== 0 && !visible.has(number)).sort((a, b) => a - b);
}

/** Every process of the namespace, zombies included: its number inside to its number as this process sees it. */
export function hostPids(initPid: number): Map<number, number> {
  const found = new Map<number, number>();
  const namespace = namespaceOf(String(initPid));
  for (const name of listPids('/proc')) {
    const levels = /^NSpid:\s*(.*)$/m.exec(readOrEmpty(`/proc/${name}/status`))?.[1].split(/\s+/);
    if (levels === undefined || levels.length < 2 || namespace === null || namespaceOf(name) !== namespace)
      continue;
    found.set(Number(levels.at(-1)), Number(name));
  }
  return found;
}

function namespaceOf(name: string): string | null {
  try {
    return readlinkSync(`/proc/${name}/ns/pid`);
  } catch {
    return null;
  }
}

function listPids(procDir: string): string[] {
  try {
    const names = readdirSync(procDir).filter((name) => /^\d+$/.test(name));
    return names.sort((a, b) => Number(a) - Number(b));
  } catch {
    return [];
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
