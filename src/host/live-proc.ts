/**
 * A live /proc, or a saved one, as a list of processes. Reads only. What two scans have in common is read
 * once: where a zombie came from does not change.
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { nothingAround } from '../procfs/around-a-list.js';
import type { Capture } from '../procfs/capture.js';
import { type CapturedRow, SHIM } from '../procfs/captured-row.js';
import { statRow } from '../procfs/other-lists.js';
import { type RowLookup, RowsByPid } from '../procfs/rows-by-pid.js';
import { parseNspid } from '../procfs/stat.js';

const COLUMNS = ['pid', 'ppid', 'pgid', 'sid', 'nlwp', 'stat', 'starttime', 'cgroup', 'comm'];

export class LiveProc {
  readonly #buffer = Buffer.alloc(1 << 16);
  /** Of zombies, by PID and start. */
  #cgroups = new Map<string, string | null>();

  /** @param ofPid the process whose cgroup has the limits; null of a saved /proc, which has none. */
  constructor(
    readonly root: string,
    readonly ofPid: number | 'self' | null,
  ) {}

  /** null: there is no process in it. */
  scan(): Capture | null {
    const rows: CapturedRow[] = [];
    for (const name of this.#names()) {
      // A name may hold line breaks.
      const text = this.#read(`${name}/stat`)
        ?.trimEnd()
        .replace(/[\n\r]/g, '?');
      // It may have ended between the two calls.
      const row = text === undefined ? null : statRow(text);
      if (row !== null) rows.push(row);
    }
    if (rows.length === 0) return null;
    const byPid = new RowsByPid(rows);
    this.#tellWhere(rows, byPid);
    const latestS = rows.reduce((latest, { start }) => Math.max(latest, start?.fromS ?? 0), 0);
    return {
      source: this.root,
      format: 'proc',
      columns: COLUMNS,
      rows,
      byPid,
      counted: [],
      threadRows: null,
      headerCounts: null,
      around: { ...nothingAround(), ...this.#limits() },
      // In a container /proc/uptime may be that of the container, and the starts those of the machine.
      nowS: Math.max(latestS, Number.parseFloat(this.#read('uptime') ?? '0') || 0),
      clock: 'boot',
      isDayAssumed: false,
      showsState: true,
      isPart: false,
      notices: [],
      others: [],
    };
  }

  #names(): string[] {
    try {
      return readdirSync(this.root).filter((name) => /^\d+$/.test(name));
    } catch {
      return [];
    }
  }

  /** Cgroups of zombies and their parents; of parents also the PID within, of shims the arguments. */
  #tellWhere(rows: readonly CapturedRow[], byPid: RowLookup): void {
    const known = this.#cgroups;
    this.#cgroups = new Map();
    const parents = new Set<CapturedRow>();
    for (const row of rows) {
      if (!row.stat?.startsWith('Z')) continue;
      const key = `${row.pid} ${row.start?.fromS}`;
      const cgroup = known.get(key);
      row.cgroup = cgroup === undefined ? this.#cgroupOf(row.pid) : cgroup;
      this.#cgroups.set(key, row.cgroup);
      const parent = byPid.get(row.ppid ?? 0);
      if (parent !== undefined) parents.add(parent);
    }
    for (const row of [...parents]) {
      row.cgroup = this.#cgroupOf(row.pid);
      row.innerPid = parseNspid(this.#read(`${row.pid}/status`) ?? '')?.at(-1) ?? null;
      const above = byPid.get(row.ppid ?? 0);
      for (const shim of [row, above])
        if (shim !== undefined && SHIM.test(shim.name) && shim.args === '')
          shim.args = (this.#read(`${shim.pid}/cmdline`) ?? '').replaceAll('\0', ' ');
    }
  }

  /** The line that tells most: of several hierarchies some have no group of their own. */
  #cgroupOf(pid: number | 'self'): string | null {
    const lines = this.#read(`${pid}/cgroup`)?.trim().split('\n') ?? [];
    return lines.reduce<string | null>(
      (best, line) => (line.length > (best?.length ?? 0) ? line : best),
      null,
    );
  }

  #limits(): Partial<Capture['around']> {
    const count = (path: string): number | null => {
      const text = this.#read(path)?.trim();
      return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
    };
    const limits = { pidMax: count('sys/kernel/pid_max'), threadsMax: count('sys/kernel/threads-max') };
    if (this.ofPid === null || this.ofPid === 'self') return limits;
    const path = this.#read(`/proc/${this.ofPid}/cgroup`)?.match(/^(?:0:|\d+:pids):(.*)$/m)?.[1] ?? '';
    for (const folder of [`/sys/fs/cgroup${path}`, `/sys/fs/cgroup/pids${path}`]) {
      const pidsMax = count(`${folder}/pids.max`);
      if (pidsMax !== null) return { ...limits, pidsMax, pidsCurrent: count(`${folder}/pids.current`) };
    }
    return limits;
  }

  /** @param path within the root, unless it begins with a slash. */
  #read(path: string): string | undefined {
    let file: number | null = null;
    try {
      file = openSync(path.startsWith('/') ? path : `${this.root}/${path}`, 'r');
      return this.#buffer.toString('utf8', 0, readSync(file, this.#buffer, 0, this.#buffer.length, null));
    } catch {
      return undefined;
    } finally {
      if (file !== null) closeSync(file);
    }
  }
}
