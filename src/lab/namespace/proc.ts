/** The /proc of a private namespace, and of the machine around it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { parseNspid, parseStat, type StatRow } from '../../procfs/stat.js';

/** Every process in a `proc` mount, in the order of PIDs. Empty when the mount has gone. */
export function readTasks(procDir: string): StatRow[] {
  const tasks: StatRow[] = [];
  for (const name of listPids(procDir)) {
    const task = parseStat(readOrEmpty(`${procDir}/${name}/stat`));
    if (task !== null) tasks.push(task);
  }
  return tasks;
}

/** The processes of a namespace, zombies included: from the PID inside to the PID that this process sees. */
export function hostPids(initPid: number): Map<number, number> {
  const found = new Map<number, number>();
  const namespace = namespaceOf(String(initPid));
  for (const name of listPids('/proc')) {
    const pids = parseNspid(readOrEmpty(`/proc/${name}/status`));
    if (pids === null || pids.length < 2 || namespace === null || namespaceOf(name) !== namespace) continue;
    found.set(pids.at(-1)!, Number(name));
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

/** The text of a file; empty if it cannot be read. */
export function readOrEmpty(path: string, encoding: BufferEncoding = 'utf8'): string {
  try {
    return readFileSync(path, encoding);
  } catch {
    return '';
  }
}

/** PID 1 of the PID namespace that a process is in; null: there is no such process, or it is in ours. */
export function namespaceInit(pid: number): number | null {
  const namespace = namespaceOf(String(pid));
  if (namespace === null || namespace === namespaceOf('self')) return null;
  return hostPids(pid).get(1) ?? null;
}
