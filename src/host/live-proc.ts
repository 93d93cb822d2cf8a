/**
 * A live /proc, or a saved one, as a list of processes. Reads only. A zombie does not change while its
 * parent lives, so a later scan asks only whether it is still the same one. That takes a third of the time of
 * reading it again.
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { nothingAround } from '../procfs/around-a-list.js';
import { blankCapture, type Capture } from '../procfs/capture.js';
import { type CapturedRow, SHIM } from '../procfs/captured-row.js';
import { statRow } from '../procfs/other-lists.js';
import { type RowLookup, RowsByPid } from '../procfs/rows-by-pid.js';
import { parseNspid } from '../procfs/stat.js';

const COLUMNS = ['pid', 'ppid', 'pgid', 'sid', 'nlwp', 'stat', 'starttime', 'cgroup', 'comm'];

export class LiveProc {
  readonly #buffer = Buffer.alloc(1 << 16);
  /** Zombies of the last scan by PID, and the inode of each: a later process of that PID has another. */
  #zombies = new Map<number, { row: CapturedRow; inode: number }>();
  #before: RowLookup = new RowsByPid();

  /** @param ofPid the process whose cgroup has the limits; null of a saved /proc, which has none. */
  constructor(
    readonly root: string,
    readonly ofPid: number | 'self' | null,
  ) {}

  /** null: there is no process in it. */
  scan(): Capture | null {
    const rows: CapturedRow[] = [];
    const known: number[] = [];
    for (const name of this.#names()) {
      const zombie = this.#zombies.get(Number(name));
      const isSame = zombie !== undefined && zombie.inode === this.#inodeOf(name);
      const row = isSame ? zombie.row : this.#rowOf(name);
      if (isSame) known.push(rows.length);
      if (row !== null) rows.push(row);
    }
    if (rows.length === 0) return null;
    const byPid = new RowsByPid(rows);
    for (const index of known) if (this.#hasOtherParent(rows[index], byPid)) this.#readAgain(rows, index);
    this.#tellWhere(rows, byPid);
    this.#before = byPid;
    const latestS = rows.reduce((latest, { start }) => Math.max(latest, start?.fromS ?? 0), 0);
    return {
      ...blankCapture(this.root, { ...nothingAround(), ...this.#limits() }),
      format: 'proc',
      columns: COLUMNS,
      rows,
      byPid,
      // In a container /proc/uptime may be that of the container, and the starts those of the machine.
      nowS: Math.max(latestS, Number.parseFloat(this.#read('uptime') ?? '0') || 0),
      clock: 'boot',
      showsState: true,
    };
  }

  #names(): string[] {
    try {
      return readdirSync(this.root).filter((name) => /^\d+$/.test(name));
    } catch {
      return [];
    }
  }

  /** Null: it has ended since it was listed. */
  #rowOf(name: string): CapturedRow | null {
    const text = this.#read(`${name}/stat`);
    return text === undefined ? null : statRow(text);
  }

  #inodeOf(name: string): number | undefined {
    return statSync(`${this.root}/${name}`, { throwIfNoEntry: false })?.ino;
  }

  /** A zombie whose parent has ended is given to another. */
  #hasOtherParent({ ppid }: CapturedRow, byPid: RowLookup): boolean {
    const [before, now] = [this.#before.get(ppid ?? 0), byPid.get(ppid ?? 0)];
    return before === undefined || now === undefined || before.start?.fromS !== now.start?.fromS;
  }

  /** The earlier scan still holds this row, so it is replaced and not changed. */
  #readAgain(rows: CapturedRow[], index: number): void {
    const row = this.#rowOf(String(rows[index].pid));
    if (row !== null) rows[index] = { ...row, cgroup: rows[index].cgroup };
  }

  /** Cgroups of zombies and their parents; of parents also the PID within, of shims the arguments. */
  #tellWhere(rows: readonly CapturedRow[], byPid: RowLookup): void {
    const known = this.#zombies;
    this.#zombies = new Map();
    const parents = new Set<CapturedRow>();
    for (const row of rows) {
      if (!row.stat?.startsWith('Z')) continue;
      row.cgroup ??= this.#cgroupOf(row.pid);
      // With other threads it is a dead main thread, whose process goes on.
      const zombie = known.get(row.pid);
      const isKnown = zombie?.row === row;
      const inode = isKnown ? zombie.inode : this.#inodeOf(String(row.pid));
      if (inode !== undefined && row.threads === 1)
        this.#zombies.set(row.pid, isKnown ? zombie : { row, inode });
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
